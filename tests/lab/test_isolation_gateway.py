"""Tenants of a multitenant gateway are isolated: over IPsec, over GRE, and against somebody with another's identity."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from waiting import until

from labs.two_tenants.lab import crossed, finds, names, set_up
from raslab.course.bed import Bed
from raslab.errors import TunnelRefusedError
from raslab.measure.isolation import IsolationReport, Parties
from raslab.measure.observable import ObservableNetwork
from raslab.services.strongswan import Charon, Shared
from topologies.two_tenants import PROVIDER, PROVIDER_ADDRESS, WOODGROVE, TwoTenants

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("vrf", "gre", "esp", "xfrm interface")]

CONTOSO_ADDRESS, MALLORY_ADDRESS = "198.51.100.1", "198.51.100.13"
OWN_SECRET, CONTOSOS_SECRET = "between mallory and the provider", "between c-ny and its provider"


class WithMallory(TwoTenants):
    """Mallory is a site of Woodgrove's that runs what it likes."""

    def build(self, rate_mbps: float | None = 100, delay_ms: float = 10.0) -> None:
        super().build(rate_mbps, delay_ms)
        self.addRouter("mallory")
        self._to_internet("mallory", MALLORY_ADDRESS, rate_mbps=rate_mbps, delay_ms=delay_ms)


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    bed = Bed("two-tenants", ObservableNetwork(WithMallory()))
    set_up(bed)
    woodgrove = bed.gateway(PROVIDER).routing_domain(WOODGROVE)
    woodgrove.add_vpn_s2s_interface(
        "to-mallory", destination=MALLORY_ADDRESS, authentication_method="PSKOnly", shared_secret=OWN_SECRET
    )
    with bed:
        names(bed)
        all_find_their_own(bed)
        yield bed


def all_find_their_own(bed: Bed) -> None:
    """Wait until each site finds its own tenant's virtual machine."""
    for source, wanted in (("c-pc", "c-vm"), ("w-pc", "w-vm"), ("w-sf", "w-vm")):
        until(f"{source} finds {wanted}", partial(finds(source, wanted), bed))


@pytest.fixture(scope="module")
def parties(bed: Bed) -> Parties:
    """Who is who, before anything is broken."""
    return bed.parties()


def test_tenants_of_the_gateway_are_found(parties: Parties) -> None:
    contoso, woodgrove, fabrikam = parties.tenants
    assert [one.name for one in parties.tenants] == ["Contoso", "Woodgrove", "Fabrikam"]
    assert set(contoso.nodes) == {"c-vm", "c-ny", "c-pc"}
    assert {"w-vm", "w-ny", "w-pc", "w-sfo", "w-sf"} <= set(woodgrove.nodes)
    assert fabrikam.nodes == ()
    assert parties.underlay == (PROVIDER_ADDRESS,)
    assert parties.strangers == ("inet",)


def test_tenants_of_the_gateway_are_isolated(bed: Bed) -> None:
    report = bed.check_isolation(forged=2000)
    report.require()
    summary = report.summary.set_index("probe")
    assert (summary.loc[["ICMP", "TCP", "BGP", "UDP", "ARP", "GRE"], "own_arrived"] > 0).all()
    assert summary.loc["forged at random", "crossing_sent"] == 2000
    assert (summary.loc[["ESP", "ESP in UDP", "IKE_SA_INIT"], "crossing_sent"] > 0).all()
    assert pairs_of(report, "genuine packet again") == {
        *(("a stranger", "Contoso"), ("a stranger", "Woodgrove"), ("Contoso", "Woodgrove"), ("Woodgrove", "Contoso"))
    }


def pairs_of(report: IsolationReport, kind: str) -> set[tuple[str, str]]:
    """Who has sent a kind of probe to whom."""
    rows = report.frame[report.frame["probe"] == kind]
    return set(zip(rows["sender"], rows["target"], strict=True))


@contextmanager
def without_replay_protection(bed: Bed) -> Iterator[None]:
    """The gateway does not remember which of Contoso's packets it has seen."""
    listed = bed[PROVIDER].run(f"ip xfrm state list src {CONTOSO_ADDRESS} dst {PROVIDER_ADDRESS}").stdout
    pattern = r"spi (0x\w+) reqid (\d+) [^$]*?aead (\S+) (0x\w+) (\d+)[^$]*?if_id (0x\w+)"
    associations = re.findall(pattern, listed)
    assert associations, listed

    def give(window: int) -> None:
        for spi, reqid, aead, key, bits, if_id in associations:
            one = f"src {CONTOSO_ADDRESS} dst {PROVIDER_ADDRESS} proto esp spi {spi}"
            rest = f"reqid {reqid} mode tunnel flag af-unspec if_id {if_id} replay-window {window}"
            for line in (f"delete {one}", f"add {one} {rest} aead {aead} {key} {bits}"):
                done = bed[PROVIDER].run(f"ip xfrm state {line}")
                assert done.status == 0, done.stderr

    give(0)
    try:
        yield
    finally:
        give(32)


