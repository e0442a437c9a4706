"""Programs that wait for others without sleeping, by the C library; run in virtual time by `test_services_virtual`.

patience.py spin|poll|read        ends once the other one had the processor
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
import threading
import time

_libc = ctypes.CDLL(None)


class _PollFd(ctypes.Structure):
    _fields_ = (("fd", ctypes.c_int), ("events", ctypes.c_short), ("revents", ctypes.c_short))


def spin() -> None:
    """Wait for a spin lock whose owner sleeps."""
    lock = ctypes.c_int()
    _libc.pthread_spin_init(ctypes.byref(lock), 0)
    _libc.pthread_spin_lock(ctypes.byref(lock))

    def release_later() -> None:
        time.sleep(0.01)
        _libc.pthread_spin_unlock(ctypes.byref(lock))

    threading.Thread(target=release_later).start()
    _libc.pthread_spin_lock(ctypes.byref(lock))


def poll() -> None:
    """Find a pipe readable until another process has done its work."""
    reader, writer = os.pipe()
    os.write(writer, b"x")
    done = mmap.mmap(-1, 1)
    if os.fork() == 0:
        done[0] = 1
        os._exit(0)
    waiting = _PollFd(reader, 1, 0)
    while not done[0]:
        assert _libc.poll(ctypes.byref(waiting), 1, -1) == 1


def read() -> None:
    """Find the end of a file until another process has done its work."""
    end = os.open(os.devnull, os.O_RDONLY)
    done = mmap.mmap(-1, 1)
    if os.fork() == 0:
        done[0] = 1
        os._exit(0)
    space = ctypes.create_string_buffer(1)
    while not done[0]:
        assert _libc.read(end, space, 1) == 0


if __name__ == "__main__":
    {"spin": spin, "poll": poll, "read": read}[sys.argv[1]]()
    print("done")
