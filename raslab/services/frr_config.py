"""FRR configurations as trees, and the lines that lead from one to another.

A configuration is text as FRR reads it: a context (`router bgp 65001`, `address-family ...`, `route-map ...`) and below
it, indented, what belongs to it. `exit` lines and `!` say nothing that the indentation does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from raslab.services.frr_tree import Tree, comparable, neighbour_of

_CONTEXT = re.compile(
    r"router |address-family |route-map |vrf |interface |bfd$|peer |profile |key chain |key \d|line vty"
)
_FILLER = re.compile(r"\s*(!.*|#.*|end|exit|exit-\S+)?$")
# Others refer to these, so they are made first and removed last.
_DEFINITION = re.compile(r"(ip|ipv6) prefix-list |(ip|ipv6)? ?access-list |bgp (\S*community-list|as-path) |route-map ")
# Contexts without a `no` form that would remove all of their contents.
_NOT_REMOVABLE = re.compile(r"address-family |interface |line vty|vrf ")
_ITSELF = "peer-group"  # stands for the group of what is one
# How many words tell one such line from another of the same kind.
_LISTS = {"network": 2, "aggregate-address": 2, "redistribute": 2, "description": 1, "table-map": 1, "hostname": 1}
_WHOLE = ("ip route", "ipv6 route", "import vrf", "log", "debug", "send-community")
_WITH_DIRECTION = ("route-map", "prefix-list", "filter-list", "distribute-list")
_MATCH_WORDS = re.compile(
    r"ip|ipv6|address|next-hop|route-source|prefix-list|prefix-len|as-path|(large-|ext)?community|metric|peer|tag|interface"
    r"|local-preference|origin|source-protocol|type"
)
_SET_WORDS = re.compile(r"ip|ipv6|next-hop|global|local|as-path|prepend|exclude")


def parse(text: str) -> Tree:
    """The tree of a configuration. A context that is written twice is one."""
    rows = [(len(row) - len(row.lstrip()), " ".join(row.split())) for row in text.split("\n") if not _FILLER.match(row)]
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
    old, new = comparable(old, new)
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


def _change(old: Tree, new: Tree, done: Iterable[str] = ()) -> Iterator[str]:
    """Removals, then additions, in one context; not of the lines that have been done already."""
    skip = set(done)
    gone = _lost_neighbours(old, new)
    kinds = _neighbours(old)
    yield from (f"no neighbor {name}" + (" peer-group" if kinds[name] is _ITSELF else "") for name in gone)
    left = _about_others(old, set(gone))
    for head in reversed(left.contexts):
        if head not in new.contexts:
            yield from _remove(head, left.contexts[head])
    yield from (_removal(line, new) for line in reversed(list(_removed_lines(left, new))))
    yield from (line for line in _added_lines(left, new) if line not in skip)
    for head in new.contexts:
        if not _DEFINITION.match(head):
            yield from _enter(head, left, new)


def _enter(head: str, old: Tree, new: Tree) -> Iterator[str]:
    """The change of one context that shall be there, between its head and `exit`; nothing if it is as it shall be."""
    before = old.contexts.get(head)
    inside = list(_change(before or Tree(), new.contexts[head]))
    if before is None or inside:
        yield from (head, *inside, "exit")


def _remove(head: str, below: Tree) -> Iterator[str]:
    if not _NOT_REMOVABLE.match(head):
        yield f"no {head}"
    elif inside := list(_change(below, Tree())):
        yield from (head, *inside, "exit")


def _removed_lines(old: Tree, new: Tree) -> Iterator[str]:
    """Lines of `old` that are neither in `new` nor replaced by one there."""
    there = {identity(line) for line in new.lines}
    return (line for line in old.lines if line not in new.lines and identity(line) not in there)


def _added_lines(old: Tree, new: Tree) -> Iterator[str]:
    return (line for line in new.lines if line not in old.lines)


def _removal(line: str, new: Tree) -> str:
    """The line that takes one away. A neighbour whose BFD loses its profile only would still have BFD."""
    neighbour, profile, _ = line.partition(" bfd profile ")
    return f"no {neighbour} bfd" if profile and f"{neighbour} bfd" not in new.lines else _negated(line)


def _negated(line: str) -> str:
    return line.removeprefix("no ") if line.startswith("no ") else f"no {line}"


def _lost_neighbours(old: Tree, new: Tree) -> list[str]:
    """The neighbours to remove, as `no neighbor` names them: those that go, or change their group; groups last."""
    before, after = _neighbours(old), _neighbours(new)
    lost = [name for name, group in before.items() if name not in after or after[name] != group]
    return sorted(lost, key=lambda name: before[name] is _ITSELF)


def _neighbours(tree: Tree) -> dict[str, str | None]:
    """What a context's neighbours are: members of a group, a group themselves, or None of both."""
    found: dict[str, str | None] = {}
    for words in (line.split() for line in tree.lines if line.startswith("neighbor ")):
        if words[2:] == ["peer-group"]:
            found[words[1]] = _ITSELF
        elif "peer-group" in words[2:-1]:
            found[words[1]] = words[words.index("peer-group") + 1]
        elif words[2] in ("remote-as", "interface"):
            found.setdefault(words[1], None)
    return found


def _about_others(tree: Tree, neighbours: set[str]) -> Tree:
    """A context without what it says about some neighbours: `no neighbor X` takes all of it away, in families too."""
    lines = (line for line in tree.lines if neighbour_of(line) not in neighbours)
    return Tree(tuple(lines), {head: _about_others(below, neighbours) for head, below in tree.contexts.items()})


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
