"""Verdicts on answers and observations."""

from __future__ import annotations

import time

import pytest

from raslab.course.checks import judge
from raslab.errors import RaslabError
from raslab.measure.reachability import read_answer
from raslab.model.observation import Observation
from raslab.notebook.verdict import check


@pytest.mark.parametrize(
    ("answer", "expected", "options", "text"),
    [
        (1476, 1476, {}, "✓ MTU?\n  1476."),
        (1480, 1476, {"hint": "The key takes 4 bytes."}, "✗ MTU?\n  1480 is not right. The key takes 4 bytes."),
        (0.98, 0.981, {"tolerance": 0.01}, "✓ MTU?\n  0.98."),
        (0.9, 0.981, {"tolerance": 0.01}, "✗ MTU?\n  0.9 is not right."),
        ("gre", "gre", {}, "✓ MTU?\n  gre."),
        (..., 1476, {}, "○ MTU?\n  Not answered yet."),
        (None, 1476, {}, "○ MTU?\n  Not answered yet."),
        (True, True, {}, "✓ MTU?\n  Yes."),
        (False, True, {}, "✗ MTU?\n  No."),
        (False, False, {}, "✓ MTU?\n  No."),
        ("no", True, {}, "✗ MTU?\n  'no' is text: write True or False, without quotation marks."),
        ("1472", 1472, {}, "✗ MTU?\n  '1472' is text: write a number, without quotation marks."),
        (1472, "gw1", {}, "✗ MTU?\n  1472 is a number: write text, in quotation marks."),
        ("c-vm", "w-vm", {}, "✗ MTU?\n  c-vm is not right."),
        (" C-vm", "c-vm", {}, "✓ MTU?\n  C-vm."),
        (["c-vm", 5], ("c-vm", 5), {}, "✓ MTU?\n  c-vm, 5."),
        (("c-vm", "c-vm"), ("c-vm", "w-vm"), {}, "✗ MTU?\n  c-vm, c-vm is not right."),
        ("c-vm", ("c-vm", "w-vm"), {}, "✗ MTU?\n  c-vm is not right: 2 answers are asked for."),
        (lambda: Observation(True, "2 of 2 echoes came back"), True, {}, "✓ MTU?\n  2 of 2 echoes came back."),
        (lambda: Observation(True, "2 of 2 echoes came back"), False, {}, "✗ MTU?\n  2 of 2 echoes came back."),
    ],
)
def test_verdicts(answer: object, expected: object, options: dict[str, object], text: str) -> None:
    verdict = judge("MTU?", answer, expected, **options)  # type: ignore[arg-type]
    assert repr(verdict) == text
    assert bool(verdict) == text.startswith("✓")


def test_a_check_waits_for_what_is_expected_and_no_longer() -> None:
    answers = iter([False, False, True])
    begun = time.monotonic()
    assert judge("Up?", lambda: next(answers), deadline_s=60)
    assert time.monotonic() - begun < 30


def test_nothing_is_looked_at_before_there_is_an_answer() -> None:
    def looked() -> bool:
        raise AssertionError

    for nothing in (..., None):
        assert judge("Up?", looked, given=nothing).outcome == "unanswered"
        assert judge("MTU?", nothing, expected=looked).outcome == "unanswered"
    with pytest.raises(AssertionError):
        judge("Up?", looked, given="ip link set gre1 up")


def test_what_is_expected_may_be_measured() -> None:
    assert repr(judge("MTU?", 1472, expected=lambda: 1472)) == "✓ MTU?\n  1472."
    assert repr(judge("MTU?", 1476, expected=lambda: 1472, hint="The key.")) == "✗ MTU?\n  1476 is not right. The key."


def test_a_check_gives_up_at_its_deadline() -> None:
    assert not judge("Up?", lambda: False, deadline_s=0.2)


def test_an_error_of_the_lab_is_a_failure_and_one_of_the_program_is_not() -> None:
    def fails() -> bool:
        raise RaslabError("Node x is unknown.")

    assert repr(judge("Up?", fails)) == "✗ Up?\n  Node x is unknown."
    assert repr(judge("Up?", fails, hint="Look at its name.")) == "✗ Up?\n  Node x is unknown. Look at its name."
    with pytest.raises(ZeroDivisionError):
        judge("Up?", lambda: 1 / 0)


def test_a_notebook_shows_the_words_escaped() -> None:
    html = check("Is 1 < 2?", False)._repr_html_()
    assert "Is 1 &lt; 2?" in html
    assert 'class="verdict failed"' in html


PING = "2 packets transmitted, {} received, 0% packet loss, time 201ms"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (PING.format(2), "yes: 2 of 2 echoes came back"),
        (PING.format(1), "no: 1 of 2 echoes came back"),
        (PING.format(0), "no: none of 2 echoes came back"),
        (
            f"From 10.0.1.254 icmp_seq=1 Frag needed and DF set (mtu = 1476)\n{PING.format(0)}",
            "no: none of 2 echoes came back; 10.0.1.254 says: Frag needed and DF set (mtu = 1476)",
        ),
        (
            f"From 2001:db8::1 icmp_seq=2 Packet too big: mtu=1476\n{PING.format(1)}",
            "no: 1 of 2 echoes came back; 2001:db8::1 says: Packet too big: mtu=1476",
        ),
        (
            f"ping: local error: message too long, mtu=1476\n{PING.format(0)}",
            "no: none of 2 echoes came back; the sender itself says: message too long",
        ),
        (
            f"ping: local error: Message too long, mtu: 1472\n{PING.format(0)}",
            "no: none of 2 echoes came back; the sender itself says: message too long",
        ),
        (
            f"ping: sendmsg: Message too long\n{PING.format(0)}",
            "no: none of 2 echoes came back; the sender itself says: message too long",
        ),
        (
            "ping: connect: Network is unreachable\n",
            "no: none of 2 echoes came back; the sender itself says: Network is unreachable",
        ),
    ],
)
def test_what_ping_says(text: str, seen: str) -> None:
    assert repr(read_answer(text, 2)) == seen


def test_what_the_function_cannot_work_with_is_wrong_but_an_error_of_its_own_is_an_error() -> None:
    def by(labels: list[int]) -> bool:
        return sum(labels) > 0

    verdict = judge("By labels?", lambda: by(103), given=103)  # type: ignore[arg-type]
    assert verdict.seen == "103 is not of the form that is asked for: 'int' object is not iterable."
    assert judge("By labels?", lambda: by([103]), given=[103])
    with pytest.raises(TypeError):
        judge("By labels?", lambda: by(103))  # type: ignore[arg-type]
