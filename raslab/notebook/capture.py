"""Captured packets in a notebook: of one place of a lab, or of a file, as a table, a ladder and boxes of bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd

from raslab.errors import NoSuchPacketError
from raslab.measure import capture
from raslab.measure.headers import dissect
from raslab.measure.recording import Recording, read_capture
from raslab.net import Intf
from raslab.notebook import header_boxes, ladder
from raslab.notebook.figure import Figure


class ShownCapture:
    """What is shown of captured packets."""

    def __init__(self, recording: Recording, names: Mapping[str, str]) -> None:
        """names: node by address, for the ladder."""
        self._recording = recording
        self._names = names

    @property
    def packets(self) -> list[Any]:
        """The packets as scapy's objects."""
        return self._recording.packets

    @property
    def frame(self) -> pd.DataFrame:
        """One row per packet, with the columns of `raslab.measure.dissection`."""
        return self._recording.frame

    @property
    def pcap(self) -> bytes:
        """The capture as a file for other programs."""
        return self._recording.pcap

    def save(self, path: str | Path) -> Path:
        """Write a file for Wireshark, and return where it is; see `raslab.measure.recording.Recording.save`."""
        return self._recording.save(path)

    def ladder(self, *, inner: bool = False, everything: bool = False) -> Figure:
        """Who spoke to whom, as a picture. inner: between the addresses inside tunnels. everything: with what IPv6
        sends on its own account.
        """
        rows: list[Mapping[str, Any]] = [dict(row) for _, row in self.frame.iterrows()]
        drawn = ladder.ladder(rows, self._names, inner=inner, everything=everything)
        title = f"Ladder of {_counted(len(drawn.steps) + drawn.left_out)} {self._whence}"
        return Figure(ladder.to_svg(drawn, title), title)

    def header(self, number: int, *, every_byte: bool = False) -> Figure:
        """The bytes of packet `number` (from 0, as in `frame`) as boxes of headers within each other.

        every_byte: with those that differ each time that the packet is sent, and the payload's. Raises
        NoSuchPacketError.
        """
        records = self._recording.records
        if not 0 <= number < len(records):
            raise NoSuchPacketError(self._whence, number, len(records))
        found = dissect(records[number].data, records[number].link)
        title = f"Packet {number} {self._whence}"
        return Figure(header_boxes.to_html(found, title, every_byte=every_byte), f"{title}: {found}")

    @property
    def _whence(self) -> str:
        return f"of {self._recording.title}"

    def __repr__(self) -> str:
        return f"<Capture {self._whence}>"


class LabCapture(ShownCapture):
    """Captures while the block runs; what it offers can be used after it.

    with lab.capture("gw1:wan0") as cap:
        lab["host2"].run("ping -c 1 10.1.0.1")
    cap.ladder()
    """

    def __init__(self, where: Intf, expression: str = "", *, names: Mapping[str, str]) -> None:
        self._capture = capture(where, expression)
        super().__init__(self._capture, names)

    def __enter__(self) -> LabCapture:
        self._capture.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._capture.__exit__(kind, error, trace)

    @property
    def _whence(self) -> str:
        return f"on {self._recording.title}"


def open_capture(path: str | Path, *, partial: bool = False, names: Mapping[str, str] | None = None) -> ShownCapture:
    """The packets of a file; see `raslab.measure.recording.read_capture`. names: node by address, for the ladder."""
    return ShownCapture(read_capture(path, partial=partial), names or {})


def _counted(packets: int) -> str:
    return f"{packets} packet{'' if packets == 1 else 's'}"
