"""Measurements of real traffic between namespaces, each with a case that must come out differently."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import until

from raslab.errors import BadMeasurementError, CaptureError, NoAddressError, ProgramNotFoundError, ThroughputError
from raslab.machine.here import here
from raslab.measure import InterfaceCounters, capture, counters, cpu, latency, throughput
from raslab.net import Network
from raslab.net.sockets import tcp_sockets
from raslab.net.waiting import wait_until

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("netem"), pytest.mark.both]

PAIR = ("h1", "h2")


@pytest.fixture(scope="module")
def net() -> Iterator[Network]:
    """Two hosts and a link, IPv4 and IPv6."""
    network = Network()
    for number, name in enumerate(PAIR, 1):
        network.addHost(name, ips=[f"10.0.1.{number}/24", f"2001:db8:1::{number}/64"])
    ends = {"params1": {"name": "a-name-that-is-long"}, "params2": {"name": "lan0"}}
    network.addLink(*PAIR, rate_mbps=200, delay_ms=0.1, **ends)
    with network:
        yield network


def test_frames_say_where_they_come_from(net: Network) -> None:
    frame = latency(net["h1"], net["h2"], count=1)
    for name in ("machine", "kernel", "clock"):
        assert frame.attrs[name] == getattr(here(), name)
    assert frame.attrs["commands"] == ["ip netns exec h1 ping -c 1 -i 0.01 -s 56 10.0.1.2"]


@pytest.mark.parametrize("ip_version", [4, 6])
def test_tcp_throughput(net: Network, ip_version: int) -> None:
    frame = throughput(net["h1"], net["h2"], streams=2, duration_s=0.2, warmup_s=0.1, ip_version=ip_version)
    (row,) = frame.to_dict("records")
    assert (row["source"], row["destination"], row["streams"]) == ("h1", "h2", 2)
    # A busy computer stretches what a real clock shows: there is a least value then, and no largest.
    assert row["duration_s"] == pytest.approx(0.2, abs=0.01) if here().clock == "virtual" else row["duration_s"] > 0.15
    assert row["throughput_mbps"] > 1
    # Every packet is a full segment of 1448 bytes (IPv6: 1428), however the kernel bundled them.
    payload = row["throughput_mbps"] * 1e6 / 8 / row["packets_per_s"]
    assert payload == pytest.approx(1448 if ip_version == 4 else 1428, rel=0.35)


def test_both_directions(net: Network) -> None:
    frame = throughput(net["h1"], net["h2"], duration_s=0.2, warmup_s=0.1, bidirectional=True)
    assert list(zip(frame["source"], frame["destination"], strict=True)) == [("h1", "h2"), ("h2", "h1")]
    assert (frame["throughput_mbps"] > 1).all()


@pytest.mark.virtual
def test_udp_keeps_to_its_rate(net: Network) -> None:
    frame = throughput(net["h1"], net["h2"], protocol="udp", length=1000, rate_mbps=4, duration_s=0.3, warmup_s=0.1)
    (row,) = frame.to_dict("records")
    assert row["throughput_mbps"] == pytest.approx(4, rel=0.2)
    assert row["packets_per_s"] == pytest.approx(500, rel=0.2)
    assert row["loss_percent"] == 0


def test_nobody_answers(net: Network) -> None:
    with pytest.raises(
        ThroughputError, match=r"^iperf3 on h1 could not measure to 10\.0\.1\.9:5201 on h2 .*: unable to"
    ):
        throughput(net["h1"], net["h2"], address="10.0.1.9", connect_timeout_s=0.3)


def test_port_is_taken(net: Network) -> None:
    other = net["h2"].popen(["iperf3", "-s", "-p", "5300"])
    try:
        wait_until("it listens", lambda: (net["h2"].call(tcp_sockets, 5300, "listening") == 1, ""), other, 5)
        with pytest.raises(ThroughputError, match="iperf3 on h2 cannot listen on port 5300: another program"):
            throughput(net["h1"], net["h2"], port=5300)
    finally:
        other.kill()
        other.communicate()


def test_no_server_is_left(net: Network) -> None:
    throughput(net["h1"], net["h2"], duration_s=0.1, warmup_s=0)
    assert "iperf3" not in net["h2"].run(["ss", "-Htlnp"]).stdout
    assert ":5201" not in net["h2"].run(["ss", "-Htln"]).stdout


@pytest.mark.parametrize(
    "wrong", [{"streams": 0}, {"duration_s": 0}, {"warmup_s": -1}, {"length": 0}, {"rate_mbps": 0}, {"address": "h2"}]
)
def test_impossible_requests(net: Network, wrong: dict[str, object]) -> None:
    with pytest.raises(BadMeasurementError):
        throughput(net["h1"], net["h2"], **wrong)


def test_no_address_of_that_version() -> None:
    network = Network()
    network.addHost("h1", ips=["10.0.1.1/24"])
    network.addHost("h2", ips=["10.0.1.2/24"])
    network.addLink("h1", "h2")
    with network, pytest.raises(NoAddressError, match="Node h2 has no IPv6 address"):
        throughput(network["h1"], network["h2"], ip_version=6)


@pytest.mark.parametrize("ip_version", [4, 6])
def test_latency(net: Network, ip_version: int) -> None:
    (row,) = latency(net["h1"], net["h2"], count=20, interval_s=0.002, ip_version=ip_version).to_dict("records")
    assert (row["sent"], row["received"], row["loss_percent"]) == (20, 20, 0)
    assert row["min_ms"] >= 0.2
    assert row["min_ms"] <= row["p50_ms"] <= row["p99_ms"] <= row["max_ms"]
    assert row["min_ms"] <= row["avg_ms"] <= row["max_ms"]


def test_latency_without_answers(net: Network) -> None:
    frame = latency(net["h1"], net["h2"], address="10.0.1.9", count=3, interval_s=0.001, timeout_s=0.1)
    assert frame.loc[0, "loss_percent"] == 100
    assert frame.loc[0, ["min_ms", "p99_ms", "jitter_ms"]].isna().all()


def test_counters_count_what_was_sent(net: Network) -> None:
    with InterfaceCounters([net["h1"], net["h2"].intf("lan0")], interval_s=0.05) as sampled:
        latency(net["h1"], net["h2"], count=10, size=1000)
    frame = sampled.frame
    assert set(zip(frame["node"], frame["interface"], strict=True)) == {("h1", "a-name-that-is-long"), ("h2", "lan0")}
    for _, seen in frame.groupby("node"):
        assert seen["time_s"].is_monotonic_increasing
        # Eleven requests (one goes ahead) of 1000 bytes, ICMP 8, IPv4 20, Ethernet 14; address resolution comes on top.
        assert 11 * 1042 <= seen["tx_bytes"].iloc[-1] - seen["tx_bytes"].iloc[0] < 11 * 1042 + 1000


def test_counters_stand_still_without_traffic(net: Network) -> None:
    def quiet() -> bool:
        """Neighbours look each other up again from time to time, so one look may come at a bad moment."""
        before, after = counters([net["h2"]]), counters([net["h2"]])
        assert len(before) == 1
        return list(before["rx_packets"]) == list(after["rx_packets"])

    until("two looks see the same", quiet, 5)


def test_capture_sees_every_packet_until_its_end(net: Network) -> None:
    with capture(net["h2"].intf("lan0"), "icmp") as seen:
        latency(net["h1"], net["h2"], count=50, interval_s=0.0005)
    assert len(seen.frame) == 2 * 51
    assert set(seen.frame["protocol"]) == {"icmp"}
    assert seen.frame["gre_key"].isna().all()
    assert set(seen.frame["inner_source"]) == {""}
    assert len(seen.packets) == 2 * 51


def test_capture_shows_tcp_headers(net: Network) -> None:
    with capture(net["h1"], "tcp port 5201", interface="a-name-that-is-long") as seen:
        throughput(net["h1"], net["h2"], duration_s=0.1, warmup_s=0, rate_mbps=1)
    first = seen.frame.iloc[0]
    assert (first["source"], first["destination"], first["destination_port"]) == ("10.0.1.1", "10.0.1.2", 5201)
    assert first["tcp_flags"] == "S"


def test_capture_of_what_is_not_there(net: Network) -> None:
    with (
        pytest.raises(CaptureError, match=r"Capturing on h1 eth9 failed: .*eth9"),
        capture(net["h1"], interface="eth9"),
    ):
        pass
    with pytest.raises(CaptureError, match="syntax error"), capture(net["h2"].intf("lan0"), "not a filter"):
        pass


def test_processor_load(net: Network) -> None:
    with cpu() as load:
        net["h1"].run(["sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"])
    assert (0 < load.percent <= 100) if here().clock == "real" else load.percent != load.percent


def test_a_program_that_is_missing_is_named(net: Network, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramNotFoundError, match="Node h2 cannot run iperf3"):
        throughput(net["h1"], net["h2"])
    with pytest.raises(ProgramNotFoundError, match="Node h1 cannot run tcpdump"), capture(net["h1"], interface="lo"):
        pass
