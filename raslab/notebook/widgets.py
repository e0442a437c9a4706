"""The widgets that raslab shows, each with a short text form that never changes, as nbval needs it.

Threads may change their traits and do nothing else with them.
"""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets


class FixedText:
    """A widget whose text form is what it was made with."""

    raslab_text = ""

    def __repr__(self) -> str:
        return self.raslab_text


class ProgressBar(FixedText, ipywidgets.HBox):
    """A bar and what is being waited for."""

    def __init__(self, title: str, steps: int) -> None:
        self.raslab_text = title
        self._title = title
        self._bar = ipywidgets.IntProgress(min=0, max=steps, layout=ipywidgets.Layout(width="220px"))
        self._label = ipywidgets.HTML()
        super().__init__([self._bar, self._label])

    def show(self, done: int, label: str) -> None:
        """`done` steps are done, and now it waits until `label`."""
        self._bar.value = done
        self._label.value = f"{escape(self._title)}: {escape(label)}"

    def end(self, error: str | None) -> None:
        """All is done, or ended early by an error."""
        if error is None:
            self._bar.value = self._bar.max
            self._bar.bar_style = "success"
            self._label.value = f"{escape(self._title)}: done"
        else:
            self._bar.bar_style = "danger"
            self._label.value += f" <b>({'interrupted' if error == 'KeyboardInterrupt' else escape(error)})</b>"


def column(children: list[Any]) -> Any:
    """Widgets below each other, as wide as the cell."""
    return ipywidgets.VBox(children, layout=ipywidgets.Layout(width="100%"))
