"""Which of several paths gets into the kernel: MED, equal paths, the default route as a next hop's, aggregates."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from star import ASNS, NUMBERS, Routers, Star, lans
from two_sites import until

from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("veth")]

SHARED = "172.16.0.0/16"
WEST, EAST = "via 10.12.0.2", "via 10.13.0.2"


@pytest.fixture
def routers() -> Iterator[Routers]:
    """Four routers that run and know nothing; gw2 and gw3 both have a route to SHARED."""
    with Network(Star()) as network:
        for name in ("gw2", "gw3"):
            network.addRoute(name, SHARED, dev="lan0")
        yield Routers(network)


def announce(routers: Routers, name: str, med: int) -> None:
    """Let a router announce SHARED to gw1 with a MED."""
    gateway = routers.all[name]
    gateway.add_bgp_routing_policy("cost", "ModifyAttribute", match_prefix=SHARED, new_med=med)
    gateway.add_bgp_routing_policy_for_peer("gw1", "cost", "Egress")
    gateway.add_bgp_custom_route(network=SHARED)
    until(
        f"gw1 knows the path by {name}",
        lambda: (name, med) in {(one.learnt_from, one.med) for one in routers.gw1.get_bgp_route_information(SHARED)},
    )


def test_med_of_different_neighbours_counts_only_if_it_is_asked_to(routers: Routers) -> None:
    routers.configure()
    announce(routers, "gw2", 20)
    announce(routers, "gw3", 10)
    until("gw1 uses the path that it knew first", lambda: WEST in routers.kernel("gw1", SHARED))
    assert EAST not in routers.kernel("gw1", SHARED)
    routers.gw1.set_bgp_router(compare_med_across_asn=True)
    until("gw1 uses the path with the lower MED", lambda: EAST in routers.kernel("gw1", SHARED))


def test_equal_paths_are_used_side_by_side(routers: Routers) -> None:
    routers.configure(asns=ASNS | {"gw3": ASNS["gw2"]})
    announce(routers, "gw2", 10)
    announce(routers, "gw3", 20)
    until("gw1 uses the better path", lambda: WEST in routers.kernel("gw1", SHARED))
    assert EAST not in routers.kernel("gw1", SHARED)  # the twin: of one AS, a higher MED is worse
    routers.gw3.set_bgp_routing_policy("cost", new_med=10)
    until("gw1 uses both", lambda: WEST in routers.kernel("gw1", SHARED) and EAST in routers.kernel("gw1", SHARED))
    routers.gw2.remove_bgp_custom_route(network=SHARED)
    until("gw1 uses the one that is left", lambda: WEST not in routers.kernel("gw1", SHARED))
    assert EAST in routers.kernel("gw1", SHARED)


def test_the_default_route_leads_to_next_hops_only_if_it_may(routers: Routers) -> None:
    routers.configure()
    routers.network.addRoute("core", "default", via="10.14.0.1")

    def states() -> set[str]:
        return {one.state for one in routers.core.get_bgp_route_information("10.2.0.0/24")}

    until("core is told", lambda: states() == {"Unresolved"})
    until("core uses gw1's own network", lambda: "proto bgp" in routers.kernel("core", "10.1.0.0/24"))
    assert routers.kernel("core", "10.2.0.0/24") == ""
    routers.core.set_bgp_router(default_gateway_routing=True)
    until("core uses the route", lambda: "via 10.14.0.1" in routers.kernel("core", "10.2.0.0/24"))
    routers.core.set_bgp_router(default_gateway_routing=False)
    until("core no longer uses it", lambda: routers.kernel("core", "10.2.0.0/24") == "")


def test_an_aggregate_names_its_parts_if_it_is_to_and_takes_attributes(routers: Routers) -> None:
    routers.configure(router={"transit_routing": True})
    until("gw3 knows the parts", lambda: routers.networks("gw3") == lans(*NUMBERS.values()))

    def at_gw3() -> list[tuple[str, int | None]]:
        return [(one.as_path, one.med) for one in routers.gw3.get_bgp_route_information("10.0.0.0/13")]

    routers.gw1.add_bgp_routing_policy("costly", "ModifyAttribute", force=True, new_med=50)
    routers.gw1.add_bgp_route_aggregate("10.0.0.0/13")
    until("the path says nothing of the parts", lambda: at_gw3() == [("64512", 0)])
    until("the parts are still told", lambda: "10.2.0.0/24" in routers.networks("gw3"))
    routers.gw1.set_bgp_route_aggregate("10.0.0.0/13", preserve_as_path=True, attribute_policy="costly")
    until("gw3 refuses a path in which its own AS is (RFC 4271, 9.1.2)", lambda: at_gw3() == [])
    until(
        "core is told of all the parts",
        lambda: (
            [
                (set(one.as_path.strip("{}").split(",")), one.med)
                for one in routers.core.get_bgp_route_information("10.0.0.0/13")
            ]
            == [({"64513", "64514"}, 50)]
        ),
    )
