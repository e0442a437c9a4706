"""How `raslab doctor` looks on a terminal, and in a pipe."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from raslab.machine.doctor import Diagnosis
from raslab.machine.jail.landlock import SIGNALS
from raslab.machine.programs import ProgramReport

WIDE = 96  # from this many columns on, each kind of information has a column of its own
_PRESENT = "green"
_STYLES = {"missing": "red", "untried": "yellow", "none": "dim"}

Row = tuple[str, str, str, str]  # name, state or version, what it is for, what to do


def show(diagnosis: Diagnosis, console: Console) -> None:
    """Print DIAGNOSIS: a table of capabilities, one of programs, and what `auto` chooses."""
    console.print(
        f"Kernel {diagnosis.surroundings.kernel}, user {diagnosis.user}, capabilities tried as: {diagnosis.privilege}\n"
    )
    capabilities = ((one.name, one.state, one.purpose, one.remedy) for one in diagnosis.capabilities)
    programs = ((one.name, _found(one), one.purpose, one.remedy) for one in diagnosis.programs)
    _print_table("Kernel", capabilities, console)
    _print_table("Program", programs, console)
    console.print(_verdict(diagnosis))
    if diagnosis.landlock is not None and diagnosis.surroundings.machine == "host":
        console.print(_jail(diagnosis.landlock))


def _found(program: ProgramReport) -> str:
    """The version of a program that is there; how much it matters if it is not."""
    if program.state == "have":
        return program.version or "have"
    return "missing" if program.needed else "none"


def _print_table(title: str, rows: Iterable[Row], console: Console) -> None:
    """Print ROWS and an empty line, with four columns where they fit, else with the last two in one."""
    wide = console.width >= WIDE
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False, show_edge=False)
    table.add_column(title, no_wrap=True)
    table.add_column("Here", no_wrap=True)
    for heading in ("What it is for", "What to do") if wide else ("What it is for, and what to do",):
        table.add_column(heading)
    for name, state, purpose, remedy in rows:
        words = (purpose, remedy) if wide else ("\n".join(filter(None, (purpose, remedy))),)
        table.add_row(name, Text(state, style=_STYLES.get(state, _PRESENT)), *words)
    console.print(table)
    console.print()


def _jail(version: int) -> str:
    """What keeps uml machines from this computer, see docs/security.md."""
    if not version:
        return (
            "This kernel has no Landlock: uml machines are kept from this computer only by their own kernel's seal.\n"
            "To do: Linux 5.13 or newer with lsm=landlock,...; --jail require refuses to run without."
        )
    lacking = "" if version >= SIGNALS else ", which leaves signals to this user's processes to the machine's own seal"
    return f"Landlock, version {version}, keeps uml machines from this computer{lacking}."


def _verdict(diagnosis: Diagnosis) -> str:
    """The last lines: which machine runs labs, why, and what would help."""
    auto = diagnosis.auto
    if auto.machine is None:
        return f"No machine can run labs here yet: {auto.reason}.\nTo do: {auto.remedy}"
    return f"Labs run in the machine {auto.machine}: {auto.reason}."
