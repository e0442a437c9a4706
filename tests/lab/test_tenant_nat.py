"""NAT44 of two tenants with equal addresses: each has its own addresses outside, and nobody meets the other."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from two_tenants import NAMES, OUTSIDE, SERVER, SITES, Tenants, TwoTenants, until

from labs.tenant_nat.lab import set_up
from raslab.course.bed import Bed
from raslab.gateway.transition import Transition
from raslab.measure import capture
from raslab.measure.observable import ObservableNetwork
from raslab.net import Network
from raslab.services.changes import Change, Declared
from topologies.tenant_nat import CONTOSO, WOODGROVE, TenantNat

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("nft nat")]

PUBLIC = {1: f"{OUTSIDE}.51", 2: f"{OUTSIDE}.52"}


@pytest.fixture
def tenants() -> Iterator[Tenants]:
    with Network(TwoTenants()) as network:
        yield Tenants(network)


def give_nat(tenants: Tenants, tenant: int) -> None:
    with tenants.csp.changing():
        domain = tenants.csp.routing_domain(NAMES[tenant])
        domain.new_net_nat("office", internal_ip_interface_address_prefix="10.1.0.0/24")
        domain.add_net_nat_external_address("office", PUBLIC[tenant])


def test_each_tenant_leaves_by_its_own_address_from_the_same_port(tenants: Tenants) -> None:
    tenants.serve("isp", 9000, "hello")
    assert tenants.fetch("vm1", SERVER, 9000) == ""
    for tenant in NAMES:
        give_nat(tenants, tenant)
    for tenant, public in PUBLIC.items():
        assert tenants.fetch(f"vm{tenant}", SERVER, 9000, own_port=40000) == f"hello {public} 40000"
    assert [tenants.pings(tenant, SERVER) for tenant in NAMES] == [1, 1]
    tenants.csp.routing_domain("Contoso").remove_net_nat("office")
    assert [tenants.pings(tenant, SERVER) for tenant in NAMES] == [0, 1]


def test_sessions_of_equal_addresses_are_kept_apart(tenants: Tenants) -> None:
    tenants.serve("isp", 9000, "hello")
    for tenant in NAMES:
        give_nat(tenants, tenant)
        tenants.fetch(f"vm{tenant}", SERVER, 9000, own_port=40000)
    found = tenants.csp.get_net_nat_session()
    assert [(one.routing_domain, one.internal_source_address, one.internal_source_port) for one in found] == [
        ("Contoso", "10.1.0.1", 40000),
        ("Woodgrove", "10.1.0.1", 40000),
    ]
    assert [one.external_source_address for one in found] == list(PUBLIC.values())
    assert tenants.csp.get_net_nat_session(routing_domain="Woodgrove") == found[1:]


def test_static_mappings_lead_to_the_tenant_whose_address_is_called(tenants: Tenants) -> None:
    for tenant, name in NAMES.items():
        tenants.serve(f"vm{tenant}", 8080, name)
        give_nat(tenants, tenant)
    assert tenants.fetch("isp", PUBLIC[1], 80) == ""
    for name in NAMES.values():
        tenants.csp.add_net_nat_static_mapping("office", "TCP", 80, "10.1.0.1", internal_port=8080, routing_domain=name)
    for tenant, name in NAMES.items():
        assert tenants.fetch("isp", PUBLIC[tenant], 80, own_port=41000).startswith(f"{name} {OUTSIDE}.254 41000")
        assert tenants.fetch("isp", PUBLIC[tenant], 8080) == ""
    assert tenants.fetch("isp", f"{OUTSIDE}.1", 80) == ""  # the node's own address is nobody's
    assert {one.direction for one in tenants.csp.get_net_nat_session()} == {"Inbound"}


def test_a_mapping_is_reached_from_inside_and_by_the_neighbour_as_from_the_internet(tenants: Tenants) -> None:
    for tenant, name in NAMES.items():
        tenants.serve(f"vm{tenant}", 8080, name)
        give_nat(tenants, tenant)
    for name in NAMES.values():
        tenants.csp.add_net_nat_static_mapping("office", "TCP", 80, "10.1.0.1", internal_port=8080, routing_domain=name)
    for tenant, other in ((1, 2), (2, 1)):
        # One's own server, and that of the neighbour, with equal addresses: each sees the caller's address outside.
        assert tenants.fetch(f"vm{tenant}", PUBLIC[tenant], 80, 42000).startswith(f"{NAMES[tenant]} {PUBLIC[tenant]}")
        assert tenants.fetch(f"vm{tenant}", PUBLIC[other], 80, 43000).startswith(f"{NAMES[other]} {PUBLIC[tenant]}")
        assert tenants.fetch(f"vm{tenant}", PUBLIC[other], 8080) == ""
    # The twin: who is not on the Internet reaches nobody there, and itself no longer.
    tenants.csp.routing_domain("Contoso").remove_net_nat("office")
    assert [tenants.fetch("vm1", PUBLIC[tenant], 80) for tenant in NAMES] == ["", ""]
    assert tenants.fetch("vm2", PUBLIC[2], 80).startswith("Woodgrove")


class OwnOutside(TwoTenants):
    """Contoso has an outside of its own besides."""

    def build(self) -> None:
        super().build()
        ends = {"name": "c-out", "ips": ["192.0.2.1/28"]}, {"name": "c-out", "ips": ["192.0.2.14/28"]}
        self.addLink("csp", "isp", params1=ends[0], params2=ends[1], rate_mbps=100, delay_ms=1)


def test_what_a_tenants_part_of_the_gateway_sends_keeps_its_address_on_an_outside_of_its_own() -> None:
    with Network(OwnOutside()) as network:
        tenants = Tenants(network)
        tenants.csp.set_remote_access_routing_domain("Contoso", interfaces=("tenant1", "c-out"))
        domain = tenants.csp.routing_domain("Contoso")
        domain.new_net_nat("office", external_ip_interface_address_prefix="192.0.2.0/28")
        domain.add_net_nat_external_address("office", "192.0.2.5")
        with capture(network["isp"].intf("c-out"), "icmp[0] == 8") as seen:
            own = network["csp"].run(["ping", "-c1", "-W1", "-I", "vrf-Contoso", "192.0.2.14"], timeout=10).stdout
            assert own.count("bytes from") == 1
            assert tenants.pings(1, "192.0.2.14") == 1
        assert list(seen.frame["source"]) == ["192.0.2.1", "192.0.2.5"]


def test_errors_on_the_way_find_the_tenant_too(tenants: Tenants) -> None:
    """A packet that lives for two routers only: the second one tells the external address that it has died."""
    for tenant in NAMES:
        give_nat(tenants, tenant)
    for tenant in NAMES:
        said = tenants.network[f"vm{tenant}"].run(["ping", "-c", "1", "-W", "1", "-t", "2", SITES[tenant]]).stdout
        assert f"From {OUTSIDE}.254 icmp_seq=1 Time to live exceeded" in said


def test_tenants_meet_on_the_internet_and_where_they_are_published_only(tenants: Tenants) -> None:
    for tenant in NAMES:
        give_nat(tenants, tenant)
        tenants.serve(f"vm{tenant}", 80, NAMES[tenant])
    assert tenants.fetch("vm1", PUBLIC[2], 80) == ""
    tenants.csp.add_net_nat_static_mapping("office", "TCP", 80, "10.1.0.1", routing_domain="Woodgrove")
    with capture(tenants.network["isp"].intf("csp"), "tcp[13] == 2") as seen:  # SYN
        assert tenants.fetch("vm1", PUBLIC[2], 80).startswith(f"Woodgrove {PUBLIC[1]} ")
    assert len(seen.frame) == 2  # to the provider, and back to where that address is
    assert tenants.fetch("vm2", PUBLIC[1], 80) == ""


@pytest.mark.needs("vrf")
@pytest.mark.parametrize("published", [False, True])
def test_tenants_behind_one_outside_are_isolated(published: bool) -> None:
    """Twin: what one tenant publishes the other one finds, as all the Internet does."""
    bed = Bed("tenant-nat", ObservableNetwork(TenantNat()))
    set_up(bed)
    for name in () if published else NAMES.values():
        bed.gateway("csp").remove_net_nat_static_mapping("office", "TCP", 80, routing_domain=name)
    with bed:
        # Addresses for the public are left out otherwise, as anybody may call them.
        public = (CONTOSO.public, WOODGROVE.public)
        parties = bed.parties()
        report = bed.check_isolation(replace(parties, underlay=(*parties.underlay, *public)))
    assert report.summary["crossing_sent"].sum() > 100
    assert report.unproven == ()
    assert {leak.probe for leak in report.leaks} == ({"TCP"} if published else set())


def test_what_no_translator_takes_does_not_leave(tenants: Tenants) -> None:
    """A source that is outside of the internal prefix would be somebody else's address on the Internet."""
    give_nat(tenants, 1)
    tenants.network.addAddress("vm1", "eth0", "10.1.9.9/32")
    assert tenants.network["vm1"].run(["ping", "-c", "1", "-W", "1", SERVER]).status == 0
    with capture(tenants.network["csp"].intf("wan0"), "icmp") as seen:
        tenants.network["vm1"].run(["ping", "-c", "1", "-W", "1", "-I", "10.1.9.9", SERVER])
        tenants.pings(1, SERVER)
    assert set(seen.frame["source"]) == {PUBLIC[1], SERVER}


