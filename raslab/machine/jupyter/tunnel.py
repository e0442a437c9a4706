"""One end of the way between front end and kernel: sockets at one side, two pipes at the other."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Mapping
from typing import Protocol

import zmq

from raslab.machine.jupyter.channels import INTERRUPT, Decoder, encode

#: Bytes that may wait for the pipe before messages are left in the sockets.
BACKLOG = 1 << 20
#: Milliseconds without a message after which the sockets of a kernel that has ended count as empty.
DRY_MS = 50

_INTERRUPT, _FINISH, _TELL = b"i", b"f", b"t"


class Watcher(Protocol):
    """What an end does besides carrying."""

    def from_pipe(self, channel: str, parts: list[bytes]) -> None:
        """A message has come out of the pipe; it has not been passed on yet."""

    def from_socket(self, channel: str, parts: list[bytes]) -> bool:
        """A message has come out of a socket. Whether to pass it on."""

    def tell(self, sentence: str) -> None:
        """Something is to be told to the user."""

    def broken(self, reason: str) -> None:
        """What comes out of the pipe is no message, so nothing is carried any more."""

    def settled(self, taken: int) -> None:
        """All that was there has been passed on; `taken` bytes have come out of the pipe in total."""


class Tunnel:
    """Carries messages both ways, in a thread of its own, until the pipe ends or `finish` is called.

    sockets: by channel; from `start` on they belong to the tunnel's thread, after `join` to the caller again.
    """

    def __init__(self, sockets: Mapping[str, zmq.Socket[bytes]], reads: int, writes: int, watcher: Watcher) -> None:
        self._sockets = sockets
        self._reads = reads
        self._writes = writes
        self._watcher = watcher
        self._backlog = bytearray()
        self._taken = 0
        self._decoder = Decoder()
        self._finishing = False
        self._sentences: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._orders, self._order = os.pipe()
        self._poller = zmq.Poller()
        self._thread = threading.Thread(target=self._run, name="raslab-tunnel", daemon=True)

    def start(self) -> None:
        """Begin."""
        os.set_blocking(self._writes, False)
        self._poller.register(self._reads, zmq.POLLIN)
        self._poller.register(self._orders, zmq.POLLIN)
        self._thread.start()

    def interrupt(self) -> None:
        """Tell the other end that the user has interrupted the kernel; may be called by a signal handler."""
        os.write(self._order, _INTERRUPT)

    def tell(self, sentence: str) -> None:
        """Have the watcher tell the user something, in the tunnel's thread."""
        self._sentences.put(sentence)
        os.write(self._order, _TELL)

    def finish(self) -> None:
        """Carry what the sockets still hold, then stop."""
        os.write(self._order, _FINISH)
        self.join()

    def join(self) -> None:
        """Wait for the end; only for one whose pipe has ended."""
        self._thread.join()

    def _run(self) -> None:
        ended = False
        while not ended:
            self._watch()
            ready = dict(self._poller.poll(DRY_MS if self._finishing else None))
            if self._finishing and not ready and not self._backlog:
                return
            if self._orders in ready:
                self._obey(os.read(self._orders, 1))
            if self._reads in ready:
                try:
                    ended = not self._from_pipe()
                except ValueError as error:
                    self._watcher.broken(str(error))
                    return
            for channel, socket in self._sockets.items():
                if socket in ready:
                    self._from_socket(channel, socket)
            self._flush()
            if not self._backlog:
                self._watcher.settled(self._taken)

    def _watch(self) -> None:
        room = len(self._backlog) < BACKLOG
        for socket in self._sockets.values():
            self._poller.register(socket, zmq.POLLIN if room else 0)
        self._poller.register(self._writes, zmq.POLLOUT if self._backlog else 0)

    def _obey(self, order: bytes) -> None:
        if order == _FINISH:
            self._finishing = True
        elif order == _TELL:
            self._watcher.tell(self._sentences.get())
        else:
            self._backlog += encode(INTERRUPT)

    def _from_pipe(self) -> bool:
        """Pass on what is there; False at the end of the pipe."""
        data = os.read(self._reads, 1 << 16)
        self._taken += len(data)
        for channel, parts in self._decoder.feed(data):
            self._watcher.from_pipe(channel, parts)
            if channel in self._sockets:
                self._sockets[channel].send_multipart(parts)
        return bool(data)

    def _from_socket(self, channel: str, socket: zmq.Socket[bytes]) -> None:
        parts = socket.recv_multipart()
        if self._watcher.from_socket(channel, parts):
            self._backlog += encode(channel, parts)

    def _flush(self) -> None:
        try:
            while self._backlog:
                del self._backlog[: os.write(self._writes, self._backlog[: 1 << 16])]
        except BlockingIOError:
            pass
        except BrokenPipeError:  # the machine has ended, which the other pipe tells
            self._backlog.clear()
