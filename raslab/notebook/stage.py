"""`Stage`: a picture with transparent buttons over what can be chosen in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets

from raslab.notebook.picture.drawing import Drawing
from raslab.notebook.picture.spots import Spot, spots
from raslab.notebook.widgets import answer_while_busy

STYLE = """<style>
.raslab-stage{position:relative;overflow:visible}
.raslab-stage .widget-html-content{line-height:0}
.raslab-stage svg.raslab{display:block}
.raslab-spot,.raslab-spot:hover,.raslab-spot:focus,.raslab-spot:active{position:absolute;margin:0;padding:0;min-width:0;
background:none!important;box-shadow:none!important;border-radius:7px;outline-offset:2px}
.raslab-spot:hover,.raslab-spot:focus-visible{outline:2px solid #2f81f7!important}
.raslab-spot.raslab-chosen{outline:2px solid #2f81f7!important}
</style>"""


class Stage(ipywidgets.Box):
    """Shows a drawing as SVG text. choose: called with the spot that was clicked."""

    def __init__(self, choose: Callable[[Spot], None]) -> None:
        self._choose = choose
        self._buttons: list[tuple[Spot, Any]] = []
        self._svg = ipywidgets.HTML(layout=ipywidgets.Layout(width="100%", margin="0"))
        self._style = ipywidgets.HTML(STYLE, layout=ipywidgets.Layout(display="none"))
        super().__init__([self._style, self._svg])
        self.add_class("raslab-stage")

    @property
    def value(self) -> str:
        """The SVG that is shown."""
        text: str = self._svg.value
        return text

    @value.setter
    def value(self, svg: str) -> None:
        self._svg.value = svg

    def set_scene(self, drawing: Drawing) -> None:
        """Lay buttons over a drawing, instead of those of the one before."""
        before = [button for _, button in self._buttons]
        self._buttons = [(spot, self._button(spot)) for spot in spots(drawing)]
        self.layout.max_width = f"{drawing.width:g}px"
        self.children = [self._style, self._svg, *(button for _, button in self._buttons)]
        for button in before:
            button.close()

    def mark(self, node: str) -> None:
        """Frame a node."""
        for spot, button in self._buttons:
            if spot.what == node:
                button.add_class("raslab-chosen")
            else:
                button.remove_class("raslab-chosen")

    def _button(self, spot: Spot) -> Any:
        button = ipywidgets.Button(
            tooltip=spot.what if isinstance(spot.what, str) else "-".join(node for node, _ in spot.what),
            layout=ipywidgets.Layout(
                left=f"{spot.left}%", top=f"{spot.top}%", width=f"{spot.width}%", height=f"{spot.height}%"
            ),
        )
        button.add_class("raslab-spot")
        button.on_click(lambda _: self._choose(spot))
        return answer_while_busy(button)
