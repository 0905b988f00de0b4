"""The NVIDIA GPUs that torch can use."""

import torch


class TorchGpus:
    """See `wyoming_serving.devices.Gpus`."""

    def names(self) -> list[str]:
        """Returns all GPUs that torch lists, as `cuda:0`."""
        return [f"cuda:{index}" for index in range(torch.cuda.device_count())]

    def problem(self, name: str) -> str | None:
        """Returns why a GPU cannot compute; None if it can."""
        try:
            # a GPU whose architecture this torch build lacks is listed, and fails here
            (torch.ones(8, device=name) * 2).sum().item()
        except (RuntimeError, AssertionError) as error:
            return str(error).splitlines()[0]
        return None

    def description(self, name: str) -> str:
        """Returns the product name of a GPU."""
        return torch.cuda.get_device_name(name)


def gpu_memory_bytes(name: str) -> tuple[int, int]:
    """Returns the free and the total memory of a GPU.

    What torch keeps for later, though nothing is in it, counts as free.
    """
    free, total = torch.cuda.mem_get_info(name)
    kept = torch.cuda.memory_reserved(name) - torch.cuda.memory_allocated(name)
    return free + kept, total
