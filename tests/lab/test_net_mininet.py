"""What Mininet's users rely on: its shell commands, its topologies, and its `mn` command on our engine."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from mininet.link import TCLink
from mininet.node import UserSwitch
from mininet.nodelib import LinuxBridge
from mininet.topo import SingleSwitchTopo
from mininet.topo import Topo as PlainTopo

from raslab.course.loader import load_topology, topology_names
from raslab.errors import BadMeasurementError, ThroughputError, UnsupportedClassError
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.real]
ROOT = Path(__file__).parents[2]
MN = "mn --custom topologies/gre_performance.py"


@pytest.fixture
def net() -> Iterator[Network]:
    """Mininet's own topology class on our engine."""
    with Network(SingleSwitchTopo(3)) as network:
        yield network


def test_plain_topology(net: Network) -> None:
    assert list(net) == ["h1", "h2", "h3", "s1"]
    assert [host.IP() for host in net.hosts] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert net["h2"].intfNames() == ["h2-eth0"]
    assert net["s1"].intfNames() == ["s1-eth1", "s1-eth2", "s1-eth3"]
    assert net.get("h1", "h2") == [net["h1"], net["h2"]]
    assert net.pingAll() == 0


def test_ping_figures(net: Network) -> None:
    net["h3"].intf().change(up=False)
    results = net.pingFull(timeout=1)
    lost = {(str(source), str(to)) for source, to, figures in results if figures[1] == 0}
    assert lost == {("h1", "h3"), ("h2", "h3"), ("h3", "h1"), ("h3", "h2")}
    assert all(figures[2] > 0 for _, _, figures in results if figures[1])


def test_no_shell_until_it_is_used(net: Network) -> None:
    assert all(node.shell is None for node in net.values())
    assert net["h1"].cmd("echo hello; echo trouble >&2") == "hello\r\ntrouble\r\n"
    assert [node.name for node in net.values() if node.shell] == ["h1"]


def test_shell_keeps_its_state(net: Network) -> None:
    h1 = net["h1"]
    h1.cmd("cd /tmp; export WORD=kept")
    assert h1.cmd("pwd; echo $WORD; hostname").split() == ["/tmp", "kept", "h1"]
    assert h1.cmd(["echo", 1, 2]) == "1 2\r\n"
    assert h1.cmd("") == ""


def test_background_process_and_its_number(net: Network) -> None:
    h1 = net["h1"]
    h1.cmd("sleep 654 &")
    assert h1.lastPid is not None
    assert h1.cmd(f"ps -o args= {h1.lastPid}").strip() == "sleep 654"
    h1.cmd("kill %1; wait")
    assert h1.run(["pgrep", "-f", "sleep 654"]).status == 1


def test_send_command_monitor_and_interrupt(net: Network) -> None:
    h1 = net["h1"]
    h1.sendCmd("echo begun; sleep 1000")
    assert h1.waiting
    seen = ""
    while "begun" not in seen:
        seen += h1.monitor(timeoutms=5000)
    while h1.run(["pgrep", "-x", "sleep"]).status:  # a shell that is about to start it would swallow the signal
        pass
    h1.sendInt()
    h1.waitOutput()
    assert not h1.waiting
    assert h1.cmd("echo alive") == "alive\r\n"


def test_process_number_of_a_foreground_command(net: Network) -> None:
    h1 = net["h1"]
    h1.sendCmd("sh -c 'echo $$'", printPid=True)
    assert int(h1.waitOutput()) == h1.lastPid


def test_popen_and_pexec(net: Network) -> None:
    h1 = net["h1"]
    for words in (["echo", "a b"],), ("echo", "a b"):
        assert h1.popen(*words).communicate()[0] == b"a b\n"
    assert h1.popen("echo a  b").communicate()[0] == b"a b\n"
    assert h1.popen("echo $((1+1))", shell=True).communicate()[0] == b"2\n"
    assert h1.pexec("sh -c 'echo out; echo err >&2; exit 3'") == ("out\n", "err\n", 3)


