"""Jupyter's messages on a pipe, and what they say about the kernel being busy."""

from __future__ import annotations

import json

import pytest

from raslab.machine.jupyter.channels import CHANNELS, INTERRUPT, Activity, Decoder, encode


def message(kind: str, name: str = "m", parent: str = "", **content: object) -> list[bytes]:
    """A message as it passes through a socket."""
    header = {"msg_type": kind, "msg_id": name}
    parts = [header, {"msg_id": parent} if parent else {}, {}, content]
    return [b"client", b"<IDS|MSG>", b"signature", *(json.dumps(part).encode() for part in parts)]


def idle(parent: str) -> list[bytes]:
    """What the kernel says when it has done with a request."""
    return message("status", "s", parent, execution_state="idle")


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_messages_come_out_as_they_went_in_however_the_stream_is_cut(size: int) -> None:
    messages = [(channel, [b"", channel.encode(), bytes(5000)]) for channel in CHANNELS] + [(INTERRUPT, [])]
    stream = b"".join(encode(channel, parts) for channel, parts in messages)
    decoder = Decoder()
    pieces = (stream[at : at + size] for at in range(0, len(stream), size))
    assert [one for piece in pieces for one in decoder.feed(piece)] == messages


def test_a_message_that_has_not_wholly_come_is_kept_back() -> None:
    stream = encode("shell", [b"abc"])
    decoder = Decoder()
    assert list(decoder.feed(stream[:-1])) == []
    assert list(decoder.feed(stream[-1:])) == [("shell", [b"abc"])]


def test_a_request_is_done_when_both_the_reply_and_idle_have_come() -> None:
    activity = Activity()
    assert activity.at_rest
    activity.incoming("shell", message("execute_request", "one"))
    assert not activity.at_rest
    activity.outgoing("iopub", idle("one"))
    assert not activity.at_rest
    activity.outgoing("shell", message("execute_reply", "r", "one"))
    assert activity.at_rest


def test_another_requests_reply_does_not_count() -> None:
    activity = Activity()
    activity.incoming("shell", message("execute_request", "one"))
    activity.outgoing("iopub", idle("two"))
    activity.outgoing("shell", message("execute_reply", "r", "two"))
    assert list(activity.requests) == ["one"]


def test_a_comm_message_has_no_reply() -> None:
    activity = Activity()
    activity.incoming("shell", message("comm_msg", "one"))
    activity.outgoing("iopub", message("status", "s", "one", execution_state="busy"))
    assert not activity.at_rest
    activity.outgoing("iopub", idle("one"))
    assert activity.at_rest


@pytest.mark.parametrize("end", ["answer", "interrupt"])
def test_a_kernel_that_waits_for_the_user_rests(end: str) -> None:
    activity = Activity()
    activity.incoming("shell", message("execute_request", "one"))
    activity.outgoing("stdin", message("input_request", "i", "one"))
    assert activity.at_rest
    if end == "answer":
        activity.incoming("stdin", message("input_reply", "a", "i"))
    else:
        activity.incoming(INTERRUPT, [])
    assert not activity.at_rest


def test_a_kernel_that_shuts_down_does_not_rest() -> None:
    activity = Activity()
    activity.incoming("control", message("shutdown_request", "one"))
    activity.outgoing("control", message("shutdown_reply", "r", "one"))
    activity.outgoing("iopub", idle("one"))
    assert not activity.requests
    assert not activity.at_rest


@pytest.mark.parametrize("parts", [[], [b"\x01"], [b"<IDS|MSG>", b"s"], [b"<IDS|MSG>", b"s", b"{", b"[]", b"1", b"{}"]])
def test_what_is_no_message_does_no_harm(parts: list[bytes]) -> None:
    activity = Activity()
    activity.outgoing("iopub", parts)
    activity.outgoing("stdin", parts)
    assert activity.at_rest
