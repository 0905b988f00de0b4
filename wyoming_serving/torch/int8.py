"""Eight-bit linear layers for CPUs: a quarter of the memory, less than half of the time."""

import warnings
from typing import Any

import torch


def quantize_linear_layers(model: torch.nn.Module) -> None:
    """Replace linear layers by int8 ones, one at a time, so that few floats are in memory."""
    from torch.ao.nn.quantized.dynamic import Linear as Int8Linear
    from torch.ao.quantization import default_dynamic_qconfig

    warnings.filterwarnings("ignore", message=".*quantize_per_tensor.*", category=UserWarning)
    # a list of every module would keep the floats alive until the last layer is done
    holders = [module for module in model.modules() if type(module) is not torch.nn.Linear]
    for module in holders:
        for name, child in list(module.named_children()):
            if type(child) is torch.nn.Linear:
                quantizable: Any = child.to(torch.float32)
                quantizable.qconfig = default_dynamic_qconfig
                from_float: Any = Int8Linear.from_float
                setattr(module, name, from_float(quantizable))
