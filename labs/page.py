"""What the pages of all labs have in common: how templates are read, and the command that makes a page again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from raslab.course.results import Results

if TYPE_CHECKING:
    from jinja2 import Template

HERE = Path(__file__).parent
PAGE = "index.html"


def template(file: Path) -> Template:
    """A page's template. It may extend those beside this module; a name that nobody gives it is an error."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([file.parent, HERE], encoding="utf-8"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(file.name)


def command(results: Results, *options: str) -> str:
    """The command line that makes these results and their page again. options: what the kind of lab takes besides."""
    words = ["raslab run", results.lab, f"--machine {results.started.machine}"]
    words += ["--virtual-time"] if results.started.clock == "virtual" else []
    return " ".join([*words, *options, "--report DIR"])
