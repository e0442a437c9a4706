"""Progress of long work: a bar that names what is being waited for, and nothing where there are no widgets."""

from __future__ import annotations

import sys
import threading
import time
from contextvars import ContextVar
from types import TracebackType
from typing import Any

_TICK_S = 0.25

_under_way: ContextVar[bool] = ContextVar("progress under way", default=False)
"""True within the block of a progress: what is within it shows none of its own."""


def in_notebook() -> bool:
    """True where a cell's output can hold widgets: in a Jupyter kernel."""
    ipython = sys.modules.get("IPython")  # not imported by anybody means that there is no kernel
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


class Progress:
    """Shows that something takes time while the block runs.

        with Progress("Throughput host2 to host1", "iperf3 has measured", seconds=5):
            ...

    title: what is done; the text form is this and never changes. until: what is being waited for. seconds: how long
    that takes, on the lab's clock; the bar then grows with time, else as `reach` says. Within the block of another
    progress it shows nothing. Leaving the block by an exception, such as an interrupt, marks the bar and lets the
    exception pass.
    """

    def __init__(self, title: str, until: str, seconds: float | None = None) -> None:
        self._title = title
        self._until = until
        self._seconds = seconds
        self._bar: Any = None
        self._stop = threading.Event()
        self._ticker: threading.Thread | None = None

    def __enter__(self) -> Progress:
        shows = in_notebook() and not _under_way.get()
        self._token = _under_way.set(True)
        if not shows:
            return self
        from IPython.display import display

        from raslab.notebook.widgets import ProgressBar

        self._bar = ProgressBar(self._title, self._until)
        display(self._bar)
        if self._seconds:
            self._ticker = threading.Thread(target=self._tick, args=(self._seconds,), name="raslab-bar", daemon=True)
            self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _under_way.reset(self._token)
        self._stop.set()
        if self._ticker is not None:
            self._ticker.join()
        if self._bar is not None:
            self._bar.end(None if error is None else type(error).__name__)

    def reach(self, share: float, until: str) -> None:
        """So much of it is done, 0 to 1, and this is what is being waited for now."""
        if self._bar is not None:
            self._bar.wait_until(until)
            self._bar.show(share)

    def _tick(self, seconds: float) -> None:
        begin = time.monotonic()
        while not self._stop.wait(_TICK_S):
            self._bar.show(min((time.monotonic() - begin) / seconds, 1.0))
