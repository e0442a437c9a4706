"""From virtual machines through a multitenant gateway to the physical world, for two tenants who look alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from waiting import until

from raslab.course.bed import Bed
from raslab.measure.observable import ObservableNetwork
from topologies.datacenter import Datacenter

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("vrf", "gre", "vxlan", "netem")]

OUTSIDE = {"gw": "203.0.113.1", "edge": "203.0.113.2"}
SERVER, SERVERS = "10.50.0.1", "10.50.0.0/24"
TENANTS = {"Contoso": 5001, "Fabrikam": 6001}


class CloudEdge(Datacenter):
    """The datacenter with a gateway that lives in it, and an edge router with a server for each tenant."""

    def build(self) -> None:
        super().build()
        for router in OUTSIDE:
            self.addRouter(router)
        ends = [{"name": "wan0", "ips": [f"{address}/24"]} for address in OUTSIDE.values()]
        self.addLink(*OUTSIDE, params1=ends[0], params2=ends[1], rate_mbps=1000, delay_ms=1)
        for tenant in map(str.lower, TENANTS):
            self.addHost(f"{tenant}-server", defaultRoute="via 10.50.0.254")
            inside = {"name": tenant, "ips": ["10.50.0.254/24"]}
            self.addLink(f"{tenant}-server", "edge", params1={"ips": [f"{SERVER}/24"]}, params2=inside)


@pytest.fixture(params=["vxlan", "nvgre"])
def bed(request: pytest.FixtureRequest) -> Iterator[Bed]:
    """Two tenants with equal virtual networks and equal physical ones, joined by GRE with a key each."""
    bed = Bed("cloud-edge", ObservableNetwork(CloudEdge()))
    dc = bed.datacenter(encapsulation=request.param)
    dc.add_compute_host("host1", "192.168.1.10")
    dc.add_compute_host("host2", "192.168.2.20")
    for node in OUTSIDE:
        bed.gateway(node).install_remote_access(multi_tenancy=True)
    for tenant, vsid in TENANTS.items():
        name = tenant.lower()
        dc.add_virtual_network(tenant)
        dc.add_virtual_subnet(tenant, vsid, "10.1.1.0/24")
        dc.attach(f"{name}-sql", vsid, host="host1", addresses="10.1.1.11/24")
        port: dict[str, Any] = {"interface": name, "default_route": False, "routes_for_others": True}
        dc.attach("gw", vsid, host="host2", addresses="10.1.1.254/24", **port)
        dc.add_route(tenant, "default", "10.1.1.254")
        for node, other, subnet in (("gw", "edge", SERVERS), ("edge", "gw", "10.1.1.0/24")):
            gateway = bed.gateway(node)
            gateway.enable_remote_access_routing_domain(tenant, interfaces=name)
            gateway.routing_domain(tenant).add_gre_interface(
                f"gre-{name}",
                source_ip_address=OUTSIDE[node],
                destination=OUTSIDE[other],
                gre_key=vsid,
                ipv4_subnet=subnet,
            )
    with bed:
        bed.greet(*(f"{tenant.lower()}-server" for tenant in TENANTS))
        yield bed


def everybody_finds_his_own(bed: Bed) -> bool:
    names = [tenant.lower() for tenant in TENANTS]
    return [bed.who_answers(f"{name}-sql", SERVER) for name in names] == [f"{name}-server" for name in names]


def test_virtual_machines_find_their_own_servers(bed: Bed) -> None:
    until("everybody finds his own", lambda: everybody_finds_his_own(bed))
    bed.datacenter().remove_route("Contoso", "default")
    assert bed.who_answers("contoso-sql", SERVER).startswith("nobody")
    assert bed.who_answers("fabrikam-sql", SERVER) == "fabrikam-server"


def test_machine_and_gateway_may_move(bed: Bed) -> None:
    until("everybody finds his own", lambda: everybody_finds_his_own(bed))
    for node, host in (("contoso-sql", "host2"), ("gw", "host1")):
        bed.datacenter().migrate(node, host)
        until(f"{node} works from {host}", lambda: everybody_finds_his_own(bed))
    bed.gateway("gw").disable_remote_access_routing_domain("Contoso")
    assert bed.who_answers("contoso-sql", SERVER).startswith("nobody")
    assert bed.who_answers("fabrikam-sql", SERVER) == "fabrikam-server"


def test_the_tenants_are_isolated(bed: Bed) -> None:
    until("everybody finds his own", lambda: everybody_finds_his_own(bed))
    report = bed.check_isolation()
    assert report.unproven == ()
    assert report.leaks == ()
