"""Latents as the trained text encoder and flow predict them, with the teacher's durations, beside
the samples that they should become: what the decoder meets when the voice speaks."""

import argparse
import random
from pathlib import Path

import torch

from training.voice.batched import encode_text, flow_to_latent
from training.voice.data import load_clips
from training.voice.network import new_network
from training.voice.train_acoustic import collate, expand


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--acoustic", type=Path, required=True, help="of train_acoustic")
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    torch.set_num_threads(1)
    network = new_network()
    network.load_state_dict(torch.load(given.acoustic)["network"])
    speaker, rng, pairs = network.speaker(0), random.Random(0), []
    with torch.inference_mode():
        for clip in load_clips(given.corpus):
            one = collate([clip], rng)
            _, mean = encode_text(
                network.enc_p, one.phones, one.tones, one.languages, one.token_mask, speaker
            )
            prior = expand(mean, one.durations, one.latent.shape[-1])
            latent = flow_to_latent(network.flow, prior, one.frame_mask, speaker)
            pairs.append((latent[0].clone(), clip.samples))
    torch.save(pairs, given.output)
    print(f"{len(pairs)} clips")


if __name__ == "__main__":
    main()