PROBE = f"""
import socket, time
while True:
    socket.socket(2, 2).sendto(b"x", ("{SERVER}", 9))
    time.sleep(0.001)
"""


@pytest.mark.virtual
@pytest.mark.parametrize("rules_first", [True, False])
def test_no_packet_gets_out_before_the_rules_or_after_them(
    tenants: Tenants, monkeypatch: pytest.MonkeyPatch, rules_first: bool
) -> None:
    """Of the first tenant, at a probe each millisecond, on a computer where rules take a tenth of a second.

    Twin: the way out comes with all other routes, before the rules.
    """
    if not rules_first:
        monkeypatch.setattr(Transition, "first", property(lambda change: change))
    apply = tenants.services.apply

    def apply_slowly(wanted: Declared) -> tuple[Change, ...]:
        time.sleep(0.05)
        done = apply(wanted)
        time.sleep(0.05)
        return done

    monkeypatch.setattr(tenants.services, "apply", apply_slowly)
    wire = tenants.network["isp"].intf("csp")
    with (
        capture(wire, "udp port 9 and src net 10.0.0.0/8") as untranslated,
        capture(wire, f"udp port 9 and src host {PUBLIC[1]}") as translated,
    ):
        probe = tenants.network["vm1"].popen(["python3", "-c", PROBE])
        for _ in range(2):
            give_nat(tenants, 1)
            assert tenants.pings(1, SERVER, count=5) == 5
            tenants.csp.routing_domain("Contoso").remove_net_nat("office")
            assert tenants.pings(1, SERVER) == 0
        probe.terminate()
    assert len(translated.frame) > 300
    if rules_first:
        assert untranslated.frame.empty
    else:
        assert len(untranslated.frame) > 50


