"""A new network of the demo voice's size, with random weights."""

import torch

from training.voice.voice_config import CONFIG
from wyoming_melotts.synthesis.acoustic.torch.attention import ChannelNorm, RelativeAttention
from wyoming_melotts.synthesis.acoustic.torch.duration import ElementwiseAffine
from wyoming_melotts.synthesis.acoustic.torch.synthesizer import Synthesizer


def new_network() -> Synthesizer:
    """Torch's own initial weights, and MeloTTS's where the runtime leaves memory as it is."""
    torch.manual_seed(0)
    network = Synthesizer(CONFIG)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, ChannelNorm):
                module.gamma.fill_(1)
                module.beta.zero_()
            elif isinstance(module, RelativeAttention):
                deviation = module.emb_rel_k.shape[-1] ** -0.5
                module.emb_rel_k.normal_(0, deviation)
                module.emb_rel_v.normal_(0, deviation)
            elif isinstance(module, ElementwiseAffine):
                module.m.zero_()
                module.logs.zero_()
        hidden = CONFIG.hidden_channels
        for embedding in (network.enc_p.emb, network.enc_p.tone_emb, network.enc_p.language_emb):
            embedding.weight.normal_(0, hidden**-0.5)
        for projection in (network.enc_p.bert_proj, network.enc_p.ja_bert_proj):
            projection.get_parameter("bias").zero_()
        for coupling in network.flow.flows.values():
            coupling.get_parameter("post.weight").mul_(0.1)
            coupling.get_parameter("post.bias").zero_()
    network.dec.use_channels_last()
    return network
