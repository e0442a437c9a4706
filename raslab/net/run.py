"""Running one command in a node and collecting what it says."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from subprocess import PIPE
from typing import Any

from raslab.errors import CommandTimeout
from raslab.net.namespaces import Namespace
from raslab.net.processes import Processes, kill_group

_DRAIN_S = 1.0  # for what a killed command's children, who may hold its output open, still say


@dataclass(frozen=True)
class RunResult:
    """What came of a command. `status` is its exit status, negative the signal that ended it."""

    argv: tuple[str, ...]
    status: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """What a terminal would have shown, and the exit status if the command failed."""
        parts = [part.rstrip("\n") for part in (self.stdout, self.stderr) if part.strip()]
        return "\n".join([*parts, *([f"exit status {self.status}"] if self.status else [])])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """IPython's question how to show it as the result of a cell: as `text`."""
        printer.text(self.text)


def run(
    processes: Processes,
    node: Namespace,
    argv: Sequence[str],
    *,
    timeout: float | None,
    input: str | bytes | None,  # noqa: A002 - named as in subprocess.run
    options: dict[str, Any],
) -> RunResult:
    """Run `argv` in `node` and wait for its end; kill its process group after `timeout` seconds.

    Raises CommandTimeout, EmptyCommandError, ProgramNotFoundError.
    """
    words = tuple(map(str, argv))
    process = processes.spawn(
        node,
        words,
        stdin=subprocess.DEVNULL if input is None else PIPE,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
        **options,
    )
    data = input.encode() if isinstance(input, str) else input
    try:
        out, err = process.communicate(data, timeout)
    except subprocess.TimeoutExpired as error:
        kill_group(process)
        out, err = _drain(process)
        assert timeout is not None
        raise CommandTimeout(node.name, words, timeout, _text(out), _text(err)) from error
    except BaseException:
        kill_group(process)
        process.wait()
        raise
    return RunResult(words, process.returncode, _text(out), _text(err))


def _drain(process: subprocess.Popen[Any]) -> tuple[bytes, bytes]:
    try:
        out, err = process.communicate(timeout=_DRAIN_S)
    except subprocess.TimeoutExpired as error:
        return error.stdout or b"", error.stderr or b""
    return out, err


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
