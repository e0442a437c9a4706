"""From what a person names to a `Lab`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from raslab.course.loader import lab_names, load_lab, load_topology, topology_names
from raslab.errors import NotATopologyError, NoTopologyError, ParametersNotTakenError, UnknownLabError
from raslab.notebook.lab import Lab


def open_lab(what: Any, **parameters: Any) -> Lab:
    """The lab of that name, or one around a topology, given or named; see `raslab.lab`.

    Raises UnknownLabError, NoTopologyError, NotATopologyError, ParametersNotTakenError, TopologyError.
    """
    if isinstance(what, str):
        if what not in lab_names():
            topology = load_topology(what)
            if topology is None:
                raise UnknownLabError(what, sorted({*lab_names(), *topology_names()}))
            return Lab(what, _made(what, topology, parameters))
        course_lab = load_lab(what)
        if course_lab.topology is None:
            raise NoTopologyError(what)
        return Lab(what, _made(what, course_lab.topology, parameters))
    if isinstance(what, type) and hasattr(what, "build"):
        return Lab(what.__name__, _made(what.__name__, what, parameters))
    if not (hasattr(what, "nodes") and hasattr(what, "links")):  # Mininet's own topologies will do too
        raise NotATopologyError(what)
    if parameters:
        raise ParametersNotTakenError(type(what).__name__, "the topology is made already, give them to its class")
    return Lab(type(what).__name__, what)


def _made(name: str, make: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    target = make.build if isinstance(make, type) else make  # type: ignore[attr-defined]
    try:
        inspect.signature(target).bind_partial(*([None] if isinstance(make, type) else []), **parameters)
    except TypeError as error:
        raise ParametersNotTakenError(name, str(error)) from error
    return make(**parameters)
