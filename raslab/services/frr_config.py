"""FRR configurations as trees, and the lines that lead from one to another.

A configuration is text as FRR reads it: a context (`router bgp 65001`, `address-family ...`, `route-map ...`) and below
it, indented, what belongs to it. `exit` lines and `!` say nothing that the indentation does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_CONTEXT = re.compile(
    r"router |address-family |route-map |vrf |interface |bfd$|peer |profile |key chain |key \d|line vty"
)
_FILLER = re.compile(r"\s*(!.*|#.*|end|exit|exit-\S+)?$")
# Others refer to these, so they are made first and removed last.
_DEFINITION = re.compile(r"(ip|ipv6) prefix-list |(ip|ipv6)? ?access-list |bgp (\S*community-list|as-path) |route-map ")
# Contexts without a `no` form that would remove all of their contents.
_NOT_REMOVABLE = re.compile(r"address-family |interface |bfd$|line vty")
# How many words tell one such line from another of the same kind.
_LISTS = {"network": 2, "aggregate-address": 2, "redistribute": 2, "description": 1, "table-map": 1, "hostname": 1}
_WHOLE = ("ip route", "ipv6 route", "import vrf", "log", "debug", "send-community")
_WITH_DIRECTION = ("route-map", "prefix-list", "filter-list", "distribute-list")
_MATCH_WORDS = re.compile(
    r"ip|ipv6|address|next-hop|route-source|prefix-list|prefix-len|as-path|(large-|ext)?community|metric|peer|tag|interface"
    r"|local-preference|origin|source-protocol|type"
)
_SET_WORDS = re.compile(r"ip|ipv6|next-hop|global|local|as-path|prepend|exclude")


@dataclass(frozen=True)
class Tree:
    """A context with its lines and the contexts in it, each in the order in which it was written."""

    lines: tuple[str, ...] = ()
    contexts: dict[str, Tree] = field(default_factory=dict)


def parse(text: str) -> Tree:
    """The tree of a configuration. A context that is written twice is one."""
    rows = [
        (len(row) - len(row.lstrip()), " ".join(row.split())) for row in text.splitlines() if not _FILLER.match(row)
    ]
    return _tree(rows)


def _tree(rows: list[tuple[int, str]]) -> Tree:
    lines: dict[str, None] = {}
    inside: dict[str, list[tuple[int, str]]] = {}
    current: list[tuple[int, str]] | None = None
    depth = rows[0][0] if rows else 0
    for indent, line in rows:
        if current is not None and indent > depth:
            current.append((indent, line))
        elif _CONTEXT.match(line):
            current = inside.setdefault(line, [])
        else:
            current = None
            lines[line] = None
    return Tree(tuple(lines), {head: _tree(below) for head, below in inside.items()})


def difference(old: Tree, new: Tree) -> tuple[str, ...]:
    """The lines, to be sent in order in configuration mode, that turn `old` into `new`.

    What is in both is not sent, so the sessions that it belongs to stay up. Definitions (prefix lists, route-maps) are
    made before and removed after what refers to them.
    """
    gone = [line for line in _removed_lines(old, new) if _DEFINITION.match(line)]
    gone_contexts = [head for head in old.contexts if head not in new.contexts and _DEFINITION.match(head)]
    first = [line for line in _added_lines(old, new) if _DEFINITION.match(line)]
    return (
        *first,
        *(line for head in new.contexts if _DEFINITION.match(head) for line in _enter(head, old, new)),
        *_change(_without(old, gone, gone_contexts), new, done=first),
        *(f"no {head}" for head in gone_contexts),
        *map(_negated, gone),
    )


def _without(tree: Tree, lines: Iterable[str], contexts: Iterable[str]) -> Tree:
    left_out, heads = set(lines), set(contexts)
    return Tree(
        tuple(line for line in tree.lines if line not in left_out),
        {head: below for head, below in tree.contexts.items() if head not in heads},
    )


def _change(old: Tree, new: Tree, done: Iterable[str] = (), dead: frozenset[str] = frozenset()) -> Iterator[str]:
    """Removals, then additions, in one context. dead: neighbours that have been removed already."""
    skip = set(done)
    removed = list(_removed_lines(old, new))
    gone = _made(old) - _made(new)
    neighbours = dead | gone
    for head in reversed(old.contexts):
        if head not in new.contexts:
            yield from _remove(head, old.contexts[head], neighbours)
    yield from (f"no neighbor {name}" for name in sorted(gone))
    yield from (_negated(line) for line in reversed(removed) if _neighbour(line) not in neighbours)
    yield from (line for line in _added_lines(old, new) if line not in skip)
    for head in new.contexts:
        if not _DEFINITION.match(head):
            yield from _enter(head, old, new, neighbours)


def _enter(head: str, old: Tree, new: Tree, dead: frozenset[str] = frozenset()) -> Iterator[str]:
    """The change of one context that shall be there, between its head and `exit`; nothing if it is as it shall be."""
    before = old.contexts.get(head)
    inside = list(_change(before or Tree(), new.contexts[head], dead=dead))
    if before is None or inside:
        yield from (head, *inside, "exit")


def _remove(head: str, below: Tree, dead: frozenset[str]) -> Iterator[str]:
    if not _NOT_REMOVABLE.match(head):
        yield f"no {head}"
    elif inside := list(_change(below, Tree(), dead=dead)):
        yield from (head, *inside, "exit")


def _removed_lines(old: Tree, new: Tree) -> Iterator[str]:
    """Lines of `old` that are neither in `new` nor replaced by one there."""
    there = {identity(line) for line in new.lines}
    return (line for line in old.lines if line not in new.lines and identity(line) not in there)


def _added_lines(old: Tree, new: Tree) -> Iterator[str]:
    return (line for line in new.lines if line not in old.lines)


def _negated(line: str) -> str:
    return line.removeprefix("no ") if line.startswith("no ") else f"no {line}"


def _made(tree: Tree) -> frozenset[str]:
    """The neighbours that a context has. `no neighbor X` takes all lines about one, in its address families too."""
    rows = (line.split() for line in tree.lines if line.startswith("neighbor "))
    return frozenset(words[1] for words in rows if _makes_neighbour(words[2:]))


def _makes_neighbour(words: list[str]) -> bool:
    return words[0] in ("remote-as", "interface") or (words[0] == "peer-group" and len(words) == 2)


def _neighbour(line: str) -> str | None:
    words = line.removeprefix("no ").split()
    return words[1] if words[0] == "neighbor" else None


def identity(line: str) -> tuple[str, ...]:
    """The words that name a setting: a later line with the same ones replaces this one."""
    words = line.removeprefix("no ").split()
    if line.startswith(_WHOLE):
        return tuple(words)
    if "seq" in words[:-1]:
        return tuple(words[: words.index("seq") + 2])
    match words[0]:
        case "neighbor" if len(words) > 2:
            return _neighbour_identity(words)
        case "match":
            return ("match", *_leading(words[1:], _MATCH_WORDS))
        case "set":
            return ("set", *(_leading(words[1:], _SET_WORDS) or words[1:2]))
        case word if word in _LISTS:
            return tuple(words[: _LISTS[word]])
    return tuple(_leading(words, re.compile(r"[a-z][a-z-]*")))


def _neighbour_identity(words: list[str]) -> tuple[str, ...]:
    what, rest = words[2], words[3:]
    if what in _WITH_DIRECTION:
        return (*words[:3], words[-1])
    if what in _WHOLE:
        return tuple(words)
    if what in ("bfd", "timers", "capability"):
        return (*words[:3], *(rest[:1] if rest and rest[0].isalpha() else ()))
    if what == "peer-group" and not rest:
        return (*words[:3], "itself")
    return tuple(words[:3])


def _leading(words: list[str], pattern: re.Pattern[str]) -> list[str]:
    """The words up to the first that does not match."""
    for position, word in enumerate(words):
        if not pattern.fullmatch(word):
            return words[:position]
    return words
