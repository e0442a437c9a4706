"""What the statistics of a session say, beside what has passed on its wire."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import pytest
from bgp_wire import messages
from star import NUMBERS, Routers, Star, lans
from two_sites import until

from raslab.gateway.records import BgpStatistics
from raslab.measure import capture
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("veth")]

HERE, THERE = "10.12.0.1", "10.12.0.2"
UPDATE, KEEPALIVE = 2, 4  # RFC 4271, 4.1


@pytest.fixture
def routers() -> Iterator[Routers]:
    """Routers with a keepalive each second."""
    with Network(Star()) as network:
        found = Routers(network)
        found.configure(hold_time_sec=3)
        until("all is up", found.converged)
        until("gw1 knows all", lambda: found.networks("gw1") == lans(1, 2, 3, 4))
        until("all know gw1", lambda: all("10.1.0.0/24" in found.networks(name) for name in NUMBERS))
        yield found


def of_gw2(routers: Routers) -> BgpStatistics:
    """gw1's statistics of its session with gw2."""
    return routers.gw1.get_bgp_statistics("gw2")[0]


def test_messages_are_counted_as_they_pass(routers: Routers) -> None:
    # A session begins with routes, answers to route refreshes and, a second later, what changed route-maps let pass.
    until("the beginning is over", lambda: (of_gw2(routers).up_s or 0) >= 4)
    before = of_gw2(routers)
    with capture(routers.network["gw1"].intf("west"), "tcp port 179") as seen:
        for _ in range(3):
            routers.gw2.remove_bgp_custom_route(network="10.2.0.0/24")
            until("the route is gone", lambda: "10.2.0.0/24" not in routers.networks("gw1"))
            routers.gw2.add_bgp_custom_route(network="10.2.0.0/24")
            until("the route is back", lambda: "10.2.0.0/24" in routers.networks("gw1"))
        time.sleep(5)  # keepalives are what is counted, one each second
        after = of_gw2(routers)
    passed = Counter((source, kind) for source, kind, _ in messages(seen.packets))
    assert passed[THERE, UPDATE] >= 6
    assert after.update_received - before.update_received == passed[THERE, UPDATE]
    assert after.update_sent - before.update_sent == passed[HERE, UPDATE]
    # One may pass between the count and the capture.
    assert after.keepalive_received - before.keepalive_received == pytest.approx(passed[THERE, KEEPALIVE], abs=1)
    assert after.keepalive_sent - before.keepalive_sent == pytest.approx(passed[HERE, KEEPALIVE], abs=1)
    assert passed[THERE, KEEPALIVE] >= 4
    assert after.ipv4_prefixes_received == 1
    assert (after.open_received, after.notification_received) == (before.open_received, before.notification_received)


def test_a_session_that_is_stopped_says_goodbye_and_counts_on(routers: Routers) -> None:
    before = routers.gw2.get_bgp_statistics("gw1")[0]
    assert before.up_s is not None
    routers.gw1.stop_bgp_peer("gw2")
    until("gw2 has heard", lambda: routers.gw2.get_bgp_statistics("gw1")[0].up_s is None)
    until("its prefixes are gone", lambda: routers.gw2.get_bgp_statistics("gw1")[0].ipv4_prefixes_received == 0)
    after = routers.gw2.get_bgp_statistics("gw1")[0]
    assert after.notification_received > before.notification_received
    routers.gw1.start_bgp_peer("gw2")
    until("the session is back", lambda: routers.gw2.get_bgp_peer("gw1")[0].connectivity_status == "Connected")
