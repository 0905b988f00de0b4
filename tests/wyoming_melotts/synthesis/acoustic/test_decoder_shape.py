"""How far a sample sees."""

from dataclasses import replace

from tests.wyoming_melotts.tiny_voice import TINY_CONFIG
from wyoming_melotts.synthesis.acoustic.decoder_shape import context_frames


def test_published_configuration_needs_14_frames() -> None:
    published = replace(
        TINY_CONFIG, resblock_kernel_sizes=(3, 7, 11), resblock_dilation_sizes=((1, 3, 5),) * 3
    )
    assert context_frames(published) == 14
