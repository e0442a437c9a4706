"""The table after a run, on wide and narrow terminals."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from raslab.cli.run_view import fitting, show
from raslab.course.loader import load_lab
from tests.pure.test_report import results


def shown(width: int) -> str:
    stream = io.StringIO()
    show(load_lab("gre-performance"), results(), Console(file=stream, width=width, force_terminal=False))
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 100, 160, 200])
def test_no_figure_is_cut(width: int) -> None:
    text = shown(width)
    assert "…" not in text
    assert text.count("gre-key-ipv6-payload") == 5
    assert "9,564.0" in text
    assert ("too narrow" in text) == (width < 142)


def test_the_least_important_goes_first() -> None:
    rows = [{"a": 1, "b": 2, "c": 3}]
    assert fitting(["a", "b", "c"], ["b", "a"], rows, 9) == ["a", "b", "c"]
    assert fitting(["a", "b", "c"], ["b", "a"], rows, 6) == ["a", "c"]
    assert fitting(["a", "b", "c"], ["b", "a"], rows, 1) == ["c"]
