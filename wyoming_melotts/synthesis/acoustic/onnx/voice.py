"""An acoustic model that ONNX Runtime computes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime

from wyoming_melotts.synthesis import linear
from wyoming_melotts.synthesis.acoustic.config import AcousticConfig
from wyoming_melotts.synthesis.acoustic.fixed_sizes import BERT_CHANNELS, LARGE_BERT_CHANNELS
from wyoming_melotts.synthesis.acoustic.model import EncodedText, Sentence
from wyoming_melotts.synthesis.acoustic.onnx.decoder import NEXT, STATE, build_decoder
from wyoming_melotts.synthesis.acoustic.onnx.flow import build_flow
from wyoming_melotts.synthesis.acoustic.onnx.text import build_text
from wyoming_melotts.synthesis.acoustic.weights import Weights
from wyoming_melotts.synthesis.arrays import Floats, Ints
from wyoming_serving.models import int8_weights, onnx_graphs
from wyoming_serving.models.int8_weights import largest_pair
from wyoming_serving.models.onnx_cache import GRAPH, WEIGHTS, open_made_graph
from wyoming_serving.models.onnx_graphs import Graph


@dataclass(frozen=True)
class _Part:
    """A graph, and how the names of the weights that the others take begin."""

    name: str
    build: Callable[[Graph, AcousticConfig, Weights], None]
    recipe: str
    not_taken: tuple[str, ...]


_TEXT_WEIGHTS = ("enc_p.", "dp.", "sdp.")


def _parts(*, int8: bool) -> tuple[_Part, ...]:
    """The text encoder, the flow and the decoder."""
    largest = largest_pair() if int8 else None
    flow = partial(build_flow, largest=largest)
    recipe = f"int8, pairs up to {largest}" if int8 else "float32"
    return (
        _Part("text", build_text, "float32", ("flow.", "dec.")),
        _Part("flow", flow, recipe, (*_TEXT_WEIGHTS, "dec.")),
        _Part("decoder", build_decoder, "float32", (*_TEXT_WEIGHTS, "flow.")),
    )


class OnnxVoice:
    """The graphs of a checkpoint, each in a session of its own."""

    def __init__(self, folder: Path, cache_dir: Path, threads: int, *, int8: bool) -> None:
        """Read `config.json` and `checkpoint.pth` of a voice.

        `threads` work on one run. `int8` makes the weights of the flow's feed-forward layers
        integers; all else is float32.

        Raises:
            VoiceFileError: one of them is not what this runtime reads.
        """
        self.config = AcousticConfig.read(folder / "config.json")
        self._text, self._flow, self._decoder = (
            _opened(part, self.config, folder, cache_dir, threads) for part in _parts(int8=int8)
        )

    def encode(
        self, sentence: Sentence, speaker: int, noise: Floats, sdp_ratio: float
    ) -> EncodedText:
        """Encode the text and predict durations from `noise` [tokens, 2]."""
        inputs = {
            "phones": sentence.phones,
            "tones": sentence.tones,
            "languages": sentence.languages,
            "bert": _rows(sentence.bert, BERT_CHANNELS),
            "large_bert": _rows(sentence.large_bert, LARGE_BERT_CHANNELS),
            "speaker": _id(speaker),
            "noise": noise,
            "sdp_ratio": np.array([sdp_ratio], np.float32),
        }
        return EncodedText(*self._text.run(["mean", "log_scale", "log_durations"], inputs))

    def flow(self, prior: Floats, speaker: int) -> Floats:
        """Prior sample [frames, inter] to latent [frames, inter]."""
        inputs = {"prior": prior, "speaker": _id(speaker)}
        (latent,) = self._flow.run(["latent"], inputs)
        return latent  # type: ignore[no-any-return]

    def decoder_stream(self, speaker: int) -> "OnnxDecoderStream":
        """Start to decode a sentence."""
        return OnnxDecoderStream(self._decoder, _id(speaker))


class OnnxDecoderStream:
    """Decodes the latent of one sentence chunk by chunk."""

    def __init__(self, session: onnxruntime.InferenceSession, speaker: Ints) -> None:
        """`speaker` is an id [1]."""
        self._session = session
        self._speaker = speaker
        self._is_first = True
        self._states: dict[str, Floats] = {
            port.name: np.zeros((1, port.shape[1], 1, 0), np.float32)
            for port in session.get_inputs()
            if port.name.startswith(STATE)
        }
        self._outputs = ["samples", *(NEXT + name for name in self._states)]

    def push(self, latent: Floats, *, last: bool) -> Floats:
        """The samples [samples] that a chunk [frames, inter] completes, perhaps none."""
        inputs = {
            "latent": latent,
            "speaker": self._speaker,
            "is_first": np.array([self._is_first], np.int64),
            "is_last": np.array([last], np.int64),
            **self._states,
        }
        samples, *states = self._session.run(self._outputs, inputs)
        self._states = dict(zip(self._states, states, strict=True))
        self._is_first = False
        return samples  # type: ignore[no-any-return]


def _opened(
    part: _Part, config: AcousticConfig, folder: Path, cache_dir: Path, threads: int
) -> onnxruntime.InferenceSession:
    """A session of one part of a checkpoint."""
    checkpoint = folder / "checkpoint.pth"

    def make(target: Path) -> None:
        weights = Weights.open(checkpoint)
        with Graph(target / WEIGHTS) as graph:
            part.build(graph, config, weights)
        weights.check(part.not_taken)
        graph.save(target / GRAPH)

    return open_made_graph(
        cache_dir,
        sources=(folder / "config.json", checkpoint),
        name=part.name,
        recipe=part.recipe,
        code=_code(),
        make=make,
        threads=threads,
    )


def _id(speaker: int) -> Ints:
    return np.array([speaker], np.int64)


def _rows(features: Floats | None, channels: int) -> Floats:
    """Features, or one row of zeros that stands for all tokens."""
    return np.zeros((1, channels), np.float32) if features is None else features


def _code() -> list[Path]:
    """The files whose change makes other graphs."""
    folder = Path(__file__).parent
    helpers = (linear.__file__, int8_weights.__file__, onnx_graphs.__file__)
    return [*folder.glob("*.py"), *folder.parent.glob("*.py"), *map(Path, helpers)]
