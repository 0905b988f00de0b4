"""Transcription sessions of OpenAI's Realtime API (docs/openai-realtime.md)."""
