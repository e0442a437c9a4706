"""Site-to-site interfaces, as Add-VpnS2SInterface takes them."""

from __future__ import annotations

from dataclasses import dataclass, field

from raslab.gateway.state.certificates import is_self_signed, pem_blocks
from raslab.gateway.state.policy import CustomPolicy
from raslab.gateway.state.written import Address, FilterLine, Interface, PeerName, Pem, Prefix, Secret, Subnet
from raslab.model.secrets import SECRET


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnTrafficSelector:
    """What a tunnel carries, in one direction: New-VpnTrafficSelector.

    ip_address_range: first and last address; port_range: first and last port; protocol_id: IANA's number, 0 is any;
    type: ``IPv4`` or ``IPv6``.
    """

    ip_address_range: tuple[Address, ...]
    port_range: tuple[int, ...] = (0, 65535)
    protocol_id: int = 0
    type: str = "IPv4"


@dataclass(frozen=True, slots=True)
class MachineCertificate:
    """A certificate with its key, and the authority that the other side's certificate must come from; PEM texts.

    certificate: the gateway's own first, then those of the intermediate authorities between, if any, which are sent to
    the other side. authority: the root, or several; with intermediate ones that the other side does not send. revoked:
    revocation lists (CRL), empty for none.
    """

    certificate: Pem
    key: Pem = field(metadata=SECRET)
    authority: Pem
    revoked: Pem = ""

    def __repr__(self) -> str:
        return "MachineCertificate(...)"

    @property
    def own(self) -> str:
        """The gateway's own certificate."""
        return next(iter(pem_blocks(self.certificate)), self.certificate)

    @property
    def intermediates(self) -> tuple[str, ...]:
        """Those between gateways and roots; a root that comes with the own certificate is nobody who is trusted."""
        known = (*pem_blocks(self.certificate)[1:], *pem_blocks(self.authority))
        return tuple(one for one in known if not is_self_signed(one))

    @property
    def authorities(self) -> tuple[str, ...]:
        """The roots."""
        return tuple(one for one in pem_blocks(self.authority) if is_self_signed(one))

    @property
    def revocation_lists(self) -> tuple[str, ...]:
        """The revocation lists, one by one."""
        return pem_blocks(self.revoked)


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnS2SInterface:
    """An IKEv2 interface to one other gateway, reached at one or more destinations.

    authentication_method: ``PSKOnly`` (shared_secret), ``MachineCertificates`` (certificate) or ``EAP`` (user_name and
    password, eap_method; and the certificate that it shows to callers). Certificates and users come in by the interface
    that has their name, users with dial_in_password.
    ipv4_subnet, ipv6_subnet: what is behind the other gateway, ``10.2.0.0/24:100`` with the route's metric (100).
    peer_identity, local_identity: what the two sides call themselves: an address, a DNS name, a mail address or the
    subject of a certificate (``CN=paris, O=Contoso, C=FR``). With a pre-shared key these are the two addresses unless
    said otherwise, as behind NAT, or for two gateways behind one address. A certificate has to prove the identity; the
    peer's is ``CN=`` with the interface's name unless said otherwise, one's own the subject. With EAP, peer_identity is
    what the certificate of the called gateway proves, anything of its authority unless said otherwise, and
    local_identity is anything that one calls oneself, the user_name unless said otherwise.
    network_outage_time_seconds: how long the other side may be silent, one of twelve values; the shortest, 3, is 4.
    persistent: dial at once and stay; else only packets dial, and idle_disconnect_seconds without a packet end it.
    auto_connect_enabled: dial again by itself. If no destination answers a packet, all of them are dialled again every
    retry_interval_seconds until number_of_tries have been made (0: until one answers); a persistent interface dials
    again whenever it is down, until one answers. With False, it takes a packet or connect_vpn_s2s_interface.
    initiate_config_payload: ask the other side for addresses (RFC 7296, 2.19); without any from there it does not work.
    encryption_type: NoEncryption, OptionalEncryption, RequireEncryption or MaximumEncryption; custom_policy, a
    CustomPolicy or the name of a preset (windows-default, documented-best, modern), takes its place.
    mode: ``Tunnel`` or, beyond Add-VpnS2SInterface and named as by New-NetIPsecRule, ``Transport``: what the two
    gateways themselves say to each other is protected as it is, such as GRE between them, and nothing is behind.
    mobike: let the other side go on from another address (RFC 4555), which gateways do not do; beyond Windows.
    post_connection_ipv4_subnet, post_connection_ipv6_subnet: the same, but only while connected, so they never dial.
    ipv4_trigger_filter, ipv6_trigger_filter: lines as in RemoteAccessIpFilter; with the action ``Allow`` only packets
    that fit one dial, with ``Deny`` only others do. Without lines every packet dials.
    ipv4_address, ipv6_address: the interface's own, with prefix lengths, if routing protocols are to run over it.
    tx_bandwidth_kbps, rx_bandwidth_kbps: 1000 bits per second; 0 is unlimited.
    """

    name: str
    destination: tuple[Address, ...] = ()
    protocol: str = "IKEv2"
    authentication_method: str = "EAP"
    eap_method: str = "EAP-MSCHAPv2"
    shared_secret: Secret | None = field(default=None, repr=False, metadata=SECRET)
    certificate: MachineCertificate | None = field(default=None, repr=False, metadata=SECRET)
    user_name: str | None = None
    password: Secret | None = field(default=None, repr=False, metadata=SECRET)
    dial_in_password: Secret | None = field(default=None, repr=False, metadata=SECRET)
    peer_identity: PeerName | None = None
    local_identity: PeerName | None = None
    source_ip_address: Address | None = None
    admin_status: bool = True
    persistent: bool = False
    auto_connect_enabled: bool = True
    initiate_config_payload: bool = False
    number_of_tries: int = 3
    retry_interval_seconds: int = 60
    network_outage_time_seconds: int = 15
    idle_disconnect_seconds: int = 300
    promote_alternate: bool = False
    sa_life_time_seconds: int = 3600
    mm_sa_life_time_seconds: int = 28800
    sa_data_size_for_renegotiation_kilobytes: int = 33_553_408
    encryption_type: str = "RequireEncryption"
    custom_policy: CustomPolicy | str | None = None
    mode: str = "Tunnel"
    mobike: bool = False
    internal_ipv4: bool = True
    internal_ipv6: bool = True
    ipv4_subnet: tuple[Subnet, ...] = ()
    ipv6_subnet: tuple[Subnet, ...] = ()
    ipv4_trigger_filter: tuple[FilterLine, ...] = ()
    ipv4_trigger_filter_action: str = "Allow"
    ipv6_trigger_filter: tuple[FilterLine, ...] = ()
    ipv6_trigger_filter_action: str = "Allow"
    post_connection_ipv4_subnet: tuple[Subnet, ...] = ()
    post_connection_ipv6_subnet: tuple[Subnet, ...] = ()
    local_vpn_traffic_selector: tuple[VpnTrafficSelector, ...] = ()
    remote_vpn_traffic_selector: tuple[VpnTrafficSelector, ...] = ()
    ipv4_address: Interface | None = None
    ipv6_address: Interface | None = None
    enable_qos: bool = True
    tx_bandwidth_kbps: int = 0
    rx_bandwidth_kbps: int = 0

    @property
    def is_transport(self) -> bool:
        """Whether it protects what the gateways themselves say, and has no inside."""
        return self.mode == "Transport"


