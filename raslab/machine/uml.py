"""The UML lab machine: a User-Mode Linux kernel as an ordinary process of the user, with one command inside.

Life of a machine: a temporary folder (the guest's first root: init, specification, console log), its keepers,
the kernel in a session of its own, frames over its serial line until the command has ended, then SIGKILL for
its process group. Nothing of the guest can outlive the launcher: see `keepers`, and the kernel carries a
parent-death signal besides. From Linux 7.2 on the guest's processes are tied to the kernel process, so they
never run on natively.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import raslab
from raslab.errors import MachineDiedError, NoLabMachineError
from raslab.machine import canonical
from raslab.machine.command import (
    Command,
    MachineOptions,
    Share,
    inside_environment,
    specification,
    writable_folders,
)
from raslab.machine.compiled import guest_init, patience
from raslab.machine.here import PRELOAD_VARIABLE
from raslab.machine.jail import landlock, policy, reach
from raslab.machine.jail.limits import out_of_time, reached
from raslab.machine.jail.start import starter_command
from raslab.machine.keepers import Keepers
from raslab.machine.kernel.cache import cached_kernel
from raslab.machine.processes import children, is_computing, processor_s
from raslab.machine.processors import Claim
from raslab.machine.streams import Streams, carry

#: In virtual time a command starts here (2026-01-01 00:00 UTC), nanoseconds since 1970 ...
VIRTUAL_EPOCH_NS = 1767225600 * 10**9
#: ... and the machine has been up this long by then: ping, for one, takes an uptime below a second for no time at all.
VIRTUAL_UPTIME_S = 2
SMALLEST_MEMORY_MB = 128
#: Of a machine's console so much is read, from its beginning and from its end.
_CONSOLE_BYTES = 1 << 18
#: A program that computes for long gives way when it gets this signal; see `UmlMachine.nudge`.
NUDGE_SIGNAL = signal.SIGTRAP


def kernel_arguments(options: MachineOptions) -> list[str]:
    """The kernel's command line.

    It is the same for every computer, user and folder, because the kernel mixes it into its random numbers:
    paths are relative to the machine's own folder and the serial line is on descriptors 0 and 1.
    """
    arguments = [
        f"mem={options.memory_mb}M",
        "rootfstype=hostfs",
        "rootflags=/proc/self/cwd",
        "rw",
        "init=/init",
        "seccomp=on",
        "ssl0=fd:0,fd:1",
        "ssl=null",
        "con0=null,fd:2",
        "con=null",
        "uml_dir=.",
        "umid=lab",
        "panic=-1",
        "fb_tunnels=initns",  # a node has the tunnels that it was given, and no gre0 or tunl0 besides
        # These two never reach the guest's command line, so that it is the same whatever the limits are.
        f"host_processes={options.limits.processes}",
        f"hostfs_quota={options.limits.written}",
    ]
    if options.virtual_time:
        arguments += ["time-travel=inf-cpu", f"time-travel-start={VIRTUAL_EPOCH_NS - VIRTUAL_UPTIME_S * 10**9}"]
    return arguments


def run(command: Command, options: MachineOptions, streams: Streams, kernel: Path | None = None) -> int:
    """Run one command in a machine of its own and return its exit status (128 + n if it died of signal n).

    kernel: the executable to boot, by default the cached one.

    Raises NoLabMachineError if there is no kernel or too little memory, CommandNotStartedError,
    MachineDiedError.
    """
    with UmlMachine(command, options, kernel or _built_kernel()) as machine:
        try:
            return carry(machine, streams)
        finally:
            for sentence in reached(machine.limits_met, options.limits, options.memory_mb):
                with contextlib.suppress(OSError):
                    os.write(streams.stderr, f"raslab: {sentence}\n".encode())


def _built_kernel() -> Path:
    kernel = cached_kernel()
    if kernel is None:
        raise NoLabMachineError("There is no lab kernel yet; run `raslab kernel build` (once, some minutes).")
    return kernel.path


class UmlMachine:
    """A running machine: `to_guest` and `from_guest` are the descriptors of its serial line."""

    def __init__(self, command: Command, options: MachineOptions, kernel: Path) -> None:
        if options.memory_mb < SMALLEST_MEMORY_MB:
            raise NoLabMachineError(
                f"A lab machine with {options.memory_mb} MB of memory cannot start;"
                f" give it {SMALLEST_MEMORY_MB}M or more."
            )
        writable = [share.host for share in writable_folders(command)]
        policy.check(options.jail, landlock.version(), writable, reach.treasured())
        memory_folder = _memory_folder(options.memory_mb)
        init = guest_init()
        self._processor = Claim()
        self._on: int | None = None  # the processor that the machine keeps to
        self._paused = False
        self._virtual = options.virtual_time
        self._keepers = Keepers([Path(tempfile.gettempdir()), memory_folder])
        self.folder, memory = self._keepers.folders[0], self._keepers.folders[-1]
        self.console = self.folder / "console"
        self._console = -1  # read from the start: what has that name later may be the guest's
        self._limits = options.limits
        self.limits_met = ""
        self._time: threading.Timer | None = None
        self._out_of_time = False
        try:
            shares = [*writable_folders(command), *map(Share, command.shown, command.shown)]
            preload = patience() if options.virtual_time else None
            if options.canonical:
                command, shares = self._make_canonical(command)
                shares += [Share(folder, folder, writable=True) for folder in options.jail.write]
                preload = canonical.LIBRARY
            environment = inside_environment(command, "uml", options.clock)
            if preload:
                environment[PRELOAD_VARIABLE] = str(preload)
            pause_s = VIRTUAL_UPTIME_S if options.virtual_time else 0
            (self.folder / "spec").write_bytes(specification(command, environment, shares, pause_s))
            shutil.copy(init, self.folder / "init")
            for name in ("stage", "dev"):
                (self.folder / name).mkdir()
            self._boot(kernel, options, memory, command.readable, [*writable, self.folder])
        except BaseException:
            self.end()
            raise

    def _make_canonical(self, command: Command) -> tuple[Command, list[Share]]:
        """The command and what it has of the host in a machine that is the same everywhere."""
        interpreter = canonical.Interpreter.running()
        environment = self.folder / "environment"
        canonical.make_environment(environment, interpreter, patience())
        project = Path(raslab.__file__).resolve().parents[1]
        shares = []
        for number, share in enumerate(canonical.shares(project, command.cwd, environment, interpreter)):
            # The kernel keeps the way to a folder of the host in its memory: all of them are of the same length.
            (self.folder / f"share{number}").symlink_to(share.host)
            shares.append(replace(share, host=Path(f"/proc/self/cwd/share{number}")))
        return replace(command, cwd=canonical.WORK, environment=canonical.variables()), shares

    def _boot(
        self, kernel: Path, options: MachineOptions, folder: Path, readable: Sequence[Path], writable: Sequence[Path]
    ) -> None:
        guest_reads, self.to_guest = os.pipe()
        self.from_guest, guest_writes = os.pipe()
        environment = {"PATH": os.defpath}
        if options.virtual_time:
            environment["RASLAB_SEED"] = str(options.seed)
        try:
            with open(self.console, "wb") as console, tempfile.TemporaryFile(dir=folder) as memory:
                self._console = os.open(self.console, os.O_RDONLY)
                environment["RASLAB_MEMORY_FD"] = str(memory.fileno())
                program = [str(kernel), *kernel_arguments(options)]
                self._kernel = subprocess.Popen(
                    starter_command(program, options, memory.fileno(), readable, writable),
                    pass_fds=[memory.fileno()],
                    stdin=guest_reads,
                    stdout=guest_writes,
                    stderr=console,
                    cwd=self.folder,
                    env=environment,
                    start_new_session=True,
                )
        finally:
            os.close(guest_reads)
            os.close(guest_writes)
        self._keepers.guard(self._kernel.pid)
        self._take_processor()
        self._time = threading.Timer(options.limits.wall_s, self._end_for_time)
        self._time.daemon = True
        self._time.start()

    def _end_for_time(self) -> None:
        self._out_of_time = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._kernel.pid, signal.SIGKILL)

    def said(self) -> str:
        """What the machine's kernel has said, beginning and end if it is much."""
        size = os.fstat(self._console).st_size
        parts = [(0, _CONSOLE_BYTES), (max(_CONSOLE_BYTES, size - _CONSOLE_BYTES), _CONSOLE_BYTES)]
        return b"".join(os.pread(self._console, length, start) for start, length in parts).decode(errors="replace")

    def died(self) -> MachineDiedError:
        """Why the machine ended without an exit status: from its console, or from how its kernel process ended."""
        if self._out_of_time:
            return MachineDiedError(out_of_time(self._limits))
        lines = self.said().splitlines()
        telling = [line for line in lines if re.search(r"Kernel panic|Out of memory|raslab (init|jail):", line)]
        if telling:
            reason = telling[-1].strip()
        else:
            status = self._kernel.wait()
            how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
            reason = f"its kernel process {how}"
        return MachineDiedError(f"The lab machine died before its command had ended: {reason}")

    def met(self, limit: str) -> None:
        """Remember a limit that the machine says it has met."""
        self.limits_met = f"{self.limits_met[-200:]} {limit}"

    def pause(self) -> None:
        """Stop the machine: it takes no processor time, and its clock, if virtual, stands still."""
        self._paused = True
        self._kernel.send_signal(signal.SIGSTOP)
        self._processor.release()

    @property
    def is_paused(self) -> bool:
        """Whether it has been stopped."""
        return self._paused

    @property
    def is_virtual(self) -> bool:
        """Whether its clock is."""
        return self._virtual

    def computed_s(self) -> float:
        """Seconds of the processor's time that it has used so far, its programs included."""
        return processor_s((self._kernel.pid, *children(self._kernel.pid)))

    def resume(self) -> None:
        """Let a paused machine go on."""
        if self._paused:
            self._paused = False
            self._processor = Claim(preferred=self._processor.number)
            self._take_processor()
            self._kernel.send_signal(signal.SIGCONT)

    def _take_processor(self) -> None:
        """Move to the claimed processor, with all of the guest's processes."""
        number = self._processor.number
        if number is None or number == self._on:
            return
        for process in (self._kernel.pid, *children(self._kernel.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(process, {number})
        self._on = number

    def nudge(self) -> None:
        """Send NUDGE_SIGNAL to the guest's program that is computing, if there is one.

        In virtual time no clock takes the processor from a program, and a signal from the guest's first process could
        not reach it. This one comes from outside: the kernel relays it to whoever runs. It ends a program that is not
        prepared for it.
        """
        if self._virtual:
            for process in filter(is_computing, children(self._kernel.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, NUDGE_SIGNAL)

    def end(self) -> None:
        """Kill whatever of the machine is left and remove its files. May be called at any time, and again."""
        kernel = getattr(self, "_kernel", None)
        if kernel is not None:
            if kernel.returncode is None:
                os.killpg(kernel.pid, signal.SIGKILL)
                kernel.wait()
            for name in ("to_guest", "from_guest"):
                descriptor = self.__dict__.pop(name, None)
                if descriptor is not None:
                    os.close(descriptor)
        if self._time is not None:
            self._time.cancel()
        if self._console >= 0:
            os.close(self._console)
            self._console = -1
        self._processor.release()
        self._keepers.dismiss()

    def __enter__(self) -> UmlMachine:
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()


def _memory_folder(memory_mb: int) -> Path:
    """A folder that can hold the guest's memory: UML maps it from a deleted file, and a full disk would kill
    it.
    """
    for folder in (Path("/dev/shm"), Path(tempfile.gettempdir()), Path("/var/tmp")):
        try:
            facts = os.statvfs(folder)
        except OSError:
            continue
        free_mb = facts.f_bavail * facts.f_frsize >> 20
        if free_mb >= memory_mb and not facts.f_flag & os.ST_NOEXEC and os.access(folder, os.W_OK):
            return folder
    raise NoLabMachineError(
        f"No temporary folder has {memory_mb} MB free for the lab machine's memory (looked at /dev/shm,"
        f" {tempfile.gettempdir()} and /var/tmp); free some space or ask for less with --memory."
    )
