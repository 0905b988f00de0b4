"""Milliseconds to the first audio, and from `cancel` to its answer, over `/v1/speak`.

python -m benchmarks.speak_api http://127.0.0.1:8080 ROUNDS prints both, of a server that runs with
`cache_mb` 0 (else the first sentence is spoken from memory after the first round).
"""

import asyncio
import json
import sys
import time
from typing import Any

import aiohttp

from benchmarks.percentiles import percentiles

TEXT = "The light in the kitchen is on, and the door to the garden is open. " * 20


async def main() -> None:
    """Speak and interrupt, over and over."""
    url, rounds = sys.argv[1], int(sys.argv[2])
    first_audio, cancelled = [], []
    async with aiohttp.ClientSession(url) as http:
        async with http.ws_connect("/v1/speak", max_msg_size=0) as socket:
            await socket.send_json({"type": "start"})
            await _until(socket, "ready")
            for _ in range(rounds):
                began = time.perf_counter()
                await socket.send_json({"type": "text", "text": TEXT})
                await _until(socket, "audio")
                first_audio.append(1000 * (time.perf_counter() - began))
                began = time.perf_counter()
                await socket.send_json({"type": "cancel"})
                await _until(socket, "done")
                cancelled.append(1000 * (time.perf_counter() - began))
    for name, values in (("first audio", first_audio), ("cancel", cancelled)):
        found = percentiles(values)
        print(f"{name:12} p50 {found.p50:7.1f} ms  p95 {found.p95:7.1f} ms  ({found.count})")


async def _until(socket: aiohttp.ClientWebSocketResponse, wanted: str) -> None:
    """Read up to a message of a type; binary ones are `audio`.

    Raises:
        SystemExit: the server refused, or closed the connection.
    """
    async for message in socket:
        is_audio = message.type is aiohttp.WSMsgType.BINARY
        content: dict[str, Any] = {"type": "audio"} if is_audio else json.loads(message.data)
        if content["type"] == wanted:
            return
        if content["type"] == "error":
            raise SystemExit(f"the server says: {content['error']['message']}")
    raise SystemExit("the server closed the connection")


if __name__ == "__main__":
    asyncio.run(main())
