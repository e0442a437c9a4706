"""`raslab run` from the outside: the figures that the GRE lab must show, its files, and a run that is broken off."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess

import pytest

from tests.machine.conftest import Launcher, processes_in, wait_for

LAB = ("run", "gre-performance", "--machine", "uml")


def test_virtual_time_agrees_with_theory(raslab: Launcher) -> None:
    done = raslab(*LAB, "--virtual-time", "--json", "-", "--csv", "figures.csv", "--report", "report")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader((raslab.work / "figures.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 25
    for row in rows:
        tolerance = 0.002 if row["streams"] == "8" else 0.015
        assert float(row["efficiency_measured"]) == pytest.approx(float(row["efficiency_theory"]), rel=tolerance), row
        assert row["retransmits"] == ("0" if row["protocol"] == "tcp" else "")
        assert row["cpu_percent"] == ""
    assert [row["path"] for row in json.loads(done.stdout)["rows"]] == [row["path"] for row in rows]
    assert "[25/25]" in done.stderr
    report = raslab.work / "report"
    assert {file.name for file in report.iterdir()} == {"index.html", "results.csv", "throughput.png"}
    assert (report / "results.csv").read_text(encoding="utf-8") == (raslab.work / "figures.csv").read_text(
        encoding="utf-8"
    )


def test_a_lab_that_asks_questions(raslab: Launcher) -> None:
    done = raslab("run", "site-to-site", "--machine", "uml", "--virtual-time", "--report", "report")
    assert done.returncode == 0, done.stdout
    assert "checks with their twins" in done.stdout
    document = json.loads((raslab.work / "report" / "results.json").read_text(encoding="utf-8"))
    assert {(row["outcome"], row["twin_outcome"]) for row in document["rows"]} == {("passed", "as expected")}
    assert "AUTHENTICATION_FAILED" in (raslab.work / "report" / "index.html").read_text(encoding="utf-8")


def started(raslab: Launcher, *options: str) -> subprocess.Popen[str]:
    """A run whose machine is up and has said so; the `raslab` fixture looks for what is left of it after the test."""
    child = raslab.start(*LAB, *options)
    assert child.stdout is not None
    assert child.stdout.readline().startswith("GRE performance bed: uml lab machine")
    assert raslab.kernel()
    return child


@pytest.mark.parametrize("clock", [[], ["--virtual-time"]], ids=["real", "virtual"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_leaves_nothing(raslab: Launcher, number: signal.Signals, clock: list[str]) -> None:
    child = started(raslab, *clock)
    child.send_signal(number)
    child.communicate(timeout=30)
    assert child.returncode == 128 + number
    assert raslab.nothing_is_left()


@pytest.mark.parametrize("clock", [[], ["--virtual-time"]], ids=["real", "virtual"])
def test_a_killed_run_leaves_nothing(raslab: Launcher, clock: list[str]) -> None:
    child = started(raslab, *clock)
    child.send_signal(signal.SIGKILL)
    wait_for("the end of the machine and of its folders", raslab.nothing_is_left)


def test_a_run_that_ignores_the_end_of_its_terminal_goes_on(raslab: Launcher) -> None:
    """Negative twin: `nohup raslab run` must survive SIGHUP."""
    child = raslab.start(*LAB, ignored="HUP")
    assert child.stdout is not None
    for begin in ("GRE performance bed", "[ 1/25]", "[ 2/25]"):
        assert child.stdout.readline().startswith(begin)
        child.send_signal(signal.SIGHUP)
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=30)
    assert child.returncode == 128 + signal.SIGTERM


def test_a_machine_that_dies_is_told_in_one_sentence(raslab: Launcher) -> None:
    child = started(raslab)
    (launcher,) = (pid for pid, argv in processes_in(raslab.temporary).items() if b"\0exec\0" in argv)
    os.kill(launcher, signal.SIGKILL)
    _, told = child.communicate(timeout=30)
    assert child.returncode == 2
    assert told.startswith("raslab: The lab gre-performance failed: its machine ended with status -9")
    assert told.count("\n") == 1
