"""The front end's side on the host: the five sockets of a connection file."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import zmq

from raslab.errors import ConnectionFileError
from raslab.machine.jupyter.channels import Activity, Request

#: Milliseconds that the last messages have to leave after the kernel's end.
LINGER_MS = 1000
KINDS = {"shell": zmq.ROUTER, "control": zmq.ROUTER, "stdin": zmq.ROUTER, "iopub": zmq.PUB, "hb": zmq.ROUTER}


def read_connection(path: Path) -> dict[str, Any]:
    """The content of a connection file; raises ConnectionFileError."""
    try:
        connection = json.loads(path.read_text())
        missing = [name for name in ("transport", "ip", *(f"{name}_port" for name in KINDS)) if name not in connection]
    except (OSError, ValueError, TypeError) as error:
        raise ConnectionFileError(path, str(error)) from None
    if missing:
        raise ConnectionFileError(path, f"it lacks {', '.join(missing)}")
    return dict(connection)


class Front:
    """Bound sockets, and what the front end is waiting for; a `Watcher` of the host's end of the tunnel."""

    def __init__(self, connection: dict[str, Any]) -> None:
        self.activity = Activity()
        self._connection = connection
        self._context = zmq.Context()
        sockets = {name: self._bind(name, kind) for name, kind in KINDS.items()}
        heart = sockets.pop("hb")
        self.sockets = sockets
        threading.Thread(target=_beat, args=(heart,), name="raslab-heartbeat", daemon=True).start()

    def _bind(self, name: str, kind: int) -> zmq.Socket[bytes]:
        socket: zmq.Socket[bytes] = self._context.socket(kind)
        socket.linger = LINGER_MS
        socket.sndhwm = socket.rcvhwm = 0
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

    def from_socket(self, channel: str, parts: list[bytes]) -> None:
        """A message of the front end."""
        self.activity.incoming(channel, parts)

    def from_pipe(self, channel: str, parts: list[bytes]) -> None:
        """A message of the kernel."""
        self.activity.outgoing(channel, parts)

    def settled(self, taken: int) -> None:
        """Nothing to do."""

    def explain(self, name: str, reason: str) -> None:
        """Answer the cells that are still running with an error, so that the notebook shows why the kernel died."""
        from jupyter_client.session import Session

        session = Session(
            key=self._connection.get("key", "").encode(),
            signature_scheme=self._connection.get("signature_scheme") or "hmac-sha256",
        )
        for request in list(self.activity.requests.values()):
            if request.header.get("msg_type") == "execute_request":
                self._answer(session, request, name, reason)

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
