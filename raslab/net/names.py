"""Interface names: people may type any, the kernel takes 15 bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zlib import crc32

from raslab.model.topology import Topology

MAX_BYTES = 15  # IFNAMSIZ less the terminating zero
_NUMBER = re.compile(r"[0-9]{0,5}$")
_CHECKSUM_DIGITS = 4


def kernel_name(name: str) -> str:
    """The name under which the kernel knows an interface.

    A name that fits is used as it is. A longer one keeps its beginning and the number at its end; a checksum of
    what comes before the number stands between them, so the ports of one switch never clash. The interface also
    gets the long name as an alternative name, which `ip` accepts everywhere.
    """
    if fits(name):
        return name
    number = _NUMBER.search(name)
    assert number is not None  # it may be empty
    before = name[: number.start()].encode()
    tail = f"~{crc32(before) & 0xFFFF:0{_CHECKSUM_DIGITS}x}{number[0]}"
    return before[: MAX_BYTES - len(tail)].decode(errors="ignore") + tail


def clashes(topology: Topology) -> list[str]:
    """A sentence for each interface that the kernel would know under the name of another one of its node."""
    seen: dict[tuple[str, str], str] = {}
    problems = []
    for node, name in _names(topology):
        other = seen.setdefault((node, kernel_name(name)), name)
        if other != name:
            problems.append(
                f"Interfaces {other} and {name} of node {node} are too long and too much alike: "
                f"rename one, {MAX_BYTES} bytes are always told apart."
            )
    return problems


def _names(topology: Topology) -> Iterator[tuple[str, str]]:
    for node in topology.nodes:
        yield node.name, "lo"
        if node.kind.is_switch:
            yield node.name, node.name
    for link in topology.links:
        for end in link.ends:
            yield end.node, end.name
    for own in (*topology.tunnels, *topology.devices):
        yield own.node, own.name


def fits(name: str) -> bool:
    """True if the kernel takes `name` as an interface's first name."""
    return len(name.encode()) <= MAX_BYTES


def mac_address(node_number: int, port: int) -> str:
    """A locally administered MAC address that tells in a capture whose it is."""
    digits = f"0200{node_number & 0xFFFF:04x}{port & 0xFFFF:04x}"
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))
