"""Packets as they pass an interface, by tcpdump in the node."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from types import TracebackType
from typing import IO, Any

from raslab.errors import BadMeasurementError, CaptureError, NotObservedError
from raslab.machine.here import here
from raslab.measure import keeping_groups
from raslab.measure.capture_files import DamagedCaptureError, Packet, read
from raslab.measure.frame import attributes, lab_name
from raslab.measure.recording import Recording
from raslab.net import Intf, Link, Node
from raslab.net.names import kernel_name
from raslab.net.waiting import ended_within, wait_until

_ANSWER_S = 5.0
_COUNTS = re.compile(rb"(\d+) packets? captured, (\d+) packets? received by filter, (\d+) packets? dropped")
"""What tcpdump says when it gets SIGUSR1."""


class Capture(Recording):
    """Captures on one interface while the block runs.

        with capture(gw1.intf("wan0"), "proto gre") as seen:
            host2.run(["ping", "-c1", host1.IP()])
        seen.frame, seen.packets, seen.pcap

    After the block, every packet that passed the interface before its end is there. `frame` has one row per packet
    and the columns of `raslab.measure.dissection`; `packets` are scapy's; `pcap` is the file, as bytes, and `save`
    writes one.
    """

    pcap = b""

    def __init__(self, node: Node, interface: str, expression: str = "") -> None:
        self.node = node
        self.interface = interface
        self.title = f"{node.name}:{interface}"
        self._argv = ["tcpdump", "-i", kernel_name(interface), "-U", "-w", "-", "-Z", "root", "-s", "0"]
        self._argv += ["--immediate-mode", "--buffer-size", "16384", *([expression] if expression else [])]

    def __enter__(self) -> Capture:
        around = [sys.executable, keeping_groups.__file__] if keeping_groups.setgroups_denied() else []
        self._process = self.node.popen(
            [*around, *self._argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._output = _Reader(self._process.stdout)
        self._messages = _Reader(self._process.stderr)
        self._wait("tcpdump listens", self._listens)
        self._wait("tcpdump tells its counts", self._counts)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._told = len(self._waiting_packets())
                self._wait("tcpdump has written all packets", self._drained)
            self._process.send_signal(signal.SIGINT)
            if not ended_within(self._process, _ANSWER_S):
                raise CaptureError(self._where, f"tcpdump did not end within {_ANSWER_S:g} s")
        finally:
            self._process.kill()
            self._process.wait()
            self.pcap = self._output.all()
            self._messages.all()

    @property
    def _where(self) -> str:
        return f"{self.node.name} {self.interface}"

    def _wait(self, what: str, seen: Callable[[], tuple[bool, str]]) -> None:
        try:
            running = wait_until(what, seen, self._process, _ANSWER_S)
        except NotObservedError as error:
            self._process.kill()
            raise CaptureError(self._where, str(error)) from error
        if not running:
            raise CaptureError(self._where, " ".join(self._messages.all().decode(errors="replace").split()))

    def _listens(self) -> tuple[bool, str]:
        return b"listening on" in self._messages.so_far, repr(self._messages.so_far)

    def _counts(self) -> tuple[bool, str]:
        """Ask tcpdump for its counts, and see whether it has told any."""
        self._process.send_signal(signal.SIGUSR1)
        return bool(self._waiting_packets()), "no counts"

    def _drained(self) -> tuple[bool, str]:
        """Ask tcpdump for its counts: has it written all that the kernel gave it?

        What passed before the filter was in place is counted too and never written, so the number to come down to
        is the smallest that was ever told. Of the answers since the block's end the first may be to an earlier
        question; the last two must agree.
        """
        self._process.send_signal(signal.SIGUSR1)
        waiting = self._waiting_packets()
        fresh = waiting[self._told :]
        drained = len(fresh) > 2 and fresh[-1] == fresh[-2] == min(waiting)
        return drained, f"{waiting[-1]} packets waiting, {min(waiting)} at best"

    def _waiting_packets(self) -> list[int]:
        """From each answer to SIGUSR1: packets that the kernel took and tcpdump has not written."""
        answers = [map(int, answer) for answer in _COUNTS.findall(self._messages.so_far)]
        # On lo the kernel shows every packet twice, going out and coming in; tcpdump writes one.
        shows = 2 if self.interface == "lo" else 1
        return [received // shows - captured - dropped for captured, received, dropped in answers]

    @cached_property
    def records(self) -> Sequence[Packet]:
        """The packets as bytes; of what a broken block has captured, those that are whole."""
        try:
            found = read(self.pcap) if self.pcap else []
        except DamagedCaptureError as error:
            found = list(error.packets)
        return tuple(one._replace(interface=self.interface) for one in found)

    @property
    def _attributes(self) -> dict[Any, Any]:
        return attributes(lab_name(self.node), here(), [f"ip netns exec {self.node.name} {' '.join(self._argv)}"])


def capture(where: Node | Intf | Link, expression: str = "", *, interface: str | None = None) -> Capture:
    """A `Capture` on an interface, on a link (on its first end), or on the interface of a node by name.

    expression: which packets, in the language of pcap-filter(7); all of them if empty.
    Raises BadMeasurementError here, CaptureError when it starts.
    """
    if isinstance(where, Node):
        if interface is None:
            raise BadMeasurementError(f"Which interface of {where.name} shall be captured? Name it with interface=.")
        return Capture(where, interface, expression)
    end = where.intf1 if isinstance(where, Link) else where
    return Capture(end.node, end.name, expression)


class _Reader:
    """Collects what a pipe delivers, in a thread, so that the writer never blocks."""

    def __init__(self, pipe: IO[Any] | None) -> None:
        assert pipe is not None
        self._pipe = pipe
        self._chunks: list[bytes] = []
        self._thread = threading.Thread(target=self._read, name="raslab-capture", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._pipe:
            while chunk := self._pipe.read1(1 << 16):  # type: ignore[attr-defined]
                self._chunks.append(chunk)

    @property
    def so_far(self) -> bytes:
        """What has been read until now."""
        return b"".join(self._chunks)

    def all(self) -> bytes:
        """Everything; waits until the writer has closed the pipe."""
        self._thread.join()
        return self.so_far
