"""16 kHz samples in; features and the segments of speech out."""
