"""Virtual networks: equal addresses side by side, address resolution that stays at home, routing where it begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS
from scapy.layers.l2 import ARP
from scapy.layers.vxlan import VXLAN
from tenants import APP, SQL, SQL6, WEB, WEB6, Tenants, tenants
from waiting import until

from raslab.measure import capture

pytestmark = [
    pytest.mark.usefixtures("root"),
    pytest.mark.needs("vrf", "bridge vlans", "vxlan", "gretap"),
]

ENCAPSULATIONS = {"vxlan": {"encapsulation": "vxlan"}, "nvgre": {"encapsulation": "nvgre"}}
OVERLAY = {"vxlan": "vx5001", "nvgre": "nv5001-host2"}
CARRIED = {"vxlan": "udp port 4789", "nvgre": "proto gre"}


@pytest.fixture(params=ENCAPSULATIONS)
def bed(request: pytest.FixtureRequest) -> Iterator[Tenants]:
    """Two tenants on two hosts."""
    with tenants(**ENCAPSULATIONS[request.param]) as found:
        yield found


def kind(bed: Tenants) -> str:
    return bed.dc.state.encapsulation


def resolution(packets: list[Any]) -> list[str]:
    """ARP and ND that is carried for customers."""
    inner = [packet.getlayer("Ether", 2) for packet in packets]
    return [one.summary() for one in inner if one and any(one.haslayer(t) for t in (ARP, ICMPv6ND_NS, ICMPv6ND_NA))]


def test_equal_addresses_are_two_machines(bed: Tenants) -> None:
    bed.who_listens("contoso-web", "fabrikam-web", "contoso-sql", "fabrikam-sql")
    for tenant in ("contoso", "fabrikam"):
        assert bed.who_is(WEB, f"{tenant}-sql") == f"{tenant}-web"
        assert bed.who_is(WEB6, f"{tenant}-sql") == f"{tenant}-web"
        assert bed.who_is(SQL, f"{tenant}-web") == f"{tenant}-sql"
    bed.dc.detach("fabrikam-web")
    assert "nobody" in bed.who_is(WEB, "fabrikam-sql")
    assert bed.who_is(WEB, "contoso-sql") == "contoso-web"


def test_address_resolution_stays_on_the_host(bed: Tenants) -> None:
    bed.forget("contoso-sql", "contoso-web")
    with capture(bed.network["host1"], CARRIED[kind(bed)], interface="pa0") as seen:
        assert bed.pings("contoso-sql", WEB, count=2) == 2
        assert bed.pings("contoso-sql", WEB6, count=2) == 2
        assert bed.pings("contoso-sql", "10.1.1.99") == 0  # nobody's
        assert bed.pings("contoso-sql", "2001:db8:1::99") == 0
        assert bed.pings("contoso-app", "10.1.1.99") == 0  # the router asks for it
    assert len(seen.packets) == 8
    assert resolution(seen.packets) == []


def test_a_port_that_floods_lets_questions_out(bed: Tenants) -> None:
    """What the settings of the overlay's port are for."""
    host = bed.network["host1"]
    port = OVERLAY[kind(bed)]
    host.run(["bridge", "link", "set", "dev", port, "bcast_flood", "on", "neigh_suppress", "off"])
    if kind(bed) == "vxlan":
        host.run(["bridge", "fdb", "append", "00:00:00:00:00:00", "dev", port, "dst", "192.168.2.20"])
    bed.forget("contoso-sql")
    with capture(host, CARRIED[kind(bed)], interface="pa0") as seen:
        bed.pings("contoso-sql", "10.1.1.99")
    assert "who has 10.1.1.99" in " ".join(resolution(seen.packets))
    with capture(host, CARRIED[kind(bed)], interface="pa0") as seen:
        bed.pings("contoso-app", "10.1.1.98")
    assert "10.1.1.98" not in " ".join(resolution(seen.packets))  # what the router asks is kept in by another rule
    host.run(["nft", "flush", "chain", "bridge", "hnv_acl", "router"])
    with capture(host, CARRIED[kind(bed)], interface="pa0") as seen:
        bed.pings("contoso-app", "10.1.1.97")
    assert "who has 10.1.1.97" in " ".join(resolution(seen.packets))


def test_without_its_mapping_an_address_is_not_resolved(bed: Tenants) -> None:
    assert bed.pings("contoso-sql", WEB) == 1
    assert "lladdr" in bed.network["contoso-sql"].run(["ip", "neigh", "show", WEB]).stdout
    bed.dc.detach("contoso-web")
    bed.forget("contoso-sql")
    assert bed.pings("contoso-sql", WEB) == 0
    assert "lladdr" not in bed.network["contoso-sql"].run(["ip", "neigh", "show", WEB]).stdout
    bed.dc.attach("contoso-web", 5001, host="host2", addresses=f"{WEB}/24")
    until("the address is resolved", lambda: bed.pings("contoso-sql", WEB))


