"""Measurements take the addresses there are: hosts that have only IPv6, only IPv4, or both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import raslab
from raslab.errors import NoAddressError, NoCommonIpVersionError
from raslab.measure import latency, outage, throughput
from raslab.measure.path_mtu import path_mtu
from raslab.measure.reachability import reaches
from raslab.net import Topo
from raslab.notebook.lab import Lab

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.virtual]


class Mixed(Topo):
    """Hosts on one router: six1 and six2 have IPv6 only, four1 IPv4 only, both1 and both2 both, none1 nothing."""

    def build(self) -> None:
        self.addRouter("r1")
        for number, name in enumerate(("six1", "six2", "four1", "both1", "both2", "none1"), 1):
            six, four = name.startswith(("six", "both")), name.startswith(("four", "both"))
            kinds = [(four, f"10.0.{number}.", "1/24", "254/24"), (six, f"2001:db8:{number}::", "1/64", "fe/64")]
            ends = [(net + here, net + there, net) for wanted, net, here, there in kinds if wanted]
            gateways = [f"via {there.partition('/')[0]}" for _, there, _ in ends]
            self.addHost(name, ips=[], **({"defaultRoute": gateways} if gateways else {}))
            self.addLink(
                name,
                "r1",
                params1={"ips": [here for here, _, _ in ends]},
                params2={"ips": [there for _, there, _ in ends]},
                rate_mbps=100,
                delay_ms=1,
            )


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with raslab.lab(Mixed()) as running:
        yield running


@pytest.mark.parametrize(
    ("source", "destination", "address"),
    [
        ("six1", "six2", "2001:db8:2::1"),
        ("six1", "both1", "2001:db8:4::1"),
        ("both1", "six1", "2001:db8:1::1"),
        ("four1", "both1", "10.0.4.1"),
        ("both1", "both2", "10.0.5.1"),
    ],
)
def test_every_measurement_takes_the_address_there_is(lab: Lab, source: str, destination: str, address: str) -> None:
    assert lab.reaches(source, destination)
    assert reaches(lab[source], lab[destination])
    assert lab.path_mtu(source, destination) == path_mtu(lab[source], lab[destination]) == 1500
    assert list(lab.latency(source, destination, count=1)["address"]) == [address]
    assert list(latency(lab[source], lab[destination], count=1)["address"]) == [address]
    assert float(lab.throughput(source, destination, duration_s=0.2)["throughput_mbps"].iloc[0]) > 50
    with lab.outage(source, destination, interval_s=0.01) as seen:
        lab.run_for(0.1)
    assert (seen.lost, seen.sent > 5) == (0, True)
    with outage(lab[source], lab[destination], interval_s=0.01) as bare:
        lab.run_for(0.1)
    assert (bare.address, bare.lost) == (address, 0)


def test_an_outage_to_an_address_of_ipv6_needs_no_more_words(lab: Lab) -> None:
    with outage(lab["both1"], "2001:db8:5::1", interval_s=0.01) as seen:
        lab.run_for(0.05)
    assert seen.lost == 0


def test_the_twin_a_version_that_is_asked_for_is_taken_or_missed(lab: Lab) -> None:
    frame = latency(lab["both1"], lab["both2"], count=1, ip_version=6)
    assert list(frame["address"]) == ["2001:db8:5::1"]
    with pytest.raises(NoAddressError, match="Node six2 has no IPv4 address to measure to"):
        lab.reaches("six1", "six2", ip_version=4)


def test_what_have_no_version_in_common_gets_a_sentence(lab: Lab) -> None:
    sentence = "Node six1 has IPv6 addresses only and node four1 IPv4 addresses only: give one of them"
    for measure in (lab.reaches, lab.path_mtu, lab.latency, lab.throughput, lab.outage):
        with pytest.raises(NoCommonIpVersionError, match=sentence):
            measure("six1", "four1")
    with pytest.raises(NoCommonIpVersionError):
        throughput(lab["four1"], lab["six1"])
    with pytest.raises(NoAddressError, match="Node none1 has no IP address to measure to: give it one"):
        lab.reaches("six1", "none1")
