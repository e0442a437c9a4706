"""Two sites and a cloud: who learns what, and how long it takes until traffic takes the other path."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from waiting import until

import raslab
from raslab.notebook.lab import Lab

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("gre", "netem")]

ASNS = {"ny": 64512, "csp": 64513, "sf": 64514}
NETWORKS = {"ny": "10.1.0.0/24", "csp": "10.0.0.0/24", "sf": "10.2.0.0/24"}
TUNNELS = {("ny", "csp"): ("198.51.100", "10.255.1"), ("csp", "sf"): ("203.0.113", "10.255.2")}
TUNNELS |= {("ny", "sf"): ("192.0.2", "10.255.3")}
DIRECT_RTT_MS = 40.0
INTERVAL_MS, MULTIPLIER = 50, 3
BFD = {"bfd": True, "bfd_interval_ms": INTERVAL_MS, "bfd_multiplier": MULTIPLIER}
FRR_GATHERS_MS = 60.0  # bgpd's process queue waits 50 ms for more, zebra's 10 ms


def joined(transit: Iterable[str], **peer: object) -> Lab:
    """The lab, not started; tunnels and sessions between all gateways. transit: sites that pass routes on."""
    lab = raslab.lab("two-sites-and-csp")
    for site, asn in ASNS.items():
        gateway = lab.gateway(f"{site}gw")
        gateway.install_remote_access(vpn_type="VpnS2S")
        identifier = NETWORKS[site].replace("0/24", "254")
        gateway.add_bgp_router(bgp_identifier=identifier, local_asn=asn, transit_routing=site in transit)
        gateway.add_bgp_custom_route(network=NETWORKS[site])
    for pair, (line, tunnel) in TUNNELS.items():
        for site, other, mine, theirs in ((*pair, 1, 2), (*pair[::-1], 2, 1)):
            gateway = lab.gateway(f"{site}gw")
            gateway.add_gre_interface(
                f"to-{other}",
                source_ip_address=f"{line}.{mine}",
                destination=f"{line}.{theirs}",
                ipv4_address=f"{tunnel}.{mine}/30",
            )
            gateway.add_bgp_peer(
                other,
                local_ip_address=f"{tunnel}.{mine}",
                peer_ip_address=f"{tunnel}.{theirs}",
                peer_asn=ASNS[other],
                **peer,
            )
    return lab


def as_paths(lab: Lab, site: str) -> list[str]:
    """The AS paths by which New York's gateway knows a site's network, the shortest first."""
    known = lab.gateway("nygw").get_bgp_route_information(NETWORKS[site])
    return sorted((route.as_path for route in known), key=len)


def bfd_sessions_up(lab: Lab) -> bool:
    """Both sessions of each gateway have left the slow beat with which BFD begins (RFC 5880, section 6.8.3)."""
    found = [
        peer
        for site in ASNS
        for peer in lab.services.vty(f"{site}gw", "bfdd").show("show bfd peers json")
        if peer["status"] == "up" and peer["remote-transmit-interval"] == INTERVAL_MS
    ]
    return len(found) == 2 * len(ASNS)


@pytest.mark.virtual
def test_traffic_takes_the_other_path_soon_after_bfd_has_noticed_and_nothing_is_lost_on_the_way_back() -> None:
    with joined(["csp"], hold_time_sec=9, **BFD) as lab:
        until("ny knows sf by two paths", lambda: as_paths(lab, "sf") == ["64514", "64513 64514"])
        sfgw = lab.gateway("sfgw")
        until("sf knows ny by two paths", lambda: len(sfgw.get_bgp_route_information(NETWORKS["ny"])) == 2)
        until("BFD is up everywhere", lambda: bfd_sessions_up(lab))
        lab.run_for(1)
        with lab.outage("ny", "sf", interval_s=0.002) as cut:
            lab.run_for(0.2)
            lab.cut("nygw-sfgw")
            lab.run_for(1)
        (gap,) = cut.frame.to_dict("records")
        assert gap["ended"]
        longest = DIRECT_RTT_MS + MULTIPLIER * INTERVAL_MS + FRR_GATHERS_MS
        assert longest - INTERVAL_MS - 10 <= cut.outage_ms <= longest + 15
        assert 1000 * (gap["end_s"] - 0.2) < 250  # from the cut on
        assert cut.probes["rtt_ms"].iloc[-1] == pytest.approx(60, rel=0.05)
        assert as_paths(lab, "sf") == ["64513 64514"]
        with lab.outage("ny", "sf", interval_s=0.01) as mended:
            lab.restore("nygw-sfgw")
            until("the short path is back", lambda: as_paths(lab, "sf") == ["64514", "64513 64514"])
            lab.run_for(1)
        assert mended.lost == 0
        assert mended.probes["rtt_ms"].iloc[-1] == pytest.approx(DIRECT_RTT_MS, rel=0.05)


@pytest.mark.virtual
def test_without_bfd_traffic_takes_the_other_path_within_a_second_of_the_hold_time() -> None:
    with joined(["csp"], hold_time_sec=9) as lab:
        until("ny knows sf by two paths", lambda: as_paths(lab, "sf") == ["64514", "64513 64514"])
        sfgw = lab.gateway("sfgw")
        until("sf knows ny by two paths", lambda: len(sfgw.get_bgp_route_information(NETWORKS["ny"])) == 2)
        until("ny reaches sf", lambda: lab.reaches("ny", "sf", count=1))
        with lab.outage("ny", "sf", interval_s=0.01) as cut:
            lab.run_for(0.5)
            lab.cut("nygw-sfgw")
            lab.run_for(12)
        (gap,) = cut.frame.to_dict("records")
        assert gap["ended"]
        assert 9 - 3 - 1 < gap["end_s"] - 0.5 < 9 + 1  # a keepalive every 3 s, the last one up to 3 s before the cut


def test_without_transit_there_is_no_other_path() -> None:
    with joined([], hold_time_sec=9) as lab:  # so long that a busy computer does not end the other sessions
        until("ny knows sf", lambda: as_paths(lab, "sf") == ["64514"])
        for there in ("sf", "vm"):
            until(f"ny reaches {there}", lambda there=there: lab.reaches("ny", there, count=1))
        lab.cut("nygw-sfgw")
        until("the route is gone", lambda: as_paths(lab, "sf") == [])
        lost = lab.reaches("ny", "sf")
        assert not lost
        assert "Destination Net Unreachable" in repr(lost)
        until("ny reaches vm, as before", lambda: lab.reaches("ny", "vm"))
