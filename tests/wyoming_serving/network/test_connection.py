"""One client's connection."""

import asyncio

from wyoming.info import Describe

from wyoming_serving.events import EventLimits
from wyoming_serving.network.connection import Connection, ConnectionLimits


async def test_sending_to_a_client_that_has_hung_up_is_a_connection_error() -> None:
    """asyncio's own answer to that is an AttributeError in some releases of Python."""
    served: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        limits = ConnectionLimits(EventLimits(1000, 1000), idle_seconds=10, send_seconds=10)
        connection = Connection(reader, writer, limits)
        connection.abort()
        await asyncio.sleep(0)  # the loop tells the transport that it is closed
        try:
            await connection.send(Describe())
        except ConnectionError:
            served.set_result(True)
        except BaseException as error:
            served.set_exception(error)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        async with asyncio.timeout(10):
            assert await served
        writer.close()
