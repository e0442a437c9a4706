"""What a running lab tells the one who started it, one JSON object per line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

Value = str | int | float | None


@dataclass(frozen=True)
class Started:
    """The lab runs: where (see `raslab.machine.here`), and how long each measurement lasts."""

    machine: str
    clock: str
    kernel: str
    seconds: float
    kind: ClassVar[str] = "started"


@dataclass(frozen=True)
class Progress:
    """Step `step` of `steps` begins."""

    step: int
    steps: int
    label: str
    kind: ClassVar[str] = "progress"


@dataclass(frozen=True)
class Row:
    """A step has come to figures: a row of the lab's table, and the one figure to show while it runs."""

    values: dict[str, Value]
    figure: str
    kind: ClassVar[str] = "row"


@dataclass(frozen=True)
class Note:
    """Something a reader of the results should know."""

    text: str
    kind: ClassVar[str] = "note"


@dataclass(frozen=True)
class Commands:
    """The same by hand: a heading and the command lines."""

    title: str
    lines: list[str]
    kind: ClassVar[str] = "commands"


@dataclass(frozen=True)
class Failed:
    """The lab ended early; `text` is a sentence for the user."""

    text: str
    kind: ClassVar[str] = "failed"


@dataclass(frozen=True)
class Finished:
    """The lab came to its end."""

    kind: ClassVar[str] = "finished"


Event = Started | Progress | Row | Note | Commands | Failed | Finished

Emit = Callable[[Event], None]
"""Takes what a running lab tells."""

_KINDS: dict[str, Any] = {one.kind: one for one in (Started, Progress, Row, Note, Commands, Failed, Finished)}


def to_line(event: Event) -> str:
    """One line of JSON, without the line end."""
    return json.dumps({"event": event.kind} | asdict(event))


def from_line(line: str) -> Event:
    """The event that a line holds; raises ValueError if it holds none."""
    fields = json.loads(line)
    if not isinstance(fields, dict) or fields.get("event") not in _KINDS:
        raise ValueError(f"not an event: {line!r}")
    kind = fields.pop("event")
    try:
        event: Event = _KINDS[kind](**fields)
    except TypeError as error:
        raise ValueError(f"not a {kind} event: {line!r}") from error
    return event
