"""Tables of nftables as data, and the commands that lead from one to another. Pure.

A chain or set that stays as it is is not touched, so its counters and elements stay; named counters keep their values
in every case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

_NO_WORD = re.compile(r"[^A-Za-z0-9_.-]")
_CHECKSUM_DIGITS = 16  # enough that nobody finds two names with one checksum
_MARKED = re.compile(rf"-[0-9a-f]{{{_CHECKSUM_DIGITS}}}$")


@dataclass(frozen=True)
class Chain:
    """A chain. header: of a base chain, such as ``type nat hook postrouting priority srcnat; policy accept;``."""

    header: str = ""
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class NftSet:
    """A set, or a map (kind). header: such as ``type ipv4_addr; flags interval``; elements: as nft reads them."""

    header: str
    elements: tuple[str, ...] = ()
    kind: str = "set"


@dataclass(frozen=True)
class Table:
    """A table of a family (`inet`, `ip`, `ip6`, `bridge`, `netdev`).

    counters: names of counters, for rules to use. timeouts: how long conntrack remembers the connections for which a
    rule says so, by name, such as ``protocol udp; policy = { replied : 60 }``.
    """

    family: str
    name: str
    chains: Mapping[str, Chain] = field(default_factory=dict)
    sets: Mapping[str, NftSet] = field(default_factory=dict)
    counters: tuple[str, ...] = ()
    timeouts: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Family and name, as commands name the table."""
        return f"{self.family} {self.name}"


def word(name: str) -> str:
    """A name of our user's as nft takes it within the name of a chain or set: letters, digits, `_`, `-` and `.`.

    No two names have one word: one that is changed, or that ends as if it were, ends in a checksum. Words never hold
    a slash, so that one may stand between two of them.
    """
    found = _NO_WORD.sub("_", name)
    if found == name and not _MARKED.search(name):
        return found
    return f"{found}-{sha256(name.encode(errors='surrogatepass')).hexdigest()[:_CHECKSUM_DIGITS]}"


def fresh(table: Table) -> tuple[str, ...]:
    """Commands that make a table, in place of one of the same name that somebody may have made."""
    return (f"add table {table.key}", f"delete table {table.key}", *script(Table(table.family, table.name), table))


def gone(table: Table) -> tuple[str, ...]:
    """Commands that remove a table."""
    return (f"delete table {table.key}",)


def script(old: Table, new: Table) -> tuple[str, ...]:
    """Commands that turn `old` into `new`, for one transaction."""
    return tuple(_script(old, new)) if old != new else ()


def _script(old: Table, new: Table) -> Iterator[str]:
    """Elements may lead to chains (verdict maps), and rules use sets: so elements go before chains and come after."""
    table = new.key
    yield f"add table {table}"
    remade = {name for name, one in old.sets.items() if name in new.sets and _made_as(one) != _made_as(new.sets[name])}
    dropped = [name for name in old.sets if name not in new.sets]
    kept = {name: one for name, one in old.sets.items() if name not in remade}
    ended = [name for name, policy in old.timeouts.items() if new.timeouts.get(name) != policy]
    changed = [name for name, chain in new.chains.items() if _changed(name, chain, old, {*remade, *dropped, *ended})]
    rebased = [name for name in changed if name in old.chains and old.chains[name].header != new.chains[name].header]
    removed = [name for name in old.chains if name not in new.chains]
    for name, one in new.sets.items():
        yield from _lost(table, name, kept.get(name), one)
    yield from (f"flush chain {table} {name}" for name in (*removed, *changed) if name in old.chains)
    yield from (f"delete {old.sets[name].kind} {table} {name}" for name in (*dropped, *sorted(remade)))
    yield from (f"delete chain {table} {name}" for name in (*removed, *rebased))
    yield from (f"delete counter {table} {name}" for name in old.counters if name not in new.counters)
    yield from (f"delete ct timeout {table} {name}" for name in ended)
    yield from (f"add counter {table} {name}" for name in new.counters if name not in old.counters)
    for name, policy in new.timeouts.items():
        if old.timeouts.get(name) != policy:
            yield f"add ct timeout {table} {name} {{ {policy.strip().rstrip(';')}; }}"
    for name, one in new.sets.items():
        if name not in kept:
            yield f"add {one.kind} {table} {name} {{ {one.header.strip().rstrip(';')}; }}"
    for name in changed:
        if name not in old.chains or name in rebased:
            header = new.chains[name].header.strip().rstrip(";")
            yield f"add chain {table} {name}" + (f" {{ {header}; }}" if header else "")
    for name, one in new.sets.items():
        yield from _fresh(table, name, kept.get(name), one)
    for name in changed:
        yield from (f"add rule {table} {name} {rule}" for rule in new.chains[name].rules)


def _changed(name: str, chain: Chain, old: Table, renewed: set[str]) -> bool:
    """True if a chain has to be filled afresh, be it for a set or a time-out that its rules refer to."""
    if old.chains.get(name) != chain:
        return True
    used = set(re.findall(r'(?:@|timeout set ")([\w./-]+)', " ".join(chain.rules)))
    return bool(used & renewed)


def _made_as(one: NftSet) -> tuple[str, str]:
    return one.kind, one.header


def _lost(table: str, name: str, old: NftSet | None, new: NftSet) -> Iterator[str]:
    """What a set that stays loses. A map's element is removed by its key."""
    lost = [one.split(" : ")[0] for one in (old.elements if old else ()) if one not in new.elements]
    if lost:
        yield f"delete element {table} {name} {{ {', '.join(lost)} }}"


def _fresh(table: str, name: str, old: NftSet | None, new: NftSet) -> Iterator[str]:
    added = [one for one in new.elements if old is None or one not in old.elements]
    if added:
        yield f"add element {table} {name} {{ {', '.join(added)} }}"
