"""A kernel in a lab machine as a front end sees it, for tests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_client import BlockingKernelClient, KernelManager
from jupyter_client.kernelspec import KernelSpec

from raslab.machine.jupyter.kernelspec import KERNELS, content
from tests.machine.conftest import Launcher, wait_for

REPLY_S = 30


class Outcome:
    """What a cell came to: status, text (streams, results and errors, in order), messages, seconds it took."""

    def __init__(self, status: str, messages: list[dict[str, Any]], seconds: float) -> None:
        self.status = status
        self.messages = messages
        self.seconds = seconds

    @property
    def text(self) -> str:
        """All that the cell shows, as plain text."""
        return "".join(map(_text, self.messages))


def _text(message: dict[str, Any]) -> str:
    body = message["content"]
    kind = message["msg_type"]
    if kind == "stream":
        return str(body["text"])
    if kind in ("execute_result", "display_data"):
        return str(body["data"]["text/plain"])
    return f"{body['ename']}: {body['evalue']}" if kind == "error" else ""


class NotebookKernel:
    """Starts one of our kernels the way Jupyter does, with all its files below the launcher's temporary folder."""

    def __init__(self, raslab: Launcher, name: str, *options: str) -> None:
        (kernel,) = (one for one in KERNELS if one.name == name)
        spec = content(kernel)
        spec["argv"] += ["--machine", "uml", *options]
        self.folder = raslab.work
        self.errors = raslab.work.parent / "kernel-errors"
        self.manager = KernelManager(connection_file=str(raslab.temporary / "kernel.json"))
        self.manager._kernel_spec = KernelSpec(**spec)
        self._environment = raslab.environment
        self._stderr = open(self.errors, "ab")  # noqa: SIM115 (a restart hands it on)
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.manager.start_kernel(cwd=str(self.folder), env=self._environment, stderr=self._stderr)
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=REPLY_S)

    @property
    def launcher(self) -> int:
        """Process id of the launcher."""
        pid = self.manager.provisioner.pid
        assert pid is not None
        return int(pid)

    @property
    def ports(self) -> list[int]:
        """The five ports of the connection file."""
        return [getattr(self.manager, f"{name}_port") for name in ("shell", "iopub", "stdin", "control", "hb")]

    def run(self, code: str, answer: str | None = None) -> Outcome:
        """Run a cell; `answer` is what the user types if it asks."""
        messages: list[dict[str, Any]] = []
        started = time.perf_counter()
        reply = self.client.execute_interactive(
            code,
            timeout=REPLY_S,
            output_hook=messages.append,
            allow_stdin=answer is not None,
            stdin_hook=lambda _message: self.client.input(answer or ""),
        )
        return Outcome(reply["content"]["status"], messages, time.perf_counter() - started)

    def shows(self, code: str) -> str:
        """The text that a cell shows; it must succeed."""
        outcome = self.run(code)
        assert outcome.status == "ok", outcome.text
        return outcome.text

    def begin(self, code: str, sign: str) -> str:
        """Send a cell that first prints `sign`, wait until it has, and return its message id."""
        message: str = self.client.execute(code)
        while True:
            output = self.client.get_iopub_msg(timeout=REPLY_S)
            if output["parent_header"].get("msg_id") == message and sign in _text(output):
                return message

    def reply_to(self, message: str) -> dict[str, Any]:
        """The content of the reply to a cell, once the kernel says that it has done with it."""
        self._message(self.client.get_iopub_msg, message, lambda content: content.get("execution_state") == "idle")
        return self._message(self.client.get_shell_msg, message, lambda _content: True)

    @staticmethod
    def _message(source: Callable[..., dict[str, Any]], parent: str, wanted: Callable[[Any], bool]) -> dict[str, Any]:
        while True:
            message = source(timeout=REPLY_S)
            if message["parent_header"].get("msg_id") == parent and wanted(message["content"]):
                content: dict[str, Any] = message["content"]
                return content

    def stop(self) -> None:
        """End it politely."""
        self.client.stop_channels()
        self.manager.shutdown_kernel()

    def kill(self) -> None:
        """Clean up after a test, whatever has happened in it."""
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()
        self._stderr.close()


def processor_seconds(processes: list[int]) -> float:
    """User and system time that processes have taken so far."""
    ticks = 0
    for pid in processes:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def is_free(port: int) -> bool:
    """True if nobody listens on a port of this computer."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def has_ended(kernel: NotebookKernel) -> None:
    """Wait until the front end can see that its kernel is dead."""
    wait_for("the kernel's death", lambda: not kernel.manager.is_alive())


def let_pass(seconds: float) -> None:
    """Let real time pass, as somebody does who drinks coffee."""
    subprocess.run(["sleep", str(seconds)], check=True)


def kill(process: int) -> None:
    """Kill one process."""
    os.kill(process, signal.SIGKILL)
