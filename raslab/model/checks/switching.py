"""Bridges and VXLAN interfaces of nodes, settings of ports, and tables that are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from raslab.model import addresses, sentences
from raslab.model.checks.facts import Facts, is_integer
from raslab.model.switching import Bridge, ForwardingEntry, Neighbour, PortSettings, Vxlan
from raslab.model.topology import AnyInterface, Vrf

MAX_VNI = 2**24 - 1  # RFC 7348, section 5
MAX_PORT = 65535

_MAC = re.compile(r"[0-9a-fA-F][02468aceACE](:[0-9a-fA-F]{2}){5}")


def check(facts: Facts) -> Iterator[str]:
    """VXLAN interfaces that cannot be, and entries for what is not there."""
    seen: dict[tuple[str, int, int], Vxlan] = {}
    for device in facts.topology.devices:
        if isinstance(device, Vxlan) and device.node in facts.nodes:
            yield from _vxlan(facts, device, seen)
    for settings in facts.topology.ports:
        yield from _port(facts, settings, f"behaviour of port {settings.interface} of node {settings.node}")
    for entry in facts.topology.forwarding:
        yield from _forwarding(facts, entry)
    for neighbour in facts.topology.neighbours:
        yield from _neighbour(facts, neighbour)


def has_its_interface(facts: Facts, entry: PortSettings | ForwardingEntry | Neighbour) -> bool:
    """True if what the entry is about is still there: the kernel forgets the others by itself."""
    interface = facts.named(entry.node, entry.interface)
    if isinstance(entry, Neighbour) or interface is None:
        return interface is not None
    if isinstance(entry, ForwardingEntry) and entry.remote is not None:
        return isinstance(interface, Vxlan)
    return _is_port(facts, interface)


def _vxlan(facts: Facts, device: Vxlan, seen: dict[tuple[str, int, int], Vxlan]) -> Iterator[str]:
    where = f"VXLAN {device.name} of node {device.node}"
    if not (is_integer(device.vni) and 0 <= device.vni <= MAX_VNI):
        yield f"Network identifier {device.vni} of {where} does not fit into 24 bits: choose 0 to {MAX_VNI}."
    if not (is_integer(device.port) and 1 <= device.port <= MAX_PORT):
        yield f"UDP port {device.port} of {where} is impossible: choose 1 to {MAX_PORT}."
    other = seen.setdefault((device.node, device.vni, device.port), device)
    if other is not device:
        yield (
            f"VXLANs {other.name} and {device.name} of node {device.node} have the same network identifier "
            f"{device.vni}: give one of them another."
        )
    local = _address(device.local)
    own = [address.ip for address in facts.addresses_of(device.node, except_for=device)]
    if local is None:
        yield f"Local address {device.local} of {where} cannot be read: write an address without prefix length."
    elif local not in own:
        choice = ", ".join(str(address) for address in own if address.version == local.version)
        yield (
            f"Local address {local} of {where} is not an address of that node outside its VRFs: "
            f"use one of {choice or 'its interfaces'}."
        )


def _port(facts: Facts, entry: PortSettings | ForwardingEntry, where: str) -> Iterator[str]:
    """What is said of an interface that is no port of a bridge."""
    interface = facts.named(entry.node, entry.interface)
    if entry.node not in facts.nodes:
        yield sentences.unknown_node(f"the {where}", entry.node, list(facts.nodes))
    elif interface is None:
        names = [one.name for one in facts.interfaces.get(entry.node, [])]
        yield sentences.unknown_here(f"the {where}", "interface", entry.interface, names)
    elif not _is_port(facts, interface):
        yield f"Interface {entry.interface} of node {entry.node} is no port of a bridge: give it one as its master."


def _is_port(facts: Facts, interface: AnyInterface) -> bool:
    if isinstance(interface, Vrf) or interface.master is None:
        return False
    return isinstance(facts.named(interface.node, interface.master), Bridge)


def _forwarding(facts: Facts, entry: ForwardingEntry) -> Iterator[str]:
    where = f"entry for {entry.mac} behind {entry.interface} of node {entry.node}"
    if not _MAC.fullmatch(str(entry.mac)):
        yield f"MAC address {entry.mac} of the {where} is no station's: write six bytes like 02:00:00:00:00:01."
    if entry.remote is None:
        yield from _port(facts, entry, where)
        return
    interface = facts.named(entry.node, entry.interface)
    if not isinstance(interface, Vxlan):
        yield f"The {where} names a remote end, and that is no VXLAN interface: leave remote out."
    elif _address(entry.remote) is None:
        yield f"Remote address {entry.remote} of the {where} cannot be read: write an address without prefix length."


def _neighbour(facts: Facts, neighbour: Neighbour) -> Iterator[str]:
    where = f"neighbour {neighbour.address} behind {neighbour.interface} of node {neighbour.node}"
    if neighbour.node not in facts.nodes:
        yield sentences.unknown_node(f"the {where}", neighbour.node, list(facts.nodes))
    elif facts.named(neighbour.node, neighbour.interface) is None:
        names = [one.name for one in facts.interfaces.get(neighbour.node, [])]
        yield sentences.unknown_here(f"the {where}", "interface", neighbour.interface, names)
    if _address(neighbour.address) is None:
        yield f"The address of the {where} cannot be read: write an address without prefix length."
    if not _MAC.fullmatch(str(neighbour.mac)):
        yield f"MAC address {neighbour.mac} of the {where} is no station's: write six bytes like 02:00:00:00:00:01."


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return addresses.address(str(text))
    except ValueError:
        return None
