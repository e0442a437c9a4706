"""Finds the labs: folders under `labs/`, beside the package, that hold a `lab.py` with a `LAB`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import raslab
from raslab.course.lab import Lab
from raslab.errors import UnknownLabError

PROJECT = Path(raslab.__file__).resolve().parents[1]


def lab_names() -> list[str]:
    """Names of all labs, in order."""
    return sorted(file.parent.name.replace("_", "-") for file in (PROJECT / "labs").glob("*/lab.py"))


def load_lab(name: str) -> Lab:
    """The lab of that name; raises UnknownLabError."""
    if name not in lab_names():
        raise UnknownLabError(name, lab_names())
    if str(PROJECT) not in sys.path:  # labs and topologies are no part of the package, so that people may edit them
        sys.path.append(str(PROJECT))
    lab = importlib.import_module(f"labs.{name.replace('-', '_')}.lab").LAB
    assert isinstance(lab, Lab)
    return lab


def all_labs() -> list[Lab]:
    """Every lab, in the order of names."""
    return [load_lab(name) for name in lab_names()]
