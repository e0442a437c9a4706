"""The lab's clock and what letting time pass looks like."""

from __future__ import annotations

from typing import Any

import pytest

from raslab.errors import BadDurationError
from raslab.notebook.clock import Passage, Reading, clock, run_for


def test_a_reading_is_short_and_fixed() -> None:
    assert repr(Reading("virtual", 3725.5)) == "1:02:05.5 since the start (virtual time)"


def test_the_clock_advances_in_whole_tenths() -> None:
    before = clock()
    run_for(0.2)
    after = clock()
    assert after.seconds - before.seconds >= 0.1
    assert round(after.seconds * 10) == pytest.approx(after.seconds * 10)


def test_the_text_of_a_passage_leaves_out_what_differs_from_run_to_run() -> None:
    fast, slow = Passage(60, 0.01), Passage(60, 9.99)
    assert repr(fast) == repr(slow) == "60 s passed"
    assert set(fast._repr_mimebundle_()) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert Passage(60, None)._repr_mimebundle_() == {"text/plain": "60 s passed"}


def test_on_the_host_the_wall_agrees_with_the_lab() -> None:
    passed = run_for(0.1)
    assert passed.wall_s is not None
    assert 0.09 < passed.wall_s < 5


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan"), 1e9, "5"])
def test_a_time_that_cannot_pass_is_refused(seconds: Any) -> None:
    with pytest.raises(BadDurationError, match="cannot be let pass"):
        run_for(seconds)
