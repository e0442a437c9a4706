"""The protocol between launcher and guest on the lab machine's serial line (pure; the guest's side is
init.c).

A frame is one letter, a little-endian 32-bit length and the payload.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from raslab.errors import BadFrameError

HEAD = struct.Struct("<cI")
#: Bytes of standard input that may be under way to the guest; a UML serial line that overflows never
#: recovers.
INPUT_WINDOW = 2048
#: No frame of the guest is longer; a hostile one could otherwise make us wait for, and keep, four gigabytes.
LONGEST = 1 << 17

# to the guest
INPUT = b"I"
SIGNAL = b"K"
WINDOW_SIZE = b"W"
ASK = b"Q"
# to the host
READY = b"R"
OUTPUT = b"O"
ERROR = b"E"
ACKNOWLEDGE = b"A"
EXIT = b"X"
FAILURE = b"F"
REST = b"Z"
TIME = b"T"
LIMIT = b"L"


@dataclass(frozen=True)
class Frame:
    """One message: its kind (one of the letters above) and its payload."""

    kind: bytes
    payload: bytes = b""

    def encode(self) -> bytes:
        """The bytes on the line."""
        return HEAD.pack(self.kind, len(self.payload)) + self.payload

    @property
    def number(self) -> int:
        """The payload read as an unsigned 32-bit number."""
        return int.from_bytes(self.payload, "little")


def signal_frame(number: int) -> Frame:
    """Ask the guest to send a signal to the command's process group."""
    return Frame(SIGNAL, number.to_bytes(4, "little"))


def window_size_frame(rows: int, columns: int) -> Frame:
    """Tell the guest's pseudo-terminal how large the user's terminal is."""
    return Frame(WINDOW_SIZE, struct.pack("<HH", rows, columns))


class Decoder:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take in bytes and yield every frame they complete. Raises BadFrameError for what no machine of ours sends."""
        self._buffer += data
        while len(self._buffer) >= HEAD.size:
            kind, size = HEAD.unpack_from(self._buffer)
            if size > LONGEST:
                raise BadFrameError(kind, size)
            end = HEAD.size + size
            if len(self._buffer) < end:
                return
            yield Frame(kind, bytes(self._buffer[HEAD.size : end]))
            del self._buffer[:end]
