"""What a live view tells about the chosen node: interfaces with traffic, routes, tunnels. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from raslab.measure.feed import Sample
from raslab.notebook import cards
from raslab.notebook.live_state import BUNDLES, HISTORY, of_node, series
from raslab.notebook.picture import svg, words

_SPARK_WIDTH, _SPARK_HEIGHT = 120, 18
_INTERFACES = ("interface", "state", "addresses", "sends", "receives", "packets/s", "drops", "last minute")
PANEL = """
.raslab .panel{display:flex;flex-wrap:wrap;gap:4px 40px;align-items:flex-start}
.raslab .spark{fill:none;stroke:var(--blue);stroke-width:1.3}
.raslab .bad{color:var(--red);font-weight:600}
""".replace("\n", "")


@dataclass(frozen=True, slots=True)
class Tables:
    """What the kernel was asked about a node."""

    routes: pd.DataFrame
    tunnels: pd.DataFrame


def to_html(node: str, addresses: dict[str, tuple[str, ...]], samples: Sequence[Sample], tables: Tables | None) -> str:
    """The panel. addresses: of each interface, in order. tables: None while nothing runs."""
    if not samples or not samples[-1].counters:
        return cards.page(cards.heading(node), cards.remark("The lab is not running."))
    rows = [_row(node, name, addresses[name], samples) for name in addresses]
    parts = [
        cards.table(_INTERFACES, rows, html_columns=("state", "addresses", "last minute")),
        cards.remark(BUNDLES),
    ]
    if tables is not None:
        lower = _frame("Routes", tables.routes[["destination", "via", "interface", "protocol"]])
        if len(tables.tunnels):
            lower += _frame("Tunnels", tables.tunnels[["interface", "kind", "local", "remote", "key", "mtu"]])
        parts.append(f'<div class="panel">{lower}</div>')
    return cards.page(cards.heading(node), *parts, extra_style=PANEL)


def _row(node: str, name: str, addresses: tuple[str, ...], samples: Sequence[Sample]) -> tuple[object, ...]:
    counters = of_node(samples[-1].counters, node).get(name)
    history = series(samples, (node, name))[-HISTORY:]
    now = history[-1][1] if history else None
    if counters is None:
        return name, '<span class="bad">gone</span>', "", "", "", "", "", ""
    return (
        name,
        "up" if counters.carries else '<span class="bad">down</span>',
        "<br>".join(addresses),
        words.throughput(now.sent_mbps) if now else "0",
        words.throughput(now.received_mbps) if now else "0",
        words.count(now.sent_pps + now.received_pps) if now else "0",
        str(counters.dropped),
        _spark(tuple(one.sent_mbps + one.received_mbps for _, one in history)),
    )


def _spark(history: tuple[float, ...]) -> str:
    points = svg.spark_points(history, 1, 1, _SPARK_WIDTH - 2, _SPARK_HEIGHT - 2)
    return (
        f'<svg width="{_SPARK_WIDTH}" height="{_SPARK_HEIGHT}" role="img" aria-label="traffic over the last minute">'
        f'<polyline class="spark" points="{points}"/></svg>'
    )


def _frame(title: str, frame: pd.DataFrame) -> str:
    shown = frame.astype(object).where(frame.notna(), "")
    return f"<div>{cards.heading(title)}{cards.table(list(frame.columns), shown.to_numpy().tolist())}</div>"
