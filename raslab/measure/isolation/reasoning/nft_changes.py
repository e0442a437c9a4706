"""What rules of nftables change in packets: marks, zones, addresses; and what their maps give. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from raslab.measure.isolation.reasoning import headers as h
from raslab.measure.isolation.reasoning.flow import Flow, merged
from raslab.measure.isolation.reasoning.headers import Headers, address_range
from raslab.measure.isolation.reasoning.nft_terms import Situation, Term, Terms
from raslab.measure.isolation.reasoning.space import Packets, Range

TRANSLATIONS = ("snat", "dnat", "masquerade", "redirect")
Sets = Mapping[str, Any]


class Changes:
    """For one node. own: the addresses of an interface by its kernel name, for `masquerade`."""

    def __init__(self, headers: Headers, own: Callable[[str], list[str]]) -> None:
        self._headers, self._space = headers, headers.space
        self._terms = Terms(headers)
        self._own = own

    def elements(
        self, key: Any, data: Any, where: Situation, sets: Mapping[str, Any]
    ) -> list[tuple[Packets, Term, Any]]:
        """The elements of a map: which packets each is for, and what it gives."""
        if isinstance(data, str):
            data = {"set": sets.get(data.removeprefix("@"), {}).get("elem", [])}
        found = []
        for element in data.get("set", []) if isinstance(data, dict) else []:
            asked, given = element if isinstance(element, list) else (element.get("key"), element.get("data"))
            asked = asked["elem"]["val"] if isinstance(asked, dict) and "elem" in asked else asked
            inside, term = self._terms.matching({"left": key, "op": "==", "right": asked}, where, sets)
            if inside:
                found.append((inside, term, given))
        return found

    def mangled(
        self, value: Any, flows: list[Flow], where: Situation, sets: Mapping[str, Any], following: list[Flow], by: str
    ) -> list[Flow]:
        term = self._terms.term(value["key"], where)
        if not term.field:
            blind = term.doubt and "payload" in value["key"]
            return [one.doubtful(f"{by} sets {term.doubt}") for one in flows] if blind else flows
        found: list[Flow] = []
        given = value["value"]
        if isinstance(given, dict) and "map" in given:
            elements = self.elements(given["map"]["key"], given["map"]["data"], where, sets)
        else:
            elements = [(self._headers.everything, Term(), given)]
        for flow in flows:
            rest = flow.packets
            for inside, how, data in elements:
                if not (yes := flow.packets & inside):
                    continue
                rest = rest if how.chance or how.doubt else rest - inside
                one = flow.narrowed(yes)
                for part, ranges in self._given(data, term, one, where, sets):
                    found.append(one.narrowed(part).assigned(term.field, ranges).through(by))
            # Where a map has nothing for a packet, the rule does not match it.
            following += [flow.narrowed(rest)] if rest else []
        return found

    def _given(
        self, data: Any, term: Term, flow: Flow, where: Situation, sets: Mapping[str, Any]
    ) -> list[tuple[Packets, list[Range]]]:
        """Values to set, each for some packets; any value where it is not understood."""
        ranges = self._terms.ranges(data, term, sets)
        if ranges is not None:
            return [(flow.packets, ranges)]
        source = self._terms.term(data, where)
        if source.field and source.mask is None:
            values = flow.packets.values(source.field)
            if len(values) <= 4096 and all(first == last for first, last in values):
                return [(flow.packets & self._space.value(source.field, one), [(one, one)]) for one, _ in values]
        return [(flow.packets, [(0, self._space.sizes[self._space.levels[term.field]])])]

    def translate(
        self, kind: str, value: Any, flows: list[Flow], where: Situation, sets: Mapping[str, Any], by: str
    ) -> list[Flow]:
        is_source = kind in ("snat", "masquerade")
        name, port = ("src", "sport") if is_source else ("dst", "dport")
        bit = h.SOURCE_TRANSLATED if is_source else h.DESTINATION_TRANSLATED
        found: list[Flow] = []
        for flow in flows:
            for version in (4, 6):
                if not (part := flow.packets & self._headers.ip[version]):
                    continue
                one = flow.narrowed(part).through(by)
                ranges = self.targets(kind, value, version, where, sets)
                if ranges is not None:
                    one = one.assigned(name, ranges)
                if "port" in value or is_source:
                    one = one.assigned(port, self._ports(value.get("port")))
                found += [
                    one.narrowed(some).assigned("nat", [(before | bit,) * 2])
                    for before in range(4)
                    if (some := one.packets & self._space.value("nat", before))
                ]
            if other := flow.packets - self._headers.any_ip:
                found.append(flow.narrowed(other))
        return merged(found)

    def targets(
        self, kind: str, value: Any, version: int, where: Situation, sets: Mapping[str, Any]
    ) -> list[Range] | None:
        """The addresses that may be put in; None: as it was."""
        if kind in ("masquerade", "redirect"):
            near = where.outgoing if kind == "masquerade" else where.incoming
            known = [address_range(one) for one in self._own(near)]
            return [one for number, one in known if number == version] or [(0, (1 << 32) - 1)]
        given = value.get("addr")
        if given is None:
            return None
        if isinstance(given, dict) and "map" in given:
            answers = [data for _, _, data in self.elements(given["map"]["key"], given["map"]["data"], where, sets)]
            given = {"set": [one["concat"][0] if isinstance(one, dict) and "concat" in one else one for one in answers]}
        everything = [(0, (1 << (32 if version == 4 else 128)) - 1)]
        ranges = self._terms.ranges(given, Term("dst", self._headers.everything), sets)
        return ranges if ranges is not None else everything

    @staticmethod
    def _ports(value: Any) -> list[Range]:
        if isinstance(value, int):
            return [(value, value)]
        if isinstance(value, dict) and "range" in value:
            return [(value["range"][0], value["range"][1])]
        return [(0, 0xFFFF)]
