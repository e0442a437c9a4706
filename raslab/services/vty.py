"""FRR's vty sockets: what `vtysh` speaks with the daemons, without starting `vtysh` for it.

A command is text and a zero byte. The answer is text, three zero bytes and a status byte (`vtysh_read` in FRR's
lib/vty.c). A connection keeps the place in the configuration to which its last command has led.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from raslab.errors import ConfigurationRefusedError, NoSuchServiceError

_END = b"\0\0\0"
_TIMEOUT_S = 10.0
_DONE = 0
# CMD_ERR_NO_MATCH ... of lib/command.h, for daemons that refuse without a word.
_REASONS = {2: "unknown command", 3: "ambiguous command", 4: "incomplete command"}


class Vty:
    """A connection to one daemon; may be used from several threads."""

    def __init__(self, node: str, daemon: str, path: Path) -> None:
        """path: of the daemon's socket. Nothing is connected yet."""
        self.node = node
        self.daemon = daemon
        self._path = path
        self._socket: socket.socket | None = None
        self._lock = threading.RLock()

    def run(self, command: str) -> str:
        """What the daemon answers.

        Raises ConfigurationRefusedError with the daemon's words, NoSuchServiceError if it is gone.
        """
        with self._lock:
            text, status = self._ask(command)
        if status != _DONE:
            raise ConfigurationRefusedError(self.node, self.daemon, command, text or _REASONS.get(status, ""))
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

    def answers(self) -> bool:
        """True if the daemon takes commands."""
        try:
            with self._lock:
                self._ask("enable")
        except NoSuchServiceError:
            return False
        return True

    def close(self) -> None:
        """End the connection; the next command makes a new one."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def _ask(self, command: str) -> tuple[str, int]:
        try:
            connection = self._connection()
            connection.sendall(command.encode() + b"\0")
            return split_answer(_receive(connection))
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
                _receive(connection)
            except BaseException:
                connection.close()
                raise
            self._socket = connection
        return self._socket


def split_answer(data: bytes) -> tuple[str, int]:
    """Text and status of one whole answer."""
    return data[: -len(_END) - 1].decode(errors="replace"), data[-1]


def is_whole(data: bytes) -> bool:
    """True if `data`, received so far, is a whole answer: text holds no zero bytes."""
    return len(data) > len(_END) and data[-len(_END) - 1 : -1] == _END


def _receive(connection: socket.socket) -> bytes:
    data = b""
    while not is_whole(data):
        part = connection.recv(65536)
        if not part:
            raise ConnectionResetError("the daemon closed the connection")
        data += part
    return data
