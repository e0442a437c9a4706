"""GRE and gretap tunnels over IPv4 and IPv6, with real packets; needs a kernel that has them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from raslab.errors import TopologyError
from raslab.net import Network, Topo

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("gre", "gretap", "ip6gre"), pytest.mark.both]

OUTER = {4: ("192.0.2.1", "192.0.2.2"), 6: ("2001:db8:99::1", "2001:db8:99::2")}


class TwoGateways(Topo):
    """Two gateways on a wire; tunnels are added by the tests."""

    def build(self, mtu: int = 1500) -> None:
        for number in (1, 2):
            self.addRouter(f"gw{number}")
        sides = [{"name": "wan0", "ips": [f"{OUTER[4][i]}/24", f"{OUTER[6][i]}/64"]} for i in (0, 1)]
        self.addLink("gw1", "gw2", mtu=mtu, params1=sides[0], params2=sides[1])


@pytest.fixture
def net() -> Iterator[Network]:
    """`TwoGateways`, running."""
    with Network(TwoGateways()) as network:
        yield network


def add_tunnel(
    net: Network, *, family: int = 4, keys: tuple[int | None, int | None] = (None, None), **same: object
) -> None:
    """The same tunnel on both gateways, with addresses 10.255.0.1 and .2, 2001:db8:ff::1 and ::2."""
    for i in (0, 1):
        net.addTunnel(
            f"gw{i + 1}",
            "tun1",
            local=OUTER[family][i],
            remote=OUTER[family][1 - i],
            key=keys[i],
            ips=[f"10.255.0.{i + 1}/24", f"2001:db8:ff::{i + 1}/64"],
            **same,  # type: ignore[arg-type]
        )


def crosses(net: Network, size: int = 56, address: str = "10.255.0.2") -> bool:
    """True if an unfragmented echo request with `size` bytes of data is answered."""
    return net["gw1"].run(["ping", "-c1", "-W1", "-Mdo", "-s", str(size), address], timeout=10).status == 0


@pytest.mark.parametrize(
    ("kind", "family", "key", "overhead"),
    [
        ("gre", 4, None, 24),
        ("gre", 4, 1001, 28),
        ("gre", 4, 0, 28),
        ("gre", 6, None, 44),
        ("gre", 6, 0xFFFFFFFF, 48),
        ("gretap", 4, 5001 << 8, 42),
        ("gretap", 6, None, 58),
    ],
)
def test_tunnel_carries_both_families_up_to_its_mtu(
    net: Network, kind: str, family: int, key: int | None, overhead: int
) -> None:
    add_tunnel(net, kind=kind, family=family, keys=(key, key))
    assert f" mtu {1500 - overhead} " in net["gw1"].run(["ip", "link", "show", "tun1"]).stdout
    assert crosses(net, 1500 - overhead - 28)  # IPv4 and ICMP headers
    assert not crosses(net, 1500 - overhead - 27)
    assert crosses(net, 1500 - overhead - 48, "2001:db8:ff::2")
    counters = net["gw2"].run(["cat", "/sys/class/net/tun1/statistics/rx_packets"]).stdout
    assert int(counters) >= 2


@pytest.mark.parametrize("keys", [(1, 2), (1, None), (None, 1)])
def test_wrong_key_is_silence(net: Network, keys: tuple[int | None, int | None]) -> None:
    add_tunnel(net, keys=keys)
    assert not crosses(net)


def test_two_keys_between_the_same_end_points(net: Network) -> None:
    add_tunnel(net, keys=(1, 1))
    for i in (0, 1):
        net.addTunnel(
            f"gw{i + 1}", "tun2", local=OUTER[4][i], remote=OUTER[4][1 - i], key=2, ips=[f"10.255.9.{i + 1}/24"]
        )
    assert crosses(net)
    assert crosses(net, address="10.255.9.2")
    with pytest.raises(TopologyError, match="Tunnels tun2 and tun3 of node gw1 have the same end points and key 2"):
        net.addTunnel("gw1", "tun3", local=OUTER[4][0], remote=OUTER[4][1], key=2)


def test_tunnel_follows_the_mtu_below(net: Network) -> None:
    add_tunnel(net)
    with net.changing():
        for gateway in ("gw1", "gw2"):
            net[gateway].intf("wan0").change(mtu=9000)
    assert " mtu 8976 " in net["gw1"].run(["ip", "link", "show", "tun1"]).stdout
    assert crosses(net, 8976 - 28)


def test_tunnel_and_its_route_are_added_and_removed(net: Network) -> None:
    add_tunnel(net)
    net.addRoute("gw1", "10.2.0.0/16", via="10.255.0.2")
    assert "10.2.0.0/16 via 10.255.0.2 dev tun1" in net["gw1"].run(["ip", "route"]).stdout
    net.delTunnel("gw1", "tun1")
    assert not crosses(net)
    assert "10.2.0.0/16" not in net["gw1"].run(["ip", "route"]).stdout
    assert "tun1" not in net["gw1"].run(["ip", "link"]).stdout
    assert "tun1" in net["gw2"].run(["ip", "link"]).stdout


def test_tunnel_takes_the_path_of_its_outer_packets(net: Network) -> None:
    add_tunnel(net, keys=(7, 7))
    assert crosses(net)
    net["gw2"].intf("wan0").change(up=False)
    assert not crosses(net)
    net["gw2"].intf("wan0").change(up=True)
    assert crosses(net)
