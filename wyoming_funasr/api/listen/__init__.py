"""`/v1/listen`: audio in, what is said in it out, over one WebSocket (docs/listen-websocket.md)."""
