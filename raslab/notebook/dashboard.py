"""`Dashboard`: one node over the last minute, in the manner of an operating system's performance page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets

from raslab.machine.here import here
from raslab.measure.feed import CounterFeed, Sample
from raslab.net import Node
from raslab.notebook import cards
from raslab.notebook.charts import LOW, Curve, ceiling, chart
from raslab.notebook.live_state import BUNDLES, of_node, processor_series, series
from raslab.notebook.picture import words
from raslab.notebook.widgets import FixedText

GRID = """
.raslab .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:14px 22px}
.raslab .figures{display:flex;flex-wrap:wrap;gap:2px 22px;font-size:13px}
.raslab .figures b{font-variant-numeric:tabular-nums}
.raslab .key{display:inline-block;width:14px;height:3px;margin-right:6px;vertical-align:middle}
""".replace("\n", "")


class Dashboard(FixedText, ipywidgets.VBox):
    """Processor, throughput, packets and drops of a node. `content` holds what is shown; `close` ends it."""

    def __init__(self, node: Node, feed: CounterFeed) -> None:
        self.raslab_text = f"<Dashboard of {node.name}>"
        self._node, self._feed = node, feed
        self.content = ipywidgets.HTML()
        super().__init__([self.content], layout=ipywidgets.Layout(width="100%"))
        feed.listen(self.refresh)

    def refresh(self) -> None:
        """Show the last minute. Called by the feed's thread, and free to be called by anybody."""
        limits = {intf.name: _rate(intf.spec) for intf in self._node.all_interfaces()}
        self.content.value = to_html(self._node.name, limits, tuple(self._feed.samples), here().clock)

    def close(self) -> None:
        """Stop following the node and remove the widget."""
        self._feed.ignore(self.refresh)
        super().close()


def _rate(spec: Any) -> float | None:
    return spec.impairment.rate_mbps if hasattr(spec, "impairment") else None


def to_html(node: str, limits: dict[str, float | None], samples: Sequence[Sample], clock: str) -> str:
    """The page. limits: interfaces in order with their rate in Mbit/s, None for unlimited. clock: real or virtual."""
    if not samples or not samples[-1].counters:
        return cards.page(cards.heading(node), cards.remark("The lab is not running."))
    shown = [_processor(samples, clock)] + [_interface(node, name, limits[name], samples) for name in limits]
    grid = f'<div class="cards">{"".join(shown)}</div>'
    return cards.page(cards.heading(node), grid, cards.remark(BUNDLES), extra_style=GRID)


def _processor(samples: Sequence[Sample], clock: str) -> str:
    title = "Processor of the lab machine"
    if clock == "virtual":
        empty = chart(title, [], top=100, top_label="100 %")
        return (
            f"<div>{empty}{cards.remark('On the virtual clock work takes no time, so there is nothing to show.')}</div>"
        )
    points = processor_series(samples)
    now = f"{points[-1][1]:.0f} %" if points else "0 %"
    drawn = chart(title, [Curve("busy", "blue", tuple(points))], top=100, top_label="100 %")
    return f"<div>{drawn}{_figures([('busy', 'blue', now)])}</div>"


def _interface(node: str, name: str, limit: float | None, samples: Sequence[Sample]) -> str:
    history = series(samples, (node, name))
    sent = Curve("sends", "orange", tuple((seconds, one.sent_mbps) for seconds, one in history))
    received = Curve("receives", "green", tuple((seconds, one.received_mbps) for seconds, one in history))
    top = limit or ceiling(max((value for curve in (sent, received) for _, value in curve.points), default=0.0))
    counters = of_node(samples[-1].counters, node).get(name)
    now = history[-1][1] if history else None
    packets = Curve("packets/s", "blue", tuple((seconds, one.sent_pps + one.received_pps) for seconds, one in history))
    drops = Curve("drops/s", "red", tuple((seconds, one.dropped_pps) for seconds, one in history))
    most = ceiling(max((value for curve in (packets, drops) for _, value in curve.points), default=0.0))
    throughput = [
        ("sends", "orange", words.throughput(now.sent_mbps) if now else "0"),
        ("receives", "green", words.throughput(now.received_mbps) if now else "0"),
    ]
    frames = [
        ("packets/s", "blue", words.count(now.sent_pps + now.received_pps) if now else "0"),
        ("drops", "red", str(counters.dropped) if counters else "gone"),
    ]
    title = f"{name}{'' if counters and counters.carries else ' (down)'}"
    upper = chart(title, [received, sent], top=top, top_label=words.rate(top))
    lower = chart("", [packets, drops], top=most, top_label=f"{words.count(most)} packets/s", tall=LOW)
    return f"<div>{upper}{_figures(throughput)}{lower}{_figures(frames)}</div>"


def _figures(figures: Sequence[tuple[str, str, str]]) -> str:
    """Names and values; a colour says which curve is meant."""
    parts = [f"<span>{_key(colour)}{name} <b>{value}</b></span>" for name, colour, value in figures]
    return f'<div class="figures">{"".join(parts)}</div>'


def _key(colour: str) -> str:
    return f'<i class="key" style="background:var(--{colour})"></i>' if colour else ""
