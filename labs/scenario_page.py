"""The report of a lab that asks questions: a page with its network's picture and the table, and the results as JSON."""

from __future__ import annotations

from pathlib import Path

from labs import page
from raslab.course.loader import load_lab
from raslab.course.results import Results

TEMPLATE = Path(__file__).with_name("scenario_page.html.j2")
RESULTS = "results.json"


def write(results: Results, folder: Path) -> Path:
    """Write the results and the page into `folder`; returns the page's path."""
    (folder / RESULTS).write_text(results.json() + "\n", encoding="utf-8")
    written = folder / page.PAGE
    written.write_text(render(results), encoding="utf-8")
    return written


def render(results: Results) -> str:
    """The page's HTML, complete in itself. Nothing in it depends on the date."""
    from raslab.course.scenario import cells

    lab = load_lab(results.lab)
    return page.template(TEMPLATE).render(
        results=results,
        summary=lab.summary,
        scenarios=lab.scenarios,
        picture=_picture(results.lab),
        rows=[
            {"cells": cells(row), "classes": ["", row["outcome"], "failed" if row["fault"] else "passed"]}
            for row in results.rows
        ],
        command=page.command(results),
    )


def _picture(name: str) -> str:
    """The lab's network, as SVG."""
    import raslab

    return raslab.lab(name).picture().markup
