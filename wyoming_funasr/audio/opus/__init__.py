"""Opus, bare or in a container that arrives piece by piece."""
