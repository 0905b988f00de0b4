"""What CUDA graphs, torch.compile and other memory layouts would gain, each against the plain call.

Inputs are padded to the size of a bucket, as a service with graphs would pad them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.gpu import weights
from benchmarks.gpu.run import Run
from wyoming_funasr.engines.sense_voice import QUERIES
from wyoming_funasr.engines.torch import components
from wyoming_funasr.engines.torch.sense_voice import MODULES
from wyoming_melotts.synthesis.acoustic.decoder_shape import LAST_SLOPE, SLOPE, context_frames
from wyoming_melotts.synthesis.acoustic.torch.decoder import Decoder, DecoderStream
from wyoming_melotts.synthesis.acoustic.torch.synthesizer import Synthesizer

_ROWS = (17, 34, 50, 84, 167, 500)
"""Buckets of audio of 1, 2, 3, 5, 10 and 30 s."""
_BATCHES = (1, 4, 16)
_COMPILED_ROWS = 50
_FRAMES = (16, 64)

Work = Callable[..., Tensor]


def measure(run: Run) -> None:
    """Measure the recognizer's network and the voice's decoder."""
    with torch.inference_mode():
        _recognizer(run)
        run.forget_memory()
        _decoder(run)
        _compiled(run)


class Encoder(nn.Module):
    """SenseVoice from embedded rows to log posteriors.

    FunASR's own `forward` computes position encodings from a number that it sends to the GPU, which
    a graph cannot hold; they depend on nothing and are added outside.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.encoder: nn.Module = model.get_submodule("encoder")
        self.head: nn.Module = model.get_submodule("ctc.ctc_lo")

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Rows [utterances, rows, channels] and mask [utterances, 1, rows] to log posteriors."""
        for name in ("encoders0", "encoders"):
            for layer in self.encoder.get_submodule(name).children():
                x = layer(x, mask)[0]
        x = self.encoder.get_submodule("after_norm")(x)
        for layer in self.encoder.get_submodule("tp_encoders").children():
            x = layer(x, mask)[0]
        scores: Tensor = self.head(self.encoder.get_submodule("tp_norm")(x))
        return scores.log_softmax(-1, dtype=torch.float32)


def captured(run: Run, work: Work, *inputs: Tensor) -> Callable[[], Tensor]:
    """Returns what replays `work` on `inputs`: a CUDA graph, on a CPU the plain call."""
    if not run.on_gpu:
        return lambda: work(*inputs)
    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):  # what is allocated or chosen at first use must not be captured
        for _ in range(3):
            work(*inputs)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        output = work(*inputs)

    def replay() -> Tensor:
        graph.replay()
        return output

    return replay


def _recognizer(run: Run) -> None:
    device = run.place("float16")
    encoder = Encoder(components.build(weights.sense_voice(run), MODULES, device).model)
    for rows in run.of_size(_ROWS, (17,)):
        for batch in run.of_size(_BATCHES, (1, 2)):
            x, mask = _rows(run, batch, rows)
            with _half(run):
                eager = encoder(x, mask).clone()
                plain_ms = run.milliseconds(lambda: encoder(x, mask))  # noqa: B023
                run.forget_memory()
                replay = captured(run, encoder, x, mask)
                graph_ms = run.milliseconds(replay)
                difference = float((replay() - eager).abs().max())
            run.add(
                "recognizer",
                rows=rows,
                batch=batch,
                plain_ms=plain_ms,
                graph_ms=graph_ms,
                largest_difference=difference,
                graph_mb=run.peak_mb(),
            )
            del replay


def _compiled(run: Run) -> None:
    """`torch.compile` of one bucket; last, as it may take minutes, or not work at all."""
    device = run.place("float16")
    encoder = Encoder(components.build(weights.sense_voice(run), MODULES, device).model)
    x, mask = _rows(run, 1, _COMPILED_ROWS)
    if run.is_rehearsal:
        return  # it needs a compiler
    compiled = torch.compile(encoder, dynamic=False)
    with _half(run):
        eager = encoder(x, mask).clone()
        difference = float((compiled(x, mask) - eager).abs().max())
        run.add(
            "compiled",
            rows=_COMPILED_ROWS,
            batch=1,
            compiled_ms=run.milliseconds(lambda: compiled(x, mask)),
            compiled_graph_ms=run.milliseconds(captured(run, compiled, x, mask)),
            largest_difference=difference,
        )


def _rows(run: Run, batch: int, rows: int) -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    x = torch.randn(batch, QUERIES + rows, 560, device=run.device)
    return x, torch.ones(batch, 1, QUERIES + rows, device=run.device)


@contextmanager
def _half(run: Run) -> Iterator[None]:
    # a graph must not hold weights of the cache, which ends with the context
    kind = torch.device(run.device).type
    with torch.autocast(kind, torch.float16, cache_enabled=False):
        yield


def _decoder(run: Run) -> None:
    """The stream as it is, against a decoder without memory that computes the context again."""
    synthesizer = Synthesizer.load(weights.voices(run) / "ZH").to(run.device)
    decoder, speaker = synthesizer.dec, synthesizer.speaker(0)
    context = context_frames(synthesizer.config)
    for frames in run.of_size(_FRAMES, (16,)):
        torch.manual_seed(0)
        channels = synthesizer.config.inter_channels
        stream = DecoderStream(decoder, speaker)
        stream.push(torch.randn(1, channels, context + frames, device=run.device), final=False)
        chunk = torch.randn(1, channels, frames, device=run.device)
        latent = torch.randn(1, channels, frames + 2 * context, device=run.device)
        plain = run.milliseconds(lambda: stream.push(chunk, final=False))  # noqa: B023
        run.add("decoder", way="stream, as served", frames=frames, ms=plain)
        expected = decoder(latent, speaker)
        for name, in_half in (("float32", False), ("float16", True)):
            whole = _whole(decoder, in_half)
            found = whole(latent, speaker)
            for way, work in (
                ("whole", lambda: whole(latent, speaker)),  # noqa: B023
                ("whole, graph", captured(run, whole, latent, speaker)),
            ):
                run.add(
                    "decoder",
                    way=f"{way}, one-dimensional, {name}",
                    frames=frames,
                    ms=run.milliseconds(work),
                    largest_difference=float((found - expected).abs().max()),
                )
        layout = "whole, two-dimensional, channels last, float32"
        took_ms = run.milliseconds(lambda: decoder(latent, speaker))  # noqa: B023
        run.add("decoder", way=layout, frames=frames, ms=took_ms, largest_difference=0.0)


def _whole(decoder: Decoder, in_half: bool) -> Work:
    """HiFi-GAN with one-dimensional convolutions, which torch lays out channels first."""
    dtype = torch.float16 if in_half else torch.float32
    flat = {
        name: (value.squeeze(2) if value.dim() == 4 else value).to(dtype).contiguous()
        for name, value in decoder.state_dict().items()
    }
    rates = decoder.config.upsample_rates
    kernels = decoder.config.resblock_kernel_sizes

    def conv(x: Tensor, name: str, dilation: int = 1) -> Tensor:
        weight = flat[f"{name}.weight"]
        padding = dilation * (weight.shape[-1] // 2)
        return F.conv1d(x, weight, flat.get(f"{name}.bias"), padding=padding, dilation=dilation)

    def block(x: Tensor, name: str, dilations: tuple[int, ...]) -> Tensor:
        for number, dilation in enumerate(dilations):
            y = conv(F.leaky_relu(x, SLOPE), f"{name}.convs1.{number}", dilation)
            x = x + conv(F.leaky_relu(y, SLOPE), f"{name}.convs2.{number}")
        return x

    def decode(latent: Tensor, speaker: Tensor) -> Tensor:
        x = conv(latent.to(dtype), "conv_pre") + conv(speaker.to(dtype), "cond")
        for stage, rate in enumerate(rates):
            weight, bias = flat[f"ups.{stage}.weight"], flat[f"ups.{stage}.bias"]
            padding = (weight.shape[-1] - rate) // 2
            x = F.conv_transpose1d(F.leaky_relu(x, SLOPE), weight, bias, rate, padding)
            first = stage * len(kernels)
            shapes = decoder.config.resblock_dilation_sizes
            parts = [block(x, f"resblocks.{first + i}", d) for i, d in enumerate(shapes)]
            x = torch.stack(parts).sum(0) / len(parts)
        return torch.tanh(conv(F.leaky_relu(x, LAST_SLOPE), "conv_post")).flatten().float()

    return decode