def test_a_tenant_with_an_outside_of_its_own(tenants: Tenants) -> None:
    """Contoso has a wire of its own to the provider, with addresses that the other tenant's outside has too."""
    network = tenants.network
    ends = {"name": "own0", "ips": [f"{OUTSIDE}.51/24"]}, {"name": "own", "ips": ["172.16.0.1/32"]}
    network.addRouter("other")
    network.addLink("csp", "other", params1=ends[0], params2=ends[1], rate_mbps=100, delay_ms=1)
    network.addAddress("other", "own", f"{OUTSIDE}.254/24")
    network.addAddress("other", "own", f"{SERVER}/32")
    tenants.csp.set_remote_access_routing_domain("Contoso", interfaces=("tenant1", "own0"))
    contoso = tenants.csp.routing_domain("Contoso")
    contoso.new_net_route("0.0.0.0/0", f"{OUTSIDE}.254")
    contoso.new_net_nat("office")
    give_nat(tenants, 2)
    tenants.serve("isp", 9000, "isp")
    tenants.serve("other", 9000, "other")
    assert tenants.fetch("vm1", SERVER, 9000, own_port=40000) == f"other {PUBLIC[1]} 40000"
    assert tenants.fetch("vm2", SERVER, 9000, own_port=40000) == f"isp {PUBLIC[2]} 40000"
    assert [one.routing_domain for one in tenants.csp.get_net_nat_session()] == ["Contoso", "Woodgrove"]


