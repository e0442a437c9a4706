"""Carrying standard streams, signals and the exit status between the caller and a UML machine."""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import stat
import termios
import threading
import time
import tty
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from raslab.errors import CommandNotStartedError, MachineDiedError
from raslab.machine import frames

#: Seconds that a command has to end after SIGTERM or SIGHUP before its machine is killed.
GRACE_S = 2.0
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGWINCH)


@dataclass(frozen=True)
class Streams:
    """Descriptors of the caller: standard input (None: nothing to read), output and error; tty: a terminal in
    between.
    """

    stdin: int | None = 0
    stdout: int = 1
    stderr: int = 2
    tty: bool = False


class SerialLine(Protocol):
    """What `carry` needs of a machine."""

    to_guest: int
    from_guest: int

    def died(self) -> MachineDiedError:
        """Why the machine ended early."""


class _ForcedEndError(Exception):
    """The user insists: end the machine now."""

    def __init__(self, signal_number: int) -> None:
        self.status = 128 + signal_number


def carry(machine: SerialLine, streams: Streams) -> int:
    """Pass data both ways until the command has ended; returns its exit status.

    A signal is passed on to the command. A second SIGINT, or a command that has not ended GRACE_S seconds
    after SIGTERM or SIGHUP, ends the exchange at once (the caller then kills the machine).

    Raises CommandNotStartedError, MachineDiedError, BrokenPipeError (nobody reads our output any more).
    """
    with _signals() as signals, _raw_terminal(streams):
        try:
            return _Exchange(machine, streams, signals).run()
        except _ForcedEndError as forced:
            return forced.status


class _Exchange:
    def __init__(self, machine: SerialLine, streams: Streams, signals: int | None) -> None:
        self.machine = machine
        self.streams = streams
        self.signals = signals
        self.decoder = frames.Decoder()
        self.credit = frames.INPUT_WINDOW
        self.ready = False
        self.reading = False
        self.input_ended = streams.stdin is None
        self.interrupted = False
        self.ending: int | None = None
        self.deadline = 0.0
        self.failure: str | None = None
        self.selector = selectors.PollSelector()

    def run(self) -> int:
        self.selector.register(self.machine.from_guest, selectors.EVENT_READ)
        if self.signals is not None:
            self.selector.register(self.signals, selectors.EVENT_READ)
        while True:
            left = None if self.ending is None else self.deadline - time.monotonic()
            if self.ending is not None and left is not None and left <= 0:
                raise _ForcedEndError(self.ending)
            ready = {key.fd for key, _ in self.selector.select(left)}
            if self.signals in ready:
                self._signal()
            if self.streams.stdin in ready and self.reading:
                self._input()
            if self.machine.from_guest in ready:
                status = self._output()
                if status is not None:
                    return status

    def _read_input(self, wanted: bool) -> None:
        if wanted == self.reading or self.streams.stdin is None:
            return
        self.reading = wanted
        if wanted:
            self.selector.register(self.streams.stdin, selectors.EVENT_READ)
        else:
            self.selector.unregister(self.streams.stdin)

    def _input(self) -> None:
        assert self.streams.stdin is not None
        data = os.read(self.streams.stdin, self.credit)
        self._send(frames.Frame(frames.INPUT, data))
        self.credit -= len(data)
        self.input_ended = not data
        self._read_input(not self.input_ended and self.credit > 0)

    def _signal(self) -> None:
        assert self.signals is not None
        for number in os.read(self.signals, 64):
            if number == signal.SIGWINCH:
                self._tell_window_size()
                continue
            if not self.ready or (number == signal.SIGINT and self.interrupted):
                raise _ForcedEndError(number)
            self.interrupted = True
            if number != signal.SIGINT:
                self.ending, self.deadline = number, time.monotonic() + GRACE_S
            self._send(frames.signal_frame(number))

    def _output(self) -> int | None:
        data = os.read(self.machine.from_guest, 1 << 16)
        if not data:
            raise self.machine.died()
        for frame in self.decoder.feed(data):
            if frame.kind == frames.READY:
                self.ready = True
                self._tell_window_size()
                self._read_input(not self.input_ended)
            elif frame.kind == frames.OUTPUT:
                _write_all(self.streams.stdout, frame.payload)
            elif frame.kind == frames.ERROR:
                _write_all(self.streams.stderr, frame.payload)
            elif frame.kind == frames.ACKNOWLEDGE:
                self.credit += frame.number
                self._read_input(not self.input_ended)
            elif frame.kind == frames.FAILURE:
                self.failure = frame.payload.decode(errors="replace")
            elif frame.kind == frames.EXIT:
                if self.failure is not None:
                    raise CommandNotStartedError(self.failure, frame.number)
                return frame.number
        return None

    def _tell_window_size(self) -> None:
        if not self.streams.tty or not self.ready:
            return
        columns, rows = shutil.get_terminal_size()
        self._send(frames.window_size_frame(rows, columns))

    def _send(self, frame: frames.Frame) -> None:
        # A machine that has died is noticed, with its reason, at the other end of the line.
        with contextlib.suppress(BrokenPipeError):
            _write_all(self.machine.to_guest, frame.encode())


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


@contextlib.contextmanager
def _signals() -> Iterator[int | None]:
    """A descriptor that yields the number of each signal as a byte; None outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield None
        return
    read_end, write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    wakeup = signal.set_wakeup_fd(write_end)
    # The handlers do nothing themselves; the byte in the pipe is what counts.
    before = {number: signal.signal(number, lambda *_: None) for number in FORWARDED}
    try:
        yield read_end
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        os.close(read_end)
        os.close(write_end)


@contextlib.contextmanager
def _raw_terminal(streams: Streams) -> Iterator[None]:
    """The user's terminal in raw mode while the guest's terminal does the editing."""
    if not streams.tty or streams.stdin is None:
        yield
        return
    before = termios.tcgetattr(streams.stdin)
    tty.setraw(streams.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(streams.stdin, termios.TCSADRAIN, before)


def is_empty_input(descriptor: int) -> bool:
    """True if a descriptor is closed or /dev/null: then the guest need not be told anything about it."""
    try:
        facts = os.fstat(descriptor)
    except OSError:
        return True
    return stat.S_ISCHR(facts.st_mode) and facts.st_rdev == os.makedev(1, 3)
