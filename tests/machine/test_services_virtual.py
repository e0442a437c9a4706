"""Daemons in virtual time: exact times of failures, and idle time that costs next to nothing."""

from __future__ import annotations

import json
import resource
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine.conftest import Launcher

OUTAGE = str(Path(__file__).with_name("session_outage.py"))
PATIENCE = str(Path(__file__).with_name("patience.py"))
PATIENCE_S = 3.0  # many times what it takes to start the program
INTERVAL_S, MULTIPLIER = 0.05, 3  # of BFD there
DELAY_S = 0.002
HOLD_S = 3.0
IDLE_S = 60


def outage(raslab: Launcher, *options: str, wrapper: tuple[str, ...] = ()) -> float:
    """Seconds of virtual time for which BGP believed in a neighbour that had fallen silent."""
    done = raslab("exec", "--machine", "uml", "--virtual-time", "--", *wrapper, sys.executable, OUTAGE, *options)
    assert done.returncode == 0, done.stderr
    return float(json.loads(done.stdout)["outage_s"])


def test_bfd_notices_a_cut_cable_within_three_intervals_and_every_time_the_same(raslab: Launcher) -> None:
    first = outage(raslab, "--bfd")
    assert (MULTIPLIER - 1) * INTERVAL_S * 0.75 <= first <= MULTIPLIER * INTERVAL_S + DELAY_S
    assert outage(raslab, "--bfd") == first


def test_without_bfd_the_hold_time_has_to_pass(raslab: Launcher) -> None:
    assert HOLD_S - 1.0 <= outage(raslab) <= HOLD_S + 1.0


def test_waiting_costs_little_because_daemons_do_not_spin(raslab: Launcher) -> None:
    def cost_s(*wrapper: str) -> float:
        """Of processor time: how long it takes depends on what else the computer does."""
        began = resource.getrusage(resource.RUSAGE_CHILDREN)
        outage(raslab, "--bfd", "--idle", str(IDLE_S), wrapper=wrapper)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime

    calm, busy = cost_s(), cost_s("env", "--unset=RASLAB_PRELOAD")
    assert 0 < 2 * calm < busy


@pytest.mark.parametrize("how", ["spin", "poll", "read"])
def test_who_waits_without_sleeping_waits_for_ever_unless_it_is_taught_patience(raslab: Launcher, how: str) -> None:
    machine = ("exec", "--machine", "uml", "--virtual-time", "--")
    program = f"{shlex.quote(sys.executable)} {shlex.quote(PATIENCE)} {how}"
    taught = raslab(*machine, "sh", "-c", f'LD_PRELOAD="$RASLAB_PRELOAD" exec {program}')
    assert (taught.stdout, taught.stderr) == ("done\n", "")
    with pytest.raises(subprocess.TimeoutExpired):
        raslab.start(*machine, "sh", "-c", f"exec {program}").wait(timeout=PATIENCE_S)
