"""Interfaces on the LAN are told from those of containers, virtual machines and VPNs.

The trees are what Linux shows on such machines; `tests/client` asks a real kernel.
"""

from pathlib import Path

import pytest

from wyoming_serving.network.interfaces import lan_interfaces

ETHERNET, TUNNEL = 1, 65534

HEAD = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"


class Machine:
    """What Linux says of a machine's interfaces."""

    def __init__(self, folder: Path) -> None:
        self.classes = folder / "class"
        self.routes = folder / "proc"
        self.routes.mkdir()
        (self.routes / "route").write_text(HEAD)

    def add(
        self,
        name: str,
        *,
        device: bool = False,
        on: tuple[str, ...] = (),
        kind: str = "",
        link_type: int = ETHERNET,
        carrier: int = 1,
    ) -> None:
        """Add an interface; `on` are the ones below it."""
        folder = self.classes / name
        folder.mkdir(parents=True)
        (folder / "type").write_text(f"{link_type}\n")
        (folder / "carrier").write_text(f"{carrier}\n")
        (folder / "uevent").write_text(f"DEVTYPE={kind}\nINTERFACE={name}\n")
        if device:
            (folder / "device").mkdir()
        for lower in on:
            (folder / f"lower_{lower}").symlink_to(self.classes / lower)

    def route(self, name: str, destination: str = "00000000", flags: str = "0003") -> None:
        """Add an IPv4 route; without a destination it is the default one."""
        mask = "00000000" if destination == "00000000" else "00FFFFFF"
        with (self.routes / "route").open("a") as file:
            file.write(f"{name} {destination} 0101A8C0 {flags} 0 0 100 {mask} 0 0 0\n")

    def lan(self) -> list[str]:
        """The interfaces taken to be on the LAN."""
        names = sorted(folder.name for folder in self.classes.iterdir())
        return lan_interfaces(names, self.classes, self.routes)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Loopback, and a cable that is not plugged in."""
    machine = Machine(tmp_path)
    machine.add("lo", link_type=772)
    machine.add("eth9", device=True, carrier=0)
    return machine


def test_a_home_assistant_host(machine: Machine) -> None:
    machine.add("end0", device=True)
    machine.add("wlan0", device=True, kind="wlan")
    machine.add("veth1")
    machine.add("docker0", kind="bridge", on=("veth1",))
    machine.add("hassio", kind="bridge", on=("veth1",))
    machine.route("end0")
    machine.route("hassio", "00201EAC", "0001")
    assert machine.lan() == ["end0", "wlan0"]


def test_a_host_of_virtual_machines_and_vpns(machine: Machine) -> None:
    machine.add("enp1s0", device=True)
    machine.add("vmbr0", kind="bridge", on=("enp1s0", "tap0"))
    machine.add("tap0")
    machine.add("virbr0", kind="bridge", on=("tap0",))
    machine.add("tun0", link_type=TUNNEL)
    machine.add("wg0", link_type=TUNNEL, kind="wireguard")
    machine.add("tailscale0", link_type=TUNNEL)
    machine.route("vmbr0")
    assert machine.lan() == ["enp1s0", "vmbr0"]


def test_the_default_route_into_a_vpn_does_not_make_it_the_lan(machine: Machine) -> None:
    machine.add("eth0", device=True)
    machine.add("wg0", link_type=TUNNEL)
    machine.route("wg0")
    assert machine.lan() == ["eth0"]


def test_vlans_and_bonds_on_a_cable(machine: Machine) -> None:
    machine.add("eth0", device=True)
    machine.add("bond0", kind="bond", on=("eth0",))
    machine.add("bond0.20", kind="vlan", on=("bond0",))
    machine.add("flannel.1", kind="vxlan", on=("eth0",))
    assert machine.lan() == ["bond0", "bond0.20", "eth0"]


def test_a_container_has_a_virtual_cable_with_the_default_route(machine: Machine) -> None:
    machine.add("eth0")
    machine.add("eth1")
    machine.route("eth0")
    assert machine.lan() == ["eth0"]


def test_the_ipv6_default_route_counts_and_a_rejecting_one_does_not(machine: Machine) -> None:
    machine.add("eth0")
    machine.add("eth1")
    anywhere, host = "0" * 32 + " 00", "fd" + "0" * 29 + "1"
    (machine.routes / "ipv6_route").write_text(
        f"{anywhere} {anywhere} {host} 00000400 00000002 00000000 00000003     eth0\n"
        f"{anywhere} {anywhere} {'0' * 32} ffffffff 00000001 00000000 00200200     eth1\n"
    )
    assert machine.lan() == ["eth0"]


def test_where_linux_is_not_nothing_is_known(tmp_path: Path) -> None:
    assert lan_interfaces(["en0"], tmp_path / "none", tmp_path / "none") == []
