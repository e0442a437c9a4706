"""What a lab is: a description and what to do when it runs. Each lives in a folder of its own under `labs/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from raslab.course.events import Emit
from raslab.course.results import Results
from raslab.course.scenario import COLUMNS, Scenario


@dataclass(frozen=True)
class Lab:
    """A lab as `labs/<name>/lab.py` describes it, in a variable called LAB.

    name: as typed by users, with hyphens. scenarios: numbers of the scenarios it rebuilds, such as S20.
    summary: one line. columns: of the table that it measures, in order. minor_columns: those that a narrow terminal
    can do without, the least important first. decimals: of the columns whose figures are not whole.
    default_seconds: steady state that each measurement lasts by default, by clock (``real``, ``virtual``).
    run: does the work inside a lab machine; gets the seconds per measurement and a function that takes events.
    report: writes a report about results into an existing folder and returns the page to open.
    topology: makes the lab's network as a `Topo` to play with; its parameters, all with defaults, are up to the lab.
    None for a lab that has none to show.
    scenario: what a lab that asks questions is made of; None for one that measures.
    programs: those whose versions its figures depend on, besides the kernel and Python.
    """

    name: str
    title: str
    scenarios: tuple[str, ...]
    summary: str
    columns: tuple[str, ...]
    minor_columns: tuple[str, ...]
    decimals: Mapping[str, int]
    default_seconds: dict[str, float]
    run: Callable[[float, Emit], None]
    report: Callable[[Results, Path], Path]
    topology: Callable[..., Any] | None = None
    scenario: Scenario | None = None
    programs: tuple[str, ...] = ()


def scenario_lab(
    *,
    name: str,
    title: str,
    scenarios: tuple[str, ...],
    summary: str,
    report: Callable[[Results, Path], Path],
    scenario: Scenario,
) -> Lab:
    """A lab that asks the questions of `scenario`; the rest as in `Lab`."""
    return Lab(
        name=name,
        title=title,
        scenarios=scenarios,
        summary=summary,
        columns=COLUMNS,
        minor_columns=(),
        decimals={},
        default_seconds={"virtual": 0.0, "real": 0.0},
        run=lambda _seconds, emit: scenario.run(name, emit),
        report=report,
        topology=scenario.topology,
        scenario=scenario,
    )
