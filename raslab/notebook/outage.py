"""`LabOutage`: an outage as a notebook shows it, with a chart of the round trips."""

from __future__ import annotations

from types import TracebackType

import pandas as pd

from raslab.measure import Outage
from raslab.notebook import round_trips
from raslab.notebook.figure import Figure


class LabOutage:
    """Probes while the block runs; what it found can be read after it.

    with lab.outage("host2", "host1") as seen:
        lab.cut("gw1-transport")
        lab.run_for(5)
    seen.chart()
    """

    def __init__(self, outage: Outage, ends: str) -> None:
        """outage: not begun yet. ends: from where to where, for people."""
        self._outage = outage
        self._ends = ends

    def __enter__(self) -> LabOutage:
        self._outage.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._outage.__exit__(kind, error, trace)

    @property
    def outage_ms(self) -> float:
        """How long the longest gap lasted; 0 if every probe was answered."""
        return self._outage.outage_ms

    @property
    def sent(self) -> int:
        """How many probes were sent."""
        return self._outage.sent

    @property
    def lost(self) -> int:
        """How many of them were not answered."""
        return self._outage.lost

    @property
    def frame(self) -> pd.DataFrame:
        """One row per gap: when it began and ended, how long it lasted, how many probes were lost in it."""
        return self._outage.frame

    @property
    def probes(self) -> pd.DataFrame:
        """One row per probe: when it was sent, and how long its answer took."""
        return self._outage.probes

    def chart(self, title: str = "", *, begin_s: float = 0.0, end_s: float | None = None) -> Figure:
        """Round-trip times over time, and the gaps. begin_s, end_s: the part to show, all of it if left out."""
        series = self._outage.series
        last = end_s if end_s is not None else (series[-1].sent_s + self._outage.interval_s if series else 0.0)
        named = title or f"Round trips {self._ends}"
        drawn = round_trips.read(series, self._outage.gaps, begin_s=begin_s, end_s=last)
        return Figure(round_trips.to_svg(named, drawn), f"Chart: {named}, {drawn}")

    def __repr__(self) -> str:
        return f"<Outage {self._ends}: {self.lost} of {self.sent} probes lost>"
