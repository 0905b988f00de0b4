"""Which network interfaces of this machine other hosts reach.

A home server has more addresses than its own: Docker's and Home Assistant's bridges, virtual
machines' networks, VPNs. Linux says in /sys/class/net what an interface is
(Documentation/ABI/testing/sysfs-class-net) and in /proc/net where packets to anywhere go.
"""

import contextlib
from collections.abc import Iterable
from pathlib import Path

CLASSES = Path("/sys/class/net")
ROUTES = Path("/proc/net")

_ETHERNET = "1"
"""ARPHRD_ETHER, which Wi-Fi has too; tun devices, WireGuard and PPP have other types."""

_TUNNELS = {"vxlan", "geneve", "gretap"}
"""Kinds of Ethernet interface that lie on a real one and lead elsewhere."""

_ROUTE_UP, _ROUTE_REJECTS = 0x1, 0x200


def lan_interfaces(
    names: Iterable[str], classes: Path = CLASSES, routes: Path = ROUTES
) -> list[str]:
    """Returns those of `names` at which other hosts reach this one; none where Linux is not.

    Such an interface is up, speaks Ethernet, and has a cable or radio, be it below a VLAN, a bond
    or a bridge, or else the default route, as in a container.
    """
    default = _default_route_interfaces(routes)
    return [
        name
        for name in names
        if _is_linked_ethernet(classes / name)
        and (name in default or _has_device(classes, name, set()))
    ]


def _is_linked_ethernet(folder: Path) -> bool:
    return (
        _read(folder / "type") == _ETHERNET
        and _read(folder / "carrier") == "1"
        and not any(f"DEVTYPE={kind}" in _read(folder / "uevent").split() for kind in _TUNNELS)
    )


def _has_device(classes: Path, name: str, seen: set[str]) -> bool:
    """Whether hardware, real or a virtual machine's, is behind an interface or one below it."""
    folder = classes / name
    if (folder / "device").exists():
        return True
    seen.add(name)
    below = {link.name.removeprefix("lower_") for link in folder.glob("lower_*")} - seen
    return any(_has_device(classes, lower, seen) for lower in below)


def _default_route_interfaces(routes: Path) -> set[str]:
    found = set()
    for line in _read(routes / "route").splitlines()[1:]:
        name, destination, _, flags, *_, mask, _, _, _ = line.split()
        if int(destination, 16) == int(mask, 16) == 0 and _leads_somewhere(flags):
            found.add(name)
    for line in _read(routes / "ipv6_route").splitlines():
        destination, length, *_, flags, name = line.split()
        if int(destination, 16) == int(length, 16) == 0 and _leads_somewhere(flags):
            found.add(name)
    return found


def _leads_somewhere(flags: str) -> bool:
    return int(flags, 16) & (_ROUTE_UP | _ROUTE_REJECTS) == _ROUTE_UP


def _read(file: Path) -> str:
    """The text of a file that the kernel makes; empty where it makes none."""
    with contextlib.suppress(OSError):
        return file.read_text(encoding="ascii", errors="replace").strip()
    return ""
