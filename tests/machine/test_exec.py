"""`raslab exec` and `raslab shell`: streams, status, files, environment, clocks."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import raslab as raslab_package
from raslab.machine.kernel import cached_kernel
from raslab.machine.kernel.cache import kernel_folder
from tests.machine.conftest import Launcher, wait_for


def test_status_and_streams_come_back_apart(raslab: Launcher) -> None:
    result = raslab.uml("sh", "-c", "echo out; echo err >&2; exit 3")
    assert (result.returncode, result.stdout, result.stderr) == (3, "out\n", "err\n")


def test_death_by_a_signal_is_told_as_a_shell_does(raslab: Launcher) -> None:
    assert raslab.uml("sh", "-c", "kill -s KILL $$").returncode == 128 + 9


def test_a_large_input_arrives_whole(raslab: Launcher) -> None:
    text = "".join(f"{number}\n" for number in range(50_000))
    assert raslab.uml("cat", text=text).stdout == text


def test_thousands_of_arguments_arrive(raslab: Launcher) -> None:
    assert raslab.uml("sh", "-c", "echo $#", "sh", *map(str, range(6000))).stdout == "6000\n"


def test_output_to_a_non_blocking_pipe_arrives_whole(raslab: Launcher) -> None:
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    child = raslab.start("exec", "--machine", "uml", "--", "head", "-c", "500000", "/dev/zero", stdout=write_end)
    os.close(write_end)
    with open(read_end, "rb") as pipe:
        assert len(pipe.read()) == 500_000
    assert child.wait(timeout=20) == 0


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
@pytest.mark.parametrize("command", ["exec --machine uml -- true", "shell --machine uml", "doctor", "kernel path"])
def test_a_closed_standard_stream_is_an_empty_one(raslab: Launcher, command: str, closed: str) -> None:
    line = f"exec {sys.executable} -m raslab {command} {closed}"
    result = subprocess.run(
        ["sh", "-c", line], cwd=raslab.work, env=raslab.environment | {"SHELL": "/bin/sh"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")


def test_another_seed_gives_other_random_numbers(raslab: Launcher) -> None:
    first, second, again = (
        raslab("exec", "--virtual-time", "--seed", seed, "--", "cat", "/proc/sys/kernel/random/uuid").stdout
        for seed in ("1", "2", "1")
    )
    assert first == again != second


def test_a_working_folder_that_is_gone_is_told(raslab: Launcher) -> None:
    result = subprocess.run(
        ["sh", "-c", f"mkdir gone; cd gone; rmdir ../gone; exec {sys.executable} -m raslab exec -- true"],
        cwd=raslab.work, env=raslab.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert result.returncode == 2
    assert "no longer exists" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_command_that_ignores_its_input_does_not_hang(raslab: Launcher) -> None:
    assert raslab.uml("true", text="x" * 100_000).returncode == 0


def test_the_machine_has_its_own_kernel_and_we_are_root_in_it(raslab: Launcher) -> None:
    kernel = cached_kernel()
    assert kernel is not None
    assert raslab.uml("sh", "-c", "uname -r; id -u").stdout.split() == [kernel.version, "0"]


def test_the_working_folder_is_shared_and_the_rest_vanishes(raslab: Launcher, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    inside = raslab.uml("sh", "-c", f"echo kept > here; echo lost > {outside}/there; cat {outside}/there; pwd")
    assert inside.stdout == f"lost\n{raslab.work}\n"
    assert (raslab.work / "here").read_text() == "kept\n"
    assert not list(outside.iterdir())


def test_the_environment_is_the_callers(raslab: Launcher) -> None:
    raslab.environment["GREETING"] = "good\nday"
    script = 'printf "%s/%s/%s" "$GREETING" "$RASLAB_MACHINE" "$RASLAB_CLOCK"'
    assert raslab.uml("sh", "-c", script).stdout == "good\nday/uml/real"


def test_gre_works_inside(raslab: Launcher) -> None:
    assert (
        raslab.uml("ip", "link", "add", "g", "type", "gre", "local", "10.0.0.1", "remote", "10.0.0.2").returncode == 0
    )


def test_two_machines_do_not_see_each_other(raslab: Launcher) -> None:
    first = raslab.start(
        "exec", "--machine", "uml", "--", "sh", "-c", "ip link add d0 type dummy; touch /var/tmp/mine; echo up; cat",
        stdin=subprocess.PIPE,
    )  # fmt: skip
    assert first.stdout is not None
    assert first.stdout.readline() == "up\n"
    other = raslab.uml("sh", "-c", "ls /var/tmp/mine; ip link show d0; ps ax | grep -c '[t]ouch'")
    assert other.stdout == "0\n"
    assert "/var/tmp/mine" in other.stderr
    assert "d0" in other.stderr
    first.communicate("", timeout=20)
    assert first.returncode == 0


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="with one processor there is no choice")
def test_machines_at_the_same_time_have_a_processor_each(raslab: Launcher) -> None:
    raslab.has_the_computer_to_itself()
    machines = [
        raslab.start("exec", "--machine", "uml", "--", "sh", "-c", "echo up; cat", stdin=subprocess.PIPE)
        for _ in range(2)
    ]
    for machine in machines:
        assert machine.stdout is not None
        assert machine.stdout.readline() == "up\n"
    first, second = (os.sched_getaffinity(kernel) for kernel in raslab.kernels())
    assert len(first) == len(second) == 1
    assert first != second
    for machine in machines:
        machine.communicate("", timeout=20)


def test_virtual_time_passes_without_waiting_and_starts_alike(raslab: Launcher) -> None:
    script = "date -u +%FT%T; sleep 3600; date -u +%FT%T; cat /proc/sys/kernel/random/uuid"
    runs = [raslab("exec", "--virtual-time", "--", "sh", "-c", script) for _ in range(2)]
    assert runs[0].stdout.split()[:2] == ["2026-01-01T00:00:00", "2026-01-01T01:00:00"]
    assert runs[0].stdout == runs[1].stdout


def test_neither_work_nor_questions_take_virtual_time(raslab: Launcher) -> None:
    script = "cat /no/such/file; i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); done; date +%S.%N"
    result = raslab("exec", "--virtual-time", "--", "sh", "-c", script)
    assert result.stdout == "00.000000000\n"


@pytest.mark.parametrize("question", ["pass", "with suppress(BlockingIOError): os.read(quiet, 1)"])
def test_who_waits_by_asking_again_and_again_is_answered(raslab: Launcher, question: str) -> None:
    script = f"""
