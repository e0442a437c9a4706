"""What a lab's run brought: the table, and how it came about."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from raslab.course.events import Commands, Event, Note, Row, Started, Value
from raslab.machine.here import Here

if TYPE_CHECKING:
    import pandas as pd

MADE_WITH = "made_with"


@dataclass(frozen=True)
class Results:
    """A finished run.

    columns: of the table, in order; a row may lack some. started: where and how it ran. seconds_taken: wall time
    of the whole run, None if it is not to be told. made_with: versions on which the figures depend, by program.
    """

    lab: str
    title: str
    columns: tuple[str, ...]
    started: Started
    rows: list[dict[str, Value]]
    notes: list[str] = field(default_factory=list)
    commands: list[Commands] = field(default_factory=list)
    seconds_taken: float | None = None
    made_with: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def collect(
        cls,
        lab: str,
        title: str,
        columns: tuple[str, ...],
        events: Iterable[Event],
        seconds_taken: float | None = None,
        programs: Mapping[str, str] | None = None,
    ) -> Results:
        """From the events of a run, the first of which is Started. programs: versions besides the kernel's."""
        first, *others = events
        assert isinstance(first, Started)
        return cls(
            lab=lab,
            title=title,
            columns=columns,
            started=first,
            rows=[one.values for one in others if isinstance(one, Row)],
            notes=[one.text for one in others if isinstance(one, Note)],
            commands=[one for one in others if isinstance(one, Commands)],
            seconds_taken=seconds_taken,
            made_with={"Linux": first.kernel, **(programs or {})},
        )

    @property
    def faults(self) -> list[str]:
        """Sentences about what is not as it should be: those that rows have as ``fault``."""
        return [str(row["fault"]) for row in self.rows if row.get("fault")]

    @property
    def versions(self) -> str:
        """What the figures were made with, in words."""
        return ", ".join(f"{name} {version}" for name, version in self.made_with.items())

    def csv(self) -> str:
        """The table as CSV (RFC 4180, with plain line feeds); nothing in it depends on date or computer name.

        A last column, ``made_with``, has the versions on which the figures depend.
        """
        text = io.StringIO()
        writer = csv.DictWriter(text, (*self.columns, MADE_WITH), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | {MADE_WITH: self.versions} for row in self.rows)
        return text.getvalue()

    def json(self) -> str:
        """One JSON object: lab, machine, clock, kernel, seconds, made_with, rows, notes."""
        return json.dumps(
            {
                "lab": self.lab,
                "machine": self.started.machine,
                "clock": self.started.clock,
                "kernel": self.started.kernel,
                "seconds": self.started.seconds,
                MADE_WITH: dict(self.made_with),
                "rows": [{name: row.get(name) for name in self.columns} for row in self.rows],
                "notes": self.notes,
            },
            indent=2,
        )

    def frame(self) -> pd.DataFrame:
        """The table as a pandas frame with the usual attributes."""
        import pandas as pd

        from raslab.measure.frame import attributes

        frame = pd.DataFrame(self.rows, columns=list(self.columns))
        surroundings = Here(self.started.machine, self.started.clock, self.started.kernel)
        frame.attrs = attributes(self.lab, surroundings, [line for group in self.commands for line in group.lines])
        return frame
