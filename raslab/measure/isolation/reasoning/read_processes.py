"""Which processes hold sockets of which nodes, and which of them can pass data on to each other.

A process is asked by copies of its sockets (pidfd_getfd(2)), which tell their namespace, whatever process opened them.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import socket
import stat
import struct
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from raslab.measure.isolation.reasoning.state import Process, Socket

TRUSTED = (
    "/usr/lib/frr/",
    "/usr/sbin/charon-systemd",
    "/usr/lib/ipsec/",
    "/usr/sbin/ovs-vswitchd",
    "/usr/sbin/ovsdb-server",
    "/usr/lib/openvswitch-switch/",
)
"""Daemons that serve several tenants from one process and are taken at their word, by their programs."""
_PIDFD_OPEN, _PIDFD_GETFD = 434, 438
_SIOCGSKNS = 0x894C
_SO_PROTOCOL, _SO_DOMAIN = 38, 39
_UNIX, _NETLINK, _PACKET = 1, 16, 17
_KINDS = {(2, 6): "tcp", (10, 6): "tcp", (2, 17): "udp", (10, 17): "udp", (2, 132): "sctp", (10, 132): "sctp"}
_libc = ctypes.CDLL(None, use_errno=True)


def read_processes(namespaces: Mapping[str, int]) -> tuple[Process, ...]:
    """All processes but this one and trusted daemons that hold sockets of nodes, or help those that do.

    namespaces: a descriptor of each node's namespace.
    """
    nodes = {os.fstat(descriptor).st_ino: name for name, descriptor in namespaces.items()}
    own = os.getpid()
    sockets: dict[int, list[Socket]] = {}
    joints: dict[str, set[int]] = defaultdict(set)
    names: dict[int, tuple[str, frozenset[str]]] = {}
    peers = _unix_peers(namespaces)
    for number in _others(own):
        found, shared = _of_process(number, nodes, peers)
        if found is None:
            continue
        sockets[number], names[number] = found, _name(number)
        for joint in shared:
            joints[joint].add(number)
    groups = _groups(sockets, joints)
    return tuple(
        Process(number, names[number][0], tuple(held), groups[number], names[number][1])
        for number, held in sockets.items()
        if held
    )


def _others(own: int) -> Iterator[int]:
    for entry in (one.name for one in Path("/proc").iterdir()):
        if entry.isdigit() and int(entry) != own:
            program = ""
            with suppress(OSError):
                program = os.readlink(f"/proc/{entry}/exe")
            if program and not program.startswith(TRUSTED):
                yield int(entry)


def _name(number: int) -> tuple[str, frozenset[str]]:
    """A process as people know it, and the words of its command line."""
    with suppress(OSError):
        line = [
            one.decode(errors="replace") for one in Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0") if one
        ]
        if line:
            return Path(line[0]).name, frozenset(re.split(r"[^\w.~-]+", " ".join(line)))
    return str(number), frozenset()


def _groups(sockets: Mapping[int, object], joints: Mapping[str, set[int]]) -> dict[int, int]:
    """Processes that have a joint in common are of one group, and so on; a group is named by its smallest number."""
    group = {number: number for number in sockets}

    def first(number: int) -> int:
        while group[number] != number:
            number = group[number]
        return number

    for together in joints.values():
        firsts = [first(number) for number in together if number in group]
        for one in firsts:
            group[one] = min(firsts)
    return {number: first(number) for number in group}


def _of_process(
    number: int, nodes: Mapping[int, str], peers: Mapping[int, int]
) -> tuple[list[Socket] | None, set[str]]:
    """The process's sockets, and what it could pass data on by: pipes, UNIX sockets, files, memory."""
    found: list[Socket] = []
    shared: set[str] = set()
    try:
        process = _call(_PIDFD_OPEN, number, 0)
        entries = [one.name for one in Path(f"/proc/{number}/fd").iterdir()]
    except OSError:
        return None, shared
    try:
        for entry in entries:
            with suppress(OSError):
                target = os.readlink(f"/proc/{number}/fd/{entry}")
                if target.startswith("socket:"):
                    inode = int(target[8:-1])
                    held = _held(process, int(entry), nodes)
                    if held is not None:
                        found.append(held)
                    shared.add(f"socket {inode}")
                    if inode in peers:
                        shared.add(f"socket {peers[inode]}")
                elif joint := _joint(number, entry, target, nodes, found):
                    shared.add(joint)
    finally:
        os.close(process)
    return found, shared


