"""System calls on Linux namespaces that Python 3.11 has no function for: unshare(2), setns(2), mount(2)."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

CLONE_NEWTIME = 0x00000080
CLONE_FS = 0x00000200
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 1 << 18
MS_SLAVE = 1 << 19

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Move the calling thread into new namespaces; CLONE_NEWUSER wants a process of one thread.

    Raises OSError with the kernel's errno, as all functions here.
    """
    _call(_libc.unshare, flags)


def setns(descriptor: int, kind: int) -> None:
    """Move the calling thread into the namespace that `descriptor` refers to."""
    _call(_libc.setns, descriptor, kind)


def mount(source: str, target: str, filesystem: str, flags: int = 0) -> None:
    """Attach a file system."""
    _call(_libc.mount, source.encode(), target.encode(), filesystem.encode(), ctypes.c_ulong(flags), None)


def become_root_of_a_user_namespace() -> None:
    """Enter a new user namespace in which this user is root (uid 0, gid 0), which needs no privilege.

    Raises OSError where the kernel or a security module does not let ordinary users do so.
    """
    uid, gid = os.getuid(), os.getgid()
    unshare(CLONE_NEWUSER)
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny")
    (own / "uid_map").write_text(f"0 {uid} 1")
    (own / "gid_map").write_text(f"0 {gid} 1")


def _call(function: Callable[..., int], *args: Any) -> None:
    if function(*args) == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
