"""`LabCapture`: packets of one place of a lab, as a table, a ladder and boxes of bytes."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

import pandas as pd

from raslab.errors import NoSuchPacketError
from raslab.measure import capture
from raslab.measure.headers import dissect, link_type
from raslab.net import Intf
from raslab.notebook import header_boxes, ladder
from raslab.notebook.figure import Figure


class LabCapture:
    """Captures while the block runs; what it offers can be used after it.

    with lab.capture("gw1:wan0") as cap:
        lab["host2"].run("ping -c 1 10.1.0.1")
    cap.ladder()
    """

    def __init__(self, where: Intf, expression: str = "", *, names: Mapping[str, str]) -> None:
        self._where = f"{where.node.name}:{where.name}"
        self._capture = capture(where, expression)
        self._names = names

    def __enter__(self) -> LabCapture:
        self._capture.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._capture.__exit__(kind, error, trace)

    @property
    def packets(self) -> list[Any]:
        """The packets as scapy's objects."""
        return self._capture.packets

    @property
    def frame(self) -> pd.DataFrame:
        """One row per packet, with the columns of `raslab.measure.dissection`."""
        return self._capture.frame

    @property
    def pcap(self) -> bytes:
        """The capture as a file for other programs."""
        return self._capture.pcap

    def ladder(self, *, inner: bool = False, everything: bool = False) -> Figure:
        """Who spoke to whom, as a picture. inner: between the addresses inside tunnels. everything: with what IPv6
        sends on its own account.
        """
        rows: list[Mapping[str, Any]] = [dict(row) for _, row in self.frame.iterrows()]
        drawn = ladder.ladder(rows, self._names, inner=inner, everything=everything)
        title = f"Ladder of {_counted(len(drawn.steps) + drawn.left_out)} on {self._where}"
        return Figure(ladder.to_svg(drawn, title), title)

    def header(self, number: int, *, every_byte: bool = False) -> Figure:
        """The bytes of packet `number` (from 0, as in `frame`) as boxes of headers within each other.

        every_byte: with those that differ each time that the packet is sent, and the payload's. Raises
        NoSuchPacketError.
        """
        if not 0 <= number < len(self.packets):
            raise NoSuchPacketError(self._where, number, len(self.packets))
        found = dissect(bytes(self.packets[number].original), link_type(self.pcap))
        title = f"Packet {number} on {self._where}"
        return Figure(header_boxes.to_html(found, title, every_byte=every_byte), f"{title}: {found}")

    def __repr__(self) -> str:
        return f"<Capture on {self._where}>"


def _counted(packets: int) -> str:
    return f"{packets} packet{'' if packets == 1 else 's'}"
