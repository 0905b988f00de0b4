"""The command line: serve, say a text, look at its phones, list and download voices."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from wyoming_melotts.settings import MelottsSettings
from wyoming_serving import __version__
from wyoming_serving.command_line import run_command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    return run_command(_parser(), MelottsSettings, "melotts", arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wyoming-melotts",
        description="Text to speech for Home Assistant with MeloTTS. Without a command it serves.",
        epilog="Each setting is also an environment variable: --voices-dir is MELOTTS_VOICES_DIR.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.set_defaults(run=_serve)
    MelottsSettings.add_arguments(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    say = commands.add_parser("say", help="speak a text once")
    say.add_argument("text", metavar="TEXT")
    say.add_argument("--output", type=Path, metavar="OUT.wav", help="by default standard output")
    say.set_defaults(run=_say)

    phonemize = commands.add_parser(
        "phonemize", help="read lines, write the phones of each as one JSON object"
    )
    phonemize.add_argument(
        "--language", required=True, help="ZH (with English in it), EN, JP, KR, ES or FR"
    )
    phonemize.add_argument(
        "--normalization",
        choices=("home", "upstream"),
        dest="text_normalization",
        default=argparse.SUPPRESS,
        help="what happens to numbers, signs and units first",
    )
    phonemize.add_argument(
        "--tokenizer",
        type=Path,
        metavar="PATH",
        help="vocab.txt of the language's BERT, or its folder; by default the one on disk",
    )
    phonemize.set_defaults(run=_phonemize)

    voices = commands.add_parser("voices", help="list voices and whether they are on disk")
    voices.set_defaults(run=_voices)

    download = commands.add_parser("download", help="fetch voices and the BERTs they use")
    download.add_argument("models", nargs="*", metavar="VOICE", help="by default the default voice")
    download.set_defaults(run=_download)
    deploy = commands.add_parser("deploy", help="run replicas of the voices in a Ray cluster")
    deploy.set_defaults(run=_deploy)
    for command in (say, phonemize, voices, download, deploy):
        MelottsSettings.add_arguments(command, listed=False)
    return parser


def _serve(settings: MelottsSettings, _: argparse.Namespace) -> int:
    from wyoming_melotts.service import MelottsService
    from wyoming_serving.process import run

    return run(MelottsService(settings))


def _say(settings: MelottsSettings, given: argparse.Namespace) -> int:
    from wyoming_melotts.commands import say

    return say(settings, given.text, given.output)


def _phonemize(settings: MelottsSettings, given: argparse.Namespace) -> int:
    from wyoming_melotts.commands import phonemize

    for line in phonemize(settings, given.language, given.tokenizer, sys.stdin):
        print(json.dumps(line, ensure_ascii=False), flush=True)
    return 0


def _voices(settings: MelottsSettings, _: argparse.Namespace) -> int:
    from wyoming_melotts.voices import VoiceLibrary
    from wyoming_melotts.voices.selection import default_voice

    inventory = VoiceLibrary(settings).scan()
    default = default_voice(settings.voice, inventory, offline=settings.offline)
    for voice in inventory.voices:
        place = "on disk" if inventory.has(voice) else "to download"
        mark = "*" if voice == default else " "
        print(f"{mark} {voice.name:24} {voice.tags[0]:6} {place:12} {voice.model.origin}")
    return 0


def _deploy(settings: MelottsSettings, _: argparse.Namespace) -> int:
    from wyoming_melotts.ray import application
    from wyoming_serving.ray import cluster

    cluster.deploy(application.NAME, application.from_settings(settings), settings)
    print("the voices run in the Ray cluster; fronts: wyoming-melotts --engine ray")
    return 0


def _download(settings: MelottsSettings, given: argparse.Namespace) -> int:
    from wyoming_melotts.voices import VoiceLibrary
    from wyoming_melotts.voices.selection import default_voice, find_voice

    library = VoiceLibrary(settings.model_copy(update={"offline": False}))
    inventory = library.scan()
    default = default_voice(settings.voice, inventory, offline=settings.offline)
    models = [
        inventory.models.get(name.upper()) or find_voice(name, inventory).model
        for name in given.models or [default.name]
    ]
    for model in models:
        for folder in library.fetch(model):
            if folder is not None:
                print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
