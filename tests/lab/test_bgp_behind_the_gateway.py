"""BGP and VPN that end on different boxes: a session through the tunnel, which needs the gateway to tell the way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bgp_wire import hops_left

import raslab
from raslab.notebook.lab import Lab

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface", "netem")]

TOPOLOGY = Path(__file__).parents[2] / "topologies" / "bgp_behind_the_gateway.py"
ENDS = {"gw": ("198.51.100.2", "10.255.0.1/30", ()), "cspgw": ("203.0.113.1", "10.255.0.2/30", ("10.1.0.0/30:100",))}


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Running, with the tunnel and with the external session between core and cspgw; nothing between core and gw."""
    with raslab.lab("bgp-behind-the-gateway") as found:
        core, gw, cspgw = (found.gateway(name) for name in ("core", "gw", "cspgw"))
        for gateway, (destination, inside, subnets) in zip((gw, cspgw), ENDS.values(), strict=True):
            gateway.install_remote_access()
            gateway.add_vpn_s2s_interface(
                "tunnel",
                destination=destination,
                authentication_method="PSKOnly",
                shared_secret="secret",
                ipv4_address=inside,
                ipv4_subnet=subnets,
            )
        gw.connect_vpn_s2s_interface("tunnel")
        core.install_remote_access(vpn_type="RoutingOnly")
        core.add_bgp_router(bgp_identifier="10.1.1.254", local_asn=64512)
        cspgw.add_bgp_router(bgp_identifier="10.0.0.254", local_asn=64513)
        core.add_bgp_custom_route(network=("10.1.1.0/24", "10.1.2.0/24"))
        cspgw.add_bgp_custom_route(network="10.0.0.0/24")
        for gateway, peer, here, there, asn in (
            (core, "csp", "10.1.0.1", "10.255.0.2", 64513),
            (cspgw, "office", "10.255.0.2", "10.1.0.1", 64512),
        ):
            gateway.add_bgp_peer(
                peer, local_ip_address=here, peer_ip_address=there, peer_asn=asn, hold_time_sec=9, ebgp_multihop=2
            )
        yield found


def add_inner_session(lab: Lab) -> None:
    """gw tells core where the tunnel's addresses are."""
    core, gw = lab.gateway("core"), lab.gateway("gw")
    gw.add_bgp_router(bgp_identifier="10.1.0.2", local_asn=64512)
    gw.add_bgp_custom_route(network="10.255.0.0/30")
    core.add_bgp_peer("gw", local_ip_address="10.1.0.1", peer_ip_address="10.1.0.2", peer_asn=64512)
    gw.add_bgp_peer("core", local_ip_address="10.1.0.2", peer_ip_address="10.1.0.1", peer_asn=64512)


def session(lab: Lab) -> bool:
    return lab.gateway("core").get_bgp_peer("csp")[0].connectivity_status == "Connected"


def test_the_session_needs_the_inner_one_and_all_networks_follow(lab: Lab) -> None:
    lab.run_for(20)
    assert not session(lab)  # the twin: core knows no way to its peer
    with lab.capture("core-gw", "tcp port 179 and host 10.255.0.2") as inside:
        add_inner_session(lab)
        assert raslab.check("core and cspgw have a session", lambda: session(lab), deadline_s=60)
        for host in ("host1", "host2"):
            assert raslab.check(f"vm reaches {host}", lambda host=host: lab.reaches("vm", host), deadline_s=60)
    assert hops_left(inside.packets, "10.1.0.1") == {2}
    with lab.capture("gw-isp", "not arp") as outside:
        assert lab.reaches("vm", "host1")
    assert set(outside.frame["protocol"]) == {"esp"}
    lab.gateway("gw").stop_bgp_peer("core")
    assert raslab.check("the session is gone", lambda: not session(lab), deadline_s=60)
    assert raslab.check("so is the way", lambda: not lab.reaches("vm", "host1", count=1), deadline_s=60)


def test_mininets_command_takes_it() -> None:
    words = [str(Path(sys.executable).with_name("mn")), "--custom", str(TOPOLOGY)]
    words += ["--topo", "bgp_behind_the_gateway", "--test", "none"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, env={**os.environ, "HOME": "/nonexistent"})
    assert done.returncode == 0, done.stderr
    assert "cspgw" in done.stdout + done.stderr
