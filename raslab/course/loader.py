"""Finds the labs: folders under `labs/`, beside the package, that hold a `lab.py` with a `LAB`; and the topologies,
modules under `topologies/` that have `topos`, as Mininet wants it.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from raslab.course.lab import Lab
from raslab.course.project import PROJECT
from raslab.errors import UnknownLabError


def lab_names() -> list[str]:
    """Names of all labs, in order."""
    return sorted(file.parent.name.replace("_", "-") for file in (PROJECT / "labs").glob("*/lab.py"))


def load_lab(name: str) -> Lab:
    """The lab of that name; raises UnknownLabError."""
    if name not in lab_names():
        raise UnknownLabError(name, lab_names())
    _find_project()
    lab = importlib.import_module(f"labs.{name.replace('-', '_')}.lab").LAB
    assert isinstance(lab, Lab)
    return lab


def topology_names() -> list[str]:
    """Names of all topologies, in order."""
    return sorted(file.stem.replace("_", "-") for file in (PROJECT / "topologies").glob("[!_]*.py"))


def load_topology(name: str) -> type[Any] | None:
    """The class of the topology of that name (``enterprise-edge``), None if there is none."""
    if name not in topology_names():
        return None
    module = name.replace("-", "_")
    _find_project()
    topology: type[Any] = importlib.import_module(f"topologies.{module}").topos[module]
    return topology


def all_labs() -> list[Lab]:
    """Every lab, in the order of names."""
    return [load_lab(name) for name in lab_names()]


def scenario_lab_names() -> list[str]:
    """Names of the labs that ask questions, in order."""
    return [lab.name for lab in all_labs() if lab.scenario is not None]


def _find_project() -> None:
    """Labs and topologies are no part of the package, so that people may edit them."""
    if str(PROJECT) not in sys.path:
        sys.path.append(str(PROJECT))
