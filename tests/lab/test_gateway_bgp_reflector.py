"""A route reflector on the wire (RFC 4456): whose routes it passes on to whom, and what it writes into them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from star import NUMBERS, Routers, Star, lans
from two_sites import until

from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("veth")]


@pytest.fixture
def routers() -> Iterator[Routers]:
    """gw1 reflects for gw2 and gw3, not for core; all are of one AS and know the way to each other."""
    with Network(Star()) as network:
        for name, via, subnets in (
            ("gw2", "10.12.0.1", ("10.13.0.0/24", "10.14.0.0/24")),
            ("gw3", "10.13.0.1", ("10.12.0.0/24", "10.14.0.0/24")),
            ("core", "10.14.0.1", ("10.12.0.0/24", "10.13.0.0/24")),
        ):
            for subnet in subnets:
                network.addRoute(name, subnet, via=via)
        found = Routers(network)
        found.configure(asns=dict.fromkeys(NUMBERS, 64512), router={"route_reflector": True})
        with found.gw1.changing():
            for peer in ("gw2", "gw3"):
                found.gw1.set_bgp_peer(peer, route_reflector_client=True)
        until("clients know all", lambda: found.networks("gw2") == found.networks("gw3") == lans(1, 2, 3, 4))
        yield found


def cluster_list(routers: Routers) -> list[str]:
    """The clusters that gw3's LAN has come through, as gw2 was told."""
    told = routers.services.vty("gw2", "bgpd").show("show bgp ipv4 unicast 10.3.0.0/24 json")
    return [one for path in told.get("paths", ()) for one in path.get("clusterList", {}).get("list", ())]


def test_the_cluster_is_the_identifier_unless_it_has_a_number(routers: Routers) -> None:
    assert cluster_list(routers) == ["10.1.0.254"]
    routers.gw1.set_bgp_router(cluster_id=258)
    until("the number is told", lambda: cluster_list(routers) == ["0.0.1.2"])
    routers.gw1.set_bgp_router(cluster_id=None)
    until("the identifier is told again", lambda: cluster_list(routers) == ["10.1.0.254"])


def test_clients_that_talk_to_each_other_need_no_reflection(routers: Routers) -> None:
    """Routes of a client still go to those that are no clients, and the other way round."""
    routers.gw1.set_bgp_router(client_to_client_reflection=False)
    until("clients know no other client", lambda: routers.networks("gw2") == lans(1, 2, 4))
    until("nor does the other", lambda: routers.networks("gw3") == lans(1, 3, 4))
    until("core knows all", lambda: routers.networks("core") == lans(1, 2, 3, 4))
    until("the kernel follows", lambda: "proto bgp" not in routers.kernel("gw2", "10.3.0.0/24"))
    routers.gw1.set_bgp_router(client_to_client_reflection=True)
    until("clients know all again", lambda: routers.networks("gw2") == routers.networks("gw3") == lans(1, 2, 3, 4))
