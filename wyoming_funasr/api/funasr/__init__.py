"""The WebSocket protocol of FunASR's own servers, for their clients (docs/funasr-protocol.md)."""
