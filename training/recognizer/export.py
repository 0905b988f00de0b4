"""Turn a training folder into the model folder that the service and FunASR load.

The weights that did best in development are stored in half precision; both loaders compute in
float32.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch

from training.recognizer import vocabulary
from training.recognizer.train import BEST


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--training", type=Path, required=True, help="folder of train.py")
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    export(given.training, given.output)


def export(training: Path, output: Path) -> None:
    """Write `config.yaml`, `am.mvn`, `demo.bpe.model`, `model.pt` and `configuration.json`."""
    output.mkdir(parents=True, exist_ok=True)
    for name in ("config.yaml", "am.mvn", vocabulary.FILE):
        shutil.copyfile(training / name, output / name)
    best = torch.load(training / BEST, weights_only=True)
    torch.save({name: value.half() for name, value in best.items()}, output / "model.pt")
    description = {
        "framework": "pytorch",
        "task": "auto-speech-recognition",
        "model": {"type": "funasr"},
        "file_path_metas": {
            "init_param": "model.pt",
            "config": "config.yaml",
            "tokenizer_conf": {"bpemodel": vocabulary.FILE},
            "frontend_conf": {"cmvn_file": "am.mvn"},
        },
    }
    (output / "configuration.json").write_text(json.dumps(description, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
