"""The front end's side on the host: the five sockets of a connection file.

Every user of the computer can connect to them. What is not signed with the connection file's key is dropped before
anything is done with it, and what may wait in memory for one who does not read, or has not been read, is bounded.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import zmq

from raslab.errors import ConnectionFileError
from raslab.machine.jupyter.channels import Activity, Request
from raslab.machine.jupyter.signature import Gate

#: Milliseconds that the last messages have to leave after the kernel's end.
LINGER_MS = 1000
#: Bytes of the largest part of a message that is taken; browsers send 10 MiB at most.
LARGEST = 64 << 20
LARGEST_BEAT = 1 << 10
#: Messages that wait in a socket until they are read, and for one who does not read.
WAITING_IN, WAITING_OUT, WAITING_BEATS = 16, 100_000, 16
KINDS = {"shell": zmq.ROUTER, "control": zmq.ROUTER, "stdin": zmq.ROUTER, "iopub": zmq.PUB, "hb": zmq.ROUTER}


def read_connection(path: Path) -> dict[str, Any]:
    """The content of a connection file; raises ConnectionFileError."""
    try:
        connection = json.loads(path.read_text())
        missing = [name for name in ("transport", "ip", *(f"{name}_port" for name in KINDS)) if name not in connection]
        if missing:
            raise ValueError(f"it lacks {', '.join(missing)}")
        gate(connection)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ConnectionFileError(path, str(error)) from None
    return dict(connection)


def gate(connection: dict[str, Any]) -> Gate:
    """What lets messages pass that are signed with the connection file's key. Raises ValueError."""
    return Gate(connection.get("key", "").encode(), connection.get("signature_scheme") or "hmac-sha256")


class Front:
    """Bound sockets, and what the front end is waiting for; a `Watcher` of the host's end of the tunnel."""

    def __init__(self, connection: dict[str, Any]) -> None:
        self.activity = Activity()
        self._gate = gate(connection)
        self._connection = connection
        self._context = zmq.Context()
        sockets = {name: self._bind(name, kind) for name, kind in KINDS.items()}
        heart = sockets.pop("hb")
        self.sockets = sockets
        threading.Thread(target=_beat, args=(heart,), name="raslab-heartbeat", daemon=True).start()

    def _bind(self, name: str, kind: int) -> zmq.Socket[bytes]:
        socket: zmq.Socket[bytes] = self._context.socket(kind)
        socket.linger = LINGER_MS
        beats = name == "hb"
        socket.maxmsgsize = LARGEST_BEAT if beats else LARGEST
        socket.rcvhwm = WAITING_BEATS if beats else WAITING_IN
        socket.sndhwm = WAITING_BEATS if beats else WAITING_OUT
        if kind == zmq.ROUTER:
            socket.router_handover = 1  # a client that connects again under its name takes its place
        if self._connection.get("curve_secretkey"):
            socket.curve_secretkey = self._connection["curve_secretkey"].encode()
            socket.curve_publickey = self._connection["curve_publickey"].encode()
            socket.curve_server = True
        separator = ":" if self._connection["transport"] == "tcp" else "-"
        address = f"{self._connection['ip']}{separator}{self._connection[f'{name}_port']}"
        socket.bind(f"{self._connection['transport']}://{address}")
        return socket

    def from_socket(self, channel: str, parts: list[bytes]) -> bool:
        """A message of the front end, or of anybody else who has found the port."""
        if not self._gate.admits(channel, parts):
            return False
        self.activity.incoming(channel, parts)
        return True

    def from_pipe(self, channel: str, parts: list[bytes]) -> None:
        """A message of the kernel."""
        self._gate.noted(parts)
        self.activity.outgoing(channel, parts)

    def tell(self, sentence: str) -> None:
        """Show a sentence below the cells that are running."""
        session = self._session()
        for request in list(self.activity.requests.values()):
            if request.header.get("msg_type") == "execute_request":
                text = {"name": "stderr", "text": f"{sentence}\n"}
                parent = {"header": request.header}
                session.send(self.sockets["iopub"], "stream", text, parent=parent, ident=b"stream.stderr")

    def broken(self, reason: str) -> None:
        """A program in the machine has written into the way to the kernel: explain it, and end."""
        self.explain("KernelDied", f"something in the lab machine wrote into the kernel's own pipe ({reason})")
        os.kill(os.getpid(), signal.SIGTERM)

    def settled(self, taken: int) -> None:
        """Nothing to do."""

    def explain(self, name: str, reason: str) -> None:
        """Answer the cells that are still running with an error, so that the notebook shows why the kernel died."""
        session = self._session()
        for request in list(self.activity.requests.values()):
            if request.header.get("msg_type") == "execute_request":
                self._answer(session, request, name, reason)

    def _session(self) -> Any:
        from jupyter_client.session import Session

        return Session(
            key=self._connection.get("key", "").encode(),
            signature_scheme=self._connection.get("signature_scheme") or "hmac-sha256",
        )

    def _answer(self, session: Any, request: Request, name: str, reason: str) -> None:
        parent = {"header": request.header}
        error = {"ename": name, "evalue": reason, "traceback": [f"\x1b[31m{name}\x1b[0m: {reason}"]}
        reply = {"status": "error", "execution_count": None, **error}
        session.send(self.sockets["iopub"], "error", error, parent=parent, ident=b"error")
        session.send(self.sockets["shell"], "execute_reply", reply, parent=parent, ident=request.identities)
        session.send(self.sockets["iopub"], "status", {"execution_state": "idle"}, parent=parent, ident=b"status")

    def close(self) -> None:
        """Release the ports, when the last messages have left or LINGER_MS have passed."""
        for socket in self.sockets.values():
            socket.close()
        self._context.term()


def _beat(socket: zmq.Socket[bytes]) -> None:
    """Answer heartbeats until the sockets' context ends."""
    try:
        zmq.proxy(socket, socket)
    except zmq.ContextTerminated:
        socket.close()
