"""Connections that stay open: a server that says its node's name whenever it is asked, and those who ask."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from raslab.errors import LabFailedError
from raslab.net.waiting import wait_until_listening

if TYPE_CHECKING:
    from raslab.course.bed import Bed

PORT = 7
_START_S, _ANSWER_S = 30.0, 2.0
_SERVER = """
import socketserver, sys
class Says(socketserver.BaseRequestHandler):
    def handle(self):
        while self.request.recv(100):
            self.request.sendall(sys.argv[1].encode())
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
Server(("", int(sys.argv[2])), Says).serve_forever()
"""


def start(bed: Bed, machine: str) -> None:
    """Let a machine say its name to whoever asks, until the network stops. Raises LabFailedError."""
    server = bed[machine].popen(["python3", "-c", _SERVER, machine, str(PORT)])
    if not wait_until_listening(bed[machine], PORT, server, _START_S):
        raise LabFailedError(bed.name, f"the server on {machine} did not start")


@contextmanager
def talks(bed: Bed, caller: str, address: str, count: int) -> Iterator[list[Talk]]:
    """Connections from a node to an address, open during the block. Raises OSError if one does not come about."""
    with ExitStack() as stack:
        opened = [bed[caller].call(socket.create_connection, (address, PORT), _ANSWER_S) for _ in range(count)]
        yield [Talk(stack.enter_context(one)) for one in opened]


class Talk:
    """One open connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.port: int = connection.getsockname()[1]
        """The caller's, which tells the connection from others."""

    def says(self) -> str:
        """Ask who is there: a name, or ``nobody (connection reset by peer)``."""
        try:
            self._connection.sendall(b"who?")
            return self._connection.recv(100).decode() or "nobody (closed)"
        except TimeoutError:
            return "nobody (timed out)"
        except OSError as error:
            return f"nobody ({(error.strerror or str(error)).lower()})"
