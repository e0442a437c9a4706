"""FRR's daemons as services: real routers that exchange real routes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from waiting import until

from raslab.errors import ConfigurationRefusedError, NoSuchServiceError, ProgramNotFoundError
from raslab.net import Network, Topo
from raslab.services import Bgpd, Service, Supervisor, Zebra

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.both]
AS = {"r1": 65001, "r2": 65002, "r3": 65003}


class Fork(Topo):
    """A host behind r1, which is linked to r2 and r3; a host behind r2."""

    def build(self) -> None:
        for router in AS:
            self.addRouter(router)
        self.addLink("r1", "r2", params1={"ip": "10.0.12.1/24"}, params2={"ip": "10.0.12.2/24"})
        self.addLink("r1", "r3", params1={"ip": "10.0.13.1/24"}, params2={"ip": "10.0.13.3/24"})
        for number in (1, 2):
            self.addHost(f"h{number}", ip=f"192.168.{number}.2/24", defaultRoute=f"via 192.168.{number}.1")
            self.addLink(f"h{number}", f"r{number}", params2={"ip": f"192.168.{number}.1/24"})


def bgp(router: str, neighbours: dict[str, int], *more: str, network: str = "") -> list[Service]:
    """zebra and bgpd of a router. neighbours: AS by address; more: lines of `router bgp`."""
    rows = ["frr defaults datacenter", f"router bgp {AS[router]}", " no bgp ebgp-requires-policy", " coalesce-time 0"]
    rows += [f" neighbor {address} remote-as {number}" for address, number in neighbours.items()]
    rows += [f" neighbor {address} timers connect 1" for address in neighbours]
    rows += [*more, " address-family ipv4 unicast", f"  network {network or f'192.168.{router[1]}.0/24'}"]
    return [Zebra(), Bgpd("\n".join(rows))]


R1 = {"10.0.12.2": AS["r2"], "10.0.13.3": AS["r3"]}
WANTED = {
    "r1": bgp("r1", R1),
    "r2": bgp("r2", {"10.0.12.1": AS["r1"]}),
    "r3": bgp("r3", {"10.0.13.1": AS["r1"]}, " no bgp network import-check", network="172.16.3.0/24"),
}


@pytest.fixture
def network() -> Iterator[Network]:
    """The running network, without services."""
    with Network(Fork()) as running:
        yield running


def peers(supervisor: Supervisor, router: str) -> dict[str, dict[str, object]]:
    """What a router's bgpd knows of its neighbours."""
    found = supervisor.vty(router, "bgpd").show("show bgp ipv4 unicast summary json")
    return dict(found.get("peers", {}))


def established(supervisor: Supervisor, router: str) -> set[str]:
    """Neighbours with which a router has a session."""
    return {name for name, peer in peers(supervisor, router).items() if peer["state"] == "Established"}


def has_route(network: Network, node: str, prefix: str) -> bool:
    """True if the kernel of a node has a route that BGP made."""
    return prefix in network[node].run(["ip", "route", "show", "proto", "bgp"]).stdout


def test_routers_exchange_prefixes_into_their_kernels_and_packets_follow(network: Network) -> None:
    supervisor = Supervisor(network)
    assert network["h1"].run(["ping", "-c1", "-W1", "192.168.2.2"]).status != 0
    supervisor.apply(WANTED)
    until("r1 knows the way to h2", lambda: has_route(network, "r1", "192.168.2.0/24"))
    until("r2 knows the way to h1", lambda: has_route(network, "r2", "192.168.1.0/24"))
    assert network["h1"].run(["ping", "-c1", "-W2", "192.168.2.2"]).status == 0
    assert "10.0.12.2" in network["r1"].run(["vtysh", "-c", "show bgp summary"]).stdout

    supervisor.apply({"r2": []})
    until("r1 forgets what r2 had told", lambda: not has_route(network, "r1", "192.168.2.0/24"))
    assert network["h1"].run(["ping", "-c1", "-W1", "192.168.2.2"]).status != 0


def test_with_a_wrong_as_there_is_no_session_and_no_route(network: Network) -> None:
    supervisor = Supervisor(network)
    supervisor.apply(WANTED | {"r2": bgp("r2", {"10.0.12.1": 65999})})
    until("r1 and r3 have a session", lambda: established(supervisor, "r1") == {"10.0.13.3"})
    asked = supervisor.vty("r2", "bgpd")
    until(
        "r2 says what is wrong with r1", lambda: "Bad Peer AS" in str(asked.show("show bgp neighbors 10.0.12.1 json"))
    )
    assert not has_route(network, "r1", "192.168.2.0/24")


