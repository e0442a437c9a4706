"""The few system calls on namespaces that Python 3.11 has no function for."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from typing import Any

CLONE_FS = 0x00000200
CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_BIND = 0x1000
MS_REC = 0x4000
MS_SLAVE = 0x80000

_libc = ctypes.CDLL(None, use_errno=True)


def _call(function: Callable[..., int], *args: Any) -> None:
    if function(*args) == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def unshare(flags: int) -> None:
    """Give the calling thread new namespaces, see unshare(2)."""
    _call(_libc.unshare, flags)


def setns(fd: int, kind: int) -> None:
    """Move the calling thread into the namespace that `fd` refers to, see setns(2)."""
    _call(_libc.setns, fd, kind)


def mount(source: str, target: str, filesystem: str, flags: int = 0) -> None:
    """Attach a file system, see mount(2)."""
    _call(_libc.mount, source.encode(), target.encode(), filesystem.encode(), ctypes.c_ulong(flags), None)
