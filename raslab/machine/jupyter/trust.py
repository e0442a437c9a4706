"""Trust in the notebooks that came with the project.

Jupyter shows stored pictures and colours only in a notebook that it trusts: one that this user has run or signed. What
a clone brings is the project's own work, like the code that the user is about to run, as long as it is unchanged.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

if TYPE_CHECKING:
    from nbformat.sign import NotebookNotary


def as_committed(folder: Path) -> list[Path]:
    """The notebooks in a folder and below that are as the folder's git repository has them; none without git."""
    known, changed = _git(folder, "ls-files", "-z"), _git(folder, "diff", "--name-only", "--relative", "-z", "HEAD")
    return [] if known is None or changed is None else [folder / name for name in sorted(known - changed)]


def trust(notebooks: Iterable[Path], notary: NotebookNotary) -> None:
    """Sign what is not signed yet, as this user."""
    for path in notebooks:
        notebook = nbformat.read(path, as_version=4)
        if not notary.check_signature(notebook):
            notary.sign(notebook)


def _git(folder: Path, *command: str) -> set[str] | None:
    """Names that a git command tells, each ended by a zero byte; None if it cannot."""
    try:
        told = subprocess.run(["git", "-C", folder, *command, "--", "*.ipynb"], capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return None if told.returncode else set(filter(None, told.stdout.split("\0")))