def _joint(number: int, entry: str, target: str, nodes: Mapping[int, str], found: list[Socket]) -> str | None:
    """What names a file that others can have open too; None if nothing is passed on by it."""
    status = Path(f"/proc/{number}/fd/{entry}").stat()
    if target == "/dev/net/tun":
        for line in Path(f"/proc/{number}/fdinfo/{entry}").read_text().splitlines():
            if line.startswith("iff:"):
                where = Path(f"/proc/{number}/ns/net").stat().st_ino
                found.append(Socket(nodes.get(where, "?"), "tun", line.split()[1], "", ""))
        return None
    if stat.S_ISFIFO(status.st_mode) or target.startswith("/memfd:"):
        return f"{status.st_dev}:{status.st_ino}"
    if stat.S_ISREG(status.st_mode) and not target.endswith((".log", ".py", ".so")):
        return f"{status.st_dev}:{status.st_ino}"
    return None


def _held(process: int, descriptor: int, nodes: Mapping[int, str]) -> Socket | None:
    """A socket as it tells about itself; None if it is of no node or carries no packets."""
    copy = _call(_PIDFD_GETFD, process, descriptor, 0)
    with socket.socket(fileno=copy) as one:
        family = one.getsockopt(socket.SOL_SOCKET, _SO_DOMAIN)
        if family in (_UNIX, _NETLINK):
            return None
        space = fcntl.ioctl(one.fileno(), _SIOCGSKNS)
        try:
            node = nodes.get(os.fstat(space).st_ino)
        finally:
            os.close(space)
        if node is None:
            return None
        if family == _PACKET:
            # struct sockaddr_ll, as Python reads it
            return Socket(node, "packet", str(one.getsockname()[0]), "", "")
        protocol = one.getsockopt(socket.SOL_SOCKET, _SO_PROTOCOL)
        device = one.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16).split(b"\0")[0].decode()
        kind = _KINDS.get((family, protocol), "raw" if one.type & 0xF == socket.SOCK_RAW else f"protocol {protocol}")
        local, remote = (_end(ask) for ask in (one.getsockname, one.getpeername))
        return Socket(node, kind, device, local, remote)


def _end(ask: object) -> str:
    try:
        found = ask()  # type: ignore[operator]
    except OSError:
        return ""
    host, port = str(found[0]).partition("%")[0], found[1]
    host = host.removeprefix("::ffff:")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _call(number: int, *args: int) -> int:
    result = int(_libc.syscall(number, *args))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _unix_peers(namespaces: Mapping[str, int]) -> dict[int, int]:
    """The other end of each connected UNIX socket (linux/unix_diag.h), of all namespaces; empty if none can be told."""
    found: dict[int, int] = {}
    for descriptor in (None, *namespaces.values()):
        with suppress(OSError):
            found |= _peers_here(descriptor)
    return found


def _peers_here(descriptor: int | None) -> dict[int, int]:
    from raslab.machine import syscalls
    from raslab.net.netlink import wire
    from raslab.net.threads import in_own_thread

    def ask() -> dict[int, int]:
        if descriptor is not None:
            syscalls.setns(descriptor, syscalls.CLONE_NEWNET)
        found: dict[int, int] = {}
        request = struct.pack("=BBHIIIII", _UNIX, 0, 0, 0xFFFFFFFF, 0, 4, 0, 0)  # UDIAG_SHOW_PEER
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 4) as asked:
            asked.send(wire.message(20, wire.DUMP, request))  # SOCK_DIAG_BY_FAMILY
            while True:
                for message in wire.messages(asked.recv(1 << 16)):
                    if message.type in (wire.DONE, wire.ERROR):
                        return found
                    inode = struct.unpack_from("=I", message.payload, 4)[0]
                    peer = wire.attributes(message.payload[16:]).get(2)
                    if peer:
                        found[inode] = struct.unpack("=I", peer)[0]

    return in_own_thread(ask)
