"""Continuous integrate-and-fire: from weights of frames to where tokens are.

Source: Dong and Xu, 2020 (arXiv:1905.11235); FunASR, `funasr/models/paraformer/cif_predictor.py`
and, for the times, `funasr/utils/timestamp_tools.py`.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]

TIMES_PER_ROW = 3
"""The predictor for times works at three times the encoder's frame rate: one every 20 ms."""

_MS_PER_TIME = 20
_FIRES_FROM = 1 - 1e-4
_SHIFT = -1.5
"""A token is heard a little before its weight is complete."""

_SHORT_SILENCE = 5
_LONGEST_TOKEN = 12
"""In steps of 20 ms; what is longer is silence behind the token."""


@dataclass
class Integrator:
    """What has been integrated since the last token: its weight, and the weighted frames."""

    weight: float
    frame: Float32

    def fire(self, hidden: Float32, alphas: Float32, threshold: float) -> list[Float32]:
        """Integrate frames, shape [frames, channels]; gives the vector of each token that fires."""
        fired = []
        weight, frame = np.float32(self.weight), self.frame
        for vector, alpha in zip(hidden, alphas, strict=True):
            if weight + alpha < threshold:
                weight += alpha
                frame = frame + alpha * vector
                continue
            fired.append(frame + (threshold - weight) * vector)
            weight += alpha - np.float32(threshold)
            frame = weight * vector
        self.weight, self.frame = float(weight), frame
        return fired


def tokens(hidden: Float32, alphas: Float32, threshold: float, tail: float) -> Float32:
    """The vectors of an utterance's tokens, shape [tokens, channels].

    `tail` is the weight of one more frame of zeros, which completes a last token.
    """
    channels = hidden.shape[1]
    extended = np.append(alphas, np.float32(tail))
    frames = np.concatenate([hidden, np.zeros((1, channels), np.float32)])
    integrator = Integrator(0.0, np.zeros(channels, np.float32))
    fired = integrator.fire(frames, extended, threshold)
    count = int(np.floor(extended.sum(dtype=np.float32)))
    found = np.zeros((count, channels), np.float32)
    for place, vector in zip(range(count), fired, strict=False):
        found[place] = vector
    return found


def token_times(alphas: Float32, expected: int, count: int) -> list[tuple[int, int]]:
    """Start and end of each of `count` tokens in milliseconds; empty where they do not fit.

    `alphas` come at three times the encoder's frame rate; `expected` is the number of tokens that
    the network predicts, most often one more for the end. A token lasts from where it fires to
    where the next one does.
    """
    total = alphas.sum(dtype=np.float32)
    if not count or not total:
        return []
    fires = _fires(alphas * np.float32(expected / total))
    if len(fires) != count + 1:
        fires = _fires(alphas / (total / np.float32(count + 1)))
    if len(fires) != count + 1:
        return []
    places = fires + _SHIFT
    spans = [[start, min(end, start + _LONGEST_TOKEN)] for start, end in itertools.pairwise(places)]
    behind = len(alphas) - places[-1]
    last = (len(alphas) + places[-1]) / 2 if behind > _SHORT_SILENCE else len(alphas)
    if places[-1] - places[-2] <= _LONGEST_TOKEN:
        spans[-1][1] = last
    return [(max(0, int(a * _MS_PER_TIME)), int(b * _MS_PER_TIME)) for a, b in spans]


def _fires(alphas: Float32) -> Float32:
    """Where the integrated weights pass one."""
    places = []
    weight = np.float32(0)
    for place, alpha in enumerate(alphas):
        weight += alpha
        if weight >= _FIRES_FROM:
            places.append(place)
            weight -= np.float32(_FIRES_FROM)
    return np.array(places, np.float32)
