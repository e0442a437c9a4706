"""A gateway that is good, for tests to break or to plan."""

from __future__ import annotations

from dataclasses import replace

from raslab.gateway.state import (
    BgpCustomRoute,
    BgpPeer,
    BgpRouteAggregate,
    BgpRouteFlapDampening,
    BgpRouter,
    BgpRoutingPolicy,
    BgpRoutingPolicyForPeer,
    CustomPolicy,
    GatewayState,
    GreInterface,
    MachineCertificate,
    NetNat,
    NetNatExternalAddress,
    NetNatStaticMapping,
    RemoteAccess,
    RemoteAccessIpFilter,
    VpnS2SInterface,
    VpnTrafficSelector,
    WireguardInterface,
)
from raslab.gateway.surroundings import Surroundings
from raslab.model.topology import Interface, Route
from raslab.services.pki import Authority

HERE = Surroundings(
    "gw1",
    (
        Interface("gw1", "lan0", ("10.1.0.254/24", "2001:db8:1::fe/64")),
        Interface("gw1", "wan0", ("203.0.113.1/24", "2001:db8:a::1/64")),
    ),
    (Route("gw1", "default", "203.0.113.254"), Route("gw1", "default", "2001:db8:a::fe")),
)
AUTHORITY = Authority.create("the authority")
CERTIFIED = AUTHORITY.issue("gw1")
CERTIFICATE = MachineCertificate(CERTIFIED.certificate, CERTIFIED.key, AUTHORITY.certificate)

PSK = VpnS2SInterface(
    name="paris",
    destination=("198.51.100.2",),
    authentication_method="PSKOnly",
    shared_secret="one two three",
    ipv4_subnet=("10.2.0.0/24:100",),
    ipv6_subnet=("2001:db8:2::/48:100",),
)
CHOOSY = replace(
    PSK,
    ipv4_trigger_filter=("10.1.0.0/24:10.2.0.0/24:TCP:0:443",),
    ipv6_trigger_filter=("::/0:2001:db8:2::/48:ICMP",),
    ipv6_trigger_filter_action="Deny",
    post_connection_ipv4_subnet=("10.5.0.0/16:50",),
)
FORCED = GatewayState(
    remote_access=RemoteAccess(),
    vpn_s2s_interfaces=(
        replace(PSK, ipv4_subnet=("0.0.0.0/0", "198.51.100.0/24:20"), post_connection_ipv4_subnet=("128.0.0.0/1",)),
        replace(PSK, name="lima", destination=("2001:db8:b::7",), ipv4_subnet=(), ipv6_subnet=("::/0:7",)),
    ),
)
SELECTORS = VpnS2SInterface(
    name="rome",
    destination=("2001:db8:b::2",),
    authentication_method="MachineCertificates",
    certificate=CERTIFICATE,
    persistent=True,
    custom_policy="modern",
    local_vpn_traffic_selector=(VpnTrafficSelector(ip_address_range=("10.1.0.0", "10.1.0.255")),),
    remote_vpn_traffic_selector=(
        VpnTrafficSelector(ip_address_range=("10.3.0.1", "10.3.0.9"), port_range=(80, 80), protocol_id=6),
        VpnTrafficSelector(ip_address_range=("2001:db8:3::", "2001:db8:3::ff"), protocol_id=58, type="IPv6"),
    ),
    ipv4_subnet=("10.3.0.0/24:10",),
)
EAP = VpnS2SInterface(
    name="oslo",
    destination=("198.51.100.7", "198.51.100.8"),
    user_name="berlin",
    password="ich bin",
    dial_in_password="hei",
    certificate=CERTIFICATE,
    encryption_type="MaximumEncryption",
    internal_ipv6=False,
    initiate_config_payload=True,
    ipv4_subnet=("10.4.0.0/24:10",),
)
GRE = GreInterface(
    name="datacentre",
    destination=("198.51.100.9",),
    source_ip_address="203.0.113.1",
    gre_key=1001,
    ipv4_address="10.255.0.1/30",
    ipv4_subnet=("10.9.0.0/16:50",),
)
WIREGUARD = WireguardInterface(
    name="lisbon",
    destination=("198.51.100.11",),
    private_key="yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=",
    public_key="xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=",
    ipv4_address="10.255.1.1/30",
    ipv4_subnet=("10.11.0.0/16:50",),
    ipv6_subnet=("2001:db8:11::/48",),
)
WIREGUARD_OVER_IPV6 = replace(
    WIREGUARD,
    name="madrid",
    destination=("2001:db8:c::1",),
    listen_port=51821,
    preshared_key="/UwcSPg38hW/D9Y3tcS1FOV0K1wuURMbS0sesJEP5ak=",
    keepalive_seconds=25,
    allowed_ips=("10.12.0.0/16",),
    ipv4_address=None,
    ipv4_subnet=("10.12.0.0/16",),
    ipv6_subnet=(),
    admin_status=False,
)
ROUTER = BgpRouter(bgp_identifier="10.1.0.254", local_asn=64512)
PEER = BgpPeer(name="far", local_ip_address="10.255.0.1", peer_ip_address="10.255.0.2", peer_asn=64513)
INNER = BgpPeer(name="inner", local_ip_address="10.1.0.254", peer_ip_address="10.1.0.253", peer_asn="0.64512")
OVER_IPV6 = BgpPeer(name="six", local_ip_address="2001:db8:a::1", peer_ip_address="2001:db8:ffff::1", peer_asn=65001)

