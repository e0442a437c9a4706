"""Ports on which the gateway listens are not lent to hosts inside that send from ports of these numbers.

Translated to the gateway's own address, they would get what is for the gateway: from those whom they call, or from
anybody where ports are open to all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from raslab.gateway.listeners import listeners
from raslab.gateway.state import GatewayState
from raslab.gateway.surroundings import Surroundings

FIRST_PORT, LAST_PORT = 1024, 65535


def own_ports(state: GatewayState, surroundings: Surroundings) -> dict[str, tuple[int, ...]]:
    """The ports that the gateway listens on, by protocol as nft has it."""
    found: dict[str, set[int]] = {}
    for one in listeners(state, surroundings):
        found.setdefault(one.protocol.lower(), set()).add(one.port)
    return {protocol: tuple(sorted(ports)) for protocol, ports in sorted(found.items())}


def spared(ports: Mapping[str, tuple[int, ...]]) -> Iterator[tuple[str, str]]:
    """By protocol the match of packets from such ports, and a range of ports that holds none of them."""
    for protocol, taken in ports.items():
        if (free := free_range(taken, FIRST_PORT, LAST_PORT)) is not None:
            low, high = free
            yield f"{protocol} sport {{ {', '.join(map(str, taken))} }} ", f"{low}-{high}"


def free_range(taken: Iterable[int], first: int, last: int) -> tuple[int, int] | None:
    """The longest range of ports within the limits without any of `taken`; None if there is none."""
    bounds = [first - 1, *sorted(port for port in set(taken) if first <= port <= last), last + 1]
    runs = [(low + 1, high - 1) for low, high in pairwise(bounds) if high - low > 1]
    return max(runs, key=lambda run: run[1] - run[0], default=None)
