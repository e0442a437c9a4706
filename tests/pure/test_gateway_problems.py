"""Bad gateways and the sentences they get. Each case has the smallest mistake in an otherwise good gateway."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gateway_samples import (
    AUTHORITY,
    BGP,
    BGP_WITH_EVERYTHING,
    CERTIFICATE,
    CERTIFIED,
    EAP,
    FILTERS,
    GRE,
    HERE,
    INNER,
    NAT,
    OVER_WIREGUARD,
    PEER,
    PSK,
    ROLE,
    ROUTER,
    S2S,
    SELECTORS,
    WIREGUARD,
)
from sentences import is_sentence, listed

from raslab.errors import GatewayRefusedError
from raslab.gateway.rules import problems_of
from raslab.gateway.settings import record
from raslab.gateway.state import (
    BgpCustomRoute,
    BgpRouteAggregate,
    BgpRouteFlapDampening,
    BgpRoutingPolicy,
    BgpRoutingPolicyForPeer,
    CustomPolicy,
    GatewayState,
    NetNat,
    NetNatExternalAddress,
    NetNatStaticMapping,
    NetRoute,
    RemoteAccess,
    RemoteAccessIpFilter,
    VpnS2SInterface,
    VpnTrafficSelector,
)

GOLDEN = Path(__file__).parent / "golden" / "gateway-problems.txt"


def psk(**changes: Any) -> GatewayState:
    """S2S with another IKEv2 interface."""
    return replace(S2S, vpn_s2s_interfaces=(replace(PSK, **changes),))


def gre(**changes: Any) -> GatewayState:
    """S2S with another GRE interface."""
    return replace(S2S, gre_interfaces=(replace(GRE, **changes),))


def wireguard(**changes: Any) -> GatewayState:
    """OVER_WIREGUARD with another first interface."""
    first, *others = OVER_WIREGUARD.wireguard_interfaces
    return replace(OVER_WIREGUARD, wireguard_interfaces=(replace(first, **changes), *others))


def transport(**changes: Any) -> GatewayState:
    """S2S with an interface in transport mode."""
    return psk(mode="Transport", ipv4_subnet=(), ipv6_subnet=(), **changes)


def eap(**changes: Any) -> GatewayState:
    """S2S with an interface of users."""
    return replace(S2S, vpn_s2s_interfaces=(replace(EAP, **changes),))


def certified(**changes: Any) -> GatewayState:
    """S2S with an interface of certificates."""
    one = replace(SELECTORS, certificate=replace(CERTIFICATE, **changes))
    return replace(S2S, vpn_s2s_interfaces=(one,))


def cipher(**changes: Any) -> GatewayState:
    """S2S with a policy of its own."""
    return psk(custom_policy=CustomPolicy(**changes))


def selector(**changes: Any) -> GatewayState:
    """S2S with a traffic selector."""
    values: dict[str, Any] = {"ip_address_range": ("10.1.0.0", "10.1.0.255")} | changes
    return psk(local_vpn_traffic_selector=(VpnTrafficSelector(**values),))


def router(**changes: Any) -> GatewayState:
    """BGP with another router."""
    return replace(BGP, bgp_router=replace(ROUTER, **changes))


def peer(**changes: Any) -> GatewayState:
    """BGP with another external peer."""
    return replace(BGP, bgp_peers=(replace(PEER, **changes),))


def inner(**changes: Any) -> GatewayState:
    """BGP with another internal peer."""
    return replace(BGP, bgp_peers=(replace(INNER, **changes),))


def policy(policy_type: str = "ModifyAttribute", **changes: Any) -> GatewayState:
    """BGP with a policy."""
    return replace(BGP, bgp_routing_policies=(BgpRoutingPolicy(name="prefer", policy_type=policy_type, **changes),))


def use(peer_name: str = "far", direction: str = "Ingress", *names: str) -> GatewayState:
    """BGP_WITH_EVERYTHING with policies for a peer."""
    bound = BgpRoutingPolicyForPeer(peer_name=peer_name, direction=direction, policy_name=names or ("prefer",))
    return replace(BGP_WITH_EVERYTHING, bgp_routing_policies_for_peers=(bound,))


def aggregate(**changes: Any) -> GatewayState:
    """BGP_WITH_EVERYTHING with another aggregate."""
    values = {"prefix": "10.0.0.0/8"} | changes
    return replace(BGP_WITH_EVERYTHING, bgp_route_aggregates=(BgpRouteAggregate(**values),))


def dampening(**changes: Any) -> GatewayState:
    """BGP with dampening."""
    return replace(BGP, bgp_route_flap_dampening=BgpRouteFlapDampening(**changes))


def nat(**changes: Any) -> GatewayState:
    """The role with a NAT."""
    return replace(ROLE, net_nats=(NetNat(name="office", **changes),))


def pool(**changes: Any) -> GatewayState:
    """NAT with another pool."""
    values = {"nat_name": "lab", "ip_address": "203.0.113.5"} | changes
    return replace(NAT, net_nat_external_addresses=(NetNatExternalAddress(**values),))


def mapping(*more: NetNatStaticMapping, **changes: Any) -> GatewayState:
    """NAT with another mapping."""
    return replace(NAT, net_nat_static_mappings=(replace(NAT.net_nat_static_mappings[0], **changes), *more))


def packet_filter(*lines: str, **changes: Any) -> GatewayState:
    """FILTERS with another filter."""
    one = replace(FILTERS.ip_filters[0], **({"list": lines} if lines else {}), **changes)
    return replace(FILTERS, ip_filters=(one,))


SECOND = replace(PSK, name="lyon", ipv4_subnet=(), ipv6_subnet=())
TCP_80 = NAT.net_nat_static_mappings[0]

CASES = {
    "nothing installed": replace(S2S, remote_access=None),
    "unknown role": GatewayState(remote_access=RemoteAccess(vpn_type="VpnS3S")),
    "S2S without VPN": replace(S2S, remote_access=RemoteAccess(vpn_type="RoutingOnly")),
    "second enabled PSK interface to a destination": replace(S2S, vpn_s2s_interfaces=(PSK, SECOND)),
    "FQDN with PSK": psk(destination=("paris.example.net",)),
    "FQDN with certificate": replace(S2S, vpn_s2s_interfaces=(replace(SELECTORS, destination=("x.example",)),)),
    "no destination": psk(destination=()),
    "destination is here": psk(destination=("203.0.113.1",)),
    "source elsewhere": psk(source_ip_address="10.9.9.9"),
    "source unreadable": psk(source_ip_address="wan0"),
    "source of another family": psk(source_ip_address="2001:db8:a::1"),
    "other protocol": psk(protocol="SSTP"),
    "unknown authentication": psk(authentication_method="Password"),
    "no secret": psk(shared_secret=None),
    "no certificate": psk(authentication_method="MachineCertificates"),
    "EAP without user": replace(S2S, vpn_s2s_interfaces=(replace(EAP, user_name=None),)),
    "EAP without certificate": replace(S2S, vpn_s2s_interfaces=(replace(EAP, certificate=None),)),
    "unknown EAP method": replace(S2S, vpn_s2s_interfaces=(replace(EAP, eap_method="EAP-PEAP"),)),
    "user and passwords too long": eap(user_name="é" * 128, password="é" * 257, dial_in_password="x" * 257),
    "user who is anybody": eap(user_name="*@contoso.com"),
    "user of another type": eap(user_name="keyid:paris"),
    "certificate that is none": certified(certificate="BEGIN CERTIFICATE", key="", authority=""),
    "key of another certificate": certified(key=AUTHORITY.issue("gw2").key),
    "key that cannot be read": certified(key="secret"),
    "authority that is no root": certified(authority=CERTIFIED.certificate),
    "chain of what signs nothing": certified(certificate=CERTIFIED.certificate + AUTHORITY.issue("gw2").certificate),
    "revocation list that is none": certified(revoked="none"),
    "peer that is anybody": psk(peer_identity="%any"),
    "peer with wildcards": psk(peer_identity="C=FR, O=Contoso, CN=*"),
    "peer of two lines": psk(peer_identity="paris\nlyon"),
    "own identity that is a range": psk(local_identity="10.0.0.1/24"),
    "own identity that nothing proves": replace(
        S2S, vpn_s2s_interfaces=(replace(SELECTORS, local_identity="paris.contoso.com"),)
    ),
    "pre-shared key of one that would open the other": replace(
        S2S, vpn_s2s_interfaces=(PSK, replace(SECOND, destination=("198.51.100.9",), peer_identity="203.0.113.1"))
    ),
    "certificate that two interfaces ask for": replace(
        S2S,
        vpn_s2s_interfaces=(SELECTORS, replace(SELECTORS, name="lyon", ipv4_subnet=(), peer_identity="CN=Rome")),
    ),
    "users whose names differ in case": replace(
        S2S, vpn_s2s_interfaces=(EAP, replace(EAP, name="Oslo", dial_in_password="hei", ipv4_subnet=()))
    ),
    "unknown mode": psk(mode="transport"),
    "transport mode with an inside": psk(mode="Transport"),
    "transport mode between several": transport(destination=("198.51.100.2", "198.51.100.3")),
    "transport mode for others": transport(
        local_vpn_traffic_selector=(VpnTrafficSelector(ip_address_range=("10.1.0.0", "10.1.0.255")),)
    ),
    "unknown encryption type": psk(encryption_type="Require"),
    "unknown preset": psk(custom_policy="windows"),
    "unknown group": cipher(dh_group="Group17"),
    "no group": cipher(dh_group="None"),
    "cipher with another check value": cipher(cipher_transform_constants="GCMAES256"),
    "cipher without check value": cipher(authentication_transform_constants="None"),
    "outage time between": psk(network_outage_time_seconds=20),
    "trigger filter unreadable": psk(ipv4_trigger_filter=("10.2.0.0/24",), ipv4_trigger_filter_action="Drop"),
    "trigger filter of the other family": psk(ipv6_trigger_filter=("10.2.0.0/24:0.0.0.0/0:TCP",)),
    "trigger filter for a persistent interface": psk(
        ipv4_trigger_filter=("10.1.0.0/24:0.0.0.0/0:TCP",), persistent=True
    ),
    "subnet after the connection that is here": psk(post_connection_ipv4_subnet=("10.1.0.0/24:1",)),
    "short SA life": psk(sa_life_time_seconds=5),
    "negative retry": psk(retry_interval_seconds=0, number_of_tries=-1),
    "selector with one end": selector(ip_address_range=("10.1.0.0",)),
    "selector backwards": selector(ip_address_range=("10.1.0.9", "10.1.0.1")),
    "selector of another family": selector(type="IPv6"),
    "selector with ports backwards": selector(port_range=(90, 80)),
    "selector with ports of no protocol": selector(port_range=(80, 90)),
    "selector with unknown protocol": selector(protocol_id=256),
    "selector of too many pieces": selector(
        ip_address_range=("10.1.0.1", "10.1.0.254"), protocol_id=6, port_range=(1, 1022)
    ),
    "name with a space": psk(name="to paris"),
    "name of an interface": psk(name="wan0"),
    "name of both kinds": gre(name="paris"),
    "subnet unreadable": psk(ipv4_subnet=("paris",)),
    "subnet with host bits": psk(ipv4_subnet=("10.2.0.1/24:100",)),
    "subnet of another family": psk(ipv4_subnet=("2001:db8:2::/48:100",)),
    "subnet with a bad metric": psk(ipv4_subnet=("10.2.0.0/24:cheap",)),
    "subnet that is here": psk(ipv4_subnet=("10.1.0.0/25:100",)),
    "subnet with its own destination": replace(
        S2S,
        gre_interfaces=(replace(GRE, destination=("10.2.0.254",), ipv4_subnet=("10.2.0.0/16:100",)),),
    ),
    "forced subnet that zebra would not put first": psk(ipv4_subnet=("0.0.0.0/0:16777215",)),
    "subnet twice": gre(ipv4_subnet=("10.2.0.0/24:100",)),
    "address without length": gre(ipv4_address="10.255.0.1"),
    "address of another family": gre(ipv6_address="10.255.0.1/30"),
    "address that is taken": gre(ipv4_address="10.1.0.254/24"),
    "bandwidth below zero": gre(tx_bandwidth_kbps=-1),
    "GRE key too large": gre(gre_key=2**32),
    "GRE without source": gre(source_ip_address=None),
    "GRE with two destinations": gre(destination=("198.51.100.9", "198.51.100.8")),
    "GRE to a name": gre(destination=("dc.example.net",)),
    "GRE to itself": gre(destination=("203.0.113.1",)),
    "GRE twice": replace(S2S, gre_interfaces=(GRE, replace(GRE, name="again", ipv4_address=None, ipv4_subnet=()))),
    "WireGuard without keys": wireguard(private_key=None, public_key=None),
    "WireGuard with unreadable keys": wireguard(private_key="secret", public_key="aGVsbG8=", preshared_key="?"),
    "WireGuard with its own public key": wireguard(public_key="HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw="),
    "WireGuard to two destinations": wireguard(destination=("198.51.100.9", "198.51.100.8")),
    "WireGuard to a name": wireguard(destination=("dc.example.net",)),
    "WireGuard to itself": wireguard(destination=("203.0.113.1",)),
    "WireGuard twice on a port": wireguard(listen_port=51821),
    "WireGuard on no port": wireguard(listen_port=0, destination_port=65536, keepalive_seconds=-1),
    "WireGuard that allows nothing": wireguard(allowed_ips=()),
    "WireGuard that allows something unreadable": wireguard(allowed_ips=("10.2.0.1/24",)),
    "WireGuard with a subnet that is here": wireguard(ipv4_subnet=("10.1.0.0/25",)),
    "WireGuard named like a GRE interface": replace(
        OVER_WIREGUARD,
        gre_interfaces=(GRE,),
        wireguard_interfaces=(replace(WIREGUARD, name="datacentre"),),
    ),
    "peer without router": replace(BGP, bgp_router=None),
    "custom route without router": replace(ROLE, bgp_custom_route=BgpCustomRoute(network=("10.1.0.0/24",))),
    "identifier is IPv6": router(bgp_identifier="2001:db8::1"),
    "reserved AS number": router(local_asn=23456),
    "unreadable AS number": router(local_asn="AS64512"),
    "dotted AS number too large": peer(peer_asn="1.65536"),
    "IPv6 routing without next hop": router(ipv6_routing=True),
    "next hop is IPv4": router(ipv6_routing=True, local_ipv6_address="10.1.0.254"),
    "cluster without reflector": router(cluster_id=1),
    "hold time below 3": peer(hold_time_sec=2),
    "eBGP with equal AS numbers": peer(peer_asn=64512, ebgp_multihop=2),
    "eBGP with equal AS numbers by local_asn": peer(local_asn=64513),
    "unknown modes": peer(operation_mode="Client", peering_mode="On"),
    "weight too large": peer(weight=65536),
    "local address elsewhere": peer(local_ip_address="10.255.0.9"),
    "peer address is ours": peer(peer_ip_address="10.1.0.254"),
    "peer of another family": peer(peer_ip_address="2001:db8::2"),
    "unreadable peer": peer(peer_ip_address="far"),
    "peer twice": replace(BGP, bgp_peers=(PEER, replace(PEER, name="again"))),
    "peer with a bad name": peer(name="far away"),
    "two kinds of TTL": peer(ebgp_multihop=2, ttl_security=1),
    "password with a space": peer(password="one two"),
    "client without reflector": inner(route_reflector_client=True),
    "external client": replace(peer(route_reflector_client=True), bgp_router=replace(ROUTER, route_reflector=True)),
    "custom route with host bits": replace(BGP, bgp_custom_route=BgpCustomRoute(network=("10.1.0.1/24",))),
    "custom route of the other family": replace(BGP, bgp_custom_route=BgpCustomRoute(network=("2001:db8:1::/64",))),
    "custom route of no interface": replace(BGP, bgp_custom_route=BgpCustomRoute(interface=("eth7",))),
    "aggregate unreadable": aggregate(prefix="10/8"),
    "aggregate with unknown policy": aggregate(attribute_policy=("cleam",)),
    "aggregate with a filter": aggregate(attribute_policy=("ours",)),
    "dampening that never ends": dampening(reuse_threshold=2000),
    "dampening longer than its maximum": dampening(half_life=2400, max_suppress_time=600),
    "unknown policy type": policy("Permit", match_prefix=("10.0.0.0/8",)),
    "policy for everything": policy(new_med=1),
    "policy that does nothing": policy(match_prefix=("10.0.0.0/8",)),
    "filter that sets": policy("Deny", match_prefix=("10.0.0.0/8",), new_med=1, clear_med=True),
    "policy with a bad prefix": policy(match_prefix=("10.0.0.1/8",), new_med=1),
    "policy with a bad range": policy(match_asn_range=(5,), new_med=1),
    "policy with a bad community": policy(match_community=("64512",), new_med=1),
    "policy with a bad next hop": policy(match_next_hop=("far",), new_next_hop="near"),
    "policy that sets and clears": policy(force=True, new_med=1, clear_med=True),
    "policy that removes all and some": policy(force=True, remove_all_communities=True, add_community=("1:1",)),
    "unknown policy name": use("far", "Ingress", "prefr"),
    "policies for an unknown peer": use("fat"),
    "unknown direction": use("far", "In"),
    "NAT for IPv6": nat(internal_ip_interface_address_prefix="2001:db8:1::/64"),
    "NAT without outside": nat(external_ip_interface_address_prefix="192.0.2.0/24"),
    "NAT with host bits": nat(internal_ip_interface_address_prefix="10.1.0.1/24"),
    "NAT with a time-out of nothing": nat(udp_idle_session_timeout=0),
    "pool of nobody": pool(nat_name="offfice"),
    "NAT with an unknown TCP behaviour": nat(tcp_filtering_behavior="Open"),
    "pools with an address in common": replace(
        NAT,
        net_nat_external_addresses=(
            *NAT.net_nat_external_addresses,
            NetNatExternalAddress(nat_name="office", ip_address="203.0.113.6-203.0.113.9"),
        ),
    ),
    "pool backwards": pool(ip_address="203.0.113.9-203.0.113.5"),
    "pool for IPv6": pool(ip_address="2001:db8::1"),
    "pool with ports backwards": pool(port_start=9000, port_end=8000),
    "mapping to two hosts": mapping(replace(TCP_80, internal_ip_address="10.1.0.2")),
    "mapping of ICMP": mapping(protocol="ICMP"),
    "mapping to IPv6": mapping(internal_ip_address="2001:db8:1::1"),
    "mapping of port 0": mapping(external_port=0),
    "mapping of the role's IKE": mapping(protocol="UDP", external_port=500),
    "mapping of the port of a tunnel": replace(
        mapping(protocol="udp", external_port=4500, external_ip_address="203.0.113.1"), vpn_s2s_interfaces=(PSK,)
    ),
    "mapping of WireGuard's port": replace(
        mapping(protocol="UDP", external_port=WIREGUARD.listen_port), wireguard_interfaces=(WIREGUARD,)
    ),
    "mapping of BGP's port": replace(
        BGP, net_nats=NAT.net_nats, net_nat_static_mappings=mapping(external_port=179).net_nat_static_mappings
    ),
    "external address of the next hop": pool(ip_address="203.0.113.250-203.0.113.254"),
    "external address of another gateway": replace(pool(ip_address="198.51.100.2"), vpn_s2s_interfaces=(PSK,)),
    "subnet with the metric of a route": replace(
        S2S, net_routes=(NetRoute(destination_prefix="10.2.0.0/24", next_hop="10.1.0.9", route_metric=100),)
    ),
    "filter on no interface": packet_filter(interface_alias="wan9"),
    "filter with other words": packet_filter(action="Block", direction="In", address_family="IPv5"),
    "filter line unreadable": packet_filter("any:any:TCP"),
    "filter line of the other family": packet_filter("2001:db8::/32:::/0:TCP"),
    "filter line with unknown protocol": packet_filter("0.0.0.0/0:0.0.0.0/0:SCTP"),
    "filter line with a large port": packet_filter("0.0.0.0/0:0.0.0.0/0:TCP:0:70000"),
    "filter line with ports that cannot be": packet_filter("0.0.0.0/0:0.0.0.0/0:50:1:2"),
}

BAD_SETTINGS: dict[str, dict[str, Any]] = {
    "unknown setting": {"destinaton": "198.51.100.2"},
    "number for text": {"shared_secret": 5},
    "text for a number": {"number_of_tries": "three"},
    "truth for a number": {"idle_disconnect_seconds": True},
    "word for a switch": {"persistent": "yes"},
    "several at once": {"destination": [1], "admin_status": None, "certificate": "file.pem"},
}


def sentences() -> str:
    """All sentences, one section per case."""
    found = {name: problems_of(state, HERE) for name, state in CASES.items()}
    for name, values in BAD_SETTINGS.items():
        with pytest.raises(GatewayRefusedError) as refused:
            record(VpnS2SInterface, "S2S interface paris of gw1", {"name": "paris", **values})
        found[name] = list(refused.value.problems)
    return listed(found)


def test_sentences_are_as_agreed() -> None:
    assert sentences() == GOLDEN.read_text()


@pytest.mark.parametrize("name", CASES)
def test_each_mistake_is_found_and_is_a_sentence(name: str) -> None:
    problems = problems_of(CASES[name], HERE)
    assert problems
    assert all(map(is_sentence, problems))


def test_things_that_look_wrong_and_are_not() -> None:
    good = {
        "two PSK interfaces, one disabled": replace(S2S, vpn_s2s_interfaces=(PSK, replace(SECOND, admin_status=False))),
        "same subnet with another metric": gre(ipv4_subnet=("10.2.0.0/24:200",)),
        "everything through a tunnel": psk(ipv4_subnet=("0.0.0.0/0:100",)),
        "a subnet around ours": psk(ipv4_subnet=("10.0.0.0/8:100",)),
        "hold for ever": peer(hold_time_sec=0),
        "dotted AS number": peer(peer_asn="1.10"),
        "GRE with two keys": replace(
            S2S, gre_interfaces=(GRE, replace(GRE, name="b", gre_key=1002, ipv4_address=None, ipv4_subnet=()))
        ),
        "one port for two callers": mapping(
            replace(TCP_80, internal_ip_address="10.1.0.2", remote_external_ip_address_prefix="192.0.2.0/24"),
            remote_external_ip_address_prefix="198.51.100.0/24",
        ),
        "certificates may meet at one destination": replace(
            S2S, vpn_s2s_interfaces=(PSK, replace(SELECTORS, destination=PSK.destination))
        ),
    }
    assert {name: problems_of(state, HERE) for name, state in good.items()} == {name: [] for name in good}


def test_settings_take_the_cmdlets_spellings() -> None:
    taken = record(
        VpnS2SInterface,
        "x",
        {"name": "x", "destination": "192.0.2.1", "persistent": "Enabled", "certificate": CERTIFICATE},
    )
    assert (taken.destination, taken.persistent, taken.certificate) == (("192.0.2.1",), True, CERTIFICATE)
    one = RemoteAccessIpFilter(
        interface_alias="a", address_family="IPv4", direction="Inbound", action="Deny", list=("x",)
    )
    assert record(RemoteAccessIpFilter, "x", {f: getattr(one, f) for f in one.__slots__}) == one
