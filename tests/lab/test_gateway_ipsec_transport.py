"""Transport mode: what two gateways say to each other, a GRE tunnel above all, is protected without another header."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from transport import Transport
from two_sites import WAN, Sites, TwoSites, until

from raslab.errors import GatewayRefusedError
from raslab.gateway import VpnTrafficSelector
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface")]

GRE = 47  # IANA's number
SIZE = 1000


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Two gateways with a GRE tunnel between them."""
    with Network(TwoSites()) as network:
        found = Sites(network)
        for here, there, gateway in ((1, 2, found.gw1), (2, 1, found.gw2)):
            gateway.add_gre_interface(
                "gre",
                source_ip_address=WAN[here],
                destination=WAN[there],
                ipv4_address=f"10.254.0.{here}/30",
                ipv4_subnet=f"10.{there}.0.0/24",
            )
        yield found


def protect(sites: Sites, mode: str = "Transport", secrets: tuple[str, str] = ("secret", "secret")) -> None:
    """Protect GRE between the gateways, and nothing else."""
    for here, there, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
        mine, theirs = (
            VpnTrafficSelector(ip_address_range=(WAN[site], WAN[site]), protocol_id=GRE) for site in (here, there)
        )
        gateway.add_vpn_s2s_interface(
            "shield",
            destination=WAN[there],
            authentication_method="PSKOnly",
            shared_secret=secrets[here - 1],
            mode=mode,
            local_vpn_traffic_selector=mine,
            remote_vpn_traffic_selector=theirs,
        )


def ping(sites: Sites) -> int:
    """Answers to one echo request of a known size, from site to site."""
    command = ["ping", "-c1", "-W1", "-s", str(SIZE), "10.2.0.1"]
    return int(sites.network["h1"].run(command, timeout=10).stdout.count("bytes from"))


def test_gre_is_protected_and_its_first_packet_dials(sites: Sites) -> None:
    with Transport(sites.network) as transport:
        protect(sites)
        ping(sites)
        until("it is up", lambda: sites.gw2.get_vpn_s2s_interface("shield")[0].connection_state == "Connected")
        assert ping(sites) == 1
    assert transport.in_clear() == []
    assert "gre" not in transport.protocols
    sizes = {len(p["IP"]) for one in transport.seen for p in one.packets if "IP" in p and p["IP"].proto == 50}
    # Outer header, ESP's with initialisation vector, what is padded to whole words with two bytes behind, check value.
    inside = 4 + 20 + 8 + SIZE  # GRE, IP, ICMP
    assert sizes == {20 + 16 + (inside + 2 + 3) // 4 * 4 + 16}
    for node in ("gw1", "gw2"):
        states = sites.network[node].run("ip xfrm state").stdout
        assert (states.count("mode transport"), states.count("mode tunnel")) == (2, 0)
        assert "if_id" not in states
    (counted,) = sites.gw1.get_vpn_s2s_interface_statistics("shield")
    assert (counted.packets_in, counted.packets_out) == (1, 1)
    sites.gw1.clear_vpn_s2s_interface_statistics("shield")
    assert sites.gw1.get_vpn_s2s_interface_statistics("shield")[0].packets_out == 0


def test_without_it_gre_is_read_by_everybody(sites: Sites) -> None:
    with Transport(sites.network) as transport:
        assert ping(sites) == 1
    assert "gre" in transport.protocols
    assert transport.in_clear()


def test_with_the_wrong_key_nothing_leaves_in_clear(sites: Sites) -> None:
    with Transport(sites.network) as transport:
        protect(sites, secrets=("secret", "other"))
        assert [ping(sites) for _ in range(3)] == [0, 0, 0]
    assert transport.in_clear() == []
    assert "gre" not in transport.protocols


def test_what_is_not_gre_is_left_alone(sites: Sites) -> None:
    protect(sites)
    with Transport(sites.network) as transport:
        assert sites.pings(WAN[2], source="gw1") == 1
    assert "esp" not in transport.protocols


def test_an_inside_is_refused(sites: Sites) -> None:
    values = {"destination": WAN[2], "authentication_method": "PSKOnly", "shared_secret": "secret"}
    with pytest.raises(GatewayRefusedError, match="nothing is behind it: leave out ipv4_subnet"):
        sites.gw1.add_vpn_s2s_interface("shield", mode="Transport", ipv4_subnet="10.2.0.0/24", **values)
    assert "mode transport" not in sites.network["gw1"].run("ip xfrm policy").stdout
