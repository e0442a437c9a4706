"""Who carries a next hop: the longest prefix, whatever the order in which subnets are told."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface, ip_network
from itertools import permutations

import pytest

from raslab.gateway.surroundings import Surroundings
from raslab.model.next_hops import carrying
from raslab.model.topology import Interface, Route
from raslab.net import Network, Topo
from raslab.net.carriers import carriers

SUBNETS = tuple((ip_network(text), text) for text in ("10.0.0.0/8", "10.1.0.0/16", "192.0.2.0/24", "2001:db8::/32"))


@pytest.mark.parametrize(
    ("hop", "carried_by"),
    [
        ("10.1.2.3", ("10.1.0.0/16",)),
        ("10.2.0.1", ("10.0.0.0/8",)),
        ("2001:db8::1", ("2001:db8::/32",)),
        ("203.0.113.1", ()),
    ],
)
def test_the_longest_prefix_carries_a_next_hop_in_any_order(hop: str, carried_by: tuple[str, ...]) -> None:
    for subnets in permutations(SUBNETS):
        assert carrying(ip_address(hop), subnets) == carried_by


def test_a_subnet_on_two_interfaces_is_carried_by_both() -> None:
    twice = [(ip_network("10.1.0.0/16"), "a"), (ip_network("10.0.0.0/8"), "b"), (ip_network("10.1.0.0/16"), "c")]
    assert carrying(ip_address("10.1.0.1"), twice) == ("a", "c")


class Nested(Topo):
    """r1 with a narrow subnet inside a wide one, the wide one told first or last."""

    def build(self, wide_first: bool = True) -> None:
        self.addRouter("r1")
        ends = [("wide", "10.0.0.1/8", "10.200.0.9/8"), ("narrow", "10.1.0.1/16", "10.1.0.9/16")]
        for name, here, there in ends if wide_first else reversed(ends):
            self.addRouter(f"at-{name}")
            self.addLink("r1", f"at-{name}", params1={"name": name, "ips": [here]}, params2={"ips": [there]})
        self.addRoute("r1", "172.16.0.0/12", via="10.1.0.9")


@pytest.mark.parametrize("wide_first", [True, False])
def test_every_part_asks_the_same_question(wide_first: bool) -> None:
    network = Network(Nested(wide_first=wide_first))
    topology = network.topology()
    (route,) = topology.routes
    assert [one.interface for one in carriers(topology)[route]] == ["narrow"]
    assert network["r1"].interface_towards("10.1.0.9") == "narrow"
    assert Surroundings.of(topology, "r1").towards(ip_address("172.16.0.1")) == ("narrow", ip_interface("10.1.0.1/16"))
    network["r1"].intf("narrow").change(up=False)
    assert [one.interface for one in carriers(network.topology())[route]] == ["wide"]


def test_a_route_to_one_host_wins_over_the_subnet_that_it_is_in_and_the_smaller_metric_over_the_first() -> None:
    ends = (Interface("gw", "lan0", ("10.1.0.254/24",)), Interface("gw", "wan0", ("203.0.113.1/24",)))
    far = (Route("gw", "10.1.0.7/32", "203.0.113.9"),)
    assert Surroundings("gw", ends).towards(ip_address("10.1.0.7")) == ("lan0", ip_interface("10.1.0.254/24"))
    assert Surroundings("gw", ends, far).towards(ip_address("10.1.0.7")) == ("wan0", ip_interface("203.0.113.1/24"))
    ways = (Route("gw", "default", "10.1.0.1", metric=20), Route("gw", "default", "203.0.113.254", metric=10))
    for routes in (ways, ways[::-1]):
        assert Surroundings("gw", ends, routes).default_interface(4) == "wan0"
        assert Surroundings("gw", ends, routes).default_gateway(4) == "203.0.113.254"
