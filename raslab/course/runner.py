"""Runs a lab in a lab machine from outside, and passes on what it tells."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TextIO

from raslab.course.events import Event, Failed, Finished, from_line
from raslab.course.folder import passing_folder
from raslab.course.worker import DEBUG
from raslab.errors import LabFailedError, NoLabMachineError
from raslab.machine import canonical
from raslab.machine.command import MachineOptions
from raslab.machine.here import Here, here
from raslab.machine.launch import choose_machine, exec_argv

EVENTS = "events"
_LOOK_S = 0.1
_LAST_LINES = 5


@dataclass(frozen=True)
class Wanted:
    """What to run and where. seconds: steady state of each measurement, None for the lab's own choice.

    options: of the lab machine; one that is already there, because we are inside, cannot change its memory and seed.
    """

    lab: str
    machine: str = "auto"
    options: MachineOptions = field(default_factory=MachineOptions)
    seconds: float | None = None

    @property
    def argv(self) -> list[str]:
        """The command line that does it and writes EVENTS into its working folder.

        Inside a lab machine the lab runs right there. Raises NoLabMachineError if there can be no such machine.
        """
        worker = ["-m", "raslab.course.worker", self.lab, "--events", EVENTS]
        worker += [] if self.seconds is None else ["--duration", f"{self.seconds:g}"]
        if here().inside:
            self._check_fits(here())
            return [sys.executable, *worker]
        # First of all: whoever asks for a machine that cannot be had waits for no compiler.
        machine = choose_machine(self.machine, self.options.virtual_time, self.options.jail.mode)
        machine = choose_machine(self.machine, self.options.virtual_time, self.options.jail.mode)
        if not self.options.virtual_time:
            return exec_argv([sys.executable, *worker], machine, self.options)
        debug = [f"{DEBUG}={os.environ[DEBUG]}"] if DEBUG in os.environ else []
        return exec_argv(
            ["/usr/bin/env", *debug, str(canonical.PYTHON), *worker], machine, replace(self.options, canonical=True)
        )

    def _check_fits(self, around: Here) -> None:
        """Raise NoLabMachineError if the machine that we are in is not what is wanted."""
        if self.options.virtual_time and around.clock != "virtual":
            raise NoLabMachineError(
                "The clock of this lab machine is real: for virtual time, run the lab outside of it."
            )
        if self.machine not in ("auto", around.machine):
            raise NoLabMachineError(
                f"This lab machine is {around.machine}: for --machine {self.machine}, run the lab outside of it."
            )


def run_lab(wanted: Wanted) -> Iterator[Event]:
    """Run the lab and yield its events as they come; returns after Finished.

    Raises NoLabMachineError before anything is started, LabFailedError if the lab does not come to its end.
    When the caller stops listening, the machine is ended; when the caller dies in any way, it ends by itself.
    """
    # The signal comes when our thread ends, however it ends; `raslab exec` answers by ending its machine.
    argv = ["setpriv", "--pdeathsig", "TERM", *wanted.argv]
    with passing_folder("raslab-run-") as folder:
        (folder / EVENTS).touch()
        # The folder is the machine's working folder, the one place where its writes reach the host. Standard input
        # is empty, so that nothing from outside reaches a machine in virtual time.
        with (
            (folder / "complaints").open("w+", encoding="utf-8", errors="replace") as complaints,
            (folder / EVENTS).open(encoding="utf-8") as events,
        ):
            process = subprocess.Popen(argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=complaints, stderr=complaints)
            try:
                for event in _follow(process, events, wanted.lab):
                    if isinstance(event, Failed):
                        raise LabFailedError(wanted.lab, event.text)
                    yield event
                    if isinstance(event, Finished):
                        process.wait()
                        return
                complaints.seek(0)
                said = " / ".join(complaints.read().splitlines()[-_LAST_LINES:])
                raise LabFailedError(wanted.lab, f"its machine ended with status {process.wait()}: {said}")
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait()


def _follow(process: subprocess.Popen[bytes], file: TextIO, lab: str) -> Iterator[Event]:
    """The events in a growing file, until the process has ended."""
    ended = os.pidfd_open(process.pid)
    rest = ""
    try:
        while True:
            running = not select.select([ended], [], [], _LOOK_S)[0]
            *lines, rest = (rest + file.read()).split("\n")
            for line in lines:
                try:
                    yield from_line(line)
                except ValueError as error:
                    raise LabFailedError(lab, f"it said something that is {error}") from error
            if not running:
                return
    finally:
        os.close(ended)
