"""Tunnels as people think of them: two ends that fit together, or one end whose peer does not answer to it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from raslab.model.encapsulation import around
from raslab.model.topology import Topology, Tunnel

_KIND_WORDS = {"gre": "GRE", "gretap": "Ethernet in GRE", "xfrm": "IPsec", "wireguard": "WireGuard"}


@dataclass(frozen=True, slots=True)
class Overlay:
    """A tunnel with its other end, or None if no tunnel of the topology fits; `inner_mtu` in bytes, if known."""

    near: Tunnel
    far: Tunnel | None
    inner_mtu: int | None

    @property
    def lines(self) -> tuple[str, ...]:
        """What to write on it."""
        key = f" key {self.near.key}" if self.near.key is not None and self.near.kind != "xfrm" else ""
        first = f"{_KIND_WORDS[self.near.kind]}{key}"
        if self.far is None:
            return first, "no answer"
        return (first, f"MTU {self.inner_mtu}") if self.inner_mtu else (first,)


def overlays(topology: Topology) -> list[Overlay]:
    """The tunnels of a topology in its order, the two ends of each as one."""
    waiting = list(topology.tunnels)
    found: list[Overlay] = []
    while waiting:
        near = waiting.pop(0)
        far = next((other for other in waiting if fits(near, other)), None)
        if far is not None:
            waiting.remove(far)
        found.append(Overlay(near, far, inner_mtu(near, topology)))
    return found


def fits(one: Tunnel, other: Tunnel) -> bool:
    """True if what `one` sends is received by `other`, and the other way round (RFC 2890: equal keys).

    The key of an XFRM interface never leaves its node.
    """
    return (one.kind, _wire_key(one), _same(one.local), _same(one.remote)) == (
        other.kind,
        _wire_key(other),
        _same(other.remote),
        _same(other.local),
    ) and one is not other


def inner_mtu(tunnel: Tunnel, topology: Topology) -> int | None:
    """The MTU inside, in bytes: as set, or what the interface with the tunnel's local address leaves."""
    if tunnel.mtu is not None:
        return tunnel.mtu
    for link in topology.links:
        for end in link.ends:
            if end.node == tunnel.node and _same(tunnel.local) in (_same(a.partition("/")[0]) for a in end.addresses):
                return around(tunnel).inner_mtu(end.mtu)
    return None


def _wire_key(tunnel: Tunnel) -> int | None:
    return None if tunnel.kind == "xfrm" else tunnel.key


def _same(address: str) -> str:
    """One spelling per address."""
    return str(ip_address(address))
