"""What the launcher of a lab machine does about signals, whatever the machine.

A signal is passed on to the command. The machine is ended by force on a second SIGINT, unless the command is one that
people interrupt again and again, and when the command has not ended GRACE_S seconds after SIGTERM or SIGHUP.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator

GRACE_S = 2.0
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGWINCH)


class ForcedEndError(Exception):
    """The machine shall end now; `status` is the exit status for the caller."""

    def __init__(self, signal_number: int) -> None:
        self.status = 128 + signal_number


class Patience:
    """Remembers which signals came and how long the command still has.

    interruptible: no number of SIGINTs ends the machine, nor does one that comes before the command.
    """

    def __init__(self, interruptible: bool = False) -> None:
        self._interruptible = interruptible
        self._interrupted = False
        self._ending = 0
        self._deadline: float | None = None

    def take(self, number: int, ready: bool = True) -> None:
        """Note a signal that is about to be passed on; raises ForcedEndError if the time for that is over.

        ready: the command has been started and can be told.
        """
        if number == signal.SIGINT and self._interruptible:
            return
        if not ready or (number == signal.SIGINT and self._interrupted):
            raise ForcedEndError(number)
        self._interrupted = True
        if number != signal.SIGINT and self._deadline is None:
            self._ending, self._deadline = number, time.monotonic() + GRACE_S

    def left_s(self) -> float | None:
        """Seconds until the end is forced, None while nobody asked for it; raises ForcedEndError when they are over."""
        if self._deadline is None:
            return None
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise ForcedEndError(self._ending)
        return left


@contextlib.contextmanager
def arriving() -> Iterator[int | None]:
    """A descriptor that yields the number of each signal as a byte; None outside the main thread.

    A signal that was ignored when we were started stays so: that is how ``nohup`` works.
    """
    if threading.current_thread() is not threading.main_thread():
        yield None
        return
    read_end, write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    wakeup = signal.set_wakeup_fd(write_end)
    # The handlers do nothing themselves; the byte in the pipe is what counts.
    before = {
        number: signal.signal(number, lambda *_: None)
        for number in FORWARDED
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield read_end
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        os.close(read_end)
        os.close(write_end)
