"""The voices in the replicas of a Ray cluster."""
