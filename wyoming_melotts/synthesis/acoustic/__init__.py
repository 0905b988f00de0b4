"""MeloTTS's acoustic model (VITS2), for inference: phones in, samples out.

Attribute names of modules that hold weights are the names in the published checkpoints.
Everything works on one sentence: tensors are [1, channels, tokens] or [1, channels, frames].
"""
