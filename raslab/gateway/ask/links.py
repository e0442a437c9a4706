"""The kernel's counters of tunnel interfaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from raslab.gateway.records import VpnS2SInterfaceStatistics
from raslab.net import Node
from raslab.net.netlink.statistics import dump_interfaces, interface

Counters = Mapping[str, int]

_FIELDS = {
    "bytes_in": "rx_bytes",
    "bytes_out": "tx_bytes",
    "packets_in": "rx_packets",
    "packets_out": "tx_packets",
    "errors_in": "rx_errors",
    "errors_out": "tx_errors",
    "dropped_in": "rx_dropped",
    "dropped_out": "tx_dropped",
}


def counters(node: Node, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """The counters of interfaces by name, in the kernel's words."""
    answers = node.namespace.connection.ask(dump_interfaces())
    found = {one.index: one for one in map(interface, answers)}
    words = tuple(_FIELDS.values())
    return {name: {word: getattr(found[node.namespace.index_of(name)], word) for word in words} for name in names}


def statistics(
    name: str,
    now: Counters,
    before: Counters,
    tunnel: tuple[Mapping[str, Any], Mapping[str, Any]] | None,
    last_error: str = "",
) -> VpnS2SInterfaceStatistics:
    """What was counted since `before`. tunnel: the SAs that carry the interface's packets, if any. Pure."""
    counted: dict[str, Any] = {field: now[word] - before.get(word, 0) for field, word in _FIELDS.items()}
    up_s = int(tunnel[0].get("established", 0)) if tunnel else None
    return VpnS2SInterfaceStatistics(name=name, **counted, up_s=up_s, last_error=last_error)
