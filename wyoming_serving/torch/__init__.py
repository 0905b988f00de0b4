"""What needs torch; nothing else in this package imports it."""
