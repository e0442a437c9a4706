"""The protocol of vty sockets, against a daemon made of a socket pair's other end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from raslab.errors import ConfigurationRefusedError, NoSuchServiceError
from raslab.services.vty import Vty, split_answers

ANSWERS = {
    b"enable": b"\0\0\0\0",
    b"configure terminal": b"\0\0\0\0",
    b"end": b"\0\0\0\0",
    b"show nothing json": b"{}\0\0\0\0",
    b"router bgp 1": b"\0\0\0\0",
    b"nonsense": b"% [BGP] Unknown command: nonsense\n\0\0\0\2",
    b"silent": b"\0\0\0\4",
}


@contextmanager
def daemon(path: Path) -> Iterator[list[bytes]]:
    """Listen as a daemon does and answer from ANSWERS, in single bytes; yields the commands that came."""
    commands: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                data = b""
                while part := connection.recv(4096):
                    data += part
                    *whole, data = data.split(b"\0")
                    for command in whole:
                        commands.append(command)
                        for byte in ANSWERS[command]:
                            connection.send(bytes([byte]))

        thread = threading.Thread(target=serve)
        thread.start()
        yield commands
    thread.join()


def test_an_answer_is_whole_with_its_status() -> None:
    assert split_answers(b"\0\0\0\0") == ([("", 0)], b"")
    assert split_answers(b"text\n\0\0\0\2") == ([("text\n", 2)], b"")
    assert split_answers(b"text\n\0\0\0") == ([], b"text\n\0\0\0")
    assert split_answers(b"") == ([], b"")
    assert split_answers(b"\0\0\0\0\0\0\0\4te") == ([("", 0), ("", 4)], b"te")


def test_lines_are_sent_in_configuration_mode_which_is_left_again(tmp_path: Path) -> None:
    with daemon(tmp_path / "vty") as commands:
        vty = Vty("r1", "bgpd", tmp_path / "vty")
        vty.configure([" router bgp 1"])
        assert vty.show("show nothing json") == {}
        vty.close()
    assert commands == [b"enable", b"configure terminal", b"router bgp 1", b"end", b"show nothing json"]


@pytest.mark.parametrize(("line", "reason"), [("nonsense", "Unknown command"), ("silent", "incomplete command")])
def test_a_refused_line_is_named_and_none_follows(tmp_path: Path, line: str, reason: str) -> None:
    with daemon(tmp_path / "vty") as commands:
        vty = Vty("r1", "bgpd", tmp_path / "vty")
        with pytest.raises(ConfigurationRefusedError, match=f"Node r1: bgpd refused `{line}`: .*{reason}"):
            vty.configure([line, "router bgp 1"])
        vty.close()
    assert b"router bgp 1" not in commands
    assert commands[-1] == b"end"


def test_lines_that_are_sent_at_once_are_all_answered(tmp_path: Path) -> None:
    with daemon(tmp_path / "vty") as commands:
        vty = Vty("r1", "bgpd", tmp_path / "vty")
        vty.configure_at_once(["router bgp 1"] * 250)
        with pytest.raises(ConfigurationRefusedError, match=r"refused `nonsense`: .*Unknown command"):
            vty.configure_at_once(["router bgp 1", " nonsense", "router bgp 1"])
        vty.close()
    assert commands.count(b"router bgp 1") == 252


def test_without_a_daemon_there_is_no_answer(tmp_path: Path) -> None:
    vty = Vty("r1", "bgpd", tmp_path / "vty")
    assert not vty.answers()
    with pytest.raises(NoSuchServiceError, match="Node r1 has no service bgpd that answers"):
        vty.run("show version")
