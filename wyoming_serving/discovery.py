"""Advertising a service on the local network by zeroconf (mDNS).

Home Assistant connects to the address in the announcement. wyoming's own helper announces the
address the server is bound to, which is useless when that is 0.0.0.0, and names the service after
the network interface, so that two services on one host share a name.
"""

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence

import ifaddr
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from wyoming_serving.network.interfaces import lan_interfaces
from wyoming_serving.network.sockets import EVERY_ADDRESS

_LOGGER = logging.getLogger(__name__)

SERVICE_TYPE = "_wyoming._tcp.local."
REFRESH_SECONDS = 30.0
"""How often the host's addresses are read again (DHCP, a network that comes up late)."""

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def reachable_addresses(host: str, chosen: Collection[str] = ()) -> list[IPAddress]:
    """Returns the addresses at which a LAN host reaches a server bound to `host`.

    For a wildcard these are the addresses of the interfaces on the LAN, or of every interface where
    none is known to be, without loopback, link-local and multicast ones; `chosen` names interfaces
    or addresses instead. For a name or an address, only those that it stands for.

    A client cannot be told which address is the best: in zeroconf's records they have no order.
    """
    if host in EVERY_ADDRESS:
        candidates = _of_interfaces(chosen)
    else:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        candidates = [ipaddress.ip_address(entry[4][0]) for entry in found]
    usable = {ip for ip in candidates if _usable(ip)}
    return sorted(usable, key=lambda ip: (ip.version, ip.packed))


def _of_interfaces(chosen: Collection[str]) -> list[IPAddress]:
    addresses: dict[str, list[IPAddress]] = {}
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            name = ip.nice_name.partition(":")[0]  # eth0:1 is a second address of eth0
            address = ipaddress.ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0])
            addresses.setdefault(name, []).append(address)
    if chosen:
        return [
            address
            for name in addresses
            for address in addresses[name]
            if name in chosen or str(address) in chosen
        ]
    reached = [
        name
        for name in lan_interfaces(addresses)
        if any(_usable(address) for address in addresses[name])
    ]
    return [address for name in reached or addresses for address in addresses[name]]


def _usable(ip: IPAddress) -> bool:
    return not (ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified)


class Advertisement:
    """Announces one service, keeps the announcement up to date and withdraws it."""

    def __init__(self, name: str, host: str, port: int, interfaces: Collection[str] = ()) -> None:
        """`name` is the wanted instance name; if another host has it, a number is appended.

        `interfaces` names those, or the addresses, to announce; none are those on the LAN.
        """
        self._name = name
        self._host = host
        self._port = port
        self._interfaces = interfaces
        self._task: asyncio.Task[None] | None = None

    def start(self, ready: Callable[[], Awaitable[object]]) -> None:
        """Announce in the background, when `ready` returns.

        Failures are logged, as the service works without it.
        """
        self._task = asyncio.create_task(self._run(ready), name="zeroconf")

    async def stop(self) -> None:
        """Withdraw the announcement."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, ready: Callable[[], Awaitable[object]]) -> None:
        await ready()
        try:
            addresses = await self._addresses()
            while not addresses:
                _LOGGER.info("no network address to advertise yet")
                await asyncio.sleep(REFRESH_SECONDS)
                addresses = await self._addresses()
            await self._advertise(addresses)
        except OSError as error:
            _LOGGER.warning("cannot advertise by zeroconf: %s", error)

    async def _advertise(self, addresses: Sequence[IPAddress]) -> None:
        zeroconf = AsyncZeroconf()
        try:
            info = self._service_info(self._name, addresses)
            await (await zeroconf.async_register_service(info, allow_name_change=True))
            name = info.name.removesuffix(f".{SERVICE_TYPE}")
            _LOGGER.info("advertised as %s at %s", name, ", ".join(map(str, addresses)))
            while True:
                await asyncio.sleep(REFRESH_SECONDS)
                current = await self._addresses()
                if current and current != addresses:
                    addresses = current
                    await (await zeroconf.async_update_service(self._service_info(name, current)))
                    _LOGGER.info("addresses are now %s", ", ".join(map(str, current)))
        finally:
            with contextlib.suppress(OSError):
                await zeroconf.async_unregister_all_services()
            await zeroconf.async_close()

    async def _addresses(self) -> list[IPAddress]:
        return await asyncio.to_thread(reachable_addresses, self._host, self._interfaces)

    def _service_info(self, name: str, addresses: Sequence[IPAddress]) -> AsyncServiceInfo:
        return AsyncServiceInfo(
            SERVICE_TYPE,
            f"{name}.{SERVICE_TYPE}",
            addresses=[ip.packed for ip in addresses],
            port=self._port,
            server=f"{_dns_label(name)}.local.",
        )


def default_name(service: str) -> str:
    """Returns a stable instance name: the service and the host that it runs on."""
    return f"{service}-{_dns_label(socket.gethostname().split('.')[0])}"


def _dns_label(text: str) -> str:
    return (
        "".join(c if c.isalnum() and c.isascii() else "-" for c in text)[:63].strip("-") or "host"
    )
