"""One request, from its first event to its transcript."""
