"""IKEv2 interfaces as connections of strongSwan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from raslab.gateway.plan import dialling
from raslab.gateway.plan.interfaces import if_id, source_of
from raslab.gateway.plan.proposals import proposals
from raslab.gateway.scopes import Scope
from raslab.gateway.state import GatewayState, MachineCertificate, RoutingDomain, VpnS2SInterface, VpnTrafficSelector
from raslab.gateway.surroundings import Surroundings
from raslab.services import Charon, Shared

GIVES_UP_S = 3
"""Seconds after which charon takes a request without an answer for lost: six transmissions, half a second apart. Less
would not do: a server answers a wrong EAP password after two seconds."""
_SETTINGS = {
    "retransmit_tries": "5",
    "retransmit_timeout": "0.5",
    "retransmit_base": "1.0",
    # How long the kernel waits for a tunnel that a packet asked for before the next packet may ask again. charon would
    # find it by dividing by 1 less than the base: never.
    "plugins.kernel-netlink.xfrm_acq_expires": str(GIVES_UP_S),
}

Section = dict[str, Any]


def charon(parts: Sequence[Scope]) -> Charon | None:
    """The daemon for all enabled IKEv2 interfaces of all parts, or None without any."""
    enabled = [(one, where) for state, where in parts for one in state.vpn_s2s_interfaces if one.admin_status]
    if not enabled:
        return None
    own = [one.certificate for one, _ in enabled if one.certificate is not None]
    return Charon(
        connections={name: section for one, where in enabled for name, section in connections(one, where).items()},
        secrets={name: secret for one, where in enabled for name, secret in _secrets(one, where).items()},
        certificates=tuple(dict.fromkeys(one.certificate for one in own)),
        keys=tuple(dict.fromkeys(one.key for one in own)),
        crls=tuple(dict.fromkeys(one.revoked for one in own if one.revoked)),
        authorities={name: section for scope in parts for name, section in _authorities(*scope).items()},
        settings=_SETTINGS,
    )


def _authorities(state: GatewayState, surroundings: Surroundings) -> dict[str, Section]:
    """Whom one part trusts. Two parts may trust the same authority, and one of them stop to."""
    own = (one.certificate for one in state.vpn_s2s_interfaces if one.admin_status and one.certificate is not None)
    texts = dict.fromkeys(one.authority for one in own)
    return {f"{surroundings.prefix}authority-{number}": {"cacert": text} for number, text in enumerate(texts, 1)}


def connections(interface: VpnS2SInterface, surroundings: Surroundings) -> dict[str, Section]:
    """The connections of one interface by name; charon dials its first destination only."""
    return _connections(interface, surroundings)


def inbound(name: str) -> str:
    """The connection by which a user with the interface's name comes in."""
    return f"{name}-inbound"


def _connections(interface: VpnS2SInterface, surroundings: Surroundings) -> dict[str, Section]:
    source = source_of(interface, surroundings)
    common = _ike(interface, source)
    if interface.initiate_config_payload:
        common["vips"] = ["0.0.0.0"] * interface.internal_ipv4 + ["::"] * interface.internal_ipv6
    children = {interface.name: _child(interface, surroundings.domain, dials=True)}
    method = interface.authentication_method
    if method == "PSKOnly":
        theirs = interface.peer_identity or (interface.destination[0] if len(interface.destination) == 1 else "%any")
        ends = {"local": {"auth": "psk", "id": source}, "remote": {"auth": "psk", "id": theirs}}
        return {interface.name: {**common, **ends, "children": children}}
    assert interface.certificate is not None
    mine, theirs_by_name = _own_certificate(interface.certificate), _certificate_of(interface.name, interface)
    if method == "MachineCertificates":
        return {interface.name: {**common, "local": mine, "remote": theirs_by_name, "children": children}}
    eap = interface.eap_method.removeprefix("EAP-").lower()
    name = interface.user_name or interface.name
    user: Section = {"auth": f"eap-{eap}", "id": name, "eap_id": name}
    if eap == "tls":
        user["certs"] = [interface.certificate.certificate]
    anyone = {"auth": "pubkey", "id": "%any", "cacerts": [interface.certificate.authority]}
    found = {interface.name: {**common, "local": user, "remote": anyone, "children": children}}
    if eap == "tls" or interface.dial_in_password is not None:
        # A caller is known by its user name, so it may come from anywhere.
        caller = {"auth": f"eap-{eap}", "id": interface.name, "eap_id": interface.name}
        passive = {interface.name: _child(interface, surroundings.domain, dials=False)}
        found[inbound(interface.name)] = {**common, "local": mine, "remote": caller, "children": passive}
    return found


