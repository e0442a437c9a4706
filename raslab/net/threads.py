"""Running a function in a thread that a namespace change may be left behind in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Outcome(Generic[R]):
    """What a function returned or raised in another thread."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._value: R
        self._error: BaseException | None = None

    def fill(self, function: Callable[[], R]) -> None:
        """Run `function` and keep what comes of it."""
        try:
            self._value = function()
        except BaseException as error:
            self._error = error
        finally:
            self._done.set()

    @property
    def failed(self) -> bool:
        """True once the function has raised."""
        return self._error is not None

    def get(self) -> R:
        """Wait for the function; return its result or raise its exception."""
        self._done.wait()
        if self._error is not None:
            raise self._error
        return self._value


def in_own_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run `function` in a thread made for it and return its result or raise its exception.

    Namespaces belong to threads: the change ends with the thread and the rest of the process never sees it.
    """
    outcome: Outcome[R] = Outcome()
    thread = threading.Thread(target=outcome.fill, args=(lambda: function(*args, **kwargs),), daemon=True)
    thread.start()
    return outcome.get()
