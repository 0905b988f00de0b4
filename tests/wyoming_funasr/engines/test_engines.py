"""Engines on tiny models of random weights, against FunASR's own inference on the same weights."""

from pathlib import Path

import pytest

from tests.support.engines import features, funasr_text
from tests.support.speech import noise, speech_samples
from wyoming_funasr.engines import paraformer
from wyoming_funasr.engines.fsmn_vad import FsmnVoiceActivity
from wyoming_funasr.engines.paraformer import Paraformer
from wyoming_funasr.engines.punctuation import Punctuation
from wyoming_funasr.recognition.hotwords import Hotword
from wyoming_funasr.recognition.text import clean
from wyoming_funasr.recognition.types import Segment
from wyoming_serving.devices import Device

FLOAT32 = Device("cpu", "float32", "CPU, float32")
INT8 = Device("cpu", "int8", "CPU, int8")


@pytest.mark.parametrize("kind", ["tiny_paraformer", "tiny_seaco"])
def test_paraformer_is_funasrs(kind: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(kind)
    engine = Paraformer(folder, FLOAT32, None)
    heard = engine.recognize([Segment(features(engine, speech_samples()))])[0]
    # FunASR sets blanks between made-up tokens such as `词16` only where it also tells times
    expected = funasr_text(folder, paraformer.MODULES)
    assert heard.text.replace(" ", "") == expected.replace(" ", "")
    assert heard.text
    assert 0 < heard.confidence <= 1


def test_seaco_takes_hotwords_of_each_utterance(tiny_seaco: Path) -> None:
    engine = Paraformer(tiny_seaco, FLOAT32, None)
    heard_features = features(engine, speech_samples())
    hotwords = (Hotword("客厅", 3.0), Hotword("unknownword", 3.0))
    plain, pulled = engine.recognize(
        [Segment(heard_features), Segment(heard_features, hotwords=hotwords)]
    )
    assert pulled.text != plain.text
    expected = funasr_text(tiny_seaco, paraformer.MODULES, hotword="客厅")
    alone = engine.recognize([Segment(heard_features, hotwords=hotwords[:1])])[0]
    assert alone.text.replace(" ", "") == expected.replace(" ", "")


def test_seaco_tells_when_words_were_said(tiny_seaco: Path) -> None:
    engine = Paraformer(tiny_seaco, FLOAT32, None)
    words = engine.recognize([Segment(features(engine, speech_samples()))])[0].words
    assert words and all(word.start_ms < word.end_ms for word in words)


def test_punctuation_is_written_where_it_is_wanted(
    tiny_paraformer: Path, tiny_ct_punc: Path
) -> None:
    punctuation = Punctuation(tiny_ct_punc, FLOAT32)
    engine = Paraformer(tiny_paraformer, FLOAT32, punctuation)
    heard_features = features(engine, speech_samples())
    marked, plain = engine.recognize(
        [Segment(heard_features), Segment(heard_features, use_itn=False)]
    )
    assert marked.text == clean(punctuation.punctuate(plain.text))
    assert punctuation.punctuate(" ") == " "


def test_fsmn_vad_answers_in_samples(tiny_fsmn_vad: Path) -> None:
    vad = FsmnVoiceActivity(tiny_fsmn_vad)
    samples = noise(2.0, 0.1)
    assert all(0 <= span.start < span.stop <= len(samples) for span in vad.spans(samples))
    assert vad.spans(noise(0.01)) == []
