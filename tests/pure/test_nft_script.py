"""Scripts that lead from one nftables table to another, and whom nft's complaints blame."""

from __future__ import annotations

from dataclasses import replace

from raslab.services.nft_script import Chain, NftSet, Table, fresh, script, word
from raslab.services.nftables import Nftables, blamed

FORWARD = Chain(
    "type filter hook forward priority filter; policy drop;", ("ip saddr @inside accept", "counter name hits")
)
OTHER = Chain("", ("drop",))
INSIDE = NftSet("type ipv4_addr; flags interval", ("10.0.0.0/8",))
UDP = "protocol udp; policy = { replied : 60 }"
OLD = Table("inet", "lab", {"forward": FORWARD, "other": OTHER}, {"inside": INSIDE}, ("hits",))


def test_a_fresh_table_replaces_one_of_its_name_and_holds_all() -> None:
    assert fresh(OLD) == (
        "add table inet lab",
        "delete table inet lab",
        "add table inet lab",
        "add counter inet lab hits",
        "add set inet lab inside { type ipv4_addr; flags interval; }",
        "add chain inet lab forward { type filter hook forward priority filter; policy drop; }",
        "add chain inet lab other",
        "add element inet lab inside { 10.0.0.0/8 }",
        "add rule inet lab forward ip saddr @inside accept",
        "add rule inet lab forward counter name hits",
        "add rule inet lab other drop",
    )


def test_an_equal_table_is_left_alone() -> None:
    assert script(OLD, replace(OLD)) == ()


def test_a_changed_chain_is_refilled_and_the_others_are_not_touched() -> None:
    new = replace(OLD, chains={"forward": FORWARD, "other": Chain("", ("accept",))})
    assert script(OLD, new) == (
        "add table inet lab",
        "flush chain inet lab other",
        "add rule inet lab other accept",
    )


def test_a_changed_hook_remakes_its_chain() -> None:
    new = replace(OLD, chains={"forward": replace(FORWARD, header="type filter hook input priority 0"), "other": OTHER})
    lines = script(OLD, new)
    assert lines.index("delete chain inet lab forward") < lines.index(
        "add chain inet lab forward { type filter hook input priority 0; }"
    )
    assert not any(" other" in line for line in lines)


def test_elements_come_and_go_alone() -> None:
    new = replace(OLD, sets={"inside": replace(INSIDE, elements=("172.16.0.0/12",))})
    assert script(OLD, new) == (
        "add table inet lab",
        "delete element inet lab inside { 10.0.0.0/8 }",
        "add element inet lab inside { 172.16.0.0/12 }",
    )


def test_an_element_of_a_map_goes_by_its_key() -> None:
    old = Table("ip", "nat", sets={"ports": NftSet("type inet_service : ipv4_addr", ("80 : 10.0.0.2",), "map")})
    assert "delete element ip nat ports { 80 }" in script(
        old, replace(old, sets={"ports": replace(old.sets["ports"], elements=())})
    )


def test_a_set_of_another_type_is_remade_between_the_flush_and_the_rules_that_use_it() -> None:
    new = replace(OLD, sets={"inside": NftSet("type ipv4_addr", ("10.0.0.1",))})
    lines = script(OLD, new)
    order = [
        "flush chain inet lab forward",
        "delete set inet lab inside",
        "add set inet lab inside { type ipv4_addr; }",
        "add rule inet lab forward ip saddr @inside accept",
    ]
    assert [line for line in lines if line in order] == order
    assert "flush chain inet lab other" not in lines


def test_chains_that_a_map_leads_to_come_before_its_elements_and_go_after_them() -> None:
    def tenants(*names: str) -> Table:
        ways = NftSet("type ifname : verdict", tuple(f'"{name}" : jump to-{name}' for name in names), "map")
        chains = {"input": Chain("type filter hook input priority 0", ("iifname vmap @ways",))}
        return Table("ip", "nat", {**chains, **{f"to-{name}": OTHER for name in names}}, {"ways": ways})

    assert script(tenants("a", "b"), tenants("b", "c")) == (
        "add table ip nat",
        'delete element ip nat ways { "a" }',
        "flush chain ip nat to-a",
        "delete chain ip nat to-a",
        "add chain ip nat to-c",
        'add element ip nat ways { "c" : jump to-c }',
        "add rule ip nat to-c drop",
    )


def test_names_that_nft_does_not_take_become_words_and_stay_different() -> None:
    assert word("lan0.10") == "lan0.10"
    assert word("a b").startswith("a_b-")
    assert word("a b") != word("a/b")


def test_tables_that_are_no_longer_wanted_go_first() -> None:
    lines = Nftables((Table("ip", "new"),)).plan(Nftables((OLD,)))
    assert lines[0] == "delete table inet lab"
    assert "add table ip new" in lines


def test_the_blamed_line_is_the_one_that_nft_numbers() -> None:
    said = "/dev/stdin:2:14-20: Error: syntax error, unexpected string\nadd rule nonsense\n"
    assert blamed(("add table ip a", "add rule nonsense"), said) == (
        "add rule nonsense",
        "syntax error, unexpected string",
    )
    assert blamed(("add table ip a",), "Operation not permitted\n") == ("add table ip a", "Operation not permitted")


def test_a_changed_time_out_is_made_anew_between_the_rules_that_use_it() -> None:
    old = replace(
        OLD, chains={**OLD.chains, "idle": Chain("", ('ct timeout set "udp-lab"',))}, timeouts={"udp-lab": UDP}
    )
    assert "add ct timeout inet lab udp-lab { protocol udp; policy = { replied : 60 }; }" in fresh(old)
    assert script(old, replace(old)) == ()
    assert script(old, replace(old, timeouts={"udp-lab": UDP.replace("60", "70")})) == (
        "add table inet lab",
        "flush chain inet lab idle",
        "delete ct timeout inet lab udp-lab",
        "add ct timeout inet lab udp-lab { protocol udp; policy = { replied : 70 }; }",
        'add rule inet lab idle ct timeout set "udp-lab"',
    )


def test_a_time_out_that_goes_is_removed_after_the_rules_that_use_it() -> None:
    old = replace(
        OLD, chains={**OLD.chains, "idle": Chain("", ('ct timeout set "udp-lab"',))}, timeouts={"udp-lab": UDP}
    )
    lines = script(old, OLD)
    assert lines.index("flush chain inet lab idle") < lines.index("delete ct timeout inet lab udp-lab")
