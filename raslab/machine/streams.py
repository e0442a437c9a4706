"""Carrying standard streams, signals and the exit status between the caller and a UML machine."""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import shutil
import signal
import stat
import termios
import time
import tty
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from raslab.errors import BadFrameError, CommandNotStartedError, MachineDiedError
from raslab.machine import frames
from raslab.machine.signals import ForcedEndError, Patience, arriving
from raslab.machine.standstill import Standstill

#: Seconds without a sign that the machine has taken a signal after which, and then again and again, it is nudged.
NUDGE_S = 0.3
NUDGES = 20
#: Seconds in which a machine whose kernel panics is gone.
ENDING_S = 2.0
#: Seconds between two looks at a machine whose clock is virtual, and of silence before they are close ones.
LOOK_S, SILENT_S = 1.0, 3.0


@dataclass(frozen=True)
class Streams:
    """Descriptors of the caller: standard input (None: nothing to read), output, error; tty: a terminal in between.

    on_interrupt: called after each SIGINT that has been passed on; with it, no number of them ends the machine.
    on_standstill: called with a sentence when a virtual clock stands still while something computes.
    """

    stdin: int | None = 0
    stdout: int = 1
    stderr: int = 2
    tty: bool = False
    on_interrupt: Callable[[], None] | None = None
    on_standstill: Callable[[str], None] | None = None


class SerialLine(Protocol):
    """What `carry` needs of a machine."""

    to_guest: int
    from_guest: int

    def died(self) -> MachineDiedError:
        """Why the machine ended early."""

    def met(self, limit: str) -> None:
        """It has met a limit, which its kernel calls so."""

    def pause(self) -> None:
        """Stop the machine where it is."""

    def resume(self) -> None:
        """Let it go on; may be called when it is not paused."""

    @property
    def is_paused(self) -> bool:
        """Whether it has been stopped."""

    @property
    def is_virtual(self) -> bool:
        """Whether its clock is."""

    def computed_s(self) -> float:
        """Seconds of the processor's time that it has used so far."""

    def nudge(self) -> None:
        """Disturb the program that computes without pause, if there is one, so that others get the processor."""


def carry(machine: SerialLine, streams: Streams) -> int:
    """Pass data both ways until the command has ended; returns its exit status. Signals: see `signals`.

    Raises CommandNotStartedError, MachineDiedError, BrokenPipeError (nobody reads our output any more).
    """
    with arriving() as signals, _raw_terminal(streams):
        try:
            return _Exchange(machine, streams, signals).run()
        except ForcedEndError as forced:
            return forced.status


