"""A service that runs on a node: its place, its declaration and its process; and bringing up many of them at once."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from raslab.errors import DaemonDiedError, DaemonHangsError, ServiceNotReadyError
from raslab.net.pulse import Deadline
from raslab.net.waiting import ended_within
from raslab.services.place import Place
from raslab.services.service import Service

READY_DEADLINE_S = 20.0
STOP_DEADLINE_S = 5.0
_POLL_S = 0.002
_LOOK_S = 0.1
_LOG_LINES = 20


@dataclass(eq=False)
class Running:
    """One service of one node. declared: what it is, or is about to become."""

    place: Place
    declared: Service
    process: subprocess.Popen[Any] | None = None

    def launch(self) -> None:
        """Write the files and start the process; returns at once."""
        self.place.write(self.declared.files(), self.declared.owner())
        if argv := self.declared.argv():
            self.process = self.place.spawn(argv, self.declared.environment())

    def died(self) -> DaemonDiedError | None:
        """How the process ended, if it has."""
        if self.process is None or (status := self.process.poll()) is None:
            return None
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        return DaemonDiedError(self.place.name, self.declared.name, how, self.place.log(_LOG_LINES))

    def is_ready(self) -> tuple[bool, str]:
        """Whether the daemon answers, and what was observed. Raises DaemonDiedError."""
        if error := self.died():
            raise error
        return self.declared.ready(self.place)

    def silence(self) -> DaemonHangsError | None:
        """Ask the daemon whether it is ready; what is to be said if it does not answer."""
        ready, observed = self.declared.ready(self.place)
        if ready or self.died():
            return None
        return DaemonHangsError(self.place.name, self.declared.name, observed, self.place.process)

    def ask_to_end(self) -> None:
        """Take back what does not end with the process, and ask the process to end."""
        self.declared.stop(self.place)
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def end(self) -> None:
        """Wait until the process has ended; if it does nothing for STOP_DEADLINE_S it is killed with its group."""
        if self.process is None:
            return
        deadline = Deadline(STOP_DEADLINE_S, self.place.pulse)
        while not ended_within(self.process, _LOOK_S):
            if self.place.patience().stopped() or deadline.passed():
                self.kill()
        self.process.wait()

    def kill(self) -> None:
        """Kill the daemon and what it has started."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def bring_up(starting: Iterable[Running]) -> None:
    """Start services of any nodes, all at once as far as their dependencies let them, until all are ready.

    Raises DaemonDiedError, ServiceNotReadyError, ConfigurationRefusedError for the first that fails; the others are
    left as they are then.
    """
    waiting = {(one.place.name, one.declared.name): one for one in starting}
    deadlines: dict[tuple[str, str], Deadline] = {}
    while waiting:
        before = len(waiting) - len(deadlines)
        for key, one in list(waiting.items()):
            if any((key[0], name) in waiting for name in one.declared.depends):
                continue
            if key not in deadlines:
                one.launch()
                deadlines[key] = Deadline(READY_DEADLINE_S, one.place.pulse)
            ready, observed = one.is_ready()
            if ready:
                one.declared.reload(one.place, None)
                del waiting[key], deadlines[key]
            elif deadlines[key].passed():
                log = one.place.log(_LOG_LINES)
                raise ServiceNotReadyError(key[0], key[1], READY_DEADLINE_S, observed, log)
        if waiting and len(waiting) - len(deadlines) == before:
            time.sleep(_POLL_S)
