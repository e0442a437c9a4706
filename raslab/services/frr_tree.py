"""Trees of FRR's configuration, and what FRR takes for granted in them.

A line that says what holds without it is not missed when it goes, and its contrary is not its absence. Such lines are
taken out before two configurations are compared. The facts are those of bgpd/bgp_vty.c in FRR 8.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

_IDLE_LINES = {
    "traditional": {"bgp ebgp-requires-policy", "bgp network import-check", "bgp default ipv4-unicast"},
    "datacenter": {
        "no bgp ebgp-requires-policy",
        "bgp network import-check",
        "bgp default ipv4-unicast",
        "bgp deterministic-med",
        "bgp log-neighbor-changes",
    },
}
_ROUTER = "router bgp"
_FAMILY = "address-family ipv4 unicast"
_NOT_ACTIVE = "no bgp default ipv4-unicast"


@dataclass(frozen=True)
class Tree:
    """A context with its lines and the contexts in it, each in the order in which it was written."""

    lines: tuple[str, ...] = ()
    contexts: dict[str, Tree] = field(default_factory=dict)


def neighbour_of(line: str) -> str | None:
    """The neighbour that a line is about."""
    words = line.removeprefix("no ").split()
    return words[1] if words[0] == "neighbor" and len(words) > 1 else None


def comparable(old: Tree, new: Tree) -> tuple[Tree, Tree]:
    """Two configurations without lines that only say what holds anyway.

    Whether a neighbour takes part in IPv4 unicast without being told depends on a line of its router. If that line
    comes or goes, what the neighbours do is said in both.
    """
    old, new = _without_idle_lines(old), _without_idle_lines(new)
    pairs = [head for head in new.contexts if head.startswith(_ROUTER)]
    for head in pairs:
        before = old.contexts.get(head)
        say = _outspoken if before and _active(before) != _active(new.contexts[head]) else _silent
        old, new = (_with_router(tree, head, say) for tree in (old, new))
    return old, new


def _without_idle_lines(tree: Tree) -> Tree:
    profile = next((line.split()[-1] for line in tree.lines if line.startswith("frr defaults ")), "traditional")
    return _without(tree, _IDLE_LINES.get(profile, set()))


def _without(tree: Tree, lines: Iterable[str]) -> Tree:
    left_out = set(lines)
    kept = tuple(line for line in tree.lines if line not in left_out)
    return Tree(kept, {head: _without(below, left_out) for head, below in tree.contexts.items()})


def _active(router: Tree) -> bool:
    """True if neighbours take part in IPv4 unicast unless they are told not to."""
    return _NOT_ACTIVE not in router.lines


def _with_router(tree: Tree, head: str, change: Callable[[Tree], Tree]) -> Tree:
    if head not in tree.contexts:
        return tree
    return replace(tree, contexts=tree.contexts | {head: change(tree.contexts[head])})


def _silent(router: Tree) -> Tree:
    """A router that does not say of its neighbours what holds anyway."""
    family = router.contexts.get(_FAMILY)
    if family is None:
        return router
    idle = {_activation(name, _active(router)) for name in map(neighbour_of, family.lines) if name}
    kept = tuple(line for line in family.lines if line not in idle)
    return replace(router, contexts=router.contexts | {_FAMILY: replace(family, lines=kept)})


def _outspoken(router: Tree) -> Tree:
    """A router that says of each neighbour whether it takes part."""
    family = router.contexts.get(_FAMILY, Tree())
    names = dict.fromkeys(filter(None, map(neighbour_of, router.lines)))
    said = [_activation(name, _active(router)) for name in names if not _told(family, name)]
    return replace(router, contexts=router.contexts | {_FAMILY: replace(family, lines=(*said, *family.lines))})


def _told(family: Tree, name: str) -> bool:
    return any(_activation(name, active) in family.lines for active in (True, False))


def _activation(name: str, active: bool) -> str:
    return f"{'' if active else 'no '}neighbor {name} activate"
