"""What would be spoken of a text, without speaking it: its words, normalized, and their phones."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from wyoming_melotts.delivery.sentences import cut_sentences
from wyoming_melotts.frontends import Phonemes
from wyoming_melotts.frontends.budget import ReadingBudget
from wyoming_melotts.frontends.words import words_with_phones
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.spoken import ReadSentence, ReadWord
from wyoming_melotts.voices import Language, Voice, VoiceLibrary
from wyoming_melotts.voices.selection import reading_voice
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.scheduler import Scheduler

_MOST_SECONDS = 2.0
"""Of CPU time for a text that nobody hears."""

_BEHIND_SPEECH = 1
"""Priority of reading it."""


class Reader(Protocol):
    """A language's way from text to phones."""

    def pieces(self, text: str) -> list[str]:
        """The stretches that are spoken one after the other."""

    def phonemize(self, piece: str) -> Phonemes:
        """The phones of a piece."""


class TextReading:
    """Reads texts with the front-ends of their languages; no voice is loaded for it."""

    def __init__(
        self,
        settings: MelottsSettings,
        library: VoiceLibrary,
        fitting_voice: Callable[[str], Voice],
        front_end: Scheduler[Callable[[], Any], Any],
    ) -> None:
        """`fitting_voice` chooses by the first sentence of a text that is for no voice;
        `front_end` is where the front-ends live."""
        self._settings = settings
        self._library = library
        self._fitting_voice = fitting_voice
        self._front_end = front_end
        self._readers: dict[str, Reader] = {}

    async def read(self, text: str, voice: Voice | None) -> Sequence[ReadSentence]:
        """Returns the sentences of a text, each read behind what is being spoken.

        Raises:
            ServiceError: too much waits, or the text takes too long to read.
        """
        budget = ReadingBudget(min(_MOST_SECONDS, self._settings.reading_seconds))
        sentences = []
        for sentence in cut_sentences(text):
            voice = voice or self._fitting_voice(sentence)
            language = reading_voice(sentence, voice).model.language
            read = partial(self._words, language, sentence, budget)
            words = await self._front_end.submit(read, _BEHIND_SPEECH)
            sentences.append(ReadSentence(sentence, voice.name, voice.tags[0], words))
        return sentences

    def forget_readers(self) -> None:
        """Make them anew when they are needed: those that there are know one thread, which was
        replaced."""
        self._readers = {}

    def _words(
        self, language: Language, sentence: str, budget: ReadingBudget
    ) -> Sequence[ReadWord]:
        reader = self._reader(language)  # reads dictionaries, which is not the text's fault
        words = budget.spend(partial(_read, reader, sentence))
        if budget.is_spent:
            raise ServiceError(
                ErrorCode.TEXT_TOO_LONG,
                f"the text takes too long to read: {budget.seconds:g} s of CPU time are allowed",
            )
        return words

    def _reader(self, language: Language) -> Reader:
        if language.key not in self._readers:
            from wyoming_melotts.synthesis import engine  # slow to import

            tokenizer = engine.find_tokenizer(language, self._library)
            options = engine.speech_options(self._settings)
            self._readers[language.key] = engine.make_reader(language, tokenizer, options)
        return self._readers[language.key]


def _read(reader: Reader, sentence: str) -> list[ReadWord]:
    words = []
    for piece in reader.pieces(sentence):
        phonemes = reader.phonemize(piece)
        for text, found in words_with_phones(phonemes, phonemes.phones, phonemes.word2ph):
            phones = tuple(phone for phone in found if phone.isalpha())
            if phones and any(map(str.isalnum, text)):
                words.append(ReadWord(text, phones))
    return words
