"""What happens to daemons that nobody had asked for, and telling people of it where they look."""

from __future__ import annotations

import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import raslab
from raslab.errors import DaemonDiedError

#: A daemon that dies so many times within so many seconds is not started again: it would do nothing else.
TRIES, WITHIN_S = 5, 10.0


class DaemonWarning(UserWarning):
    """Something happened to a daemon by itself, and the next verb tells of it."""


@dataclass(frozen=True)
class Incident:
    """One death. again: the services that were started again because of it, in order; hopeless: why none was."""

    error: DaemonDiedError
    again: tuple[str, ...] = ()
    hopeless: str = ""

    @property
    def node(self) -> str:
        """Where."""
        return self.error.node

    def __str__(self) -> str:
        if self.hopeless:
            return f"{self.error} {self.hopeless}"
        if not self.again:
            return f"{self.error} The next change of the node starts it again."
        first, *others = self.again
        after = (
            f", and after it {', '.join(others)}, which hold what it had been told or had told them" if others else ""
        )
        return f"{self.error} {first} has been started again{after}."


class Incidents:
    """All incidents of a network in order, and which of them people have been told."""

    def __init__(self) -> None:
        self._all: list[Incident] = []
        self._told = 0
        self._unhealed: dict[tuple[str, str], Incident] = {}
        self._times: dict[tuple[str, str], deque[float]] = {}

    def add(self, incident: Incident) -> None:
        """Something has happened."""
        self._all.append(incident)
        if not incident.again:
            self._unhealed[incident.node, incident.error.service] = incident

    def heal(self, node: str, service: str) -> None:
        """A service runs, again or for the first time."""
        self._unhealed.pop((node, service), None)

    def unhealed(self, node: str | None) -> tuple[Incident, ...]:
        """Those of one node, or all, whose daemons have not come back."""
        return tuple(one for one in list(self._unhealed.values()) if node in (None, one.node))

    def of(self, node: str) -> tuple[Incident, ...]:
        """Those of one node."""
        return tuple(one for one in self._all if one.node == node)

    @property
    def errors(self) -> tuple[DaemonDiedError, ...]:
        """The deaths themselves."""
        return tuple(one.error for one in self._all)

    def may_try(self, node: str, service: str) -> bool:
        """Note that a daemon has died; False if it does so again and again."""
        now = time.monotonic()
        times = self._times.setdefault((node, service), deque(maxlen=TRIES))
        times.append(now)
        return len(times) < TRIES or now - times[0] > WITHIN_S

    def tell(self) -> None:
        """Warn of what has happened since the last time. Threads other than the user's own tell nothing."""
        if threading.current_thread() is not threading.main_thread():
            return
        news, self._told = self._all[self._told :], len(self._all)
        _warn(news)


def _warn(news: Sequence[Incident]) -> None:
    """As warnings at the line that called into this package."""
    if not news:
        return
    ours = str(Path(raslab.__file__).parent)
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(ours):
        level, frame = level + 1, frame.f_back
    for one in news:
        warnings.warn(str(one), DaemonWarning, stacklevel=level)
