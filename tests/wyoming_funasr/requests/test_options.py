"""What `transcribe` may ask for, and what it is told when it may not."""

from typing import Any

import pytest

from tests.wyoming_funasr.conftest import SettingsMaker
from wyoming_funasr.recognition.hotwords import Hotword
from wyoming_funasr.requests.options import OptionsReader
from wyoming_funasr.service import FunasrService
from wyoming_serving.errors import ErrorCode, ServiceError


@pytest.fixture
def reader(make_settings: SettingsMaker) -> OptionsReader:
    settings = make_settings(
        "--max-hotwords", "3", "--endpoint-silence-relaxed-ms", "900", "--hotwords", "attic"
    )
    return OptionsReader(settings, FunasrService(settings).models)


def test_no_fields_are_the_defaults(reader: OptionsReader) -> None:
    options = reader.read({})
    assert (options.language_tag, options.language, options.silence_ms) == (None, "auto", 500)
    assert options.hotwords == (Hotword("attic", 3.0),)


def test_fields_are_read(reader: OptionsReader) -> None:
    options = reader.read(
        {
            "name": "SenseVoiceSmall",
            "language": "zh-HK",
            "vad_sensitivity": "relaxed",
            "transcript_names": ["Zara"],
            "transcript_terms": ["fan", "lamp"],
        }
    )
    assert (options.language_tag, options.language, options.silence_ms) == ("zh-HK", "yue", 900)
    assert [word.text for word in options.hotwords] == ["Zara", "attic", "fan"]


@pytest.mark.parametrize(
    ("data", "code", "text"),
    [
        ({"name": "other"}, ErrorCode.UNKNOWN_MODEL, "'other' is not loaded; allowed: SenseVoice"),
        ({"language": "xx"}, ErrorCode.UNSUPPORTED_LANGUAGE, "'xx'"),
        ({"language": 5}, ErrorCode.INVALID_EVENT, "language must be text, got int"),
        ({"name": ["x"] * 10**5}, ErrorCode.INVALID_EVENT, "name must be text, got list"),
        ({"vad_sensitivity": "hasty"}, ErrorCode.INVALID_EVENT, "aggressive, got 'hasty'"),
        ({"transcript_names": "x"}, ErrorCode.INVALID_EVENT, "names must be a list of texts"),
        ({"transcript_terms": [1]}, ErrorCode.INVALID_EVENT, "terms must be a list of texts"),
        ({"transcript_terms": ["x" * 201]}, ErrorCode.INVALID_EVENT, "at most 200 characters"),
        ({"name": "x" * 10**6}, ErrorCode.UNKNOWN_MODEL, "not loaded"),
        ({"language": "x" * 10**6}, ErrorCode.UNSUPPORTED_LANGUAGE, "is not known"),
    ],
)
def test_wrong_fields_are_named_in_a_line(
    reader: OptionsReader, data: dict[str, Any], code: ErrorCode, text: str
) -> None:
    with pytest.raises(ServiceError) as error:
        reader.read(data)
    assert error.value.code == code
    assert text in error.value.text
    assert len(error.value.text) < 250
