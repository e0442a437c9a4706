"""Progress of long work: a bar that names what is being waited for, a fixed line where there are no widgets."""

from __future__ import annotations

from types import TracebackType
from typing import Any


def in_notebook() -> bool:
    """True where a cell's output can hold widgets: in a Jupyter kernel."""
    import sys

    ipython = sys.modules.get("IPython")  # not imported by us means that there is no kernel
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


class Progress:
    """Shows the progress of some steps while the block runs.

        with Progress("Starting gre-performance", 2) as progress:
            progress.step("the topology is checked")
            ...

    The text form, `title`, never changes. Outside a notebook nothing is shown. Leaving the block by an exception,
    such as an interrupt, marks the bar and lets the exception pass.
    """

    def __init__(self, title: str, steps: int) -> None:
        self.title = title
        self.steps = steps
        self.label = ""
        self.done = -1
        self._bar: Any = None

    def __enter__(self) -> Progress:
        if in_notebook():
            from IPython.display import display

            from raslab.notebook.widgets import ProgressBar

            self._bar = ProgressBar(self.title, self.steps)
            display(self._bar)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.done = self.steps
        if self._bar is not None:
            self._bar.end(None if error is None else type(error).__name__)

    def step(self, label: str) -> None:
        """The next step begins; `label` says what is being waited for."""
        self.label = label
        self.done += 1
        if self._bar is not None:
            self._bar.show(self.done, label)
