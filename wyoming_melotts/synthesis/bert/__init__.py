"""BERT features, which tell the acoustic model what words mean in their sentence."""
