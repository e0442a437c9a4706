"""Sockets of the network namespace of the calling thread: which there are, and through which device they send."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Literal

from raslab.net.names import kernel_name

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


def bind_to_device(endpoint: socket.socket, interface: str) -> None:
    """Let a socket send and receive only through an interface; through a VRF's, it is in that VRF (SO_BINDTODEVICE).

    Call it before `bind` and `connect`, in the namespace that the interface is in. Raises OSError where it is not.
    """
    endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, kernel_name(interface).encode())
