"""What verbs became: for each one the commands, messages and files that did it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from raslab.services.changes import Change


@dataclass(frozen=True)
class Deed:
    """One verb as it was called, and the lines that an administrator would have typed instead.

    by_itself: it was no verb but something that happened; `verb` is a sentence then.
    """

    verb: str
    lines: tuple[str, ...]
    by_itself: bool = False


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

    @property
    def last(self) -> Explanation:
        """The last verb alone, with what has happened by itself just before it and since."""
        verbs = [number for number, deed in enumerate(self.deeds) if not deed.by_itself]
        start = verbs[-2] + 1 if len(verbs) > 1 else 0
        return Explanation(self.deeds[start:])

    __repr__ = __str__


def service_lines(changes: Iterable[Change]) -> Iterator[str]:
    """The lines of changed services, each service under a heading."""
    for change in changes:
        yield f"# {change.node}: {change.service} {change.action}"
        yield from change.lines
