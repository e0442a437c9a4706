"""Who is at an address: servers that say which node they are on, and callers that listen. TCP, without a process."""

from __future__ import annotations

import errno
import socket
import threading
from contextlib import suppress

from raslab.errors import PortTakenError
from raslab.net import Node

PORT = 80
_LONGEST_NAME = 255


class Greeter:
    """Says the name of its node to whoever opens a connection, over IPv4 and IPv6, until `close`.

    It ends with the node's network by itself.
    """

    def __init__(self, node: Node, port: int = PORT) -> None:
        """Raises NodeNotRunningError, PortTakenError."""
        self._words = node.name.encode()
        try:
            self._socket: socket.socket = node.call(
                lambda: socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
            )
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortTakenError(node.name, port) from error
        self._thread = threading.Thread(target=self._serve, name=f"raslab-greeter-{node.name}", daemon=True)
        self._thread.start()
        assert node.network is not None  # it runs
        node.network.before_stop(self.close)

    @property
    def is_open(self) -> bool:
        """True until it is closed."""
        return self._socket.fileno() >= 0

    def close(self) -> None:
        """Greet nobody any more. May be called again."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # which wakes the thread
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:  # closed
                return
            with caller, suppress(OSError):  # the caller has gone
                caller.sendall(self._words)


def who_answers(node: Node, address: str, port: int = PORT, timeout_s: float = 2.0) -> str:
    """The name of the node that greets `node` at an address, or why nobody does: ``nobody (timed out)``.

    Raises NodeNotRunningError.
    """

    def ask() -> str:
        with socket.create_connection((address, port), timeout_s) as connection:
            return connection.recv(_LONGEST_NAME).decode()

    try:
        return node.call(ask)
    except TimeoutError:
        return "nobody (timed out)"
    except OSError as error:
        return f"nobody ({(error.strerror or str(error)).lower()})"
