"""From samples of counters to live pictures, panels and dashboards, without a network."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from picture_samples import sample as topology_named

from raslab.measure.feed import Counters, Rates, Sample, rates
from raslab.measure.processor import ProcessorTime
from raslab.notebook import dashboard, node_panel
from raslab.notebook.charts import Curve, ceiling, chart
from raslab.notebook.live_state import live_state, processor_series, series
from raslab.notebook.picture import words

WAN = ("gw1", "wan0")
LAN = ("gw1", "lan0")


def sample(time_s: float, sent_bytes: int, *, lan_carries: bool = True, dropped: int = 0) -> Sample:
    """Of gw1: wan0 has sent some bytes."""
    wan = Counters(True, rx_bytes=0, tx_bytes=sent_bytes, tx_packets=sent_bytes // 1000, dropped=dropped)
    return Sample(time_s, {WAN: wan, LAN: Counters(lan_carries)}, ProcessorTime(int(time_s * 25), int(time_s * 100)))


SECONDS = [sample(100.0 + n, n * 12_500_000) for n in range(5)]  # 100 Mbit/s
TOPOLOGY = topology_named("gre-performance")  # its links have 10 Gbit/s


def test_rates_between_two_samples() -> None:
    found = rates(SECONDS[0], SECONDS[1], WAN)
    assert found.sent_mbps == pytest.approx(100)
    assert found.sent_pps == pytest.approx(12_500)
    assert found.received_mbps == 0


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (SECONDS[3], SECONDS[1]),  # the interface was made anew, and counts from 0
        (SECONDS[0], replace(SECONDS[0])),  # no time has passed
        (SECONDS[0], Sample(101.0, {}, ProcessorTime(0, 0))),  # it is gone
    ],
)
def test_no_rate_where_there_is_none(earlier: Sample, later: Sample) -> None:
    assert rates(earlier, later, WAN) == Rates()


def test_live_state() -> None:
    found = live_state([*SECONDS, sample(105.0, 5 * 12_500_000, lan_carries=False)], TOPOLOGY)
    assert found.running
    assert found.load(WAN).sent_mbps == pytest.approx(100)
    assert found.load(WAN).utilisation == pytest.approx(0.01)
    assert found.load(WAN).history == pytest.approx((100,) * 5)
    assert found.cut == {LAN}
    assert not live_state(SECONDS, TOPOLOGY).cut


def test_a_lab_that_does_not_run() -> None:
    assert not live_state([], TOPOLOGY).running
    assert not live_state([*SECONDS, Sample(106.0, {}, ProcessorTime(0, 0))], TOPOLOGY).running


def test_series_count_back_from_now() -> None:
    assert [seconds for seconds, _ in series(SECONDS, WAN)] == [-3, -2, -1, 0]
    assert [percent for _, percent in processor_series(SECONDS)] == [25, 25, 25, 25]


def test_panel_shows_the_node_or_says_that_nothing_runs() -> None:
    routes = pd.DataFrame(
        {"destination": ["10.2.0.0/24"], "via": ["10.255.0.2"], "interface": ["gre1"], "protocol": ["static"]}
    )
    tunnels = pd.DataFrame(columns=["interface", "kind", "local", "remote", "key", "mtu"])
    addresses = {"lan0": ("10.1.0.254/24",), "wan0": ("192.0.2.1/24",), "gre9": ()}
    html = node_panel.to_html("gw1", addresses, SECONDS, node_panel.Tables(routes, tunnels))
    assert "100 Mbit/s" in html
    assert "10.2.0.0/24" in html
    assert "gone" in html  # gre9 is in the description and not in the kernel
    assert "Tunnels" not in html
    assert "not running" in node_panel.to_html("gw1", addresses, [], None)


def test_dashboard_scales_to_the_link_or_to_what_there_was() -> None:
    limited = dashboard.to_html("gw1", {"wan0": 1000.0}, SECONDS, "real")
    free = dashboard.to_html("gw1", {"wan0": None}, SECONDS, "real")
    assert ">1 Gbit/s</text>" in limited
    assert ">100 Mbit/s</text>" in free
    assert "25 %" in free
    assert "work takes no time" in dashboard.to_html("gw1", {"wan0": None}, SECONDS, "virtual")


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 1), (0.03, 0.05), (1, 1), (1.1, 2), (930, 1000), (9301, 10_000), (2e6, 2e6), (6, 10)]
)
def test_ceiling(value: float, expected: float) -> None:
    assert ceiling(value) == pytest.approx(expected)


def test_chart_draws_the_last_minute_only() -> None:
    old = Curve("x", "blue", ((-90.0, 5.0), (-80.0, 5.0)))
    new = Curve("x", "blue", ((-2.0, 5.0), (0.0, 5.0)))
    assert "polyline" not in chart("t", [old], top=10, top_label="10")
    assert "polyline" in chart("t", [new], top=10, top_label="10")


@pytest.mark.parametrize(
    ("mbps", "expected"),
    [
        (0, "0"),
        (0.0005, "0"),
        (0.25, "250 kbit/s"),
        (0.9996, "1 Mbit/s"),
        (93.25, "93.2 Mbit/s"),
        (999.4, "999 Mbit/s"),
        (999.9, "1 Gbit/s"),
        (9560.4, "9.56 Gbit/s"),
        (123456, "123 Gbit/s"),
    ],
)
def test_throughput_in_words(mbps: float, expected: str) -> None:
    assert words.throughput(mbps) == expected


@pytest.mark.parametrize(("number", "expected"), [(0, "0"), (999, "999"), (83333, "83.3 k"), (1e6, "1 M")])
def test_count_in_words(number: float, expected: str) -> None:
    assert words.count(number) == expected
