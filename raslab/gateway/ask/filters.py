"""nftables' counters as those of packet filters. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from raslab.gateway.plan.filters import CHAINS, NEIGHBOURS_LINE, lines
from raslab.gateway.records import IpFilterCounter
from raslab.gateway.state import RemoteAccessIpFilter


def counters(filters: Sequence[RemoteAccessIpFilter], rules: Sequence[Mapping[str, Any]]) -> Iterator[IpFilterCounter]:
    """What each line has seen. rules: those of the table as nft lists them, in the order in which they were made."""
    for direction, chain in CHAINS.items():
        wanted = [(one, line) for one in filters if one.direction == direction for line in lines(one)]
        there = [rule for rule in rules if rule["chain"] == chain]
        for (one, line), rule in zip(wanted, there, strict=True):
            if line == NEIGHBOURS_LINE:
                continue
            counter = next(part["counter"] for part in rule["expr"] if "counter" in part)
            verdict = next(word for part in rule["expr"] for word in ("accept", "drop") if word in part)
            yield IpFilterCounter(
                one.interface_alias,
                direction,
                one.address_family,
                line,
                verdict,
                counter["packets"],
                counter["bytes"],
            )
