"""Networks as FunASR's own torch modules: for GPUs, and what the others are compared with."""
