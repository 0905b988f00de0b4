"""Text to speech for Home Assistant: MeloTTS voices as a Wyoming service."""
