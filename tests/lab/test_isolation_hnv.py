"""Virtual networks are isolated: forged VSIDs come from nowhere, and each way to mix two networks up is found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tenants import Tenants, tenants

from benchmarks.vrf_tenants import typed
from raslab.measure.isolation import IsolationReport, Leak, Parties, check_isolation, find_parties

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("vrf", "bridge vlans", "vxlan", "gretap")]

CARRIERS = {"nvgre": "NVGRE", "vxlan": "VXLAN"}


@pytest.fixture(scope="module", params=CARRIERS)
def bed(request: pytest.FixtureRequest) -> Iterator[Tenants]:
    """Two tenants on two hosts."""
    with tenants(encapsulation=request.param) as found:
        yield found


@pytest.fixture(scope="module")
def parties(bed: Tenants) -> Parties:
    """Who is who, before anything is broken."""
    return find_parties(bed.network.topology(), [host.node for host in bed.dc.state.hosts])


def look(bed: Tenants, parties: Parties, forged: int = 0) -> IsolationReport:
    return check_isolation(
        bed.network, parties.tenants, underlay=parties.underlay, strangers=parties.strangers, forged=forged
    )


def test_virtual_networks_are_isolated(bed: Tenants, parties: Parties) -> None:
    assert [one.name for one in parties.tenants] == ["Contoso", "Fabrikam"]
    assert parties.strangers == ("core",)
    report = look(bed, parties, forged=1000)
    report.require()
    summary = report.summary.set_index("probe")
    kind = CARRIERS[bed.dc.state.encapsulation]
    assert summary.loc[kind, "crossing_sent"] > 100
    assert summary.loc["forged at random", "crossing_sent"] == 1000
    own = summary.loc[["ICMP", "TCP", "UDP", "ICMPv6", "ARP", kind]]
    assert (own["own_arrived"] > 0).all()


def test_hosts_that_take_no_tunnelled_frames_prove_nothing(bed: Tenants, parties: Parties) -> None:
    """What is forged could arrive: with the right addresses and the right VSID it does, unless hosts are deaf."""
    kind = CARRIERS[bed.dc.state.encapsulation]
    own = look(bed, parties).summary.set_index("probe").loc[kind]
    assert own["own_arrived"] > 0
    assert own["crossing_sent"] > own["leaked"] == 0
    for host in ("host1", "host2"):
        typed(
            bed.network,
            host,
            "nft add table netdev deaf",
            "nft add chain netdev deaf in { type filter hook ingress device pa0 priority 0; }",
            "nft add rule netdev deaf in meta l4proto gre drop",
            "nft add rule netdev deaf in udp dport 4789 drop",
        )
    try:
        report = look(bed, parties)
    finally:
        for host in ("host1", "host2"):
            typed(bed.network, host, "nft delete table netdev deaf")
    assert not report
    assert any(f"{kind} of Contoso from core did not get to its own" in one for one in report.unproven)
    look(bed, parties).require()


def test_a_port_in_the_wrong_subnet_is_found(bed: Tenants, parties: Parties) -> None:
    typed(bed.network, "host2", "ip link set fabrikam-web.6001 master vs5001")
    try:
        report = look(bed, parties)
    finally:
        typed(bed.network, "host2", "ip link set fabrikam-web.6001 master vs6001")
    leak = one(report, "ARP", "fabrikam-web:eth0")
    assert (leak.sender, leak.tenant) == ("Fabrikam", "Contoso")
    assert leak.path[1:] == ("host2:fabrikam-web.6001", "host2:contoso-web.5001", "contoso-web:eth0")
    assert "ARP who has" in leak.packet


def test_a_route_from_one_network_to_the_other_is_found(bed: Tenants, parties: Parties) -> None:
    typed(
        bed.network,
        "host1",
        "ip route add 10.1.2.13/32 dev vs5002 table 4242",
        "ip rule add pref 400 iif vs6001 lookup 4242",
    )
    try:
        report = look(bed, parties)
    finally:
        typed(bed.network, "host1", "ip rule del pref 400", "ip route flush table 4242")
    leak = one(report, "UDP", "fabrikam-sql:eth0")
    assert (leak.sender, leak.tenant) == ("Fabrikam", "Contoso")
    assert leak.path[-1] == "contoso-app:eth0"
    assert "UDP 10.1.1.11" in leak.packet


def test_a_host_that_lets_strangers_in_is_found(bed: Tenants, parties: Parties) -> None:
    host = bed.network["host2"]
    kind = bed.dc.state.encapsulation
    saved = host.run("nft list table inet hnv_provider").stdout
    typed(bed.network, "host2", "nft delete table inet hnv_provider")
    try:
        report = look(bed, parties)
    finally:
        host.run(["nft", "-f", "-"], input=saved)
    if kind == "nvgre":
        report.require()  # its tunnels know the other end
        return
    leak = one(report, "VXLAN", "core:to-host2")
    assert leak.sender == "a stranger"
    assert any(place.startswith("host2:vx") for place in leak.path)
    look(bed, parties).require()


def one(report: IsolationReport, probe: str, starts: str) -> Leak:
    """The first leak of a kind of probe from an interface."""
    found = [leak for leak in report.leaks if leak.probe == probe and leak.path[0] == starts]
    assert found, f"no leak of {probe} from {starts}: {report!r}"
    return found[0]
