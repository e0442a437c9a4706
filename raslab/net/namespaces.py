"""Network and host name namespaces of nodes, held open by descriptors of this process only.

Nothing is bound to a path, so the namespaces are gone with the process, however it ends.
"""

from __future__ import annotations

import errno
import os
import resource
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TypeVar

from raslab.errors import NeedsRootError
from raslab.machine import syscalls
from raslab.net.netlink import rtnetlink
from raslab.net.netlink.connection import Connection, Refusal
from raslab.net.threads import in_own_thread

R = TypeVar("R")
PrivateFolders = tuple[tuple[str, str | None], ...]

LOOPBACK_INDEX = 1
# A new namespace may hold devices that kernel modules make (gre0, sit0 ...): ours are numbered above them.
FIRST_INDEX = 101
_DESCRIPTORS_PER_NAMESPACE = 4  # network, host name, mounts, netlink socket
_DESCRIPTORS_TO_SPARE = 512


@dataclass(eq=False)
class Namespace:
    """The kernel's side of one node."""

    name: str
    network_fd: int
    hostname_fd: int
    connection: Connection
    numbers: Iterator[int]
    private_folders: PrivateFolders = ()
    indexes: dict[str, int] = field(default_factory=lambda: {"lo": LOOPBACK_INDEX})

    def new_index(self, interface: str) -> int:
        """Choose the index of an interface that is about to be made."""
        index = self.indexes[interface] = next(self.numbers)
        return index

    def index_of(self, interface: str) -> int:
        """The index of an interface of ours, or of one that a program made in the namespace."""
        known = self.indexes.get(interface)
        if known is not None:
            return known
        (answer,) = self.connection.ask(rtnetlink.get_link(interface))
        return rtnetlink.link_state(answer).index

    def enter(self) -> None:
        """Move the calling thread into the namespace."""
        syscalls.setns(self.network_fd, syscalls.CLONE_NEWNET)

    def call(self, function: Callable[[], R]) -> R:
        """Run `function` in a thread inside the namespace."""

        def inside() -> R:
            self.enter()
            return function()

        return in_own_thread(inside)

    def close(self) -> None:
        """Let go of the namespace. The kernel removes it when the last process in it has ended."""
        self.connection.close()
        os.close(self.network_fd)
        os.close(self.hostname_fd)


class Namespaces(dict[str, Namespace]):
    """The namespaces of a network by node.

    Interface indexes differ network-wide. Were those of the two ends of a veth pair equal, the kernel would take
    the end for a device of its own and report its carrier up to a second late, and IPv6 waits for that report
    (linkwatch_urgent_event in net/core/link_watch.c).
    """

    def __init__(self) -> None:
        super().__init__()
        self._numbers = count(FIRST_INDEX)

    def create(self, wanted: Mapping[str, PrivateFolders]) -> None:
        """Make one namespace per name; raises NeedsRootError where the process may not."""
        _allow_descriptors(len(wanted) * _DESCRIPTORS_PER_NAMESPACE)
        in_own_thread(self._create_here, wanted)

    def close(self) -> None:
        """Let go of all namespaces."""
        while self:
            self.popitem()[1].close()

    def _create_here(self, wanted: Mapping[str, PrivateFolders]) -> None:
        for name, private_folders in wanted.items():
            try:
                self[name] = _create_one(name, private_folders, self._numbers)
            except PermissionError as error:
                raise NeedsRootError(f"node {name}") from error


def _create_one(name: str, private_folders: PrivateFolders, numbers: Iterator[int]) -> Namespace:
    syscalls.unshare(syscalls.CLONE_NEWNET | syscalls.CLONE_NEWUTS)
    socket.sethostname(name)
    return Namespace(
        name,
        network_fd=os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC),
        hostname_fd=os.open("/proc/thread-self/ns/uts", os.O_RDONLY | os.O_CLOEXEC),
        connection=Connection(),
        numbers=numbers,
        private_folders=private_folders,
    )


def _allow_descriptors(count: int) -> None:
    """Raise the soft limit of open files if `count` more than are open now could exceed it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = len(list(Path("/proc/self/fd").iterdir()))
    if opened + count + _DESCRIPTORS_TO_SPARE > soft and soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def write_sysctls(settings: Iterable[tuple[Namespace, str, str]]) -> list[Refusal]:
    """Write kernel settings, each in the namespace of its node, and return those the kernel refused.

    Keys as in sysctl(8). A refused setting does not keep the later ones from being written.
    """
    return in_own_thread(_write_sysctls_here, list(settings))


def _write_sysctls_here(settings: list[tuple[Namespace, str, str]]) -> list[Refusal]:
    inside: Namespace | None = None
    refusals = []
    for position, (namespace, key, value) in enumerate(settings):
        try:
            if namespace is not inside:
                namespace.enter()
                inside = namespace
            _write(_sysctl_path(key), value)
        except OSError as error:
            refusals.append(Refusal(position, error.errno or errno.EIO, ""))
    return refusals


def _write(path: str, value: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, value.encode())
    finally:
        os.close(descriptor)


def _sysctl_path(key: str) -> str:
    """The file of a setting: dots separate folders, and a slash stands for a dot in an interface's name."""
    return "/proc/sys/" + key.translate(str.maketrans("./", "/."))
