"""The supervisor: daemons that die, that are restarted, that end with their network; folders of a node's own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import until

from raslab.errors import DaemonDiedError, NodeNotRunningError, ServiceNotReadyError, ServiceUserError
from raslab.net import Network, Topo
from raslab.services import Bgpd, Charon, Supervisor, Zebra, running

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.both]
BGP = "router bgp 65001\n bgp router-id 1.1.1.1\n"


class Two(Topo):
    """Two routers."""

    def build(self) -> None:
        self.addLink(self.addRouter("r1"), self.addRouter("r2"))


@pytest.fixture
def network() -> Iterator[Network]:
    """The running network, without services."""
    with Network(Two()) as started:
        yield started


def test_a_killed_daemon_is_reported_with_node_and_last_words(network: Network) -> None:
    heard: list[DaemonDiedError] = []
    supervisor = Supervisor(network, on_death=heard.append)
    supervisor.apply({"r1": [Zebra(), Bgpd(BGP)], "r2": [Zebra()]})
    assert supervisor.deaths() == ()
    supervisor.kill("r1", "bgpd")
    until("the death is noticed", supervisor.deaths)
    assert heard == list(supervisor.deaths())
    assert str(heard[0]).startswith("Node r1: bgpd was killed by SIGKILL; it last said: ")
    assert "bgpd" in heard[0].log
    assert [one.name for one in supervisor.declared("r1")] == ["zebra"]
    assert [one.name for one in supervisor.declared("r2")] == ["zebra"]

    assert [change.action for change in supervisor.apply({"r1": [Zebra(), Bgpd(BGP)]})] == ["start"]
    assert "router bgp 65001" in supervisor.vty("r1", "bgpd").run("show running-config")


def test_a_daemon_is_restarted_with_its_configuration_if_the_lab_asks_for_it(network: Network) -> None:
    supervisor = Supervisor(network, restart=True)
    supervisor.apply({"r1": [Zebra(), Bgpd(BGP)]})
    supervisor.kill("r1", "bgpd")
    until("bgpd is back", lambda: supervisor.deaths() and len(supervisor.declared("r1")) == 2)
    assert "bgp router-id 1.1.1.1" in supervisor.vty("r1", "bgpd").run("show running-config")
    assert len(supervisor.deaths()) == 1


def test_what_is_ended_on_purpose_is_no_death(network: Network) -> None:
    supervisor = Supervisor(network, restart=True)
    supervisor.apply({"r1": [Zebra(), Bgpd(BGP)], "r2": [Zebra(), Charon()]})
    supervisor.apply({"r1": [Zebra()]})
    assert network["r1"].run(["pidof", "bgpd"]).stdout == ""
    network.delNode("r1")
    supervisor.stop()
    assert supervisor.deaths() == ()
    assert network["r2"].run(["pidof", "zebra", "charon-systemd"]).stdout == ""


def test_services_and_their_watcher_end_with_the_network() -> None:
    with Network(Two()) as network:
        supervisor = Supervisor(network)
        supervisor.apply({"r1": [Zebra()], "r2": [Charon()]})
        folder = network["r1"].private_folder("/run")
        assert any(thread.name == "raslab-services" for thread in threading.enumerate())
    assert not any(thread.name == "raslab-services" for thread in threading.enumerate())
    assert not folder.exists()
    assert supervisor.deaths() == ()
    assert not [path for path in Path("/run/frr").glob("*.vty") if path.exists()]


def test_a_network_that_starts_again_can_have_its_services_again() -> None:
    network = Network(Two())
    supervisor = Supervisor(network)
    for _ in range(2):
        network.start()
        assert supervisor.declared("r1") == ()
        supervisor.apply({"r1": [Zebra()]})
        assert supervisor.vty("r1", "zebra").answers()
        network.stop()
    with pytest.raises(NodeNotRunningError, match="Node r1"):
        supervisor.apply({"r1": [Zebra()]})


def test_a_user_whose_package_is_missing_is_named(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Zebra, "owner", lambda _: "raslab-nobody")
    with pytest.raises(ServiceUserError, match=r"Node r1: zebra runs as the user raslab-nobody, .*no such user"):
        Supervisor(network).apply({"r1": [Zebra()]})


def test_who_is_root_of_a_user_namespace_only_is_told_so(network: Network) -> None:
    program = """
        from raslab.net import Network, Topo
        from raslab.services import Supervisor, Zebra

        class One(Topo):
            def build(self):
                self.addRouter("r1")

        with Network(One()) as network:
            Supervisor(network).apply({"r1": [Zebra()]})
    """
    inside = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--net", "--fork"]
    done = subprocess.run([*inside, sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True)
    assert "ServiceUserError: Node r1: zebra runs as the user frr, which cannot be" in done.stderr


def test_a_daemon_that_ends_at_once_says_why(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bgpd, "argv", lambda _: ("sh", "-c", "echo no such luck >&2; exit 3"))
    with pytest.raises(DaemonDiedError, match=r"^Node r1: bgpd ended with status 3; it last said: no such luck\.$"):
        Supervisor(network).apply({"r1": [Zebra(), Bgpd()]})
    assert network["r1"].run(["pidof", "zebra"]).stdout == ""


def test_a_daemon_that_does_not_answer_is_not_waited_for_for_ever(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "READY_DEADLINE_S", 0.5)
    monkeypatch.setattr(Zebra, "argv", lambda _: ("sleep", "1000"))
    with pytest.raises(ServiceNotReadyError, match=r"Node r1: zebra was not ready 0.5 s after .*/run/frr/zebra.vty"):
        Supervisor(network).apply({"r1": [Zebra()]})
    assert network["r1"].run(["pidof", "sleep"]).stdout == ""


def test_a_stopped_daemon_that_does_not_end_is_killed(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "STOP_DEADLINE_S", 0.2)
    supervisor = Supervisor(network)
    supervisor.apply({"r1": [Zebra()]})
    pid = int(network["r1"].run(["pidof", "zebra"]).stdout)
    network["r1"].run(["kill", "-STOP", str(pid)])
    supervisor.apply({"r1": []})
    assert network["r1"].run(["pidof", "zebra"]).stdout == ""
    assert supervisor.deaths() == ()


def test_a_private_folder_is_seen_by_running_processes_of_its_node_only(network: Network) -> None:
    r1, r2 = network["r1"], network["r2"]
    early = r1.popen(["sh", "-c", "read line; cat /run/mine/note"], stdin=-1)
    here = r1.private_folder("/run/mine")
    assert here == r1.private_folder("/run/mine")
    (here / "note").write_text("hello")
    assert early.communicate(b"\n")[0] == b"hello"
    assert r1.run(["cat", "/run/mine/note"]).stdout == "hello"
    assert r2.run(["cat", "/run/mine/note"]).status != 0
    assert not Path("/run/mine/note").exists()
    network.stop()
    assert not here.exists()
    with pytest.raises(NodeNotRunningError):
        r1.private_folder("/run/mine")


def test_descriptors_of_a_removed_node_are_closed(network: Network) -> None:
    network["r1"].private_folder("/run")
    before = len(list(Path("/proc/self/fd").iterdir()))
    network["r2"].private_folder("/run")
    network["r2"].private_folder("/etc/frr")
    network.delNode("r2")
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
