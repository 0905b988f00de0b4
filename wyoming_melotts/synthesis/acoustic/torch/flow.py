"""The normalizing flow between the text's prior and the decoder's latent, in reverse."""

import torch
from torch import Tensor, nn

from wyoming_melotts.synthesis.acoustic.config import AcousticConfig
from wyoming_melotts.synthesis.acoustic.fixed_sizes import FLOW_KERNEL_SIZE
from wyoming_melotts.synthesis.acoustic.torch.attention import Encoder


class TransformerCoupling(nn.Module):
    """Inverse coupling layer: the first half of the channels says what the second half loses."""

    def __init__(self, config: AcousticConfig) -> None:
        super().__init__()
        half = config.inter_channels // 2
        self.pre = nn.Conv1d(half, config.hidden_channels, 1)
        self.enc = Encoder(
            config.hidden_channels,
            config.filter_channels,
            config.n_heads,
            config.n_layers_trans_flow,
            FLOW_KERNEL_SIZE,
            config.gin_channels,
        )
        self.post = nn.Conv1d(config.hidden_channels, half, 1)

    def forward(self, z: Tensor, speaker: Tensor) -> Tensor:
        kept, changed = z.chunk(2, dim=1)
        shift = self.post(self.enc(self.pre(kept), speaker))
        return torch.cat((kept, changed - shift), dim=1)


class TransformerFlow(nn.Module):
    """Coupling layers with the channels reversed between them."""

    def __init__(self, config: AcousticConfig) -> None:
        super().__init__()
        # the odd positions of the checkpoint's list are the reversals, which have no weights
        self.flows = nn.ModuleDict(
            {str(2 * index): TransformerCoupling(config) for index in range(config.n_flow_layer)}
        )

    def forward(self, z: Tensor, speaker: Tensor) -> Tensor:
        """Prior sample [1, inter, frames] to latent [1, inter, frames]."""
        for coupling in reversed(list(self.flows.values())):
            z = coupling(z.flip(1), speaker)
        return z
