"""Write the voice folder: `config.json` and a `checkpoint.pth` in half precision."""

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor

from training.voice.network import new_network
from training.voice.voice_config import CONFIG, CONTENT
from wyoming_melotts.synthesis.acoustic.torch.synthesizer import Synthesizer

_LOG_SPREAD = -6.0
"""Of the prior, which training leaves out: the voice does not depend on `noise_scale`."""

_GAIN = 1.35
"""Makes up for the loudness that is lost where predicted spectrograms are smooth."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--acoustic", type=Path, required=True, help="of train_acoustic")
    parser.add_argument("--decoder", type=Path, required=True, help="of train_decoder")
    parser.add_argument("--output", type=Path, required=True, help="folder of the voice")
    given = parser.parse_args()
    acoustic, decoder = torch.load(given.acoustic), torch.load(given.decoder)
    network = new_network()
    network.load_state_dict(acoustic["network"])
    network.dec.load_state_dict(decoder["decoder"])
    given.output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(CONTENT, ensure_ascii=False, indent=2)
    (given.output / "config.json").write_text(text + "\n", encoding="utf-8")
    content = {"model": checkpoint_state(network), "iteration": acoustic["step"]}
    torch.save(content, given.output / "checkpoint.pth")


def checkpoint_state(network: Synthesizer) -> dict[str, Tensor]:
    """The tensors as a checkpoint has them: one-dimensional convolutions, half precision."""
    with torch.no_grad():
        network.enc_p.proj.weight[CONFIG.inter_channels :] = 0
        network.enc_p.get_parameter("proj.bias")[CONFIG.inter_channels :] = _LOG_SPREAD
        network.dec.conv_post.weight.mul_(_GAIN)
        network.enc_p.bert_proj.weight.zero_()
        network.enc_p.ja_bert_proj.weight.zero_()
    return {
        name: (tensor.squeeze(2) if name.startswith("dec.") and tensor.dim() == 4 else tensor)
        .contiguous()
        .half()
        for name, tensor in network.state_dict().items()
    }


if __name__ == "__main__":
    main()
