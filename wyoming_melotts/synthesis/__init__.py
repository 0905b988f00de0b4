"""Phones in, audio out: BERT features, the acoustic model, the engine that runs both."""
