"""What replicas in a Ray cluster cost and carry: `python -m benchmarks.ray`."""
