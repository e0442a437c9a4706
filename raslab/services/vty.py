"""FRR's vty sockets: what `vtysh` speaks with the daemons, without starting `vtysh` for it.

A command is text and a zero byte. The answer is text, three zero bytes and a status byte (`vtysh_read` in FRR's
lib/vty.c). A connection keeps the place in the configuration to which its last command has led.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from raslab.errors import ConfigurationRefusedError, DaemonHangsError, NoSuchServiceError
from raslab.model.secrets import without_secrets
from raslab.services.lines import whole
from raslab.services.patience import Patience

_END = b"\0\0\0"
_TIMEOUT_S = 10.0
_DONE = 0
_BATCH = 100  # lines on their way together, so few that neither side waits for the other to read
# CMD_ERR_NO_MATCH ... of lib/command.h, for daemons that refuse without a word.
_REASONS = {2: "unknown command", 3: "ambiguous command", 4: "incomplete command"}


class Vty:
    """A connection to one daemon; may be used from several threads."""

    def __init__(self, node: str, daemon: str, path: Path, patience: Patience | None = None) -> None:
        """path: of the daemon's socket. patience: with its answers. Nothing is connected yet."""
        self.node = node
        self.daemon = daemon
        self._patience = patience
        self._path = path
        self._socket: socket.socket | None = None
        self._lock = threading.RLock()

    def run(self, command: str) -> str:
        """What the daemon answers.

        Raises ConfigurationRefusedError with the daemon's words, NoSuchServiceError if it is gone, DaemonHangsError.
        """
        with self._lock:
            text, status = self._ask(command)
        if status != _DONE:
            raise self._refusal(command, text, status)
        return text

    def show(self, command: str) -> Any:
        """What a `show ... json` command tells. Raises as `run`."""
        return json.loads(self.run(command) or "{}")

    def configure(self, lines: Iterable[str]) -> None:
        """Send lines in configuration mode; stops at the first that is refused. Raises as `run`."""
        with self._lock:
            self.run("configure terminal")
            try:
                for line in lines:
                    self.run(line.strip())
            finally:
                self._ask("end")

    def configure_at_once(self, lines: Iterable[str]) -> None:
        """Send lines in configuration mode without waiting for each answer, many times quicker.

        Of a line that is refused one hears when others have been sent after it. So this is for a daemon that has no
        configuration yet, and that is given up if it refuses a line. Raises as `run`.
        """
        with self._lock:
            self.run("configure terminal")
            left = iter(lines)
            while batch := [line.strip() for line in islice(left, _BATCH)]:
                for line, (text, status) in zip(batch, self._ask_all(batch), strict=True):
                    if status != _DONE:
                        raise self._refusal(line, text, status)
            self._ask("end")

    def answers(self) -> bool:
        """True if the daemon takes commands."""
        try:
            with self._lock:
                self._ask("enable")
        except (NoSuchServiceError, DaemonHangsError):
            return False
        return True

    def close(self) -> None:
        """End the connection; the next command makes a new one."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def _refusal(self, line: str, answer: str, status: int) -> ConfigurationRefusedError:
        """Some answers quote the line, so passwords are hidden in both."""
        reason = without_secrets(answer) or _REASONS.get(status, "")
        return ConfigurationRefusedError(self.node, self.daemon, without_secrets(line), reason)

    def _ask(self, command: str) -> tuple[str, int]:
        (answer,) = self._ask_all([command])
        return answer

    def _ask_all(self, commands: Sequence[str]) -> list[tuple[str, int]]:
        commands = [whole(command, self.daemon) for command in commands]
        try:
            connection = self._connection()
            connection.sendall(b"".join(command.encode() + b"\0" for command in commands))
            return _receive(connection, len(commands), self._patience)
        except DaemonHangsError:
            self.close()
            raise
        except OSError as error:
            self.close()
            raise NoSuchServiceError(self.node, f"{self.daemon} that answers ({error})", ()) from error

    def _connection(self) -> socket.socket:
        if self._socket is None:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
            connection.settimeout(_TIMEOUT_S)
            try:
                connection.connect(str(self._path))
                connection.sendall(b"enable\0")
                _receive(connection, 1, self._patience)
            except BaseException:
                connection.close()
                raise
            self._socket = connection
        return self._socket


def split_answers(data: bytes) -> tuple[list[tuple[str, int]], bytes]:
    """Text and status of each whole answer in `data`, and what comes after them. Text holds no zero bytes."""
    found = []
    while (end := data.find(_END)) >= 0 and len(data) > end + len(_END):
        found.append((data[:end].decode(errors="replace"), data[end + len(_END)]))
        data = data[end + len(_END) + 1 :]
    return found, data


def _receive(connection: socket.socket, count: int, patience: Patience | None) -> list[tuple[str, int]]:
    """The next `count` answers."""
    answers: list[tuple[str, int]] = []
    data = b""
    while len(answers) < count:
        if patience is not None:
            patience.await_answer(connection)
        part = connection.recv(65536)
        if not part:
            raise ConnectionResetError("the daemon closed the connection")
        whole, data = split_answers(data + part)
        answers += whole
    return answers
