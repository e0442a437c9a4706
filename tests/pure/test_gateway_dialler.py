"""What follows a dialling in vain, and what charon's events say of it."""

from __future__ import annotations

from typing import Any

import pytest

from raslab.gateway.dialler.calls import Call, failed
from raslab.gateway.dialler.events import Heard, begun, heard
from raslab.gateway.state import VpnS2SInterface


def interface(*destinations: str, **settings: Any) -> VpnS2SInterface:
    return VpnS2SInterface(name="branch", destination=destinations, retry_interval_seconds=20, **settings)


def schedule(one: VpnS2SInterface, attempts: int) -> list[tuple[int, float]]:
    """Position and time of the attempts after a first one at 0 s, if each fails 3 s after its begin."""
    call: Call | None = Call()
    found: list[tuple[int, float]] = []
    now = 0.0
    while len(found) < attempts and (call := failed(call or Call(), one, now + 3)) is not None:
        assert call.due_s is not None
        now = call.due_s
        found.append((call.position, now))
    return found


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (interface("a", "b", number_of_tries=1), [(1, 3)]),
        (interface("a", "b", number_of_tries=2), [(1, 3), (0, 26), (1, 29)]),
        (interface("a", number_of_tries=3), [(0, 23), (0, 46)]),
        (interface("a", "b", number_of_tries=3, auto_connect_enabled=False), [(1, 3)]),
        (interface("a", number_of_tries=1, persistent=True, auto_connect_enabled=False), []),
    ],
)
def test_alternates_at_once_and_all_again_after_the_interval(
    one: VpnS2SInterface, expected: list[tuple[int, float]]
) -> None:
    assert schedule(one, 9) == expected


@pytest.mark.parametrize("one", [interface("a", number_of_tries=0), interface("a", number_of_tries=1, persistent=True)])
def test_some_never_have_enough(one: VpnS2SInterface) -> None:
    assert schedule(one, 50)[-1] == (0, 50 * 23)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("initiating IKE_SA branch[12] to 198.51.100.2", Heard("begins", "branch", "12")),
        ("establishing IKE_SA failed, peer not responding", Heard("fails", "branch", "12")),
        ("received AUTHENTICATION_FAILED notify error", Heard("fails", "branch", "12")),
        ("failed to establish CHILD_SA, keeping IKE_SA", Heard("fails", "branch", "12")),
        ("sending packet: from 203.0.113.1[500] to 198.51.100.2[500] (476 bytes)", None),
    ],
)
def test_log_lines_tell_of_attempts(message: str, expected: Heard | None) -> None:
    assert heard("log", {"ikesa-name": "branch", "ikesa-uniqueid": "12", "msg": message}) == expected


def test_updowns_tell_of_tunnels() -> None:
    sa = {"uniqueid": "3", "child-sas": {"branch-4": {"name": "branch"}}}
    assert heard("child-updown", {"up": "yes", "branch-inbound": sa}) == Heard("up", "branch", "3")
    assert heard("child-updown", {"branch": sa}) == Heard("ends", "branch", "3")
    assert heard("ike-updown", {"up": "yes", "branch": sa}) is None
    assert heard("ike-updown", {"branch": sa}) == Heard("ends", "branch", "3")


def test_a_log_tells_which_attempts_it_is_of() -> None:
    assert begun(["initiating IKE_SA a b[7] to 192.0.2.1", "giving up after 5 retransmits"]) == {"7"}
