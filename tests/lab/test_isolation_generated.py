"""Whatever addresses and keys tenants have, and whatever is forged: ten thousand packets, and none is delivered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from crowd import GATEWAY_WAN, MOST, Crowd, Part, give
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmarks.vrf_tenants import typed
from raslab.measure.isolation import IsolationReport, check_isolation
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("vrf", "gre")]

EXAMPLES, FORGED = 25, 400
PREFIXES = (
    ("10.0.0.0/24", "10.0.0.0/16", "10.0.1.0/24", "10.0.1.128/25", "10.1.0.0/16", "172.16.0.0/30", "192.168.0.0/16"),
    ("fd00::/64", "fd00::/48", "fd00:0:0:1::/64", "fd00:0:0:1::/112", "fd00:1::/48", "fd01::/126", "2001:db8::/32"),
)
"""Equal, within one another, beside one another; the first two of each overlap."""
near = st.tuples(*(st.sampled_from(family[:4]) for family in PREFIXES))
far = st.tuples(*(st.sampled_from(family[4:]) for family in PREFIXES))
keys = st.lists(st.integers(0, 2**32 - 1), min_size=MOST, max_size=MOST, unique=True)
lans = st.lists(st.tuples(near, far), min_size=2, max_size=MOST)
parts = st.builds(lambda sites, own: [Part(*site, key) for site, key in zip(sites, own, strict=False)], lans, keys)


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network(Crowd()) as running:
        yield running


def look(network: Network, crowd: list[Part], seed: int) -> IsolationReport:
    """Forged packets among tenants that have these addresses and keys."""
    everyone = give(network, crowd)
    return check_isolation(
        network, everyone, underlay=[GATEWAY_WAN], strangers=["x"], forged=FORGED, seed=seed, quiet_s=0.2
    )


def test_of_ten_thousand_forged_packets_none_is_delivered(network: Network) -> None:
    forged = 0

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],  # a leak names itself; there is nothing to make smaller
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(parts, st.integers(0, 2**32 - 1))
    def attempt(crowd: list[Part], seed: int) -> None:
        nonlocal forged
        report = look(network, crowd, seed)
        report.require()
        forged += sum(one.sent for one in report.counts if one.probe == "forged at random")

    attempt()
    assert forged >= EXAMPLES * FORGED == 10_000


def test_what_is_forged_finds_a_leak(network: Network) -> None:
    crowd = [
        Part(("10.0.0.0/24", "fd00::/64"), ("10.1.0.0/16", "fd00:1::/48"), 1),
        Part(("10.0.0.0/24", "fd00::/64"), ("192.168.0.0/16", "fd01::/126"), 2),
    ]
    give(network, crowd)
    typed(network, "gw", "ip route add 192.168.0.0/16 dev site2 vrf vrf1")
    try:
        report = look(network, crowd, seed=1)
    finally:
        typed(network, "gw", "ip route del 192.168.0.0/16 dev site2 vrf vrf1")
    leaks = [leak for leak in report.leaks if leak.probe == "forged at random"]
    assert {(leak.sender, leak.tenant) for leak in leaks} == {("tenant 1", "tenant 2")}
    assert any("gw:vrf1 > gw:site2" in " > ".join(leak.path) for leak in leaks)
    assert any(" > 192.168.0.1" in leak.packet for leak in leaks)
    look(network, crowd, seed=1).require()
