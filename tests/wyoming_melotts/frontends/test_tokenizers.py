from pathlib import Path

import pytest

from wyoming_melotts.frontends.tokenizers import load_tokenizer

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def folder_with(tmp_path: Path, *tokens: str, config: str = "") -> Path:
    (tmp_path / "vocab.txt").write_text("\n".join([*SPECIAL, *tokens]) + "\n", encoding="utf-8")
    if config:
        (tmp_path / "tokenizer_config.json").write_text(config, encoding="utf-8")
    return tmp_path


def test_words_are_cut_to_the_longest_pieces(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(folder_with(tmp_path, "light", "##s", "on", "!"), "EN")
    assert tokenizer.tokenize("Lights ON!") == ["light", "##s", "on", "!"]
    assert tokenizer.tokenize("door") == ["[UNK]"]


def test_ids_stand_between_cls_and_sep(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(folder_with(tmp_path, "light", "##s"), "EN")
    assert tokenizer.encode("lights") == [2, 5, 6, 3]


def test_spanish_accents_stay_without_a_configuration(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "está", "esta")
    assert load_tokenizer(folder, "ES").tokenize("Está") == ["está"]


def test_the_configuration_of_the_folder_decides(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "está", "esta", config='{"do_lower_case": true}')
    assert load_tokenizer(folder, "ES").tokenize("Está") == ["esta"]


def test_tokenizer_json_alone_is_enough(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    model = tokenizers.models.WordPiece(
        {token: index for index, token in enumerate([*SPECIAL, "on"])}, unk_token="[UNK]"
    )
    tokenizers.Tokenizer(model).save(str(tmp_path / "tokenizer.json"))
    assert load_tokenizer(tmp_path, "EN").encode("on") == [2, 5, 3]


def test_japanese_words_are_mecabs(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(folder_with(tmp_path, "リビング", "ノ", "電気"), "JP")
    assert tokenizer.tokenize("ﾘﾋﾞﾝｸﾞノ電気") == ["リビング", "ノ", "電気"]
    assert tokenizer.encode("電気") == [2, 7, 3]


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"neither vocab\.txt nor tokenizer\.json"):
        load_tokenizer(tmp_path, "EN")
