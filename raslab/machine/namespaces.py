"""Entering new Linux namespaces from Python 3.11 (`os.unshare` is newer): unshare(2), user_namespaces(7)."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

CLONE_NEWTIME = 0x00000080
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_REC = 0x4000
MS_PRIVATE = 1 << 18

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Move this process into new namespaces, as unshare(2) does; CLONE_NEWUSER wants a single thread.

    Raises OSError with the kernel's errno.
    """
    if _libc.unshare(flags) != 0:
        _raise_errno()


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


def mount(source: str, target: str, kind: str, flags: int = 0) -> None:
    """Mount a file system, as mount(2) does. Raises OSError with the kernel's errno."""
    if _libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), None) != 0:
        _raise_errno()


def _raise_errno() -> None:
    errno = ctypes.get_errno()
    raise OSError(errno, os.strerror(errno))
