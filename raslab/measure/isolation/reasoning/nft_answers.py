"""Packets of connections whose other direction was translated: what conntrack makes of answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from raslab.measure.isolation.reasoning import headers as h
from raslab.measure.isolation.reasoning.flow import Flow, merged
from raslab.measure.isolation.reasoning.headers import Headers
from raslab.measure.isolation.reasoning.nft_changes import TRANSLATIONS, Changes
from raslab.measure.isolation.reasoning.nft_terms import Situation
from raslab.measure.isolation.reasoning.space import Packets, Range

Key = tuple[str, str, str]
"""Family, table and name of a chain."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain with its rules. key: family, table and name."""

    key: tuple[str, str, str]
    hook: str = ""
    kind: str = ""
    priority: int = 0
    policy: str = "accept"
    devices: tuple[str, ...] = ()
    rules: tuple[tuple[int, tuple[Any, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Translated:
    """An address that a rule translates to: of sources or of destinations; prefixes that may be behind."""

    is_source: bool
    chain: tuple[str, str, str]
    domain: Packets
    version: int
    ranges: tuple[Range, ...]


class Answers:
    """For the rules of one node. sets: of each table, by family and table."""

    def __init__(
        self,
        headers: Headers,
        chains: Mapping[Key, Chain],
        sets: Mapping[tuple[str, str], Mapping[str, Any]],
        changes: Changes,
    ) -> None:
        self._headers, self._space = headers, headers.space
        self._chains, self._sets, self._changes = chains, sets, changes
        self._translated: list[Translated] | None = None

    def answered(self, flows: list[Flow], hook: str) -> list[Flow]:
        """Packets of connections whose other direction was translated get what was there before.

        Answers to what left with a translated source come in for that address, and go on to anybody inside: which
        one only conntrack knows. Answers of those to whom a destination was translated leave as from there.
        """
        found: list[Flow] = []
        untouched = self._space.value("nat", 0)
        for flow in flows:
            found.append(flow)
            for one in self._translations():
                end, bit = ("dst", h.SOURCE_TRANSLATED) if one.is_source else ("src", h.DESTINATION_TRANSLATED)
                if hook != "prerouting":
                    continue
                answers = flow.packets & self._headers.ip[one.version] & self._space.among(end, one.ranges) & untouched
                answers &= one.domain
                if answers:
                    every = [(0, (1 << (32 if one.version == 4 else 128)) - 1)]
                    back = flow.narrowed(answers).through("an answer, translated back")
                    back = back.assigned(end, every) if one.is_source else back
                    found.append(back.assigned("nat", [(bit, bit)]).assigned("reply", [(1, 1)]))
        return merged(found)

    def _translations(self) -> list[Translated]:
        """All addresses that any rule translates to, each with the zones of connections that it is for."""
        if self._translated is None:
            self._translated = []
            for chain in self._chains.values():
                for _, expressions in chain.rules:
                    for expression in expressions:
                        kind = next(iter(expression)) if isinstance(expression, dict) else ""
                        if kind in TRANSLATIONS:
                            self._translated += self._translated_by(chain, kind, expression[kind] or {}, expressions)
        return self._translated

    def _translated_by(self, chain: Chain, kind: str, value: Any, expressions: tuple[Any, ...]) -> Iterable[Translated]:
        sets = self._sets[chain.key[:2]]
        for version in (4, 6):
            where = Situation(*self._devices_named(expressions))
            ranges = self._changes.targets(kind, value, version, where, sets)
            if ranges:
                domain = self._zones_to(chain.key)
                yield Translated(kind in ("snat", "masquerade"), chain.key, domain, version, tuple(ranges))

    @staticmethod
    def _devices_named(expressions: tuple[Any, ...]) -> tuple[str, str]:
        """The interfaces that a rule names, incoming and outgoing."""
        found = {"iifname": "", "oifname": ""}
        for one in expressions:
            match = one.get("match", {}) if isinstance(one, dict) else {}
            left = match.get("left", {})
            name = left.get("meta", {}).get("key") if isinstance(left, dict) else None
            if name in found and isinstance(match.get("right"), str):
                found[name] = match["right"]
        return found["iifname"], found["oifname"]

    def _zones_to(self, key: tuple[str, str, str]) -> Packets:
        """The zones for which a map leads to a chain; all of them for others."""
        for chain in self._chains.values():
            for _, expressions in chain.rules:
                for one in expressions:
                    vmap = one.get("vmap") if isinstance(one, dict) else None
                    if not vmap or vmap.get("key") != {"ct": {"key": "zone"}}:
                        continue
                    for inside, _, verdict in self._changes.elements(
                        vmap["key"], vmap["data"], Situation(), self._sets[key[:2]]
                    ):
                        if isinstance(verdict, dict) and key[2] in str(verdict.get("jump", verdict.get("goto"))):
                            return inside
        return self._headers.everything
