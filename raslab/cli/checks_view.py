"""What a person sees of a lab that asks questions, when it has run."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from raslab.course.lab import Lab
from raslab.course.results import Results
from raslab.course.scenario import cells


def show(lab: Lab, results: Results, console: Console) -> None:
    """The table of questions, verdicts and twins, what is not as expected, and how long it took."""
    table = Table(title=lab.title, title_justify="left", header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 1, 0))
    for name in ("question", "verdict", "twin"):
        table.add_column(name, ratio=1, overflow="fold")
    for row in results.rows:
        table.add_row(*map(Text, cells(row)))
    console.print(table)
    for fault in results.faults:
        console.print(f"- {fault}", markup=False, highlight=False, soft_wrap=True)
    taken = "" if results.seconds_taken is None else f" in {results.seconds_taken:.0f} s"
    wrong = len(results.faults)
    outcome = f"{wrong} not as expected" if wrong else "all as expected"
    console.print(f"{len(results.rows)} checks with their twins{taken}: {outcome}.", highlight=False)
