"""nftables' counters as those of packet filters. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from raslab.gateway.plan.filters import CHAINS, NEIGHBOURS_LINE, chain, lines
from raslab.gateway.records import IpFilterCounter
from raslab.gateway.state import RemoteAccessIpFilter


def counters(filters: Sequence[RemoteAccessIpFilter], rules: Sequence[Mapping[str, Any]]) -> Iterator[IpFilterCounter]:
    """What each line has seen. rules: those of the table as nft lists them, in the order in which they were made."""
    by_chain: dict[str, list[Mapping[str, Any]]] = {}
    for rule in rules:
        by_chain.setdefault(rule["chain"], []).append(rule)
    left = {name: iter(found) for name, found in by_chain.items()}
    for one in sorted(filters, key=lambda one: list(CHAINS).index(one.direction)):
        for line, rule in zip(lines(one), left[chain(one.direction, one.interface_alias)], strict=False):
            if line != NEIGHBOURS_LINE:
                yield _counter(one, line, rule)


def _counter(one: RemoteAccessIpFilter, line: str, rule: Mapping[str, Any]) -> IpFilterCounter:
    counter = next(part["counter"] for part in rule["expr"] if "counter" in part)
    verdict = next(word for part in rule["expr"] for word in ("accept", "drop") if word in part)
    return IpFilterCounter(
        interface_alias=one.interface_alias,
        direction=one.direction,
        address_family=one.address_family,
        line=line,
        verdict=verdict,
        packets=counter["packets"],
        bytes=counter["bytes"],
    )
