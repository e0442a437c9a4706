"""Which route packets take: rules in their order, then the longest prefix of the table that has one. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from raslab.measure.isolation.reasoning import headers as h
from raslab.measure.isolation.reasoning.flow import Flow
from raslab.measure.isolation.reasoning.headers import Headers, masked
from raslab.measure.isolation.reasoning.space import Packets, Range
from raslab.measure.isolation.reasoning.state import Hop, Link, NodeState, Route, Rule

LOCAL_TABLE, MAIN_TABLE = 255, 254
_MOST_MARKS = 4096
_LOCAL_KINDS = ("local", "broadcast", "anycast")


@dataclass(frozen=True, slots=True)
class Way:
    """Where a route leads. kind: as `ip route` says; hops: the interfaces."""

    kind: str
    hops: tuple[Hop, ...]
    table: int


class Lookup:
    """The rules and routes of one node."""

    def __init__(self, headers: Headers, state: NodeState) -> None:
        self._headers, self._space = headers, headers.space
        self._links = {one.index: one for one in state.links}
        self._rules = {
            version: sorted((one for one in state.rules if one.version == version), key=lambda one: one.priority)
            for version in (4, 6)
        }
        self._routes: dict[tuple[int, int], list[Route]] = defaultdict(list)
        for one in state.routes:
            self._routes[one.version, one.table].append(one)
        self._ways: dict[tuple[int, int, int | None], list[tuple[Packets, Way]]] = {}
        self._selectors: dict[Rule, tuple[Packets, bool]] = {}

    def ways(
        self, flow: Flow, incoming: Iterable[str], master: Link | None, outgoing: str = ""
    ) -> Iterator[tuple[Flow, Way]]:
        """The ways of packets that have come by `incoming`, by any of these names; ``lo`` for the node's own.

        master: the VRF that they are in. outgoing: the interface that they are bound to leave by, if any.
        """
        names = set(incoming)
        for version in (4, 6):
            if inside := flow.packets & self._headers.ip[version]:
                yield from self._by_rules(flow.narrowed(inside), version, names, master, outgoing)

    def _by_rules(
        self, flow: Flow, version: int, names: set[str], master: Link | None, outgoing: str
    ) -> Iterator[tuple[Flow, Way]]:
        rules = self._rules[version]
        waiting: list[tuple[int, Flow]] = [(0, flow)]
        while waiting:
            place, rest = waiting.pop()
            while place < len(rules) and rest.packets:
                rule = rules[place]
                place += 1
                chosen, is_sure = self._selected(rule, rest.packets, names, master, outgoing)
                part = rest.packets & chosen
                if not part:
                    continue
                one = rest.narrowed(part)
                if not is_sure:
                    one = one.doubtful(f"a rule at priority {rule.priority} with {', '.join(rule.unknown) or 'a mask'}")
                beyond = rest.packets - part if is_sure else rest.packets
                if rule.action == "goto":
                    target = next((n for n, other in enumerate(rules) if other.priority >= rule.target), len(rules))
                    waiting.append((target, one))
                elif rule.action == "table":
                    table = self._table(rule, master)
                    if table is not None:
                        named = one if rule.priority in (0, 32765, 32766, 32767, 1000) else one.through(_words(rule))
                        found, missed = self._by_table(named, version, table, rule.suppressed_length)
                        yield from found
                        beyond |= missed
                    else:
                        beyond = rest.packets
                elif rule.action == "nop":
                    beyond = rest.packets
                rest = rest.narrowed(beyond)

    def _selected(
        self, rule: Rule, asking: Packets, names: set[str], master: Link | None, outgoing: str
    ) -> tuple[Packets, bool]:
        """The packets that a rule is about; not sure if that is not understood."""
        named = (rule.incoming is None or rule.incoming in names) and (rule.outgoing in (None, outgoing))
        if rule.l3mdev and master is None:
            named = False
        packets, is_sure = self._selector(rule)
        if rule.mark is not None and masked(*rule.mark, 32) is None:
            marks = asking.values("mark")
            is_sure = not rule.unknown and all(last - first < _MOST_MARKS for first, last in marks)
            if is_sure:
                each = (one for first, last in marks for one in range(first, last + 1))
                packets &= self._space.among("mark", [(n, n) for n in each if n & rule.mark[1] == rule.mark[0]])
        if not named:
            packets = self._headers.nothing
        return (self._headers.ip[rule.version] - packets if rule.inverted else packets), is_sure

    def _selector(self, rule: Rule) -> tuple[Packets, bool]:
        if rule in self._selectors:
            return self._selectors[rule]
        found = self._headers.ip[rule.version]
        is_sure = not rule.unknown
        for name, wanted in (("src", rule.source), ("dst", rule.destination)):
            found &= self._space.among(name, [wanted]) if wanted else found
        for name, ports in (("sport", rule.source_ports), ("dport", rule.destination_ports)):
            if ports:
                found &= self._space.among(name, [ports]) & self._headers.protocol(6, 17, 33, 132)
                found -= self._space.value("fragment", h.LATER_PART)
        if rule.protocol:
            found &= self._space.value("proto", rule.protocol)
        if rule.tos:
            found &= self._space.among("tos", masked(rule.tos, 0xFC if rule.tos & 0xE0 else 0x1C, 8) or [])
        if rule.mark:
            marks = masked(*rule.mark, 32)
            is_sure = is_sure and marks is not None
            found &= self._space.among("mark", marks) if marks is not None else found
        self._selectors[rule] = found, is_sure
        return found, is_sure

    def _table(self, rule: Rule, master: Link | None) -> int | None:
        if not rule.l3mdev:
            return rule.table
        return int(master.details["table"]) if master is not None and master.kind == "vrf" else None

    def _by_table(
        self, flow: Flow, version: int, table: int, suppressed: int | None
    ) -> tuple[list[tuple[Flow, Way]], Packets]:
        """The ways out of a table, and what it has none for."""
        found: list[tuple[Flow, Way]] = []
        missed = flow.packets
        for packets, way in self.of_table(version, table, suppressed):
            if part := flow.packets & packets:
                missed -= part
                found.append((flow.narrowed(part), way))
        return found, missed

    def of_table(self, version: int, table: int, suppressed: int | None = None) -> list[tuple[Packets, Way]]:
        """The ways of a table, each with the packets that take it."""
        key = (version, table, suppressed)
        if key not in self._ways:
            self._ways[key] = self._compiled(version, table, suppressed)
        return self._ways[key]

    def _compiled(self, version: int, table: int, suppressed: int | None) -> list[tuple[Packets, Way]]:
        bits = 32 if version == 4 else 128
        routes = [one for one in self._routes[version, table] if self._is_usable(one)]
        if suppressed is not None:
            routes = [one for one in routes if bits - one.size.bit_length() + 1 > suppressed]
        plain = [one for one in routes if not one.tos and one.source is None]
        ways = _longest(plain)
        special = sorted((one for one in routes if one.tos or one.source), key=lambda one: (one.size, one.metric))
        found: dict[Way, Packets] = {}
        taken = self._headers.nothing
        for one in special:
            chosen = self._space.among("dst", [one.prefix])
            if one.source:
                chosen &= self._space.among("src", [one.source])
            if one.tos:
                chosen &= self._space.among("tos", masked(one.tos, 0xFC if one.tos & 0xE0 else 0x1C, 8) or [])
            longer = [other.prefix for other in plain if other.size < one.size]
            chosen -= self._space.among("dst", longer)
            way = Way(one.kind, one.hops, table)
            found[way] = found.get(way, self._headers.nothing) | (chosen - taken)
            taken |= chosen
        for way_key, ranges in ways.items():
            way = Way(way_key[0], way_key[1], table)
            found[way] = found.get(way, self._headers.nothing) | (self._space.among("dst", ranges) - taken)
        family = self._headers.ip[version]
        return [(packets & family, way) for way, packets in found.items() if way.kind != "throw"]

    def _is_usable(self, route: Route) -> bool:
        if route.kind != "unicast" or not route.hops:
            return True
        return any((link := self._links.get(hop.index)) is not None and link.up for hop in route.hops)


def _words(rule: Rule) -> str:
    table = {LOCAL_TABLE: "local", MAIN_TABLE: "main"}.get(rule.table, str(rule.table))
    return f"ip rule {rule.priority} lookup {'l3mdev' if rule.l3mdev else table}"


def _longest(routes: list[Route]) -> Mapping[tuple[str, tuple[Hop, ...]], list[Range]]:
    """For each way the addresses for which its prefix is the longest: ranges within others take their place.

    Of routes to one prefix that with the smallest metric counts; equal ones of IPv6 count together.
    """
    best: dict[Range, list[Route]] = {}
    for one in routes:
        known = best.get(one.prefix)
        if known is None or one.metric < known[0].metric:
            best[one.prefix] = [one]
        elif one.metric == known[0].metric:
            known.append(one)
    found: dict[tuple[str, tuple[Hop, ...]], list[Range]] = defaultdict(list)
    open_ones: list[Range] = []
    at = 0

    def note(upto: int) -> None:
        nonlocal at
        if open_ones and at <= upto:
            for one in best[open_ones[-1]]:
                found[one.kind, one.hops].append((at, upto))
        at = max(at, upto + 1)

    for prefix in sorted(best, key=lambda one: (one[0], -one[1])):
        while open_ones and open_ones[-1][1] < prefix[0]:
            note(open_ones[-1][1])
            open_ones.pop()
        note(prefix[0] - 1)
        at = prefix[0]
        open_ones.append(prefix)
    while open_ones:
        note(open_ones[-1][1])
        open_ones.pop()
    return found


def is_local(way: Way) -> bool:
    """True if the node takes the packets itself."""
    return way.kind in _LOCAL_KINDS
