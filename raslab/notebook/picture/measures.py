"""Sizes in pixels that layout and SVG share. Text is estimated, so that pictures do not depend on installed fonts."""

from __future__ import annotations

from collections.abc import Iterable

MARGIN = 16
TITLE_HEIGHT = 30  # of a box, with the node's name
LINE = 15
PORT_PADDING = 8
PORT_MINIMUM = 38  # room for a wire's words above and below
BOX_PADDING = 12
BOX_MINIMUM = 104
SPARK_WIDTH, SPARK_HEIGHT = 46, 12
BOX_GAP = 18
TRANSPORT_GAP = 48  # room for the words of a wire from box to box
TUNNEL_CLEARANCE = 28  # from a tunnel's middle to a box below it
SITE_PADDING = 12
SITE_GAP = 26
BAR_WIDTH = 12
BAR_OVERHANG = 16
BAR_MINIMUM = 44
GAP_MINIMUM = 92  # between columns: room for ``◂ 9.56 Gbit/s``
LEGEND_HEIGHT = 30
UPRIGHT_INDENT = 10  # from a wire that runs down to its words

NAME_SIZE = 14
TEXT_SIZE = 12
_MONO_ADVANCE = 0.61
_SANS_ADVANCE = 0.6


def mono_width(text: str, size: float = TEXT_SIZE) -> float:
    """Width of a monospaced text."""
    return len(text) * size * _MONO_ADVANCE


def sans_width(text: str, size: float = TEXT_SIZE) -> float:
    """Width of a proportional text, on the generous side."""
    return len(text) * size * _SANS_ADVANCE


def widest(texts: Iterable[str]) -> float:
    """Width of the widest of some proportional texts."""
    return max(map(sans_width, texts), default=0.0)
