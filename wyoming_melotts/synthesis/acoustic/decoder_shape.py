"""The decoder's layers as its configuration says, and how far a sample sees."""

import math

from wyoming_melotts.synthesis.acoustic.config import AcousticConfig

SLOPE = 0.1
"""Of the leaky ReLUs inside the decoder."""

LAST_SLOPE = 0.01
"""Of the leaky ReLU before the last convolution: upstream left torch's default there."""

OUTER_KERNEL_SIZE = 7
"""Of the first and the last convolution."""


def stages(config: AcousticConfig) -> list[tuple[int, int]]:
    """Rate and kernel size of each upsampling."""
    return list(zip(config.upsample_rates, config.upsample_kernel_sizes, strict=True))


def blocks(config: AcousticConfig) -> list[tuple[int, tuple[int, ...]]]:
    """Kernel size and dilations of each residual block of a stage."""
    return list(zip(config.resblock_kernel_sizes, config.resblock_dilation_sizes, strict=True))


def block_reach(kernel_size: int, dilations: tuple[int, ...]) -> int:
    """Steps on each side that an output of a residual block depends on."""
    return sum((kernel_size // 2) * (dilation + 1) for dilation in dilations)


def context_frames(config: AcousticConfig) -> int:
    """Latent frames on each side that a sample depends on.

    Walks from a sample back to the frames. A convolution of kernel k and dilation d reaches
    d * (k - 1) / 2 to each side; a transposed one of kernel k and rate u, padded by (k - u) / 2,
    reaches from r outputs to at most (r + (k + u) / 2 - 1) / u inputs.
    """
    widest = max(block_reach(*shape) for shape in blocks(config))
    reach = OUTER_KERNEL_SIZE // 2
    for rate, kernel_size in reversed(stages(config)):
        reach += widest
        reach = math.ceil((reach + (kernel_size + rate) // 2 - 1) / rate)
    return reach + OUTER_KERNEL_SIZE // 2
