"""The command line: serve, transcribe files, evaluate, download models, write a home down."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from wyoming_funasr.settings import FunasrSettings
from wyoming_serving import __version__
from wyoming_serving.command_line import run_command
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.settings import SettingsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    return run_command(_parser(), FunasrSettings, "funasr", arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wyoming-funasr",
        description="Speech to text for Home Assistant with FunASR. Without a command it serves.",
        epilog="Each setting is also an environment variable: --model-dir is FUNASR_MODEL_DIR.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.set_defaults(run=_serve)
    FunasrSettings.add_arguments(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    transcribe = commands.add_parser("transcribe", help="write down what audio files say")
    transcribe.add_argument("files", nargs="+", type=Path, metavar="FILE.wav")
    transcribe.add_argument("--json", action="store_true", help="one JSON object a line")
    transcribe.set_defaults(run=_transcribe)
    download = commands.add_parser("download", help="fetch a model and what it needs")
    download.add_argument("model", help="a model's name or an id on the hub")
    download.set_defaults(run=_download)
    home = commands.add_parser("home", help="write home.yaml from a running Home Assistant")
    home.set_defaults(run=_home)
    evaluate = commands.add_parser("evaluate", help="say how well recordings are recognized")
    evaluate.add_argument(
        "folder", type=Path, metavar="FOLDER", help="recordings, and transcripts.tsv"
    )
    evaluate.add_argument("--json", action="store_true", help="the report as JSON")
    evaluate.add_argument("--html", type=Path, metavar="FILE", help="write it as a page, too")
    evaluate.set_defaults(run=_evaluate)
    deploy = commands.add_parser("deploy", help="run replicas of the model in a Ray cluster")
    deploy.set_defaults(run=_deploy)
    for command in (transcribe, download, home, evaluate, deploy):
        FunasrSettings.add_arguments(command, listed=False)
    return parser


def _serve(settings: FunasrSettings, _: argparse.Namespace) -> int:
    from wyoming_funasr.service import FunasrService
    from wyoming_serving.process import run

    return run(FunasrService(settings))


def _transcribe(settings: FunasrSettings, given: argparse.Namespace) -> int:
    from wyoming_funasr.files import known_home, read_audio, transcribe
    from wyoming_funasr.loading import load_model
    from wyoming_funasr.models import choose_model
    from wyoming_serving.models.hub import Hub

    model, failed = None, 0
    for file in given.files:
        try:
            samples = read_audio(file)
        except ServiceError as error:
            failed += 1
            print(f"wyoming-funasr: {error}", file=sys.stderr)
            continue
        if model is None:  # only now is there something to hear
            hub = Hub.from_settings(settings)
            model = load_model(choose_model(settings.default_model), settings, hub)
            home = known_home(model, settings)
        recognition = transcribe(model, samples, settings, home)
        if given.json:
            print(json.dumps({"file": str(file), **asdict(recognition)}, ensure_ascii=False))
        else:
            print(recognition.text)
    return 1 if failed else 0


def _evaluate(settings: FunasrSettings, given: argparse.Namespace) -> int:
    from wyoming_funasr.evaluation import as_json, as_text, evaluate, read_table
    from wyoming_funasr.evaluation_page import as_html
    from wyoming_funasr.loading import load_model
    from wyoming_funasr.models import choose_model
    from wyoming_serving.models.hub import Hub

    rows = read_table(given.folder)
    hub = Hub.from_settings(settings)
    report = evaluate(
        load_model(choose_model(settings.default_model), settings, hub), rows, settings
    )
    print(json.dumps(as_json(report), ensure_ascii=False) if given.json else as_text(report))
    if given.html is not None:
        try:
            given.html.write_text(as_html(report), encoding="utf-8")
        except OSError as error:
            text = f"{given.html} cannot be written: {error.strerror}"
            raise ServiceError(ErrorCode.OUTPUT_FAILED, text) from None
    return 0


def _deploy(settings: FunasrSettings, _: argparse.Namespace) -> int:
    from wyoming_funasr.ray import application
    from wyoming_serving.ray import cluster

    cluster.deploy(application.NAME, application.from_settings(settings), settings)
    print(f"{settings.default_model} runs in the Ray cluster; fronts: wyoming-funasr --engine ray")
    return 0


def _download(settings: FunasrSettings, given: argparse.Namespace) -> int:
    from wyoming_funasr.models import choose_model, downloaded_source, required_sources
    from wyoming_serving.devices import choose_device
    from wyoming_serving.models.hub import Hub

    model = choose_model(given.model)
    if model.source is None:
        print(f"{model.name} is on disk already: {model.folder}")
        return 0
    hub = Hub(settings.hub, settings.cache_dir, offline=False, stall_seconds=settings.hub_seconds)
    command = settings.command(f"download {given.model}")
    device = choose_device(settings.device, settings.precision)
    on_cpu = not device.is_cuda
    own = downloaded_source(model, hub, on_cpu=on_cpu)
    for source in (own, *required_sources(model, settings, hub, on_cpu=on_cpu)):
        print(hub.cached(source) or hub.download(source, command))
    return 0


def _home(settings: FunasrSettings, _: argparse.Namespace) -> int:
    from wyoming_funasr.home.source.access import access_from
    from wyoming_funasr.home.source.errors import HomeAssistantError
    from wyoming_funasr.home.source.home_assistant import read_once
    from wyoming_funasr.home.source.kept import home_yaml

    access = access_from(settings, os.environ)
    if access is None:
        raise SettingsError("--home-assistant-url: this command needs it, and a token")
    try:
        home = asyncio.run(read_once(access, settings.home_assistant_wait_seconds))
    except HomeAssistantError as error:
        text = f"Home Assistant at {access.host}: {error}"
        raise ServiceError(ErrorCode.HOME_UNREACHABLE, text) from None
    sys.stdout.buffer.write(home_yaml(home).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
