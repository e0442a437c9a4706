"""Site-to-site interfaces of one gateway beside each other, their MTU, live changes, and IPv6 of what dials."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from two_sites import WAN, WAN6, Sites, TwoSites, until

from raslab.measure import capture
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("gre", "esp", "xfrm interface")]

HEADERS = {"10.2.0.1": 28, "2001:db8:2::1": 48}  # IP and ICMP, bytes


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Two gateways without any interface between them."""
    with Network(TwoSites()) as network:
        yield Sites(network)


def add_ikev2(sites: Sites, **settings: object) -> None:
    """The same IKEv2 interface on both gateways, for both families."""
    for here, there, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
        own = settings if here == 1 else {}
        wanted = {
            "destination": WAN[there],
            "authentication_method": "PSKOnly",
            "shared_secret": "secret",
            "ipv4_subnet": f"10.{there}.0.0/24:100",
            "ipv6_subnet": f"2001:db8:{there}::/64:100",
        }
        gateway.add_vpn_s2s_interface("branch", **{**wanted, **own})


def add_gre(sites: Sites, name: str = "branch", **settings: object) -> None:
    """The same GRE interface on both gateways, for both families."""
    for here, there, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
        subnets = {"ipv4_subnet": f"10.{there}.0.0/24:100", "ipv6_subnet": f"2001:db8:{there}::/64:100"}
        gateway.add_gre_interface(name, source_ip_address=WAN[here], destination=WAN[there], **{**subnets, **settings})


def add_wireguard(sites: Sites) -> None:
    """The same WireGuard interface on both gateways, for both families."""
    keys = {1: sites.gw1.new_wireguard_keys(), 2: sites.gw2.new_wireguard_keys()}
    for here, there, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
        gateway.add_wireguard_interface(
            "branch",
            destination=WAN[there],
            private_key=keys[here].private_key,
            public_key=keys[there].public_key,
            ipv4_subnet=f"10.{there}.0.0/24:100",
            ipv6_subnet=f"2001:db8:{there}::/64:100",
        )


def connection(sites: Sites) -> str:
    """Of gw1's interface branch."""
    return sites.gw1.get_vpn_s2s_interface("branch")[0].connection_state


def whole_ping(sites: Sites, target: str, size: int) -> str:
    """What ping says of one packet of so many bytes, with its IP header, that nobody may cut."""
    payload = str(size - HEADERS[target])
    return str(sites.network["h1"].run(["ping", "-c1", "-W1", "-Mdo", "-s", payload, target], timeout=10).stdout)


@pytest.mark.parametrize("target", list(HEADERS))
@pytest.mark.parametrize(
    ("add", "mtu"),
    [(add_gre, 1476), (lambda sites: add_gre(sites, gre_key=7), 1472), (add_ikev2, 1407), (add_wireguard, 1440)],
    ids=["gre", "gre-key", "ikev2", "wireguard"],
)
def test_packets_up_to_the_mtu_pass_and_larger_ones_are_told_of_it(
    sites: Sites, add: object, mtu: int, target: str
) -> None:
    assert callable(add)
    add(sites)
    if sites.gw1.state.vpn_s2s_interfaces:
        sites.gw1.connect_vpn_s2s_interface("branch")
    until("the tunnel carries packets", lambda: sites.pings(target) == 1)
    assert "1 received" in whole_ping(sites, target, mtu)
    told = whole_ping(sites, target, mtu + 1)
    assert "0 received" in told
    assert f"mtu={mtu}" in told.replace("mtu = ", "mtu=")


