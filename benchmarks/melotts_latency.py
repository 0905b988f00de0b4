"""Time to first audio, real-time factor, memory and start-up of the text-to-speech service.

    python -m benchmarks.melotts_latency [--repeats 5] [--output benchmarks/results/melotts.md]

A voice and a multilingual BERT of real size and random weights are made first: timing does not
depend on the values. Ours is measured through the socket of a server in its own process, without
its cache. What it is compared with, measured in between, is upstream's way of computing: each piece
whole, BERT in float32 with all twelve layers and its language-model head, one-dimensional
convolutions with live weight norm, and nothing leaves before everything is done. It runs in this
project's modules (with `WholeSentenceDecoder` below), since upstream's package does not install
beside current libraries; text front-end and embeddings are the same on both sides.
"""

import argparse
import asyncio
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from wyoming.client import AsyncClient
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from benchmarks.melotts_random_models import (
    BERT_BASE_MULTILINGUAL,
    PUBLISHED_SIZE,
    write_bert,
    write_voice,
)
from wyoming_melotts.acoustic.config import AcousticConfig
from wyoming_melotts.acoustic.synthesizer import Prosody, Synthesizer
from wyoming_melotts.acoustic.text_encoder import TextInputs
from wyoming_melotts.bert import Embeddings, Layer
from wyoming_melotts.engine import make_reader
from wyoming_melotts.ids import token_ids
from wyoming_melotts.speech import SpeechOptions
from wyoming_melotts.symbols import LANGUAGE_CODES
from wyoming_melotts.text.tokenizers import load_tokenizer
from wyoming_melotts.voices import LANGUAGES

PORT = 10_298
FRAMES_PER_TOKEN = 4.0
"""About what trained voices have: five Chinese characters a second."""

SENTENCES = {
    "short (10)": "客厅的灯已经打开了。",
    "usual (25)": "现在室外的温度是二十六度，湿度百分之四十五，无雨。",
    "long (120)": "今天白天多云转晴，最高气温二十八度，最低气温十九度，东南风三到四级，"
    "空气质量良好，适合开窗通风和户外活动，傍晚以后可能有零星小雨，出门请记得带上雨伞，"
    "客厅的空调已经设为二十六度，卧室的窗帘会在日落以后自动关上，洗衣机还有大约十五分钟洗完。",
}


@dataclass(frozen=True)
class Timing:
    """One answer."""

    first_audio_seconds: float
    seconds: float
    audio_seconds: float
    processor_seconds: float = 0.0


