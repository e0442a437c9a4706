"""Labs as notebooks use them: life, pictures, live views that change with the network, captures."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
from collections.abc import Iterator

import pytest
from waiting import until

import raslab
from raslab.errors import (
    LabNotRunningError,
    NoSuchPacketError,
    NotATopologyError,
    ParametersNotTakenError,
    PortTakenError,
    UnknownLabError,
    UnknownNodeError,
    UnreachableError,
)
from raslab.net import Topo
from raslab.notebook.lab import Lab
from raslab.notebook.live_state import series

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("gre", "netem")]


@pytest.fixture
def lab() -> Iterator[Lab]:
    with raslab.lab("gre-performance", rate_mbps=20) as running:
        running.feed.interval_s = 0.1
        yield running


def feed_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "raslab-feed"]


# Checks


def test_reachability_and_why_not(lab: Lab) -> None:
    assert repr(lab.reaches("host2", "host1")) == "yes: 2 of 2 echoes came back"
    assert lab.reaches("host2", "2001:db8:1::1")
    assert lab.reaches("host2", "host1", size_bytes=1400, dont_fragment=True)
    too_big = lab.reaches("host2", "host1", size_bytes=1472, dont_fragment=True)
    assert not too_big
    assert "(mtu = 1472)" in too_big.seen
    with pytest.raises(UnknownNodeError):
        lab.reaches("host2", "host3")


def test_what_a_path_carries(lab: Lab) -> None:
    enough = lab.carries("host2", "host1", 10)
    assert enough
    assert re.fullmatch(r"yes: 1\d Mbit/s arrived", repr(enough))
    assert not lab.carries("host2", "host1", 20)


def test_a_check_sees_a_link_that_is_cut_and_waits_for_one_that_comes_back(lab: Lab) -> None:
    lab.cut("gw1-transport")
    assert not raslab.check("host2 reaches host1", lambda: lab.reaches("host2", "host1", count=1))
    threading.Timer(1, lab.restore, ["gw1-transport"]).start()
    assert raslab.check("host2 reaches host1", lambda: lab.reaches("host2", "host1", count=1), deadline_s=10)


def test_the_doctor_finds_everything_here() -> None:
    found = raslab.doctor()
    assert found
    assert "missing" not in repr(found)


# Life


def test_start_and_stop_may_be_called_again() -> None:
    lab = raslab.lab("gre-performance")
    picture = lab.picture().markup
    assert repr(lab) == "<Lab gre-performance: 7 nodes, 6 links, 1 tunnel, not running>"
    for _ in range(2):
        lab.start()
        lab.start()
        assert repr(lab).endswith(", running>")
        assert lab["host2"].run("ping -c1 -W2 10.1.0.1").status == 0
        lab.stop()
        lab.stop()
        assert repr(lab).endswith(", not running>")
    assert lab.picture().markup == picture  # the same before, between and after


def test_a_stopped_lab_leaves_nothing_and_a_stray_process_is_seen() -> None:
    lab = raslab.lab("gre-performance")
    lab.start()
    stray = lab["gw1"].call(subprocess.Popen, ["sleep", "1000"])  # started past the lab, which does not know it
    try:
        lab["gw2"].popen(["sleep", "1000"])
        lab.stop()
        assert lab.remains() == ["process sleep"]
    finally:
        stray.kill()
        stray.wait()
    assert lab.remains() == []


def test_a_command_before_the_start_does_not_keep_gateways_from_starting() -> None:
    lab = raslab.lab("two-tenants")
    csp = lab.gateway("csp")
    csp.install_remote_access(multi_tenancy=True)
    csp.enable_remote_access_routing_domain("Contoso", interfaces="contoso0")
    assert "master vrf-Contoso" not in lab["csp"].run("ip link show contoso0").stdout  # the bare network
    lab.start()
    try:
        assert "master vrf-Contoso" in lab["csp"].run("ip link show contoso0").stdout
    finally:
        lab.stop()


def test_who_greets_goes_on_greeting_and_a_port_has_one_server(lab: Lab) -> None:
    for _ in range(2):
        lab.greet("host1")
        assert lab.who_answers("host2", "host1") == "host1"
    server = lab["host2"].popen(["python3", "-m", "http.server", "80"])
    until("somebody serves", lambda: ":80 " in lab["host2"].run("ss -Hltn").stdout)
    with pytest.raises(PortTakenError, match="Port 80 of host2 is taken"):
        lab.greet("host2")
    server.kill()
    with pytest.raises(UnknownNodeError):
        lab.greet("host3")


def test_colours_are_for_nodes_that_are_there(lab: Lab) -> None:
    assert "Contoso" in lab.picture(tenants={"host1": "Contoso", "gw1:gre1": "Contoso"}).markup
    with pytest.raises(UnknownNodeError, match="no node hots1"):
        lab.picture(tenants={"hots1": "Contoso"})


def test_lines_are_run_until_one_fails(lab: Lab) -> None:
    lines = """
    # names of interfaces
    ip link set lan0 alias "to the hosts"

    ip link show nonsense
    ip link set lan0 down
    """
    typed = lab["gw1"].run_lines(lines)
    assert repr(typed) == (
        'gw1# ip link set lan0 alias "to the hosts"\n'
        'gw1# ip link show nonsense\nDevice "nonsense" does not exist.\nexit status 1'
    )
    assert not typed
    assert lab.reaches("host2", "host1")
    for nothing in (..., None, ""):
        assert repr(lab["gw1"].run_lines(nothing)) == "Nothing has been run yet."


def test_path_mtu_is_found_with_routers_and_without_their_help(lab: Lab) -> None:
    assert lab.path_mtu("gw2", "192.0.2.1") == 1500
    assert lab.path_mtu("host2", "host1", ip_version=6) == 1472
    lab["gw2"].run_lines("""
        nft add table inet firewall
        nft add chain inet firewall output '{ type filter hook output priority 0; }'
        nft add rule inet firewall output icmp type destination-unreachable drop
    """)
    assert lab.path_mtu("host2", "host1") == 1472
    lab.cut("gw1-transport")
    with pytest.raises(UnreachableError, match=r"10\.1\.0\.1"):
        lab.path_mtu("host2", "host1")


def test_a_topology_of_ones_own() -> None:
    class Two(Topo):
        def build(self, delay_ms: float = 0) -> None:
            self.addHost("a")
            self.addHost("b")
            self.addLink("a", "b", delay_ms=delay_ms)

    for lab in (raslab.lab(Two()), raslab.lab(Two, delay_ms=1)):
        with lab:
            assert lab.name == "Two"
            assert lab["a"].run("ping -c1 -W2 10.0.0.2").status == 0


def test_what_is_no_lab() -> None:
    with pytest.raises(UnknownLabError, match="gre-performance"):
        raslab.lab("gre-perfomance")
    with pytest.raises(NotATopologyError, match="5 is no topology"):
        raslab.lab(5)
    with pytest.raises(ParametersNotTakenError, match="speed"):
        raslab.lab("gre-performance", speed=1)


def test_an_interrupted_start_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = raslab.lab("gre-performance")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("raslab.net.network.wait_until_up", interrupted)
        with pytest.raises(KeyboardInterrupt):
            lab.start()
    assert not lab.network.is_running
    lab.start()  # and the lab is as good as new
    assert lab["host2"].run("ping -c1 -W2 10.1.0.1").status == 0
    lab.stop()


def test_an_interrupted_measurement_harms_nothing(lab: Lab) -> None:
    processes = "ps -C iperf3 -o pid="

    def interrupt() -> None:
        until("iperf3 runs", lambda: lab["host2"].run(processes).stdout.strip() != "")
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    with pytest.raises(KeyboardInterrupt):
        lab.throughput("host2", "host1", duration_s=60)
    interrupter.join()
    until("iperf3 has ended", lambda: lab["host2"].run(processes).stdout.strip() == "")
    assert lab["host2"].run("ping -c1 -W2 10.1.0.1").status == 0
    assert lab.throughput("host2", "host1", duration_s=0.5)["throughput_mbps"][0] > 1


def test_completion_offers_nodes_and_verbs(lab: Lab) -> None:
    assert lab._ipython_key_completions_() == [node.name for node in lab.nodes]
    assert {"routes", "addresses", "neighbours", "tunnels", "counters", "sysctl", "run"} <= set(dir(lab["gw1"]))


def test_cut_and_restore(lab: Lab) -> None:
    ping = "ping -c1 -W1 10.1.0.1"
    lab.cut("gw1-transport")
    assert lab["host2"].run(ping).status != 0
    lab.restore("gw1-transport")
    assert lab["host2"].run(ping).status == 0
    assert lab["host2"].run("ping -6 -c1 -W1 2001:db8:1::1").status == 0


# Live


def test_view_shows_traffic_while_it_flows_and_only_then(lab: Lab) -> None:
    view = lab.view()
    assert repr(view) == "<View of gre-performance: 7 nodes, 6 links, 1 tunnel>"
    until("the picture is an idle one", lambda: 'class="asleep"' not in view.picture.value)
    assert 'class="wire high"' not in view.picture.value
    lab.throughput("host2", "host1", duration_s=1)
    assert 'class="wire high"' in view.picture.value
    assert "Mbit/s" in view.panel.value
    until("it is idle again", lambda: 'class="wire high"' not in view.picture.value)
    assert lab.feed.error is None
    view.close()


def test_view_shows_a_cut_link_and_a_restored_one(lab: Lab) -> None:
    view = lab.view()
    view.links.value = "gw1-transport"
    view.cut.click()
    until("the cut shows", lambda: view.picture.value.count(">cut</text>") == 1)
    assert "gw1-transport is cut" in view.message.value
    view.restore.click()
    until("the repair shows", lambda: ">cut</text>" not in view.picture.value)
    view.close()


def test_view_shows_the_chosen_node(lab: Lab) -> None:
    view = lab.view()
    view.nodes.value = "gw2"
    assert "<h4>gw2</h4>" in view.panel.value
    assert "10.1.0.0/24" in view.panel.value
    assert "Tunnels" in view.panel.value
    view.nodes.value = "host1"
    assert "<h4>host1</h4>" in view.panel.value
    assert "Tunnels" not in view.panel.value
    view.close()


def test_view_follows_a_network_that_is_changed_and_one_that_stops(lab: Lab) -> None:
    view = lab.view()
    assert "10.77.0.1/24" not in view.picture.value
    lab.network.addAddress("gw1", "lan0", "10.77.0.1/24")
    until("the new address shows", lambda: "10.77.0.1/24" in view.picture.value)
    view.nodes.value = "gw2"
    lab.network.addHost("late", ip="10.2.0.9/24")
    lab.network.addLink("late", "intranet2")
    until("the new node shows", lambda: "late" in view.nodes.options and "late-intranet2" in view.links.options)
    assert view.nodes.value == "gw2"
    view.nodes.value = "late"
    lab.network.delNode("late")
    until("it shows no more", lambda: "late" not in view.nodes.options and ">late<" not in view.picture.value)
    assert lab.feed.error is None
    lab.stop()
    assert 'class="asleep"' in view.picture.value
    assert "not running" in view.panel.value
    assert not feed_threads()


def test_one_thread_for_all_views_and_none_without(lab: Lab) -> None:
    assert not feed_threads()
    shown = [lab.view(), lab.dashboard("gw1"), lab.dashboard("gw2")]
    assert len(feed_threads()) == 1
    for one in shown:
        one.close()
    until("the thread has ended", lambda: not feed_threads())


def test_dashboard_shows_throughput_and_drops(lab: Lab) -> None:
    board = lab.dashboard("host1")
    assert repr(board) == "<Dashboard of host1>"
    assert "drops <b>0</b>" in board.content.value
    # Far more than the link carries, also on a busy computer: its queue fills, and then drops.
    lab.throughput("host1", "host2", protocol="udp", length=1000, rate_mbps=60, duration_s=2)
    lab.feed.look_now()
    sent = [rates.sent_mbps for _, rates in series(lab.feed.samples, ("host1", "lan0"))]
    assert 15 < max(sent) < 40
    assert "polyline" in board.content.value
    assert "drops <b>0</b>" not in board.content.value
    assert lab.feed.samples[-1].counters["host1", "lan0"].dropped > 100
    board.close()


# Captures


def test_capture_as_table_ladder_and_boxes(lab: Lab) -> None:
    with lab.capture("wan", "proto gre") as cap:
        lab["host2"].run("ping -c1 -W2 10.1.0.1")
    assert repr(cap) == "<Capture on gw1:wan0>"
    assert list(cap.frame["gre_key"]) == [1001, 1001]
    assert len(cap.packets) == 2
    ladder = cap.ladder()
    assert repr(ladder) == "<Ladder of 2 packets on gw1:wan0>"
    assert ladder.markup.count('class="arrow"') == 2
    assert "gw1" in ladder.markup
    assert "host2" not in ladder.markup
    assert "host2" in cap.ladder(inner=True).markup
    header = cap.header(0)
    assert repr(header) == (
        "<Packet 0 on gw1:wan0: Outer Ethernet 14 | Outer IPv4 20 | GRE 8 | Inner IPv4 20 | ICMP 8 | payload 56>"
    )
    assert "00 00 03 e9" in header.markup
    with pytest.raises(NoSuchPacketError, match="its packets are 0 to 1"):
        cap.header(2)


def test_boxes_are_the_same_for_every_packet_of_a_kind_unless_every_byte_is_wanted(lab: Lab) -> None:
    with lab.capture("gw1:wan0", "proto gre and src 192.0.2.2") as cap:
        for _ in range(2):
            assert lab.reaches("host2", "host1", count=1)
    first, second = (cap.header(number).markup.replace("Packet 1", "Packet 0") for number in (0, 1))
    assert first == second
    first, second = (cap.header(number, every_byte=True).markup.replace("Packet 1", "Packet 0") for number in (0, 1))
    assert first != second


def test_fragments_of_a_tunnel_packet(lab: Lab) -> None:
    for node in ("gw1", "gw2"):
        lab[node].run_lines("""
            ip link set gre1 type gre nopmtudisc ignore-df
            ip link set gre1 mtu 1500
        """)
    with lab.capture("gw2:wan0", "proto gre and src 192.0.2.2") as cap:
        assert lab.reaches("host2", "host1", size_bytes=1472, dont_fragment=True, count=1)
    assert list(cap.frame["length_bytes"]) == [1514, 62]
    assert list(cap.frame["fragment_offset"]) == [0, 1480]
    assert list(cap.frame["inner_source"]) == ["10.2.0.1", ""]
    assert list(cap.frame["icmp"]) == ["echo request", ""]


def test_fragments_within_a_tunnel(lab: Lab) -> None:
    with lab.capture("gw2:wan0", "proto gre and src 192.0.2.2") as cap:
        assert lab.reaches("host2", "host1", size_bytes=1472, count=1)
    assert list(cap.frame["length_bytes"]) == [1510, 94]
    assert cap.frame["fragment_offset"].isna().all()
    assert list(cap.frame["inner_fragment_offset"]) == [0, 1448]
    assert list(cap.frame["icmp"]) == ["echo request", ""]


def test_a_packet_for_no_tunnel_is_refused(lab: Lab) -> None:
    lab["gw1"].run_lines("ip link set gre1 type gre key 1002")
    with lab.capture("gw1:wan0", "proto gre or icmp") as cap:
        assert not lab.reaches("host2", "host1", count=1)
    assert list(cap.frame["icmp"]) == ["echo request", "port unreachable"]
    assert not lab.reaches("host2", "host1", ip_version=6, count=1)


def test_capture_inside_the_tunnel_has_no_outer_headers(lab: Lab) -> None:
    with lab.capture("gw1:gre1") as cap:
        lab["host2"].run("ping -c1 -W2 10.1.0.1")
    assert set(cap.frame["length_bytes"]) == {84}
    assert repr(cap.header(0)) == "<Packet 0 on gw1:gre1: IPv4 20 | ICMP 8 | payload 56>"


def test_nothing_to_capture_where_nothing_runs() -> None:
    with pytest.raises(LabNotRunningError, match=r"call lab\.start\(\) first"):
        raslab.lab("gre-performance").capture("wan")
