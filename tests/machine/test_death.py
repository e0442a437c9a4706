"""However a machine ends, nothing of it is left; the `raslab` fixture looks for remains after every test."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine.conftest import Launcher, processes_in, wait_for

#: A program in the guest that shows on the host that it lives: a file that keeps growing.
BEAT = "echo up; while :; do echo x >> beat; sleep 0.02; done"


def started(raslab: Launcher, *command: str) -> subprocess.Popen[str]:
    """A machine that has run so far that its command has said `up`."""
    child = raslab.start("exec", "--machine", "uml", "--", *command)
    assert child.stdout is not None
    assert child.stdout.readline() == "up\n"
    return child


def test_interrupt_reaches_the_command(raslab: Launcher) -> None:
    child = started(raslab, "sh", "-c", "trap 'echo caught; exit 5' INT; echo up; while :; do sleep 0.05; done")
    child.send_signal(signal.SIGINT)
    assert child.communicate(timeout=20)[0] == "caught\n"
    assert child.returncode == 5


def test_a_second_interrupt_ends_a_machine_whose_command_does_not_care(raslab: Launcher) -> None:
    child = started(raslab, "sh", "-c", "trap '' INT; echo up; while :; do sleep 0.05; done")
    child.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(timeout=1)
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=20) == 128 + signal.SIGINT


@pytest.mark.parametrize("stubborn", [False, True])
def test_terminate_ends_the_machine(raslab: Launcher, stubborn: bool) -> None:
    child = started(raslab, "sh", "-c", ("trap '' TERM; " if stubborn else "") + BEAT)
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=20) == 128 + signal.SIGTERM


def test_the_launcher_is_killed(raslab: Launcher) -> None:
    child = started(raslab, "sh", "-c", BEAT)
    assert raslab.kernel()
    child.send_signal(signal.SIGKILL)
    wait_for("the machine's end", raslab.nothing_is_left)


def test_the_kernel_alone_is_killed_and_its_programs_do_not_run_on(raslab: Launcher) -> None:
    child = started(raslab, "sh", "-c", BEAT)
    wait_for("the first beat", (raslab.work / "beat").exists)
    os.kill(raslab.kernel(), signal.SIGKILL)
    _, error = child.communicate(timeout=20)
    assert child.returncode == 2
    assert "The lab machine died before its command had ended: its kernel process was killed by SIGKILL" in error
    wait_for("the end of all processes", lambda: not processes_in(raslab.temporary))
    beats = (raslab.work / "beat").stat().st_size
    with pytest.raises(AssertionError):
        wait_for_growth(raslab.work / "beat", beats)


def wait_for_growth(path: Path, size: int) -> None:
    """Give a program that still lives ten times its beat to show it."""
    for _ in range(20):
        subprocess.run(["sleep", "0.02"], check=True)
        if path.stat().st_size > size:
            return
    raise AssertionError(f"{path} does not grow")


def test_the_beat_would_show_a_living_program(raslab: Launcher) -> None:
    started(raslab, "sh", "-c", BEAT)
    wait_for("the first beat", (raslab.work / "beat").exists)
    wait_for_growth(raslab.work / "beat", (raslab.work / "beat").stat().st_size)


def test_the_watchdog_is_killed_with_the_launcher(raslab: Launcher) -> None:
    child = started(raslab, "sh", "-c", BEAT)
    os.kill(raslab.watchdog(), signal.SIGKILL)
    child.send_signal(signal.SIGKILL)
    wait_for("the end of all processes", lambda: not processes_in(raslab.temporary))
    for left in raslab.temporary.iterdir():  # with the watchdog gone nobody could remove the files
        subprocess.run(["rm", "-r", str(left)], check=True)


def in_small_machine(raslab: Launcher, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a machine whose memory is soon full."""
    return raslab("exec", "--machine", "uml", "--memory", "256M", "--", *command)


EAT_MEMORY = "import os; os.write(1, b'up\\n'); x = [bytes([7]) * (1 << 20) for _ in range(100000)]"


def test_out_of_memory_ends_the_command_not_the_machine(raslab: Launcher) -> None:
    result = in_small_machine(raslab, "sh", "-c", f'python3 -c "{EAT_MEMORY}"; echo status $?')
    assert result.stdout == "up\nstatus 137\n"
    assert result.returncode == 0


def test_a_panic_is_reported_with_its_reason(raslab: Launcher) -> None:
    result = in_small_machine(raslab, "sh", "-c", f'echo 1 > /proc/sys/vm/panic_on_oom; python3 -c "{EAT_MEMORY}"')
    assert result.returncode == 2
    assert "The lab machine died before its command had ended: Kernel panic" in result.stderr
    assert "ut of memory" in result.stderr


def test_a_full_file_system_is_the_commands_problem(raslab: Launcher) -> None:
    result = in_small_machine(raslab, "dd", "if=/dev/zero", "of=/var/tmp/large", "bs=1M")
    assert result.returncode == 1
    assert "No space left on device" in result.stderr


def test_a_reader_that_goes_away_ends_the_machine(raslab: Launcher) -> None:
    child = started(raslab, "sh", "-c", "echo up; while echo more; do :; done")
    assert child.stdout is not None
    child.stdout.close()
    assert child.wait(timeout=20) == 128 + signal.SIGPIPE


def test_a_reader_that_is_slow_does_not_keep_the_machine_from_ending(raslab: Launcher) -> None:
    child = started(raslab, "sh", "-c", "echo up; while echo more; do :; done")
    wait_for("a full pipe", lambda: select.select([child.stdout], [], [], 0)[0] != [])
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=20) == 128 + signal.SIGTERM


def test_nohup_is_respected(raslab: Launcher) -> None:
    command = [
        sys.executable,
        "-m",
        "raslab",
        "exec",
        "--machine",
        "uml",
        "--",
        "sh",
        "-c",
        "echo up; sleep 1; echo on",
    ]
    child = subprocess.Popen(
        ["env", "--ignore-signal=HUP", *command], cwd=raslab.work, env=raslab.environment, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
    )  # fmt: skip
    raslab.children.append(child)
    assert child.stdout is not None
    assert child.stdout.readline() == "up\n"
    child.send_signal(signal.SIGHUP)
    assert child.communicate(timeout=20)[0] == "on\n"
    assert child.returncode == 0
