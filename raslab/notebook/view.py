"""`View`: the picture of a lab, live, as a widget."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from html import escape
from typing import Any

import ipywidgets

from raslab.errors import RaslabError
from raslab.measure.feed import CounterFeed
from raslab.measure.observable import ObservableNetwork
from raslab.measure.places import find_link, link_name
from raslab.notebook import node_panel
from raslab.notebook.live_state import live_state
from raslab.notebook.picture import describe, lay_out, to_svg
from raslab.notebook.widgets import FixedText

_TABLES_EVERY = 4  # samples: routes and tunnels change seldom and cost a thread


class View(FixedText, ipywidgets.VBox):
    """Traffic and state of all links, one node's details, and buttons to cut and restore a link.

    Everything changes by traits of widgets, from the feed's thread. `picture`, `panel` and `message` hold what is
    shown; `close` ends it.
    """

    def __init__(self, name: str, network: ObservableNetwork, feed: CounterFeed, tenants: Mapping[str, str]) -> None:
        topology = network.topology()
        self.raslab_text = f"<View of {name}: {describe(topology)}>"
        self._name, self._network, self._feed, self._tenants = name, network, feed, tenants
        self._topology = topology
        self._drawing = lay_out(topology, name, tenants)
        self._tables: node_panel.Tables | None = None
        self._rounds = 0
        self._lock = threading.RLock()  # a click and the feed may come at once
        self.picture = ipywidgets.HTML()
        self.panel = ipywidgets.HTML()
        self.message = ipywidgets.HTML()
        self.nodes = ipywidgets.ToggleButtons(
            options=self._node_names(), style=ipywidgets.ToggleButtonsStyle(button_width="auto")
        )
        self.links = ipywidgets.Dropdown(options=self._link_names(), layout=ipywidgets.Layout(width="220px"))
        self.cut = _button("Cut", "ban", "switch both ends of the link off")
        self.restore = _button("Restore", "check", "switch both ends of the link on")
        super().__init__(
            [
                self.picture,
                ipywidgets.HBox([ipywidgets.Label("Link"), self.links, self.cut, self.restore, self.message]),
                ipywidgets.HBox([ipywidgets.Label("Node"), self.nodes]),
                self.panel,
            ],
            layout=ipywidgets.Layout(width="100%"),
        )
        self.cut.on_click(lambda _: self._switch(up=False))
        self.restore.on_click(lambda _: self._switch(up=True))
        self.nodes.observe(lambda _: self._choose(), names="value")
        feed.listen(self.refresh)

    def refresh(self) -> None:
        """Show the state after the latest sample. Called by the feed's thread, and free to be called by anybody."""
        with self._lock:
            self._refresh()

    def _refresh(self) -> None:
        samples = tuple(self._feed.samples)
        self._follow_changes()
        if self._rounds % _TABLES_EVERY == 0 or self._tables is None:
            self._tables = self._ask()
        self._rounds += 1
        node = self._network[self.nodes.value]
        addresses = {intf.name: intf.addresses for intf in node.all_interfaces()}
        with self.hold_sync():
            self.picture.value = to_svg(self._drawing, live_state(samples, self._topology))
            self.panel.value = node_panel.to_html(node.name, addresses, samples, self._tables)

    def close(self) -> None:
        """Stop following the lab and remove the widget."""
        self._feed.ignore(self.refresh)
        super().close()

    def _follow_changes(self) -> None:
        """Draw anew if the network was changed, and offer its nodes and links."""
        current = self._network.topology()
        if current == self._topology:
            return
        self._topology = current
        self._drawing = lay_out(current, self._name, self._tenants)
        for chooser, names in ((self.nodes, self._node_names()), (self.links, self._link_names())):
            if list(chooser.options) != names:
                chosen = chooser.value
                chooser.options = names
                chooser.value = chosen if chosen in names else next(iter(names), None)

    def _node_names(self) -> list[str]:
        return [node.name for node in self._network.values()]

    def _link_names(self) -> list[str]:
        return [link_name(link) for link in self._network.links]

    def _ask(self) -> node_panel.Tables | None:
        """Routes and tunnels of the chosen node, None while the lab does not run."""
        if not self._network.is_running:
            return None
        node = self._network[self.nodes.value]
        try:
            return node_panel.Tables(node.routes(), node.tunnels())
        except (RaslabError, OSError):
            return None  # the lab stopped between question and answer

    def _choose(self) -> None:
        with self._lock:
            self._tables = None
            self._refresh()

    def _switch(self, *, up: bool) -> None:
        """A button was pressed: carry it out and say what came of it."""
        name = self.links.value
        try:
            link: Any = find_link(self._network, name)
            if up:
                link.up()
            else:
                link.down()
        except RaslabError as error:
            self.message.value = escape(str(error))
            return
        self.message.value = escape(f"{name} is {'restored' if up else 'cut'}.")
        self._tables = None
        self._feed.look_now()


def _button(text: str, icon: str, tooltip: str) -> Any:
    return ipywidgets.Button(description=text, icon=icon, tooltip=tooltip, layout=ipywidgets.Layout(width="auto"))
