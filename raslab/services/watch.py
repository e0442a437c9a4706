"""Noticing that a process ends, without asking: a thread that sleeps until the kernel reports it."""

from __future__ import annotations

import os
import select
import subprocess
import threading
from collections.abc import Callable
from typing import Any


class Watcher:
    """Calls `ended(process)` in its thread, once, for each watched process that ends."""

    def __init__(self, ended: Callable[[subprocess.Popen[Any]], None]) -> None:
        self._ended = ended
        self._lock = threading.Lock()
        self._watched: dict[int, subprocess.Popen[Any]] = {}
        self._poll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC)
        self._poll.register(self._wake, select.EPOLLIN)
        self._thread = threading.Thread(target=self._run, name="raslab-services", daemon=True)
        self._thread.start()

    def watch(self, process: subprocess.Popen[Any]) -> None:
        """Begin to watch a process that has not been waited for."""
        descriptor = os.pidfd_open(process.pid)
        with self._lock:
            self._watched[descriptor] = process
            self._poll.register(descriptor, select.EPOLLIN)

    def forget(self, process: subprocess.Popen[Any]) -> None:
        """Stop watching a process, which is about to be ended on purpose."""
        with self._lock:
            for descriptor, known in list(self._watched.items()):
                if known is process:
                    self._drop(descriptor)

    def close(self) -> None:
        """End the thread. May be called from it, and again."""
        if self._thread.is_alive():
            os.eventfd_write(self._wake, 1)
            if threading.current_thread() is not self._thread:
                self._thread.join()

    def _run(self) -> None:
        while True:
            ready = [descriptor for descriptor, _ in self._poll.poll()]
            if self._wake in ready:
                self._clean()
                return
            # All at once: what is watched from `ended` on may get the number of a descriptor that has been closed.
            with self._lock:
                processes = [self._watched[one] for one in ready if one in self._watched]
                for one in ready:
                    self._drop(one)
            for process in processes:
                self._ended(process)

    def _drop(self, descriptor: int) -> None:
        if self._watched.pop(descriptor, None) is not None:
            self._poll.unregister(descriptor)
            os.close(descriptor)

    def _clean(self) -> None:
        with self._lock:
            for descriptor in list(self._watched):
                self._drop(descriptor)
            self._poll.close()
            os.close(self._wake)
