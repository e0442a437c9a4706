"""The notebooks as they are stored: complete, tidy, of one shape. Whether their outputs come out again is nbval's."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

FOLDER = Path(__file__).parents[2] / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))
LEAST_EXERCISES = 4

every_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def read(path: Path) -> NotebookNode:
    """The notebook, valid."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell: NotebookNode) -> str:
    """The plain text of a cell's outputs."""
    return "\n".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)


@every_notebook
def test_it_runs_in_virtual_time_and_names_no_version(path: Path) -> None:
    metadata = read(path).metadata
    assert set(metadata) == {"kernelspec", "language_info"}
    assert metadata.kernelspec.name == "raslab-vt"
    assert metadata.language_info == {"name": "python"}


@every_notebook
def test_its_cells_have_run_once_in_order_and_without_an_error(path: Path) -> None:
    cells = code_cells(read(path))
    assert [cell.execution_count for cell in cells] == [*range(1, len(cells) + 1)]
    for cell in cells:
        errors = [output.evalue for output in cell.outputs if output.output_type == "error"]
        assert not errors or "raises-exception" in cell.metadata.get("tags", [])


@every_notebook
def test_every_output_is_compared(path: Path) -> None:
    for cell in code_cells(read(path)):
        unchecked = {"nbval-ignore-output", "nbval-skip"} & set(cell.metadata.get("tags", []))
        unchecked |= set(re.findall(r"NBVAL_\w+|PYTEST_VALIDATE_\w+", cell.source))
        pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        assert not unchecked or pictures


@every_notebook
def test_nothing_is_stored_that_belongs_to_one_computer_or_one_run(path: Path) -> None:
    notebook = read(path)
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"tags", "jupyter"}
        for output in cell.get("outputs", []):
            assert not any("widget" in kind for kind in output.get("data", {}))
    outputs = repr([cell.outputs for cell in code_cells(notebook)])
    assert not re.search(r"/(home|root|tmp|usr/lib/python\S*|srv)/", outputs)


@every_notebook
def test_it_begins_with_the_doctor_and_ends_with_nothing_left(path: Path) -> None:
    cells = code_cells(read(path))
    assert "doctor()" in cells[0].source
    first_start = next(index for index, cell in enumerate(cells) if ".start()" in cell.source)
    assert any(".picture()" in cell.source for cell in cells[:first_start])
    assert ".stop()" in cells[-1].source
    assert re.search(r"^assert ", cells[-1].source, re.MULTILINE)


@every_notebook
def test_it_has_exercises_and_every_check_is_seen_to_fail_too(path: Path) -> None:
    cells = code_cells(read(path))
    marks: dict[str, set[str]] = {}
    for mark, question in re.findall(r"^([✓✗○]) (.+)$", "\n".join(map(shown, cells)), re.MULTILINE):
        marks.setdefault(question, set()).add(mark)
    exercises = [question for question, seen in marks.items() if "○" in seen]
    assert len(exercises) >= LEAST_EXERCISES
    assert [question for question, seen in marks.items() if not {"✓", "✗"} <= seen] == []


@every_notebook
def test_what_gives_an_answer_away_is_folded(path: Path) -> None:
    waiting = False  # for the solution of an exercise
    for cell in code_cells(read(path)):
        tags = cell.metadata.get("tags", [])
        if "solution" in tags or ("twin" in tags and waiting):
            first = "# Solution" if "solution" in tags else "# A typical mistake"
            assert cell.source.partition("\n")[0].startswith(first)
            assert cell.metadata.get("jupyter") == {"source_hidden": True, "outputs_hidden": True}
        waiting = "solution" not in tags and (
            waiting or re.search(r"^\w+ = \.\.\.", cell.source, re.MULTILINE) is not None
        )
