"""What tunnels do: packets into others, and out again where addresses and key fit. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from raslab.measure.isolation.reasoning import headers as h
from raslab.measure.isolation.reasoning.flow import Flow
from raslab.measure.isolation.reasoning.headers import Headers
from raslab.measure.isolation.reasoning.node import NodeModel
from raslab.measure.isolation.reasoning.space import Packets
from raslab.measure.isolation.reasoning.state import Link, Policy

_GRE = ("gre", "gretap", "ip6gre", "ip6gretap", "erspan", "ip6erspan")
_ETHERNET = ("gretap", "ip6gretap", "vxlan", "erspan", "ip6erspan")
_IP_IN_IP = {"ipip": (4,), "sit": (41, 4), "ip6tnl": (41, 4)}


class Tunnels:
    """Of all nodes."""

    def __init__(self, headers: Headers) -> None:
        self._headers, self._space = headers, headers.space

    def wrapped(self, model: NodeModel, link: Link, flow: Flow) -> Iterator[tuple[Flow, Link | None]]:
        """What a tunnel makes of packets, for each of its far ends, and the interface that it is bound to."""
        details = link.details
        under = model.by_index.get(int(details.get("under") or 0))
        if link.kind in _GRE:
            key = 0 if details.get("out_key") is None else int(details["out_key"]) + 1
            outers = [self._outer(details, details.get("remote"), (47,), key)]
        elif link.kind in _IP_IN_IP:
            outers = [self._outer(details, details.get("remote"), _IP_IN_IP[link.kind], 0)]
        elif link.kind == "vxlan":
            ends: list[tuple[str | None, int | None]] = [(details.get("remote"), None)]
            ends += [(one.remote, one.vni) for one in model.state.forwarding if one.index == link.index]
            outers = [
                self._outer(details, remote, (17,), (int(details["vni"]) if vni is None else vni) + 1)
                & self._space.value("dport", int(details["port"]))
                for remote, vni in dict.fromkeys(ends)
                if remote is not None
            ]
        else:
            return
        for outer in outers:
            if outer:
                yield flow.wrapped(link.kind, outer), under

    def _outer(self, details: object, remote: object, protocols: tuple[int, ...], key: int) -> Packets:
        """Outer packets: all that a tunnel could send; with no far end of its own, to anywhere."""
        known: dict[str, object] = dict(details)  # type: ignore[call-overload]
        outer = (
            self._headers.protocol(*protocols) & self._space.value("key", key) & self._headers.arriving.without("mark")
        )
        outer &= self._space.value("mark", int(str(known.get("mark") or 0))) & self._space.value("vlan", 0)
        for name, one in (("src", known.get("local")), ("dst", remote)):
            outer = outer & self._headers.prefix(name, str(one)) if one else outer
        return outer

    def opened(self, model: NodeModel, flow: Flow) -> Iterator[tuple[Link, Flow]]:
        """The tunnels that take packets which have come to the node, with what is inside. Encrypted ones are not among
        them: what comes out of those nobody else can make.
        """
        rest = flow.packets
        for link in sorted(model.state.links, key=_vagueness):
            if not link.up or not (link.kind in _GRE or link.kind in _IP_IN_IP or link.kind == "vxlan"):
                continue
            if part := rest & self._taken(model, link):
                rest -= part
                inner = self._headers.arriving
                inner &= self._headers.frames if link.kind in _ETHERNET else ~self._space.value("family", h.ARP)
                yield link, flow.narrowed(part).opened(inner)

    def _taken(self, model: NodeModel, link: Link) -> Packets:
        details = link.details
        if link.kind == "vxlan":
            taken = self._headers.protocol(17) & self._space.value("dport", int(details["port"]))
            taken &= self._space.value("key", int(details["vni"]) + 1)
            return taken & self._headers.prefix("dst", details["local"]) if details.get("local") else taken
        if link.kind in _GRE:
            key = 0 if details.get("in_key") is None else int(details["in_key"]) + 1
            taken = self._headers.protocol(47) & self._space.value("key", key)
        else:
            taken = self._headers.protocol(*_IP_IN_IP[link.kind])
        taken &= self._headers.ip[6 if link.kind.startswith("ip6") else 4]
        for name, one in (("dst", details.get("local")), ("src", details.get("remote"))):
            taken = taken & self._headers.prefix(name, one) if one else taken
        return taken

    def claimed(self, model: NodeModel, flow: Flow, if_id: int) -> Iterator[tuple[Policy, Flow]]:
        """The packets that IPsec's policies with a number take, in their order."""
        rest = flow.packets
        for policy in model.state.policies:
            if policy.direction != "out" or policy.if_id != if_id:
                continue
            version, source = policy.source
            chosen = self._headers.ip[version] & self._space.among("src", [source])
            chosen &= self._space.among("dst", [policy.destination[1]])
            if policy.protocol:
                chosen &= self._space.value("proto", policy.protocol)
            if part := rest & chosen:
                rest -= part
                yield policy, flow.narrowed(part).through(f"IPsec policy {policy.index}")

    def peers(self, model: NodeModel, link: Link) -> Iterator[tuple[str, str]]:
        """The ends that a WireGuard interface sends to; empty for its own, which the kernel chooses."""
        for one in model.state.wireguards:
            if one.index == link.index:
                yield from (("", peer.endpoint) for peer in one.peers if peer.endpoint)

    def agreed(self, encapsulation: str, source: str, destination: str, key: int | None) -> Packets:
        """Packets that nobody can tell from those of a tunnel without encryption."""
        ends = self._headers.prefix("src", source) & self._headers.prefix("dst", destination)
        if encapsulation == "vxlan":
            ports = self._headers.protocol(17) & self._space.value("dport", 4789)
            return ends & ports & self._space.value("key", (key or 0) + 1)
        numbers = [(0, 0)] if key is None else [(key + 1, key + 1)]
        if encapsulation == "nvgre" and key is not None:
            numbers = [((key & ~0xFF) + 1, (key | 0xFF) + 1)]
        return ends & self._headers.protocol(47) & self._space.among("key", numbers)


def _vagueness(link: Link) -> int:
    """The kernel prefers the tunnel that names both ends, then the far one, then the near one."""
    return (0 if link.details.get("remote") else 2) + (0 if link.details.get("local") else 1)
