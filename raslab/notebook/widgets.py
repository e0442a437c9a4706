"""The widgets that raslab shows, each with a short text form that never changes, as nbval needs it.

Threads may change their traits and do nothing else with them.
"""

from __future__ import annotations

from html import escape

import ipywidgets


class FixedText:
    """A widget whose text form is what it was made with."""

    raslab_text = ""

    def __repr__(self) -> str:
        return self.raslab_text


class ProgressBar(FixedText, ipywidgets.HBox):
    """A bar, and what is being waited for until it ends."""

    def __init__(self, title: str, until: str) -> None:
        self.raslab_text = title
        self._title = escape(title)
        self._until = escape(until)
        self._bar = ipywidgets.FloatProgress(min=0, max=1, layout=ipywidgets.Layout(width="220px"))
        self._label = ipywidgets.HTML(f"{self._title}: waiting until {self._until}")
        super().__init__([self._bar, self._label])

    def show(self, share: float) -> None:
        """Part of the time that has passed, 0 to 1."""
        self._bar.value = share

    def wait_until(self, until: str) -> None:
        """Name something else that is being waited for."""
        self._until = escape(until)
        self._label.value = f"{self._title}: waiting until {self._until}"

    def end(self, error: str | None) -> None:
        """All is done, or ended early by an error."""
        if error is None:
            self._bar.value = 1
            self._bar.bar_style = "success"
            self._label.value = f"{self._title}: {self._until}"
        else:
            self._bar.bar_style = "danger"
            what = "interrupted" if error == "KeyboardInterrupt" else escape(error)
            self._label.value = f"{self._title}: <b>{what}</b> while waiting until {self._until}"