@pytest.mark.virtual
def test_each_tenant_has_time_outs_of_its_own(tenants: Tenants) -> None:
    """In the kernel's table, to the second, and by a flow of which one end is silent for half a minute."""
    times = {1: (15, 60), 2: (90, 600)}  # of UDP, and of TCP that stands

    def left(protocol: str) -> dict[str, int]:
        """Seconds until the newest session of a tenant is forgotten."""
        found = sorted(tenants.csp.get_net_nat_session(), key=lambda one: one.timeout_s)
        return {str(one.routing_domain): one.timeout_s for one in found if one.protocol == protocol}

    def hears_late() -> list[bool]:
        """Whether each tenant's host hears a server that thinks for half a minute."""
        server = tenants.network["isp"].popen(["python3", "-c", THINKER], stdout=subprocess.PIPE, text=True)
        assert server.stdout.readline() == "ready\n"
        askers = [tenants.network[f"vm{one}"].popen(ASKER, stdout=subprocess.PIPE, text=True) for one in NAMES]
        heard = [asker.communicate()[0] for asker in askers]
        server.kill()
        assert set(heard) <= {"answer\n", "silence\n"}
        return [one == "answer\n" for one in heard]

    for tenant in NAMES:
        give_nat(tenants, tenant)
    assert hears_late() == [False, False]  # the kernel's own time-out is 30 s
    for tenant, (udp, tcp) in times.items():
        values = {"udp_idle_session_timeout": udp, "tcp_established_connection_timeout": tcp}
        tenants.csp.set_net_nat("office", routing_domain=NAMES[tenant], **values)
    assert hears_late() == [False, True]
    listener = tenants.network["isp"].popen(["python3", "-c", LISTENER], stdout=subprocess.PIPE, text=True)
    assert listener.stdout.readline() == "ready\n"
    for tenant in NAMES:
        code = f"import socket; socket.socket(2, 2).sendto(b'x', ('{SERVER}', 9))"
        assert tenants.network[f"vm{tenant}"].run(["python3", "-c", code]).status == 0
        idle = tenants.network[f"vm{tenant}"].popen(["python3", "-c", IDLE], stdout=subprocess.PIPE, text=True)
        assert idle.stdout.readline() == "ready\n"
    found = tenants.csp.get_net_nat_session
    until("both connections stand", lambda: sum(one.state == "ESTABLISHED" for one in found()) == len(NAMES))
    udp, tcp = left("UDP"), left("TCP")
    for tenant, name in NAMES.items():
        assert times[tenant][0] - 2 <= udp[name] <= times[tenant][0]
        assert times[tenant][1] - 2 <= tcp[name] <= times[tenant][1]
    tenants.csp.set_net_nat("office", udp_idle_session_timeout=None, routing_domain="Woodgrove")
    assert hears_late() == [False, False]


THINKER = f"""
import socket, threading
s = socket.socket(2, 2)
s.bind(("{SERVER}", 9000))
print("ready", flush=True)
while True:
    _, asker = s.recvfrom(100)
    threading.Timer(32, s.sendto, (b"answer", asker)).start()
"""
ASKER = [
    "python3",
    "-c",
    "import socket\n"
    "s = socket.socket(2, 2); s.settimeout(40)\n"
    f"s.sendto(b'x', ('{SERVER}', 9000))\n"
    "try:\n"
    "    print(s.recv(100).decode())\n"
    "except TimeoutError:\n"
    "    print('silence')\n",
]
LISTENER = """
import socket
s = socket.create_server(("", 7))
print("ready", flush=True)
callers = []
while True:
    callers.append(s.accept())
"""
IDLE = f"""
import socket
s = socket.create_connection(("{SERVER}", 7))
print("ready", flush=True)
s.recv(1)
"""


def test_ports_are_open_to_all_for_one_tenant_only(tenants: Tenants) -> None:
    for tenant in NAMES:
        give_nat(tenants, tenant)

    def answered(tenant: int) -> bool:
        """True if a tenant's host hears a third party that sends to the port that it has outside."""
        listen = (
            "import socket\n"
            "s = socket.socket(2, 2); s.settimeout(1.5)\n"
            f"s.bind(('', 40000)); s.sendto(b'x', ('{SERVER}', 9))\n"
            "print('sent', flush=True)\n"
            "try:\n"
            "    print(s.recv(10).decode())\n"
            "except TimeoutError:\n"
            "    print('silence')\n"
        )
        process = tenants.network[f"vm{tenant}"].popen(["python3", "-c", listen], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "sent\n"
        until(
            "the translation is known",
            lambda: [one for one in tenants.csp.get_net_nat_session() if one.routing_domain == NAMES[tenant]],
        )
        send = f"import socket; socket.socket(2, 2).sendto(b'hello', ('{PUBLIC[tenant]}', 40000))"
        tenants.network["site1"].run(["python3", "-c", send], timeout=10)
        return bool(process.stdout.readline() == "hello\n")

    assert [answered(tenant) for tenant in NAMES] == [False, False]
    tenants.csp.set_net_nat("office", udp_filtering_behavior="EndpointIndependent", routing_domain="Woodgrove")
    assert [answered(tenant) for tenant in NAMES] == [False, True]


def test_the_next_tenant_does_not_inherit_connections(tenants: Tenants) -> None:
    """It may get the number of one that is gone, and with that its zone and its table."""
    give_nat(tenants, 1)
    assert tenants.pings(1, SERVER) == 1
    assert len(tenants.csp.get_net_nat_session()) == 1
    tenants.csp.disable_remote_access_routing_domain("Contoso")
    tenants.csp.enable_remote_access_routing_domain("Fabrikam", interfaces="tenant1")
    assert tenants.csp.get_remote_access_routing_domain("Fabrikam")[0].table == 1001
    assert tenants.csp.get_net_nat_session() == ()
    assert tenants.pings(1, SERVER) == 0
