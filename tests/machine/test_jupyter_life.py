"""The life of a notebook kernel in a lab machine, driven by Jupyter's own client."""

from __future__ import annotations

import os
import random
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from raslab.machine.jupyter.guest import GRID_NS
from raslab.machine.kernel import cached_kernel
from raslab.machine.processors import Claim
from tests.machine.conftest import Launcher, processes_in, wait_for
from tests.machine.notebook_kernel import (
    NotebookKernel,
    has_ended,
    is_free,
    kill,
    let_pass,
    processor_seconds,
)
from tests.machine.odd_messages import contents, odd, signed

BOTH_CLOCKS = ["raslab", "raslab-vt"]
Start = Callable[..., NotebookKernel]


@pytest.fixture
def start(raslab: Launcher) -> Iterator[Start]:
    """Start kernels that are gone after the test."""
    kernels: list[NotebookKernel] = []

    def start(name: str, *options: str) -> NotebookKernel:
        kernels.append(NotebookKernel(raslab, name, *options))
        return kernels[-1]

    yield start
    for kernel in kernels:
        kernel.kill()
    assert all(is_free(port) for kernel in kernels for port in kernel.ports)


@pytest.mark.parametrize("name", BOTH_CLOCKS)
def test_start_execute_and_shut_down(start: Start, raslab: Launcher, name: str) -> None:
    kernel = start(name)
    lab_kernel = cached_kernel()
    assert lab_kernel is not None
    assert kernel.shows("import os; os.uname().release, os.getuid()") == repr((lab_kernel.version, 0))
    assert kernel.shows("os.environ['RASLAB_CLOCK']") == repr("virtual" if name.endswith("vt") else "real")
    assert not any(is_free(port) for port in kernel.ports)
    kernel.stop()
    wait_for("the end of the kernel", raslab.nothing_is_left)
    # Of ipykernel's own threads, one may find a socket closed by another at the end, and says so now and then.
    assert not re.search(r"^raslab:|raslab/machine/", kernel.errors.read_text(), re.MULTILINE)


def test_the_notebooks_folder_is_shared_and_home_stays(start: Start, raslab: Launcher) -> None:
    raslab.environment["GREETING"] = "good day"
    kernel = start("raslab")
    kernel.run("open('kept', 'w').write('by the notebook')")
    assert (raslab.work / "kept").read_text() == "by the notebook"
    inside = kernel.shows("import os; print(os.getcwd(), os.path.expanduser('~'), os.environ['GREETING'], sep='\\n')")
    assert inside.splitlines() == [str(raslab.work), str(Path("~").expanduser()), "good day"]


def test_the_machine_has_no_address_but_its_own(start: Start) -> None:
    code = """
import json, subprocess
links = json.loads(subprocess.check_output(["ip", "-j", "address"]))
print(*(link["ifname"] for link in links if link["addr_info"]))
"""
    assert start("raslab").shows(code) == "lo\n"


@pytest.mark.parametrize("name", BOTH_CLOCKS)
@pytest.mark.parametrize(
    "work", ["while True: pass", "import time\nwhile True: time.sleep(0.1)", "sum(x * x for x in range(10**10))"]
)
def test_interrupt(start: Start, name: str, work: str) -> None:
    kernel = start(name)
    message = kernel.begin(f"print('up', flush=True); import time; time.sleep(0.3)\n{work}", "up")
    kernel.manager.interrupt_kernel()
    reply = kernel.reply_to(message)
    assert (reply["status"], reply["ename"]) == ("error", "KeyboardInterrupt")
    assert kernel.shows("6 * 7") == "42"


def test_a_program_that_computes_in_virtual_time_is_ended_by_an_interrupt(start: Start) -> None:
    kernel = start("raslab-vt")
    code = """
import subprocess, time
print('up', flush=True)
time.sleep(1)
subprocess.run(['sh', '-c', 'while :; do :; done'])
"""
    message = kernel.begin(code, "up")
    kernel.manager.interrupt_kernel()
    assert kernel.reply_to(message)["status"] in ("ok", "error")
    assert kernel.shows("6 * 7") == "42"


@pytest.mark.parametrize("name", BOTH_CLOCKS)
def test_interrupts_of_an_idle_kernel_change_nothing(start: Start, name: str) -> None:
    kernel = start(name)
    kernel.run("answer = 6 * 7")
    for _ in range(3):
        kernel.manager.interrupt_kernel()
        let_pass(0.2)  # it shall find the kernel idle
        assert kernel.shows("answer") == "42"


@pytest.mark.parametrize("name", BOTH_CLOCKS)
def test_restart_begins_anew_on_the_same_ports(start: Start, name: str) -> None:
    kernel = start(name)
    kernel.run("answer = 6 * 7")
    ports = kernel.ports
    kernel.manager.restart_kernel()
    kernel.client.wait_for_ready(timeout=30)
    assert kernel.ports == ports
    assert kernel.run("answer").text.startswith("NameError")


@pytest.mark.parametrize("name", BOTH_CLOCKS)
def test_input(start: Start, name: str) -> None:
    assert start(name).run("print(f'Hello {input()}')", answer="world").text == "Hello world\n"


