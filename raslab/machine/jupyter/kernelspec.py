"""Kernelspecs: how Jupyter's front ends find the kernels that live in a lab machine."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_core.paths import jupyter_data_dir

from raslab.errors import KernelspecFolderError

LOGO = Path(__file__).with_name("logo.svg")


@dataclass(frozen=True)
class Kernel:
    """A kernel that we offer: its name for front ends, its name for people, its launcher's options."""

    name: str
    display_name: str
    options: tuple[str, ...] = ()


KERNELS = (
    Kernel("raslab", "RAS lab"),
    Kernel("raslab-vt", "RAS lab, virtual time", ("--virtual-time",)),
)


@dataclass(frozen=True)
class Installed:
    """A kernelspec of ours that front ends find. python: the interpreter it starts."""

    name: str
    folder: Path
    python: Path


def content(kernel: Kernel, python: str = sys.executable) -> dict[str, Any]:
    """What kernel.json says.

    -P keeps the notebook's folder out of the launcher's import path: a file raslab.py in there is the user's own.
    """
    return {
        "argv": [python, "-P", "-m", "raslab.machine.jupyter", "-f", "{connection_file}", *kernel.options],
        "display_name": kernel.display_name,
        "language": "python",
        "interrupt_mode": "signal",
        "metadata": {"debugger": False},
    }


def install(prefix: Path | None) -> list[Installed]:
    """Install our kernelspecs, replacing older ones: below `prefix`, or for this user if it is None.

    Raises KernelspecFolderError if the folder may not be written.
    """
    manager = KernelSpecManager()
    installed = []
    for kernel in KERNELS:
        with tempfile.TemporaryDirectory() as source:
            Path(source).chmod(0o755)  # the installed folder has its mode: whoever may use the prefix may look into it
            (Path(source) / "kernel.json").write_text(json.dumps(content(kernel), indent=1) + "\n")
            shutil.copy(LOGO, Path(source) / "logo-svg.svg")
            try:
                folder = manager.install_kernel_spec(
                    source, kernel.name, user=prefix is None, prefix=str(prefix) if prefix else None
                )
            except OSError as error:
                raise KernelspecFolderError(error.filename or str(prefix), error.strerror or str(error)) from None
        installed.append(Installed(kernel.name, Path(folder), Path(sys.executable)))
    return installed


def find() -> list[Installed]:
    """Our kernelspecs as front ends of this environment find them."""
    found: Mapping[str, str] = KernelSpecManager(ensure_native_kernel=False).find_kernel_specs()
    return [
        Installed(kernel.name, Path(found[kernel.name]), _python(Path(found[kernel.name])))
        for kernel in KERNELS
        if kernel.name in found
    ]


def remove(prefix: Path | None) -> list[Installed]:
    """Remove our kernelspecs from where `install` puts them, and return what was removed.

    Raises KernelspecFolderError if one may not be removed.
    """
    kernels = (prefix / "share" / "jupyter" if prefix else Path(jupyter_data_dir())) / "kernels"
    there = [kernels / kernel.name for kernel in KERNELS if (kernels / kernel.name).exists()]
    removed = []
    for folder in there:
        removed.append(Installed(folder.name, folder, _python(folder)))
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise KernelspecFolderError(str(folder), error.strerror or str(error)) from None
    return removed


def _python(folder: Path) -> Path:
    """The interpreter in a kernelspec, the empty path if it cannot be read."""
    try:
        return Path(json.loads((folder / "kernel.json").read_text())["argv"][0])
    except (OSError, ValueError, LookupError, TypeError):
        return Path()
