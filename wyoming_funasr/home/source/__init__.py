"""Where a home is known from: a file, and Home Assistant."""
