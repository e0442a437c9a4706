"""Tests that start lab machines from the host, as a user does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from raslab.machine.kernel import cached_kernel
from raslab.machine.kernel.cache import kernel_folder

WAIT_S = 20.0
ENV = "/usr/bin/env"


def wait_for(what: str, condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds; fails, naming `what`, after WAIT_S."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"still waiting for: {what}"
        time.sleep(0.01)


def processes_in(folder: Path) -> dict[int, bytes]:
    """Processes that work in `folder` or name it, with their command lines: all those of one test's machines."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            here = os.readlink(entry / "cwd").startswith(str(folder))
            command_line = (entry / "cmdline").read_bytes()
        except OSError:  # it has just ended
            continue
        if here or os.fsencode(folder) in command_line:
            found[int(entry.name)] = command_line
    return found


def leads_a_session(pid: int) -> bool:
    """True for a living leader of a session."""
    try:
        return os.getsid(pid) == pid
    except ProcessLookupError:
        return False


class Launcher:
    """Runs `raslab` with all temporary files below one folder, so that whatever is left over can be told."""

    def __init__(self, folder: Path) -> None:
        self.temporary = folder / "tmp"
        self.work = folder / "work"
        self.temporary.mkdir()
        self.work.mkdir()
        self.environment = os.environ | {"TMPDIR": str(self.temporary), "PYTHONUNBUFFERED": "1"}
        self.children: list[subprocess.Popen[str]] = []

    def has_the_computer_to_itself(self) -> str:
        """Let its machines take any processor, whatever other machines run here. Returns the user's cache folder."""
        cache = self.work.parent / "cache"
        (cache / "raslab").mkdir(parents=True)
        (cache / "raslab" / "kernel").symlink_to(kernel_folder())
        self.environment["XDG_CACHE_HOME"] = str(cache)
        return str(cache)

    def start(self, *arguments: str, ignored: str = "", **options: object) -> subprocess.Popen[str]:
        """Start a `raslab` command line in the background; `ignored`: a signal it shall find ignored, such as HUP."""
        settings = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
        } | options
        # Whoever runs the tests may ignore signals, in the background for example; `raslab` would respect that.
        signals = ["--default-signal", *([f"--ignore-signal={ignored}"] if ignored else [])]
        child: subprocess.Popen[str] = subprocess.Popen(
            [ENV, *signals, sys.executable, "-m", "raslab", *arguments],
            cwd=self.work,
            env=self.environment,
            text=True,
            **settings,
        )  # type: ignore[call-overload]
        self.children.append(child)
        return child

    def __call__(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a `raslab` command line to its end."""
        child = self.start(*arguments, stdin=subprocess.DEVNULL if text is None else subprocess.PIPE)
        output, error = child.communicate(text, timeout=180)
        return subprocess.CompletedProcess(arguments, child.returncode, output, error)

    def uml(self, *command: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command in a UML machine."""
        return self("exec", "--machine", "uml", "--", *command, text=text)

    def kernels(self) -> list[int]:
        """Process ids of this test's UML kernels: they lead sessions, their guests' processes do not."""
        processes = processes_in(self.temporary)
        return [pid for pid, line in processes.items() if b"umid=lab" in line and leads_a_session(pid)]

    def kernel(self) -> int:
        """Process id of the one UML kernel now running for this test."""
        (kernel,) = self.kernels()
        return kernel

    def watchdog(self) -> int:
        """Process id of the one watchdog."""
        (watchdog,) = (pid for pid, line in processes_in(self.temporary).items() if b"raslab-watchdog" in line)
        return watchdog

    def nothing_is_left(self) -> bool:
        """No process and no file of any machine."""
        return not processes_in(self.temporary) and not list(self.temporary.iterdir())


@pytest.fixture
def raslab(tmp_path: Path) -> Iterator[Launcher]:
    """A launcher; after the test nothing of its machines may be left."""
    assert cached_kernel(), "no lab kernel is built: run `raslab kernel build`"
    launcher = Launcher(tmp_path)
    yield launcher
    for child in launcher.children:
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)
        child.wait()
    wait_for(f"the end of all of {launcher.temporary}", launcher.nothing_is_left)
