"""What is shown of a lab that asks questions: on the terminal, on its page, and as exit status."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from raslab.cli.checks_view import show
from raslab.cli.main import main
from raslab.course import runner
from raslab.course.events import Event, Finished, Progress, Row, Started, Value
from raslab.course.lab import Lab
from raslab.course.loader import load_lab, scenario_lab_names
from raslab.course.results import Results
from raslab.course.scenario import COLUMNS, cells

LAB = "site-to-site"
QUESTION = "Does the first packet dial?"
GOOD: dict[str, Value] = {
    "question": QUESTION,
    "outcome": "passed",
    "verdict": "The second one passes. 2 of 3 echoes came back.",
    "twin": "the secrets differ",
    "twin_outcome": "as expected",
    "twin_seen": "0 of 3 echoes <came> back.",
    "fault": None,
}
BAD: dict[str, Value] = GOOD | {
    "outcome": "failed",
    "verdict": "0 of 3 echoes came back.",
    "twin_outcome": "not tried",
    "twin_seen": None,
    "fault": f"The check '{QUESTION}' failed: 0 of 3 echoes came back.",
}


def events(*rows: dict[str, Value]) -> list[Event]:
    told: list[Event] = [Started("uml", "virtual", "7.2", 0.0)]
    for number, row in enumerate(rows, start=1):
        told += [Progress(number, len(rows), str(row["question"])), Row(row, str(row["outcome"]))]
    return [*told, Finished()]


def results(*rows: dict[str, Value]) -> Results:
    lab = load_lab(LAB)
    return Results.collect(lab.name, lab.title, lab.columns, events(*rows))


def test_a_row_for_people() -> None:
    assert cells(GOOD) == (
        QUESTION,
        "✓ The second one passes. 2 of 3 echoes came back.",
        "✓ the secrets differ: 0 of 3 echoes <came> back.",
    )
    assert [cell[0] for cell in cells(BAD)[1:]] == ["✗", "○"]
    assert cells(GOOD | {"twin_outcome": "not as expected"})[2].startswith("✗ the secrets differ")


def shown(of: Results, width: int = 90) -> str:
    stream = io.StringIO()
    show(load_lab(LAB), of, Console(file=stream, width=width, force_terminal=False))
    return stream.getvalue()


@pytest.mark.parametrize("width", [60, 90, 200])
def test_the_table_says_everything_at_any_width(width: int) -> None:
    text = " ".join(shown(results(GOOD), width).split())
    assert "1 checks with their twins: all as expected." in text
    assert all(word in text for word in ["question", "verdict", "twin", "dial?", "passes.", "differ:", "<came>"])


def test_what_is_wrong_stands_below_the_table() -> None:
    text = shown(results(GOOD, BAD))
    assert f"- The check '{QUESTION}' failed: 0 of 3 echoes came back.\n" in text
    assert "2 checks with their twins: 1 not as expected." in text


@pytest.mark.parametrize(("rows", "status"), [((GOOD, GOOD), 0), ((GOOD, BAD), 1)])
def test_the_exit_status(
    rows: tuple[dict[str, Value], ...],
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def told(_wanted: object) -> Iterator[Event]:
        yield from events(*rows)

    monkeypatch.setattr(runner, "run_lab", told)
    monkeypatch.chdir(tmp_path)
    assert main(["run", LAB, "--machine", "uml", "--report", "run"]) == status
    assert f"[ 2/2] {QUESTION} {rows[1]['outcome']}\n" in capsys.readouterr().out
    assert sorted(file.name for file in (tmp_path / "run").iterdir()) == ["index.html", "results.csv", "results.json"]
    document = json.loads((tmp_path / "run" / "results.json").read_text(encoding="utf-8"))
    assert [row["fault"] for row in document["rows"]] == [row["fault"] for row in rows]


def test_the_page_shows_network_and_table() -> None:
    from labs.scenario_page import render

    page = render(results(GOOD, BAD))
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="raslab"' in page
    assert "isp1" in page
    assert "0 of 3 echoes &lt;came&gt; back." in page
    assert page.count('<td class="failed">') == 2
    assert '<p class="failed">The check' in page
    assert '<p class="failed">' not in render(results(GOOD))
    assert "raslab run site-to-site --machine uml --virtual-time --report DIR" in page
    assert not any(word in page for word in ("<script", "src=", "href="))


@pytest.mark.parametrize("name", scenario_lab_names())
def test_each_lab_is_declared_with_care(name: str) -> None:
    lab: Lab = load_lab(name)
    assert lab.name == name
    assert lab.scenario is not None
    assert lab.columns == COLUMNS
    questions = [check.question for check in lab.scenario.checks]
    assert len(set(questions)) == len(questions) >= 3
    for check in lab.scenario.checks:
        assert check.question.endswith("?")
        assert check.verdict.endswith(".")
        assert check.twin.sees
        assert not check.twin.what.endswith(".")
