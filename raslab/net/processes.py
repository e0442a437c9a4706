"""Processes of a network: started in its nodes, and ended with them."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from raslab.errors import EmptyCommandError, ProgramNotFoundError
from raslab.net.namespaces import Namespace
from raslab.net.spawner import Spawner


class Processes:
    """The processes of one network. The first one that is asked for starts the machinery."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spawner: Spawner | None = None
        self._started: list[tuple[Namespace, subprocess.Popen[Any]]] = []

    def spawn(self, node: Namespace, argv: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        """`subprocess.Popen(argv, **options)` inside `node`.

        Raises EmptyCommandError, ProgramNotFoundError, NeedsRootError, NetworkProcessesError, what else Popen raises.
        """
        if not argv:
            raise EmptyCommandError(node.name)
        options.setdefault("cwd", Path.cwd())  # the spawning thread has a working directory of its own
        with self._lock:
            try:
                process = self._machinery().spawn(node, argv, options)
            except FileNotFoundError as error:
                if error.filename != argv[0]:
                    raise  # the working directory
                raise ProgramNotFoundError(node.name, argv[0]) from error
            self._started = [(where, known) for where, known in self._started if known.returncode is None]
            self._started.append((node, process))
        return process

    def private_folder(self, node: Namespace, folder: str) -> int:
        """A descriptor of a folder that only `node` has, made empty and in memory if there is none yet.

        Valid until the node or the network ends. Raises NeedsRootError, NetworkProcessesError, OSError.
        """
        with self._lock:
            return self._machinery().private_folder(node, folder)

    def _machinery(self) -> Spawner:
        if self._spawner is None:
            self._spawner = Spawner()
        return self._spawner

    def end_node(self, node: Namespace) -> None:
        """Kill all processes in one node, also those that have left their process group."""
        with self._lock:
            inode = os.fstat(node.network_fd).st_ino
            for entry in Path("/proc").glob("[0-9]*/ns/net"):
                with suppress(OSError):  # it ended, or is none of ours
                    if entry.stat().st_ino == inode:
                        os.kill(int(entry.parts[2]), signal.SIGKILL)
            for where, process in self._started:
                if where is node:
                    process.wait()
            if self._spawner is not None:
                self._spawner.forget(node)

    def stop(self) -> None:
        """Kill every process of the network and wait until all have ended. May be called again."""
        with self._lock:
            spawner, self._spawner = self._spawner, None
            started, self._started = self._started, []
        if spawner is not None:
            spawner.stop([process for _, process in started])


def kill_group(process: subprocess.Popen[Any]) -> None:
    """Kill a process that leads a process group, with the group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
