"""How long route flap dampening holds a route back, and what changes that."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from star import Routers, Star
from two_sites import until

from raslab.errors import GatewayRefusedError
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("veth"), pytest.mark.virtual]

FLAPPING = "10.2.0.0/24"
LOOKS_EVERY_S = 10  # bgpd, at what it holds back


@pytest.fixture
def routers() -> Iterator[Routers]:
    """Routers that know each other's LANs."""
    with Network(Star()) as network:
        found = Routers(network)
        found.configure()
        until("gw1 knows gw2", lambda: FLAPPING in found.networks("gw1"))
        yield found


def states(routers: Routers) -> list[str]:
    """Of the flapping network's paths at gw1."""
    return [one.state for one in routers.gw1.get_bgp_route_information(FLAPPING)]


def flap(routers: Routers) -> None:
    """Withdraw a network and tell of it again, as soon as gw1 has noticed."""
    routers.gw2.remove_bgp_custom_route(network=FLAPPING)
    until("it is withdrawn", lambda: FLAPPING not in routers.networks("gw1"))
    routers.gw2.add_bgp_custom_route(network=FLAPPING)
    until("it is told of", lambda: states(routers) in (["Best"], ["Damped"]))


def held_back_s(routers: Routers) -> float:
    """How long the network is held back from now on."""
    begin = time.monotonic()
    until("the route is used again", lambda: states(routers) == ["Best"], 900)
    return time.monotonic() - begin


@pytest.mark.parametrize("half_life", [60, 120])
def test_a_route_is_held_back_until_its_penalty_has_halved(routers: Routers, half_life: int) -> None:
    """One withdrawal costs 1000, and 500 is where the route is used again (RFC 2439, 4.2)."""
    routers.gw1.enable_bgp_route_flap_dampening(
        half_life=half_life, suppress_threshold=900, reuse_threshold=500, max_suppress_time=600
    )
    flap(routers)
    assert states(routers) == ["Damped"]
    assert held_back_s(routers) == pytest.approx(half_life, abs=LOOKS_EVERY_S + 5)


def test_settings_change_while_it_runs_and_it_can_be_off(routers: Routers) -> None:
    with pytest.raises(GatewayRefusedError, match="is off: call enable_bgp_route_flap_dampening first"):
        routers.gw1.set_bgp_route_flap_dampening(suppress_threshold=900)
    routers.gw1.enable_bgp_route_flap_dampening()
    flap(routers)
    assert states(routers) == ["Best"]  # one withdrawal is not enough with the defaults
    routers.gw1.set_bgp_route_flap_dampening(suppress_threshold=900, reuse_threshold=500)
    flap(routers)
    assert states(routers) == ["Damped"]
    routers.gw1.disable_bgp_route_flap_dampening()
    until("it is used", lambda: states(routers) == ["Best"])
    flap(routers)
    assert states(routers) == ["Best"]
