"""A Ray cluster on this machine, for the tests that need one."""

import contextlib
import importlib.util
from collections.abc import Iterator

import pytest

from benchmarks.ray.cluster import Cluster, ray_cluster


@contextlib.contextmanager
def cluster_or_skip() -> Iterator[Cluster]:
    """A cluster, where Ray is installed."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("needs ray, by the extra ray")
    with ray_cluster() as cluster:
        yield cluster
