"""Programs of other makers, which scripts/setup.sh unpacks for the tests and does not install."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "build/unpacked"


class Unpacked:
    """One package with what it needs. root: the folder that stands for ``/`` in its file names."""

    def __init__(self, package: str) -> None:
        """Skips the test if the package is not there."""
        self.root = FOLDER / package
        if not self.root.exists():
            pytest.skip(f"{package} is not unpacked (scripts/setup.sh test)")

    def program(self, path: str) -> str:
        """The file that would be `path`, such as ``/usr/sbin/bird``, if the package were installed."""
        found = self.root / path.removeprefix("/")
        assert found.exists(), f"{path} is not in {self.root}"
        return str(found)

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which programs find the package's libraries and Python modules."""
        kind = sysconfig.get_config_var("MULTIARCH")
        return {
            "LD_LIBRARY_PATH": f"{self.root}/usr/lib/{kind}:{self.root}/lib/{kind}",
            "PYTHONPATH": f"{self.root}/usr/lib/python3/dist-packages",
        }
