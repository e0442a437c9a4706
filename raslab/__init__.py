"""raslab: build, run, break and measure site-to-site networks on a real Linux dataplane."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from raslab.notebook.capture import ShownCapture
    from raslab.notebook.doctor import ShownDiagnosis
    from raslab.notebook.figure import Figure
    from raslab.notebook.lab import Lab
    from raslab.notebook.verdict import ShownVerdict

__version__ = "0.1.0"


def lab(what: Any, **parameters: Any) -> Lab:
    """A lab to start, watch and measure in a notebook or a program.

    what: the name of a lab, see `raslab labs`, or of a topology, or a topology of one's own. parameters: those of the
    lab's topology. Raises UnknownLabError, TopologyError.
    """
    from raslab.notebook.labs import open_lab  # not before it is needed: pandas takes a second

    return open_lab(what, **parameters)


def check(question: str, answer: Any, expected: Any = True, **options: Any) -> ShownVerdict:
    """The verdict on an answer, or on what a function sees in the network; see `raslab.course.checks.judge`.

    check("host2 reaches host1", lambda: lab.reaches("host2", "host1"))
    check("How many bytes does GRE with a key add?", 28, expected=28)
    """
    from raslab.notebook.verdict import check

    return check(question, answer, expected, **options)


def doctor() -> ShownDiagnosis:
    """What the machine that this runs in can do for labs. Raises ScratchNamespaceError."""
    from raslab.notebook.doctor import doctor

    return doctor()


def frame(records: Iterable[Any], *columns: str) -> pd.DataFrame:
    """What a gateway answers as a frame, with all columns or those named; see `raslab.notebook.records.frame`."""
    from raslab.notebook.records import frame

    return frame(records, *columns)


def read_capture(path: str | Path, **options: Any) -> ShownCapture:
    """The packets of a pcap or pcapng file as a frame, a ladder and boxes; see `raslab.notebook.capture.open_capture`.

    Raises CaptureFileError.
    """
    from raslab.notebook.capture import open_capture

    return open_capture(path, **options)


def sweep(experiment: Callable[..., Mapping[str, Any]], **parameters: Iterable[Any]) -> pd.DataFrame:
    """Call `experiment` with every combination of the parameters' values; see `raslab.notebook.sweep`."""
    from raslab.notebook.sweep import sweep

    return sweep(experiment, **parameters)


def bar_chart(frame: pd.DataFrame, *, value: str, groups: str | Sequence[str], **options: Any) -> Figure:
    """A chart with a bar for each row of a frame; see `raslab.notebook.bar_chart`."""
    from raslab.notebook.bar_chart import bar_chart

    return bar_chart(frame, value=value, groups=groups, **options)
