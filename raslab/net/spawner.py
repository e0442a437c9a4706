"""The thread that starts a network's processes: its children land in the network's PID and mount namespaces.

The first process of the PID namespace waits for the end of a pipe whose other end only this process holds. When this
process ends in any way, the kernel closes the pipe, the first process ends, and with it every process of the
namespace: no daemon survives, and none has to be found by name.
"""

from __future__ import annotations

import os
import queue
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from raslab.errors import NeedsRootError, NetworkProcessesError
from raslab.machine import syscalls
from raslab.net.namespaces import Namespace
from raslab.net.threads import Outcome

# Its own /proc makes `ps` and `pidof` show the network's processes under the numbers they know themselves by.
# With CHLD ignored the kernel reaps processes whose parent has gone; a shell would catch the signal regardless.
_INIT = ["/bin/sh", "-c", "mount -t proc proc /proc && echo ready && exec env --ignore-signal=CHLD cat"]
_CGROUPS = "/sys/fs/cgroup"

R = TypeVar("R")


class Spawner:
    """One such thread. Raises NeedsRootError or NetworkProcessesError where it cannot be set up."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._mounts: dict[Namespace, int] = {}
        self._folders: dict[Namespace, dict[str, int]] = {}
        started: Outcome[None] = Outcome()
        self._thread = threading.Thread(target=self._run, args=(started,), name="raslab-processes", daemon=True)
        self._thread.start()
        started.get()

    def spawn(self, node: Namespace, argv: Sequence[str], options: dict[str, Any]) -> subprocess.Popen[Any]:
        """`subprocess.Popen(argv, **options)` inside `node`; raises what Popen raises."""

        def job() -> subprocess.Popen[Any]:
            self._enter(node)
            # Without preexec_fn Popen takes the vfork path, whose cost does not grow with our memory.
            return subprocess.Popen(argv, **options)

        return self._do(job)

    def private_folder(self, node: Namespace, folder: str) -> int:
        """Give `node` a folder of its own, empty and in memory, unless it has it; return a descriptor of it.

        Processes that run in the node see it from now on too. The descriptor is valid until `forget` or `stop`.
        """

        def job() -> int:
            self._enter(node)
            if folder not in (known for known, _ in node.private_folders):
                Path(folder).mkdir(parents=True, exist_ok=True)
                syscalls.mount("tmpfs", folder, "tmpfs")
            return os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)

        folders = self._folders.setdefault(node, {})
        if folder not in folders:
            folders[folder] = self._do(job)
        return folders[folder]

    def forget(self, node: Namespace) -> None:
        """Let go of a node's mount namespace."""
        descriptors = list(self._folders.pop(node, {}).values())
        if node in self._mounts:
            descriptors.append(self._mounts.pop(node))
        for descriptor in descriptors:
            os.close(descriptor)

    def _do(self, job: Callable[[], R]) -> R:
        """What `job` returns or raises in the thread."""
        outcome: Outcome[R] = Outcome()
        self._jobs.put(lambda: outcome.fill(job))
        return outcome.get()

    def stop(self, started: Sequence[subprocess.Popen[Any]]) -> None:
        """Kill every process of the network and wait until all have ended; `started` are those we must reap."""
        self._init.kill()
        # A PID namespace's first process cannot end before the others are reaped.
        for process in started:
            process.wait()
        self._init.wait()
        for pipe in (self._init.stdin, self._init.stdout):
            if pipe is not None:
                pipe.close()
        self._jobs.put(None)
        self._thread.join()
        for node in list(self._mounts):
            self.forget(node)
        for descriptor in (self._base, self._proc):
            os.close(descriptor)

    # In the thread

    def _run(self, started: Outcome[None]) -> None:
        started.fill(self._set_up)
        if started.failed:
            return
        while (job := self._jobs.get()) is not None:
            job()

    def _set_up(self) -> None:
        self._proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)  # this thread is not in the new one
        try:
            # A thread that shares its root directory with others may not have mounts of its own.
            syscalls.unshare(syscalls.CLONE_FS | syscalls.CLONE_NEWNS | syscalls.CLONE_NEWPID)
            syscalls.mount("none", "/", "none", syscalls.MS_REC | syscalls.MS_SLAVE)
            self._init = _start_init()
        except BaseException as error:
            os.close(self._proc)
            if isinstance(error, PermissionError):
                raise NeedsRootError("the network's processes") from error
            raise
        self._base = self._own_mounts()

    def _enter(self, node: Namespace) -> None:
        """Move into the node. Its mounts are made when it is entered first."""
        syscalls.setns(node.network_fd, syscalls.CLONE_NEWNET)
        syscalls.setns(node.hostname_fd, syscalls.CLONE_NEWUTS)
        known = self._mounts.get(node)
        syscalls.setns(self._base if known is None else known, syscalls.CLONE_NEWNS)
        if known is None:
            syscalls.unshare(syscalls.CLONE_NEWNS)
            _mount_for(node)
            self._mounts[node] = self._own_mounts()

    def _own_mounts(self) -> int:
        return os.open("thread-self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._proc)


def _start_init() -> subprocess.Popen[bytes]:
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


def _mount_for(node: Namespace) -> None:
    """What a node has of its own: /sys, which shows the interfaces of whoever mounts it, and private folders."""
    has_cgroups = Path(_CGROUPS, "cgroup.controllers").exists()
    syscalls.mount("sysfs", "/sys", "sysfs")
    if has_cgroups:
        with suppress(OSError):  # nobody needs it to make a network
            syscalls.mount("cgroup2", _CGROUPS, "cgroup2")
    for folder, source in node.private_folders:
        Path(folder).mkdir(parents=True, exist_ok=True)
        if source is None:
            syscalls.mount("tmpfs", folder, "tmpfs")
        else:
            Path(source).mkdir(parents=True, exist_ok=True)
            syscalls.mount(source, folder, "none", syscalls.MS_BIND)
