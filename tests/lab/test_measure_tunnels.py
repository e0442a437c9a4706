"""What goes over the wire between two gateways, and what a wrong key does."""

from __future__ import annotations

import pytest

from labs.gre_performance.cases import PATHS, Path, cases_on
from labs.gre_performance.measurement import VIRTUAL, run
from raslab.course.events import Commands, Event, Note, Progress, Row
from raslab.errors import ThroughputError
from raslab.measure import capture, throughput
from raslab.net import Network
from topologies.gre_performance import KEY, GrePerformance

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("gre", "ip6gre", "netem")]

OUTER = {"routed": None, "gre-over-ipv6": "2001:db8:99::2"}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_a_full_segment_on_the_wire(path: Path) -> None:
    """Theory's header sizes are those of captured packets, and only keyed tunnels show a key."""
    topo = GrePerformance(path=path.name, rate_mbps=1000, delay_ms=1.0)
    with Network(topo) as net, capture(net["gw1"].intf("wan0"), "greater 1400") as seen:
        throughput(net["host2"], net["host1"], ip_version=path.ip_version, duration_s=0.1, warmup_s=0.1, rate_mbps=20)
    (case, *_) = cases_on(path, 1500)
    frame_bytes = path.encapsulation.frame_bytes(case.payload_bytes, "tcp", path.ip_version)
    # The kernel shows a bundle of segments as one packet, with the headers once.
    headers = frame_bytes - case.payload_bytes
    assert {(length - headers) % case.payload_bytes for length in seen.frame["length_bytes"]} >= {0}
    tunnelled = path.encapsulation.outer_ip_version is not None
    assert (seen.frame["protocol"] == "gre").all() == tunnelled
    assert set(seen.frame["gre_key"].dropna()) == ({KEY} if path.encapsulation.key else set())
    assert set(seen.frame["inner_protocol"]) == {"tcp" if tunnelled else ""}
    if tunnelled:
        outer = OUTER.get(path.name, "192.0.2.2")
        assert set(seen.frame["source"]) == {outer}
        assert set(seen.frame["gre_protocol"]) == {"ipv6" if path.ip_version == 6 else "ipv4"}


def test_different_keys_are_silence() -> None:
    topo = GrePerformance(path="gre-key", rate_mbps=1000, delay_ms=1.0)
    with Network(topo) as net:
        net.delTunnel("gw2", "gre1")
        net.addTunnel(
            "gw2", "gre1", kind="gre", local="192.0.2.2", remote="192.0.2.1", key=KEY + 1, ips=["10.255.0.2/24"]
        )
        net.addRoute("gw2", "10.1.0.0/24", via="10.255.0.1")
        with pytest.raises(ThroughputError, match=r"iperf3 on host2 could not measure to 10\.1\.0\.1:5201 on host1"):
            throughput(net["host2"], net["host1"], connect_timeout_s=0.5)


@pytest.mark.virtual
def test_the_lab_measures_every_case() -> None:
    events: list[Event] = []
    run(0.1, events.append)
    rows = [one.values for one in events if isinstance(one, Row)]
    steps = [one for one in events if isinstance(one, Progress)]
    assert len(rows) == len(steps) == steps[-1].steps == 25
    assert any(isinstance(one, Note) for one in events)
    assert any(isinstance(one, Commands) for one in events)
    for row in rows:
        assert row["link_mbps"] == (VIRTUAL.udp_link_mbps if row["protocol"] == "udp" else VIRTUAL.link_mbps)
        tolerance = 0.002 if row["streams"] == 8 else 0.015
        assert row["efficiency_measured"] == pytest.approx(row["efficiency_theory"], rel=tolerance)
        assert row["cpu_percent"] is None
