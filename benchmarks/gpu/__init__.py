"""Everything that a GPU is needed for, in one run: `python -m benchmarks.gpu`."""
