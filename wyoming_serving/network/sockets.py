"""Listening sockets."""

import errno
import socket
from pathlib import Path

_CONNECT_SECONDS = 1.0

EVERY_ADDRESS = ("0.0.0.0", "::")
"""Hosts that stand for all addresses of the machine."""


def listen_on(host: str, port: int) -> socket.socket:
    """Returns a socket that listens on a host's address, or on every address, IPv4 and IPv6.

    One socket serves both, as two would get different ports if `port` is 0.
    """
    if host in EVERY_ADDRESS and socket.has_dualstack_ipv6():
        return socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def remove_dead_socket(path: Path) -> None:
    """Remove the Unix socket that a killed process left behind; anything but a socket stays.

    Raises:
        OSError: a process listens on it.
    """
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(_CONNECT_SECONDS)
        try:
            client.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise OSError(errno.EADDRINUSE, "another process listens there")
