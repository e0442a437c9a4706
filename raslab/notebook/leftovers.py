"""What a lab may have left behind: looked for in the kernel, not in our own books."""

from __future__ import annotations

import os
from collections.abc import Iterable, Set
from contextlib import suppress
from pathlib import Path

from raslab.net import Node


def namespaces_of(nodes: Iterable[Node]) -> set[int]:
    """The inode numbers by which the kernel tells the network namespaces of running nodes apart."""
    return {os.fstat(node.netns_fd).st_ino for node in nodes}


def find(namespaces: Set[int]) -> list[str]:
    """Processes that are in one of the namespaces, by name, and namespaces that this process holds open."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/ns/net"):
        with suppress(OSError):  # it ended meanwhile, or is none of ours
            if entry.stat().st_ino in namespaces:
                found.append(f"process {entry.parents[1].joinpath('comm').read_text().strip()}")
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if entry.stat().st_ino in namespaces and str(entry.readlink()).startswith("net:"):
                found.append("open namespace")
    return sorted(found)
