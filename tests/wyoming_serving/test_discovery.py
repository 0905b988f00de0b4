"""Advertising: seen by another zeroconf instance, with addresses that a client can reach."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from functools import partial

import ifaddr
import pytest
from zeroconf import IPVersion, ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from tests.support.waiting import until
from tests.wyoming_serving.echo import EchoService, settings
from wyoming_serving import listener
from wyoming_serving.discovery import (
    SERVICE_TYPE,
    Advertisement,
    default_name,
    reachable_addresses,
)
from wyoming_serving.network.sockets import listen_on
from wyoming_serving.service import serve
from wyoming_serving.state import ServiceState

PORT = 45_321

needs_network = pytest.mark.skipif(
    not reachable_addresses("0.0.0.0"),
    reason="needs a network address that is neither loopback nor link-local",
)


async def at_once() -> None:
    """What an advertisement waits for."""


class Browser:
    """The instances of the service type that are on the network now."""

    def __init__(self, zeroconf: AsyncZeroconf) -> None:
        self.zeroconf = zeroconf
        self.names: set[str] = set()

    def on_change(self, name: str, state_change: ServiceStateChange, **_: object) -> None:
        instance = name.removesuffix(f".{SERVICE_TYPE}")
        if state_change is ServiceStateChange.Removed:
            self.names.discard(instance)
        else:
            self.names.add(instance)

    def ours(self, start: str) -> list[str]:
        """The names that begin so; other programs may advertise too."""
        return sorted(name for name in self.names if name.startswith(start))

    async def look_up(self, name: str) -> AsyncServiceInfo:
        info = AsyncServiceInfo(SERVICE_TYPE, f"{name}.{SERVICE_TYPE}")
        assert await info.async_request(self.zeroconf.zeroconf, 5000)
        return info


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    zeroconf = AsyncZeroconf()
    found = Browser(zeroconf)
    browsing = AsyncServiceBrowser(zeroconf.zeroconf, SERVICE_TYPE, handlers=[found.on_change])
    yield found
    await browsing.async_cancel()
    await zeroconf.async_close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_wildcard_stands_for_addresses_that_others_reach(host: str) -> None:
    for address in reachable_addresses(host):
        assert not address.is_loopback
        assert not address.is_link_local
        assert not address.is_unspecified
        assert not address.is_multicast


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_is_not_reachable(host: str) -> None:
    assert reachable_addresses(host) == []


def test_an_address_stands_for_itself() -> None:
    assert reachable_addresses("192.0.2.7") == [ipaddress.ip_address("192.0.2.7")]


def test_the_default_name_is_stable_and_a_dns_label(monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_name("funasr") == default_name("funasr")
    assert default_name("funasr") != default_name("melotts")
    monkeypatch.setattr(socket, "gethostname", lambda: "küche_pi.fritz.box")
    assert default_name("funasr") == "funasr-k-che-pi"


@needs_network
async def test_seen_with_address_and_port_then_withdrawn(browser: Browser) -> None:
    advertisement = Advertisement("seen-test", "0.0.0.0", PORT)
    advertisement.start(at_once)
    await until(lambda: "seen-test" in browser.names)
    info = await browser.look_up("seen-test")
    assert info.port == PORT
    announced = set(info.ip_addresses_by_version(IPVersion.All))
    assert announced == set(reachable_addresses("0.0.0.0"))
    await advertisement.stop()
    await until(lambda: "seen-test" not in browser.names)


@needs_network
async def test_two_of_one_name_get_two_names(browser: Browser) -> None:
    first = Advertisement("clash-test", "0.0.0.0", PORT)
    second = Advertisement("clash-test", "0.0.0.0", PORT + 1)
    first.start(at_once)
    await until(lambda: browser.ours("clash-test") == ["clash-test"])
    second.start(at_once)
    await until(lambda: len(browser.ours("clash-test")) == 2)
    ports = {(await browser.look_up(name)).port for name in browser.ours("clash-test")}
    assert ports == {PORT, PORT + 1}
    await asyncio.gather(first.stop(), second.stop())
    await until(lambda: browser.ours("clash-test") == [])


@needs_network
async def test_it_waits_until_requests_are_answered(browser: Browser) -> None:
    answering = asyncio.Event()
    early = Advertisement("late-test", "0.0.0.0", PORT)
    early.start(answering.wait)
    marker = Advertisement("marker-test", "0.0.0.0", PORT)
    marker.start(at_once)
    await until(lambda: "marker-test" in browser.names)
    assert "late-test" not in browser.names
    answering.set()
    await until(lambda: "late-test" in browser.names)
    await asyncio.gather(early.stop(), marker.stop())


@needs_network
async def test_a_service_is_announced_when_its_model_is_loaded(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # announced is what listens on every address; a test listens on none that others reach
    on_loopback = partial(listen_on, "127.0.0.1")
    monkeypatch.setattr(listener, "listen_on", lambda _, port: on_loopback(port))
    words = ("--uri", "tcp://0.0.0.0:0", "--zeroconf", "--zeroconf-name", "loading-test")
    service = EchoService(settings(*words))
    service.loaded.clear()
    serving = asyncio.create_task(serve(service))
    await service.wait_for_state(ServiceState.LOADING)
    marker = Advertisement("while-loading-test", "0.0.0.0", PORT)
    marker.start(at_once)
    await until(lambda: "while-loading-test" in browser.names)
    assert "loading-test" not in browser.names
    service.loaded.set()
    await until(lambda: "loading-test" in browser.names)
    await marker.stop()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


@needs_network
def test_addresses_can_be_chosen() -> None:
    one = reachable_addresses("0.0.0.0")[0]
    assert reachable_addresses("0.0.0.0", [str(one)]) == [one]
    assert reachable_addresses("0.0.0.0", ["no-such-interface"]) == []
    [name] = [
        adapter.nice_name
        for adapter in ifaddr.get_adapters()
        if any(ip.ip == str(one) or ip.ip[0] == str(one) for ip in adapter.ips)
    ]
    assert one in reachable_addresses("0.0.0.0", [name])


async def test_nothing_to_advertise_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    advertisement = Advertisement("loopback-test", "127.0.0.1", PORT)
    advertisement.start(at_once)
    await until(lambda: "no network address to advertise yet" in caplog.text)
    await advertisement.stop()


async def test_stop_before_start_does_nothing() -> None:
    await Advertisement("never", "0.0.0.0", PORT).stop()
