"""Differences of FRR configurations: the lines that are sent, and those that are not."""

from __future__ import annotations

import pytest

from raslab.services.frr import Bgpd
from raslab.services.frr_config import difference, identity, parse
from raslab.services.frr_tree import Tree

BASE = """
frr defaults datacenter
!
router bgp 65001
 bgp router-id 1.1.1.1
 neighbor 10.0.0.2 remote-as 65002
 neighbor 10.0.0.2 timers 3 9
 neighbor 10.0.9.9 remote-as 65009
 !
 address-family ipv4 unicast
  network 192.168.1.0/24
  neighbor 10.0.9.9 route-map OUT out
 exit-address-family
exit
!
ip prefix-list P seq 5 permit 10.0.0.0/8
!
route-map OUT permit 10
 match ip address prefix-list P
 set metric 50
exit
"""


def changed(old: str, new: str) -> list[str]:
    """The lines from one text to another."""
    return list(difference(parse(old), parse(new)))


def test_a_text_becomes_a_tree_without_filler() -> None:
    tree = parse(BASE)
    assert tree.lines == ("frr defaults datacenter", "ip prefix-list P seq 5 permit 10.0.0.0/8")
    assert list(tree.contexts) == ["router bgp 65001", "route-map OUT permit 10"]
    family = tree.contexts["router bgp 65001"].contexts["address-family ipv4 unicast"]
    assert family.lines == ("network 192.168.1.0/24", "neighbor 10.0.9.9 route-map OUT out")


def test_from_nothing_definitions_come_before_what_refers_to_them() -> None:
    lines = list(difference(Tree(), parse(BASE)))
    assert lines.index("ip prefix-list P seq 5 permit 10.0.0.0/8") < lines.index("route-map OUT permit 10")
    assert lines.index("route-map OUT permit 10") < lines.index("router bgp 65001")
    assert lines[-3:] == ["neighbor 10.0.9.9 route-map OUT out", "exit", "exit"]


def test_equal_texts_need_nothing_and_comments_do_not_count() -> None:
    assert changed(BASE, BASE) == []
    assert changed(BASE, BASE.replace("!\n", "# a remark\n")) == []


def test_a_changed_value_is_sent_alone_and_in_its_context() -> None:
    assert changed(BASE, BASE.replace("timers 3 9", "timers 10 30")) == [
        "router bgp 65001",
        "neighbor 10.0.0.2 timers 10 30",
        "exit",
    ]


def test_a_neighbour_that_goes_takes_all_its_lines_along() -> None:
    new = "\n".join(line for line in BASE.splitlines() if "10.0.9.9" not in line)
    assert changed(BASE, new) == ["router bgp 65001", "no neighbor 10.0.9.9", "exit"]


def test_a_neighbour_whose_as_changes_is_kept() -> None:
    lines = changed(BASE, BASE.replace("remote-as 65009", "remote-as 65010"))
    assert lines == ["router bgp 65001", "neighbor 10.0.9.9 remote-as 65010", "exit"]


def test_a_definition_goes_after_what_referred_to_it() -> None:
    new = BASE.replace("  neighbor 10.0.9.9 route-map OUT out\n", "").split("ip prefix-list")[0]
    assert changed(BASE, new) == [
        "router bgp 65001",
        "address-family ipv4 unicast",
        "no neighbor 10.0.9.9 route-map OUT out",
        "exit",
        "exit",
        "no route-map OUT permit 10",
        "no ip prefix-list P seq 5 permit 10.0.0.0/8",
    ]


def test_a_line_that_says_no_is_taken_back_by_its_contrary() -> None:
    old = "router bgp 1\n no bgp ebgp-requires-policy\n"
    assert changed(old, "router bgp 1\n") == ["router bgp 1", "bgp ebgp-requires-policy", "exit"]
    assert changed("router bgp 1\n", old) == ["router bgp 1", "no bgp ebgp-requires-policy", "exit"]


def test_a_line_that_says_what_holds_anyway_is_not_missed() -> None:
    idle = "frr defaults datacenter\nrouter bgp 1\n no bgp ebgp-requires-policy\n"
    assert changed(idle, "frr defaults datacenter\nrouter bgp 1\n") == []
    assert changed("frr defaults datacenter\nrouter bgp 1\n bgp ebgp-requires-policy\n", idle) == [
        "router bgp 1",
        "no bgp ebgp-requires-policy",
        "exit",
    ]


