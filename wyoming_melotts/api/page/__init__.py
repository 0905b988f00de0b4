"""The page of the text-to-speech service."""
