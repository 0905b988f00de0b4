"""Speech to text for Home Assistant: FunASR's SenseVoice and Paraformer as a Wyoming service."""
