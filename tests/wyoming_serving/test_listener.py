"""Where a service listens: Unix sockets, standard input and output."""

import socket
from pathlib import Path

import pytest
from wyoming.event import async_read_event
from wyoming.ping import Ping

from tests.support.processes import server_process
from tests.support.wire import encode
from tests.wyoming_serving.echo import EchoService, settings
from wyoming_serving.errors import ServiceError
from wyoming_serving.listener import Listener

ECHO = "tests.wyoming_serving.echo"


def listener_on(path: Path) -> Listener:
    words = settings("--uri", f"unix://{path}")
    return Listener("echo", words, EchoService(words))


def answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


async def test_a_socket_in_use_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "echo.sock"
    first, second = listener_on(path), listener_on(path)
    await first.open()
    with pytest.raises(ServiceError, match=r"cannot listen on .*: another process listens there"):
        await second.open()
    assert answers(path)
    await first.close()


async def test_a_dead_socket_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "echo.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    listener = listener_on(path)
    await listener.open()
    assert answers(path)
    await listener.close()


async def test_a_file_in_the_sockets_place_stays(tmp_path: Path) -> None:
    path = tmp_path / "echo.sock"
    path.write_text("precious")
    with pytest.raises(ServiceError, match="cannot listen on"):
        await listener_on(path).open()
    assert path.read_text() == "precious"


async def test_standard_input_and_output_are_a_client() -> None:
    async with server_process(ECHO, "--uri", "stdio://") as server:
        process = server.process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(encode(Ping(text="one")) + encode(Ping(text="two")))
        for text in ("one", "two"):
            event = await async_read_event(process.stdout)
            assert event is not None
            assert event.data["text"] == text
        process.stdin.close()
        assert await server.status() == 0
        assert "Traceback" not in server.log


async def test_standard_input_that_cannot_be_waited_for_ends_in_one_line(tmp_path: Path) -> None:
    plain = tmp_path / "input"
    plain.write_bytes(encode(Ping(text="one")))
    shell = ["sh", "-c", f'exec "$@" < {plain}', "sh"]
    async with server_process(ECHO, "--uri", "stdio://", before=shell) as server:
        assert await server.status() == 1
        assert "cannot listen on stdio://" in server.log
        assert "Traceback" not in server.log
