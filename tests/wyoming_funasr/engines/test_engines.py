"""Engines on tiny models of random weights, against FunASR's own inference on the same weights."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.support.speech import noise, speech_samples
from wyoming_funasr.audio.fbank import FbankStream
from wyoming_funasr.engines import components, paraformer, sense_voice
from wyoming_funasr.engines.fsmn_vad import FsmnVoiceActivity
from wyoming_funasr.engines.paraformer import Paraformer
from wyoming_funasr.engines.punctuation import Punctuation
from wyoming_funasr.engines.sense_voice import SenseVoice
from wyoming_funasr.recognition.hotwords import Hotword
from wyoming_funasr.recognition.text import clean
from wyoming_funasr.recognition.types import Engine, Features, Segment
from wyoming_serving.devices import Device
from wyoming_serving.errors import ServiceError

FLOAT32 = Device("cpu", "float32", "CPU, float32")
INT8 = Device("cpu", "int8", "CPU, int8")


def features(engine: Engine, samples: np.ndarray) -> Features:
    fbank = FbankStream(engine.fbank)
    fbank.take(samples)
    return engine.features(fbank.between(0, len(samples)))


def funasr_text(folder: Path, modules: tuple[str, ...], **options: object) -> str:
    """What FunASR's own `inference` makes of the recording."""
    parts = components.build(folder, modules, FLOAT32)
    with torch.inference_mode():
        results, _ = parts.model.inference(
            [torch.from_numpy(speech_samples())],
            key=["x"],
            tokenizer=parts.tokenizer,
            frontend=parts.frontend,
            device="cpu",
            **options,
        )
    return str(results[0]["text"])


@pytest.mark.parametrize(("language", "use_itn"), [("auto", True), ("en", False), ("zh", True)])
def test_sense_voice_is_funasrs(tiny_sense_voice: Path, language: str, use_itn: bool) -> None:
    engine = SenseVoice(tiny_sense_voice, FLOAT32)
    utterance = Segment(features(engine, speech_samples()), language, use_itn)
    expected = funasr_text(
        tiny_sense_voice, sense_voice.MODULES, language=language, use_itn=use_itn
    )
    heard = engine.recognize([utterance])[0]
    # where a trained model writes its tags, random weights write words
    assert clean(expected).endswith(heard.text)
    assert len(heard.text) > len(clean(expected)) / 2
    assert "<|" not in heard.text


def test_a_batch_gives_what_each_would_alone(tiny_sense_voice: Path) -> None:
    engine = SenseVoice(tiny_sense_voice, FLOAT32)
    samples = speech_samples()
    batch = [Segment(features(engine, samples[:n])) for n in (30_000, 8_000, 16_000)]
    together = engine.recognize(batch)
    assert [one.text for one in together] == [engine.recognize([one])[0].text for one in batch]


@pytest.mark.parametrize("samples", [0, 1, 100, 399, 400])
def test_very_short_audio_is_no_problem(
    tiny_sense_voice: Path, tiny_seaco: Path, samples: int
) -> None:
    for engine in (SenseVoice(tiny_sense_voice, FLOAT32), Paraformer(tiny_seaco, FLOAT32, None)):
        heard_features = features(engine, speech_samples()[:samples])
        assert len(engine.recognize([Segment(heard_features)])) == 1


def test_words_are_in_order_and_within_the_audio(tiny_sense_voice: Path) -> None:
    engine = SenseVoice(tiny_sense_voice, FLOAT32)
    heard = engine.recognize([Segment(features(engine, speech_samples()))])[0]
    starts = [word.start_ms for word in heard.words]
    assert starts == sorted(starts)
    assert heard.words[-1].end_ms <= len(speech_samples()) / 16 + 60
    assert 0 < heard.confidence <= 1
    assert sum(heard.emotion_scores.values()) == pytest.approx(1, abs=0.01)


def test_int8_loads_and_answers(tiny_sense_voice: Path) -> None:
    engine = SenseVoice(tiny_sense_voice, INT8)
    assert engine.recognize([Segment(features(engine, speech_samples()))])[0].text


def test_hotwords_reach_the_search(tiny_sense_voice: Path) -> None:
    engine = SenseVoice(tiny_sense_voice, FLOAT32)
    heard_features = features(engine, speech_samples())
    plain = engine.recognize([Segment(heard_features)])[0].text
    pulled = engine.recognize([Segment(heard_features, hotwords=(Hotword("客厅", 20.0),))])[0].text
    assert pulled.count("客厅") > plain.count("客厅")


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


def copied(folder: Path, to: Path) -> Path:
    to.mkdir()
    for file in folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    return to


def test_a_broken_model_says_what_is_wrong(tiny_sense_voice: Path, tmp_path: Path) -> None:
    cut = copied(tiny_sense_voice, tmp_path / "cut")
    (cut / "model.pt").write_bytes((cut / "model.pt").read_bytes()[:1000])
    with pytest.raises(ServiceError, match=r"model\.pt cannot be read"):
        SenseVoice(cut, FLOAT32)
    no_pieces = copied(tiny_sense_voice, tmp_path / "no_pieces")
    next(no_pieces.glob("*.model")).unlink()
    with pytest.raises(ServiceError, match=r"must hold one \*\.model, has 0"):
        SenseVoice(no_pieces, FLOAT32)
    other = copied(tiny_sense_voice, tmp_path / "other")
    torch.save({"x": torch.zeros(1)}, other / "model.pt")
    with pytest.raises(ServiceError, match=r"lacks .* weights"):
        SenseVoice(other, FLOAT32)


def test_a_checkpoint_cannot_run_code(tiny_sense_voice: Path, tmp_path: Path) -> None:
    folder = copied(tiny_sense_voice, tmp_path / "evil")
    torch.save({"x": Path("anything")}, folder / "model.pt")
    with pytest.raises(ServiceError, match="cannot be read"):
        SenseVoice(folder, FLOAT32)


@pytest.mark.gpu
def test_the_gpu_hears_what_the_cpu_hears(tiny_sense_voice: Path) -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    on_gpu = SenseVoice(tiny_sense_voice, Device("cuda:0", "float32", "GPU"))
    on_cpu = SenseVoice(tiny_sense_voice, FLOAT32)
    utterance = Segment(features(on_cpu, speech_samples()))
    assert on_gpu.recognize([utterance])[0].text == on_cpu.recognize([utterance])[0].text