def test_monitor_of_several_hosts(net: Network) -> None:
    for host in net.hosts:
        host.sendCmd("echo this is $(hostname)")
    lines = set()
    for host, line in net.monitor(timeoutms=5000):
        assert host is not None
        lines.add((host.name, line.strip()))
        if len([1 for _, text in lines if text.startswith("this is")]) == 3:
            break
    assert {(f"h{i}", f"this is h{i}") for i in (1, 2, 3)} <= lines


class ShapedTopo(PlainTopo):
    """A topology as courses write it."""

    def build(self) -> None:
        self.addHost("h1", ip="192.168.1.1/24", mac="00:00:00:00:00:01")
        self.addHost("h2", ip="192.168.1.2/24")
        self.addLink("h1", "h2", cls=TCLink, bw=10, delay="5ms", loss=1, max_queue_size=100, use_htb=True)


def test_words_of_tclink_are_understood() -> None:
    network = Network(ShapedTopo())
    (link,) = network.links
    assert (link.intf1.spec.impairment.rate_mbps, link.intf2.spec.impairment.delay_ms) == (10, 5.0)
    assert network["h1"].MAC() == "00:00:00:00:00:01"
    assert network["h1"].IP() == "192.168.1.1"


def test_script_without_a_topology_and_use_before_start() -> None:
    network = Network()
    try:
        h1, h2, s1 = network.addHost("h1"), network.addHost("h2", ip="10.0.0.9/8"), network.addSwitch("s1")
        network.addLink(h1, s1)
        network.addLink(h2, s1)
        assert h1.cmd("hostname") == "h1\r\n"
        network.start()
        assert "0% packet loss" in h1.cmd("ping -c1 10.0.0.9")
    finally:
        network.stop()


def test_script_with_a_controller() -> None:
    with Network(controller=None) as network:
        controller = network.addController("c0")
        hosts, switch = [network.addHost(name) for name in ("h1", "h2")], network.addSwitch("s1", cls=LinuxBridge)
        for host in hosts:
            network.addLink(host, switch)
        network.build()
        controller.start()
        switch.start([controller])
        assert network.pingAll() == 0


def test_class_that_we_cannot_build_is_refused() -> None:
    network = Network()
    with pytest.raises(UnsupportedClassError, match=r"Node s1 is of class UserSwitch, .* use raslab\.net\.Switch"):
        network.addSwitch("s1", cls=UserSwitch)
    assert "s1" not in network


