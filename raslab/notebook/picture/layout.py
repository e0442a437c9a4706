"""From a topology to a drawing: columns from the arrangement, heights from what is written in the boxes."""

from __future__ import annotations

from collections.abc import Mapping

from raslab.model.topology import Topology
from raslab.notebook.picture import measures, words
from raslab.notebook.picture.areas import caption_area
from raslab.notebook.picture.arrangement import Arrangement, arrange
from raslab.notebook.picture.bars import place_bars
from raslab.notebook.picture.boxes import Columns, Sheet, content_of, place_boxes
from raslab.notebook.picture.drawing import Bar, Box, Drawing, Frame
from raslab.notebook.picture.elision import shorten
from raslab.notebook.picture.lines import draw_tubes, draw_wires
from raslab.notebook.picture.overlay import Overlay, overlays

Tenants = Mapping[str, str]
"""Tenant by node name, or by ``node:interface`` for a tunnel."""


def lay_out(topology: Topology, title: str, tenants: Tenants | None = None) -> Drawing:
    """The drawing of a valid topology. title: what it is called, for those who cannot see it."""
    owners = dict(tenants or {})
    shown, hidden = shorten(topology)
    arrangement = arrange(shown, owners)
    tunnels = overlays(shown)
    contents = content_of(shown)
    columns = _column_places(shown, arrangement, {name: box.width for name, box in contents.items()}, tunnels)
    sheet = place_boxes(shown, arrangement, contents, columns, owners)
    bars = place_bars(shown, arrangement, sheet, columns, hidden, owners)
    wires = draw_wires(shown, arrangement.columns, sheet.boxes, bars)
    tubes = draw_tubes(tunnels, arrangement.columns, sheet.boxes, columns.middle, owners, wires)
    frames = _frames(arrangement, sheet, bars)
    bottoms = [box.y + box.height for box in sheet.boxes.values()]
    bottoms += [bar.y + bar.height + measures.LINE * len(bar.caption) + 6 for bar in bars.values()]
    bottom = max([*bottoms, *(frame.y + frame.height for frame in frames)], default=0.0)
    legend = tuple(dict.fromkeys(owners.values()))
    return Drawing(
        width=round(columns.total, 1),
        height=round(bottom + measures.MARGIN + (measures.LEGEND_HEIGHT if legend else 0), 1),
        title=f"{title}: {describe(topology)}",
        frames=frames,
        boxes=tuple(sheet.boxes.values()),
        bars=tuple(bars.values()),
        wires=wires,
        tubes=tubes,
        legend=legend,
    )


def describe(topology: Topology) -> str:
    """``7 nodes, 6 links, 1 tunnel``."""
    counted = [
        (len(topology.nodes), "node"),
        (len(topology.links), "link"),
        (len(overlays(topology)), "tunnel"),
    ]
    return ", ".join(f"{number} {word}{'' if number == 1 else 's'}" for number, word in counted if number)


def _column_places(
    topology: Topology, arrangement: Arrangement, widths: dict[str, float], tunnels: list[Overlay]
) -> Columns:
    columns = arrangement.columns
    width = {
        column: max(widths.get(name, measures.BAR_WIDTH) for name in columns if columns[name] == column)
        for column in columns.values()
    }
    order = sorted(width)
    x: dict[int, float] = {}
    here = float(measures.MARGIN + measures.SITE_PADDING)
    for number, column in enumerate(order):
        if number:
            here += _gap(topology, columns, order[number - 1], column, tunnels)
        x[column] = here
        here += width[column]
    edge = here + measures.SITE_PADDING + measures.MARGIN
    inner = [column for column in order if column < 0][-1:], [column for column in order if column > 0][:1]
    if 0 in x:
        middle = x[0] + width[0] / 2
    elif inner[0] and inner[1]:
        middle = (x[inner[0][0]] + width[inner[0][0]] + x[inner[1][0]]) / 2
    else:
        middle = edge / 2
    return Columns({column: round(place, 1) for column, place in x.items()}, width, round(middle, 1), edge)


def _gap(topology: Topology, columns: dict[str, int], left: int, right: int, tunnels: list[Overlay]) -> float:
    """Room between two columns for the words on the wires between them, and on the tunnels in the middle."""
    texts = []
    for link in topology.links:
        if {columns[link.a.node], columns[link.b.node]} == {left, right}:
            above, below = words.wire(link)
            texts += [*above, *below]
    needed = max(measures.GAP_MINIMUM, measures.widest(texts) + 16)
    if left < 0 <= right or left <= 0 < right:
        label = measures.widest(line for tunnel in tunnels for line in tunnel.lines) + 48
        has_middle = 0 in columns.values()
        needed = max(needed, (label - measures.BAR_WIDTH) / 2 if has_middle else label)
    return round(needed, 1)


def _frames(arrangement: Arrangement, sheet: Sheet, bars: Mapping[str, Bar]) -> tuple[Frame, ...]:
    """An area around every site of more than one node."""
    found = []
    for site, (top, end) in zip(arrangement.sites, sheet.site_extents, strict=True):
        boxes: list[Box] = [sheet.boxes[name] for name in site.column if name in sheet.boxes]
        if len(site.column) < 2 or not boxes:
            continue
        left = min(box.x for box in boxes) - measures.SITE_PADDING
        right = max(box.x + box.width for box in boxes) + measures.SITE_PADDING
        captions = [caption_area(bars[name]).bottom for name in site.column if name in bars]
        bottom = max([end, *(caption + measures.SITE_PADDING / 2 for caption in captions)])
        found.append(Frame(left, top, round(right - left, 1), round(bottom - top, 1)))
    return tuple(found)
