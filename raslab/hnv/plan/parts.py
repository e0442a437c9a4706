"""What plans of a datacenter consist of."""

from __future__ import annotations

from dataclasses import dataclass, field

from raslab.model.switching import ForwardingEntry, Neighbour, PortSettings
from raslab.model.topology import Device, Route, Tunnel
from raslab.services import Service


@dataclass(frozen=True, slots=True)
class Wire:
    """The cable between a node and its port on a compute host.

    interface, addresses and mac: of the node's end; port, master: the host's end, and the bridge that it belongs to.
    """

    node: str
    interface: str
    addresses: tuple[str, ...]
    mac: str
    host: str
    port: str
    master: str


@dataclass(frozen=True)
class Plan:
    """What a datacenter makes of its nodes.

    services: by compute host, as `raslab.services` takes them; switches: those that need the bridges to be there.
    """

    wires: tuple[Wire, ...] = ()
    devices: tuple[Device, ...] = ()
    tunnels: tuple[Tunnel, ...] = ()
    routes: tuple[Route, ...] = ()
    ports: tuple[PortSettings, ...] = ()
    forwarding: tuple[ForwardingEntry, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    services: dict[str, tuple[Service, ...]] = field(default_factory=dict)
    switches: dict[str, tuple[Service, ...]] = field(default_factory=dict)


NOTHING = Plan()