@pytest.mark.needs("tcp md5")
def test_a_session_needs_the_same_password_on_both_sides(network: Network) -> None:
    def with_password(router: str, neighbours: dict[str, int], password: str) -> list[Service]:
        return bgp(router, neighbours, *(f" neighbor {address} password {password}" for address in neighbours))

    supervisor = Supervisor(network)
    one = with_password("r1", R1, "secret")
    two = with_password("r2", {"10.0.12.1": AS["r1"]}, "guess")
    three = with_password("r3", {"10.0.13.1": AS["r1"]}, "secret")
    supervisor.apply({"r1": one, "r2": two, "r3": three})
    until("r1 and r3 have a session", lambda: established(supervisor, "r1") == {"10.0.13.3"})
    counters = "nstat -asz TcpExtTCPMD5Failure"
    until("r1 refuses segments of r2", lambda: network["r1"].run(counters).stdout.split()[-2] != "0")
    assert established(supervisor, "r1") == {"10.0.13.3"}
    supervisor.apply({"r2": with_password("r2", {"10.0.12.1": AS["r1"]}, "secret")})
    until("r1 has both sessions", lambda: established(supervisor, "r1") == set(R1))


def test_a_change_of_one_neighbour_leaves_the_other_session_alone(network: Network) -> None:
    supervisor = Supervisor(network)
    supervisor.apply(WANTED)
    until("r1 has both sessions", lambda: established(supervisor, "r1") == set(R1))
    before = peers(supervisor, "r1")

    (change,) = supervisor.apply({"r1": bgp("r1", R1, " neighbor 10.0.13.3 timers 1 3")})
    assert change.lines == ("router bgp 65001", "neighbor 10.0.13.3 timers 1 3", "exit")
    supervisor.vty("r1", "bgpd").run("clear bgp 10.0.13.3")
    until("the session with r3 is new", lambda: peers(supervisor, "r1")["10.0.13.3"]["connectionsDropped"] != 0)
    until("r1 has both sessions again", lambda: established(supervisor, "r1") == set(R1))

    supervisor.apply({"r1": bgp("r1", {"10.0.12.2": AS["r2"]})})
    after = peers(supervisor, "r1")
    assert list(after) == ["10.0.12.2"]
    for figure in ("connectionsEstablished", "connectionsDropped"):
        assert after["10.0.12.2"][figure] == before["10.0.12.2"][figure]
    assert int(str(after["10.0.12.2"]["peerUptimeMsec"])) >= int(str(before["10.0.12.2"]["peerUptimeMsec"]))
    assert supervisor.apply({"r1": bgp("r1", {"10.0.12.2": AS["r2"]})}) == ()


def test_a_refused_line_is_named_and_changes_nothing_live(network: Network) -> None:
    supervisor = Supervisor(network)
    supervisor.apply(WANTED)
    vty = supervisor.vty("r1", "bgpd")
    before = vty.run("show running-config")
    with pytest.raises(
        ConfigurationRefusedError, match=r"Node r1: bgpd refused `neighbor 10\.0\.12\.2 tymers 3 9`"
    ) as raised:
        supervisor.apply({"r1": bgp("r1", R1, " bgp cluster-id 9.9.9.9", " neighbor 10.0.12.2 tymers 3 9")})
    assert "Unknown command" in raised.value.reason
    assert vty.run("show running-config") == before
    assert supervisor.declared("r1") == tuple(WANTED["r1"])


def test_a_refused_line_at_the_start_leaves_no_daemon(network: Network) -> None:
    supervisor = Supervisor(network)
    bad = bgp("r1", R1, " neighbor nobody remote-as 5")
    with pytest.raises(ConfigurationRefusedError, match="neighbor nobody remote-as 5"):
        supervisor.apply({"r1": bad, "r2": WANTED["r2"]})
    assert supervisor.declared("r1") == supervisor.declared("r2") == ()
    assert network["r1"].run(["pidof", "zebra", "bgpd"]).stdout == ""
    supervisor.apply(WANTED)
    until("r1 has both sessions", lambda: established(supervisor, "r1") == set(R1))


def test_what_is_not_there_is_named(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = Supervisor(network)
    supervisor.apply({"r1": [Zebra()]})
    with pytest.raises(NoSuchServiceError, match="Node r1 has no service bgpd; it has: zebra"):
        supervisor.vty("r1", "bgpd")
    monkeypatch.setattr("raslab.services.frr.FOLDER", "/nowhere")
    with pytest.raises(ProgramNotFoundError, match="Node r2 cannot run /nowhere/zebra"):
        supervisor.apply({"r2": [Zebra()]})
