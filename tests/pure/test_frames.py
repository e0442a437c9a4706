"""The serial line's protocol."""

from __future__ import annotations

import pytest

from raslab.machine import frames
from raslab.machine.frames import Decoder, Frame


def test_encoding_is_letter_length_payload() -> None:
    assert Frame(frames.OUTPUT, b"hello").encode() == b"O\x05\x00\x00\x00hello"
    assert frames.signal_frame(15).encode() == b"K\x04\x00\x00\x00\x0f\x00\x00\x00"
    assert frames.window_size_frame(24, 300).payload == b"\x18\x00\x2c\x01"


@pytest.mark.parametrize("piece", [1, 3, 7, 1000])
def test_frames_survive_any_fragmentation(piece: int) -> None:
    sent = [Frame(b"O", b"a" * 10), Frame(b"R"), Frame(b"E", bytes(range(256))), Frame(b"X", b"\x03\0\0\0")]
    stream = b"".join(frame.encode() for frame in sent)
    decoder = Decoder()
    got = [frame for at in range(0, len(stream), piece) for frame in decoder.feed(stream[at : at + piece])]
    assert got == sent
    assert got[-1].number == 3


def test_an_incomplete_frame_is_not_given_out() -> None:
    assert list(Decoder().feed(Frame(b"O", b"hello").encode()[:-1])) == []
