"""Values that are neither text nor a number, or no kernel's number: nothing else can be asked about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from raslab.model import sentences
from raslab.model.topology import Topology

_TEXTS = ("node", "interface", "parent", "dev", "vrf", "master")
_NUMBERS = range(-(2**63), 2**64)


def check(topology: Topology) -> Iterator[str]:
    """A sentence for each value that no other check could look at."""
    for part in fields(topology):
        for record in getattr(topology, part.name):
            yield from _record(record)


def _record(record: Any) -> Iterator[str]:
    for field in fields(record):
        value = getattr(record, field.name)
        for one in value if isinstance(value, tuple) else (value,):
            if is_dataclass(one):
                yield from _record(one)
            elif isinstance(one, tuple):
                continue  # pairs of a node's folders, which are told by its class
            elif not _can_be_looked_at(one, field.name):
                what = f"{field.name} of {type(record).__name__.lower()} {_named(record)}".rstrip()
                wanted = "text" if field.name in _TEXTS else "text or a number"
                yield f"{what} cannot be {sentences.quoted(one)}: give {wanted}."


def _named(record: Any) -> str:
    """Node and name of a record, as far as they are text."""
    texts = (getattr(record, name, None) for name in ("node", "name"))
    return " ".join(sentences.shown(text) for text in texts if isinstance(text, str))


def _can_be_looked_at(value: object, field: str) -> bool:
    if value is None:
        return True
    if field in _TEXTS:
        return isinstance(value, str)
    if isinstance(value, int):
        return value in _NUMBERS
    return isinstance(value, str | float | Enum)
