"""The report of a lab that asks questions: a page with its network's picture and the table, and the results as JSON."""

from __future__ import annotations

from pathlib import Path

from raslab.course.loader import load_lab
from raslab.course.results import Results

HERE = Path(__file__).parent
PAGE = "index.html"
RESULTS = "results.json"


def write(results: Results, folder: Path) -> Path:
    """Write the results and the page into `folder`; returns the page's path."""
    (folder / RESULTS).write_text(results.json() + "\n", encoding="utf-8")
    page = folder / PAGE
    page.write_text(render(results), encoding="utf-8")
    return page


def render(results: Results) -> str:
    """The page's HTML, complete in itself. Nothing in it depends on the date."""
    import jinja2

    from raslab.course.scenario import cells

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE, encoding="utf-8"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    lab = load_lab(results.lab)
    return environment.get_template("scenario_page.html.j2").render(
        results=results,
        summary=lab.summary,
        scenarios=lab.scenarios,
        picture=_picture(results.lab),
        rows=[
            {"cells": cells(row), "classes": ["", row["outcome"], "failed" if row["fault"] else "passed"]}
            for row in results.rows
        ],
        command=_command(results),
    )


def _picture(name: str) -> str:
    """The lab's network, as SVG."""
    import raslab

    return raslab.lab(name).picture().markup


def _command(results: Results) -> str:
    words = ["raslab run", results.lab, f"--machine {results.started.machine}"]
    words += ["--virtual-time"] if results.started.clock == "virtual" else []
    return " ".join([*words, "--report DIR"])
