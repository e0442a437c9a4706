"""IKEv2 of two tenants whose sites have equal addresses inside: one charon for both, and nobody meets the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from two_tenants import NAMES, OUTSIDE, SITES, Tenants, TwoTenants, until

from raslab.errors import GatewayRefusedError, TunnelRefusedError
from raslab.gateway import MachineCertificate
from raslab.net import Network
from raslab.services.pki import Authority

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface")]

BEHIND_CSP = {"ipv4_subnet": "10.1.0.0/24:100", "ipv6_subnet": "2001:db8:1::/64:100"}
BEHIND_SITE = {"ipv4_subnet": "10.2.0.0/24:100", "ipv6_subnet": "2001:db8:2::/64:100"}
BOTH = {"Contoso": "Connected", "Woodgrove": "Connected"}


@pytest.fixture
def tenants() -> Iterator[Tenants]:
    with Network(TwoTenants()) as network:
        yield Tenants(network)


def add_tunnel(tenants: Tenants, tenant: int, secrets: tuple[str, str] | None = None, **of_csp: object) -> None:
    """A tunnel with a pre-shared key between the tenant's site and its routing domain."""
    mine, theirs = secrets or (f"secret of {tenant}",) * 2
    psk = {"authentication_method": "PSKOnly"}
    own = psk | BEHIND_SITE | {"destination": SITES[tenant], "shared_secret": mine} | of_csp
    tenants.csp.routing_domain(NAMES[tenant]).add_vpn_s2s_interface(f"site{tenant}", **own)
    far = psk | BEHIND_CSP | {"destination": f"{OUTSIDE}.1", "shared_secret": theirs}
    tenants.sites[tenant].add_vpn_s2s_interface("csp", **far)


def machine(authority: Authority, name: str) -> MachineCertificate:
    identity = authority.issue(name)
    return MachineCertificate(identity.certificate, identity.key, authority.certificate)


def add_certified_tunnel(tenants: Tenants, tenant: int, mine: Authority, theirs: MachineCertificate) -> None:
    """Certificates in the place of keys. mine: whom the routing domain trusts; theirs: what the site shows."""
    method = {"authentication_method": "MachineCertificates"}
    own = method | BEHIND_SITE | {"destination": SITES[tenant], "certificate": machine(mine, "csp")}
    tenants.csp.add_vpn_s2s_interface(f"site{tenant}", routing_domain=NAMES[tenant], **own)
    far = method | BEHIND_CSP | {"destination": f"{OUTSIDE}.1", "certificate": theirs}
    tenants.sites[tenant].add_vpn_s2s_interface("csp", **far)


def states(tenants: Tenants) -> dict[str | None, str]:
    """The state of each tenant's tunnel."""
    return {one.routing_domain: one.connection_state for one in tenants.csp.get_vpn_s2s_interface()}


def heard(tenants: Tenants) -> list[str]:
    """What each tenant's host in the datacentre hears from the host of its site; all sites have the same address."""
    return [tenants.fetch(f"vm{tenant}", "10.2.0.1", 80) for tenant in NAMES]


def test_equal_sites_behind_one_charon(tenants: Tenants) -> None:
    for tenant, name in NAMES.items():
        tenants.serve(f"h{tenant}", 80, name)
        add_tunnel(tenants, tenant)
        tenants.csp.connect_vpn_s2s_interface(f"site{tenant}", routing_domain=name)
    assert states(tenants) == BOTH
    assert [text.split()[:2] for text in heard(tenants)] == [[name, "10.1.0.1"] for name in NAMES.values()]
    assert [tenants.pings(tenant, "2001:db8:2::1") for tenant in NAMES] == [1, 1]
    assert [tenants.pings(tenant, "10.1.0.1", source="h") for tenant in NAMES] == [1, 1]
    tenants.csp.disconnect_vpn_s2s_interface("site1", routing_domain="Contoso")
    tenants.csp.remove_vpn_s2s_interface("site1", routing_domain="Contoso")
    assert [tenants.pings(tenant) for tenant in NAMES] == [0, 1]


def test_packets_dial_and_statistics_tell_whose(tenants: Tenants) -> None:
    for tenant in NAMES:
        add_tunnel(tenants, tenant)
    assert states(tenants) == {"Contoso": "Disconnected", "Woodgrove": "Disconnected"}
    until("Woodgrove's packets have dialled", lambda: tenants.pings(2))
    assert states(tenants) == {"Contoso": "Disconnected", "Woodgrove": "Connected"}
    until("Contoso's packets have dialled", lambda: tenants.pings(1))
    tenants.csp.routing_domain("Contoso").clear_vpn_s2s_interface_statistics()
    tenants.csp.routing_domain("Woodgrove").clear_vpn_s2s_interface_statistics()
    assert tenants.pings(1, count=3) == 3
    counted = {one.routing_domain: one.packets_out for one in tenants.csp.get_vpn_s2s_interface_statistics()}
    assert counted == {"Contoso": 3, "Woodgrove": 0}