def test_an_interrupt_ends_the_wait_for_input(start: Start) -> None:
    kernel = start("raslab-vt")
    threading.Timer(0.5, kernel.manager.interrupt_kernel).start()
    waits = "import time\ntry: input()\nexcept KeyboardInterrupt: time.sleep(5); print('slept')"
    messages: list[Any] = []
    reply = kernel.client.execute_interactive(
        waits, timeout=30, allow_stdin=True, stdin_hook=lambda _: None, output_hook=messages.append
    )
    assert reply["content"]["status"] == "ok"
    assert any(message["content"].get("text") == "slept\n" for message in messages)


@pytest.mark.parametrize("name", BOTH_CLOCKS)
def test_comms_both_ways(start: Start, name: str) -> None:
    kernel = start(name)
    echo = """
from comm import create_comm, get_comm_manager
def opened(comm, message):
    comm.on_msg(lambda message: comm.send({'echo': message['content']['data']}))
get_comm_manager().register_target('echo', opened)
"""
    kernel.run(echo)
    send = kernel.client.session.send
    send(kernel.client.shell_channel.socket, "comm_open", {"comm_id": "c", "target_name": "echo", "data": {}})
    send(kernel.client.shell_channel.socket, "comm_msg", {"comm_id": "c", "data": "ping"})
    while (message := kernel.client.get_iopub_msg(timeout=30))["msg_type"] != "comm_msg":
        pass
    assert message["content"]["data"] == {"echo": "ping"}


@pytest.mark.parametrize("name", BOTH_CLOCKS)
def test_ten_megabytes_out_and_two_in(start: Start, name: str) -> None:
    kernel = start(name)
    assert kernel.run("print('x' * 10_000_000)").text == "x" * 10_000_000 + "\n"
    display = "from IPython.display import display; display({'text/plain': 'y' * 10_000_000}, raw=True)"
    assert kernel.run(display).text == "y" * 10_000_000
    assert kernel.shows(f"len('{'z' * 2_000_000}')") == "2000000"


def test_no_time_passes_between_cells_and_none_is_computed(start: Start, raslab: Launcher) -> None:
    kernel = start("raslab-vt")
    clock = "import time; time.time_ns()"
    before = int(kernel.shows(clock))
    everything = [kernel.launcher, *processes_in(raslab.temporary)]
    processor_before = processor_seconds(everything)
    let_pass(3)
    assert processor_seconds(everything) == processor_before
    cell_ns = int(kernel.shows(clock)) - before
    assert abs(cell_ns - GRID_NS) < GRID_NS / 10


@pytest.mark.parametrize("has_key", [False, True])
def test_strangers_let_no_time_pass_and_end_nothing(start: Start, has_key: bool) -> None:
    kernel = start("raslab-vt")
    clock = "import time; time.time_ns()"
    before = int(kernel.shows(clock))
    key = kernel.manager.session.key if has_key else b"another"
    dice = random.Random(1)
    with zmq.Context() as context:
        for port, channel in ((kernel.manager.shell_port, "shell"), (kernel.manager.control_port, "control")):
            with context.socket(zmq.DEALER) as stranger:
                stranger.connect(f"tcp://127.0.0.1:{port}")
                for _ in range(200):
                    stranger.send_multipart(odd(dice))
                work = contents("execute_request", code=f"import time; time.sleep(100); {channel} = 1", silent=False)
                stranger.send_multipart(signed(key, work))
                let_pass(1)
    passed = int(kernel.shows(clock)) - before
    assert (passed > 100 * 10**9) is has_key  # so the same message with the right signature does act
    assert has_key or abs(passed - GRID_NS) < GRID_NS / 10
    assert kernel.shows("'shell' in dir()") == repr(has_key)


def test_our_errors_are_a_sentence_and_others_are_as_ever(start: Start) -> None:
    kernel = start("raslab-vt")
    ours = kernel.run("import raslab\n\nraslab.lab('nowhere')")
    (error,) = (one["content"] for one in ours.messages if one["msg_type"] == "error")
    assert error["ename"] == "UnknownLabError"
    assert error["evalue"].startswith("There is no lab nowhere")
    line, sentence = error["traceback"]
    assert line == "Line 3: raslab.lab('nowhere')"
    assert sentence.endswith(error["evalue"])
    others = kernel.run("import ipaddress\nipaddress.ip_address('nowhere')")
    (error,) = (one["content"] for one in others.messages if one["msg_type"] == "error")
    assert any("ip_address" in line for line in error["traceback"])


