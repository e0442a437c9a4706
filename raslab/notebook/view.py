"""`View`: the picture of a lab, live, as a widget."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import ipywidgets

from raslab.errors import RaslabError
from raslab.measure.feed import CounterFeed
from raslab.measure.observable import ObservableNetwork
from raslab.measure.places import find_link, link_name
from raslab.net import Link
from raslab.net.watch import Watch
from raslab.notebook import cards, node_panel
from raslab.notebook.live_state import live_state
from raslab.notebook.picture import describe, lay_out, to_svg
from raslab.notebook.picture.spots import Spot
from raslab.notebook.power import Power
from raslab.notebook.stage import Stage
from raslab.notebook.widgets import FixedText, answer_while_busy, button

_TABLES_EVERY = 4  # samples: routes and tunnels change seldom and cost a thread


class View(FixedText, ipywidgets.VBox):
    """Traffic and state of all links, one node's details, and buttons to cut and restore a link and to stop the lab.

    A click into the picture chooses a node or a link. Everything changes by traits of widgets, from the feed's thread
    or from whichever thread handles a click. `picture`, `panel`, `message` and `health`, which names daemons that died
    or hang, hold what is shown; `close` ends it.
    """

    def __init__(
        self,
        name: str,
        network: ObservableNetwork,
        feed: CounterFeed,
        tenants: Mapping[str, str],
        start: Callable[[Watch], None],
        stop: Callable[[], None],
        ailments: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """start, stop: as `Power` needs them. ailments: what is to be said about daemons that died or hang."""
        topology = network.topology()
        self.raslab_text = f"<View of {name}: {describe(topology)}>"
        self._name, self._network, self._feed, self._tenants = name, network, feed, tenants
        self._topology = topology
        self._drawing = lay_out(topology, name, tenants)
        self._ailments = ailments
        self._tables: node_panel.Tables | None = None
        self._rounds = 0
        self._lock = threading.RLock()  # a click and the feed may come at once
        self.power = Power(name, start, stop, self._say)
        self.picture = Stage(self._clicked)
        self.panel = ipywidgets.HTML()
        self.message = ipywidgets.HTML()
        self.health = ipywidgets.HTML()
        self.nodes = _chooser("Node", self._node_names())
        self.links = _chooser("Link", self._link_names())
        self.cut = answer_while_busy(button("Cut", "ban", "switch both ends of the link off"))
        self.restore = answer_while_busy(button("Restore", "check", "switch both ends of the link on"))
        controls = ipywidgets.HBox(
            [self.nodes, self.links, self.cut, self.restore, self.message],
            layout=ipywidgets.Layout(flex_flow="row wrap", align_items="center"),
        )
        super().__init__([self.power, self.health, self.picture, controls, self.panel])
        self.picture.set_scene(self._drawing)
        self.cut.on_click(lambda _: self._switch(up=False))
        self.restore.on_click(lambda _: self._switch(up=True))
        self.nodes.observe(lambda _: self._choose(), names="value")
        self.links.observe(lambda _: self._choose(), names="value")
        self._mark()
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
            self.health.value = _told(self._ailments() if self._network.is_running else ())
        self._rounds += 1
        node = self._network[self.nodes.value]
        addresses = {intf.name: intf.addresses for intf in node.all_interfaces()}
        state = replace(live_state(samples, self._topology), chosen=self._chosen_ends())
        self.power.show(state.running)
        self.cut.disabled = self.restore.disabled = not state.running
        self.picture.value = to_svg(self._drawing, state)
        self.panel.value = node_panel.to_html(node.name, addresses, samples, self._tables)

    def close(self) -> None:
        """Stop following the lab and remove the widget."""
        self._feed.ignore(self.refresh)
        super().close()

    # What there is

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
        self.picture.set_scene(self._drawing)
        self._mark()

    def _node_names(self) -> list[str]:
        return [node.name for node in self._network.values()]

    def _link_names(self) -> list[str]:
        """Names that `find_link` understands; of parallel links, that of an interface."""
        links = list(self._network.links)
        often = Counter(map(link_name, links))
        return [link_name(link) if often[link_name(link)] == 1 else _first_end(link) for link in links]

    def _ask(self) -> node_panel.Tables | None:
        """Routes and tunnels of the chosen node, None while the lab does not run."""
        if not self._network.is_running:
            return None
        node = self._network[self.nodes.value]
        try:
            return node_panel.Tables(node.routes(), node.tunnels())
        except (RaslabError, OSError):
            return None  # the lab stopped between question and answer

    # What the user does

    def _clicked(self, spot: Spot) -> None:
        """Choose what was clicked in the picture."""
        if isinstance(spot.what, str):
            self.nodes.value = spot.what
        else:
            self.links.value = self._name_of(spot.what)

    def _choose(self) -> None:
        with self._lock:
            self._tables = None
            self._mark()
            self._refresh()

    def _mark(self) -> None:
        """Frame the chosen node."""
        self.power.calm()
        self.picture.mark(self.nodes.value)

    def _chosen_ends(self) -> frozenset[tuple[str, str]]:
        for link, name in zip(self._network.links, self._link_names(), strict=True):
            if name == self.links.value:
                return frozenset((end.node.name, end.name) for end in link.ends)
        return frozenset()

    def _name_of(self, ends: tuple[tuple[str, str], tuple[str, str]]) -> str | None:
        """The name in `links` of the link with these ends, in either order."""
        for link, name in zip(self._network.links, self._link_names(), strict=True):
            if {(end.node.name, end.name) for end in link.ends} == set(ends):
                return name
        return None

    def _switch(self, *, up: bool) -> None:
        """A button was pressed: carry it out and say what came of it."""
        self.power.calm()
        name = self.links.value
        try:
            link: Any = find_link(self._network, name)
            if up:
                link.up()
            else:
                link.down()
        except RaslabError as error:
            self._say(str(error))
            return
        self._say(f"{name} is {'restored' if up else 'cut'}.")
        self._tables = None
        self._feed.look_now()

    def _say(self, text: str) -> None:
        self.message.value = cards.page(f"<p>{escape(text)}</p>")


def _told(ailments: Sequence[str]) -> str:
    return cards.page("".join(f'<p role="alert">&#9888; {escape(one)}</p>' for one in ailments)) if ailments else ""


def _first_end(link: Link) -> str:
    return f"{link.ends[0].node.name}:{link.ends[0].name}"


def _chooser(label: str, names: list[str]) -> Any:
    layout = ipywidgets.Layout(width="auto", margin="2px 10px 2px 2px")
    return answer_while_busy(
        ipywidgets.Dropdown(description=label, options=names, layout=layout, style={"description_width": "auto"})
    )
