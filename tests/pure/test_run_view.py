"""The table after a run, on wide and narrow terminals."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from raslab.cli.run_view import fitting, show
from raslab.course.events import Value
from raslab.course.loader import load_lab
from raslab.course.table import cell, filled_columns
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
    rows = [{"a": "1", "b": "2", "c": "3"}]
    assert fitting(["a", "b", "c"], ["b", "a"], rows, 9) == ["a", "b", "c"]
    assert fitting(["a", "b", "c"], ["b", "a"], rows, 6) == ["a", "c"]
    assert fitting(["a", "b", "c"], ["b", "a"], rows, 1) == ["c"]


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (None, 2, ""),
        (9564.0, 1, "9,564.0"),
        (0.5, 4, "0.5000"),
        (0.25, None, "0.25"),
        (9000, 1, "9000"),
        (12345, None, "12,345"),
        ("gre", 1, "gre"),
    ],
)
def test_figures_look_the_same_everywhere(value: Value, decimals: int | None, text: str) -> None:
    assert cell(value, decimals) == text


def test_a_column_without_any_figure_is_no_column() -> None:
    assert filled_columns(("a", "b"), [{"a": None, "b": None}, {"b": 0}]) == ["b"]
