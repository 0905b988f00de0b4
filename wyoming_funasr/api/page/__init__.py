"""The page of the speech-to-text service."""
