"""The decoder in chunks."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from tests.wyoming_melotts.tiny_voice import TINY_CONFIG, tiny_decoder
from wyoming_melotts.synthesis.acoustic.torch.decoder import DecoderStream, context_frames

FRAMES = 90


def decode(cuts: list[int]) -> list[torch.Tensor]:
    decoder, latent, speaker = tiny_decoder(FRAMES)
    stream = DecoderStream(decoder, speaker)
    edges = [0, *cuts, FRAMES]
    return [
        stream.push(latent[..., start:end], final=end == FRAMES) for start, end in pairwise(edges)
    ]


@pytest.mark.parametrize(
    "cuts",
    [[16, 40, 72], [1], [FRAMES - 1], [15, 16], list(range(1, FRAMES)), [30, 30, 60]],
    ids=str,
)
def test_joined_chunks_equal_the_whole(cuts: list[int]) -> None:
    decoder, latent, speaker = tiny_decoder(FRAMES)
    whole = decoder(latent, speaker)
    joined = torch.cat(decode(cuts))
    assert len(whole) == FRAMES * TINY_CONFIG.hop_length
    assert joined.shape == whole.shape
    assert torch.allclose(joined, whole, atol=1e-5)


def test_samples_leave_once_their_context_has_arrived() -> None:
    context = context_frames(TINY_CONFIG)
    first, _ = decode([context + 10])
    assert len(first) >= 10 * TINY_CONFIG.hop_length


def test_context_is_the_receptive_field() -> None:
    decoder, latent, speaker = tiny_decoder(FRAMES)
    changed = latent.clone()
    changed[..., FRAMES // 2] += 1
    hop = TINY_CONFIG.hop_length
    differs = (decoder(latent, speaker) != decoder(changed, speaker)).nonzero().flatten() // hop
    reach = max(FRAMES // 2 - int(differs.min()), int(differs.max()) - FRAMES // 2)
    assert reach <= context_frames(TINY_CONFIG) <= reach + 2


def test_published_configuration_needs_14_frames() -> None:
    published = replace(
        TINY_CONFIG, resblock_kernel_sizes=(3, 7, 11), resblock_dilation_sizes=((1, 3, 5),) * 3
    )
    assert context_frames(published) == 14
