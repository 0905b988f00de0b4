"""Short fades where speech begins and ends, which would else be heard as clicks."""

from collections.abc import Iterable, Iterator

import numpy as np

from wyoming_serving.audio import Samples

FADE_SECONDS = 0.004


def faded(chunks: Iterable[Samples], rate_hz: int) -> Iterator[Samples]:
    """The same audio with a fade at both ends and around every chunk that is all silence.

    The last `FADE_SECONDS` of a chunk wait for the next one, which shows whether speech goes on.
    """
    length = int(FADE_SECONDS * rate_hz)
    rise = np.linspace(0, 1, length, dtype=np.float32)
    held = np.zeros(0, np.float32)
    speaking = False
    for chunk in chunks:
        if not chunk.any():
            if len(held):
                yield _multiplied(held, rise[::-1])
            held, speaking = held[:0], False
            yield chunk
            continue
        samples = np.concatenate([held, chunk if speaking else _multiplied(chunk, rise)])
        speaking = True
        held = samples[-length:]
        if len(samples) > length:
            yield samples[:-length]
    if len(held):
        yield _multiplied(held, rise[::-1])


def _multiplied(samples: Samples, ramp: Samples) -> Samples:
    """The samples with a ramp: a rising one at their beginning, a falling one at their end."""
    changed = samples.copy()
    size = min(len(samples), len(ramp))
    if ramp[0] < ramp[-1]:
        changed[:size] *= ramp[:size]
    else:
        changed[-size:] *= ramp[-size:]
    return changed
