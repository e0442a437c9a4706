"""iperf3's reports, as iperf3 3.12 really printed them (interrupted by its user, as raslab does), and damaged ones."""

from pathlib import Path

import pytest

from raslab.measure.iperf import Interval, Transfer, client_argv, parse_report, server_argv, window

DATA = Path(__file__).parent / "data"


def sample(name: str) -> str:
    return (DATA / f"iperf3.12-{name}.json").read_text()


def test_an_interrupted_transfer_is_no_error() -> None:
    client, server = parse_report(sample("tcp1-client")), parse_report(sample("tcp1-server"))
    assert client.error is None
    assert server.error is None
    assert client.received == ()
    assert server.sent == ()
    assert [round(one.end_s, 1) for one in server.received] == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert all(one.retransmits is not None for one in client.sent)


def test_streams_are_summed() -> None:
    one, two = parse_report(sample("tcp1-server")), parse_report(sample("tcp2-server"))
    assert len(one.received) == len(two.received)
    assert min(interval.bytes for interval in two.received) > 0


def test_udp_counts_datagrams() -> None:
    received = parse_report(sample("udp-server")).received
    assert sum(one.packets or 0 for one in received) == pytest.approx(received[-1].end_s * 20e6 / 8 / 64, rel=0.02)
    assert all(one.lost_packets == 0 for one in received)
    assert all(one.bytes == (one.packets or 0) * 64 for one in received)


def test_both_directions_are_told_apart() -> None:
    client, server = parse_report(sample("bidir-client")), parse_report(sample("bidir-server"))
    for report in (client, server):
        assert len(report.received) >= 5
        assert len(report.sent) >= 5
        assert report.received != report.sent


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("refused-client", "unable to connect to server: Connection refused"),
        ("silent-client", "unable to connect to server: Connection timed out"),
        ("busy-server", "unable to start listener for connections: Address already in use"),
    ],
)
def test_failures_are_told_in_its_words(name: str, error: str) -> None:
    report = parse_report(sample(name))
    assert report.error == error
    assert report.received == report.sent == ()


def test_a_report_printed_twice_counts_once() -> None:
    text = sample("tcp1-server")
    assert parse_report(text + "\n" + text) == parse_report(text)


@pytest.mark.parametrize(
    ("stdout", "stderr", "error"),
    [
        ("", "", "it printed no report"),
        ("", "iperf3: parameter error - bad port number\n", "parameter error - bad port number"),
        ('{"intervals": [', "", '{"intervals": ['),
        ("[1, 2]", "", "its report is not an object but [1, 2]"),
    ],
)
def test_what_is_no_report_becomes_an_error(stdout: str, stderr: str, error: str) -> None:
    assert parse_report(stdout, stderr).error == error


def test_missing_fields_do_no_harm() -> None:
    report = parse_report('{"intervals": [{"sum": {"sender": false, "bytes": 5}}, null, {"sum": 3}]}')
    assert report.received == (Interval(0.0, 0.0, 5),)
    assert report.error is None


def intervals(*ends: float) -> list[Interval]:
    return [Interval(start, end, 1) for start, end in zip((0.0, *ends), ends, strict=False)]


def test_the_window_leaves_out_start_and_end() -> None:
    chosen = window(intervals(0.102, 0.199, 0.301, 0.4, 0.45), warmup_s=0.1, duration_s=0.2)
    assert [one.end_s for one in chosen] == [0.199, 0.301]


def test_a_late_timer_makes_a_long_interval() -> None:
    chosen = window(intervals(0.14, 0.3, 0.4), warmup_s=0.1, duration_s=0.1)
    assert [(one.start_s, one.end_s) for one in chosen] == [(0.14, 0.3)]


def test_a_window_after_the_end_is_empty() -> None:
    assert window(intervals(0.1, 0.2), warmup_s=0.3, duration_s=1.0) == []


def test_command_lines() -> None:
    tcp = Transfer("10.1.0.1", 5201, 4, "tcp", streams=8, longest_s=60, connect_timeout_s=2.5, mss=1000)
    assert " ".join(client_argv(tcp)) == (
        "iperf3 -4 -c 10.1.0.1 -p 5201 -J -i 0.1 -t 60 -P 8 --connect-timeout 2500 -M 1000"
    )
    assert tcp.connections == 9
    udp = Transfer("2001:db8::1", 7, 6, "udp", 1, 5, 1, length=64, rate_mbps=0.5, bidirectional=True)
    assert " ".join(client_argv(udp)) == (
        "iperf3 -6 -c 2001:db8::1 -p 7 -J -i 0.1 -t 5 -P 1 --connect-timeout 1000 -u -b 500000 -l 64 --bidir"
    )
    assert udp.connections == 1
    assert " ".join(server_argv(7)) == "iperf3 -s -1 -J -i 0.1 -p 7"
