"""VRFs, VLANs, and what interfaces belong to."""

from __future__ import annotations

from collections.abc import Iterator

from raslab.model import sentences
from raslab.model.checks.facts import Facts, is_integer
from raslab.model.switching import Bridge, Vxlan
from raslab.model.topology import AnyInterface, Device, Interface, Tunnel, Vlan, Vrf

MAX_TABLE = 0xFFFFFFFF
RESERVED_TABLES = {253: "default", 254: "main", 255: "local"}  # linux/rtnetlink.h
MAX_MARK = 0xFFFFFFFF
MAX_VLAN_ID = 4094  # IEEE 802.1Q: 0 and 4095 are reserved


def check(facts: Facts) -> Iterator[str]:
    """Impossible tables and tags, those given twice, and parents and masters that are not there."""
    tables: dict[tuple[str, int], Vrf] = {}
    marks: dict[tuple[str, int], Vrf] = {}
    tags: dict[tuple[str, str, int], Vlan] = {}
    for device in facts.topology.devices:
        if device.node not in facts.nodes:
            yield sentences.unknown_node(_kind(device), device.node, list(facts.nodes))
        elif facts.nodes[device.node].kind.is_switch:
            yield f"{_kind(device)} is on switch {device.node}: put it on a host or router."
        elif isinstance(device, Vrf):
            yield from _vrf(device, tables)
            yield from _mark(device, marks)
        elif isinstance(device, Vlan):
            yield from _vlan(facts, device, tags)
    for interface in facts.all_interfaces():
        if not isinstance(interface, Vrf) and interface.master is not None:
            yield from _master(facts, interface, interface.master)


def _kind(device: Device) -> str:
    words = {Vrf: "VRF", Vlan: "VLAN", Bridge: "Bridge", Vxlan: "VXLAN"}
    return f"{words[type(device)]} {device.name}"


def _vrf(vrf: Vrf, tables: dict[tuple[str, int], Vrf]) -> Iterator[str]:
    where = f"VRF {vrf.name} of node {vrf.node}"
    if not (is_integer(vrf.table) and 1 <= vrf.table <= MAX_TABLE):
        yield f"Table {vrf.table} of {where} is impossible: choose 1 to {MAX_TABLE}, 1001 for example."
        return
    if vrf.table in RESERVED_TABLES:
        yield f"Table {vrf.table} of {where} is the kernel's table {RESERVED_TABLES[vrf.table]}: choose another one."
    other = tables.setdefault((vrf.node, vrf.table), vrf)
    if other is not vrf:
        yield (
            f"VRFs {other.name} and {vrf.name} of node {vrf.node} both have table {vrf.table}: "
            "give one of them another table."
        )


def _mark(vrf: Vrf, marks: dict[tuple[str, int], Vrf]) -> Iterator[str]:
    if vrf.mark is None:
        return
    if not (is_integer(vrf.mark) and 1 <= vrf.mark <= MAX_MARK):
        yield f"Mark {vrf.mark} of VRF {vrf.name} of node {vrf.node} is impossible: choose 1 to {MAX_MARK}."
        return
    other = marks.setdefault((vrf.node, vrf.mark), vrf)
    if other is not vrf:
        yield (
            f"VRFs {other.name} and {vrf.name} of node {vrf.node} both take packets with the mark {vrf.mark}: "
            "give one of them another mark."
        )


def _vlan(facts: Facts, vlan: Vlan, tags: dict[tuple[str, str, int], Vlan]) -> Iterator[str]:
    where = f"VLAN {vlan.name} of node {vlan.node}"
    parent = facts.named(vlan.node, vlan.parent)
    ethernet = [one.name for one in facts.interfaces[vlan.node] if _carries_vlans(one)]
    if parent is None:
        yield sentences.unknown_here(where, "interface", vlan.parent, ethernet)
    elif not _carries_vlans(parent):
        yield (
            f"Interface {vlan.parent} below {where} is no end of a link and no gretap tunnel, which alone have VLANs: "
            f"use one of {', '.join(ethernet) or 'these'}."
        )
    else:
        yield from _room(vlan, parent, where)
    if not (is_integer(vlan.vlan_id) and 1 <= vlan.vlan_id <= MAX_VLAN_ID):
        yield f"VLAN id {vlan.vlan_id} of {where} is impossible: choose 1 to {MAX_VLAN_ID}."
        return
    other = tags.setdefault((vlan.node, vlan.parent, vlan.vlan_id), vlan)
    if other is not vlan:
        yield (
            f"VLANs {other.name} and {vlan.name} of node {vlan.node} both have id {vlan.vlan_id} on {vlan.parent}: "
            "give one of them another id."
        )


def _carries_vlans(interface: AnyInterface) -> bool:
    return isinstance(interface, Interface) or (isinstance(interface, Tunnel) and interface.kind == "gretap")


def _room(vlan: Vlan, parent: AnyInterface, where: str) -> Iterator[str]:
    below = None if isinstance(parent, Vrf) else parent.mtu
    if is_integer(vlan.mtu) and is_integer(below) and (vlan.mtu or 0) > (below or 0):
        yield f"MTU {vlan.mtu} of {where} is more than the {below} of {vlan.parent} below it: choose at most that."


def _master(facts: Facts, interface: Interface | Tunnel | Vlan | Bridge | Vxlan, name: str) -> Iterator[str]:
    node = facts.nodes.get(interface.node)
    where = f"interface {interface.name} of node {interface.node}"
    if node is None:
        return
    if node.kind.is_switch:
        yield f"Switch port {interface.name} of {node.name} has master {name}, but belongs to its switch: leave it out."
        return
    master = facts.named(node.name, name)
    if master is None:
        yield sentences.unknown_here(where, "master", name, facts.vrfs_of(node.name))
    elif isinstance(master, Bridge):
        yield from _port(interface, master, where)
    elif not isinstance(master, Vrf):
        yield (
            f"Master {name} of {where} is no VRF and no bridge, so nothing can belong to it: "
            f"use one of {', '.join(facts.vrfs_of(node.name)) or 'the VRFs that addVrf gives the node'}."
        )


def _port(interface: AnyInterface, bridge: Bridge, where: str) -> Iterator[str]:
    if isinstance(interface, Bridge) or (isinstance(interface, Tunnel) and interface.kind != "gretap"):
        yield (
            f"The {where} cannot be a port of bridge {bridge.name}, which takes Ethernet frames: "
            "use an end of a link, a VLAN, a gretap tunnel or a VXLAN."
        )
    elif interface.addresses:
        yield f"The {where} is a port of bridge {bridge.name} and has an address: put it on the bridge instead."
