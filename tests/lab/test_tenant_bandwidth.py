"""A bandwidth that the tunnels of one tenant have together, in both directions, and its neighbour's freedom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from two_tenants import NAMES, OUTSIDE, SITES, Tenants, TwoTenants

from raslab.errors import GatewayRefusedError
from raslab.measure import throughput
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("gre", "tbf"), pytest.mark.virtual]

PLACES = {1: "10.2.0.1", 2: "10.2.0.2"}  # addresses of the site's host, each behind a tunnel of its own
SHARE = 1424 / 1476  # TCP payload of an inner packet of 1476 bytes: what is limited are inner IP packets


@pytest.fixture
def tenants() -> Iterator[Tenants]:
    """Two tenants with two tunnels each to their sites."""
    with Network(TwoTenants()) as network:
        found = Tenants(network)
        for tenant, name in NAMES.items():
            network.addAddress(f"h{tenant}", "eth0", f"{PLACES[2]}/24")
            network.addAddress(f"vm{tenant}", "eth0", "10.1.0.2/24")
            for place, address in PLACES.items():
                key = 10 * tenant + place
                ends = {"source_ip_address": f"{OUTSIDE}.1", "destination": SITES[tenant], "gre_key": key}
                behind = f"{address}/32"
                found.csp.add_gre_interface(f"gre{key}", ipv4_subnet=behind, routing_domain=name, **ends)
                ends = {"source_ip_address": SITES[tenant], "destination": f"{OUTSIDE}.1", "gre_key": key}
                found.sites[tenant].add_gre_interface(f"gre{key}", ipv4_subnet=f"10.1.0.{place}/32", **ends)
        yield found


def out(tenants: Tenants, tenant: int, place: int) -> float:
    """Goodput of TCP from the datacentre to a place, in Mbit/s."""
    nodes = tenants.network[f"vm{tenant}"], tenants.network[f"h{tenant}"]
    frame = throughput(*nodes, address=PLACES[place], port=5200 + place, duration_s=3.0, warmup_s=1.0)
    return float(frame["throughput_mbps"].iloc[0])


def back(tenants: Tenants, tenant: int, place: int) -> float:
    """Goodput of TCP to the datacentre by one of the tunnels, in Mbit/s."""
    nodes = tenants.network[f"h{tenant}"], tenants.network[f"vm{tenant}"]
    frame = throughput(*nodes, address=f"10.1.0.{place}", port=5200 + place, duration_s=3.0, warmup_s=1.0)
    return float(frame["throughput_mbps"].iloc[0])


def both(measured: Callable[[Tenants, int, int], float], tenants: Tenants) -> list[float]:
    """What goes by the two tunnels of Contoso at the same time."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda place: measured(tenants, 1, place), PLACES))


def test_tunnels_of_one_tenant_share_what_it_has(tenants: Tenants) -> None:
    assert out(tenants, 1, 1) > 60
    tenants.csp.set_remote_access_routing_domain("Contoso", tx_bandwidth_kbps=20_000, rx_bandwidth_kbps=8_000)
    for measured, limit in ((out, 20), (back, 8)):
        assert measured(tenants, 1, 1) == pytest.approx(limit * SHARE, rel=0.02)
        shares = both(measured, tenants)
        assert sum(shares) == pytest.approx(limit * SHARE, rel=0.05)
        assert min(shares) > 0
        assert measured(tenants, 2, 1) > 60
    tenants.csp.set_vpn_s2s_interface("gre11", tx_bandwidth_kbps=4_000, routing_domain="Contoso")
    assert out(tenants, 1, 1) == pytest.approx(4 * SHARE, rel=0.02)
    assert out(tenants, 1, 2) == pytest.approx(20 * SHARE, rel=0.02)
    tenants.csp.set_remote_access_routing_domain("Contoso", tx_bandwidth_kbps=0, rx_bandwidth_kbps=0)
    assert out(tenants, 1, 2) > 60
    assert "ifb" not in tenants.network["csp"].run("ip link").stdout


@pytest.mark.needs("esp", "xfrm interface")
def test_ipsec_has_a_share_too(tenants: Tenants) -> None:
    tenants.csp.remove_vpn_s2s_interface("gre11", routing_domain="Contoso")
    tenants.site1.remove_vpn_s2s_interface("gre11")
    psk = {"authentication_method": "PSKOnly", "shared_secret": "secret"}
    near = {"destination": SITES[1], "ipv4_subnet": "10.2.0.1/32"} | psk
    tenants.csp.add_vpn_s2s_interface("ipsec", routing_domain="Contoso", **near)
    tenants.site1.add_vpn_s2s_interface("csp", destination=f"{OUTSIDE}.1", ipv4_subnet="10.1.0.1/32", **psk)
    tenants.csp.set_remote_access_routing_domain("Contoso", tx_bandwidth_kbps=20_000, rx_bandwidth_kbps=8_000)
    tenants.csp.connect_vpn_s2s_interface("ipsec", routing_domain="Contoso")
    share = 1355 / 1407  # TCP payload of an inner packet of 1407 bytes
    assert out(tenants, 1, 1) == pytest.approx(20 * share, rel=0.02)
    assert back(tenants, 1, 1) == pytest.approx(8 * share, rel=0.02)


def test_a_limit_of_one_tunnel_for_what_comes_in_has_no_place_in_one_for_all(tenants: Tenants) -> None:
    tenants.csp.set_remote_access_routing_domain("Contoso", rx_bandwidth_kbps=8_000)
    with pytest.raises(GatewayRefusedError, match="leave one of them out"):
        tenants.csp.set_vpn_s2s_interface("gre11", rx_bandwidth_kbps=4_000, routing_domain="Contoso")
