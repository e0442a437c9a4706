"""Kernel settings that MPLS needs: how many labels a node knows, and where it takes labelled packets from."""

from __future__ import annotations

from collections.abc import Iterator

from raslab.model.topology import Route, Topology
from raslab.net import steps
from raslab.net.carriers import carriers
from raslab.net.names import kernel_name

_End = tuple[str, str]
_ROOM_IN_STEPS_OF = 1024  # the kernel has a table of that many entries, 8 bytes each


def label_settings(
    old: Topology, new: Topology, kept: set[str], kept_interfaces: set[_End]
) -> Iterator[steps.SetSysctl]:
    """What of these settings differs; `kept` nodes and interfaces have those of `old`."""
    before = {node: size for node, size in label_space(old).items() if node in kept}
    for node, size in label_space(new).items():
        if before.pop(node, 0) != size:
            yield steps.SetSysctl(node, "net.mpls.platform_labels", str(size))
    for node in before:
        yield steps.SetSysctl(node, "net.mpls.platform_labels", "0")
    listening, wanted = listeners(old) & kept_interfaces, listeners(new)
    for node, interface in sorted(wanted - listening):
        yield _input(node, interface, "1")
    for node, interface in sorted((listening - wanted) & kept_interfaces):
        yield _input(node, interface, "0")


def label_space(topology: Topology) -> dict[str, int]:
    """The number of labels, from 0, that each node with label switched paths has to know."""
    highest: dict[str, int] = {}
    for route in topology.mpls_routes:
        highest[route.node] = max(highest.get(route.node, 0), route.label)
    return {node: (label // _ROOM_IN_STEPS_OF + 1) * _ROOM_IN_STEPS_OF for node, label in highest.items()}


def listeners(topology: Topology) -> set[_End]:
    """Interfaces to which a neighbour sends labelled packets: no others take them, so no customer can forge them."""
    if not topology.mpls_routes:
        return set()
    senders = {
        (route.node, carrier.interface)
        for route, carrying in carriers(topology).items()
        for carrier in carrying
        if (route.labels if isinstance(route, Route) else route.out_labels)
    }
    # What a node sends to itself may have another label below the one that it has taken away.
    themselves = {(route.node, "lo") for route in topology.mpls_routes if route.dev == "lo"}
    return themselves | {to for sender in senders for to in _other_ends(topology, sender)}


def _other_ends(topology: Topology, end: _End) -> Iterator[_End]:
    """The interfaces of routers and hosts that a frame from an interface can reach, through switches too."""
    switches = {node.name for node in topology.nodes if node.kind.is_switch}
    beyond: dict[_End | str, list[_End]] = {}
    for link in topology.links:
        a, b = ((one.node, one.name) for one in link.ends)
        for here, there in ((a, b), (b, a)):
            beyond.setdefault(here[0] if here[0] in switches else here, []).append(there)
    seen: set[_End | str] = {end}
    waiting: list[_End | str] = [end]
    while waiting:
        for there in beyond.get(waiting.pop(), ()):
            place: _End | str = there[0] if there[0] in switches else there
            if place not in seen:
                seen.add(place)
                if isinstance(place, str):
                    waiting.append(place)
                else:
                    yield place


def _input(node: str, interface: str, value: str) -> steps.SetSysctl:
    name = kernel_name(interface).replace(".", "/")  # as sysctl(8) writes a dot that is part of a name
    return steps.SetSysctl(node, f"net.mpls.conf.{name}.input", value)