import os, time
from contextlib import suppress
quiet, _ = os.pipe()
os.set_blocking(quiet, False)
end = time.monotonic() + 0.5
while time.monotonic() < end:
    {question}
"""
    assert raslab("exec", "--virtual-time", "--", sys.executable, "-c", script).returncode == 0


def test_who_sleeps_wakes_on_time(raslab: Launcher) -> None:
    script = "import time; begin = time.monotonic_ns(); time.sleep(0.001); print(time.monotonic_ns() - begin)"
    slept_ns = int(raslab("exec", "--virtual-time", "--", sys.executable, "-c", script).stdout)
    assert 1_000_000 <= slept_ns < 1_001_000


def test_ping_keeps_its_interval_from_the_start_of_virtual_time(raslab: Launcher) -> None:
    summary = raslab("exec", "--virtual-time", "--", "ping", "-c", "3", "127.0.0.1").stdout
    assert re.search(r"3 received, 0% packet loss, time 20[0-9]{2}ms", summary)


def test_random_numbers_are_random_where_time_is_real(raslab: Launcher) -> None:
    assert raslab.uml("cat", "/proc/sys/kernel/random/uuid").stdout != (
        raslab.uml("cat", "/proc/sys/kernel/random/uuid").stdout
    )


def test_the_shell_has_a_terminal_of_the_right_size(raslab: Launcher) -> None:
    master, slave = pty.openpty()
    raslab.environment |= {"SHELL": "/bin/sh", "LINES": "31", "COLUMNS": "97", "PS1": "> "}
    child = raslab.start("shell", "--machine", "uml", stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    seen = bytearray()

    def shows(text: bytes) -> bool:
        seen.extend(os.read(master, 4096))
        return text in seen

    wait_for("a prompt", lambda: shows(b"> "))
    os.write(master, b"stty size; tty; exit 7\n")
    wait_for("the answer", lambda: shows(b"/dev/pts/0"))
    assert b"31 97" in seen
    assert child.wait(timeout=20) == 7
    os.close(master)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that others may enter. Not pytest's: every run of pytest as root closes those to everybody else."""
    with tempfile.TemporaryDirectory(prefix="raslab-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(
    os.geteuid() != 0, reason="changing to another user needs root; that user is then the one under test"
)
def test_an_ordinary_user_needs_nothing_more(open_folder: Path) -> None:
    raslab = Launcher(open_folder)
    kernel = cached_kernel()
    assert kernel is not None
    cache = open_folder / "cache"
    shutil.copytree(kernel.path.parent, cache / kernel.path.parent.relative_to(kernel_folder().parents[1]))
    for path in (cache, *cache.rglob("*"), raslab.work, raslab.temporary):
        os.chown(path, 65534, 65534)
    # The clone and its .venv may lie where others may not enter, so that user gets a copy, and Python without a .venv.
    shutil.copytree(Path(raslab_package.__file__).parent, open_folder / "copy/raslab")
    python = str(Path(sys.base_exec_prefix) / "bin/python3")
    own = {"XDG_CACHE_HOME": str(cache), "HOME": str(raslab.work), "PYTHONPATH": str(open_folder / "copy")}
    ordinary = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    result = subprocess.run(
        [*ordinary, python, "-m", "raslab", "exec", "--machine", "uml", "--", "sh", "-c",
         "id -u; ip link add v type vrf table 7 && echo made; echo mine > file"],
        cwd=raslab.work, env=raslab.environment | own,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (result.stdout, result.stderr) == ("0\nmade\n", "")
    assert (raslab.work / "file").stat().st_uid == 65534


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["exec", "--memory", "lots", "--", "true"],
            "'lots' is not a memory size; write a number and M or G",
        ),
        (
            ["exec", "--machine", "uml", "--memory", "1M", "--", "true"],
            "1 MB of memory cannot start; give it 128M or more",
        ),
        (["exec", "--machine", "uml", "--memory", "99999G", "--", "true"], "ask for less with --memory"),
        (
            ["exec", "--machine", "native", "--virtual-time", "--", "true"],
            "A native machine has no virtual time",
        ),
        (["exec"], "name the command to run"),
        (["exec", "--machine", "vax", "--", "true"], "invalid choice: 'vax'"),
    ],
)
def test_bad_input_gets_a_sentence_and_status_2(raslab: Launcher, arguments: list[str], sentence: str) -> None:
    result = raslab(*arguments)
    assert result.returncode == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unknown_command_has_a_shells_status(raslab: Launcher) -> None:
    result = raslab.uml("no-such-command")
    assert (result.returncode, result.stderr) == (
        127,
        "raslab: no-such-command: command not found in the lab machine\n",
    )


def test_an_empty_search_path_is_no_obstacle(raslab: Launcher) -> None:
    raslab.environment["PATH"] = "/nowhere"
    assert raslab.uml("echo", "found").stdout == "found\n"


def test_without_a_kernel_the_fix_is_named(raslab: Launcher, tmp_path: Path) -> None:
    raslab.environment["XDG_CACHE_HOME"] = str(tmp_path / "empty")
    result = raslab.uml("true")
    assert result.returncode == 2
    assert "run `raslab kernel build`" in result.stderr


def test_a_machine_in_a_machine_is_refused(raslab: Launcher) -> None:
    result = raslab.uml(sys.executable, "-m", "raslab", "exec", "--", "true")
    assert result.returncode == 2
    assert "already a lab machine" in result.stderr
