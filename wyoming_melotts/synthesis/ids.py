"""From phones to the numbers that a checkpoint reads."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from wyoming_melotts.frontends import Phonemes
from wyoming_melotts.synthesis.acoustic.config import AcousticConfig
from wyoming_melotts.synthesis.symbols import BLANK, LanguageCodes

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class TokenIds:
    """One entry a token of the acoustic model; `word2ph` counts the tokens of each BERT token."""

    phones: list[int]
    tones: list[int]
    languages: list[int]
    word2ph: list[int]


def token_ids(phonemes: Phonemes, codes: LanguageCodes, config: AcousticConfig) -> TokenIds:
    """Number a sentence by the checkpoint's own tables, with blanks where it wants them.

    A phone or tone that the checkpoint does not know is left out.
    """
    numbers = {symbol: index for index, symbol in enumerate(config.symbols)}
    known: list[tuple[int, int]] = []
    word2ph: list[int] = []
    pairs = zip(phonemes.phones, phonemes.tones, strict=True)
    for count in phonemes.word2ph:
        before = len(known)
        for phone, tone in (next(pairs) for _ in range(count)):
            tone_id = tone + codes.tone_start
            if phone in numbers and tone_id < config.num_tones:
                known.append((numbers[phone], tone_id))
            else:
                _LOGGER.debug("the voice has no phone %r with tone %d", phone, tone)
        word2ph.append(len(known) - before)
    phones = [phone for phone, _ in known]
    tones = [tone for _, tone in known]
    languages = [codes.language_id] * len(known)
    if not config.add_blank:
        return TokenIds(phones, tones, languages, word2ph)
    doubled = [2 * count for count in word2ph]
    doubled[0] += 1
    return TokenIds(_with_blanks(phones), _with_blanks(tones), _with_blanks(languages), doubled)


def _with_blanks(numbers: Iterable[int]) -> list[int]:
    """A blank before, between and after all numbers."""
    return [BLANK, *(entry for number in numbers for entry in (number, BLANK))]
