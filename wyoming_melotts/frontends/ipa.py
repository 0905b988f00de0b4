"""Spanish and French words in IPA, by gruut with its eSpeak lexicons."""

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from threading import Lock

from gruut.const import LookupPhonemes, Word
from gruut.lang import DelayedSqlitePhonemizer, get_settings
from gruut.phonemize import SqlitePhonemizer
from gruut.text_processor import TextProcessor

from wyoming_melotts.frontends.frontend import EMPTY_RUN, UNKNOWN, PhoneRun
from wyoming_melotts.frontends.wordpieces import distribute, group_word_pieces
from wyoming_melotts.normalization.remembering import remembered

_DIGIT_AND_LETTER = re.compile(r"\d[^\W\d_]")
# In upstream a liaison, once made, stays: having read "21", it says the t of "vingt" everywhere.
_PINNED = {"fr-fr": {"vingt": ["v", "ˈɛ̃", "t"]}}
_PROCESSOR_LOCK = Lock()
_REMEMBERED_WORDS = 4096
_PUNCTUATION = re.compile(r"((?:\s*[;:,.!?¡¿—…\"«»“”]+\s*)+)")


def ipa_phones(tokens: Sequence[str], convert: Callable[[str], str]) -> PhoneRun:
    """The IPA characters that ``convert`` returns for word pieces, a word at a time."""
    run = EMPTY_RUN
    for pieces in group_word_pieces(tokens):
        word = "".join(pieces)
        ipa = [UNKNOWN] if word == "[UNK]" else list(convert(word).replace(" ", ""))
        run += PhoneRun(ipa, [0] * len(ipa), distribute(len(ipa), len(pieces)))
    return run


@remembered(_REMEMBERED_WORDS)
def to_ipa(text: str, language: str) -> str:
    """A text in IPA with stress marks, a blank between words; punctuation stays where it is.

    ``language`` is gruut's: ``es-es`` or ``fr-fr``.
    """
    return "".join(
        _words_to_ipa(part, language) if part and not _PUNCTUATION.fullmatch(part) else part
        for part in _PUNCTUATION.split(text.strip())
    )


def _words_to_ipa(text: str, language: str) -> str:
    words: list[str] = []
    for word in _words(text, language):
        if word.is_break:
            words[-1:] = ["".join([*words[-1:], word.text])]
        elif word.phonemes:
            words.append("".join(word.phonemes).replace("g", "ɡ"))
    return " ".join(words)


def _words(text: str, language: str) -> list[Word]:
    processor = _processor(language)
    # gruut takes "3h" for the date three hours ago.
    options = {"lang": language, "detect_dates": not _DIGIT_AND_LETTER.search(text)}
    with _PROCESSOR_LOCK:
        try:
            graph, root = processor(text, **options)
        except ArithmeticError:  # a number beyond those that have a name
            graph, root = processor(" ".join(text), **options)
        return list(processor.words(graph, root))


@cache
def _processor(language: str) -> TextProcessor:
    """gruut's processor, shared between threads (gruut itself loads one for each)."""
    settings = get_settings(language, model_prefix="espeak")
    lexicon = settings.lookup_phonemes
    if not isinstance(lexicon, DelayedSqlitePhonemizer):
        package = f"gruut_lang_{language[:2]}"
        raise ModuleNotFoundError(f"{language} needs the package {package}", name=package)
    settings.lookup_phonemes = _Lexicon(lexicon, _PINNED.get(language, {}))
    return TextProcessor(default_lang=language, settings={language: settings})


class _Lexicon(LookupPhonemes):
    """gruut's lexicon in memory, with the index that its file lacks (40 ms a word there).

    Every look-up returns a list of its own: gruut appends liaisons to it, which would stay.
    """

    def __init__(self, lexicon: DelayedSqlitePhonemizer, pinned: Mapping[str, list[str]]) -> None:
        connection = sqlite3.connect(":memory:", check_same_thread=False)
        connection.execute("ATTACH ? AS package", (str(lexicon.db_path),))
        connection.execute(
            "CREATE TABLE word_phonemes AS"
            " SELECT word, pron_order, role, phonemes FROM package.word_phonemes"
        )
        connection.execute("CREATE INDEX by_word ON word_phonemes (word)")
        self._look_up = SqlitePhonemizer(connection, **lexicon.phonemizer_args)
        self._pinned = pinned

    def __call__(
        self, word: str, role: str | None = None, do_transforms: bool = True
    ) -> list[str] | None:
        phonemes = self._pinned.get(word.lower()) or self._look_up(word, role, do_transforms)
        return list(phonemes) if phonemes else None
