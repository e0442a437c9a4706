"""Notebook kernels on this computer's own kernel, and inside a lab machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from tests.machine.conftest import Launcher, processes_in, wait_for
from tests.machine.notebook_kernel import NotebookKernel, has_ended, kill

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces without a user namespace need root")


@pytest.fixture
def kernel(raslab: Launcher) -> Iterator[NotebookKernel]:
    """A kernel in a native machine."""
    kernel = NotebookKernel(raslab, "raslab", "--machine", "native")
    yield kernel
    kernel.kill()


def test_it_runs_in_namespaces_of_this_kernel(kernel: NotebookKernel) -> None:
    assert kernel.shows("import os; os.environ['RASLAB_MACHINE']") == "'native'"
    assert kernel.shows("print(os.uname().release)") == f"{os.uname().release}\n"
    assert kernel.shows("print(os.readlink('/proc/self/ns/net'))") != f"{os.readlink('/proc/self/ns/net')}\n"


@pytest.mark.parametrize("work", ["while True: pass", "import subprocess; subprocess.run(['sleep', '1000'])"])
def test_interrupt(kernel: NotebookKernel, work: str) -> None:
    message = kernel.begin(f"print('up', flush=True)\n{work}", "up")
    kernel.manager.interrupt_kernel()
    assert kernel.reply_to(message)["ename"] == "KeyboardInterrupt"
    assert kernel.shows("6 * 7") == "42"


def test_after_a_kill_nothing_is_left(kernel: NotebookKernel, raslab: Launcher) -> None:
    kernel.run(f"import subprocess; subprocess.Popen(['sleep', '1000'], cwd={str(raslab.temporary)!r})")
    assert processes_in(raslab.temporary)
    kill(kernel.launcher)
    has_ended(kernel)
    wait_for("the end of all processes", lambda: not processes_in(raslab.temporary))


def test_in_a_lab_machine_the_launcher_becomes_ipykernel(raslab: Launcher) -> None:
    code = """
import os
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec
from raslab.machine.jupyter.kernelspec import KERNELS, content
manager = KernelManager()
manager._kernel_spec = KernelSpec(**content(KERNELS[0]))
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=30)
client.execute_interactive("import os; print(os.environ['RASLAB_MACHINE'], os.getppid())")
manager.shutdown_kernel()
print(os.getpid())
"""
    result = raslab.uml(sys.executable, "-P", "-c", code)
    assert result.stdout.split()[0] == "uml"
    assert result.stdout.split()[1] == result.stdout.split()[2]
