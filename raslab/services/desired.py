"""A desired state that verbs change: one change at a time, checked, applied, or forgotten."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from raslab.services.journal import Deed, Explanation

S = TypeVar("S")


class Desired(ABC, Generic[S]):
    """What something should be, as a value, and the journal of what came of its changes."""

    def __init__(self, state: S) -> None:
        self._state = state
        self._lock = threading.RLock()
        self._journal: list[Deed] = []
        self._pending: list[str] | None = None

    @property
    def state(self) -> S:
        """What it should be."""
        return self._state

    @contextmanager
    def changing(self) -> Iterator[None]:
        """All verbs inside are one change: it is made whole at the end, or the block raises and nothing has changed."""
        with self._lock:
            if self._pending is not None:
                yield
                return
            before = self._state
            self._pending = []
            try:
                yield
                verbs, self._pending = self._pending, None
                self._check(self._state)
                self._apply("; ".join(verbs))
            except BaseException:
                self._state = before
                raise
            finally:
                self._pending = None

    def explain(self, everything: bool = False) -> Explanation:
        """The commands and file changes that the last verb became, or those of all verbs so far."""
        told = Explanation(tuple(self._journal))
        return told if everything else told.last

    def _change(self, verb: str, edit: Callable[[S], S]) -> None:
        """Change the desired state by `edit`; raises what checking and applying raise."""
        with self._lock:
            before, wanted = self._state, edit(self._state)
            if self._pending is None:
                self._check(wanted)
            self._state = wanted
            try:
                if self._pending is None:
                    self._apply(verb)
                else:
                    self._pending.append(verb)
            except BaseException:
                self._state = before
                raise

    @abstractmethod
    def _check(self, state: S) -> None:
        """Raise what says that this cannot be."""

    @abstractmethod
    def _apply(self, verb: str) -> None:
        """Bring about the desired state and note what came of it."""
