"""The jail as a kernel process finds it that a hostile guest has taken over; docs/security.md has the table."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from raslab.machine.command import MachineOptions
from raslab.machine.jail import landlock
from raslab.machine.jail.policy import Jail
from raslab.machine.jail.start import starter_command
from tests.machine.conftest import wait_for

NOBODY = 65534
HOSTILE = Path(__file__).with_name("hostile.c")
#: What must go on working in the jail.
WANTED = {"write-own-folder", "read-the-system"}
#: The twin: without a jail these are done by anybody, in a place that is thrown away.
DONE_WITHOUT = {
    "read-a-file", "write-a-file", "truncate-a-file", "list-a-folder", "make-a-file", "make-a-folder", "make-a-link",
    "make-a-fifo", "hard-link-out", "hard-link-in", "move-out", "remove-a-file", "follow-a-link-out",
    "write-through-a-link", "change-a-mode", "set-user-id", "create-set-user-id", "signal", "environment",
    "limits-of-another", "path-socket", "abstract-socket", "network", "datagrams", "netlink", "shared-memory",
    "run-a-program", "io-uring",
}  # fmt: skip
#: Root's mounts are read-only. Where only Landlock stands, which has no right for it, a mode can be changed.
LEFT_TO_ORDINARY_USERS = {"change-a-mode"}

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root"),
    pytest.mark.skipif(landlock.version() < landlock.SIGNALS, reason="this kernel's Landlock knows less"),
]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that others may enter, with a victim's folder and a working folder."""
    with tempfile.TemporaryDirectory(prefix="jail-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for part in ("victim", "work"):
            (folder / part).mkdir()
        for file in ("secret", "doomed", "modest"):
            (folder / "victim" / file).write_text("mine\n")
        (folder / "work" / "way-out").symlink_to(folder / "victim")
        subprocess.run(["gcc", "-O1", "-static", "-o", folder / "hostile", HOSTILE], check=True)
        yield folder


def outcomes(place: Path, mode: str, user: int) -> dict[str, str]:
    """What comes of each vector, tried in the jail `mode` by a user."""
    for path in (place, *place.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)
    become = ["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups"] if user else []
    victim = subprocess.Popen([*become, "env", "--ignore-signal=USR1", "sleep", "60"])
    comm = Path(f"/proc/{victim.pid}/comm")
    wait_for("the victim to be the user's own program", lambda: comm.read_text() == "sleep\n")
    name = f"raslab-jail-test-{os.getpid()}"
    with (
        socket.socket(socket.AF_UNIX) as by_path,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.create_server(("127.0.0.1", 0)) as network,
        tempfile.TemporaryFile() as memory,
    ):
        by_path.bind(str(place / "victim/socket"))
        (place / "victim/socket").chmod(0o777)
        abstract.bind("\0" + name)
        by_path.listen()
        abstract.listen()
        program = [str(place / "hostile"), str(place / "victim"), str(place / "work"), str(victim.pid), name]
        program.append(str(network.getsockname()[1]))
        options = MachineOptions(jail=Jail(mode))
        starter, *arguments = starter_command(program, options, memory.fileno(), [], [place / "work"])
        shutil.copy(starter, place / "starter")
        os.dup2(memory.fileno(), 77)
        try:
            ran = subprocess.run(
                [*become, str(place / "starter"), *arguments],
                cwd=place / "work", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                pass_fds=[memory.fileno(), 77],
            )  # fmt: skip
        finally:
            os.close(77)
            victim.send_signal(signal.SIGKILL)
            victim.wait()
    assert (ran.returncode, ran.stderr) == (0, "")
    return dict(line.split() for line in ran.stdout.splitlines())


@pytest.mark.parametrize("user", [0, NOBODY])
def test_a_kernel_taken_over_does_nothing_to_the_host(place: Path, user: int) -> None:
    found = outcomes(place, "auto", user)
    left = LEFT_TO_ORDINARY_USERS if user else set()
    assert {name for name, outcome in found.items() if outcome == "done"} == WANTED | left
    assert sorted(path.name for path in (place / "victim").iterdir()) == ["doomed", "modest", "secret", "socket"]
    assert (place / "victim/secret").read_text() == "mine\n"


@pytest.mark.parametrize("user", [0, NOBODY])
def test_without_the_jail_it_does(place: Path, user: int) -> None:
    found = outcomes(place, "off", user)
    assert {name for name, outcome in found.items() if outcome == "done"} >= WANTED | DONE_WITHOUT
    assert (place / "victim/made").exists()
    assert not (place / "victim/doomed").exists()
