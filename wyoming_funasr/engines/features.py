"""Features by FunASR's own front-end."""

from typing import Any

import numpy as np
import torch

from wyoming_funasr.recognition import Features
from wyoming_serving.audio import Samples


def extract_features(frontend: Any, samples: Samples, fewest_samples: int) -> Features:
    """Log-mel features, stacked and normalised, shape [frames, channels].

    Shorter input is padded with silence: the front-end fails on less than one window.
    """
    if len(samples) < fewest_samples:
        samples = np.pad(samples, (0, fewest_samples - len(samples)))
    batch = torch.from_numpy(np.ascontiguousarray(samples))[None]
    found, _ = frontend(batch, [batch.shape[1]])
    features: Features = found[0].numpy()
    return features
