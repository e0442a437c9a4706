"""Long work in a notebook is interrupted as a user does it, and the lab goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.machine import notebook_kernel
from tests.machine.conftest import Launcher
from tests.machine.notebook_kernel import NotebookKernel

STAR = """
import raslab
from raslab.net import Topo
class Star(Topo):
    def build(self):
        self.addSwitch("hub")
        for number in range(1, 121):
            self.addLink(self.addHost(f"h{number}", ip=f"10.0.0.{number}/24"), "hub")
lab = raslab.lab(Star())
"""
#: Says in the middle of the work that it is there.
SAYS = """
real = lab.network.start
def start(watch):
    def told(share, until):
        watch(share, until)
        if share > 0.3: print("half way", flush=True)
    real(told)
lab.network.start = start
"""


@pytest.fixture
def kernel(raslab: Launcher) -> Iterator[NotebookKernel]:
    """A notebook's kernel in real time."""
    kernel = NotebookKernel(raslab, "raslab")
    yield kernel
    kernel.kill()


def interrupted(kernel: NotebookKernel, work: str, sign: str) -> tuple[str, str]:
    """Interrupt a cell once it has said `sign`; status of its reply and name of its error."""
    message = kernel.begin(work, sign)
    kernel.manager.interrupt_kernel()
    reply = kernel.reply_to(message)
    return reply["status"], reply.get("ename", "")


def test_a_start(kernel: NotebookKernel) -> None:
    kernel.shows(STAR)
    kernel.shows(SAYS)
    assert interrupted(kernel, "lab.start()", "half way") == ("error", "KeyboardInterrupt")
    assert kernel.shows("lab.network.is_running") == "False"
    kernel.shows("del lab.network.start; lab.start()")
    assert kernel.shows("lab['h1'].run('ping -c1 -W2 10.0.0.120').status") == "0"


def test_a_measurement(kernel: NotebookKernel) -> None:
    kernel.shows("import raslab; lab = raslab.lab('gre-performance', rate_mbps=20); lab.start()")
    says = """
import threading, time
def tell():
    while "iperf3" not in lab["host2"].run("ps -A -o comm=").stdout: time.sleep(0.02)
    print("measuring", flush=True)
threading.Thread(target=tell).start()
lab.throughput("host2", "host1", duration_s=60)
"""
    assert interrupted(kernel, says, "measuring") == ("error", "KeyboardInterrupt")
    assert "iperf3" not in kernel.shows("lab['host2'].run('ps -A -o comm=').stdout")
    again = "frame = lab.throughput('host2', 'host1', duration_s=0.3); frame['throughput_mbps'][0] > 1"
    assert "True" in kernel.shows(again)


TWO = """
import raslab
from raslab.net import Topo
class Two(Topo):
    def build(self):
        self.addLink(self.addHost("left", ip="10.0.0.1/24"), self.addHost("right", ip="10.0.0.2/24"))
lab = raslab.lab(Two())
lab.start()
"""
#: Asks the kernel nothing, so the clock cannot even creep.
NEVER_WAITS = "lab['left'].run(['sh', '-c', 'while :; do :; done'])"


def test_a_clock_that_stands_still_is_told_in_the_cell_and_an_interrupt_is_one_sentence(
    raslab: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notebook_kernel, "REPLY_S", 150)  # seconds of the processor's count, and others may have it
    kernel = NotebookKernel(raslab, "raslab-vt")
    try:
        kernel.shows(TWO)
        message = kernel.begin(NEVER_WAITS, "The virtual clock has stood still for")
        kernel.manager.interrupt_kernel()
        reply = kernel.reply_to(message)
        assert reply["ename"] == "KeyboardInterrupt"
        assert len(reply["traceback"]) == 2
        assert reply["traceback"][0] == f"Line 1: {NEVER_WAITS}"
        assert reply["traceback"][1].endswith("The cell was interrupted; what it had done before stays done.")
        assert kernel.shows("6 * 7") == "42"
        refused = kernel.run("lab.throughput('left', 'left')")
        assert "A transfer from left to left would never end in virtual time" in refused.text
    finally:
        kernel.kill()
