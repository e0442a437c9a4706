"""Frames that say where their figures come from."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from raslab.machine.here import Here, here
from raslab.net import Node


def measured(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], node: Node, commands: Sequence[str]
) -> pd.DataFrame:
    """A frame of `rows` with exactly `columns`, and in `.attrs` the lab that `node` is part of, the machine, its
    kernel and clock, and the equivalent command lines.
    """
    frame = pd.DataFrame(list(rows), columns=list(columns))
    frame.attrs = attributes(lab_name(node), here(), commands)
    return frame


def attributes(lab: str, surroundings: Here, commands: Sequence[str]) -> dict[Hashable | None, Any]:
    """The `.attrs` of a frame: the lab, the machine, its kernel and clock, and the equivalent command lines."""
    return {
        "lab": lab,
        "machine": surroundings.machine,
        "kernel": surroundings.kernel,
        "clock": surroundings.clock,
        "commands": list(commands),
    }


def lab_name(node: Node) -> str:
    """Name of the topology that the node was built from, written as labs are: a node of GrePerformance is in
    `gre-performance`. Empty for a network that was built by hand.
    """
    topo = getattr(node.network, "topo", None)
    return "" if topo is None else re.sub(r"(?<!^)(?=[A-Z])", "-", type(topo).__name__).lower()