def test_an_idle_notebook_lends_its_processor_to_others(
    start: Start, raslab: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", raslab.has_the_computer_to_itself())
    kernel = start("raslab-vt")

    def free() -> int:
        claims = [Claim() for _ in os.sched_getaffinity(0)]
        numbers = [claim.number for claim in claims if claim.number is not None]
        for claim in claims:
            claim.release()
        return len(numbers)

    wait_for("the processor of an idle notebook", lambda: free() == len(os.sched_getaffinity(0)))
    message = kernel.begin("print('up', flush=True)\nwhile True: pass", "up")
    assert free() == len(os.sched_getaffinity(0)) - 1
    kernel.manager.interrupt_kernel()
    kernel.reply_to(message)


def test_cells_draw_the_same_random_numbers_whatever_was_drawn_before(start: Start) -> None:
    draw = "import os, time; time.sleep(5); print(os.urandom(16).hex())"
    drawn = []
    for earlier in ("pass", "import os; os.urandom(1000)"):
        kernel = start("raslab-vt")
        kernel.run(earlier)
        drawn.append([kernel.shows(draw) for _ in range(3)])
        kernel.stop()
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == 3


def test_where_time_is_real_random_numbers_are_random(start: Start) -> None:
    drawn = []
    for _ in range(2):
        kernel = start("raslab")
        drawn.append(kernel.shows("import os; print(os.urandom(16).hex())"))
        kernel.stop()
    assert drawn[0] != drawn[1]


def test_the_same_look_at_the_clock_sees_real_time_pass(start: Start) -> None:
    kernel = start("raslab")
    before = int(kernel.shows("import time; time.time_ns()"))
    let_pass(1)
    assert int(kernel.shows("time.time_ns()")) - before > 1_000_000_000


def test_no_time_passes_while_the_user_types(start: Start) -> None:
    kernel = start("raslab-vt")
    outputs: list[Any] = []

    def type_slowly(_message: object) -> None:
        let_pass(2)
        kernel.client.input("done")

    kernel.client.execute_interactive(
        "import time; before = time.monotonic(); input(); print(time.monotonic() - before < 0.01)",
        timeout=30, allow_stdin=True, stdin_hook=type_slowly, output_hook=outputs.append,
    )  # fmt: skip
    assert outputs[-2]["content"]["text"] == "True\n"


def test_waiting_costs_nothing_in_virtual_time_even_with_a_daemon_at_work(start: Start) -> None:
    kernel = start("raslab-vt")
    kernel.run("import subprocess; daemon = subprocess.Popen(['sh', '-c', 'while :; do echo >> beats; sleep 1; done'])")
    outcome = kernel.run("import time; time.sleep(60.5); print(len(open('beats').read()))")
    assert outcome.text == "61\n"
    assert outcome.seconds < 10
    let_pass(1)
    assert kernel.shows("print(len(open('beats').read()))") == "61\n"


def test_a_panic_is_seen_at_once_with_its_reason(start: Start, raslab: Launcher) -> None:
    kernel = start("raslab", "--memory", "256M")
    code = """
open('/proc/sys/vm/panic_on_oom', 'w').write('1')
x = [bytes([7]) * (1 << 20) for _ in range(10000)]
"""
    outcome = kernel.run(code)
    assert outcome.status == "error"
    assert outcome.text.startswith("MachineDiedError: The lab machine died before its command had ended: Kernel panic")
    has_ended(kernel)
    assert "Kernel panic" in kernel.errors.read_text()
    kernel.manager.cleanup_connection_file()
    wait_for("the end of all of it", raslab.nothing_is_left)


def test_the_death_of_the_python_process_is_explained(start: Start) -> None:
    kernel = start("raslab")
    outcome = kernel.run("import os; os._exit(3)")
    assert outcome.text == "KernelDied: the notebook's Python process ended with status 3"
    has_ended(kernel)


@pytest.mark.parametrize("name", BOTH_CLOCKS)
@pytest.mark.parametrize("victim", ["launcher", "machine"])
def test_after_a_kill_nothing_is_left(start: Start, raslab: Launcher, name: str, victim: str) -> None:
    kernel = start(name)
    kernel.run("import subprocess; subprocess.Popen(['sleep', '1000'])")
    kill(kernel.launcher if victim == "launcher" else raslab.kernel())
    has_ended(kernel)
    kernel.manager.cleanup_connection_file()
    wait_for("the end of all of it", raslab.nothing_is_left)
    assert all(is_free(port) for port in kernel.ports)


FRONT_END = """
import os, sys, time
from tests.machine.conftest import Launcher
from tests.machine.notebook_kernel import NotebookKernel
from pathlib import Path
class Here:
    temporary, work, environment = Path(sys.argv[1]), Path(sys.argv[2]), dict(os.environ)
kernel = NotebookKernel(Here, sys.argv[3])
print(*kernel.ports, flush=True)
time.sleep(1000)
"""


@pytest.mark.parametrize("name", BOTH_CLOCKS)
def test_the_front_end_is_killed(raslab: Launcher, name: str) -> None:
    import sys

    front_end = subprocess.Popen(
        [sys.executable, "-c", FRONT_END, str(raslab.temporary), str(raslab.work), name],
        env=raslab.environment, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert front_end.stdout is not None
    ports = [int(port) for port in front_end.stdout.readline().split()]
    assert len(ports) == 5
    front_end.kill()
    front_end.communicate()
    wait_for("the end of all of it", raslab.nothing_is_left)
    assert all(is_free(port) for port in ports)
