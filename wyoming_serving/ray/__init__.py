"""Engines in the replicas of a Ray Serve application; `cluster` alone imports ray."""
