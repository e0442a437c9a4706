"""Does the comparison of stored outputs notice a figure that is not right?"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat

from tests.machine.conftest import Launcher

FIRST = Path(__file__).parents[2] / "notebooks" / "00-first-steps.ipynb"


def with_a_changed_figure(path: Path) -> nbformat.NotebookNode:
    """The notebook with one digit in one stored output replaced."""
    notebook = nbformat.read(path, as_version=4)
    for cell in reversed(notebook.cells):
        for output in cell.get("outputs", []):
            text = output.get("data", {}).get("text/plain", "")
            if digit := re.search(r"[1-8]", text):
                changed = str(int(digit[0]) + 1)
                output.data["text/plain"] = text[: digit.start()] + changed + text[digit.end() :]
                return notebook
    raise AssertionError(f"{path} shows no figure")


def test_one_changed_figure_fails_one_cell(raslab: Launcher) -> None:
    copy = raslab.work / FIRST.name
    notebook = with_a_changed_figure(FIRST)
    nbformat.write(notebook, copy)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", str(copy)],
        cwd=raslab.work, env=raslab.environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    assert result.returncode == 1
    assert f"1 failed, {cells - 1} passed" in result.stdout
