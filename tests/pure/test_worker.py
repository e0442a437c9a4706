"""What the worker tells of a lab that ends early, and where a lab may run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace

import pytest

from raslab.course import worker
from raslab.course.events import Emit, Event, Failed, Finished, Started, from_line
from raslab.course.loader import load_lab
from raslab.course.runner import Wanted
from raslab.errors import LabFailedError, NoLabMachineError
from raslab.machine.command import MachineOptions

LAB = "gre-performance"
VIRTUAL = MachineOptions(virtual_time=True)


def told(monkeypatch: pytest.MonkeyPatch, run: Callable[[float, Emit], None]) -> list[Event]:
    """The events of a lab that does `run`."""
    lab = replace(load_lab(LAB), run=run)
    monkeypatch.setattr(worker, "load_lab", lambda _name: lab)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as lines:
        worker.work(LAB, 1.0, lines)
        lines.seek(0)
        return [from_line(line) for line in lines]


def no_program(_seconds: float, _emit: Emit) -> None:
    raise FileNotFoundError(2, "No such file or directory", "iperf3")


def no_success(_seconds: float, _emit: Emit) -> None:
    raise LabFailedError("x", "it rains")


def test_an_unexpected_error_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(worker.DEBUG, raising=False)
    started, failed = told(monkeypatch, no_program)
    assert isinstance(started, Started)
    assert failed == Failed(
        "FileNotFoundError: [Errno 2] No such file or directory: 'iperf3'; RASLAB_DEBUG=1 shows where"
    )
    assert told(monkeypatch, no_success)[1] == Failed("The lab x failed: it rains.")


@pytest.mark.parametrize("run", [no_program, no_success])
def test_who_asks_gets_the_traceback(monkeypatch: pytest.MonkeyPatch, run: Callable[[float, Emit], None]) -> None:
    monkeypatch.setenv(worker.DEBUG, "1")
    _, failed = told(monkeypatch, run)
    assert isinstance(failed, Failed)
    assert f"in {run.__name__}\n" in failed.text


def test_a_lab_that_works_ends_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, lambda _seconds, _emit: None)[1:] == [Finished()]


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (
            Wanted(LAB, options=VIRTUAL),
            "The clock of this lab machine is real: for virtual time, run the lab outside",
        ),
        (Wanted(LAB, machine="native"), "This lab machine is uml: for --machine native, run the lab outside of it"),
    ],
)
def test_a_machine_that_does_not_fit(monkeypatch: pytest.MonkeyPatch, wanted: Wanted, sentence: str) -> None:
    monkeypatch.setenv("RASLAB_MACHINE", "uml")
    monkeypatch.setenv("RASLAB_CLOCK", "real")
    with pytest.raises(NoLabMachineError, match=sentence):
        _ = wanted.argv


@pytest.mark.parametrize(
    ("clock", "wanted"),
    [
        ("virtual", Wanted(LAB, options=VIRTUAL)),
        ("virtual", Wanted(LAB)),
        ("real", Wanted(LAB, machine="uml")),
    ],
)
def test_a_machine_that_fits(monkeypatch: pytest.MonkeyPatch, clock: str, wanted: Wanted) -> None:
    monkeypatch.setenv("RASLAB_MACHINE", "uml")
    monkeypatch.setenv("RASLAB_CLOCK", clock)
    assert wanted.argv[1:3] == ["-m", "raslab.course.worker"]


def test_the_machine_gets_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RASLAB_MACHINE", raising=False)
    argv = " ".join(Wanted(LAB, "uml", MachineOptions(virtual_time=True, memory_mb=512, seed=7)).argv)
    assert "exec --machine uml --virtual-time --canonical --seed 7 --memory 512M -- " in argv
