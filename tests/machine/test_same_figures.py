"""The bed's figures in virtual time are those that the project has: to the byte, whoever measures them and where."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from raslab.course.loader import load_lab
from raslab.course.project import PROJECT
from raslab.machine.kernel import cached_kernel
from raslab.machine.kernel.cache import cache_folder
from raslab.machine.programs import versions

LAB = load_lab("gre-performance")
FIGURES = PROJECT / "labs" / "gre_performance" / "figures.csv"
STRANGER = 54321
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "build", "reports", ".*_cache", "__pycache__")


@dataclass(frozen=True)
class Elsewhere:
    """The same project somewhere else, for another user with another home."""

    folder: Path

    @property
    def project(self) -> Path:
        return self.folder / "a-clone-in-a-folder-of-another-length"

    def measure(self, *options: str) -> str:
        """The CSV of a run: another user (as far as we may), environment, locale, time zone and host name."""
        file = self.folder / "figures.csv"
        environment = {
            "HOME": str(self.folder),
            "PATH": os.environ["PATH"],
            "TMPDIR": str(self.folder / "temporary"),
            "LANG": "tr_TR.UTF-8",
            "TZ": "Pacific/Chatham",
            "PYTHONHASHSEED": "77",
            "SOMETHING_LONG": "x" * 3000,
        }
        program = [str(self.project / ".venv" / "bin" / "python"), "-m", "raslab"]
        command = [*program, "run", LAB.name, "--virtual-time", "--csv", str(file), *options]
        if os.geteuid() == 0:
            stranger = ["setpriv", "--reuid", str(STRANGER), "--regid", str(STRANGER), "--clear-groups"]
            named = 'hostname a-computer-of-another-name && exec "$@"'
            command = ["unshare", "--uts", "sh", "-c", named, "sh", *stranger, *command]
        subprocess.run(command, cwd=self.project, env=environment, check=True, capture_output=True, timeout=900)
        return file.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    with tempfile.TemporaryDirectory(prefix="raslab-test-", dir="/var/tmp") as name:
        place = Elsewhere(Path(name))
        shutil.copytree(PROJECT, place.project, ignore=NOT_COPIED)
        (place.folder / "temporary").mkdir()
        environment = place.project / ".venv"
        base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
        subprocess.run([base, "-m", "venv", "--without-pip", environment], check=True)
        packages = [entry for entry in sys.path if entry.endswith("-packages")]
        (site,) = environment.glob("lib/python*/site-packages")
        (site / "elsewhere.pth").write_text("".join(f"{line}\n" for line in (place.project, *packages)))
        kernel = cached_kernel()
        assert kernel is not None
        home = place.folder / ".cache" / "raslab"
        shutil.copytree(kernel.path.parent, home / kernel.path.parent.relative_to(cache_folder()))
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", f"{STRANGER}:{STRANGER}", place.folder], check=True)
        yield place


def test_the_figures_are_the_same_everywhere(elsewhere: Elsewhere) -> None:
    stored = FIGURES.read_text(encoding="utf-8")
    made_with = next(csv.DictReader(stored.splitlines()))["made_with"].split(", ")
    here = [f"{name} {version}" for name, version in versions(LAB.programs).items()]
    if made_with[1:] != here:
        pytest.skip(f"the stored figures were made with {', '.join(made_with[1:])}, and here is {', '.join(here)}")
    assert elsewhere.measure() == stored


def test_other_random_numbers_make_other_figures(elsewhere: Elsewhere) -> None:
    """The twin: if the figures could not differ, that they are the same would say nothing."""
    assert elsewhere.measure("--seed", "2") != FIGURES.read_text(encoding="utf-8")
