"""Bar charts of frames: what is drawn, to scale, and the same each time."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pandas as pd
import pytest

from raslab.notebook.bar_chart import bar_chart, read, to_svg

FRAME = pd.DataFrame(
    {
        "path": ["routed", "routed", "gre", "gre"],
        "streams": [1, 8, 1, 8],
        "measured_mbps": [478, 476, 470, None],
        "predicted_mbps": [478.2, 478.2, 470.3, 470.3],
    }
)


def chart(frame: pd.DataFrame = FRAME) -> str:
    """The markup of the chart of a frame."""
    return bar_chart(
        frame,
        value="measured_mbps",
        groups="path",
        series="streams",
        mark="predicted_mbps",
        title="A < B",
        unit="Mbit/s",
    ).markup


def lengths(markup: str) -> list[float]:
    """Of the bars, in pixels."""
    return [float(width) for width in re.findall(r'width="([\d.]+)" height="15"', markup)]


def words(markup: str) -> list[str]:
    """All texts."""
    return [element.text or "" for element in ElementTree.fromstring(markup).iter() if element.tag.endswith("text")]


def test_bars_are_to_scale_and_start_at_zero() -> None:
    long, shorter, *_ = lengths(chart())
    assert shorter / long == pytest.approx(476 / 478, abs=1e-3)
    doubled = chart(FRAME.assign(measured_mbps=FRAME.measured_mbps * [1, 0.5, 1, 1]))
    assert lengths(doubled)[1] / lengths(doubled)[0] == pytest.approx(238 / 478, abs=1e-3)


def test_groups_series_figures_and_marks_are_named() -> None:
    shown = words(chart())
    assert shown[:4] == ["A < B", "streams: 1", "streams: 8", "predicted"]
    assert shown.count("routed") == shown.count("gre") == 1
    assert {"478", "476", "470", "none", "Mbit/s"} <= set(shown)
    assert chart().count('class="mark"') == 5  # with the legend's


def test_several_columns_make_one_group() -> None:
    drawn = read(FRAME, "measured_mbps", ["path", "streams"], None, None, "", "")
    assert [bar.group for bar in drawn.bars] == ["routed, 1", "routed, 8", "gre, 1", "gre, 8"]
    assert (drawn.title, drawn.series, drawn.mark) == ("measured_mbps", (), "")


def test_equal_frames_give_equal_text_and_others_do_not() -> None:
    assert chart() == chart(FRAME.copy())
    assert chart() != chart(FRAME.assign(measured_mbps=[477, 476, 470, None]))


def test_nothing_and_only_zeros_can_be_drawn() -> None:
    assert lengths(chart(FRAME[:0])) == []
    assert lengths(chart(FRAME.assign(measured_mbps=0, predicted_mbps=0))) == [0, 0, 0, 0]


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match="speed"):
        bar_chart(FRAME, value="speed", groups="path")


def test_figures_do_not_stand_on_marks() -> None:
    near, far = (
        to_svg(read(pd.DataFrame({"a": ["x"], "v": [50.0], "m": [mark]}), "v", ["a"], None, "m", "", ""))
        for mark in (51.0, 100.0)
    )
    for markup in (near, far):
        figure = float(re.findall(r'<text x="([\d.]+)" y="[\d.]+" class="value"', markup)[0])
        mark = float(re.findall(r'<path class="mark" d="M([\d.]+) ', markup)[-1])
        assert not figure <= mark <= figure + 20
