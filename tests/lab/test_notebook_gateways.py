"""Gateways of a lab: one object for each router, told before the start or while it runs, and again after a stop."""

from __future__ import annotations

import pytest

import raslab
from raslab.errors import GatewayRefusedError, UnknownNodeError
from raslab.notebook.lab import Lab

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("gre")]

WAN = {"gw1": "192.0.2.1", "gw2": "192.0.2.2"}


def join(lab: Lab, *names: str) -> None:
    """Tell gateways of a GRE interface to the other one."""
    for name in names:
        (other,) = WAN.keys() - {name}
        lab.gateway(name).install_remote_access(vpn_type="VpnS2S")
        lab.gateway(name).add_gre_interface(
            "branch",
            source_ip_address=WAN[name],
            destination=WAN[other],
            ipv4_subnet=f"10.{other[-1]}.0.0/24:100",
        )


def test_what_was_noted_is_carried_out_at_each_start() -> None:
    lab = raslab.lab("gre-performance", path="none")
    join(lab, "gw1", "gw2")
    for _ in range(2):
        with lab:
            assert lab.reaches("host2", "host1")
    assert lab.remains() == []


def test_while_the_lab_runs_a_verb_holds_at_once_and_asking_again_gives_the_same_gateway() -> None:
    with raslab.lab("gre-performance", path="none") as lab:
        join(lab, "gw1")
        assert not lab.reaches("host2", "host1")
        join(lab, "gw2")
        assert lab.reaches("host2", "host1")
        assert lab.gateway("gw1").get_vpn_s2s_interface("branch")
        with pytest.raises(GatewayRefusedError):
            lab.gateway("gw1").get_vpn_s2s_interface("head-office")
        with pytest.raises(UnknownNodeError):
            lab.gateway("gw3")


def test_a_verb_that_is_refused_before_the_start_leaves_the_lab_as_it_is() -> None:
    lab = raslab.lab("gre-performance", path="none")
    with pytest.raises(GatewayRefusedError, match="not installed"):
        lab.gateway("gw1").add_gre_interface("branch", source_ip_address=WAN["gw1"], destination=WAN["gw2"])
    join(lab, "gw1", "gw2")
    with lab:
        assert lab.reaches("host2", "host1")
    assert lab.remains() == []
