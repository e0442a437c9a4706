"""Switches within a node: bridges, VXLAN interfaces, how a port behaves, and tables that are written and not learnt."""

from __future__ import annotations

from dataclasses import dataclass

VXLAN_PORT = 4789
"""The UDP port that IANA has assigned to VXLAN (RFC 7348, section 5)."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """A Linux bridge of a node. Its ports are the interfaces that have it as their master.

    addresses: those of the node itself on the bridge's segment; mac: of the bridge as an interface of the node.
    mtu: bytes; None is Ethernet's 1500. master: a VRF.
    """

    node: str
    name: str
    addresses: tuple[str, ...] = ()
    mac: str | None = None
    mtu: int | None = None
    up: bool = True
    master: str | None = None


@dataclass(frozen=True, slots=True)
class Vxlan:
    """A VXLAN interface (RFC 7348): Ethernet frames in UDP, for one network identifier (VNI, 24 bits).

    It learns nothing: `ForwardingEntry` says behind which address a MAC address is. Outer packets are sent from
    `local`, routed by the main table, and never fragmented (RFC 7348, section 4.3). mtu: of the frames'
    payload, bytes; None is what the interface with `local` has room for.
    """

    node: str
    name: str
    vni: int
    local: str
    port: int = VXLAN_PORT
    addresses: tuple[str, ...] = ()
    mac: str | None = None
    mtu: int | None = None
    up: bool = True
    master: str | None = None


@dataclass(frozen=True, slots=True)
class PortSettings:
    """How an interface behaves as a port of a bridge; the defaults are those of a plain switch.

    learning: note behind which port a source address was seen. floods_unknown, floods_groups: frames for stations that
    are not noted, and for groups or everybody, go out of this port too. answers_for: ARP and ND requests for neighbours
    whose MAC address is behind this port are answered by the bridge, from the neighbour table of its node (Linux:
    neigh_suppress). isolated: nothing passes between two such ports. locked: only frames from MAC addresses that are
    noted behind this port may come in.
    """

    node: str
    interface: str
    learning: bool = True
    floods_unknown: bool = True
    floods_groups: bool = True
    answers_for: bool = False
    isolated: bool = False
    locked: bool = False


@dataclass(frozen=True, slots=True)
class ForwardingEntry:
    """Where frames to a MAC address go, for good.

    remote None: out of this port of a bridge; else `interface` is a VXLAN interface, and `remote` the address of the
    end behind which the station is.
    """

    node: str
    interface: str
    mac: str
    remote: str | None = None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The MAC address of an IP address behind an interface, for good (ARP, RFC 826; ND, RFC 4861)."""

    node: str
    interface: str
    address: str
    mac: str
