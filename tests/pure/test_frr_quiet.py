"""Neighbours are shut down while they are described."""

from __future__ import annotations

from raslab.services.frr_quiet import quietly


def test_a_new_neighbour_is_released_when_all_is_said() -> None:
    lines = ["router bgp 1", "neighbor 10.0.0.2 remote-as 2", "neighbor 10.0.0.2 timers 3 9", "exit"]
    assert list(quietly(lines)) == [
        "router bgp 1",
        "neighbor 10.0.0.2 remote-as 2",
        "neighbor 10.0.0.2 shutdown",
        "neighbor 10.0.0.2 timers 3 9",
        "exit",
        "router bgp 1",
        "no neighbor 10.0.0.2 shutdown",
        "exit",
    ]


def test_one_that_is_to_stay_shut_down_is_not_released() -> None:
    lines = ["router bgp 1", "neighbor 10.0.0.2 remote-as 2", "neighbor 10.0.0.2 shutdown", "exit"]
    assert list(quietly(lines)) == lines


def test_a_neighbour_that_is_there_already_is_left_alone() -> None:
    lines = ["router bgp 1", "neighbor 10.0.0.2 timers 3 9", "exit"]
    assert list(quietly(lines)) == lines
