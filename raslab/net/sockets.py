"""TCP sockets of the network namespace of the calling thread, as the kernel tells under /proc/net."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

TcpState = Literal["established", "listening"]
TCP_STATE_CODES: dict[TcpState, str] = {"established": "01", "listening": "0A"}
"""Numbers of include/net/tcp_states.h, in hexadecimal as /proc prints them."""

# /proc/net belongs to the process's first thread; a thread that entered another namespace has its own.
_NET = Path("/proc/thread-self/net")


def tcp_sockets(port: int, state: TcpState) -> int:
    """How many TCP sockets of this namespace, IPv4 and IPv6, have local port `port` and are in `state`."""
    wanted = f"{port:04X}", TCP_STATE_CODES[state]
    tables = [table for table in (_NET / "tcp", _NET / "tcp6") if table.exists()]  # a kernel may lack IPv6
    return sum(
        (local.rpartition(":")[2], code) == wanted
        for table in tables
        for _, local, _, code, *_ in map(str.split, table.read_text().splitlines()[1:])
    )
