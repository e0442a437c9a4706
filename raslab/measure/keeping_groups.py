"""Runs a program for which setgroups(2) does nothing and succeeds: `python keeping_groups.py PROGRAM ARGUMENT...`

In a user namespace made without privilege setgroups(2) is denied (user_namespaces(7)). tcpdump before 4.99.5 calls it,
through initgroups(3), even where it is to stay root, and gives up. There its groups need no change, so a filter on
system calls (seccomp(2)) may answer for the kernel. Nothing but the standard library is imported: it starts at once.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from pathlib import Path

_NUMBERS = {"x86_64": 116, "aarch64": 159}
_LOAD_NUMBER, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
_ALLOW, _ANSWER_ZERO = 0x7FFF0000, 0x00050000  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO with errno 0
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2


def setgroups_denied() -> bool:
    """True in a user namespace where nobody may change groups."""
    return Path("/proc/self/setgroups").read_text(encoding="ascii").strip() == "deny"


def ignore_setgroups() -> None:
    """Let setgroups(2) do nothing from now on, also in programs that this one becomes; raises OSError."""
    instructions = (
        (_LOAD_NUMBER, 0, 0, 0),
        (_JUMP_IF_EQUAL, 0, 1, _NUMBERS[platform.machine()]),
        (_RETURN, 0, 0, _ANSWER_ZERO),
        (_RETURN, 0, 0, _ALLOW),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in instructions))
    program = struct.pack("HP", len(instructions), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0):
        raise OSError(ctypes.get_errno(), f"seccomp: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    ignore_setgroups()
    os.execvp(sys.argv[1], sys.argv[1:])
