"""Deadlines that count what a process does, and not the clock on the wall."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from raslab.errors import DaemonHangsError
from raslab.net import pulse
from raslab.net.pulse import Deadline, Pulse, pulse_of
from raslab.net.waiting import look_until
from raslab.services.patience import Patience


class Clock:
    """A clock that moves when it is told to."""

    now_ns = 10**12

    def monotonic_ns(self) -> int:
        return self.now_ns

    def passes(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of all deadlines."""
    found = Clock()
    monkeypatch.setattr(pulse, "time", found)
    return found


def looks(deadline: Deadline, clock: Clock, seconds: float, step_s: float = 0.1) -> bool:
    """Whether a deadline passes when it is looked at so often."""
    for _ in range(round(seconds / step_s)):
        clock.passes(step_s)
        if deadline.passed():
            return True
    return False


def test_it_passes_when_nothing_moves(clock: Clock) -> None:
    deadline = Deadline(5, lambda: Pulse("S", 7))
    assert not looks(deadline, clock, 4.9)
    assert looks(deadline, clock, 0.2)


def test_processor_time_a_line_in_the_log_and_a_wait_for_the_processor_are_signs_of_life(clock: Clock) -> None:
    for signs in ([Pulse("S", n) for n in range(99)], [Pulse("S", 0, n) for n in range(99)], [Pulse("R", 0)] * 99):
        following = iter(signs)
        deadline = Deadline(5, lambda following=following: next(following))  # type: ignore[misc]
        assert not looks(deadline, clock, 9)


def test_who_moves_for_ever_without_an_end_is_not_waited_for_for_ever(clock: Clock) -> None:
    assert looks(Deadline(5, lambda: Pulse("R", 0)), clock, 5 * pulse.RESTLESS + 1)


def test_a_computer_that_was_elsewhere_for_a_minute_does_not_count(clock: Clock) -> None:
    deadline = Deadline(5, lambda: Pulse("S", 7))
    clock.passes(60)
    assert not deadline.passed()


def test_looking_until_counts_only_time_in_which_nothing_moves(clock: Clock) -> None:
    seen: list[int] = []

    def look() -> int:
        seen.append(len(seen))
        return seen[-1]

    assert look_until(lambda number: number == 200, look, 5, lambda: clock.passes(0.2), lambda: len(seen) // 10) == 200
    assert look_until(lambda number: number == 999, look, 5, lambda: clock.passes(0.2), lambda: 0) < 300


@pytest.fixture
def daemon() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing."""
    program = "print(end='x', flush=True); import time; time.sleep(100)"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read(1)
    yield process
    process.kill()
    process.communicate()


def test_a_process_is_seen_as_it_is(daemon: subprocess.Popen[bytes], tmp_path: Path) -> None:
    found = pulse_of(daemon.pid, tmp_path / "log")
    assert found is not None
    (tmp_path / "log").write_text("x")
    written = pulse_of(daemon.pid, tmp_path / "log")
    assert written is not None
    assert written.written == found.written + 1
    daemon.send_signal(signal.SIGSTOP)
    os.waitpid(daemon.pid, os.WUNTRACED)
    stopped = pulse_of(daemon.pid)
    assert stopped is not None
    assert stopped.is_stopped
    assert pulse_of(1 << 22) is None


def test_a_daemon_that_does_not_answer_is_named_and_one_that_does_is_heard(daemon: subprocess.Popen[bytes]) -> None:
    ours, its = socket.socketpair()
    patience = Patience("gw1", "zebra", lambda: pulse_of(daemon.pid), daemon.pid, seconds=0.5)
    with ours, its:
        its.send(b"x")
        patience.await_answer(ours)
        ours.recv(1)
        with pytest.raises(DaemonHangsError, match=rf"^Node gw1: zebra \(process {daemon.pid}\) hangs: .* for 0.5 s\."):
            patience.await_answer(ours)
        daemon.send_signal(signal.SIGSTOP)
        os.waitpid(daemon.pid, os.WUNTRACED)
        before = time.monotonic()
        with pytest.raises(DaemonHangsError, match=r"stopped by SIGSTOP, .*services.kill\(\"gw1\", \"zebra\"\)"):
            Patience("gw1", "zebra", lambda: pulse_of(daemon.pid), daemon.pid, seconds=100).await_answer(ours)
        assert time.monotonic() - before < 50
