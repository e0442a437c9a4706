"""Captured packets, from an interface or from a file: as a frame, as scapy's objects, as a file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from raslab.errors import CaptureFileError
from raslab.machine.here import Here
from raslab.measure import capture_files
from raslab.measure.capture_files import DamagedCaptureError, Packet
from raslab.measure.dissection import COLUMNS, NUMBER_COLUMNS, rows
from raslab.measure.frame import attributes

_OLD_FORMAT = (".pcap", ".cap")
_SPEECHLESS = Here(machine="", clock="", kernel="")


class Recording(ABC):
    """Packets that have been captured.

    title: of pictures; pcap: the capture as a file for other programs, as bytes.
    """

    title: str
    pcap: bytes

    @cached_property
    @abstractmethod
    def records(self) -> Sequence[Packet]:
        """The packets as bytes, each with its time, its length and its kind of link."""

    @property
    @abstractmethod
    def _attributes(self) -> dict[Any, Any]:
        """The frame's `.attrs`."""

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row per packet, see `raslab.measure.dissection`."""
        frame = pd.DataFrame(rows(self.records), columns=list(COLUMNS))
        frame.attrs = self._attributes
        # Not every packet has these; without a type that knows absence, pandas would make them floating point.
        return frame.astype(dict.fromkeys(NUMBER_COLUMNS, "Int64"))

    @cached_property
    def packets(self) -> list[Any]:
        """The packets, dissected by scapy."""
        # They tell scapy what the bytes are.
        from scapy.config import conf
        from scapy.contrib import mpls  # noqa: F401
        from scapy.layers import inet, inet6, l2  # noqa: F401
        from scapy.packet import Raw
        from scapy.utils import EDecimal

        found = []
        for one in self.records:
            try:
                packet = conf.l2types.num2layer.get(one.link, Raw)(one.data)
            except Exception:  # of any kind: what it cannot read is bytes, as in its own reader
                packet = Raw(one.data)
            packet.time, packet.wirelen = EDecimal(one.time_ns) / 10**9, one.length
            found.append(packet)
        return found

    def save(self, path: str | Path) -> Path:
        """Write the packets into a file for Wireshark and its like, and return where it is.

        A name that ends with .pcap or .cap gets the old format, which each program knows; any other one gets
        pcapng, which has nanoseconds and the names of interfaces. Raises CaptureFileError.
        """
        path = Path(path)
        write = capture_files.as_pcap if path.suffix.lower() in _OLD_FORMAT else capture_files.as_pcapng
        try:
            path.write_bytes(write(self.records))
        except ValueError:
            raise CaptureFileError(
                path, "cannot hold packets of several kinds of links", "give it a name that ends with .pcapng"
            ) from None
        except OSError as error:
            raise CaptureFileError(path, f"cannot be written: {error.strerror}", "name another file") from None
        return path


class ReadRecording(Recording):
    """The packets of a file."""

    def __init__(self, path: Path, data: bytes, records: Sequence[Packet]) -> None:
        self.title, self.pcap, self._path, self._records = path.name, data, path, tuple(records)

    @cached_property
    def records(self) -> Sequence[Packet]:
        return self._records

    @property
    def _attributes(self) -> dict[Any, Any]:
        return attributes("", _SPEECHLESS, [f"tcpdump -n -r {self._path}"])


def read_capture(path: str | Path, *, partial: bool = False) -> ReadRecording:
    """The packets of a file of the formats pcap or pcapng, which may be compressed by gzip.

    partial: of a file that is damaged or cut off, what comes before that. Raises CaptureFileError.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CaptureFileError(path, f"cannot be read: {error.strerror}", "name a file with a capture") from None
    try:
        return ReadRecording(path, data, capture_files.read(data))
    except DamagedCaptureError as error:
        if not error.packets:
            raise CaptureFileError(path, str(error), "name a file with a capture, as tcpdump -w writes it") from None
        if not partial:
            cure = f"partial=True reads the packets before it ({len(error.packets)})"
            raise CaptureFileError(path, str(error), cure) from None
        return ReadRecording(path, data, error.packets)