@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
def test_keys_keep_two_tunnels_between_the_same_gateways_apart(sites: Sites, family: str) -> None:
    add_gre(sites, "tenant1", gre_key=1001, **{f"{f}_subnet": () for f in ("ipv4", "ipv6") if f != family.lower()})
    add_gre(sites, "tenant2", gre_key=1002, **{f"{family.lower()}_subnet": ()})
    with capture(sites.network["isp"].intf("site1")) as seen:
        assert sites.pings("10.2.0.1") == 1
        assert sites.pings("2001:db8:2::1", count=2) == 2
    keys = seen.frame["gre_key"].dropna().astype(int).value_counts().to_dict()
    four, six = (1001, 1002) if family == "IPv4" else (1002, 1001)
    assert keys == {four: 2, six: 4}
    counted = {one.name: (one.packets_in, one.packets_out) for one in sites.gw1.get_vpn_s2s_interface_statistics()}
    assert counted == {"tenant1": (keys[1001] // 2,) * 2, "tenant2": (keys[1002] // 2,) * 2}


def test_a_secret_finds_the_interface_with_the_callers_address(sites: Sites) -> None:
    """Of two interfaces with the same secret the caller comes in by the one whose destination it is."""
    add_ikev2(sites)
    sites.gw2.add_vpn_s2s_interface(
        "another",
        destination="203.0.113.99",
        authentication_method="PSKOnly",
        shared_secret="secret",
        ipv4_subnet="10.9.0.0/24:100",
    )
    sites.gw1.connect_vpn_s2s_interface("branch")
    assert sites.pings() == 1
    states = {one.name: one.connection_state for one in sites.gw2.get_vpn_s2s_interface()}
    assert states == {"branch": "Connected", "another": "Disconnected"}
    counted = {one.name: one.packets_in for one in sites.gw2.get_vpn_s2s_interface_statistics()}
    assert counted == {"branch": 1, "another": 0}


def test_what_an_interface_loses_is_counted(sites: Sites) -> None:
    add_ikev2(sites)
    assert sites.pings() == 0  # the packet that dials
    until("the tunnel is up", lambda: connection(sites) == "Connected")
    assert sites.pings() == 1
    (counted,) = sites.gw1.get_vpn_s2s_interface_statistics()
    assert (counted.packets_in, counted.packets_out) == (1, 1)
    assert (counted.errors_out, counted.dropped_out) == (1, 1)  # one packet, which the kernel counts as both
    assert counted.up_s is not None
    sites.gw1.disconnect_vpn_s2s_interface("branch")
    assert sites.gw1.get_vpn_s2s_interface_statistics()[0].up_s is None


def test_ipv6_triggers_dial_and_others_do_not(sites: Sites) -> None:
    add_ikev2(sites, ipv6_trigger_filter="2001:db8:1::/64:2001:db8:2::2/128:ICMP")
    sites.network.addAddress("h2", "eth0", "2001:db8:2::2/64")
    with capture(sites.network["gw1"].intf("wan0"), "udp port 500") as seen:
        assert sites.pings("2001:db8:2::1") == 0
    assert len(seen.frame) == 0
    assert connection(sites) == "Disconnected"
    sites.pings("2001:db8:2::2")
    until("the trigger has dialled", lambda: connection(sites) == "Connected")
    assert sites.pings("2001:db8:2::1") == 1


def test_ipv6_routes_of_a_connection_come_and_go_with_it(sites: Sites) -> None:
    add_ikev2(sites, ipv6_subnet=(), post_connection_ipv6_subnet="2001:db8:2::/64:50")

    def there() -> bool:
        return "metric 50" in sites.network["gw1"].run("ip -6 route show dev branch 2001:db8:2::/64").stdout

    assert not there()
    sites.gw1.connect_vpn_s2s_interface("branch")
    until("the route is there", there)
    assert sites.pings("2001:db8:2::1") == 1
    sites.gw1.disconnect_vpn_s2s_interface("branch")
    until("the route is gone", lambda: not there())


def test_an_interface_changes_while_it_carries_packets(sites: Sites) -> None:
    """Routes, addresses and what dials change at once, and the security association stays."""
    add_ikev2(sites)
    sites.gw1.connect_vpn_s2s_interface("branch")
    gw1 = sites.network["gw1"]

    def spis() -> list[str]:
        return sorted(line for line in str(gw1.run("ip xfrm state").stdout).splitlines() if "spi" in line)

    before = spis()
    assert len(before) == 2
    sites.gw1.set_vpn_s2s_interface("branch", ipv4_subnet=["10.2.0.0/24:7", "10.9.0.0/24:8"])
    assert "metric 7" in gw1.run("ip route show 10.2.0.0/24").stdout
    assert "metric 8" in gw1.run("ip route show 10.9.0.0/24").stdout
    sites.gw1.set_vpn_s2s_interface("branch", ipv4_subnet="10.2.0.0/24:7", ipv4_address="10.254.0.1/30")
    assert gw1.run("ip route show 10.9.0.0/24").stdout == ""
    assert "10.254.0.1/30" in gw1.run("ip addr show branch").stdout
    sites.gw1.set_vpn_s2s_interface("branch", sa_life_time_seconds=1800, retry_interval_seconds=30)
    assert sites.pings() == 1
    assert spis() == before
    sites.gw1.set_vpn_s2s_interface("branch", admin_status=False)
    assert sites.pings() == 0
    assert spis() == []


def hop(sites: Sites, target: str, number: int) -> str:
    """Who says that a packet with so many hops to live has died."""
    said = str(sites.network["h1"].run(["ping", "-n", "-c1", "-W1", "-t", str(number), target], timeout=10).stdout)
    return next((line.split()[1] for line in said.splitlines() if line.startswith("From ")), "")


def test_routers_on_the_way_are_seen_but_not_from_inside_a_tunnel(sites: Sites) -> None:
    for site in (1, 2):
        sites.network.addRoute("isp", f"10.{site}.0.0/24", via=WAN[site])
        sites.network.addRoute("isp", f"2001:db8:{site}::/64", via=WAN6[site])
    ways = {
        "10.2.0.1": ("10.1.0.254", "203.0.113.254", WAN[2]),
        "2001:db8:2::1": ("2001:db8:1::fe", "2001:db8:a::fe", WAN6[2]),
    }
    for target, routers in ways.items():
        assert tuple(hop(sites, target, number) for number in (1, 2, 3)) == routers
    add_gre(sites)
    for target, routers in ways.items():
        assert hop(sites, target, 1) == routers[0]
        assert hop(sites, target, 2) not in ("", *routers[:2])
        assert hop(sites, target, 3) == ""
        assert sites.pings(target) == 1