class _Exchange:
    """The loop between the machine's line and our streams.

    It never blocks in a write: while a reader of ours is slow the guest is not read from, and signals are served.
    """

    def __init__(self, machine: SerialLine, streams: Streams, signals: int | None) -> None:
        self.machine = machine
        self.streams = streams
        self.signals = signals
        self.decoder = frames.Decoder()
        self.patience = Patience(interruptible=streams.on_interrupt is not None)
        self.nudges = 0
        self.standstill = Standstill()
        self.look_at_s = self.silent_since_s = time.monotonic()
        self.frames_sent = 0
        self.unwritten: dict[int, bytearray] = {streams.stdout: bytearray(), streams.stderr: bytearray()}
        self.credit = frames.INPUT_WINDOW
        self.ready = False
        self.input_ended = streams.stdin is None
        self.failure: str | None = None
        self.status: int | None = None

    def run(self) -> int:
        while self.status is None or any(self.unwritten.values()):
            ready = self._wait()
            if self.nudges and not ready:
                self.nudges -= 1
                self.machine.nudge()
            if self.streams.on_standstill and time.monotonic() >= self.look_at_s:
                self._look(self.streams.on_standstill)
            if self.signals in ready:
                self._signal()
            if self.streams.stdin in ready:
                self._input()
            for descriptor, text in self.unwritten.items():
                if text and descriptor in ready:
                    _write_some(descriptor, text)
            if self.machine.from_guest in ready:
                self._output()
        if self.failure is not None:
            raise CommandNotStartedError(self.failure, self.status)
        return self.status

    def _wait(self) -> set[int]:
        """Wait until something can be done; returns the descriptors that are ready for what we want of them."""
        with selectors.PollSelector() as selector:
            if self.signals is not None:
                selector.register(self.signals, selectors.EVENT_READ)
            full = [descriptor for descriptor, text in self.unwritten.items() if text]
            for descriptor in full:
                selector.register(descriptor, selectors.EVENT_WRITE)
            if not full and self.status is None:
                selector.register(self.machine.from_guest, selectors.EVENT_READ)
            if self.ready and not self.input_ended and self.credit and self.streams.stdin is not None:
                selector.register(self.streams.stdin, selectors.EVENT_READ)
            left_s = self.patience.left_s()
            if left_s is None and self.watches and not self.machine.is_paused:
                left_s = LOOK_S
            return {key.fd for key, _ in selector.select(NUDGE_S if self.nudges else left_s)}

    @property
    def watches(self) -> bool:
        """Whether there is a clock that may stand still, and somebody to tell."""
        return self.streams.on_standstill is not None and self.machine.is_virtual and self.ready

    def _look(self, tell: Callable[[str], None]) -> None:
        """See whether the clock stands still. A machine that has just said something is not looked at closer."""
        now_s = time.monotonic()
        self.look_at_s = now_s + LOOK_S
        if not self.watches or self.machine.is_paused or now_s - self.silent_since_s < SILENT_S:
            return
        computed_s = self.machine.computed_s()
        if sentence := self.standstill.sentence(computed_s):
            tell(sentence)
        if self.standstill.look(computed_s):
            self._send(frames.Frame(frames.ASK))

    def _silence_ends(self) -> None:
        self.silent_since_s = time.monotonic()
        self.standstill.heard()

    def _input(self) -> None:
        assert self.streams.stdin is not None
        data = os.read(self.streams.stdin, self.credit)
        self._send(frames.Frame(frames.INPUT, data))
        self.credit -= len(data)
        self.input_ended = not data

    def _signal(self) -> None:
        assert self.signals is not None
        for number in os.read(self.signals, 64):
            if number == signal.SIGWINCH:
                self._tell_window_size()
                continue
            self.patience.take(number, self.ready)
            if not self.ready:
                continue
            self._send(frames.signal_frame(number))
            self.nudges = NUDGES
            if number == signal.SIGINT and self.streams.on_interrupt:
                self.streams.on_interrupt()

    def _output(self) -> None:
        data = os.read(self.machine.from_guest, 1 << 16)
        if not data:
            raise self.machine.died()
        self.nudges = 0
        for frame in self._frames(data):
            if frame.kind != frames.TIME:
                self._silence_ends()
            if frame.kind == frames.TIME:
                self.standstill.answer(frame.payload, self.machine.computed_s())
            elif frame.kind == frames.READY:
                self.ready = True
                self._tell_window_size()
            elif frame.kind == frames.OUTPUT:
                self.unwritten[self.streams.stdout] += frame.payload
            elif frame.kind == frames.ERROR:
                self.unwritten[self.streams.stderr] += frame.payload
            elif frame.kind == frames.ACKNOWLEDGE:
                self.credit = min(self.credit + frame.number, frames.INPUT_WINDOW)
            elif frame.kind == frames.FAILURE:
                self.failure = frame.payload.decode(errors="replace")
            elif frame.kind == frames.REST:
                # If more is under way than the guest had seen when it came to rest, it has work to do again.
                if frame.number == self.frames_sent:
                    self.machine.pause()
            elif frame.kind == frames.LIMIT:
                self.machine.met(frame.payload.decode(errors="replace"))
            elif frame.kind == frames.EXIT:
                self.status = frame.number & 0xFF

    def _frames(self, data: bytes) -> Iterator[frames.Frame]:
        """The frames in `data`. A kernel that panics says so on the line, too, where it is no frame: then it ends."""
        try:
            yield from self.decoder.feed(data)
        except BadFrameError:
            until = time.monotonic() + ENDING_S
            while (left_s := until - time.monotonic()) > 0 and select.select([self.machine.from_guest], [], [], left_s)[
                0
            ]:
                if not os.read(self.machine.from_guest, 1 << 16):
                    raise self.machine.died() from None
            raise

    def _tell_window_size(self) -> None:
        if self.streams.tty and self.ready:
            columns, rows = shutil.get_terminal_size()
            self._send(frames.window_size_frame(rows, columns))

    def _send(self, frame: frames.Frame) -> None:
        # The pipe holds far more than the input window. A machine that has died is noticed at the line's other end.
        with contextlib.suppress(BrokenPipeError):
            os.write(self.machine.to_guest, frame.encode())
        self.frames_sent += 1
        self.machine.resume()


def _write_some(descriptor: int, text: bytearray) -> None:
    """Write as much as a descriptor that is ready takes without blocking, and remove it from `text`."""
    with contextlib.suppress(BlockingIOError):
        del text[: os.write(descriptor, text[: select.PIPE_BUF])]


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
