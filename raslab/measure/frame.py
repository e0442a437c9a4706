"""Frames that say where their figures come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from raslab.machine.here import here
from raslab.net import Node


def measured(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], node: Node, commands: Sequence[str]
) -> pd.DataFrame:
    """A frame of `rows` with exactly `columns`, and in `.attrs` the lab that `node` is part of, the machine, its
    kernel and clock, and the equivalent command lines.
    """
    frame = pd.DataFrame(list(rows), columns=list(columns))
    surroundings = here()
    frame.attrs = {
        "lab": lab_name(node),
        "machine": surroundings.machine,
        "kernel": surroundings.kernel,
        "clock": surroundings.clock,
        "commands": list(commands),
    }
    return frame


def lab_name(node: Node) -> str:
    """Name of the topology that the node was built from; empty for a network that was built by hand."""
    topo = getattr(node.network, "topo", None)
    return type(topo).__name__ if topo is not None else ""
