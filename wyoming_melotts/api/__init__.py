"""Speech over HTTP: OpenAI's routes, and a WebSocket for agents."""
