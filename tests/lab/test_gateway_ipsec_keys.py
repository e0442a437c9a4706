"""To whom a pre-shared key belongs: it opens the tunnel of its interface and no other, whoever calls from wherever."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from two_tenants import NAMES, OUTSIDE, SITES, Tenants, TwoTenants, until

from raslab.errors import GatewayRefusedError, TunnelRefusedError
from raslab.gateway import RasGateway
from raslab.net import Network
from raslab.services import Supervisor

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface")]

HUB = f"{OUTSIDE}.1"
KEYS = {tenant: f"key of {name}" for tenant, name in NAMES.items()}
PSK = {"authentication_method": "PSKOnly"}
BEHIND_SITE, BEHIND_HUB = "10.2.0.0/24:100", "10.1.0.0/24:100"


class Hub:
    """The hub of both sites in single tenant mode, and the sites."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.services = Supervisor(network)
        self.hub, self.site1, self.site2 = (
            RasGateway(network[name], self.services) for name in ("csp", "site1", "site2")
        )
        for gateway in (self.hub, self.site1, self.site2):
            gateway.install_remote_access()


@pytest.fixture
def tenants() -> Iterator[Tenants]:
    """A multitenant hub and the sites of two tenants."""
    with Network(TwoTenants()) as network:
        yield Tenants(network)


@pytest.fixture
def single() -> Iterator[Hub]:
    """The same without tenants."""
    with Network(TwoTenants()) as network:
        yield Hub(network)


def call(site: RasGateway, key: str, **settings: object) -> None:
    """Give a site's gateway its way to the hub."""
    site.add_vpn_s2s_interface("hub", destination=HUB, shared_secret=key, ipv4_subnet=BEHIND_HUB, **PSK, **settings)


def answer(hub: RasGateway, tenant: int, **settings: object) -> None:
    """Give the hub its way to a site; the sites have equal addresses, so only one of them has a route."""
    values = {"destination": SITES[tenant], "shared_secret": KEYS[tenant]} | PSK | settings
    hub.add_vpn_s2s_interface(f"site{tenant}", **values)


def refused(hub: RasGateway, site: RasGateway) -> None:
    """The site does not get in, and nothing is there afterwards."""
    with pytest.raises(TunnelRefusedError, match="AUTHENTICATION_FAILED"):
        site.connect_vpn_s2s_interface("hub")
    assert hub.services.vici(hub.name).list_sas() == []
    assert hub.network[hub.name].run("ip xfrm state").stdout == ""
    assert {one.connection_state for one in hub.get_vpn_s2s_interface()} == {"Disconnected"}


def names_of_sas(hub: RasGateway) -> set[str]:
    """The connections that are up on the hub."""
    return {str(sa["name"]).partition("/")[0] for sa in hub.services.vici(hub.name).list_sas()}


def test_the_key_of_one_tenant_opens_no_tunnel_of_another(tenants: Tenants) -> None:
    for tenant, name in NAMES.items():
        answer(tenants.csp.routing_domain(name), tenant, ipv4_subnet=BEHIND_SITE)
    call(tenants.site1, KEYS[2])
    refused(tenants.csp, tenants.site1)
    tenants.site1.set_vpn_s2s_interface("hub", shared_secret=KEYS[1])
    assert tenants.site1.connect_vpn_s2s_interface("hub").connection_state == "Connected"
    states = {one.routing_domain: one.connection_state for one in tenants.csp.get_vpn_s2s_interface()}
    assert states == {"Contoso": "Connected", "Woodgrove": "Disconnected"}
    assert tenants.pings(1) == 1


def test_nor_does_the_hub_let_itself_be_answered_with_it(tenants: Tenants) -> None:
    """The called side proves that it has the key, too."""
    for tenant, name in NAMES.items():
        answer(tenants.csp.routing_domain(name), tenant, ipv4_subnet=BEHIND_SITE)
    call(tenants.site1, KEYS[2])
    with pytest.raises(TunnelRefusedError, match="AUTHENTICATION_FAILED"):
        tenants.csp.connect_vpn_s2s_interface("site1", routing_domain="Contoso")
    tenants.site1.set_vpn_s2s_interface("hub", shared_secret=KEYS[1])
    tenants.csp.connect_vpn_s2s_interface("site1", routing_domain="Contoso")


