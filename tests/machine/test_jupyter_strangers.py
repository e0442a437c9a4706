"""Every user of the computer can connect to a kernel's ports; who lacks the key changes nothing."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from raslab.errors import ConnectionFileError
from raslab.machine.jupyter.channels import Decoder, encode
from raslab.machine.jupyter.front import LARGEST, read_connection
from tests.machine.odd_messages import Door, besiege, contents, door, signed

WAIT_S = 10.0
QUIET_S = 0.3


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Door]:
    """A door without a machine behind it."""
    with door(tmp_path) as opened:
        yield opened


def test_ten_thousand_odd_messages_change_nothing_and_signed_ones_come_through(found: Door) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures = besiege(found, 10_000)
    assert figures == {"odd": 10_000, "signed": 100, "through": 0}
    assert len(found.front.activity.requests) == 100
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kB


def test_nothing_that_passes_is_passed_twice_and_none_of_the_kernels_own(found: Door) -> None:
    stranger, user = found.knock("control"), found.knock("shell")
    asks = signed(found.key, contents("execute_request", code="1"))
    user.send_multipart(asks)
    assert [parts[1:] for _, parts in found.came_through(WAIT_S)] == [asks]
    said = {kind: signed(found.key, contents(kind)) for kind in ("comm_msg", "status", "stream", "input_request")}
    ear = found.knock("iopub")
    ear.subscribe(b"")
    while not ear.poll(100):  # the subscription takes a moment to arrive
        found.says("iopub", [b"topic", *signed(found.key, contents("clear_output"))])
    for message in said.values():
        found.says("iopub", [b"topic", *message])
    while ear.recv_multipart()[1:] != said["input_request"]:
        pass
    for message in (asks, *said.values()):
        stranger.send_multipart(message)
        user.send_multipart(message)
    assert found.came_through(QUIET_S) == []
    assert len(found.front.activity.requests) == 1


def test_an_unsigned_answer_does_not_end_the_wait_for_the_user(found: Door) -> None:
    user, stranger = found.knock("stdin", b"user"), found.knock("stdin")
    found.front.activity.asks_user = True
    for message in (contents("input_reply", value="x"), signed(b"wrong", contents("input_reply", value="x"))):
        stranger.send_multipart(message)
    stranger.send_multipart(signed(found.key, contents("execute_request", code="1")))  # not on this channel
    assert found.came_through(QUIET_S) == []
    assert found.front.activity.asks_user
    user.send_multipart(signed(found.key, contents("input_reply", value="x")))
    assert [channel for channel, _ in found.came_through(WAIT_S)] == ["stdin"]
    assert not found.front.activity.asks_user


@pytest.mark.parametrize("header", [b"{", b'{"msg_type": 5, "msg_id": []}', b"[" * 100_000, b'"text"', b"{}"])
def test_signed_nonsense_is_no_message_either(found: Door, header: bytes) -> None:
    user = found.knock("shell")
    user.send_multipart(signed(found.key, [header, b"{}", b"{}", b"{}"]))
    assert found.came_through(QUIET_S) == []
    user.send_multipart(signed(found.key, contents("execute_request", code="1")))
    assert len(found.came_through(WAIT_S)) == 1


def test_a_part_that_is_too_large_ends_its_senders_connection_only(found: Door) -> None:
    stranger, user = found.knock("shell"), found.knock("shell")
    stranger.send_multipart([b"<IDS|MSG>", bytes(LARGEST + 1)])
    assert found.came_through(QUIET_S) == []
    user.send_multipart(signed(found.key, contents("execute_request", code="1")))
    assert len(found.came_through(WAIT_S)) == 1


def test_heartbeats_are_echoed_and_large_ones_are_not(found: Door) -> None:
    heart, stranger = found.knock("hb"), found.knock("hb")
    stranger.send(bytes(1 << 20))
    heart.send(b"beat")
    assert heart.poll(WAIT_S * 1000)
    assert heart.recv() == b"beat"
    assert not stranger.poll(QUIET_S * 1000)


def test_who_does_not_read_his_heartbeats_does_not_fill_the_memory(found: Door) -> None:
    heart, greedy = found.knock("hb"), found.knock("hb")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(20_000):
        greedy.send(bytes(1000))
    heart.send(b"beat")
    assert heart.poll(WAIT_S * 1000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_without_a_key_jupyter_signs_nothing_and_so_all_pass(tmp_path: Path) -> None:
    with door(tmp_path) as opened:
        opened.front._gate = type(opened.front._gate)(b"")
        user = opened.knock("shell")
        user.send_multipart(signed(b"any", contents("execute_request", code="1")))
        assert len(opened.came_through(WAIT_S)) == 1


def test_a_scheme_that_nobody_knows_is_named(tmp_path: Path) -> None:
    file = tmp_path / "kernel.json"
    ports = ", ".join(f'"{name}_port": 1' for name in ("shell", "control", "stdin", "iopub", "hb"))
    file.write_text(f'{{"transport": "tcp", "ip": "127.0.0.1", {ports}, "key": "k", "signature_scheme": "rot13"}}')
    with pytest.raises(ConnectionFileError, match="signature_scheme is 'rot13'"):
        read_connection(file)


TOO_LARGE = b"\0" + b"\xff" * 8
PARTS_DO_NOT_ADD_UP = b"\0\1\0\0\0\7\0\0\0" + b"\xff\0\0\0abc"
NO_ROOM_FOR_SIZES = b"\0\2\0\0\0\4\0\0\0" + bytes(4)


@pytest.mark.parametrize("data", [b"\x09" + bytes(8), TOO_LARGE, PARTS_DO_NOT_ADD_UP, NO_ROOM_FOR_SIZES])
def test_what_a_program_writes_into_the_kernels_pipe_is_told_from_messages(data: bytes) -> None:
    decoder = Decoder()
    assert list(decoder.feed(encode("shell", [b"abc"]))) == [("shell", [b"abc"])]
    with pytest.raises(ValueError, match="message"):
        list(decoder.feed(data))
