"""A CPU installation has neither torch nor funasr."""

import subprocess
import sys

PROGRAM = """
import importlib.metadata, sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in ("torch", "funasr"):
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Absent())
found = importlib.metadata.distribution
def distribution(name):
    if name in ("torch", "funasr"):
        raise importlib.metadata.PackageNotFoundError(name)
    return found(name)
importlib.metadata.distribution = distribution

from wyoming_funasr.service import FunasrService
from wyoming_funasr.settings import FunasrSettings
print(FunasrService(FunasrSettings(model_dir="demo")).info().asr[0].models[0].name)
"""


def test_the_service_describes_itself() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "demo"