def test_a_wrong_secret_is_one_tenants_own_affair(tenants: Tenants) -> None:
    add_tunnel(tenants, 1, secrets=("secret of 1", "secret of 2"))
    add_tunnel(tenants, 2)
    with pytest.raises(TunnelRefusedError):
        tenants.csp.connect_vpn_s2s_interface("site1", routing_domain="Contoso")
    with pytest.raises(TunnelRefusedError):
        tenants.site1.connect_vpn_s2s_interface("csp")
    tenants.csp.connect_vpn_s2s_interface("site2", routing_domain="Woodgrove")
    assert [tenants.pings(tenant) for tenant in NAMES] == [0, 1]


def test_certificates_and_users_side_by_side(tenants: Tenants) -> None:
    contoso, woodgrove = Authority.create("Contoso CA"), Authority.create("Woodgrove CA")
    add_certified_tunnel(tenants, 1, contoso, machine(contoso, "site1"))
    eap = {"authentication_method": "EAP"}
    users = {"user_name": "csp-user", "password": "hello"}, {"user_name": "site2", "password": "bonjour"}
    own = BEHIND_SITE | {"destination": SITES[2], "certificate": machine(woodgrove, "csp")} | users[0] | eap
    tenants.csp.add_vpn_s2s_interface("site2", dial_in_password="bonjour", routing_domain="Woodgrove", **own)
    far = BEHIND_CSP | {"destination": f"{OUTSIDE}.1", "certificate": machine(woodgrove, "site2")} | users[1] | eap
    tenants.site2.add_vpn_s2s_interface("csp", **far)
    for site in tenants.sites.values():
        assert site.connect_vpn_s2s_interface("csp").connection_state == "Connected"
    assert states(tenants) == BOTH
    assert [tenants.pings(tenant, "10.1.0.1", source="h") for tenant in NAMES] == [1, 1]
    tenants.csp.disable_remote_access_routing_domain("Woodgrove")
    done = str(tenants.csp.explain())
    assert ("unload-key" in done, "clear-creds" in done) == (True, False)  # Contoso's could be in use at that moment
    tenants.csp.disconnect_vpn_s2s_interface("site1", routing_domain="Contoso")
    tenants.site1.connect_vpn_s2s_interface("csp")
    assert states(tenants) == {"Contoso": "Connected"}


@pytest.mark.parametrize("forged", [True, False])
def test_the_name_of_another_tenants_site_opens_nothing(tenants: Tenants, forged: bool) -> None:
    """Woodgrove's authority may write what it likes: only Contoso's says who Contoso is, and then it is Contoso."""
    contoso, woodgrove = Authority.create("Contoso CA"), Authority.create("Woodgrove CA")
    add_certified_tunnel(tenants, 1, contoso, machine(contoso, "site1"))
    add_certified_tunnel(tenants, 2, woodgrove, machine(woodgrove if forged else contoso, "site1"))
    # Contoso may call from there too, so the address is not what keeps Woodgrove out.
    tenants.csp.set_vpn_s2s_interface("site1", destination=tuple(SITES.values()), routing_domain="Contoso")
    authority = contoso if not forged else woodgrove
    shown = machine(authority, "site1")
    trusting = MachineCertificate(shown.certificate, shown.key, contoso.certificate)
    tenants.site2.set_vpn_s2s_interface("csp", certificate=trusting)
    if forged:
        with pytest.raises(TunnelRefusedError):
            tenants.site2.connect_vpn_s2s_interface("csp")
    else:
        tenants.site2.connect_vpn_s2s_interface("csp")
    assert states(tenants) == {"Contoso": "Disconnected" if forged else "Connected", "Woodgrove": "Disconnected"}
    # What the kernel decrypts of it is Contoso's.
    assert tenants.pings(2, "10.1.0.1", source="h") == (0 if forged else 1)


