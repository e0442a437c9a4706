"""Every kind of tunnel of the lab about them: what it leaves of a link, and what it shows to those on the way."""

from __future__ import annotations

import pytest

from labs.tunnel_kinds.cases import KINDS, MTU, ROUTED, Case, Kind
from labs.tunnel_kinds.tunnels import build
from raslab.measure import capture, throughput
from raslab.net import Network
from topologies.gre_performance import GrePerformance

pytestmark = [
    pytest.mark.usefixtures("root"),
    pytest.mark.needs("gre", "esp", "xfrm interface", "wireguard"),
    pytest.mark.virtual,
]

LINK_MBPS = 1000
TOLERANCE = 0.005  # a read of iperf3 is 128 KiB, of 25 MB that are measured
OUTSIDE = {
    "gre": "gre",
    "gre-key": "gre",
    "ipsec-aes128-cbc": "esp",
    "ipsec-aes256-gcm": "esp",
    "ipsec-chacha20": "esp",
    "gre-over-ipsec": "esp",
    "wireguard": "udp",
}


def bed(kind: Kind) -> GrePerformance:
    """The network of the lab in virtual time."""
    path = "routed" if kind is ROUTED else "none"
    return GrePerformance(path=path, mtu=MTU, rate_mbps=LINK_MBPS, delay_ms=0.2)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_goodput_is_what_the_headers_leave(kind: Kind) -> None:
    with Network(bed(kind)) as net:
        host1, host2 = net["host1"], net["host2"]
        if kind is not ROUTED:
            assert host2.run("ping -c 1 -W 1 10.1.0.1").status  # the way is the tunnel
            assert build(net, kind)
        with capture(net["gw2"], interface="wan0") as seen:
            assert host2.run("ping -c 2 -i 0.2 -W 1 10.1.0.1").status == 0
        if kind is not ROUTED:
            frame = seen.frame
            carriers = frame[frame["protocol"] == OUTSIDE[kind.name]]
            assert len(carriers) >= 4
            if OUTSIDE[kind.name] != "gre":
                assert not {"10.1.0.1", "10.2.0.1"} & {*frame["source"], *frame["destination"]}
        (mbps,) = throughput(host2, host1, duration_s=0.2, warmup_s=0.2)["throughput_mbps"]
        assert mbps / LINK_MBPS == pytest.approx(kind.segment.efficiency, rel=TOLERANCE), Case(kind, 1).label
