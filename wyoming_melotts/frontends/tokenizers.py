"""BERT tokenizers from a model's folder: word pieces for the front-ends, ids for the BERT model.

Rust tokenizers of the ``tokenizers`` package; Japanese text is cut into words by MeCab with the
UniDic lite dictionary first, as ``tohoku-nlp/bert-base-japanese-v3`` was trained.
"""

import json
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from tokenizers import AddedToken, Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

_SPECIAL_TOKENS = ("[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]")

# For a folder that holds the vocabulary alone.
_CASED = {"do_lower_case": False}
_UNCASED = {"do_lower_case": True}
_DEFAULT_CONFIGS: Mapping[str, Mapping[str, Any]] = {
    "ZH": _UNCASED,
    "EN": _UNCASED,
    "JP": _CASED | {"word_tokenizer_type": "mecab"},
    "KR": _CASED,
    "ES": _UNCASED | {"strip_accents": False},
    "FR": _CASED,
}


class BertTokenizer:
    """Word pieces and ids of a text."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        vocabulary = tokenizer.get_vocab()
        self._cls_id = vocabulary["[CLS]"]
        self._sep_id = vocabulary["[SEP]"]

    def tokenize(self, text: str) -> list[str]:
        """The word pieces, without [CLS] and [SEP]."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).tokens)

    def encode(self, text: str) -> list[int]:
        """The ids of [CLS], the word pieces and [SEP], as the BERT model reads them."""
        ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        return [self._cls_id, *ids, self._sep_id]


class JapaneseBertTokenizer(BertTokenizer):
    """MeCab's words (after NFKC), each cut into word pieces."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__(tokenizer)
        import fugashi
        import unidic_lite

        dictionary = Path(unidic_lite.DICDIR)
        self._lock = Lock()  # MeCab's words live until its next text
        self._mecab = fugashi.GenericTagger(f'-d "{dictionary}" -r "{dictionary / "mecabrc"}"')

    def _words(self, text: str) -> list[str]:
        with self._lock:
            return [word.surface for word in self._mecab(unicodedata.normalize("NFKC", text))]

    def tokenize(self, text: str) -> list[str]:
        return list(self._encoding(text).tokens)

    def encode(self, text: str) -> list[int]:
        return [self._cls_id, *self._encoding(text).ids, self._sep_id]

    def _encoding(self, text: str) -> Any:
        return self._tokenizer.encode(
            self._words(text), is_pretokenized=True, add_special_tokens=False
        )


def load_tokenizer(folder: Path, language_key: str) -> BertTokenizer:
    """The tokenizer of the BERT model in ``folder``.

    Either ``vocab.txt`` (one token a line), with or without ``tokenizer_config.json``, or
    ``tokenizer.json``.

    Raises:
        FileNotFoundError: the folder holds neither ``vocab.txt`` nor ``tokenizer.json``.
    """
    vocabulary, config = folder / "vocab.txt", folder / "tokenizer_config.json"
    if vocabulary.is_file():
        published = _DEFAULT_CONFIGS[language_key]
        known = json.loads(config.read_text(encoding="utf-8")) if config.is_file() else published
        return from_vocabulary(vocabulary, known)
    if (folder / "tokenizer.json").is_file():
        return BertTokenizer(Tokenizer.from_file(str(folder / "tokenizer.json")))
    raise FileNotFoundError(f"{folder} has neither vocab.txt nor tokenizer.json")


def from_vocabulary(vocabulary: Path, config: Mapping[str, Any]) -> BertTokenizer:
    """A tokenizer from a vocabulary file and the keys of a ``tokenizer_config.json``.

    What the configuration leaves out is as in transformers: lower-casing, which strips accents.
    """
    lines = vocabulary.read_text(encoding="utf-8").split("\n")
    ids = {token: index for index, token in enumerate(lines) if token}
    tokenizer = Tokenizer(WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
    if config.get("word_tokenizer_type") == "mecab":
        return JapaneseBertTokenizer(tokenizer)
    tokenizer.normalizer = BertNormalizer(
        clean_text=True,
        handle_chinese_chars=config.get("tokenize_chinese_chars", True),
        strip_accents=config.get("strip_accents"),
        lowercase=config.get("do_lower_case", True),
    )
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.add_special_tokens(
        [AddedToken(t, normalized=False) for t in _SPECIAL_TOKENS if t in ids]
    )
    return BertTokenizer(tokenizer)
