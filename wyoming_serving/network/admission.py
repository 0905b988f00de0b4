"""Which clients may connect, and how many of them."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, Self

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.settings import Settings

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_THIS_MACHINE = (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1"))


class Admitted(Protocol):
    """A client that was let in, as far as it counts."""

    @property
    def address(self) -> IPAddress | None:
        """Where it is; None on this machine."""

    @property
    def is_open(self) -> bool:
        """Whether it has its place; False while it only waits for its connection to close."""


@dataclass(frozen=True)
class Admission:
    """The rules; clients on this machine are bound by `most` alone."""

    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
    """Where clients may be; none are all."""
    most: int
    most_per_address: int

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Returns the rules that the settings ask for."""
        networks = (ipaddress.ip_network(n, strict=False) for n in settings.allowed_networks)
        return cls(tuple(networks), settings.max_connections, settings.max_connections_per_address)

    def check_network(self, address: IPAddress | None) -> None:
        """Refuse a client that is in none of the networks.

        Raises:
            ServiceError: `address-refused`.
        """
        if address is not None and self.networks and not _within(address, self.networks):
            raise ServiceError(
                ErrorCode.ADDRESS_REFUSED, f"{address} is in none of the allowed_networks"
            )

    def check(self, address: IPAddress | None, clients: Iterable[Admitted]) -> None:
        """Let a client in beside those that are there.

        Raises:
            ServiceError: `address-refused` or `too-many-connections`.
        """
        self.check_network(address)
        there = [client for client in clients if client.is_open]
        if len(there) >= self.most:
            raise ServiceError(
                ErrorCode.TOO_MANY_CONNECTIONS, f"{self.most} connections are open; try again later"
            )
        if address is not None and _count(address, there) >= self.most_per_address:
            raise ServiceError(
                ErrorCode.TOO_MANY_CONNECTIONS,
                f"{self.most_per_address} connections of {address} are open; try again later",
            )


def client_address(peername: object) -> IPAddress | None:
    """Returns the address of a socket's peer, None where that is this machine.

    Of the loopback addresses only the two that programs have unless they ask for another count as
    this machine.
    """
    if not isinstance(peername, tuple):
        return None  # a Unix socket, or standard input
    address = ipaddress.ip_address(peername[0].partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return None if address in _THIS_MACHINE else address


def _within(
    address: IPAddress, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]
) -> bool:
    return any(address in network for network in networks)


def _count(address: IPAddress, clients: Iterable[Admitted]) -> int:
    return sum(client.address == address for client in clients)
