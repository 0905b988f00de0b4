"""HiFi-GAN: latent frames become samples, in chunks of any size (Kong, Kim and Bae 2020)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wyoming_melotts.synthesis.acoustic.config import AcousticConfig
from wyoming_melotts.synthesis.acoustic.decoder_shape import (
    LAST_SLOPE,
    OUTER_KERNEL_SIZE,
    SLOPE,
    blocks,
    stages,
)
from wyoming_melotts.synthesis.acoustic.torch.streaming import (
    ConvStream,
    SumStream,
    UpsamplingStream,
)


class ResidualBlock(nn.Module):
    """Weights of pairs of a dilated and a plain convolution, each pair added to its input."""

    def __init__(self, channels: int, kernel_size: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(
            nn.Conv2d(channels, channels, (1, kernel_size), dilation=(1, dilation))
            for dilation in dilations
        )
        self.convs2 = nn.ModuleList(
            nn.Conv2d(channels, channels, (1, kernel_size)) for _ in dilations
        )


class Decoder(nn.Module):
    """Weights of the upsampling network.

    The checkpoints' one-dimensional convolutions are held as two-dimensional ones of height 1,
    because torch computes those in the layout that is fastest here (channels last).
    """

    def __init__(self, config: AcousticConfig) -> None:
        super().__init__()
        self.config = config
        width = config.upsample_initial_channel
        self.conv_pre = nn.Conv2d(config.inter_channels, width, (1, OUTER_KERNEL_SIZE))
        self.cond = nn.Conv2d(config.gin_channels, width, 1)
        self.ups = nn.ModuleList()
        self.resblocks = nn.ModuleList()
        for rate, kernel_size in stages(config):
            self.ups.append(nn.ConvTranspose2d(width, width // 2, (1, kernel_size), (1, rate)))
            width //= 2
            self.resblocks.extend(ResidualBlock(width, *shape) for shape in blocks(config))
        self.conv_post = nn.Conv2d(width, 1, (1, OUTER_KERNEL_SIZE), bias=False)

    def use_channels_last(self) -> None:
        """Lay the kernels out for the streams' layout."""
        for parameter in self.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)

    def forward(self, latent: Tensor, speaker: Tensor) -> Tensor:
        """Decode a whole sentence; shapes as in `DecoderStream`."""
        return DecoderStream(self, speaker).push(latent, final=True)


class DecoderStream:
    """Decodes the latent of one sentence chunk by chunk.

    A sample leaves as soon as the `context_frames` after its own frame have been pushed.
    """

    def __init__(self, decoder: Decoder, speaker: Tensor) -> None:
        """`speaker` is [1, gin_channels, 1]."""
        self._conv_pre = ConvStream(decoder.conv_pre)
        self._speaker_bias = decoder.cond(speaker.unsqueeze(2))
        per_stage = len(decoder.config.resblock_kernel_sizes)
        self._stages = [
            _StageStream(up, decoder.resblocks[index * per_stage : (index + 1) * per_stage])
            for index, up in enumerate(decoder.ups)
        ]
        self._conv_post = ConvStream(decoder.conv_post)

    @torch.inference_mode()
    def push(self, latent: Tensor, *, final: bool) -> Tensor:
        """The samples [samples] that a chunk [1, inter, frames] completes, perhaps none."""
        x = latent.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        x = self._conv_pre.push(x, final) + self._speaker_bias
        for stage in self._stages:
            x = stage.push(x, final)
        return torch.tanh(self._conv_post.push(F.leaky_relu(x, LAST_SLOPE), final)).flatten()


class _StageStream:
    """One upsampling and the mean of the residual blocks after it."""

    def __init__(self, up: nn.Module, blocks: nn.Module) -> None:
        assert isinstance(blocks, nn.ModuleList)
        self._up = UpsamplingStream(up)
        self._blocks = [_ResidualStream(block) for block in blocks]
        self._sum = SumStream()

    def push(self, x: Tensor, final: bool) -> Tensor:
        x = self._up.push(F.leaky_relu(x, SLOPE), final)
        total = self._sum.push([block.push(x, final) for block in self._blocks])
        return total.div_(len(self._blocks))


class _ResidualStream:
    """One residual block."""

    def __init__(self, block: nn.Module) -> None:
        assert isinstance(block, ResidualBlock)
        self._pairs = [
            (ConvStream(dilated), ConvStream(plain), SumStream())
            for dilated, plain in zip(block.convs1, block.convs2, strict=True)
        ]

    def push(self, x: Tensor, final: bool) -> Tensor:
        for dilated, plain, residual in self._pairs:
            y = dilated.push(F.leaky_relu(x, SLOPE), final)
            y = plain.push(F.leaky_relu(y, SLOPE, inplace=True), final)
            x = residual.push((x, y))
        return x
