"""The native machine: namespaces on this computer's own kernel."""

from __future__ import annotations

import os
import signal
import time
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


def test_what_is_written_outside_the_working_folder_vanishes(raslab: Launcher, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    script = (
        f"echo kept > here; echo lost > {outside}/there; echo lost > /etc/raslab-was-here; cat {outside}/there; pwd"
    )
    assert native(raslab, "sh", "-c", script) == f"lost\n{raslab.work}\n"
    assert (raslab.work / "here").read_text() == "kept\n"
    assert not list(outside.iterdir())
    assert not Path("/etc/raslab-was-here").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_reach_the_command(raslab: Launcher, number: signal.Signals) -> None:
    name = number.name.removeprefix("SIG")
    script = f"trap 'echo caught; exit 5' {name}; echo up; while :; do sleep 0.05; done"
    child = raslab.start("exec", "--machine", "native", "--", "sh", "-c", script)
    assert child.stdout is not None
    assert child.stdout.readline() == "up\n"
    child.send_signal(number)
    assert child.communicate(timeout=20)[0] == "caught\n"
    assert child.returncode == 5


@pytest.mark.parametrize("numbers", [(signal.SIGTERM,), (signal.SIGINT, signal.SIGINT)])
def test_a_command_that_does_not_care_is_ended(raslab: Launcher, numbers: tuple[signal.Signals, ...]) -> None:
    script = "trap '' INT TERM; echo up; while :; do sleep 0.05; done"
    child = raslab.start("exec", "--machine", "native", "--", "sh", "-c", script)
    assert child.stdout is not None
    assert child.stdout.readline() == "up\n"
    for number in numbers:
        assert child.poll() is None
        child.send_signal(number)
        time.sleep(0.2)  # two signals at once are one
    assert child.wait(timeout=20) == 128 + numbers[0]


def test_a_commands_own_status_127_is_not_mistaken(raslab: Launcher) -> None:
    result = raslab("exec", "--machine", "native", "--", "sh", "-c", "exit 127")
    assert (result.returncode, result.stderr) == (127, "")


def test_an_unknown_command_has_a_shells_status(raslab: Launcher) -> None:
    result = raslab("exec", "--machine", "native", "--", "no-such-command")
    assert (result.returncode, result.stderr) == (127, "raslab: no-such-command: command not found\n")


#: What root in a lab tries on this computer, by mistake or not; each prints something if it is done.
VECTORS = {
    "disks": "ls /dev | grep -E '^(sd|vd|nvme|loop|dm-|mem|kmsg)'",
    "device nodes": "mknod disk b 8 0 && echo made; mknod null c 1 3 && echo made",
    "core pattern": "echo core-of-a-lab > /proc/sys/kernel/core_pattern && echo written",
    "sysrq": "[ ! -e /proc/sysrq-trigger ] || { : >> /proc/sysrq-trigger && echo open; }",
    "usermode helper": "echo /x > /sys/kernel/uevent_helper && echo written",
    "control groups": "for d in $(find /sys/fs/cgroup -maxdepth 2 -type d); do mkdir $d/raslab-mark && echo $d; done",
    "clock": "date -s 2030-01-01 >/dev/null && echo set",
    "modes of devices": "chmod 600 /dev/null && echo changed",
    "processes of the host": "kill -0 HOSTPID && echo there",
    "shared memory": "ls /dev/shm",
    "old root": "ls -A /run/old",
}


def test_nothing_of_a_lab_stays_on_the_host(raslab: Launcher) -> None:
    marks = [Path(folder) / "raslab-native-mark" for folder in ("/", "/dev", "/dev/shm", "/run", "/var/tmp", "/root")]
    writing = "".join(f"echo lost > {mark} && cat {mark}; " for mark in marks)
    script = "".join(f"( {vector} ) 2>/dev/null; " for vector in VECTORS.values()).replace("HOSTPID", str(os.getpid()))
    assert native(raslab, "sh", "-c", f"{script} true") == ""
    assert native(raslab, "sh", "-c", f"{writing} echo kept > kept") == "lost\n" * len(marks)
    assert [mark for mark in marks if mark.exists()] == []
    assert (raslab.work / "kept").read_text() == "kept\n"


def test_a_further_folder_can_be_given(raslab: Launcher, tmp_path: Path) -> None:
    further = tmp_path / "further"
    further.mkdir()
    arguments = (
        "exec",
        "--machine",
        "native",
        "--write",
        str(further),
        "--",
        "sh",
        "-c",
        f"echo kept > {further}/file",
    )
    assert raslab(*arguments).returncode == 0
    assert (further / "file").read_text() == "kept\n"


def test_labs_still_have_their_switches(raslab: Launcher) -> None:
    """The twin of what is refused: the network's own switches, tunnels' devices, terminals."""
    script = (
        "sysctl -qw net.ipv4.ip_forward=1 && cat /proc/sys/net/ipv4/ip_forward; python3 -c 'import pty; pty.openpty()'"
    )
    assert native(raslab, "sh", "-c", script) == "1\n"
