"""Waiting for a daemon's answer, but not for one that hangs."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

from raslab.errors import DaemonHangsError
from raslab.net.pulse import Deadline, Pulse
from raslab.net.waiting import readable_within

#: Seconds without an answer, and without any other sign of life, after which a daemon hangs.
SILENT_S = 3.0
_LOOK_S = 0.2


@dataclass(frozen=True)
class Patience:
    """With a daemon that has been asked something. pulse: what it has done so far; seconds: as of a `Deadline`."""

    node: str
    daemon: str
    pulse: Callable[[], Pulse | None]
    process: int | None = None
    seconds: float = SILENT_S

    def await_answer(self, connection: socket.socket) -> None:
        """Return when something can be read. Raises DaemonHangsError."""
        descriptor = connection.fileno()
        if readable_within(descriptor, 0):
            return
        deadline = Deadline(self.seconds, self.pulse)
        while not readable_within(descriptor, _LOOK_S):
            if stopped := self.stopped():
                raise stopped
            if deadline.passed():
                how = f"it has been asked, and has neither answered nor done anything for {self.seconds:g} s"
                raise DaemonHangsError(self.node, self.daemon, how, self.process)

    def stopped(self) -> DaemonHangsError | None:
        """What is to be said if the daemon has been stopped, as by SIGSTOP."""
        pulse = self.pulse()
        if pulse is None or not pulse.is_stopped:
            return None
        return DaemonHangsError(
            self.node, self.daemon, "it has been stopped by SIGSTOP, and goes on with SIGCONT", self.process
        )