def test_ipsec_packets_that_come_out_again_are_found_where_they_do(bed: Bed, parties: Parties) -> None:
    """The twin of those that do not: whoever sends them from whichever address, they come out at their own tenant's."""
    with without_replay_protection(bed):
        report = bed.check_isolation(parties)
    assert report.leaks, report.verdict
    assert {leak.probe for leak in report.leaks} == {"genuine packet again"}
    assert {(leak.sender, leak.tenant) for leak in report.leaks} == {
        *(("a stranger", "Contoso"), ("Woodgrove", "Contoso"))
    }
    leak = next(leak for leak in report.leaks if leak.sender == "Woodgrove")
    assert leak.path[0] in ("w-ny:wan0", "w-sfo:wan0", "mallory:wan0")
    assert {"csp:wan0", "csp:to-c-ny"} <= set(leak.path)
    all_find_their_own(bed)
    bed.check_isolation(parties).require()


def test_interfaces_in_the_wrong_routing_domains_are_found(bed: Bed, parties: Parties) -> None:
    with crossed(bed):
        until("c-pc finds the other's server", lambda: finds("c-pc", "w-vm")(bed))
        report = bed.check_isolation(parties, deadline_s=1.0)
    leaks = [leak for leak in report.leaks if leak.sender == "Contoso" and leak.path[0] == "c-pc:lan0"]
    assert any(leak.path[-3:] == ("csp:vrf-Contoso", "csp:woodgrove0", "w-vm:lan0") for leak in leaks)
    assert {leak.tenant for leak in leaks} == {"Woodgrove"}
    all_find_their_own(bed)


def test_a_route_into_anothers_tunnel_is_found(bed: Bed, parties: Parties) -> None:
    line = "10.2.0.0/24 dev to-w-sfo vrf vrf-Contoso"
    assert bed[PROVIDER].run(f"ip route add {line}").status == 0
    try:
        report = bed.check_isolation(parties)
    finally:
        bed[PROVIDER].run(f"ip route del {line}")
    leaks = [leak for leak in report.leaks if leak.probe == "ICMP" and leak.path[0] == "c-vm:lan0"]
    assert leaks, report.verdict
    assert leaks[0].path[:4] == ("c-vm:lan0", "csp:contoso0", "csp:vrf-Contoso", "csp:to-w-sfo")
    assert leaks[0].path[-1].startswith("w-sf:")
    assert "ICMP 10.0.0.1 > 10.2.0.1 echo-request" in leaks[0].packet


def mallory(identity: str, secret: str) -> Charon:
    """What Mallory runs."""
    connection = {
        "version": "2",
        "local_addrs": [MALLORY_ADDRESS],
        "remote_addrs": [PROVIDER_ADDRESS],
        "local": {"auth": "psk", "id": identity},
        "remote": {"auth": "psk", "id": PROVIDER_ADDRESS},
        "children": {"net": {"local_ts": ["0.0.0.0/0"], "remote_ts": ["0.0.0.0/0"], "if_id_in": "7", "if_id_out": "7"}},
    }
    return Charon(connections={"csp": connection}, secrets={"psk": Shared("IKE", secret, (PROVIDER_ADDRESS, identity))})


@pytest.mark.parametrize("secret", [OWN_SECRET, CONTOSOS_SECRET])
def test_nobody_comes_in_with_anothers_identity(bed: Bed, secret: str) -> None:
    bed.services.apply({"mallory": [mallory(CONTOSO_ADDRESS, secret)]})
    with pytest.raises(TunnelRefusedError, match="AUTHENTICATION_FAILED"):
        bed.services.vici("mallory").initiate("csp", "net")
    assert finds("c-pc", "c-vm")(bed)


def test_with_its_own_identity_mallory_comes_in(bed: Bed) -> None:
    bed.services.apply({"mallory": [mallory(MALLORY_ADDRESS, OWN_SECRET)]})
    bed.services.vici("mallory").initiate("csp", "net")
    (state,) = bed.gateway(PROVIDER).routing_domain(WOODGROVE).get_vpn_s2s_interface("to-mallory")
    assert state.connection_state == "Connected"
