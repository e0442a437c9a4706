"""The enterprise edge as a lab: gateways that live and die with it, and tunnels that come back after an outage."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import raslab
from raslab.errors import GatewayRefusedError, TunnelRefusedError
from raslab.notebook.lab import Lab

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface", "netem")]

PUBLIC = {1: "203.0.113.1", 2: "198.51.100.2"}


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Not started; its gateways know their tunnel already."""
    found = raslab.lab("enterprise-edge")
    for here, there in ((1, 2), (2, 1)):
        gateway = found.gateway(f"gw{here}")
        gateway.install_remote_access()
        gateway.add_vpn_s2s_interface(
            "tunnel",
            destination=PUBLIC[there],
            authentication_method="PSKOnly",
            shared_secret="secret",
            ipv4_subnet=f"10.{there}.1.0/24:100",
            network_outage_time_seconds=6,
        )
    yield found
    found.stop()


def state(lab: Lab) -> str:
    return lab.gateway("gw1").get_vpn_s2s_interface("tunnel")[0].connection_state


def test_a_gateway_starts_with_its_lab_and_again_with_it(lab: Lab) -> None:
    assert lab.gateway("gw1") is lab.gateway("gw1")
    for _ in range(2):
        lab.start()
        lab.gateway("gw1").connect_vpn_s2s_interface("tunnel")
        assert lab.reaches("host1", "host2")
        lab.cut("isp1-isp2")
        assert not lab.reaches("host1", "host2", count=1)
        lab.restore("isp1-isp2")
        lab.stop()
        assert lab.remains() == []


def test_a_verb_refused_before_the_start_is_not_noted(lab: Lab) -> None:
    gw1 = lab.gateway("gw1")
    with pytest.raises(GatewayRefusedError, match="cannot be here too"):
        gw1.add_gre_interface("gre", source_ip_address=PUBLIC[1], destination=PUBLIC[2], ipv4_subnet="10.1.0.0/24:1")
    lab.start()
    assert [one.name for one in gw1.get_vpn_s2s_interface()] == ["tunnel"]


def test_after_an_outage_the_next_packet_dials_again(lab: Lab) -> None:
    lab.gateway("gw1").set_vpn_s2s_interface("tunnel", number_of_tries=1)
    lab.start()
    lab.cut("isp1-isp2")
    with pytest.raises(TunnelRefusedError):
        lab.gateway("gw1").connect_vpn_s2s_interface("tunnel", timeout_s=4)
    lab["host1"].run("ping -c 1 -W 1 10.2.1.10")  # asks for the tunnel, in vain
    assert raslab.check("gw1 has given up", lambda: state(lab) == "Disconnected", deadline_s=20)
    lab.restore("isp1-isp2")
    lab["host1"].run("ping -c 1 -W 1 10.2.1.10")
    assert raslab.check("the tunnel is up", lambda: state(lab) == "Connected", deadline_s=20)
    assert lab.reaches("host1", "host2")
