"""One request, from its first event to its last audio."""
