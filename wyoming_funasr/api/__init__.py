"""Protocols other than Wyoming, over HTTP and WebSockets."""
