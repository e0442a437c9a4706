"""Virtual networks whose overlay ends at Open vSwitch: the same bits on the wire, from flows instead of tables."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest
from scapy.layers.inet import ICMP
from scapy.layers.inet6 import ICMPv6EchoRequest
from scapy.layers.l2 import ARP, GRE
from scapy.layers.vxlan import VXLAN
from tenants import APP, WEB, WEB6, Tenants, tenants
from waiting import until

from raslab.measure import capture, outage

pytestmark = [
    pytest.mark.usefixtures("root"),
    pytest.mark.needs("vrf", "bridge vlans", "openvswitch", "vxlan", "gretap"),
    pytest.mark.skipif(shutil.which("ovs-vswitchd") is None, reason="openvswitch-switch is not installed"),
]

OPTIONS: dict[str, dict[str, Any]] = {
    "vxlan": {"encapsulation": "vxlan"},
    "nvgre": {"encapsulation": "nvgre", "flow_id": "vary"},
}
CARRIED = "udp port 4789 or proto gre"
SETTLED_S = 0.6
TENTH_OF_A_SECOND_MS = 100.0
"""A thread in the background renews the kernel's copies of flows."""


@pytest.fixture(params=OPTIONS, scope="module")
def bed(request: pytest.FixtureRequest) -> Iterator[Tenants]:
    """Two tenants on two hosts; the tests leave them as they find them, but for the last one."""
    with tenants(switch="ovs", **OPTIONS[request.param]) as found:
        yield found


def test_tenants_are_apart_and_nobody_asks_on_the_wire(bed: Tenants) -> None:
    bed.who_listens("contoso-web", "fabrikam-web")
    assert bed.who_is(WEB, "contoso-sql") == "contoso-web"
    assert bed.who_is(WEB, "fabrikam-sql") == "fabrikam-web"
    bed.forget("contoso-sql", "contoso-web")
    with capture(bed.network["host1"], CARRIED, interface="pa0") as seen:
        assert bed.pings("contoso-sql", WEB6) == 1
        assert bed.pings("contoso-sql", "10.1.1.99") == 0
        assert bed.pings("contoso-sql", WEB, "-M", "do", "-s", "1472") == 1
        assert bed.pings("contoso-sql", APP) == 1  # on the same host
    assert not any(packet.haslayer(ARP) for packet in seen.packets)
    echoes = [one for one in seen.packets if one.haslayer(ICMP) or one.haslayer(ICMPv6EchoRequest)]
    assert len(echoes) == 3  # of the other IP version only the request
    if bed.dc.state.encapsulation == "vxlan":
        assert {(int(one[VXLAN].flags), one[VXLAN].vni) for one in echoes} == {(8, 5001)}
    else:
        headers = {(one[GRE].key_present, one[GRE].proto, one[GRE].key >> 8) for one in echoes}
        assert headers == {(1, 0x6558, 5001)}
        assert {one[GRE].key & 255 for one in echoes} != {0}


def test_without_its_flow_a_machine_is_not_reached(bed: Tenants) -> None:
    assert bed.pings("contoso-sql", WEB) == 1
    (web,) = bed.dc.get_attachment("contoso-web")
    bed.network["host1"].run(["ovs-ofctl", "del-flows", "hnv", f"dl_dst={web.mac}"])
    until("the datapath drops", lambda: bed.pings("contoso-sql", WEB) == 0)
    assert bed.pings("fabrikam-sql", WEB) == 1
    bed.dc.detach("contoso-web")
    bed.dc.attach("contoso-web", 5001, host="host2", addresses=f"{WEB}/24")
    until("there is a flow again", lambda: bed.pings("contoso-sql", WEB))


@pytest.mark.virtual
def test_a_machine_moves(bed: Tenants) -> None:
    assert bed.pings("contoso-sql", WEB) == 1
    for host in ("host1", "host2"):
        with outage(bed.network["contoso-sql"], WEB, interval_s=0.001) as seen:
            bed.dc.migrate("contoso-web", host)
            time.sleep(SETTLED_S)
        assert seen.outage_ms <= TENTH_OF_A_SECOND_MS
        assert all(gap.ended for gap in seen.gaps)
    assert bed.pings("fabrikam-sql", WEB) == 1


def test_switches_go_with_the_last_machine(bed: Tenants) -> None:
    with bed.dc.changing():
        for one in bed.dc.get_attachment():
            bed.dc.detach(one.node)
    names = bed.network["host1"].run(["ip", "-br", "link"]).stdout
    assert "ov5001" not in names
    assert "vs5001" not in names
    bed.dc.attach("contoso-sql", 5001, host="host1", addresses="10.1.1.11/24")
    bed.dc.attach("contoso-web", 5001, host="host2", addresses=f"{WEB}/24")
    until("they reach each other again", lambda: bed.pings("contoso-sql", WEB))
