"""What a node's nftables rules do with packets: which pass a hook, changed or not, and which leave elsewhere. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from raslab.measure.isolation.reasoning import headers as h
from raslab.measure.isolation.reasoning.flow import Flow, merged
from raslab.measure.isolation.reasoning.headers import Headers
from raslab.measure.isolation.reasoning.nft_answers import Answers, Chain
from raslab.measure.isolation.reasoning.nft_changes import TRANSLATIONS, Changes
from raslab.measure.isolation.reasoning.nft_terms import Situation, Terms

_IDLE = frozenset(
    [
        "counter",
        "log",
        "comment",
        "ct",
        "timeout",
        "ct_timeout",
        "ct",
        "helper",
        "ct",
        "expectation",
        "add",
        "update",
        "delete",
        "set",
        "flow",
        "meter",
        "last",
    ]
)
"""Statements that leave packets as they are; `flow` lets later packets of what was accepted pass without rules."""
_SOME = frozenset(("limit", "quota", "ct count", "connlimit"))
_FAMILIES = {"ip": (h.IPV4,), "ip6": (h.IPV6,), "inet": (h.IPV4, h.IPV6), "arp": (h.ARP,)}
_PRIORITIES = {"raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100}
_DESTINATION_NAT = -100


@dataclass(slots=True)
class Passed:
    """What became of packets at a hook. leaving: to other interfaces, by name; answered: translated back."""

    flows: list[Flow] = field(default_factory=list)
    leaving: list[tuple[str, Flow]] = field(default_factory=list)


class Ruleset:
    """The rules of one node. own: the addresses of an interface by its kernel name, for `masquerade`."""

    def __init__(self, headers: Headers, listed: Iterable[Mapping[str, Any]], own: Callable[[str], list[str]]) -> None:
        self._headers, self._space = headers, headers.space
        self._terms, self._changes = Terms(headers), Changes(headers, own)
        self._sets: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
        chains: dict[tuple[str, str, str], dict[str, Any]] = {}
        rules: dict[tuple[str, str, str], list[tuple[int, tuple[Any, ...]]]] = defaultdict(list)
        for entry in listed:
            ((kind, one),) = entry.items()
            table = (one.get("family", ""), one.get("table", ""))
            if kind in ("set", "map"):
                self._sets[table][one["name"]] = one
            elif kind == "chain":
                chains[(*table, one["name"])] = one
            elif kind == "rule":
                rules[(*table, one["chain"])].append((one.get("handle", 0), tuple(one["expr"])))
        self._chains = {key: _chain(key, one, rules[key]) for key, one in chains.items()}
        self.rules = sum(map(len, rules.values()))
        said = str(list(rules.values()))
        self.tracks = any(f"'{one}'" in said for one in ("ct", *TRANSLATIONS))
        """True if conntrack sees all packets, which puts their parts together first."""
        self._hooks: dict[tuple[str, str], list[Chain]] = defaultdict(list)
        for chain in sorted(self._chains.values(), key=lambda one: one.priority):
            self._hooks[self._layer(chain.key[0]), chain.hook].append(chain)
        self._answers = Answers(headers, self._chains, self._sets, self._changes)

    @staticmethod
    def _layer(family: str) -> str:
        return {"bridge": "bridge", "netdev": "netdev", "arp": "arp"}.get(family, "ip")

    def passed(self, layer: str, hook: str, flow: Flow, where: Situation) -> Passed:
        """What becomes of packets at a hook. layer: ``ip``, ``bridge`` or ``netdev``."""
        result = Passed([flow])
        chains = self._hooks.get((layer, hook), [])
        translated = layer != "ip" or hook not in ("prerouting", "postrouting")
        for chain in chains:
            if not translated and chain.priority > (_DESTINATION_NAT if hook == "prerouting" else 100):
                result.flows = self._answers.answered(result.flows, hook)
                translated = True
            if chain.devices and where.incoming not in chain.devices and where.outgoing not in chain.devices:
                continue
            result.flows = self._through_base(chain, result, where)
        if chains and not translated:
            result.flows = self._answers.answered(result.flows, hook)
        return result

    def _through_base(self, chain: Chain, result: Passed, where: Situation) -> list[Flow]:
        families = _FAMILIES.get(chain.key[0])
        kept: list[Flow] = []
        for flow in result.flows:
            inside = flow.packets
            if families is not None:
                inside = flow.packets & self._space.among("family", [(one, one) for one in families])
                if beside := flow.packets - inside:
                    kept.append(flow.narrowed(beside))
            if not inside:
                continue
            if chain.kind == "nat" and (done := inside - self._space.value("nat", 0)):
                # Translated before, or at the other end of the connection: no rule is asked again in the same hook.
                bit = h.DESTINATION_TRANSLATED if chain.hook in ("prerouting", "output") else h.SOURCE_TRANSLATED
                done &= self._space.among("nat", [(n, n) for n in range(4) if n & bit])
                if done:
                    kept.append(flow.narrowed(done))
                    inside -= done
            accepted, rest = self._through(chain, [flow.narrowed(inside)], where, result, depth=0)
            kept += accepted
            if chain.policy != "drop":
                kept += rest
        return merged(kept)

    def _through(
        self, chain: Chain, flows: list[Flow], where: Situation, result: Passed, depth: int
    ) -> tuple[list[Flow], list[Flow]]:
        """What a chain accepts, and what gets to its end or returns."""
        accepted: list[Flow] = []
        returned: list[Flow] = []
        if depth > 16:
            return [one.doubtful(f"chains of {chain.key[1]} that lead to each other") for one in flows], []
        for handle, expressions in chain.rules:
            if not flows:
                break
            following: list[Flow] = []
            for flow in flows:
                self._rule(chain, handle, expressions, flow, where, result, accepted, returned, following, depth)
            flows = merged(following)
        return accepted, merged([*flows, *returned])

    def _rule(
        self,
        chain: Chain,
        handle: int,
        expressions: tuple[Any, ...],
        flow: Flow,
        where: Situation,
        result: Passed,
        accepted: list[Flow],
        returned: list[Flow],
        following: list[Flow],
        depth: int,
    ) -> None:
        sets = self._sets[chain.key[:2]]
        by = f"nft {' '.join(chain.key)} rule {handle}"
        matched = [flow]
        for expression in expressions:
            if not matched:
                return
            kind, value = _word(expression)
            if kind == "match":
                matched = self._matched(value, matched, where, sets, following)
            elif kind in _SOME:
                following += matched
                matched = [one.only_sometimes(f"{by}: {kind}") for one in matched]
            elif kind == "mangle":
                matched = self._changes.mangled(value, matched, where, sets, following, by)
            elif kind == "notrack":
                matched = [one.assigned("ct", [(h.UNTRACKED, h.UNTRACKED)]) for one in matched]
            elif kind in TRANSLATIONS:
                accepted += self._changes.translate(kind, value or {}, matched, where, sets, by)
                return
            elif kind == "accept":
                accepted += [one.through(by) if len(expressions) > 1 else one for one in matched]
                return
            elif kind in ("drop", "reject"):
                # What is dropped only now and then, or for a reason that is not understood, may get by as well.
                following += [one for one in matched if (one.sometimes - flow.sometimes) or (one.doubts - flow.doubts)]
                return
            elif kind == "return":
                returned += matched
                return
            elif kind in ("jump", "goto"):
                after = self._called(chain, value["target"], matched, where, result, accepted, depth)
                if kind == "goto":
                    returned += after
                    return
                matched = after
            elif kind == "vmap":
                following += self._by_map(chain, value, matched, where, result, accepted, returned, depth)
                return
            elif kind in ("fwd", "dup"):
                self._elsewhere(value, matched, result, by)
                if kind == "fwd":
                    return
            elif kind == "queue":
                accepted += [one.doubtful(f"{by} hands packets to a program") for one in matched]
                return
            elif kind not in _IDLE:
                following += matched
                matched = [one.doubtful(f"{by} says {kind}, which is not understood") for one in matched]
        following += matched

    def _matched(
        self, match: Any, flows: list[Flow], where: Situation, sets: Mapping[str, Any], following: list[Flow]
    ) -> list[Flow]:
        inside, term = self._terms.matching(match, where, sets)
        found: list[Flow] = []
        for flow in flows:
            yes = flow.packets & inside
            if term.doubt or term.chance:
                following.append(flow)
                if yes:
                    one = flow.narrowed(yes)
                    found.append(
                        one.doubtful(f"a match of {term.doubt}") if term.doubt else one.only_sometimes(term.chance)
                    )
                continue
            if no := flow.packets - inside:
                following.append(flow.narrowed(no))
            if yes:
                found.append(flow.narrowed(yes))
        return found

    def _called(
        self,
        chain: Chain,
        target: str,
        flows: list[Flow],
        where: Situation,
        result: Passed,
        accepted: list[Flow],
        depth: int,
    ) -> list[Flow]:
        called = self._chains.get((*chain.key[:2], target))
        if called is None:
            return flows
        more, rest = self._through(called, flows, where, result, depth + 1)
        accepted += more
        return rest

    # Maps

    def _by_map(
        self,
        chain: Chain,
        value: Any,
        flows: list[Flow],
        where: Situation,
        result: Passed,
        accepted: list[Flow],
        returned: list[Flow],
        depth: int,
    ) -> list[Flow]:
        following: list[Flow] = []
        sets = self._sets[chain.key[:2]]
        elements = self._changes.elements(value["key"], value["data"], where, sets)
        for flow in flows:
            rest = flow.packets
            for inside, term, verdict in elements:
                yes = flow.packets & inside
                if not yes:
                    continue
                if not (term.doubt or term.chance):
                    rest -= inside
                one = flow.narrowed(yes)
                one = one.doubtful(f"a map by {term.doubt}") if term.doubt else one
                one = one.only_sometimes(term.chance) if term.chance else one
                kind, target = _word(verdict)
                if kind == "accept":
                    accepted.append(one)
                elif kind in ("jump", "goto"):
                    after = self._called(chain, target["target"], [one], where, result, accepted, depth)
                    (following if kind == "jump" else returned).extend(after)
                elif kind == "return":
                    returned.append(one)
                elif kind == "continue":
                    following.append(one)
            if rest:
                following.append(flow.narrowed(rest))
        return following

    @staticmethod
    def _elsewhere(value: Any, flows: list[Flow], result: Passed, by: str) -> None:
        device = value.get("dev") if isinstance(value, dict) else None
        for flow in flows:
            result.leaving.append((str(device or ""), flow.through(by)))


def _word(expression: Any) -> tuple[str, Any]:
    """A statement or verdict, and what it has to say."""
    return next(iter(expression.items())) if isinstance(expression, dict) else (str(expression), None)


def _chain(key: tuple[str, str, str], one: Mapping[str, Any], rules: list[tuple[int, tuple[Any, ...]]]) -> Chain:
    device = one.get("dev", one.get("devs", ()))
    priority = one.get("prio", 0)
    return Chain(
        key,
        one.get("hook", ""),
        one.get("type", ""),
        priority if isinstance(priority, int) else _PRIORITIES.get(str(priority), 0),
        one.get("policy", "accept"),
        (device,) if isinstance(device, str) else tuple(device),
        tuple(rules),
    )
