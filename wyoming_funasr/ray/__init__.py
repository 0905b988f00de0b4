"""The recognizer in the replicas of a Ray cluster."""
