"""When each word and phone is heard: what the acoustic model's durations tell."""

import numpy as np
import numpy.typing as npt

from wyoming_melotts.frontends import Phonemes
from wyoming_melotts.frontends.words import words_with_phones
from wyoming_melotts.spoken import SpokenPhone, SpokenWord
from wyoming_melotts.synthesis.acoustic.config import AcousticConfig
from wyoming_melotts.synthesis.arrays import Ints
from wyoming_melotts.synthesis.ids import TokenIds

Seconds = npt.NDArray[np.float64]


def spoken_words(
    phonemes: Phonemes, ids: TokenIds, durations: Ints, config: AcousticConfig
) -> list[SpokenWord]:
    """Returns the words of a sentence with their times in its audio.

    `durations` are the frames [tokens] of `ids`. Signs and pauses are no words; phones that the
    checkpoint does not know are missing.
    """
    borders = _phone_borders(durations, config).tolist()
    numbers = ids.phones[1::2] if config.add_blank else ids.phones
    phones = map(SpokenPhone, (config.symbols[at] for at in numbers), borders, borders[1:])
    words = []
    for text, found in words_with_phones(phonemes, phones, _phone_counts(ids, config)):
        heard = [phone for phone in found if phone.symbol.isalpha()]
        if heard and any(map(str.isalnum, text)):
            words.append(SpokenWord(text, heard[0].start, heard[-1].end, tuple(heard)))
    return words


def _phone_borders(durations: Ints, config: AcousticConfig) -> Seconds:
    """Where phones meet, in seconds [phones + 1]; a blank belongs to both of its neighbors, half
    to each, since the model is free to count a sound's frames with its phone or with a blank."""
    ends = durations.cumsum()
    edges = (ends - durations / 2)[::2] if config.add_blank else np.concatenate([[0], ends])
    borders: Seconds = edges * (config.hop_length / config.sample_rate_hz)
    return borders


def _phone_counts(ids: TokenIds, config: AcousticConfig) -> list[int]:
    """How many phones each BERT token has; `ids` counts the blanks too, an odd one in the first."""
    if not config.add_blank:
        return ids.word2ph
    return [count // 2 for count in ids.word2ph]
