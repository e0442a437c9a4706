"""raslab: build, run, break and measure site-to-site networks on a real Linux dataplane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raslab.notebook.lab import Lab

__version__ = "0.1.0"


def lab(what: Any, **parameters: Any) -> Lab:
    """A lab to start, watch and measure in a notebook or a program.

    what: the name of a lab, see `raslab labs`, or a topology of one's own. parameters: those of the lab's topology.
    Raises UnknownLabError, TopologyError.
    """
    from raslab.notebook.labs import open_lab  # not before it is needed: pandas takes a second

    return open_lab(what, **parameters)
