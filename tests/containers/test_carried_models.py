"""An image that carries its models serves a machine that has nothing else (docs/compose.md).

Builds docker/Dockerfile: `CONTAINER_BUILD` is the builder's command up to its options, with a
network that reaches this machine's loopback and the layers of a build before in its cache:
`docker build --network host`, or `buildah bud --isolation chroot --layers`.
"""

import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

import wyoming_funasr
import wyoming_melotts
from tests.support.containers import ENGINE
from tests.support.model_hub import model_hub
from tests.support.speech import DATA

ROOT = Path(__file__).parents[2]
BUILD = shlex.split(os.environ.get("CONTAINER_BUILD", ""))
BUILD_SECONDS = 1800
RUN_SECONDS = 120

RECOGNIZER = "someone/SenseVoice-at-home"
VOICE = "myshell-ai/MeloTTS-Chinese"
RECORDING = "kitchen_light_off_en.wav"

pytestmark = pytest.mark.skipif(
    not (ENGINE and BUILD),
    reason="needs a container engine and a builder: CONTAINER_RUN and CONTAINER_BUILD",
)


def run(*command: str | Path, seconds: float = RUN_SECONDS) -> str:
    """What a command says; it must succeed."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@contextmanager
def carried(tmp_path: Path, *options: str, **arguments: str) -> Iterator[str]:
    """The image with these build arguments, as another machine gets it: saved and loaded."""
    tag = "localhost/carries-its-models"
    given = [f"--build-arg={name}={value}" for name, value in arguments.items()]
    dockerfile = ROOT / "docker/Dockerfile"
    run(*BUILD, *given, *options, "--tag", tag, "--file", dockerfile, ROOT, seconds=BUILD_SECONDS)
    archive = tmp_path / "speech.tar"
    try:
        run(ENGINE[0], "save", "--output", archive, tag, seconds=BUILD_SECONDS)
        run(ENGINE[0], "image", "rm", tag)
        run(ENGINE[0], "load", "--input", archive, seconds=BUILD_SECONDS)
        yield tag
    finally:
        run(ENGINE[0], "image", "rm", tag)


def offline(image: str, environment: Mapping[str, str], *command: str) -> str:
    """What a command says in a container that has no network and no volume of models."""
    variables = [f"--env={name}={value}" for name, value in environment.items()]
    return run(*ENGINE, "--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp",
               "--volume", f"{DATA}:/recordings:ro", *variables, image, *command)  # fmt: skip


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_models_of_the_hub_that_are_named_when_it_is_built(tmp_path: Path) -> None:
    """The demo's files in the hub's place of others: what is heard shows that they were used."""
    with model_hub() as hub:
        hub.models[RECOGNIZER] = files(Path(wyoming_funasr.__path__[0]) / "demo_model")
        hub.models[VOICE] = files(Path(wyoming_melotts.__path__[0]) / "demo_voice")
        with carried(
            tmp_path, RECOGNIZER=RECOGNIZER, VOICES="ZH", FUNASR_HUB="modelscope",
            MELOTTS_HUB="hf", MODELSCOPE_ENDPOINT=hub.url, HF_ENDPOINT=hub.url,
        ) as image:  # fmt: skip
            recognizer = {"FUNASR_MODEL_DIR": RECOGNIZER, "FUNASR_OFFLINE": "true"}
            heard = offline(
                image, recognizer, "wyoming-funasr", "transcribe", f"/recordings/{RECORDING}"
            )
            assert "Turn off the kitchen light." in heard
            offline(
                image, {"MELOTTS_OFFLINE": "true"}, "wyoming-melotts", "say", "打开灯",
                "--output", "/dev/null",
            )  # fmt: skip
            listed = offline(image, {"MELOTTS_OFFLINE": "true"}, "wyoming-melotts", "voices")
            assert any("on disk" in line and VOICE in line for line in listed.splitlines()), listed


def test_models_of_a_folder(tmp_path: Path) -> None:
    """Random weights in the forms of the int8 recognizer and of a published voice with BERT."""
    pytest.importorskip("torch", reason="needs torch, which makes random weights")
    from benchmarks import melotts_random_models as voices
    from benchmarks import random_models as recognizers
    from benchmarks.published_models import export_sense_voice

    models = tmp_path / "models"
    checkpoint = recognizers.write_sense_voice(tmp_path / "checkpoint", recognizers.TINY)
    export_sense_voice(checkpoint, models / "SenseVoice-int8")
    (models / "SenseVoice-int8/model.onnx").unlink()
    with_bert = {name: voices.TINY_SIZE["data"][name] for name in voices.PUBLISHED_SIZE["data"]}
    voices.write_voice(models / "voices/EN", voices.TINY_SIZE | {"data": with_bert})
    voices.write_bert(models / "voices/bert-base-uncased", voices.TINY_BERT)
    with carried(tmp_path, f"--build-context=models={models}") as image:
        recognizer = {"FUNASR_MODEL_DIR": "/models/SenseVoice-int8", "FUNASR_OFFLINE": "true"}
        offline(image, recognizer, "wyoming-funasr", "transcribe", f"/recordings/{RECORDING}")
        voice = {"MELOTTS_VOICES_DIR": "/models/voices", "MELOTTS_OFFLINE": "true"}
        offline(image, voice, "wyoming-melotts", "say", "Hello.", "--output", "/dev/null")
