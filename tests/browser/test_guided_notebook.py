"""A guided notebook is opened in JupyterLab and run to its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat

from tests.browser.jupyterlab import CODE_CELLS, JupyterLab, notebook

GUIDED = Path(__file__).parents[2] / "notebooks" / "01-gre-tunnel.ipynb"
FIRST_STEPS = (
    'import raslab\n\nlab = raslab.lab("gre-performance")\nlab.picture()',
    "lab.start()",
    'lab["host2"].run("ping -c 1 10.1.0.1")',
    'lab.throughput("host2", "host1", duration_s=0.2)',
    "lab.stop()",
)


def troubles(stored: nbformat.NotebookNode, wanted: nbformat.NotebookNode) -> list[str]:
    """The cells that did not run, or ended in an error where `wanted` does not."""
    found = []
    for ran, meant in zip(_code(stored), _code(wanted), strict=True):
        if ran.execution_count is None:
            found.append(f"did not run: {ran.source}")
        if _errors(ran) and not _errors(meant):
            found.append(f"{_errors(ran)}: {ran.source}")
    return found


def _code(notebook: nbformat.NotebookNode) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _errors(cell: Any) -> list[str]:
    return [output.ename for output in cell.outputs if output.output_type == "error"]


def guided() -> nbformat.NotebookNode:
    """The notebook about tunnels, in an installation without notebooks a short one."""
    return nbformat.read(GUIDED, 4) if GUIDED.exists() else notebook(*FIRST_STEPS)


def run(jupyterlab: JupyterLab, wanted: nbformat.NotebookNode, name: str, kernel: str) -> list[str]:
    """Open a notebook, run it to its end, and say what went wrong."""
    jupyterlab.open(nbformat.from_dict(wanted), name, kernel)
    jupyterlab.run_all()
    return troubles(jupyterlab.saved(name), wanted)


def test_a_guided_notebook_runs_to_its_end(jupyterlab: JupyterLab) -> None:
    assert run(jupyterlab, guided(), "guided.ipynb", "raslab") == []
    cells = [jupyterlab.cell(number) for number in range(len(jupyterlab.all(CODE_CELLS)))]
    drawn = [cell for cell in cells if cell.ask("return cell.querySelector('svg.raslab') !== null")]
    assert drawn
    for number, cell in enumerate(drawn[:3], 1):
        cell.show()
        jupyterlab.keep(f"notebook-{number}-light")
    assert [cell.ask("return cell.innerText") for cell in drawn if cell.hides_something] == []
    jupyterlab.shut_down()


def test_a_notebook_that_fails_would_be_noticed(jupyterlab: JupyterLab) -> None:
    failed = run(jupyterlab, notebook("print(1)", "1 / 0", "print(2)"), "failing.ipynb", "python3")
    assert failed == ["['ZeroDivisionError']: 1 / 0", "did not run: print(2)"]


def test_an_output_that_is_too_wide_would_be_noticed(jupyterlab: JupyterLab) -> None:
    wide = "from IPython.display import HTML\nHTML('<div style=width:3000px>wide</div>')"
    assert run(jupyterlab, notebook(wide, "print(1)"), "wide.ipynb", "python3") == []
    assert [jupyterlab.cell(number).hides_something for number in (0, 1)] == [True, False]
