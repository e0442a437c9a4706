"""What verbs became: for each one the commands, messages and files that did it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from raslab.services.changes import Change


@dataclass(frozen=True)
class Deed:
    """One verb as it was called, and the lines that an administrator would have typed instead."""

    verb: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """Deeds in order; as text each is the verb as a comment and its lines below."""

    deeds: tuple[Deed, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of all deeds."""
        return tuple(line for deed in self.deeds for line in deed.lines)

    def __str__(self) -> str:
        return "\n".join(line for deed in self.deeds for line in (f"# {deed.verb}", *deed.lines))

    __repr__ = __str__


def service_lines(changes: Iterable[Change]) -> Iterator[str]:
    """The lines of changed services, each service under a heading."""
    for change in changes:
        yield f"# {change.node}: {change.service} {change.action}"
        yield from change.lines
