"""Interface names: people may type any, the kernel takes 15 bytes."""

from __future__ import annotations

from zlib import crc32

MAX_BYTES = 15  # IFNAMSIZ less the terminating zero
_HEAD = 10


def kernel_name(name: str) -> str:
    """The name under which the kernel knows an interface.

    A name that fits is used as it is. A longer one is cut and told apart by a checksum of the whole, and the
    interface also gets the long name as an alternative name, which `ip` accepts everywhere.
    """
    if fits(name):
        return name
    return f"{name[:_HEAD]}~{crc32(name.encode()) & 0xFFFF:04x}"


def fits(name: str) -> bool:
    """True if the kernel takes `name` as an interface's first name."""
    return len(name.encode()) <= MAX_BYTES


def mac_address(node_number: int, port: int) -> str:
    """A locally administered MAC address that tells in a capture whose it is."""
    digits = f"0200{node_number & 0xFFFF:04x}{port & 0xFFFF:04x}"
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))
