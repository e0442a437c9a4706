"""Waiting for named conditions and for the ends of processes, never for time alone."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Callable
from typing import Any

from raslab.errors import NotObservedError
from raslab.machine.here import here

POLL_S = 0.005
GRID_S = 0.1


def ended_within(process: subprocess.Popen[Any], timeout_s: float) -> bool:
    """Wait until the process has ended, at most `timeout_s` seconds; True if it has.

    `Popen.wait` looks again and again; this sleeps until the kernel reports the end, so a shorter run is noticed
    at once and the clock of the lab machine is read only twice.
    """
    if process.poll() is not None:
        return True
    descriptor = os.pidfd_open(process.pid)
    try:
        # Not select.poll: it counts in whole milliseconds.
        return bool(select.select([descriptor], [], [], max(timeout_s, 0.0))[0])
    finally:
        os.close(descriptor)


def wait_until(
    what: str,
    seen: Callable[[], tuple[bool, str]],
    process: subprocess.Popen[Any],
    timeout_s: float,
) -> bool:
    """Look until `seen` reports True, and return True; or False as soon as `process` has ended.

    what: the condition in words; seen: returns whether it holds and what is there.
    Raises NotObservedError after `timeout_s` seconds.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        holds, observed = seen()
        if holds:
            return True
        if time.monotonic() >= deadline:
            raise NotObservedError(what, timeout_s, observed)
        if ended_within(process, POLL_S):
            return False


def wait_for_grid() -> None:
    """In virtual time, wait for the next whole GRID_S of the clock.

    There the moment at which something starts depends on how long others have slept before. What starts on the grid
    starts alike.
    """
    if here().clock == "virtual":
        time.sleep(GRID_S - time.time() % GRID_S)
