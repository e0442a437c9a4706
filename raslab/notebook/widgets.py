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


def answer_while_busy(widget: Any) -> Any:
    """Let a widget react to clicks while a cell runs, where front end and kernel have subshells; returns the widget.

    The front end then names the subshell in which its message shall be handled. ipykernel from 7.4 on overrules it if
    the kernel has spoken last through the main shell, as a view does with every picture that it sends. What handles
    the clicks of such a widget must expect to be called in any thread.
    """
    widget.comm._reply_subshell_for = lambda _data, wanted: wanted
    return widget


def button(text: str, icon: str, tooltip: str) -> Any:
    """A button as wide as its text."""
    return ipywidgets.Button(description=text, icon=icon, tooltip=tooltip, layout=ipywidgets.Layout(width="auto"))


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
