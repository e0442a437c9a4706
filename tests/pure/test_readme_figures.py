"""README shows the figures that the project has."""

from __future__ import annotations

import csv

from raslab.course.project import PROJECT

SHOWN = ("path", "protocol", "streams", "mtu", "throughput_mbps", "efficiency_measured", "relative_to_routed")


def test_the_table_of_the_readme() -> None:
    stored = (PROJECT / "labs" / "gre_performance" / "figures.csv").read_text(encoding="utf-8").splitlines()
    rows = {tuple(row[name] for name in SHOWN) for row in csv.DictReader(stored)}
    table = (PROJECT / "README.md").read_text(encoding="utf-8").split("────\n")[1].split("```")[0]
    shown = [tuple(line.replace(",", "").split()) for line in table.splitlines()]
    assert len(shown) == 6
    assert set(shown) <= rows
