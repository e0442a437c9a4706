"""Kill parts of a lab machine at a moment of its life, and see what is left."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.machine.conftest import Launcher, leads_a_session, processes_in

#: What is killed, in this order. `group` is the kernel's process group.
EXEC: tuple[tuple[str, ...], ...] = (
    ("launcher",),
    ("watchdog",),
    ("warden",),
    ("kernel",),
    ("group",),
    ("launcher", "watchdog"),
    ("watchdog", "launcher"),
    ("launcher", "warden"),
    ("warden", "launcher"),
    ("watchdog", "warden"),
    ("watchdog", "kernel"),
    ("kernel", "launcher"),
    ("launcher", "kernel", "watchdog"),
)
NOTEBOOK: tuple[tuple[str, ...], ...] = (
    ("front end",),
    ("launcher", "front end"),
    ("front end", "launcher"),
    ("front end", "watchdog"),
    ("watchdog", "launcher", "front end"),
    ("kernel", "front end"),
)
MEMORY = Path("/dev/shm")
_UP = "echo up; exec sleep 1000"
_FRONT_END = """
import os, sys, time
from pathlib import Path
from tests.machine.notebook_kernel import NotebookKernel
class Here:
    temporary, work, environment = Path(sys.argv[1]), Path(sys.argv[2]), dict(os.environ)
kernel = NotebookKernel(Here, "raslab-vt")
print("up", flush=True)
time.sleep(1000)
"""


def life(launcher: Launcher, victims: Sequence[str], after_s: float, *, up: bool) -> list[str]:
    """Start a machine, kill the victims `after_s` seconds after its start, or after it was up; what is left then.

    A notebook's kernel is started if its front end is among the victims.
    """
    notebook = "front end" in victims
    child = _front_end(launcher) if notebook else launcher.start("exec", "--machine", "uml", "--", "sh", "-c", _UP)
    assert child.stdout is not None
    if up:
        assert child.stdout.readline() == "up\n"
    _pass(after_s)
    names = {path.name for path in launcher.temporary.iterdir()}
    for victim in victims:
        _kill(launcher, child, victim)
    if not notebook:
        child.send_signal(signal.SIGTERM)  # who starts yet may not have had the part that was to be killed
    left = _left(launcher, child, names)
    child.kill()
    child.communicate()
    return left


def _front_end(launcher: Launcher) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", _FRONT_END, str(launcher.temporary), str(launcher.work)],
        env=launcher.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    launcher.children.append(child)
    return child


def _kill(launcher: Launcher, child: subprocess.Popen[str], victim: str) -> None:
    """Kill one part if it is there."""
    with contextlib.suppress(ProcessLookupError):
        if victim == "front end" or (victim == "launcher" and child.args[0] != sys.executable):  # type: ignore[index]
            child.kill()
            return
        for pid, line in processes_in(launcher.temporary).items():
            leads = leads_a_session(pid)
            if {
                "launcher": b"raslab.machine.jupyter\0" in line,
                "watchdog": b"raslab-watchdog" in line,
                "warden": b"raslab-warden" in line,
                "kernel": b"umid=lab" in line and leads,
                "group": b"umid=lab" in line and leads,
            }[victim]:
                (os.killpg if victim == "group" else os.kill)(pid, signal.SIGKILL)


def _left(launcher: Launcher, child: subprocess.Popen[str], names: set[str], within_s: float = 20.0) -> list[str]:
    """What is still there when nothing has gone any more for a while. names: of folders that the machine has made."""
    deadline = time.monotonic() + within_s
    while True:
        child.poll()
        found = processes_in(launcher.temporary).values()
        names |= {path.name for path in launcher.temporary.iterdir()}
        files = [str(path / name) for path in (launcher.temporary, MEMORY) for name in names if (path / name).exists()]
        if not found and not files:
            return []
        if time.monotonic() > deadline:
            return [*(line.replace(b"\0", b" ").decode(errors="replace") for line in found), *files]
        _pass(0.02)


def _pass(seconds: float) -> None:
    """Let time pass on the computer's clock."""
    time.sleep(seconds)


def moments(count: int, seed: int) -> list[tuple[tuple[str, ...], float, bool]]:
    """Victims, seconds and whether these count from when the machine was up, each kind of victims equally often."""
    dice = random.Random(seed)
    found = []
    for number in range(count):
        kinds = NOTEBOOK if number % 5 == 4 else EXEC
        victims = kinds[(number // 5 if kinds is NOTEBOOK else number - number // 5) % len(kinds)]
        up = number % 3 != 2
        longest = 0.3 if up else 2.0 if kinds is NOTEBOOK else 0.5
        found.append((victims, dice.uniform(0, longest), up))
    return found
