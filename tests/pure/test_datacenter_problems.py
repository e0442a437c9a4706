"""Bad datacenters and the sentences they get. Each case has the smallest mistake in an otherwise good datacenter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from datacenter_samples import CONTOSO, FABRIKAM, GATEWAY, GOOD, HERE, HOST1, HOST2, OTHER_SQL, SQL, WEB
from sentences import is_sentence, listed

from raslab.errors import DatacenterRefusedError
from raslab.hnv import guest_mtu, nvgre_key, overhead_bytes, provider_mtu
from raslab.hnv.rules import problems_of
from raslab.hnv.state import ROUTER_MAC, AclRule, CustomerRoute, DatacenterState, VirtualSubnet

GOLDEN = Path(__file__).parent / "golden" / "datacenter-problems.txt"


def sql(**changes: Any) -> DatacenterState:
    """GOOD with another port of sql."""
    return replace(GOOD, attachments=(replace(SQL, **changes), WEB, GATEWAY, OTHER_SQL))


def contoso(**changes: Any) -> DatacenterState:
    """GOOD with another first virtual network."""
    return replace(GOOD, networks=(replace(CONTOSO, **changes), FABRIKAM))


def subnet(*subnets: VirtualSubnet) -> DatacenterState:
    """GOOD with more subnets of the first virtual network."""
    return contoso(subnets=(*CONTOSO.subnets, *subnets))


def rule(**changes: Any) -> DatacenterState:
    """GOOD with one rule in the access list of sql."""
    values = {"direction": "Inbound", "action": "Allow", **changes}
    return sql(acl=(AclRule(**values),))


CASES = {
    "unknown encapsulation": replace(GOOD, encapsulation="geneve"),
    "unknown FlowID": replace(GOOD, flow_id="random"),
    "unknown switch": replace(GOOD, switch="vfp"),
    "FlowID of VXLAN": replace(GOOD, flow_id="vary"),
    "host that is not there": replace(GOOD, hosts=(HOST1, replace(HOST2, node="host3"))),
    "host that is a switch": replace(GOOD, hosts=(HOST1, replace(HOST2, node="switch"))),
    "provider address twice": replace(GOOD, hosts=(HOST1, replace(HOST2, provider_address="192.168.1.10"))),
    "provider address with prefix": replace(GOOD, hosts=(replace(HOST1, provider_address="192.168.1.10/24"), HOST2)),
    "provider address of nobody": replace(GOOD, hosts=(replace(HOST1, provider_address="192.168.1.99"), HOST2)),
    "provider address of IPv6": replace(GOOD, hosts=(replace(HOST1, provider_address="2001:db8::1"), HOST2)),
    "network twice": replace(GOOD, networks=(CONTOSO, replace(FABRIKAM, name="Contoso"))),
    "network without a name": contoso(name="Contoso West"),
    "GUID that is none": contoso(routing_domain_id="contoso"),
    "GUID twice": replace(GOOD, networks=(CONTOSO, replace(FABRIKAM, routing_domain_id=CONTOSO.routing_domain_id))),
    "VSID too small": subnet(VirtualSubnet(4095, ("10.1.3.0/24",))),
    "VSID too large": subnet(VirtualSubnet(2**24 - 1, ("10.1.3.0/24",))),
    "VSID twice in the datacenter": subnet(VirtualSubnet(6001, ("10.1.3.0/24",))),
    "subnet without a prefix": subnet(VirtualSubnet(5003, ())),
    "prefix with host bits": subnet(VirtualSubnet(5003, ("10.1.3.1/24",))),
    "prefix without room": subnet(VirtualSubnet(5003, ("10.1.3.0/31",))),
    "two prefixes of one family": subnet(VirtualSubnet(5003, ("10.1.3.0/24", "10.1.4.0/24"))),
    "subnets overlap": subnet(VirtualSubnet(5003, ("10.1.0.0/16",))),
    "node that is not there": sql(node="sqll"),
    "node that is a compute host": sql(node="host2"),
    "host that is unknown": sql(host="host3"),
    "subnet that is unknown": sql(vsid=7001),
    "interface that is there": sql(node="gw", interface="wan0"),
    "no address": sql(addresses=()),
    "address without prefix length": sql(addresses=("10.1.1.11",)),
    "address of another subnet": sql(addresses=("10.1.2.11/24",)),
    "address that cannot be read": sql(addresses=("10.1.1.256/24",)),
    "address of the router": sql(addresses=("10.1.1.1/24",)),
    "address of the subnet itself": sql(addresses=("10.1.1.255/24",)),
    "address twice": sql(addresses=("10.1.1.12/24",)),
    "MAC address twice": sql(mac=WEB.mac),
    "MAC address of the router": sql(mac=ROUTER_MAC),
    "MAC address of a group": sql(mac="01:00:5e:00:00:01"),
    "route that cannot be read": contoso(routes=(CustomerRoute("10.9.0.0/33", "10.1.2.254"),)),
    "route of two families": contoso(routes=(CustomerRoute("2001:db8:9::/64", "10.1.2.254"),)),
    "route to nowhere": contoso(routes=(CustomerRoute("default", "10.9.9.9"),)),
    "route twice": contoso(routes=(CustomerRoute("default", "10.1.2.254"), CustomerRoute("0.0.0.0/0", "10.1.2.253"))),
    "direction that is none": rule(direction="Sideways"),
    "action that is none": rule(action="Perhaps"),
    "protocol that is none": rule(protocol="IGMP"),
    "prefix of a rule": rule(source_prefix="10.1.1.0/33"),
    "rule of two families": rule(source_prefix="10.1.1.0/24", destination_prefix="2001:db8::/32"),
    "ports of a rule": rule(protocol="TCP", destination_ports="80,443"),
    "ports without a protocol": rule(destination_ports="80"),
}


def test_sentences_are_as_agreed() -> None:
    assert listed({name: problems_of(state, HERE) for name, state in CASES.items()}) == GOLDEN.read_text()


@pytest.mark.parametrize("name", CASES)
def test_each_mistake_is_found_and_is_a_sentence(name: str) -> None:
    problems = problems_of(CASES[name], HERE)
    assert problems
    assert all(map(is_sentence, problems))


def test_things_that_look_wrong_and_are_not() -> None:
    good = {
        "equal prefixes and addresses in two virtual networks": GOOD,
        "equal MAC addresses in two virtual networks": replace(
            GOOD, attachments=(SQL, WEB, GATEWAY, replace(OTHER_SQL, mac=SQL.mac))
        ),
        "first and last VSID": subnet(
            VirtualSubnet(4096, ("10.1.3.0/24",)), VirtualSubnet(2**24 - 2, ("10.1.4.0/24",))
        ),
        "the last address of an IPv6 prefix": sql(addresses=("2001:db8:1:1:ffff:ffff:ffff:ffff/64",)),
        "a machine with two legs": replace(GOOD, attachments=(SQL, replace(GATEWAY, node="sql"), OTHER_SQL)),
        "an access list that allows nothing": sql(acl=()),
    }
    assert {name: problems_of(state, HERE) for name, state in good.items()} == {name: [] for name in good}


def test_mtus_follow_from_the_headers() -> None:
    assert (overhead_bytes("vxlan"), overhead_bytes("nvgre")) == (14 + 20 + 8 + 8, 14 + 20 + 8)
    assert (provider_mtu("vxlan"), provider_mtu("nvgre")) == (1550, 1542)
    assert (guest_mtu("vxlan", 1500), guest_mtu("nvgre", 1500)) == (1450, 1458)
    assert provider_mtu("vxlan", guest_frame_bytes=9014) == 9050
    with pytest.raises(DatacenterRefusedError, match="Encapsulation 'geneve' is unknown: choose one of vxlan, nvgre"):
        overhead_bytes("geneve")


def test_the_key_of_nvgre() -> None:
    assert nvgre_key(5001) == 1280256
    assert nvgre_key(6001) == 1536256
    assert nvgre_key(5001, flow_id=255) == 1280256 + 255
