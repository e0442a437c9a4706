"""Messages that no front end sends, for the ports of a kernel; and the host's side of a kernel without its machine."""

from __future__ import annotations

import json
import os
import random
import secrets
import select
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hmac import digest
from pathlib import Path
from typing import Any

import zmq

from raslab.machine.jupyter.channels import DELIMITER, Decoder, encode
from raslab.machine.jupyter.front import KINDS, Front, read_connection
from raslab.machine.jupyter.tunnel import Tunnel

Parts = list[bytes]
KIND = ("execute_request", "shutdown_request", "comm_msg", "input_reply", "kernel_info_request", "status")


def contents(kind: Any, name: Any = None, **content: Any) -> Parts:
    """Header, parent header, metadata and content of a message."""
    header = {"msg_type": kind, "msg_id": name or uuid.uuid4().hex, "session": "s", "username": "u", "version": "5.4"}
    return [json.dumps(part).encode() for part in (header, {}, {}, content)]


def signed(key: bytes, parts: Sequence[bytes]) -> Parts:
    """A message with its signature, as `jupyter_client` writes it."""
    return [DELIMITER, digest(key, b"".join(parts), "sha256").hex().encode(), *parts]


def _noise(dice: random.Random) -> Parts:
    return [dice.randbytes(dice.choice((0, 1, 9, 32, 200))) for _ in range(dice.randrange(1, 20))]


def _unsigned(dice: random.Random) -> Parts:
    signature = dice.choice((b"", b"0" * 64, dice.randbytes(32).hex().encode(), b"\xff" * 64, dice.randbytes(7)))
    return [DELIMITER, signature, *contents(dice.choice(KIND), code="1")]


def _wrong_key(dice: random.Random) -> Parts:
    return signed(dice.randbytes(32), contents(dice.choice(KIND), code="1"))


def _bad_header(dice: random.Random) -> Parts:
    header = dice.choice(
        (b"", b"{", b"[" * 100_000, b'{"msg_type": 5}', b'{"msg_type": [], "msg_id": {}}', b"\xff\xfe", b"null")
    )
    return [DELIMITER, b"0" * 64, header, *contents("x")[1:]]


def _bad_way(dice: random.Random) -> Parts:
    message = _unsigned(dice)
    return dice.choice(
        (message[:1], message[1:], [b"who"] * 2000 + message, [*message, *message], [DELIMITER] * 50, [b""] * 9)
    )


def _long(dice: random.Random) -> Parts:
    return [DELIMITER, b"0" * 64, *contents("execute_request")[:3], bytes(dice.choice((1 << 16, 1 << 20)))]


KINDS_OF_ODD: tuple[Callable[[random.Random], Parts], ...] = (
    _noise,
    _unsigned,
    _wrong_key,
    _bad_header,
    _bad_way,
    _long,
)


def odd(dice: random.Random) -> Parts:
    """A message that nobody with the key has written."""
    return dice.choices(KINDS_OF_ODD, weights=(4, 4, 4, 3, 3, 1))[0](dice)


def flipped(dice: random.Random, message: Parts) -> Parts:
    """A message that was signed and of which one bit of a signed part is not what it was."""
    changed = list(message)
    number = dice.choice([at for at, part in enumerate(changed) if at > changed.index(DELIMITER) and part])
    part = bytearray(changed[number])
    part[dice.randrange(len(part))] ^= 1 << dice.randrange(8)
    changed[number] = bytes(part)
    return changed


class Door:
    """The launcher's sockets and tunnel, and instead of a machine the other ends of its pipes."""

    def __init__(self, folder: Path) -> None:
        self.key = secrets.token_hex(16).encode()
        ports = {f"{name}_port": number for number, name in enumerate(KINDS, 1)}
        file = folder / "kernel.json"
        file.write_text(json.dumps({"transport": "ipc", "ip": str(folder / "k"), "key": self.key.decode(), **ports}))
        connection = read_connection(file)
        self._address = f"ipc://{connection['ip']}"
        self._ports = ports
        self.front = Front(connection)
        self._reads, tunnel_writes = os.pipe()
        tunnel_reads, self._writes = os.pipe()
        self.tunnel = Tunnel(self.front.sockets, tunnel_reads, tunnel_writes, self.front)
        self.tunnel.start()
        self._decoder = Decoder()
        self._context = zmq.Context()

    def knock(self, channel: str, identity: bytes = b"") -> zmq.Socket[bytes]:
        """A socket of somebody who has found the port."""
        socket = self._context.socket(zmq.SUB if channel == "iopub" else zmq.DEALER)
        socket.linger = 0
        if identity:
            socket.identity = identity
        socket.connect(f"{self._address}-{self._ports[f'{channel}_port']}")
        return socket

    def came_through(self, wait_s: float = 0.0) -> list[tuple[str, Parts]]:
        """What has been carried to the machine since the last time."""
        found: list[tuple[str, Parts]] = []
        while select.select([self._reads], [], [], 0 if found else wait_s)[0]:
            found += self._decoder.feed(os.read(self._reads, 1 << 16))
        return found

    def says(self, channel: str, parts: Parts) -> None:
        """A message of the kernel."""
        os.write(self._writes, encode(channel, parts))

    def close(self) -> None:
        """End it."""
        os.close(self._writes)
        self.tunnel.join()
        self._context.destroy(linger=0)
        self.front.close()
        os.close(self._reads)


@contextmanager
def door(folder: Path) -> Iterator[Door]:
    """A `Door` for a while."""
    found = Door(folder)
    try:
        yield found
    finally:
        found.close()


def besiege(found: Door, count: int, seed: int = 0) -> dict[str, int]:
    """Send `count` odd messages, and after every hundred a signed one, which alone may come through.

    Returns how many were sent, how many signed ones came through, and how many of the odd ones did.
    """
    dice = random.Random(seed)
    sockets = {channel: found.knock(channel) for channel in ("shell", "control", "stdin")}
    figures = {"odd": 0, "signed": 0, "through": 0}
    last = signed(found.key, contents("execute_request", code="1"))
    for number in range(1, count + 1):
        channel = dice.choice(list(sockets))
        message = flipped(dice, last) if dice.random() < 0.2 else odd(dice)
        sockets[channel].send_multipart(message)
        figures["odd"] += 1
        if number % 100 and number != count:
            continue
        last = signed(found.key, contents("execute_request", code=str(number)))
        for channel in ("shell", "control"):
            sockets[channel].send_multipart(last)  # the second time it is known
        seen = found.came_through(wait_s=20)
        while not seen or seen[-1][1][1:] != last:
            more = found.came_through(wait_s=20)
            assert more, f"a signed message did not come through after {number} odd ones"
            seen += more
        figures["signed"] += len([one for one in seen if one[1][1:] == last])
        figures["through"] += len([one for one in seen if one[1][1:] != last])
    figures["through"] += len(found.came_through(wait_s=0.5))
    return figures
