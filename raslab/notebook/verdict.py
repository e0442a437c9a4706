"""Checks as a notebook shows them."""

from __future__ import annotations

from html import escape
from typing import Any

from raslab.course.checks import MARKS, Verdict, judge
from raslab.notebook import cards

_STYLE = (
    ".raslab .verdict{border-left:4px solid var(--rule);padding:4px 12px;font-size:14px}"
    ".raslab .passed{border-color:var(--green)}.raslab .failed{border-color:var(--red)}"
    ".raslab .verdict b{font-weight:600}"
)


class ShownVerdict(Verdict):
    """A verdict with a coloured edge."""

    def _repr_html_(self) -> str:
        text = f"<b>{MARKS[self.outcome]} {escape(self.question)}</b><br>{escape(self.seen)}"
        return cards.page(f'<div class="verdict {self.outcome}">{text}</div>', extra_style=_STYLE)


def check(question: str, answer: Any, expected: Any = True, **options: Any) -> ShownVerdict:
    """The verdict on an answer, as `raslab.course.checks.judge` finds it, to be shown in a notebook."""
    verdict = judge(question, answer, expected, **options)
    return ShownVerdict(verdict.question, verdict.outcome, verdict.seen)
