"""Several static routes to one prefix: side by side with one metric, one after the other with several."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.both]

TO = {4: "10.2.0.0/24", 6: "2001:db8:2::/64"}
HOPS = {4: "10.9.{}.{}", 6: "2001:db8:9{}::{}"}
LENGTHS = {4: 24, 6: 64}
HOSTS = range(1, 33)


@pytest.fixture
def net() -> Iterator[Network]:
    """h1 - r1 = r2 - h2; h2 has many addresses. r2 knows both ways back."""
    net = Network()
    for name in ("r1", "r2"):
        net.addRouter(name, ips=[])
    for number in (1, 2):
        lan, lan6 = f"10.{number}.0", f"2001:db8:{number}:"
        hosts = HOSTS if number == 2 else (1,)
        net.addHost(f"h{number}", ips=[], defaultRoute=[f"via {lan}.254", f"via {lan6}:fe"])
        own = [text for host in hosts for text in (f"{lan}.{host}/24", f"{lan6}:{host:x}/64")]
        here = {"name": "lan", "ips": [f"{lan}.254/24", f"{lan6}:fe/64"]}
        net.addLink(f"h{number}", f"r{number}", params1={"name": "eth0", "ips": own}, params2=here)
        ends = [
            {"name": f"p{number}", "ips": [f"{HOPS[v].format(number, end)}/{LENGTHS[v]}" for v in (4, 6)]}
            for end in (1, 2)
        ]
        net.addLink("r1", "r2", params1=ends[0], params2=ends[1])
        for version in (4, 6):
            lan_of_1 = TO[version].replace("10.2", "10.1").replace("db8:2", "db8:1")
            net.addRoute("r2", lan_of_1, via=HOPS[version].format(number, 1))
    with net:
        yield net


def tell(net: Network, version: int, number: int, metric: int | None = None) -> None:
    net.addRoute("r1", TO[version], via=HOPS[version].format(number, 2), metric=metric)


def used(net: Network, version: int) -> set[str]:
    """The interfaces by which r1 would send to the addresses of h2."""
    prefix = TO[version].partition("0/24" if version == 4 else "/64")[0]
    script = "\n".join(f"route get {prefix}{host if version == 4 else format(host, 'x')}" for host in HOSTS)
    shown = net["r1"].run(["ip", f"-{version}", "-batch", "-"], input=script).stdout
    return {words[words.index("dev") + 1] for words in map(str.split, shown.splitlines()) if "dev" in words}


def answered(net: Network, version: int) -> int:
    """How many addresses of h2 answer h1."""
    prefix = TO[version].partition("0/24" if version == 4 else "/64")[0]
    targets = [f"{prefix}{host if version == 4 else format(host, 'x')}" for host in HOSTS]
    script = " ".join(f"ping -c1 -W1 {target} & " for target in targets) + "wait"
    return net["h1"].run(["sh", "-c", script], timeout=60).stdout.count("bytes from")


@pytest.mark.parametrize("version", [4, 6])
def test_equal_routes_are_used_side_by_side_and_stand_in_for_each_other(net: Network, version: int) -> None:
    tell(net, version, 1)
    assert used(net, version) == {"p1"}
    tell(net, version, 2)
    assert used(net, version) == {"p1", "p2"}
    assert answered(net, version) == len(HOSTS)
    for number in (1, 2):
        (wire,) = [link for link in net.linksBetween(net["r1"], net["r2"]) if link.intf1.name == f"p{number}"]
        wire.down()
        assert used(net, version) == {f"p{3 - number}"}
        assert answered(net, version) == len(HOSTS)
        wire.up()
        assert used(net, version) == {"p1", "p2"}
    both = net.linksBetween(net["r1"], net["r2"])
    for wire in both:
        wire.down()
    assert used(net, version) == set()
    for wire in both:
        wire.up()
    assert used(net, version) == {"p1", "p2"}
    assert answered(net, version) == len(HOSTS)
    net.delRoute("r1", TO[version], via=HOPS[version].format(1, 2))
    assert used(net, version) == {"p2"}
    net.delRoute("r1", TO[version])
    assert used(net, version) == set()


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("first", [1, 2])
def test_a_higher_metric_is_a_backup_whichever_is_told_first(net: Network, version: int, first: int) -> None:
    for number in (first, 3 - first):
        tell(net, version, number, metric=number * 10)
    assert used(net, version) == {"p1"}
    (wire,) = [link for link in net.linksBetween(net["r1"], net["r2"]) if link.intf1.name == "p1"]
    wire.down()
    assert used(net, version) == {"p2"}
    assert answered(net, version) == len(HOSTS)
    wire.up()
    assert used(net, version) == {"p1"}


def test_one_change_with_both_and_with_neither(net: Network) -> None:
    with net.changing():
        for version in (4, 6):
            for number in (2, 1):
                tell(net, version, number)
            tell(net, version, 1)  # told twice it is one
    assert [used(net, version) for version in (4, 6)] == [{"p1", "p2"}] * 2
    assert net["r1"].run("ip route show 10.2.0.0/24").stdout.count("nexthop") == 2
    before = net["r1"].run("ip route").stdout
    net["r1"].intf("p2").change(mtu=1400)
    assert net["r1"].run("ip route").stdout == before
    with net.changing():
        for version in (4, 6):
            net.delRoute("r1", TO[version])
    assert [used(net, version) for version in (4, 6)] == [set(), set()]