def _ike(interface: VpnS2SInterface, source: str) -> Section:
    return {
        "version": "2",
        "local_addrs": [source],
        "remote_addrs": list(interface.destination),
        "proposals": proposals(interface)[0],
        "rekey_time": f"{interface.mm_sa_life_time_seconds}s",
        "dpd_delay": f"{max(interface.network_outage_time_seconds - GIVES_UP_S, 1)}s",
        "keyingtries": "1",  # what follows an attempt in vain is decided elsewhere
        "mobike": "no",
    }


def _child(interface: VpnS2SInterface, domain: RoutingDomain | None, *, dials: bool) -> Section:
    """The tunnel itself. The first packet dials it, and is lost."""
    number = str(if_id(interface.name))
    child: Section = {
        "esp_proposals": proposals(interface)[1],
        "local_ts": _selectors(interface, interface.local_vpn_traffic_selector),
        "remote_ts": _selectors(interface, interface.remote_vpn_traffic_selector),
        "rekey_time": f"{interface.sa_life_time_seconds}s",
        "rekey_bytes": str(interface.sa_data_size_for_renegotiation_kilobytes * 1024),
        "if_id_in": number,
        "if_id_out": number,
        "start_action": "trap" if dials else "none",
        "dpd_action": "clear",
        "close_action": "none",
    }
    if command := dialling.updown(interface, domain):
        child["updown"] = command
    if not interface.persistent and interface.idle_disconnect_seconds:
        child["inactivity"] = f"{interface.idle_disconnect_seconds}s"
    return child


def _selectors(interface: VpnS2SInterface, chosen: tuple[VpnTrafficSelector, ...]) -> list[str]:
    if chosen:
        return [_selector(one) for one in chosen]
    return ["0.0.0.0/0"] * interface.internal_ipv4 + ["::/0"] * interface.internal_ipv6


def _selector(selector: VpnTrafficSelector) -> str:
    first, last = selector.ip_address_range
    text = f"{first}-{last}"
    if not selector.protocol_id:
        return text
    low, high = selector.port_range
    if (low, high) == (0, 65535):
        return f"{text}[{selector.protocol_id}]"
    return f"{text}[{selector.protocol_id}/{low if low == high else f'{low}-{high}'}]"


def _own_certificate(certificate: MachineCertificate) -> Section:
    return {"auth": "pubkey", "certs": [certificate.certificate]}


def _certificate_of(name: str, interface: VpnS2SInterface) -> Section:
    """The other side has to show a certificate whose subject is the name of the interface."""
    assert interface.certificate is not None
    return {"auth": "pubkey", "id": f"CN={name}", "cacerts": [interface.certificate.authority]}


def _secrets(interface: VpnS2SInterface, surroundings: Surroundings) -> dict[str, Shared]:
    found = {}
    if interface.authentication_method == "PSKOnly":
        theirs = (interface.peer_identity,) if interface.peer_identity else interface.destination
        ours = [source_of(replace(interface, destination=(one,)), surroundings) for one in interface.destination]
        owners = tuple(dict.fromkeys((*ours, *theirs)))
        found[f"psk-{interface.name}"] = Shared("IKE", interface.shared_secret or "", owners)
    elif interface.authentication_method == "EAP":
        if interface.user_name and interface.password:
            found[f"user-{interface.name}"] = Shared("EAP", interface.password, (interface.user_name,))
        if interface.dial_in_password is not None:
            found[f"caller-{interface.name}"] = Shared("EAP", interface.dial_in_password, (interface.name,))
    return found
