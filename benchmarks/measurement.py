"""What a measurement is."""

from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.server_process import Server

Found = dict[str, Any]
"""Figures and raw values, as they are kept in a row."""
Measurement = Callable[[Server], Awaitable[Found]]
Key = tuple[str, str | int]
"""The measure, and its case: a number of clients, a length."""
Measurements = dict[Key, Measurement]
