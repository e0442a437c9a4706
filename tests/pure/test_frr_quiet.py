"""Neighbours are shut down while they are described."""

from __future__ import annotations

from raslab.services.frr_quiet import limits, losing_bfd, quietly


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


def test_neighbours_that_lose_bfd_are_known_with_their_vrf() -> None:
    lines = ("router bgp 1", "no neighbor 10.0.0.1 bfd", "no neighbor 10.0.0.2 bfd profile FAST", "exit")
    assert list(losing_bfd(lines)) == [("", "10.0.0.1")]
    assert list(losing_bfd(("router bgp 1 vrf blue", *lines[1:]))) == [(" vrf blue", "10.0.0.1")]


def test_neighbours_with_another_limit_are_known_unless_they_are_new() -> None:
    lines = ("router bgp 1 vrf blue", "address-family ipv4 unicast", "neighbor 10.0.0.1 maximum-prefix 2", "exit")
    assert list(limits(lines)) == [(" vrf blue", "10.0.0.1", 2)]
    assert list(limits(("router bgp 1", "no neighbor 10.0.0.1 maximum-prefix 7"))) == [("", "10.0.0.1", 7)]
    assert list(limits(("router bgp 1", "neighbor 10.0.0.1 remote-as 2", *lines[1:]))) == []
