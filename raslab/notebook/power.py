"""`Power`: whether the lab runs, and the button that stops it and starts it again."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets

from raslab.errors import RaslabError
from raslab.net.watch import Watch
from raslab.notebook import cards
from raslab.notebook.widgets import answer_while_busy, button

STYLE = """
.raslab .state{display:flex;flex-wrap:wrap;gap:2px 18px;align-items:center;font-size:13px;min-height:30px}
.raslab .dot{display:inline-block;width:10px;height:10px;border-radius:5px;background:var(--rule);margin-right:7px}
.raslab .running .dot{background:var(--green)}
.raslab .state span{white-space:nowrap}
.raslab .soft{color:var(--soft)}
.raslab .swatch{display:inline-block;width:18px;height:4px;border-radius:2px;margin-right:6px;vertical-align:middle}
""".replace("\n", "")
#: What the colours of links mean: part of the rate in use, from here on.
_LEGEND = (("green", "in use"), ("amber", "from 40 %"), ("red", "from 80 %"))


class Power(ipywidgets.HBox):
    """The line above a live picture.

    start: starts the lab, and tells the `Watch` that it is given how far it has come. stop: ends all that runs in it;
    that is asked twice, for what was done in the nodes by hand is lost. say: is told what came of it.
    """

    def __init__(
        self, name: str, start: Callable[[Watch], None], stop: Callable[[], None], say: Callable[[str], None]
    ) -> None:
        self._name, self._start, self._stop, self._say = name, start, stop, say
        self._asked = self._running = False
        self._state = ipywidgets.HTML(layout=ipywidgets.Layout(flex="1 1 auto", margin="0"))
        self.button: Any = answer_while_busy(button("Stop", "stop", "end everything that runs in the lab"))
        self.button.on_click(lambda _: self._pressed())
        super().__init__([self._state, self.button], layout=ipywidgets.Layout(align_items="center"))

    def show(self, running: bool) -> None:
        """The lab runs, or not."""
        if running != self._running:
            self.calm()
        self._running = running
        self._state.value = to_html(self._name, running)
        self._label()

    def calm(self) -> None:
        """The user has turned to something else: the question whether to stop is over."""
        self._asked = False
        self._label()

    def _label(self) -> None:
        text, icon = ("Stop", "stop") if self._running else ("Start", "play")
        self.button.description = f"{text} now?" if self._asked else text
        self.button.icon = icon
        self.button.button_style = "danger" if self._asked else ""

    def _pressed(self) -> None:
        """Start at once; ask before the end."""
        if self._running and not self._asked:
            self._asked = True
            self._label()
            self._say("Stopping ends every program in the lab, and forgets what was set by hand. Press again to stop.")
            return
        self._asked = False
        self.button.disabled = True
        try:
            if self._running:
                self._say("Stopping …")
                self._stop()
                self._say("Stopped. Nothing of the lab is left running.")
            else:
                self._start(lambda _share, until: self._say(f"Starting: waiting until {until} …"))
                self._say("Started.")
        except RaslabError as error:
            self._say(str(error))
        finally:
            self.button.disabled = False


def to_html(name: str, running: bool) -> str:
    """The state in words and colours."""
    legend = "".join(
        f'<span class="soft"><i class="swatch" style="background:var(--{colour})"></i>{escape(meaning)}</span>'
        for colour, meaning in _LEGEND
    )
    word = "running" if running else "not running"
    state = f'<span><i class="dot"></i><b>{escape(name)}</b> {word}</span>'
    return cards.page(f'<div class="state{" running" if running else ""}">{state}{legend}</div>', extra_style=STYLE)