def test_neighbours_stay_active_when_what_they_are_by_default_changes() -> None:
    family = " address-family ipv4 unicast\n  neighbor 10.0.0.2 activate\n"
    old = "router bgp 1\n neighbor 10.0.0.2 remote-as 2\n neighbor 10.0.0.3 remote-as 3\n" + family
    new = old.replace("router bgp 1\n", "router bgp 1\n no bgp default ipv4-unicast\n")
    assert changed(old.replace(family, ""), old) == ["router bgp 1", "address-family ipv4 unicast", "exit", "exit"]
    assert changed(old, new) == [
        "router bgp 1",
        "no bgp default ipv4-unicast",
        "address-family ipv4 unicast",
        "no neighbor 10.0.0.3 activate",
        "exit",
        "exit",
    ]


def test_a_neighbour_that_joins_a_group_is_made_anew_and_the_group_goes_last() -> None:
    alone = "router bgp 1\n neighbor 10.0.0.2 remote-as 2\n neighbor 10.0.0.2 weight 5\n"
    member = "router bgp 1\n neighbor G peer-group\n neighbor G remote-as 2\n neighbor 10.0.0.2 peer-group G\n"
    assert changed(alone, member) == ["router bgp 1", "no neighbor 10.0.0.2", *_lines(member), "exit"]
    assert changed(member, alone) == [
        "router bgp 1",
        "no neighbor 10.0.0.2",
        "no neighbor G peer-group",
        *_lines(alone),
        "exit",
    ]


def _lines(router: str) -> list[str]:
    return [line.strip() for line in router.splitlines()[1:]]


def test_another_as_is_another_router() -> None:
    lines = changed("router bgp 1\n bgp router-id 1.1.1.1\n", "router bgp 2\n bgp router-id 1.1.1.1\n")
    assert lines == ["no router bgp 1", "router bgp 2", "bgp router-id 1.1.1.1", "exit"]


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("neighbor 1.1.1.1 route-map A in", "neighbor 1.1.1.1 route-map B in", True),
        ("neighbor 1.1.1.1 route-map A in", "neighbor 1.1.1.1 route-map A out", False),
        ("neighbor 1.1.1.1 timers 3 9", "neighbor 1.1.1.1 timers connect 1", False),
        ("neighbor 1.1.1.1 maximum-prefix 10", "neighbor 1.1.1.1 maximum-prefix 20 warning-only", True),
        ("network 10.0.0.0/8", "network 10.1.0.0/16", False),
        ("network 10.0.0.0/8", "network 10.0.0.0/8 route-map A", True),
        ("no neighbor 1.1.1.1 activate", "neighbor 1.1.1.1 activate", True),
        ("set metric 5", "set metric 6", True),
        ("set metric 5", "set weight 5", False),
        ("set as-path prepend 1 1", "set as-path prepend 2", True),
        ("match ip address prefix-list A", "match ip address prefix-list B", True),
        ("match ip address prefix-list A", "match community A", False),
        ("ip prefix-list A seq 5 permit 10.0.0.0/8", "ip prefix-list A seq 5 deny 10.0.0.0/8", True),
        ("ip prefix-list A seq 5 permit 10.0.0.0/8", "ip prefix-list A seq 10 permit 10.0.0.0/8", False),
        ("bgp router-id 1.1.1.1", "bgp router-id 2.2.2.2", True),
        ("bgp cluster-id 1.1.1.1", "bgp router-id 1.1.1.1", False),
        ("timers bgp 3 9", "timers bgp 60 180", True),
        ("ip route 10.0.0.0/8 1.1.1.1", "ip route 10.0.0.0/8 2.2.2.2", False),
    ],
)
def test_which_lines_replace_each_other(old: str, new: str, same: bool) -> None:
    assert (identity(old) == identity(new)) is same


def test_other_defaults_need_a_fresh_daemon_and_other_neighbours_do_not() -> None:
    old = Bgpd(BASE)
    assert not Bgpd(BASE.replace("datacenter", "traditional")).reloads_from(old)
    assert Bgpd(BASE.replace("10.0.9.9", "10.0.8.8")).reloads_from(old)


def test_bfd_goes_with_its_profile_unless_it_is_wanted_without() -> None:
    with_profile = BASE.replace(" timers 3 9", " bfd profile FAST")
    head = "router bgp 65001"
    assert changed(with_profile, BASE.replace(" neighbor 10.0.0.2 timers 3 9\n", "")) == [
        head,
        "no neighbor 10.0.0.2 bfd",
        "exit",
    ]
    plain = " neighbor 10.0.0.2 bfd\n"
    both = with_profile.replace(" neighbor 10.0.0.2 bfd profile", f"{plain} neighbor 10.0.0.2 bfd profile")
    without = BASE.replace(" neighbor 10.0.0.2 timers 3 9\n", plain)
    assert changed(both, without) == [head, "no neighbor 10.0.0.2 bfd profile FAST", "exit"]
    assert changed(with_profile, with_profile.replace("FAST", "SLOW")) == [
        head,
        "neighbor 10.0.0.2 bfd profile SLOW",
        "exit",
    ]
