"""Results, their files and the report page, from a run that really took place in virtual time."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from raslab.course.events import Finished, Note, Progress, Row, Started, from_line, to_line
from raslab.course.loader import load_lab
from raslab.course.results import Results

HERE = Path(__file__).parent
EVENTS = HERE / "data" / "gre-performance-events.jsonl"
GOLDEN_CSV = HERE / "golden" / "gre-performance.csv"
GOLDEN_PAGE = HERE / "golden" / "gre-performance.html"


def results() -> Results:
    lab = load_lab("gre-performance")
    events = [from_line(line) for line in EVENTS.read_text(encoding="utf-8").splitlines()]
    return Results.collect(lab.name, lab.title, lab.columns, events, programs={"iperf3": "3.12", "Python": "3.11.2"})


def page(of: Results) -> str:
    from labs.gre_performance.page import render

    return render(of, b"the chart")


def test_csv() -> None:
    assert results().csv() == GOLDEN_CSV.read_text(encoding="utf-8")


def test_csv_has_the_promised_columns_and_every_case() -> None:
    rows = list(csv.DictReader(results().csv().splitlines()))
    promised = (
        "path protocol streams mtu overhead_bytes throughput_mbps packets_per_s retransmits cpu_percent"
        " efficiency_measured efficiency_theory"
    )
    assert set(promised.split()) <= set(rows[0])
    assert len({(row["path"], row["protocol"], row["streams"], row["mtu"]) for row in rows}) == len(rows) == 25
    assert {row["cpu_percent"] for row in rows} == {""}


def test_measured_agrees_with_theory() -> None:
    for row in results().rows:
        tolerance = 0.002 if row["streams"] == 8 else 0.015
        assert row["efficiency_measured"] == pytest.approx(row["efficiency_theory"], rel=tolerance)


def test_json_holds_the_same() -> None:
    document = json.loads(results().json())
    assert (document["lab"], document["clock"]) == ("gre-performance", "virtual")
    assert document["rows"] == [{name: row.get(name) for name in results().columns} for row in results().rows]


def test_page() -> None:
    assert page(results()) == GOLDEN_PAGE.read_text(encoding="utf-8")


class Links(HTMLParser):
    """Everything that a page would fetch from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "srcset")]


def test_page_needs_nothing_from_elsewhere() -> None:
    links = Links()
    links.feed(page(results()))
    assert [link.partition(",")[0] for link in links.found] == ["data:image/png;base64"]


def test_page_tells_whose_figures_are_whose() -> None:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page(results())))
    assert text.count("another computer ") == 4
    assert text.count("this run ") == 2


def test_a_real_time_run_claims_no_efficiency() -> None:
    virtual = results()
    rows = [row | {"efficiency_measured": None, "link_mbps": None, "cpu_percent": 99.5} for row in virtual.rows]
    started = Started("native", "real", "6.1.0", 1.5)
    real = page(Results(virtual.lab, virtual.title, virtual.columns, started, rows))
    assert "efficiency measured" not in real
    assert "Run in virtual time" in real
    assert "Run in real time" not in real
    assert "--virtual-time" not in real.partition("<h2>Do it again</h2>")[2]
    assert "efficiency measured" in page(virtual)
    assert "Run in real time" in page(virtual)
    assert "--virtual-time" in page(virtual).partition("<h2>Do it again</h2>")[2]


def test_chart_is_a_picture_and_the_same_every_time(tmp_path: Path) -> None:
    from labs.gre_performance.chart import draw

    for name in ("one.png", "two.png"):
        draw(results(), tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "event",
    [
        Started("uml", "real", "7.2", 1.0),
        Progress(1, 25, "a"),
        Row({"path": "gre", "x": None}, "9"),
        Note("é"),
        Finished(),
    ],
)
def test_events_survive_their_line(event: Started | Progress | Row | Note | Finished) -> None:
    assert from_line(to_line(event)) == event


@pytest.mark.parametrize(
    "line", ["", "{}", "[]", '{"event": "dance"}', '{"event": "note"}', '{"event": "note", "x": 1}']
)
def test_what_is_no_event(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own message is as good as ours
        from_line(line)


def test_files_are_utf8_wherever_they_are_written(tmp_path: Path) -> None:
    """The computer's own encoding must not matter: here it cannot even say the dash of the page."""
    program = (
        "import sys; from pathlib import Path; from raslab.course.loader import load_lab;"
        "from tests.pure.test_report import results; from raslab.cli.run_outputs import Outputs;"
        "print(*Outputs(csv=sys.argv[1] + '/a.csv', report=sys.argv[1]).write(load_lab('gre-performance'), results()))"
    )
    environment = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    argv = [sys.executable, "-X", "warn_default_encoding", "-c", program, str(tmp_path)]
    done = subprocess.run(argv, env=environment, cwd=HERE.parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    own_sources = [
        line for line in done.stderr.splitlines() if "EncodingWarning" in line and "site-packages" not in line
    ]
    assert own_sources == []
    assert "0.4 – 0.5 Gbit/s" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_frames_of_a_lab_and_of_its_measurements_name_it_alike() -> None:
    from raslab.measure.frame import lab_name
    from raslab.net import Network
    from topologies.gre_performance import GrePerformance

    assert results().frame().attrs["lab"] == lab_name(Network(GrePerformance())["gw1"]) == "gre-performance"
    by_hand = Network()
    assert lab_name(by_hand.addHost("h1")) == ""
