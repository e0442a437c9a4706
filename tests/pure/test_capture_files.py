"""Capture files: what is written is read again, by others too, and what is no capture gets one sentence."""

from __future__ import annotations

import gzip
import io
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.utils import PcapNgReader, PcapReader

import raslab
from raslab.errors import CaptureFileError, NoSuchPacketError
from raslab.measure.capture_files import DamagedCaptureError, Packet, as_pcap, as_pcapng, read

FRAME = bytes(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(src="10.0.0.1", dst="10.0.0.2") / UDP())
PACKETS = [
    Packet(1_700_000_000_000_000_000, FRAME, len(FRAME), 1, "gw1:wan0"),
    Packet(1_700_000_000_123_456_789, FRAME[:20], len(FRAME), 1, "gw1:wan0"),
]


def test_a_file_is_read_as_it_was_written() -> None:
    assert read(as_pcapng(PACKETS)) == PACKETS
    assert read(as_pcap(PACKETS)) == [one._replace(interface="") for one in PACKETS]
    assert read(gzip.compress(as_pcapng(PACKETS))) == PACKETS


def test_others_read_it_alike() -> None:
    for reader, data in ((PcapReader, as_pcap(PACKETS)), (PcapNgReader, as_pcapng(PACKETS))):
        found = list(reader(io.BytesIO(data)))
        assert [bytes(one.original) for one in found] == [one.data for one in PACKETS]
        assert [int(one.time * 10**9) for one in found] == [one.time_ns for one in PACKETS]
        assert [one.wirelen for one in found] == [one.length for one in PACKETS]


def test_microseconds_stay_microseconds() -> None:
    """Programs that know no nanoseconds read what needs none."""
    assert as_pcap(PACKETS[:1])[:4] == struct.pack("<I", 0xA1B2C3D4)
    assert as_pcap(PACKETS)[:4] == struct.pack("<I", 0xA1B23C4D)


def test_all_kinds_of_blocks_and_both_byte_orders() -> None:
    def block(order: str, kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        return struct.pack(f"{order}II", kind, len(body) + 12) + body + struct.pack(f"{order}I", len(body) + 12)

    for order in "<>":
        section = block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))
        resolution = struct.pack(f"{order}HHBxxxHH", 9, 1, 0x8A, 0, 0)  # 2**-10 s
        interface = block(order, 1, struct.pack(f"{order}HHI", 101, 0, 4) + resolution)
        packet = block(order, 6, struct.pack(f"{order}IIIII", 0, 0, 512, 3, 9) + b"abc")
        old = block(order, 2, struct.pack(f"{order}HHIIII", 0, 0, 0, 1024, 2, 2) + b"xy")
        simple = block(order, 3, struct.pack(f"{order}I", 9) + b"wxyz")
        unknown = block(order, 5, b"statistics")
        assert read(section + interface + unknown + packet + old + simple) == [
            Packet(500_000_000, b"abc", 9, 101),
            Packet(1_000_000_000, b"xy", 2, 101),
            Packet(1_000_000_000, b"wxyz", 9, 101),
        ]


@pytest.mark.parametrize("write", [as_pcap, as_pcapng])
def test_a_file_cut_anywhere_gives_the_packets_before_and_a_reason(write: object) -> None:
    whole = write(PACKETS)  # type: ignore[operator]
    starts = {24} if write is as_pcap else set()
    for length in range(len(whole)):
        try:
            found = read(whole[:length])
        except DamagedCaptureError as error:
            found = list(error.packets)
        assert [one.data for one in found] == [one.data for one in PACKETS[: len(found)]]
        assert len(found) < 2 or length in starts


@given(some.binary(max_size=200), some.sampled_from([b"", as_pcap(PACKETS)[:24], as_pcapng(PACKETS)[:48]]))
def test_no_bytes_raise_anything_else(data: bytes, begin: bytes) -> None:
    try:
        read(begin + data)
    except DamagedCaptureError:
        return


def test_read_capture_shows_a_file_as_a_capture_of_a_lab(tmp_path: Path) -> None:
    path = tmp_path / "two.pcapng"
    path.write_bytes(as_pcapng(PACKETS))
    seen = raslab.read_capture(path, names={"10.0.0.1": "host1"})
    assert list(seen.frame["source"]) == ["10.0.0.1", ""]
    assert list(seen.frame["time_s"]) == [0, 0.123456789]
    assert "Ladder of 1 packet of two.pcapng" in str(seen.ladder())
    assert "host1" in seen.ladder()._repr_html_()
    assert "Packet 0 of two.pcapng: Ethernet 14 | IPv4 20 | UDP 8 | payload 0" in str(seen.header(0))
    assert next(one.summary() for one in seen.packets).startswith("Ether / IP / UDP 10.0.0.1")
    assert read(seen.save(tmp_path / "again.pcapng").read_bytes()) == PACKETS
    with pytest.raises(NoSuchPacketError, match=r"The capture of two\.pcapng has no packet 2: its packets are 0 to 1"):
        seen.header(2)


def test_what_cannot_be_read_or_written_gets_a_sentence(tmp_path: Path) -> None:
    def said(data: bytes, **options: bool) -> str:
        (tmp_path / "x").write_bytes(data)
        with pytest.raises(CaptureFileError) as error:
            raslab.read_capture(tmp_path / "x", **options)
        return str(error.value).replace(str(tmp_path), "FOLDER")

    cure = "name a file with a capture, as tcpdump -w writes it."
    assert said(b"") == f"FOLDER/x is empty: {cure}"
    assert said(b"%PDF-1.7 and so on") == f"FOLDER/x is no capture file of the formats pcap or pcapng: {cure}"
    assert said(as_pcap(PACKETS)[:30]) == f"FOLDER/x ends in the middle of packet 0: {cure}"
    assert said(gzip.compress(FRAME)[:20]) == f"FOLDER/x is compressed, and cannot be uncompressed: {cure}"
    cut = as_pcap(PACKETS)[:-1]
    assert said(cut) == "FOLDER/x ends in the middle of packet 1: partial=True reads the packets before it (1)."
    assert len(raslab.read_capture(tmp_path / "x", partial=True).frame) == 1
    with pytest.raises(CaptureFileError, match=r"missing\.pcap cannot be read: No such file or directory: name a file"):
        raslab.read_capture(tmp_path / "missing.pcap")
    seen = raslab.read_capture(tmp_path / "x", partial=True)
    with pytest.raises(CaptureFileError, match="cannot be written: No such file or directory: name another file"):
        seen.save(tmp_path / "nowhere" / "x.pcap")
    (tmp_path / "x").write_bytes(as_pcapng([PACKETS[0], PACKETS[1]._replace(link=101)]))
    with pytest.raises(CaptureFileError, match=r"several kinds of links: give it a name that ends with \.pcapng"):
        raslab.read_capture(tmp_path / "x").save(tmp_path / "y.pcap")
    assert len(raslab.read_capture(raslab.read_capture(tmp_path / "x").save(tmp_path / "y.pcapng")).frame) == 2


def test_a_capture_without_packets_is_one(tmp_path: Path) -> None:
    (tmp_path / "none.pcap").write_bytes(as_pcap([]))
    assert raslab.read_capture(tmp_path / "none.pcap").frame.empty
