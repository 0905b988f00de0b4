"""What the run was made on."""

import os
import platform
import shutil
import subprocess
from importlib import metadata

import torch

from benchmarks.gpu.run import Run
from benchmarks.machine import commit, processor
from wyoming_serving.torch.gpus import gpu_memory_bytes

_PACKAGES = ("torch", "triton", "numpy", "onnxruntime", "funasr", "wyoming")


def measure(run: Run) -> None:
    """Note the machine, the GPU and the versions."""
    run.note("commit", commit())
    run.note("cpu", processor())
    run.note("cores", os.cpu_count())
    run.note("python", platform.python_version())
    for name in _PACKAGES:
        run.note(name, _version(name))
    if not run.on_gpu:
        return
    properties = torch.cuda.get_device_properties(run.device)
    free, total = gpu_memory_bytes(run.device)
    run.note("gpu", properties.name)
    run.note("compute capability", f"{properties.major}.{properties.minor}")
    run.note("gpu memory", f"{total / 1e9:.1f} GB, {free / 1e9:.1f} GB free")
    run.note("cuda of torch", torch.version.cuda)
    run.note("cudnn", str(torch.backends.cudnn.version()))  # type: ignore[no-untyped-call]
    run.note("driver", _driver())


def _version(package: str) -> str:
    try:
        return str(metadata.version(package))
    except metadata.PackageNotFoundError:
        return "not installed"


def _driver() -> str:
    if shutil.which("nvidia-smi") is None:
        return "no nvidia-smi"
    command = [
        "nvidia-smi",
        "--query-gpu=driver_version",
        "--format=csv,noheader",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout.strip() or done.stderr.strip()