@dataclass(frozen=True, slots=True, kw_only=True)
class GreInterface:
    """A GRE tunnel to another gateway: Add-VpnS2SInterface -GreTunnel.

    checksum: each packet carries one (RFC 2784, 2.3), and one without is dropped, so both sides need it.
    gre_key: 0 to 2^32-1, None for none; it tells several tunnels between the same two gateways apart (RFC 2890).
    ipv4_address, ipv6_address: the tunnel's own, with prefix lengths. The rest as in VpnS2SInterface.
    """

    name: str
    destination: tuple[Address, ...] = ()
    source_ip_address: Address | None = None
    gre_key: int | None = None
    checksum: bool = False
    ipv4_address: Interface | None = None
    ipv6_address: Interface | None = None
    ipv4_subnet: tuple[Subnet, ...] = ()
    ipv6_subnet: tuple[Subnet, ...] = ()
    admin_status: bool = True
    enable_qos: bool = True
    tx_bandwidth_kbps: int = 0
    rx_bandwidth_kbps: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WireguardInterface:
    """A WireGuard tunnel to another gateway, which Windows does not have.

    private_key: this side's, public_key: the other gateway's, preshared_key: a secret of both that is mixed in; all in
    base64, as new_wireguard_keys makes them. listen_port: UDP port of this side, one per interface; destination_port:
    where the other gateway listens. keepalive_seconds: a packet at least so often, which holds a NAT open; 0 is never.
    allowed_ips: what may come out of the tunnel and go into it; routing decides what does. ipv4_address, ipv6_address:
    the tunnel's own, with prefix lengths. The rest as in VpnS2SInterface.
    """

    name: str
    destination: tuple[Address, ...] = ()
    destination_port: int = 51820
    listen_port: int = 51820
    private_key: Secret | None = field(default=None, repr=False, metadata=SECRET)
    public_key: str | None = None
    preshared_key: Secret | None = field(default=None, repr=False, metadata=SECRET)
    keepalive_seconds: int = 0
    allowed_ips: tuple[Prefix, ...] = ("0.0.0.0/0", "::/0")
    ipv4_address: Interface | None = None
    ipv6_address: Interface | None = None
    ipv4_subnet: tuple[Subnet, ...] = ()
    ipv6_subnet: tuple[Subnet, ...] = ()
    admin_status: bool = True
    enable_qos: bool = True
    tx_bandwidth_kbps: int = 0
    rx_bandwidth_kbps: int = 0


S2SInterface = VpnS2SInterface | GreInterface | WireguardInterface