class WholeSentenceDecoder(nn.Module):
    """HiFi-GAN as upstream runs it: one-dimensional, weight norm computed at every call."""

    def __init__(self, config: AcousticConfig) -> None:
        super().__init__()
        width = config.upsample_initial_channel
        self.pre = nn.Conv1d(config.inter_channels, width, 7, padding=3)
        self.cond = nn.Conv1d(config.gin_channels, width, 1)
        self.stages = nn.ModuleList()
        for rate, kernel in zip(config.upsample_rates, config.upsample_kernel_sizes, strict=True):
            up = _weight_norm(
                nn.ConvTranspose1d(width, width // 2, kernel, rate, (kernel - rate) // 2)
            )
            width //= 2
            blocks = nn.ModuleList(
                nn.ModuleList(
                    _weight_norm(nn.Conv1d(width, width, size, dilation=d, padding=size // 2 * d))
                    for dilation in dilations
                    for d in (dilation, 1)
                )
                for size, dilations in zip(
                    config.resblock_kernel_sizes, config.resblock_dilation_sizes, strict=True
                )
            )
            self.stages.append(nn.ModuleList([up, blocks]))
        self.post = nn.Conv1d(width, 1, 7, padding=3, bias=False)

    def forward(self, latent: Tensor, speaker: Tensor) -> Tensor:
        x = self.pre(latent) + self.cond(speaker)
        for stage in self.stages:
            assert isinstance(stage, nn.ModuleList)
            up, blocks = stage
            assert isinstance(blocks, nn.ModuleList)
            x = up(F.leaky_relu(x, 0.1))
            x = torch.stack([_residual(block, x) for block in blocks]).mean(0)
        return torch.tanh(self.post(F.leaky_relu(x)))


def _weight_norm(layer: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return nn.utils.weight_norm(layer)


def _residual(block: nn.Module, x: Tensor) -> Tensor:
    assert isinstance(block, nn.ModuleList)
    for dilated, plain in zip(block[::2], block[1::2], strict=True):
        x = plain(F.leaky_relu(dilated(F.leaky_relu(x, 0.1)), 0.1)) + x
    return x


class WholeBert(nn.Module):
    """All layers and the language-model head, as `AutoModelForMaskedLM` computes them."""

    def __init__(self) -> None:
        super().__init__()
        config = BERT_BASE_MULTILINGUAL
        self.embeddings = Embeddings(config)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.head = nn.Linear(config.hidden_size, config.vocab_size)

    def forward(self, ids: Tensor) -> Tensor:
        states: list[Tensor] = [self.embeddings(ids)]
        for layer in self.layers:
            states.append(layer(states[-1]))
        self.head(states[-1])
        return states[-3]


class UpstreamsWay:
    """Speaks a text whole, piece after piece."""

    def __init__(self, voices: Path) -> None:
        torch.manual_seed(0)
        self._synthesizer = Synthesizer.load(voices / "ZH")
        config = self._synthesizer.config
        self._decoder = WholeSentenceDecoder(config).eval().requires_grad_(False)
        self._bert = WholeBert().eval().requires_grad_(False)
        self._tokenizer = load_tokenizer(voices / LANGUAGES["ZH"].bert.name, "ZH")
        self._reader = make_reader(LANGUAGES["ZH"], self._tokenizer, SpeechOptions())

    @torch.inference_mode()
    def speak(self, text: str) -> Timing:
        """Time one text; its first audio is its last."""
        started, processor = time.perf_counter(), time.process_time()
        generator = torch.Generator().manual_seed(0)
        samples = sum(self._speak(piece, generator) for piece in self._reader.pieces(text))
        seconds = time.perf_counter() - started
        audio_seconds = samples / self._synthesizer.config.sample_rate_hz
        return Timing(seconds, seconds, audio_seconds, time.process_time() - processor)

    def _speak(self, piece: str, generator: torch.Generator) -> int:
        phonemes = self._reader.phonemize(piece)
        ids = token_ids(phonemes, LANGUAGE_CODES["ZH"], self._synthesizer.config)
        rows = self._bert(torch.tensor(self._tokenizer.encode(phonemes.norm_text)))
        features = rows[: len(ids.word2ph)].repeat_interleave(torch.tensor(ids.word2ph), dim=0).T
        inputs = TextInputs(
            torch.tensor(ids.phones), torch.tensor(ids.tones), torch.tensor(ids.languages), features
        )
        speaker = self._synthesizer.speaker(1)
        latent = self._synthesizer.latent(inputs, speaker, Prosody(), generator)
        samples: Tensor = self._decoder(latent, speaker)
        return samples.shape[-1]


def write_models(folder: Path) -> None:
    """A Chinese voice with its BERT."""
    write_voice(folder / "ZH", PUBLISHED_SIZE, FRAMES_PER_TOKEN)
    write_bert(folder / LANGUAGES["ZH"].bert.name, BERT_BASE_MULTILINGUAL)


@contextmanager
def server(voices: Path, threads: int) -> Iterator[subprocess.Popen[bytes]]:
    """The service in a process of its own."""
    command = [
        sys.executable, "-m", "wyoming_melotts", "--uri", f"tcp://127.0.0.1:{PORT}",
        "--voices-dir", str(voices), "--offline", "--device", "cpu", "--threads", str(threads),
        "--cache-mb", "0", "--log-level", "warning",
    ]  # fmt: skip
    process = subprocess.Popen(command)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@asynccontextmanager
async def client() -> AsyncIterator[AsyncClient]:
    """A connection, made as soon as the server listens."""
    while True:
        try:
            connected = AsyncClient.from_uri(f"tcp://127.0.0.1:{PORT}")
            await connected.connect()
            break
        except OSError:
            await asyncio.sleep(0.02)
    try:
        yield connected
    finally:
        await connected.disconnect()


async def listen(events: list[Event], last: str) -> Timing:
    """Send a request and time its answer."""
    async with client() as connection:
        started = time.perf_counter()
        for event in events:
            await connection.write_event(event)
        first, audio_bytes = 0.0, 0
        while (answer := await connection.read_event()) is not None and answer.type != last:
            if answer.type == "error":
                raise RuntimeError(answer.data["text"])
            if answer.type == "audio-chunk":
                first = first or time.perf_counter() - started
                audio_bytes += len(answer.payload or b"")
        return Timing(first, time.perf_counter() - started, audio_bytes / 2 / 44_100)


def whole(text: str) -> list[Event]:
    """Home Assistant's request for a text that is there."""
    return [Synthesize(text=text).event()]


def streaming(text: str) -> list[Event]:
    """Home Assistant's request for a text that a language model writes."""
    pieces = [SynthesizeChunk(text=text[i : i + 3]).event() for i in range(0, len(text), 3)]
    tail = [Synthesize(text=text).event(), SynthesizeStop().event()]
    return [SynthesizeStart().event(), *pieces, *tail]


def ask(pid: int, events: list[Event]) -> Timing:
    """Time a request to the server that is process `pid`."""
    last = "audio-stop" if len(events) == 1 else "synthesize-stopped"
    before = _processor_seconds(pid)
    timing = asyncio.run(listen(events, last))
    return replace(timing, processor_seconds=_processor_seconds(pid) - before)


def _processor_seconds(pid: int) -> float:
    """Of all threads of a process (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(ways: dict[str, Callable[[str], Timing]], repeats: int) -> Iterator[str]:
    """Rows of the table: the ways take turns, so that a busy moment hits all of them."""
    for name, text in SENTENCES.items():
        timings: dict[str, list[Timing]] = {way: [] for way in ways}
        for repeat in range(repeats + 1):
            for way, speak in ways.items():
                timing = speak(text)
                if repeat:
                    timings[way].append(timing)
        reference = timings["upstream's way"]
        for way, taken in timings.items():
            first = _median(taken, lambda t: t.first_audio_seconds)
            sooner = _median(reference, lambda t: t.first_audio_seconds) / first
            yield (
                f"| {name} | {way} | {taken[0].audio_seconds:.1f} "
                f"| {first * 1000:.0f} ({sooner:.1f}) "
                f"| {_ratio(taken, reference, lambda t: t.seconds / t.audio_seconds)} "
                f"| {_ratio(taken, reference, lambda t: t.processor_seconds / t.audio_seconds)} |"
            )


def _shown(rows: Iterator[str]) -> Iterator[str]:
    """Show each row as it comes: a slow machine takes minutes."""
    for row in rows:
        print(row, file=sys.stderr, flush=True)
        yield row


def _ratio(
    measured: list[Timing], reference: list[Timing], value: Callable[[Timing], float]
) -> str:
    ours = _median(measured, value)
    return f"{ours:.2f} ({_median(reference, value) / ours:.1f})"


def _median(timings: list[Timing], value: Callable[[Timing], float]) -> float:
    return statistics.median(map(value, timings))


def peak_memory_mb(pid: int) -> tuple[float, float]:
    """The most that a process held, and what it holds now, without files mapped (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines())
    return tuple(int(fields[key].split()[0]) / 1024 for key in ("VmHWM", "RssAnon"))  # type: ignore[return-value]


def command_line_seconds() -> float:
    """The best of five runs of `--help`."""
    best = 1e9
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "wyoming_melotts", "--help"], capture_output=True)
        best = min(best, time.perf_counter() - started)
    return best


def run(repeats: int, threads: int) -> str:
    """Measure everything; gives the report."""
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder:
        voices = Path(folder)
        write_models(voices)
        help_seconds = command_line_seconds()
        started = time.perf_counter()
        with server(voices, threads) as process:
            ask(process.pid, whole("好。"))
            ready = time.perf_counter() - started
            ways = {
                "upstream's way": UpstreamsWay(voices).speak,
                "whole": lambda text: ask(process.pid, whole(text)),
                "streaming": lambda text: ask(process.pid, streaming(text)),
            }
            rows = "\n".join(_shown(measure(ways, repeats)))
            peak, anonymous = peak_memory_mb(process.pid)
    return (
        f"{_machine(threads)}\n\nMedians of {repeats}; in brackets how many times better than "
        "upstream's way, which has no audio before its last. Load of the machine at the end: "
        f"{os.getloadavg()[1]:.1f}.\n\n"
        "| sentence (characters) | way | audio, s | first audio, ms | real-time factor "
        "| processor seconds a second of audio |\n| --- | --- | --- | --- | --- | --- |\n"
        f"{rows}\n\n- From start to the end of the first answer: {ready:.1f} s\n"
        f"- Memory with one Chinese voice and its BERT: {peak:.0f} MB at most, "
        f"{anonymous:.0f} MB afterwards without mapped files\n- `--help`: {help_seconds:.2f} s\n"
    )


def _machine(threads: int) -> str:
    model = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return (
        f"Machine: {model}, {os.cpu_count()} cores, {threads} threads; Python "
        f"{platform.python_version()}, torch {torch.__version__}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, help="Markdown file to write the report to")
    given = parser.parse_args()
    report = run(given.repeats, given.threads)
    print(report)
    if given.output is not None:
        given.output.write_text(f"# MeloTTS: latency\n\n{report}", encoding="utf-8")


if __name__ == "__main__":
    main()
