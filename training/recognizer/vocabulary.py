"""The demo recognizer's tokens: tags, Mandarin characters and English word pieces.

A sentencepiece model holds them all, as SenseVoice's own does. Characters and tags are user-defined
symbols, so that nothing merges them; id 0 (`<unk>`) is SenseVoice's CTC blank.
"""

from pathlib import Path

import sentencepiece

from training.recognizer.commands import Sentence

TAGS = [
    "<|zh|>", "<|en|>", "<|yue|>", "<|ja|>", "<|ko|>", "<|nospeech|>",
    "<|HAPPY|>", "<|SAD|>", "<|ANGRY|>", "<|NEUTRAL|>", "<|EMO_UNKNOWN|>",
    "<|Speech|>", "<|BGM|>", "<|Laughter|>", "<|Cough|>", "<|Event_UNK|>",
    "<|withitn|>", "<|woitn|>",
]  # fmt: skip
FILE = "demo.bpe.model"
_ENGLISH_PIECES = 450
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'.?,"


def write(folder: Path, sentences: list[Sentence]) -> None:
    """Train the sentencepiece model on `sentences` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [form for one in sentences for form in (one.text, one.words.lower())]
    characters = sorted({c for form in written for c in form if not c.isascii()})
    english = [form for form in written if form.isascii()]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([*english, *_LETTERS]),
        model_prefix=str(folder / FILE.removesuffix(".model")),
        model_type="bpe",
        vocab_size=_ENGLISH_PIECES + len(characters) + len(TAGS),
        user_defined_symbols=[*TAGS, *characters],
        character_coverage=1.0,
        minloglevel=2,
    )
    (folder / FILE.replace(".model", ".vocab")).unlink()


class Vocabulary:
    """Text to token ids."""

    def __init__(self, folder: Path) -> None:
        self._pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / FILE))
        self._word_start = self._pieces.piece_to_id("▁")
        self._unknown = self._pieces.unk_id()

    def __len__(self) -> int:
        return int(self._pieces.get_piece_size())

    def encode(self, text: str) -> list[int]:
        """Ids of `text`, without the bare word start, which has no sound, before Mandarin."""
        ids = [int(i) for i in self._pieces.encode(text)]
        return ids[1:] if ids[:1] == [self._word_start] else ids

    def knows(self, text: str) -> bool:
        """Whether every character of `text` has a token."""
        return self._unknown not in self.encode(text)

    def decode(self, ids: list[int]) -> str:
        return str(self._pieces.decode(ids))

    def tag(self, name: str) -> int:
        """The id of a tag, as in `tag("en")`."""
        return int(self._pieces.piece_to_id(f"<|{name}|>"))

    def piece_lengths(self, ids: list[int]) -> list[int]:
        """Letters of each token, a guess at how long it is spoken."""
        return [max(1, len(self._pieces.id_to_piece(i).removeprefix("▁"))) for i in ids]
