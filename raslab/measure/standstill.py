"""Transfers during which a virtual clock would stand still: it moves while everybody waits, and nobody would wait.

As fast as possible is endlessly fast where no link has a rate or a delay. Where the topology shows it, such a transfer
is refused; elsewhere the sender notices, see `raslab.net.endless`.
"""

from __future__ import annotations

from ipaddress import ip_address

from raslab.errors import ClockStandsStillError
from raslab.machine.here import here
from raslab.model.topology import Link, Topology
from raslab.net import Node
from raslab.net.endless import FIX


def refuse_endless(source: Node, destination: Node, address: str, topology: Topology) -> None:
    """Raise ClockStandsStillError if nothing can limit a transfer in virtual time."""
    if here().clock != "virtual":
        return
    what = f"A transfer from {source.name} to {destination.name}"
    if source.name == destination.name or ip_address(address).is_loopback:
        fix = "Measure to another node, over a link with a rate, or on the real clock."
        raise ClockStandsStillError(what, f"no link is between {source.name} and {address}", fix)
    if links := unlimited_way(topology, source.name, destination.name):
        raise ClockStandsStillError(what, f"no link on the way ({', '.join(links)}) has a rate or a delay", FIX)


def unlimited_way(topology: Topology, source: str, destination: str) -> tuple[str, ...]:
    """The links of a way between two nodes, if no link on any way could limit what is sent; else none. Pure.

    Interfaces with limits that no link has (such as a gateway's bandwidths) are not seen here.
    """
    links = [link for link in topology.links if link.a.up and link.b.up]
    way = _way(links, source, destination)
    if any(_limits(link) and _may_lie_between(links, link, source, destination) for link in links):
        return ()
    return tuple(f"{link.a.node}-{link.b.node}" for link in way)


def _limits(link: Link) -> bool:
    return any(end.impairment.rate_mbps or end.impairment.delay_ms for end in link.ends)


def _may_lie_between(links: list[Link], link: Link, source: str, destination: str) -> bool:
    """Whether a way from source to destination leads over a link, in either direction; True where in doubt."""
    for near, far in ((link.a.node, link.b.node), (link.b.node, link.a.node)):
        there = near == source or _way(_without(links, far), source, near)
        back = far == destination or _way(_without(links, near), far, destination)
        if there and back:
            return True
    return False


def _without(links: list[Link], node: str) -> list[Link]:
    return [link for link in links if node not in (link.a.node, link.b.node)]


def _way(links: list[Link], source: str, destination: str) -> list[Link]:
    """The links of a shortest way; empty if there is none."""
    ways: dict[str, list[Link]] = {source: []}
    reached = [source]
    for node in reached:
        for link in links:
            for here_, there in ((link.a.node, link.b.node), (link.b.node, link.a.node)):
                if here_ == node and there not in ways:
                    ways[there] = [*ways[node], link]
                    reached.append(there)
    return ways.get(destination, [])
