"""What engineers expect of BGP beyond the cmdlets: each with and without."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from star import Routers, Star, lans
from two_sites import until

from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("veth")]


@pytest.fixture
def routers() -> Iterator[Routers]:
    """Four routers that know each other."""
    with Network(Star()) as network:
        found = Routers(network)
        found.configure(hold_time_sec=3)
        until("all is up", found.converged)
        until("gw1 knows all", lambda: found.networks("gw1") == lans(1, 2, 3, 4))
        yield found


def test_inside_an_as_the_next_hop_is_the_gateway_if_it_is_to_be(routers: Routers) -> None:
    def of_gw2() -> set[tuple[str, str]]:
        return {(one.next_hop, one.state) for one in routers.core.get_bgp_route_information("10.2.0.0/24")}

    until("core cannot use it", lambda: of_gw2() == {("10.12.0.2", "Unresolved")})
    routers.gw1.set_bgp_peer("core", next_hop_self=True)
    until("core can", lambda: of_gw2() == {("10.14.0.1", "Best")})
    routers.gw1.set_bgp_peer("core", next_hop_self=False)
    until("it cannot again", lambda: of_gw2() == {("10.12.0.2", "Unresolved")})


def test_a_peer_is_told_a_default_route_if_it_is_to_be(routers: Routers) -> None:
    routers.gw1.set_bgp_peer("gw2", default_originate=True)
    until("gw2 has it", lambda: "0.0.0.0/0" in routers.networks("gw2"))
    assert "0.0.0.0/0" not in routers.networks("gw3") | routers.networks("gw1")
    routers.gw1.set_bgp_peer("gw2", default_originate=False)
    until("it is gone", lambda: "0.0.0.0/0" not in routers.networks("gw2"))
