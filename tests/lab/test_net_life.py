"""Starting and stopping a network, and dying in the middle of it: nothing may be left behind."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from waiting import until

from raslab.errors import (
    CommandTimeout,
    EmptyCommandError,
    KernelRefusedError,
    NodeNotRunningError,
    ProgramNotFoundError,
    UnknownNodeError,
)
from raslab.net import Network, Topo, steps
from raslab.net.apply import apply
from raslab.net.namespaces import Namespaces
from raslab.net.plan import Plan
from raslab.net.processes import Processes

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.both]


class Pair(Topo):
    """Two hosts on a switch."""

    def build(self) -> None:
        self.addSwitch("s1")
        for name in ("h1", "h2"):
            self.addLink(self.addHost(name), "s1")


def users_of(namespaces: set[str]) -> set[str]:
    """Processes that are in one of these namespaces, or hold it open."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        for entry in (*process.glob("ns/*"), *process.glob("fd/*")):
            try:
                if str(entry.readlink()) in namespaces:
                    found.add(process.name)
            except OSError:
                continue
    return found


def namespaces_of(network: Network) -> set[str]:
    """The namespaces of all nodes and of their processes, as /proc names them."""
    found = set()
    for node in network.values():
        found.add(str(Path(f"/proc/self/fd/{node.netns_fd}").readlink()))
        found.add(node.run(["readlink", "/proc/self/ns/pid"]).stdout.strip())
    return found


def test_stop_leaves_nothing_and_may_be_repeated() -> None:
    network = Network(Pair())
    network.start()
    network.start()
    namespaces = namespaces_of(network)
    assert len(namespaces) == 4  # three nodes, one PID namespace
    daemon = network["h1"].popen(["sleep", "1000"])
    network["h2"].cmd("sleep 1000 &")
    assert users_of(namespaces)
    network.stop()
    network.stop()
    assert daemon.returncode == -signal.SIGKILL
    assert users_of(namespaces) == set()
    with pytest.raises(NodeNotRunningError, match="h1"):
        network["h1"].run(["true"])


def test_network_starts_again_after_stop() -> None:
    network = Network(Pair())
    for _ in range(2):
        with network:
            assert network.pingAll() == 0


def test_a_network_without_a_process_has_none() -> None:
    before = threading.active_count()
    with Network(Pair()):
        assert threading.active_count() == before


CHILD = """
    import select, sys
    from raslab.net import Network
    network = Network()
    for name in ("h1", "h2"):
        network.addHost(name)
    network.addLink("h1", "h2")
    network.start()
    network["h1"].popen(["sleep", "1000"])
    network["h2"].popen(["setsid", "sleep", "1000"])
    network["h2"].cmd("(sleep 1000 &) ; trap '' HUP; sleep 1000 &")
    names = set()
    for node in network.values():
        names.add(node.run(["readlink", "/proc/self/ns/net"]).stdout.strip())
        names.add(node.run(["readlink", "/proc/self/ns/pid"]).stdout.strip())
    print(*names, flush=True)
    while not select.select([sys.stdin], [], [], 0.1)[0]:
        pass  # a signal that comes just before a plain read would not interrupt it
"""


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_death_of_the_program_leaves_nothing(death: signal.Signals) -> None:
    words = [sys.executable, "-c", textwrap.dedent(CHILD)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        namespaces = set(program.stdout.readline().split())
        assert len(namespaces) == 3
        assert len(users_of(namespaces)) >= 5  # the program, the first process, and what it started
        program.send_signal(death)
        program.wait(timeout=30)
    until(f"no process is in {namespaces}", lambda: users_of(namespaces) == set())


def test_refused_start_leaves_nothing() -> None:
    network = Network(Pair())
    network.addLink("h1", "s1", params1={"name": "x", "mac": "00:00:00:00:00:00"})  # nobody's (veth_validate)
    with pytest.raises(KernelRefusedError, match="Node h1: the kernel refused `ip -n h1 link add x"):
        network.start()
    with pytest.raises(NodeNotRunningError):
        network["h1"].run(["true"])


def test_settings_that_the_kernel_refuses_are_named_with_their_node() -> None:
    wanted = [
        steps.SetSysctl("h1", "net.ipv4.ip_forward", "1"),
        steps.SetSysctl("h2", "net.ipv4.ip_forward", "perhaps"),  # fails when it is written
        steps.SetSysctl("h2", "net.ipv4.no_such_setting", "1"),  # when it is opened
    ]
    namespaces, processes = Namespaces(), Processes()
    namespaces.create({"h1": (), "h2": ()})
    try:
        off = steps.SetSysctl("h2", "net.ipv4.ip_forward", "0")
        apply(Plan(((wanted[0], off),)), namespaces, processes)
        for step in wanted[1:]:
            with pytest.raises(KernelRefusedError, match=f"Node h2: the kernel refused .* {step.key}={step.value}`: "):
                apply(Plan(((wanted[0], step),)), namespaces, processes)
        apply(Plan((tuple(reversed(wanted)),)), namespaces, processes, tolerant=True)
        setting = Path("/proc/sys/net/ipv4/ip_forward")
        assert [namespaces[node].call(setting.read_text) for node in ("h1", "h2")] == ["1\n", "0\n"]
    finally:
        namespaces.close()


def test_open_files_are_counted_when_the_limit_is_raised() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2048:
        pytest.skip("the hard limit of open files leaves no room")
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    opened = [os.open("/dev/null", os.O_RDONLY) for _ in range(900)]
    try:
        with Network(Pair()):
            assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard
        while opened:
            os.close(opened.pop())
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
        with Network(Pair()):  # a small network in an idle process changes no limit
            assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 1024
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_orphans_are_reaped_and_harm_nobody() -> None:
    with Network(Pair()) as network:
        for _ in range(3):
            network["h1"].run(["sh", "-c", "(sleep 0.02 &)"])
        until("the orphaned processes are gone", lambda: network["h1"].run(["pgrep", "sleep"]).status == 1)
        assert "Z" not in network["h1"].run(["ps", "-eo", "stat="]).stdout


def test_run_separates_output_and_status() -> None:
    with Network(Pair()) as network:
        result = network["h1"].run(["sh", "-c", "cat; echo problem >&2; exit 3"], input="question")
        assert (result.status, result.stdout, result.stderr) == (3, "question", "problem\n")
        assert network["h1"].run(["hostname"]).stdout == "h1\n"


def test_run_ends_a_command_and_its_children_at_the_timeout() -> None:
    with Network(Pair()) as network:
        with pytest.raises(CommandTimeout, match=r"Node h1: `sh -c .*` did not end within 0.3 s") as caught:
            network["h1"].run(["sh", "-c", "echo begun; sleep 987 & wait"], timeout=0.3)
        assert caught.value.stdout == "begun\n"
        assert network["h1"].run(["pgrep", "-f", "sleep 987"]).status == 1
        assert network["h1"].run(["sleep", "0.01"], timeout=10).status == 0


def test_run_says_which_program_is_missing() -> None:
    with Network(Pair()) as network:
        for start in (network["h1"].run, network["h1"].popen):
            with pytest.raises(ProgramNotFoundError, match="Node h1 cannot run no-such-program"):
                start(["no-such-program"])
            with pytest.raises(EmptyCommandError, match="Node h1 was given an empty command"):
                start([])
            with pytest.raises(FileNotFoundError, match="/no/such/folder") as caught:
                start(["true"], cwd="/no/such/folder")
            assert not isinstance(caught.value, ProgramNotFoundError)
        assert network["h1"].run(["true"]).status == 0


def test_run_from_many_threads() -> None:
    with Network(Pair()) as network:
        results: dict[int, str] = {}

        def work(number: int) -> None:
            node = network[f"h{number % 2 + 1}"]
            results[number] = node.run(["sh", "-c", f"hostname; sleep 0.05; echo {number}"]).stdout

        threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == {number: f"h{number % 2 + 1}\n{number}\n" for number in range(20)}


def test_processes_run_in_the_callers_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Network(Pair()) as network:
        network["h1"].run(["true"])
        monkeypatch.chdir(tmp_path)
        assert network["h1"].run(["pwd"]).stdout == f"{tmp_path}\n"


def test_call_is_inside_the_node() -> None:
    with Network(Pair()) as network:
        inside = network["h1"].call(lambda: Path("/proc/thread-self/ns/net").readlink())
        assert inside == Path(f"/proc/self/fd/{network['h1'].netns_fd}").readlink()
        assert inside != Path("/proc/self/ns/net").readlink()
        with pytest.raises(ZeroDivisionError):
            network["h1"].call(lambda: 1 / 0)


def test_removing_a_node_ends_its_processes() -> None:
    with Network(Pair()) as network:
        namespace = {str(Path(f"/proc/self/fd/{network['h2'].netns_fd}").readlink())}
        process = network["h2"].popen(["sleep", "1000"])
        assert str(process.pid) in users_of(namespace)
        network.delNode("h2")
        assert users_of(namespace) == set()
        with pytest.raises(UnknownNodeError, match="no node h2 in this network; its nodes are: h1, s1"):
            network["h2"]
        assert network["h1"].run(["true"]).status == 0


def test_a_node_sees_its_own_interfaces_and_private_folders(tmp_path: Path) -> None:
    with Network() as network:
        network.addHost("h1", privateDirs=["/run/mine", ("/run/kept", f"{tmp_path}/%(name)s")])
        network.addHost("h2")
        network.addLink("h1", "h2")
        network["h1"].run(["sh", "-c", "echo 1 > /run/mine/a; echo 2 > /run/kept/b"])
        seen = set(network["h1"].run(["ls", "/sys/class/net"]).stdout.split())
        assert {"h1-eth0", "lo"} <= seen
        assert not {"h2-eth0", "eth0"} & seen
        assert network["h1"].run(["cat", "/run/mine/a", "/run/kept/b"]).stdout == "1\n2\n"
        assert network["h2"].run(["ls", "/run/mine", "/run/kept"]).stdout.split() == ["/run/kept:", "/run/mine:"]
    assert (tmp_path / "h1" / "b").read_text() == "2\n"


def test_two_networks_do_not_see_each_other() -> None:
    with Network(Pair()) as one, Network(Pair()) as other:
        assert one.pingAll() == 0
        one["h2"].intf("h2-eth0").change(up=False)
        assert one["h1"].run(["ping", "-c1", "-W1", "10.0.0.2"]).status != 0
        assert other["h1"].run(["ping", "-c1", "-W1", "10.0.0.2"]).status == 0


def test_settings_of_the_computer_stay_as_they_are() -> None:
    watched = [Path("/proc/sys/net/ipv4/ip_forward"), Path("/proc/sys/kernel/hostname"), Path("/proc/sys/fs/file-max")]
    before = [path.read_text() for path in watched]
    mounts = Path("/proc/self/mounts").read_text()
    interfaces = sorted(Path("/sys/class/net").iterdir())
    with Network(Pair()) as network:
        network.addRouter("r1")
        network["h1"].cmd("true")
    assert [path.read_text() for path in watched] == before
    assert Path("/proc/self/mounts").read_text() == mounts
    assert sorted(Path("/sys/class/net").iterdir()) == interfaces