@pytest.mark.parametrize("forged", [True, False])
def test_the_user_of_another_tenant_opens_nothing_with_eap_tls(tenants: Tenants, forged: bool) -> None:
    """Woodgrove's authority issues a certificate for Contoso's user, who may call from Woodgrove's address too."""
    contoso, woodgrove = Authority.create("Contoso CA"), Authority.create("Woodgrove CA")
    eap = {"authentication_method": "EAP", "eap_method": "EAP-TLS"}
    for tenant, authority in ((1, contoso), (2, woodgrove)):
        own = eap | BEHIND_SITE | {"destination": tuple(SITES.values()), "certificate": machine(authority, "csp")}
        tenants.csp.add_vpn_s2s_interface(f"user{tenant}", routing_domain=NAMES[tenant], **own)
    shown = machine(woodgrove if forged else contoso, "user1")
    trusting = MachineCertificate(shown.certificate, shown.key, contoso.certificate + woodgrove.certificate)
    far = eap | BEHIND_CSP | {"destination": f"{OUTSIDE}.1", "certificate": trusting, "user_name": "user1"}
    tenants.site2.add_vpn_s2s_interface("csp", **far)
    if forged:
        with pytest.raises(TunnelRefusedError):
            tenants.site2.connect_vpn_s2s_interface("csp")
    else:
        tenants.site2.connect_vpn_s2s_interface("csp")
    assert states(tenants) == {"Contoso": "Disconnected" if forged else "Connected", "Woodgrove": "Disconnected"}


def test_what_one_tenant_changes_ends_no_tunnel_of_another(tenants: Tenants) -> None:
    for tenant, name in NAMES.items():
        add_tunnel(tenants, tenant)
        tenants.csp.connect_vpn_s2s_interface(f"site{tenant}", routing_domain=name)
    before = {sa["name"]: sa["initiator-spi"] for sa in tenants.services.vici("csp").list_sas()}
    tenants.csp.set_vpn_s2s_interface("site2", shared_secret="another", routing_domain="Woodgrove")
    after = {sa["name"]: sa["initiator-spi"] for sa in tenants.services.vici("csp").list_sas()}
    assert after == {"site1": before["site1"]}
    assert tenants.pings(1) == 1


def test_two_tenants_call_one_address_from_two(tenants: Tenants) -> None:
    """What a shared key cannot tell apart by one address of the gateway, it can by two."""
    add_tunnel(tenants, 1, source_ip_address=f"{OUTSIDE}.1")
    psk = {"authentication_method": "PSKOnly", "shared_secret": "secret of 2"}
    with pytest.raises(GatewayRefusedError, match="cannot say which tenant it calls"):
        tenants.csp.add_vpn_s2s_interface("site2", destination=SITES[1], routing_domain="Woodgrove", **psk)
    other = {"destination": SITES[1], "source_ip_address": f"{OUTSIDE}.2"} | psk | BEHIND_SITE
    tenants.csp.add_vpn_s2s_interface("site2", routing_domain="Woodgrove", **other)
    far = {"destination": f"{OUTSIDE}.2", "ipv4_subnet": "10.1.0.0/24:200"} | psk
    tenants.site1.add_vpn_s2s_interface("csp-for-woodgrove", **far)
    for interface in ("csp", "csp-for-woodgrove"):
        assert tenants.site1.connect_vpn_s2s_interface(interface).connection_state == "Connected"
    assert states(tenants) == BOTH
    tenants.pings(2)
    counted = {one.name: one.packets_in for one in tenants.site1.get_vpn_s2s_interface_statistics()}
    assert counted == {"csp": 0, "csp-for-woodgrove": 1}


def test_trigger_filters_and_routes_of_a_tunnel_are_one_tenants(tenants: Tenants) -> None:
    add_tunnel(
        tenants, 1, ipv4_trigger_filter=("0.0.0.0/0:10.2.0.0/24:TCP:0:80",), post_connection_ipv4_subnet="10.9.0.0/16"
    )
    add_tunnel(tenants, 2)
    assert tenants.pings(1) == 0
    until("Woodgrove's packets have dialled", lambda: tenants.pings(2))
    assert states(tenants) == {"Contoso": "Disconnected", "Woodgrove": "Connected"}
    tenants.serve("h1", 80, "Contoso")
    until("Contoso's call has dialled", lambda: tenants.fetch("vm1", "10.2.0.1", 80))
    assert tenants.pings(1) == 1
    routes = {name: tenants.network["csp"].run(f"ip route show vrf vrf-{name}").stdout for name in NAMES.values()}
    assert ["10.9.0.0/16 dev site1" in routes[name] for name in NAMES.values()] == [True, False]
    tenants.csp.disconnect_vpn_s2s_interface("site1", routing_domain="Contoso")
    until(
        "the route has gone", lambda: "10.9" not in tenants.network["csp"].run("ip route show vrf vrf-Contoso").stdout
    )
    assert tenants.pings(1) == 0
    assert tenants.pings(2) == 1
