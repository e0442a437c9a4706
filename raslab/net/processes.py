"""Processes of a network: all of them live in one PID namespace and die with it.

The first process of the namespace waits for the end of a pipe whose other end only this process holds. When this
process ends in any way, the kernel closes the pipe, the first process ends, and with it every process of the
namespace: no daemon survives, and none has to be found by name.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from raslab.errors import NeedsRootError, NetworkProcessesError
from raslab.net import syscalls
from raslab.net.namespaces import Namespace
from raslab.net.threads import Outcome

# Its own /proc makes `ps` and `pidof` show the network's processes under the numbers they know themselves by.
# With CHLD ignored the kernel reaps processes whose parent has gone; a shell would catch the signal regardless.
_INIT = ["/bin/sh", "-c", "mount -t proc proc /proc && echo ready && exec env --ignore-signal=CHLD cat"]

_Job = Callable[[], None]


class Processes:
    """Starts the processes of one network, from one thread, in the namespaces of nodes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[_Job | None] | None = None
        self._init: subprocess.Popen[bytes] | None = None
        self._started: list[tuple[Namespace, subprocess.Popen[Any]]] = []

    def spawn(self, node: Namespace, argv: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        """`subprocess.Popen(argv, **options)` inside `node`.

        Raises what Popen raises, NeedsRootError, NetworkProcessesError.
        """
        options.setdefault("cwd", Path.cwd())  # the spawning thread has a working directory of its own

        def job() -> subprocess.Popen[Any]:
            syscalls.setns(node.network_fd, syscalls.CLONE_NEWNET)
            syscalls.setns(node.hostname_fd, syscalls.CLONE_NEWUTS)
            # Without preexec_fn Popen takes the vfork path, whose cost does not grow with our memory.
            return subprocess.Popen(argv, **options)

        with self._lock:
            jobs = self._jobs or self._start()
            outcome: Outcome[subprocess.Popen[Any]] = Outcome()
            jobs.put(lambda: outcome.fill(job))
            process = outcome.get()
            self._started = [(where, known) for where, known in self._started if known.returncode is None]
            self._started.append((node, process))
        return process

    def end_node(self, node: Namespace) -> None:
        """Kill the processes that were started in one node, with their process groups."""
        for process in [known for where, known in self._started if where is node and known.poll() is None]:
            kill_group(process)
            process.wait()

    def stop(self) -> None:
        """Kill every process of the network and wait until all have ended. May be called again."""
        with self._lock:
            jobs, init, started = self._jobs, self._init, self._started
            self._jobs, self._init, self._started = None, None, []
        if jobs is not None:
            jobs.put(None)
        if init is None:
            return
        init.kill()
        # The namespace's init cannot end before its processes are reaped, and ours are ours to reap.
        for _, process in started:
            process.wait()
        init.wait()
        for pipe in (init.stdin, init.stdout):
            if pipe is not None:
                pipe.close()

    def _start(self) -> queue.SimpleQueue[_Job | None]:
        jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        started: Outcome[subprocess.Popen[bytes]] = Outcome()
        threading.Thread(target=_spawning_thread, args=(jobs, started), name="raslab-processes", daemon=True).start()
        self._init = started.get()
        self._jobs = jobs
        return jobs


def kill_group(process: subprocess.Popen[Any]) -> None:
    """Kill a process, and its process group if it leads one."""
    with suppress(ProcessLookupError):
        if os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _spawning_thread(jobs: queue.SimpleQueue[_Job | None], started: Outcome[subprocess.Popen[bytes]]) -> None:
    """Body of the thread whose children land in the PID namespace: run jobs until there is None."""
    started.fill(_start_init)
    if started.failed:
        return
    while (job := jobs.get()) is not None:
        job()


def _start_init() -> subprocess.Popen[bytes]:
    try:
        # Mount and PID namespace cannot be entered by a thread that shares its root directory with others.
        syscalls.unshare(syscalls.CLONE_FS | syscalls.CLONE_NEWNS | syscalls.CLONE_NEWPID)
        syscalls.mount("none", "/", "none", syscalls.MS_REC | syscalls.MS_SLAVE)
    except PermissionError as error:
        raise NeedsRootError("the network's processes") from error
    init = subprocess.Popen(_INIT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert init.stdout is not None
    assert init.stderr is not None
    with init.stderr:
        if init.stdout.readline() != b"ready\n":
            init.kill()
            reason = init.stderr.read().decode(errors="replace").strip()
            init.wait()
            raise NetworkProcessesError(reason)
    return init
