"""Where the labs, topologies and notebooks are: beside the package, so that people may edit them."""

from __future__ import annotations

from pathlib import Path

import raslab

PROJECT = Path(raslab.__file__).resolve().parents[1]
