"""Listening sockets."""

import socket

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