def test_the_router_is_where_the_machine_is(bed: Tenants) -> None:
    with capture(bed.network["host1"], CARRIED[kind(bed)], interface="pa0") as seen:
        result = bed.network["contoso-sql"].run(["ping", "-c", "2", "-i", "0.05", APP])
    assert result.stdout.count("ttl=63") == 2
    assert len(seen.packets) == 0
    bed.dc.migrate("contoso-app", "host2")
    with capture(bed.network["host1"], CARRIED[kind(bed)], interface="pa0") as seen:
        assert bed.pings("contoso-sql", APP) == 1
    there, back = seen.packets
    vsids = [packet[VXLAN].vni if kind(bed) == "vxlan" else packet["GRE"].key >> 8 for packet in (there, back)]
    assert vsids == [5002, 5001]  # each is routed where it begins


def test_virtual_networks_have_no_way_to_each_other(bed: Tenants) -> None:
    bed.dc.add_virtual_network("Third")
    bed.dc.add_virtual_subnet("Third", 7001, "10.7.0.0/24")
    bed.dc.attach("fabrikam-app", 7001, host="host1", addresses="10.7.0.5/24", interface="eth1", default_route=False)
    result = bed.network["contoso-sql"].run(["ping", "-c1", "-W1", "10.7.0.5"])
    assert "Destination Host Unreachable" in result.stdout or "Net Unreachable" in result.stdout
    assert bed.pings("contoso-sql", "192.168.1.10") == 0  # not even to the host that it lives on
    assert bed.pings("contoso-sql", "10.1.1.1") == 1


def test_a_default_route_leads_to_a_gateway(bed: Tenants) -> None:
    """A node with two legs: what it knows behind it is reached from every host."""
    bed.network["fabrikam-app"].run(["ip", "addr", "add", "198.51.100.7/32", "dev", "lo"])
    bed.dc.attach(
        "fabrikam-app",
        5002,
        host="host2",
        addresses="10.1.2.254/24",
        interface="contoso",
        default_route=False,
        routes_for_others=True,
    )
    bed.network.addRoute("fabrikam-app", "10.1.1.0/24", via="10.1.2.1", dev="contoso")
    assert bed.pings("contoso-sql", "198.51.100.7") == 0
    bed.dc.add_route("Contoso", "default", "10.1.2.254")
    assert bed.pings("contoso-sql", "198.51.100.7") == 1
    bed.dc.remove_route("Contoso", "default")
    assert bed.pings("contoso-sql", "198.51.100.7") == 0


def test_statistics_keep_tenants_apart(bed: Tenants) -> None:
    before = {one.virtual_network: one for one in bed.dc.get_network_statistics()}
    assert bed.pings("contoso-sql", WEB, "-s", "1000", count=50) == 50
    after = {one.virtual_network: one for one in bed.dc.get_network_statistics()}
    grown = {name: after[name].bytes_in - before[name].bytes_in for name in after}
    assert grown["Contoso"] >= 100 * (1000 + 42)
    assert grown["Fabrikam"] < 10 * (1000 + 42)  # its machines say a few words of IPv6 by themselves
    assert [one.node for one in bed.dc.get_port_statistics("Fabrikam")] == [
        "fabrikam-sql",
        "fabrikam-app",
        "fabrikam-web",
    ]


def test_all_of_it_goes_again(bed: Tenants) -> None:
    with bed.dc.changing():
        for one in bed.dc.get_attachment():
            bed.dc.detach(one.node)
    for host in ("host1", "host2"):
        names = bed.network[host].run(["ip", "-br", "link"]).stdout
        assert not any(word in names for word in ("Contoso", "vs5001", "vx", "nv5001"))
        assert "5001" not in names
    bed.dc.attach("contoso-sql", 5001, host="host2", addresses=f"{SQL}/24")
    assert bed.pings("contoso-sql", "10.1.1.1") == 1
    assert SQL6 not in bed.network["contoso-sql"].run(["ip", "addr"]).stdout


def test_it_starts_again(bed: Tenants) -> None:
    bed.network.stop()
    bed.dc.attach("fabrikam-app", 5001, host="host1", addresses="10.1.1.16/24", interface="eth1", default_route=False)
    bed.network.start()
    bed.dc.start()
    assert bed.pings("contoso-sql", WEB) == 1
    assert bed.pings("contoso-sql", "10.1.1.16") == 1
    assert bed.dc.get_port_statistics("Contoso")
    assert str(bed.dc.start()) == "# start"  # there is nothing more to do
