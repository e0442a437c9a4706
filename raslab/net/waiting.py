"""Waiting for named conditions and for the ends of processes, never for time alone."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Callable, Hashable
from math import ceil
from typing import TYPE_CHECKING, Any, TypeVar

from raslab.errors import NotObservedError
from raslab.net.pulse import Deadline, Pulse, pulse_of
from raslab.net.sockets import tcp_sockets

if TYPE_CHECKING:
    from raslab.net.node import Node

Seen = TypeVar("Seen")
_PAUSE_S = 0.005
_SELECT_LIMIT = 1024  # FD_SETSIZE of the C library


def look_until(
    holds: Callable[[Seen], object],
    look: Callable[[], Seen],
    timeout_s: float,
    pause: Callable[[], object],
    moved: Callable[[], Hashable | Pulse] | None = None,
) -> Seen:
    """Look again and again until `holds` is true of what is seen; returns what was seen last, be it so or not.

    That is for what tells nobody when it comes about. At least one look is taken, and after `timeout_s` seconds no
    more. pause: comes between two looks, and ends the waiting if it returns something true. It has to sleep: virtual
    time stands still while somebody is busy. moved: as of `Deadline`; with it only time counts in which nothing has
    moved.
    """
    deadline = time.monotonic() + timeout_s
    quiet = Deadline(timeout_s, moved) if moved is not None else None
    while not holds(seen := look()):
        over = time.monotonic() >= deadline if quiet is None else quiet.passed()
        if over or pause():
            break
    return seen


def wait_until(
    what: str,
    seen: Callable[[], tuple[bool, str]],
    process: subprocess.Popen[Any],
    timeout_s: float,
) -> bool:
    """Look until `seen` reports True, and return True; or False as soon as `process` has ended.

    what: the condition in words; seen: returns whether it holds and what is there.
    Raises NotObservedError after `timeout_s` seconds in which the process has done nothing.
    """
    holds, observed = look_until(
        lambda both: both[0],
        seen,
        timeout_s,
        lambda: ended_within(process, _PAUSE_S),
        lambda: pulse_of(process.pid),
    )
    if not holds and process.poll() is None:
        raise NotObservedError(what, timeout_s, observed)
    return holds


def wait_until_listening(node: Node, port: int, process: subprocess.Popen[Any], timeout_s: float) -> bool:
    """Wait until a program on `node` listens on TCP port `port`; False if `process`, which is to do so, has ended.

    Raises NotObservedError after `timeout_s` seconds.
    """

    def seen() -> tuple[bool, str]:
        count = node.call(tcp_sockets, port, "listening")
        return count > 0, f"{count} listening sockets"

    return wait_until(f"a program on {node.name} listens on port {port}", seen, process, timeout_s)


def ended_within(process: subprocess.Popen[Any], timeout_s: float) -> bool:
    """Wait until the process has ended, at most `timeout_s` seconds; True if it has.

    `Popen.wait` looks again and again; this sleeps until the kernel reports the end, so a shorter run is noticed
    at once and the clock of the lab machine is read only twice.
    """
    if process.poll() is not None:
        return True
    descriptor = os.pidfd_open(process.pid)
    try:
        return readable_within(descriptor, timeout_s)
    finally:
        os.close(descriptor)


def readable_within(descriptor: int, timeout_s: float) -> bool:
    """Wait until something can be read from a descriptor, at most `timeout_s` seconds; True if it can."""
    left_s = max(timeout_s, 0.0)
    if descriptor < _SELECT_LIMIT:  # poll counts in whole milliseconds, which shows on a lab machine's clock
        return bool(select.select([descriptor], [], [], left_s)[0])
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(ceil(left_s * 1000)))
