"""The canonical inside of a lab machine: the same paths, user, environment and host name, whoever runs it from where.

In virtual time nothing but the programs decides what a lab measures; but a program's memory holds its paths and its
environment, and where things lie in memory decides in which order some of them are done. So a canonical machine does
not know where on the computer it was started: everything that has a place of its own on each computer is mounted below
ROOT, by ways of the same length, and its Python finds packages there and nowhere else.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from raslab.machine.command import Share
from raslab.machine.here import PRELOAD_VARIABLE
from raslab.machine.programs import search_path

ROOT = Path("/.raslab")
PROJECT = ROOT / "project"
WORK = ROOT / "work"
#: A virtual environment of the machine's own, and the Python that it is of, if that is not the system's.
ENVIRONMENT = ROOT / "python"
PYTHON = ENVIRONMENT / "bin" / "python"
BASE = ROOT / "base"
LIBRARY = ENVIRONMENT / "patience.so"
_PACKAGE_FOLDERS = ("site-packages", "dist-packages")


@dataclass(frozen=True)
class Interpreter:
    """What of a Python on the host matters: its program, its prefix, its version, and where its packages are."""

    program: Path
    prefix: Path
    version: str
    packages: tuple[Path, ...]

    @classmethod
    def running(cls) -> Interpreter:
        """The one that runs this."""
        folders = [Path(entry).resolve() for entry in sys.path if Path(entry).name in _PACKAGE_FOLDERS]
        return cls(
            program=Path(sys.executable).resolve(),
            prefix=Path(sys.base_prefix).resolve(),
            version=f"{sys.version_info.major}.{sys.version_info.minor}",
            packages=tuple(dict.fromkeys(folder for folder in folders if any(folder.glob("*.dist-info")))),
        )

    @property
    def is_the_systems(self) -> bool:
        """Whether it is in the same place on all computers."""
        return self.prefix == Path("/usr")


def shares(project: Path, work: Path, environment: Path, interpreter: Interpreter) -> list[Share]:
    """What a canonical machine has of the host, besides the system itself.

    project: the folder that raslab is in. work: the working folder, the only one that can be written to.
    environment: what `make_environment` has made.
    """
    found = [Share(project, PROJECT), Share(work, WORK, writable=True), Share(environment, ENVIRONMENT)]
    found += [Share(folder, inside) for folder, inside in _packages(interpreter)]
    return found if interpreter.is_the_systems else [*found, Share(interpreter.prefix, BASE)]


def variables() -> dict[str, str]:
    """The same environment for everybody's command."""
    return {
        "HOME": "/root",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC0",
        "PATH": os.pathsep.join((str(PYTHON.parent), search_path(os.defpath))),
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        PRELOAD_VARIABLE: str(LIBRARY),
    }


def make_environment(folder: Path, interpreter: Interpreter, library: Path) -> None:
    """Make in `folder` the virtual environment that the machine sees as ENVIRONMENT.

    library: for programs that would otherwise spin, see `raslab.machine.compiled.patience`.
    Its packages are in folders named in a .pth file; of those Python reads no .pth files in turn, which hold paths of
    this computer.
    """
    home = interpreter.program.parent if interpreter.is_the_systems else BASE / "bin"
    places = folder / "lib" / f"python{interpreter.version}" / "site-packages"
    for needed in (folder / "bin", places):
        needed.mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(home / interpreter.program.name)
    (folder / "pyvenv.cfg").write_text(f"home = {home}\ninclude-system-site-packages = false\n")
    lines = [PROJECT, *(inside for _, inside in _packages(interpreter))]
    shutil.copy(library, folder / LIBRARY.name)
    (places / "raslab.pth").write_text("".join(f"{line}\n" for line in lines))


def _packages(interpreter: Interpreter) -> Sequence[tuple[Path, Path]]:
    """Where packages are on the host, and where they are in the machine."""
    return [(folder, ROOT / "packages" / str(number)) for number, folder in enumerate(interpreter.packages)]
