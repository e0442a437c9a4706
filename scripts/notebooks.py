"""Run notebooks in their kernel and store what they show: `.venv/bin/python scripts/notebooks.py [FILE ...]`.

Without files, all of `notebooks/`. What would differ at the next run, or belongs to one computer, is left out: widgets
(their text stays), versions, times of execution. A notebook in which a cell raises an error keeps its former outputs.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
KERNELSPEC = {"name": "raslab-vt", "display_name": "RAS lab, virtual time", "language": "python"}
WIDGET = "application/vnd.jupyter.widget-view+json"
KEPT_OF_CELLS = {"tags", "jupyter"}
CELL_S = 300


def tidied(notebook: NotebookNode) -> NotebookNode:
    """A copy without what differs from run to run or from computer to computer."""
    tidy = deepcopy(notebook)
    tidy.metadata = {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    for cell in tidy.cells:
        cell.metadata = {name: value for name, value in cell.metadata.items() if name in KEPT_OF_CELLS}
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
    return tidy


def run(path: Path) -> str:
    """Run one notebook and store it; returns what went wrong, nothing if all is well."""
    notebook = nbformat.read(path, as_version=4)
    folder = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, timeout=CELL_S, kernel_name=KERNELSPEC["name"], resources=folder)
    try:
        client.execute()
    except CellExecutionError as error:
        return f"{path.name} is as it was, because a cell of it failed:\n{error}"
    nbformat.write(tidied(notebook), path)
    return ""


def main() -> int:
    """Run the notebooks, as many at once as there are processors; 1 if one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="FILE")
    paths = parser.parse_args().notebooks or sorted(FOLDER.glob("*.ipynb"))
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        problems = list(threads.map(run, paths))
    for path, problem in zip(paths, problems, strict=True):
        print(problem or f"Stored {path}", file=sys.stderr if problem else sys.stdout)
    return int(any(problems))


if __name__ == "__main__":
    sys.exit(main())
