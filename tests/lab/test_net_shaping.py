"""Rates, delays and losses of links, measured; needs a kernel with netem."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from raslab.net import Network, Topo

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("netem"), pytest.mark.both]

RATE_MBPS = 50.0
# Bytes of TCP payload in bytes that netem counts: 1500 less IPv4, TCP and timestamps, plus the Ethernet header.
EFFICIENCY = 1448 / 1514


class Wire(Topo):
    """Two hosts on one wire."""

    def build(self, **parameters: object) -> None:
        self.addHost("h1", ip="10.0.0.1/24")
        self.addHost("h2", ip="10.0.0.2/24")
        self.addLink("h1", "h2", **parameters)


@pytest.fixture
def shaped() -> Iterator[Network]:
    """Slow from h1 to h2 only, with 10 ms of delay each way."""
    with Network(Wire(delay_ms=10, params1={"rate_mbps": RATE_MBPS})) as network:
        yield network


def round_trip_ms(net: Network, count: int = 10) -> float:
    """The shortest of `count` round trips."""
    text = net["h1"].run(["ping", f"-c{count}", "-i0.02", "10.0.0.2"], timeout=30).stdout
    found = re.search(r"min/avg/max/mdev = ([\d.]+)/", text)
    assert found, text
    return float(found[1])


def goodput_mbps(net: Network, *options: str) -> float:
    """What h2 receives of a TCP stream from h1, or with -R the other way, first second left out."""
    server = net["h2"].popen(["iperf3", "-s", "-1", "--forceflush"])
    assert server.stdout is not None
    while b"listening" not in server.stdout.readline():
        pass
    result = net["h1"].run(["iperf3", "-c", "10.0.0.2", "-t3", "-O1", "-J", *options], timeout=60)
    server.communicate(timeout=10)
    return float(json.loads(result.stdout)["end"]["sum_received"]["bits_per_second"]) / 1e6


def test_delay_is_added_each_way(shaped: Network) -> None:
    assert 20.0 <= round_trip_ms(shaped) < 23.0


@pytest.mark.virtual  # a busy computer cannot always send as fast as it may
def test_rate_is_kept_within_two_percent(shaped: Network) -> None:
    assert goodput_mbps(shaped) == pytest.approx(RATE_MBPS * EFFICIENCY, rel=0.02)


@pytest.mark.real  # an unlimited direction never ends in virtual time
def test_the_other_direction_is_not_limited() -> None:
    slow_mbps = 5.0  # which the busiest computer exceeds many times over
    with Network(Wire(delay_ms=10, params1={"rate_mbps": slow_mbps})) as network:
        assert goodput_mbps(network) < slow_mbps
        assert goodput_mbps(network, "-R") > 2 * slow_mbps


def test_impairments_change_while_packets_flow(shaped: Network) -> None:
    (link,) = shaped.links
    link.set_impairment(delay_ms=30)
    assert 60.0 <= round_trip_ms(shaped) < 65.0
    assert "rate 50Mbit" in shaped["h1"].run(["tc", "qdisc", "show", "dev", "h1-eth0"]).stdout
    link.intf1.set_impairment(delay_ms=0, rate_mbps=None)
    assert "netem" not in shaped["h1"].run(["tc", "qdisc", "show", "dev", "h1-eth0"]).stdout
    assert 30.0 <= round_trip_ms(shaped) < 33.0
    link.intf2.clear_impairment()
    assert round_trip_ms(shaped) < 5.0


@pytest.mark.virtual  # where chance is the same in every run
def test_loss(shaped: Network) -> None:
    (link,) = shaped.links
    link.intf1.set_impairment(loss_percent=100)
    assert shaped["h1"].run(["ping", "-c2", "-i0.05", "-W1", "10.0.0.2"], timeout=10).status == 1
    link.intf1.set_impairment(loss_percent=0)
    # The neighbour may have been given up; asked for with losses, it would not be known for whole seconds.
    assert shaped["h1"].run(["ping", "-c1", "-W5", "10.0.0.2"], timeout=10).status == 0
    link.intf1.set_impairment(loss_percent=30)
    text = shaped["h1"].run(["ping", "-q", "-c200", "-i0.002", "-W1", "10.0.0.2"], timeout=60).stdout
    lost = re.search(r"([\d.]+)% packet loss", text)
    assert lost, text
    assert 15 < float(lost[1]) < 45  # 200 packets at 30 %: six standard deviations are 19
    link.intf1.set_impairment(loss_percent=0)
    assert "0% packet loss" in shaped["h1"].run(["ping", "-c3", "-i0.05", "10.0.0.2"], timeout=10).stdout


def test_tc_shows_what_was_asked_for() -> None:
    wire = Wire(rate_mbps=100_000, delay_ms=5, jitter_ms=1, loss_percent=0.5, limit_packets=123)
    with Network(wire) as network:
        shown = network["h2"].run(["tc", "qdisc", "show", "dev", "h2-eth0"]).stdout
    assert re.search(r"netem .* limit 123 delay 5ms\s+1ms loss 0.5% rate 100Gbit", shown), shown
