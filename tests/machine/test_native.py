"""The native machine: namespaces on this computer's own kernel."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.machine.conftest import Launcher, processes_in, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces without a user namespace need root")


def native(raslab: Launcher, *command: str) -> str:
    result = raslab("exec", "--machine", "native", "--", *command)
    assert result.stderr == ""
    return result.stdout


def test_it_is_this_kernel_in_other_namespaces(raslab: Launcher) -> None:
    script = "readlink /proc/self/ns/net /proc/self/ns/pid; uname -r; echo $RASLAB_MACHINE"
    net, pid, release, name = native(raslab, "sh", "-c", script).split()
    assert (release, name) == (os.uname().release, "native")
    assert net != os.readlink("/proc/self/ns/net")
    assert pid != os.readlink("/proc/self/ns/pid")


def test_status_comes_back(raslab: Launcher) -> None:
    assert raslab("exec", "--machine", "native", "--", "sh", "-c", "exit 4").returncode == 4


def test_the_loopback_works_and_nothing_else_is_there(raslab: Launcher) -> None:
    assert native(raslab, "sh", "-c", "ip -br link | cut -d' ' -f1,1") == "lo\n"
    assert " 0% packet loss" in native(raslab, "ping", "-c1", "-W2", "127.0.0.1")


def test_what_the_command_left_running_ends_with_it(raslab: Launcher) -> None:
    native(raslab, "sh", "-c", f"setsid sh -c 'cd {raslab.temporary}; sleep 300' >/dev/null 2>&1 & sleep 0.2")
    wait_for("the end of the orphan", lambda: not processes_in(raslab.temporary))


def test_killing_the_launcher_ends_everything(raslab: Launcher) -> None:
    child = raslab.start("exec", "--machine", "native", "--", "sh", "-c", f"cd {raslab.temporary}; echo up; sleep 300")
    assert child.stdout is not None
    assert child.stdout.readline() == "up\n"
    assert processes_in(raslab.temporary)
    child.send_signal(signal.SIGKILL)
    wait_for("the machine's end", lambda: not processes_in(raslab.temporary))


def test_an_unknown_command_has_a_shells_status(raslab: Launcher, tmp_path: Path) -> None:
    assert raslab("exec", "--machine", "native", "--", "no-such-command").returncode == 127
