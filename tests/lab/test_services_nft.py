"""nftables as a service: transactions, counters, sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from raslab.errors import ConfigurationRefusedError
from raslab.net import Network, Topo
from raslab.services import Chain, Nftables, NftSet, Supervisor, Table

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("nft nat"), pytest.mark.both]

DROP = Chain(
    "type filter hook input priority filter; policy accept;", ("icmp type echo-request counter name pings drop",)
)
COUNT = Chain("type filter hook output priority filter; policy accept;", ("ip daddr @watched counter",))
LAB = Table(
    "inet",
    "lab",
    {"input": DROP, "output": COUNT},
    {"watched": NftSet("type ipv4_addr", ("10.0.0.1",))},
    ("pings",),
)


class Pair(Topo):
    """Two hosts."""

    def build(self) -> None:
        self.addLink(self.addHost("h1", ip="10.0.0.1/24"), self.addHost("h2", ip="10.0.0.2/24"))


@pytest.fixture
def network() -> Iterator[Network]:
    """The running network, without services."""
    with Network(Pair()) as started:
        yield started


def ping(network: Network) -> bool:
    """True if h2 answers h1."""
    return bool(network["h1"].run(["ping", "-c1", "-W1", "10.0.0.2"]).status == 0)


def apply(supervisor: Supervisor, *tables: Table) -> None:
    """Let h2 have these tables."""
    supervisor.apply({"h2": [Nftables(tables)]})


def packets(supervisor: Supervisor, chain: str) -> int:
    """What the anonymous counters of a chain have seen."""
    rules = [rule for rule in supervisor.nft("h2").rules("inet", "lab") if rule["chain"] == chain]
    return sum(part["counter"]["packets"] for rule in rules for part in rule["expr"] if _counts(part))


def _counts(part: dict[str, object]) -> bool:
    return isinstance(part.get("counter"), dict)


def test_rules_hold_are_counted_and_end_with_the_service(network: Network) -> None:
    supervisor = Supervisor(network)
    assert ping(network)
    apply(supervisor, LAB)
    assert not ping(network)
    assert supervisor.nft("h2").counters()["inet", "lab", "pings"] == (1, 84)
    assert supervisor.nft("h2").elements("inet", "lab", "watched") == ["10.0.0.1"]
    supervisor.apply({"h2": []})
    assert network["h2"].run(["nft", "list", "ruleset"]).stdout == ""
    assert ping(network)


def test_a_refused_ruleset_leaves_the_old_one_whole(network: Network) -> None:
    supervisor = Supervisor(network)
    apply(supervisor, LAB)
    before = network["h2"].run(["nft", "-s", "list", "ruleset"]).stdout
    bad = replace(LAB, chains={"input": Chain(DROP.header, ("accept", "tcp dport nonsense accept")), "output": COUNT})
    with pytest.raises(ConfigurationRefusedError, match=r"Node h2: nft refused .*tcp dport nonsense accept") as raised:
        apply(supervisor, bad)
    assert "nonsense" in raised.value.line
    assert raised.value.reason
    assert network["h2"].run(["nft", "-s", "list", "ruleset"]).stdout == before
    assert supervisor.declared("h2") == (Nftables((LAB,)),)
    assert not ping(network)


def test_what_does_not_change_keeps_its_counters(network: Network) -> None:
    supervisor = Supervisor(network)
    apply(supervisor, replace(LAB, chains={"input": Chain(DROP.header, ("counter name pings",)), "output": COUNT}))
    assert ping(network)
    seen = packets(supervisor, "output")
    assert seen > 0
    named = supervisor.nft("h2").counters()["inet", "lab", "pings"][0]
    assert named > 0

    apply(supervisor, LAB)
    assert packets(supervisor, "output") == seen
    assert supervisor.nft("h2").counters()["inet", "lab", "pings"][0] == named

    # Not a bare "counter": that would count the router solicitations of IPv6 as well, whenever they come.
    apply(
        supervisor, replace(LAB, chains={"input": DROP, "output": replace(COUNT, rules=("ip daddr 10.0.0.1 counter",))})
    )
    assert packets(supervisor, "output") == 0


def test_elements_change_without_touching_the_rules(network: Network) -> None:
    supervisor = Supervisor(network)
    apply(supervisor, LAB)
    handles = [rule["handle"] for rule in supervisor.nft("h2").rules("inet", "lab")]
    apply(supervisor, replace(LAB, sets={"watched": NftSet("type ipv4_addr", ("10.0.0.7", "10.0.0.8"))}))
    assert sorted(supervisor.nft("h2").elements("inet", "lab", "watched")) == ["10.0.0.7", "10.0.0.8"]
    assert [rule["handle"] for rule in supervisor.nft("h2").rules("inet", "lab")] == handles
    apply(supervisor, replace(LAB, sets={"watched": NftSet("type ipv4_addr; flags interval", ("10.0.0.0/8",))}))
    assert [rule["handle"] for rule in supervisor.nft("h2").rules("inet", "lab")] != handles


def test_tables_of_others_are_left_alone(network: Network) -> None:
    supervisor = Supervisor(network)
    network["h2"].run(["nft", "add", "table", "ip", "mine"])
    apply(supervisor, LAB)
    apply(supervisor, replace(LAB, name="other"))
    supervisor.stop()
    assert network["h2"].run(["nft", "list", "tables"]).stdout == "table ip mine\n"
    supervisor.apply({"h2": [Nftables()]})
    with pytest.raises(ConfigurationRefusedError, match="list table inet lab"):
        supervisor.nft("h2").rules("inet", "lab")
