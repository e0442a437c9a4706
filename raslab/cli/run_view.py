"""What a person sees while a lab runs and when it has run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from raslab.course.events import Event, Row, Started
from raslab.course.events import Progress as Step
from raslab.course.lab import Lab
from raslab.course.results import Results
from raslab.course.table import cell, filled_columns


def watch(lab: Lab, events: Iterable[Event], console: Console) -> list[Event]:
    """Show events as they come, and return them all: a bar on a terminal, else a line for each step."""
    if console.is_terminal:
        return _watch_bar(lab, events, console)
    seen = []
    for event in events:
        seen.append(event)
        match event:
            case Started():
                console.print(f"{lab.title}: {where(event)}", highlight=False)
            case Step(step, steps, label):
                console.print(f"[{step:>2}/{steps}] {_asked(label)} ", end="", markup=False, highlight=False)
            case Row(_, figure):
                console.print(figure, highlight=False)
            case _:
                pass
    return seen


def _watch_bar(lab: Lab, events: Iterable[Event], console: Console) -> list[Event]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    seen = []
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(f"{lab.title}: starting the lab machine", total=None)
        label = ""
        for event in events:
            seen.append(event)
            match event:
                case Started():
                    console.print(f"[bold]{lab.title}[/bold]: {where(event)}", highlight=False)
                case Step(step, steps, label):
                    progress.update(task, description=label, total=steps, completed=step - 1)
                case Row(_, figure):
                    progress.console.print(f"  {_asked(label)} [bold]{figure}[/bold]", highlight=False)
                    progress.advance(task)
                case _:
                    pass
    return seen


def _asked(label: str) -> str:
    """A question needs no colon behind it."""
    return label if label.endswith("?") else f"{label}:"


def where(started: Started) -> str:
    """Where and how a lab runs, in words."""
    place = f"{started.machine} lab machine, kernel {started.kernel}, {started.clock} time"
    return f"{place}, {started.seconds:g} s per measurement" if started.seconds else place


def show(lab: Lab, results: Results, console: Console) -> None:
    """The table, the notes, and how long it took.

    A column that is empty in every row is left out, and so are minor ones for which a terminal is too narrow.
    """
    filled = filled_columns(lab.columns, results.rows)
    cells = [{name: cell(row.get(name), lab.decimals.get(name)) for name in filled} for row in results.rows]
    shown = fitting(filled, lab.minor_columns, cells, console.width)
    table = Table(title=lab.title, title_justify="left", header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in shown:
        text = isinstance(results.rows[0].get(name), str)
        table.add_column(name.replace("_", "\n"), justify="left" if text else "right", no_wrap=True)
    for row, following in zip_longest(cells, cells[1:]):
        last_of_its_kind = following is not None and row[shown[0]] != following[shown[0]]
        table.add_row(*(row[name] for name in shown), end_section=last_of_its_kind)
    console.print(table)
    if len(shown) < len(filled):
        left_out = ", ".join(name for name in filled if name not in shown)
        console.print(f"- This terminal is too narrow for {left_out}; --csv has them.", highlight=False)
    for note in results.notes:
        console.print(f"- {note}", highlight=False, soft_wrap=not console.is_terminal)
    if results.seconds_taken is not None:
        console.print(
            f"{len(results.rows)} measurements in {results.seconds_taken:.0f} s, with {results.versions}.",
            highlight=False,
        )


def fitting(columns: Sequence[str], minor: Sequence[str], rows: Sequence[Mapping[str, str]], width: int) -> list[str]:
    """The columns that fit into `width` characters: minor ones go, in their order, until the rest does."""
    needed = {name: 2 + max(len(part) for part in (*name.split("_"), *(row[name] for row in rows))) for name in columns}
    shown = list(columns)
    for name in minor:
        if sum(needed[one] for one in shown) <= width:
            break
        if name in shown:
            shown.remove(name)
    return shown