ROLE = GatewayState(remote_access=RemoteAccess())
LIMITED = GatewayState(
    remote_access=RemoteAccess(),
    vpn_s2s_interfaces=(replace(PSK, tx_bandwidth_kbps=10_000, rx_bandwidth_kbps=512),),
    gre_interfaces=(replace(GRE, tx_bandwidth_kbps=100_000, enable_qos=False),),
)
OVER_WIREGUARD = GatewayState(remote_access=RemoteAccess(), wireguard_interfaces=(WIREGUARD, WIREGUARD_OVER_IPV6))
S2S = GatewayState(remote_access=RemoteAccess(), vpn_s2s_interfaces=(PSK,), gre_interfaces=(GRE,))
BGP = GatewayState(
    remote_access=RemoteAccess(),
    gre_interfaces=(GRE,),
    bgp_router=ROUTER,
    bgp_peers=(PEER, INNER),
    bgp_custom_route=BgpCustomRoute(network=("10.1.0.0/24",)),
)
POLICIES = (
    BgpRoutingPolicy(
        name="prefer",
        policy_type="ModifyAttribute",
        match_prefix=("10.2.0.0/24", "2001:db8:2::/48"),
        ignore_prefix=("10.2.0.128/25",),
        new_local_pref=400,
        add_community=("64512:7", "no-export"),
    ),
    BgpRoutingPolicy(name="no-strangers", policy_type="Deny", match_asn_range=(64545, 64555), match_community=("1:2",)),
    BgpRoutingPolicy(name="ours", policy_type="Allow", match_prefix=("10.1.0.0/24",)),
    BgpRoutingPolicy(name="theirs", policy_type="Allow", match_next_hop=("10.255.0.2",)),
    BgpRoutingPolicy(
        name="clean", policy_type="ModifyAttribute", force=True, remove_all_communities=True, clear_med=True
    ),
)
BGP_WITH_EVERYTHING = GatewayState(
    remote_access=RemoteAccess(),
    gre_interfaces=(GRE,),
    bgp_router=BgpRouter(
        bgp_identifier="10.1.0.254",
        local_asn=64512,
        ipv6_routing=True,
        local_ipv6_address="2001:db8:1::fe",
        compare_med_across_asn=True,
        default_gateway_routing=True,
        transit_routing=True,
        route_reflector=True,
        cluster_id=7,
        client_to_client_reflection=False,
    ),
    bgp_peers=(
        BgpPeer(
            name="far",
            local_ip_address="10.255.0.1",
            peer_ip_address="10.255.0.2",
            peer_asn=64513,
            local_asn=65001,
            hold_time_sec=9,
            idle_hold_time_sec=5,
            max_allowed_prefix=100,
            weight=10,
            operation_mode="Server",
            bfd=True,
            bfd_interval_ms=50,
            password="secret",
            ttl_security=1,
            graceful_restart=True,
        ),
        BgpPeer(
            name="inner",
            local_ip_address="10.1.0.254",
            peer_ip_address="10.1.0.253",
            peer_asn=64512,
            route_reflector_client=True,
            started=False,
        ),
        OVER_IPV6,
    ),
    bgp_custom_route=BgpCustomRoute(network=("10.1.0.0/24", "2001:db8:1::/64"), interface=("lan0", "datacentre")),
    bgp_route_aggregates=(
        BgpRouteAggregate(prefix="10.0.0.0/8", summary_only=True, preserve_as_path=True, attribute_policy=("clean",)),
    ),
    bgp_routing_policies=POLICIES,
    bgp_routing_policies_for_peers=(
        BgpRoutingPolicyForPeer(peer_name="far", direction="Ingress", policy_name=("prefer", "no-strangers")),
        BgpRoutingPolicyForPeer(peer_name="far", direction="Egress", policy_name=("ours", "clean", "theirs")),
    ),
    bgp_route_flap_dampening=BgpRouteFlapDampening(half_life=600, max_suppress_time=2401),
)
NAT = GatewayState(
    remote_access=RemoteAccess(),
    net_nats=(
        NetNat(name="office", internal_ip_interface_address_prefix="10.1.0.0/24", udp_idle_session_timeout=60),
        NetNat(
            name="lab",
            external_ip_interface_address_prefix="203.0.113.0/24",
            udp_filtering_behavior="EndpointIndependent",
            tcp_filtering_behavior="EndpointIndependent",
        ),
    ),
    net_nat_external_addresses=(
        NetNatExternalAddress(nat_name="lab", ip_address="203.0.113.5-203.0.113.6", port_end=2047),
        NetNatExternalAddress(nat_name="lab", ip_address="203.0.113.20"),
    ),
    net_nat_static_mappings=(
        NetNatStaticMapping(
            nat_name="office",
            protocol="TCP",
            external_ip_address="0.0.0.0",
            external_port=80,
            internal_ip_address="10.1.0.1",
            internal_port=8080,
        ),
        NetNatStaticMapping(
            nat_name="lab",
            protocol="UDP",
            external_ip_address="203.0.113.9",
            external_port=53,
            internal_ip_address="10.1.0.2",
            remote_external_ip_address_prefix="198.51.100.0/24",
        ),
    ),
)
NAT_BESIDE_TUNNELS = replace(
    S2S,
    gre_interfaces=(replace(GRE, source_ip_address="10.1.0.254"),),
    net_nats=(NetNat(name="office"),),
    net_nat_static_mappings=(replace(NAT.net_nat_static_mappings[0], internal_ip_address="10.1.0.3"),),
)
NAT_OF_OWN_ADDRESS = replace(
    NAT_BESIDE_TUNNELS,
    wireguard_interfaces=(WIREGUARD,),
    net_nat_external_addresses=(
        NetNatExternalAddress(nat_name="office", ip_address="203.0.113.1", port_start=400, port_end=52000),
        NetNatExternalAddress(nat_name="office", ip_address="203.0.113.2"),
    ),
)
FILTERS = GatewayState(
    remote_access=RemoteAccess(),
    ip_filters=(
        RemoteAccessIpFilter(
            interface_alias="wan0",
            address_family="IPv4",
            direction="Inbound",
            action="Deny",
            list=(
                "0.0.0.0/0:10.1.0.0/24:TCP:0:443",
                "198.51.100.2/32:203.0.113.1/32:50",
                "0.0.0.0/0:0.0.0.0/0:ICMP:8:0",
            ),
        ),
        RemoteAccessIpFilter(
            interface_alias="wan0",
            address_family="IPv6",
            direction="Inbound",
            action="Deny",
            list=("2001:db8::/32:::/0:ANY",),
        ),
        RemoteAccessIpFilter(
            interface_alias="lan0",
            address_family="IPv4",
            direction="Outbound",
            action="Allow",
            list=("10.9.0.0/16:10.1.0.0/24:UDP:53",),
        ),
    ),
)
BEYOND = replace(
    PSK,
    mobike=True,
    custom_policy=CustomPolicy(
        encryption_method="GCMAES256",
        integrity_check_method="SHA512",
        dh_group="X448",
        cipher_transform_constants="GCMAES256",
        authentication_transform_constants="GCMAES256",
        pfs_group="PFS4096",
        extended_sequence_numbers=True,
    ),
)
SHIELD = replace(
    PSK,
    mode="Transport",
    ipv4_subnet=(),
    ipv6_subnet=(),
    local_vpn_traffic_selector=(VpnTrafficSelector(ip_address_range=("203.0.113.1", "203.0.113.1"), protocol_id=47),),
    remote_vpn_traffic_selector=(VpnTrafficSelector(ip_address_range=("198.51.100.2",) * 2, protocol_id=47),),
)
GOOD = {
    "only the role": ROLE,
    "IKEv2 and GRE": S2S,
    "WireGuard": OVER_WIREGUARD,
    "all authentication methods": GatewayState(remote_access=RemoteAccess(), vpn_s2s_interfaces=(PSK, SELECTORS, EAP)),
    "algorithms beyond the cmdlets": GatewayState(remote_access=RemoteAccess(), vpn_s2s_interfaces=(BEYOND,)),
    "transport mode": GatewayState(remote_access=RemoteAccess(), vpn_s2s_interfaces=(SHIELD,)),
    "trigger filters": GatewayState(remote_access=RemoteAccess(), vpn_s2s_interfaces=(CHOOSY,)),
    "forced tunnelling": FORCED,
    "bandwidth limits": LIMITED,
    "BGP": BGP,
    "BGP with everything": BGP_WITH_EVERYTHING,
    "NAT": NAT,
    "NAT beside tunnels": NAT_BESIDE_TUNNELS,
    "NAT with the gateway's own address": NAT_OF_OWN_ADDRESS,
    "filters": FILTERS,
}
