"""UDP datagrams as large as they can be: nothing is lost at a fifth of the link's rate, but all too much above it."""

from __future__ import annotations

import pytest

from raslab.measure import throughput
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.virtual]


@pytest.mark.parametrize(("length", "rate_mbps", "loses"), [(65507, 20, False), (16000, 20, False), (16000, 120, True)])
def test_large_datagrams_are_lost_only_where_there_is_no_room(length: int, rate_mbps: float, loses: bool) -> None:
    net = Network()
    for number in (1, 2):
        net.addHost(f"h{number}", ips=[f"10.0.0.{number}/24"])
    net.addLink("h1", "h2", rate_mbps=100, delay_ms=1)
    with net:
        frame = throughput(net["h1"], net["h2"], protocol="udp", length=length, rate_mbps=rate_mbps, duration_s=1)
    assert bool(frame["loss_percent"][0] > 0) == loses
    assert loses or frame["throughput_mbps"][0] == pytest.approx(20, rel=0.05)
