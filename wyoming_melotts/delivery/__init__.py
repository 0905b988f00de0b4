"""Sentences as they arrive, audio as it is computed."""