def run_mn(command: str, commands: str = "") -> str:
    """Run a command line of Mininet's own `mn`, where mnexec, ifconfig and brctl cannot be found."""
    with tempfile.TemporaryDirectory() as programs:
        (Path(programs) / "mn").symlink_to(Path(sys.executable).with_name("mn"))
        for name in ("bash", "cat", "env", "ip", "iperf3", "mount", "ping", "setsid", "stty"):
            found = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
            assert found, name
            (Path(programs) / name).symlink_to(found)
        environment = {"PATH": programs, "HOME": programs}
        with subprocess.Popen(
            ["env", *shlex.split(command)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            cwd=ROOT,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            # Mininet's command line spins once its input has ended, and virtual time stands still while it does.
            process.stdin.write(f"{commands}exit\n")
            process.stdin.flush()
            shown = process.stdout.read()
    assert process.returncode == 0, shown
    return shown


@pytest.mark.needs("gre", "netem")
@pytest.mark.parametrize("name", topology_names())
def test_mn_takes_what_a_topologys_description_says(name: str) -> None:
    topology = load_topology(name)
    assert topology
    says = sys.modules[topology.__module__].__doc__ or ""
    (command,) = re.findall(r"`([^`]*\bmn [^`]*)`", says)
    shown = run_mn(command)
    for node in topology().nodes():
        assert re.search(rf"\b{node}\b", shown)


def test_mn_pings_everybody() -> None:
    shown = run_mn(f"{MN} --topo gre_performance,path=routed --test pingall")
    assert "*** Results: 0% dropped (12/12 received)" in shown


@pytest.mark.needs("gre")
def test_mn_pings_through_the_tunnel() -> None:
    shown = run_mn(f"{MN} --topo gre_performance", commands="gw1 ip route\nhost2 ping -c1 host1\n")
    assert "10.2.0.0/24 via 10.255.0.2 dev gre1" in shown
    assert "1 received, 0% packet loss" in shown


def test_static_neighbours() -> None:
    with Network(SingleSwitchTopo(3), autoStaticArp=True) as network:
        shown = network["h1"].run(["ip", "neighbor"]).stdout
        for other in (network["h2"], network["h3"]):
            assert f"{other.IP()} dev h1-eth0 lladdr {other.MAC()} PERMANENT" in shown
            line = f"ip -n h1 neighbor replace {other.IP()} lladdr {other.MAC()} dev h1-eth0 nud permanent"
            assert line in network.commands
        assert all(node.shell is None for node in network.values())
        assert network.pingAll() == 0
        network["h1"].setARP("10.0.0.2", "02:00:00:00:00:99")  # a wrong one is believed
        assert network["h1"].run(["ping", "-c1", "-W1", "10.0.0.2"]).status == 1
    with Network(SingleSwitchTopo(3)) as network:
        assert "PERMANENT" not in network["h1"].run(["ip", "neighbor"]).stdout


def mbps(rate: str) -> float:
    """A rate in the words of iperf."""
    number, unit = rate.split()
    return float(number) * {"Kbits/sec": 1e-3, "Mbits/sec": 1.0, "Gbits/sec": 1e3}[unit]


@pytest.mark.needs("netem")
def test_iperf() -> None:
    with Network(SingleSwitchTopo(2)) as network:
        for link in network.links:
            link.set_impairment(rate_mbps=20)
        received, sent = network.iperf(seconds=2)
        assert 10 < mbps(received) < 20 < mbps(sent) * 2
        offered, received, _ = network.iperf(("h2", "h1"), l4Type="UDP", udpBw="5M", seconds=1)
        assert (offered, mbps(received)) == ("5M", pytest.approx(5, rel=0.2))
        network["h2"].intf().change(up=False)
        with pytest.raises(ThroughputError, match="iperf3 on h1 could not measure: "):
            network.iperf(seconds=1)
        with pytest.raises(BadMeasurementError, match="Protocol SCTP of iperf is unknown"):
            network.iperf(l4Type="SCTP")
        with pytest.raises(BadMeasurementError, match="between two hosts, not 1"):
            network.iperf(["h1"])
        assert network["h1"].run(["pgrep", "-x", "iperf3"]).status == 1


def test_mn_measures_bandwidth() -> None:
    shown = run_mn(f"{MN} --topo gre_performance,path=routed --test iperf")
    assert re.search(r"\*\*\* Results: \['[0-9.]+ .bits/sec', '[0-9.]+ .bits/sec'\]", shown)


def test_mn_command_line() -> None:
    lines = [
        "nodes",
        "dump",
        "links",
        "host1 ip -br address",
        "host2 ping -c1 -W1 host1",
        "link host1 intranet1 down",
        "host2 ping -c1 -W1 host1",
        "link host1 intranet9 up",
        "link host1 intranet1 up",
        "py net['host1'].IP()",
        "pingpair",
    ]
    shown = run_mn(f"{MN} --topo gre_performance,path=routed", commands="\n".join(lines) + "\n")
    assert "There is no node intranet9 in this network" in shown
    assert "gw1 gw2 host1 host2 intranet1 intranet2 transport" in shown
    assert "10.1.0.1/24 2001:db8:1::1/64" in shown
    assert (shown.count("1 received"), shown.count("0 received")) == (1, 1)
    assert "Results: 0% dropped (2/2 received)" in shown