def test_a_hub_without_tenants_tells_keys_apart_too(single: Hub) -> None:
    answer(single.hub, 1)
    answer(single.hub, 2)
    call(single.site1, KEYS[2])
    refused(single.hub, single.site1)
    single.site1.set_vpn_s2s_interface("hub", shared_secret=KEYS[1])
    single.site1.connect_vpn_s2s_interface("hub")
    assert names_of_sas(single.hub) == {"site1"}


@pytest.mark.parametrize("own_key", [True, False])
def test_whoever_calls_itself_like_another_needs_its_address_too(single: Hub, own_key: bool) -> None:
    """Site 2 says that it is site 1, with its own key or with that of site 1."""
    answer(single.hub, 1)
    answer(single.hub, 2)
    call(single.site2, KEYS[2 if own_key else 1], local_identity=SITES[1])
    refused(single.hub, single.site2)
    single.site2.set_vpn_s2s_interface("hub", shared_secret=KEYS[2], local_identity=None)
    single.site2.connect_vpn_s2s_interface("hub")
    assert names_of_sas(single.hub) == {"site2"}


def test_an_interface_with_several_destinations_is_no_way_in_for_others(single: Hub) -> None:
    """Site 1 may be reached at two addresses. From both it comes in as itself, and as nobody else."""
    other = "198.51.100.2"
    single.network.addAddress("site1", "wan0", f"{other}/25")
    answer(single.hub, 1, destination=(SITES[1], other))
    answer(single.hub, 2)
    call(single.site1, KEYS[2], local_identity=SITES[2])
    refused(single.hub, single.site1)
    for source in (SITES[1], other):
        single.site1.set_vpn_s2s_interface("hub", shared_secret=KEYS[1], local_identity=None, source_ip_address=source)
        assert single.site1.connect_vpn_s2s_interface("hub").connection_state == "Connected"
        (known,) = single.hub.get_vpn_s2s_interface("site1")
        assert known.connection_state == "Connected"
        single.hub.disconnect_vpn_s2s_interface("site1")
        until("the other side has hung up", lambda: not names_of_sas(single.site1))


def hide_the_sites(single: Hub) -> str:
    """Both sites behind one address, as a provider's NAT would do; the address."""
    rules = "add table ip n; add chain ip n p { type nat hook postrouting priority 100; }; "
    rules += 'add rule ip n p oifname "csp" masquerade'
    assert single.network["isp"].run(["nft", rules]).status == 0
    return f"{OUTSIDE}.254"


def test_identities_tell_two_gateways_behind_one_address_apart(single: Hub) -> None:
    address, called = hide_the_sites(single), {1: "paris.contoso.example", 2: "lyon@contoso.example"}
    for tenant, name in called.items():
        answer(single.hub, tenant, destination=address, peer_identity=name)
    call(single.site1, KEYS[1], local_identity="Paris.Contoso.example")
    call(single.site2, KEYS[1], local_identity=called[2])
    refused(single.hub, single.site2)
    single.site2.set_vpn_s2s_interface("hub", shared_secret=KEYS[2])
    for site in (single.site1, single.site2):
        assert site.connect_vpn_s2s_interface("hub").connection_state == "Connected"
    assert names_of_sas(single.hub) == {"site1", "site2"}


def test_two_keys_that_one_caller_could_mean_are_refused(single: Hub) -> None:
    address = hide_the_sites(single)
    answer(single.hub, 1, destination=address)
    with pytest.raises(GatewayRefusedError, match="cannot say which one it calls"):
        answer(single.hub, 2, destination=address)
    with pytest.raises(GatewayRefusedError, match="cannot say which one it calls"):
        answer(single.hub, 2, destination=address, peer_identity=address)
    answer(single.hub, 2, destination=address, peer_identity="lyon.contoso.example")
