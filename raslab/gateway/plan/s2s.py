"""IKEv2 interfaces as connections of strongSwan."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from raslab.gateway.callers import KeyedEnd, ends_of, keyed_ends, owners
from raslab.gateway.plan import dialling
from raslab.gateway.plan.interfaces import if_id, source_of
from raslab.gateway.plan.proposals import proposals
from raslab.gateway.scopes import Scope
from raslab.gateway.selectors import pieces
from raslab.gateway.state import GatewayState, VpnS2SInterface, VpnTrafficSelector
from raslab.gateway.state.certificates import proven
from raslab.gateway.state.identity import common_name, identity, user
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
    "inactivity_close_ike": "yes",  # nobody is to come back later on what was proven once
    "rsa_pss": "yes",  # RFC 8247, section 3.2
    "install_virtual_ip": "no",  # assigned addresses belong to the tunnel's interface: `dialling` sees to them
}

_OF = "/"  # no name of an interface has it
_NOBODY = "keyid:#00"
Section = dict[str, Any]


def charon(parts: Sequence[Scope]) -> Charon | None:
    """The daemon for all enabled IKEv2 interfaces of all parts, or None without any."""
    enabled = [(one, where) for state, where in parts for one in state.vpn_s2s_interfaces if one.admin_status]
    if not enabled:
        return None
    own = [one.certificate for one, _ in enabled if one.certificate is not None]
    return Charon(
        connections={name: section for one, where in enabled for name, section in connections(one, where).items()},
        secrets=_keys(parts) | {name: secret for one, _ in enabled for name, secret in _passwords(one).items()},
        certificates=tuple(dict.fromkeys(pem for one in own for pem in (one.own, *one.intermediates))),
        keys=tuple(dict.fromkeys(one.key for one in own)),
        crls=tuple(dict.fromkeys(pem for one in own for pem in one.revocation_lists)),
        authorities={name: section for scope in parts for name, section in _authorities(*scope).items()},
        settings=_SETTINGS,
    )


def _authorities(state: GatewayState, surroundings: Surroundings) -> dict[str, Section]:
    """Whom one part trusts. Two parts may trust the same authority, and one of them stop to."""
    own = (one.certificate for one in state.vpn_s2s_interfaces if one.admin_status and one.certificate is not None)
    texts = dict.fromkeys(pem for one in own for pem in one.authorities)
    return {f"{surroundings.prefix}authority-{number}": {"cacert": text} for number, text in enumerate(texts, 1)}


def connections(interface: VpnS2SInterface, surroundings: Surroundings) -> dict[str, Section]:
    """The connections of one interface by name; charon dials its first destination only."""
    common = _ike(interface, source_of(interface, surroundings))
    if interface.initiate_config_payload:
        common["vips"] = ["0.0.0.0"] * interface.internal_ipv4 + ["::"] * interface.internal_ipv6
    passive = {interface.name: _child(interface, surroundings, dials=False)}
    children = {
        interface.name: {interface.name: _child(interface, surroundings, dials=True)},
        asking(interface.name): {},
    }
    match interface.authentication_method:
        case "PSKOnly":
            found = _keyed(interface, surroundings)
        case "MachineCertificates":
            found = {interface.name: {"local": _own(interface), "remote": _proven(interface)}}
        case _:
            found = _users(interface, common["local_addrs"])
    return {name: {**common, **ends, "children": children.get(name, passive)} for name, ends in found.items()}


def inbound(name: str) -> str:
    """The connection by which a user with the interface's name comes in."""
    return f"{name}{_OF}inbound"


def asking(name: str) -> str:
    """The connection that asks users for their names."""
    return f"{name}{_OF}asks"


def interface_of(connection: str) -> str:
    """The interface that a connection belongs to."""
    return connection.partition(_OF)[0]


def _keyed(interface: VpnS2SInterface, surroundings: Surroundings) -> dict[str, Section]:
    """With a pre-shared key each destination has an identity, so each may call by a connection of its own."""
    ends = list(ends_of(interface, surroundings))
    found: dict[str, Section] = {interface.name: _identities(ends[0])}
    if len(ends) > 1:
        for end in ends:
            reached = {"local_addrs": [end.source], "remote_addrs": [end.target]}
            found[f"{interface.name}{_OF}{end.target}"] = {**reached, **_identities(end)}
    return found


def _identities(end: KeyedEnd) -> Section:
    return {
        "local": {"auth": "psk", "id": end.mine.written},
        "remote": {"auth": "psk", "id": end.theirs.written},
    }


def _users(interface: VpnS2SInterface, local: Sequence[str]) -> dict[str, Section]:
    """One side shows a certificate, the other is a user."""
    eap = interface.eap_method.removeprefix("EAP-").lower()
    name = user(interface.user_name or interface.name)
    mine = identity(interface.local_identity or "")
    caller: Section = {"auth": f"eap-{eap}", "id": mine.written if mine else name, "eap_id": name}
    assert interface.certificate is not None
    if eap == "tls":
        caller["certs"] = [interface.certificate.own]
    theirs = identity(interface.peer_identity or "")
    trusted = list(interface.certificate.authorities)
    called = {"auth": "pubkey", "id": theirs.written if theirs else "%any", "cacerts": trusted}
    found: dict[str, Section] = {interface.name: {"local": caller, "remote": called}}
    if eap == "tls" or interface.dial_in_password is not None:
        found |= _callers(interface, f"eap-{eap}", local)
    return found


def _callers(interface: VpnS2SInterface, method: str, local: Sequence[str]) -> dict[str, Section]:
    """A caller is known by its user name, whatever IKE calls it.

    charon asks for the name only where anybody may come, and when a user has proven to be one, it takes the connection
    that fits the name. So the first connection asks, lets nobody in for want of a second proof, and has no tunnel. It
    comes first because charon prefers what names the address that is called to what has it in a range.
    """
    around = [str(ip_network((one, ip_address(one).max_prefixlen - 1), strict=False)) for one in local]
    caller: Section = {"auth": method, "id": "%any"}
    if method == "eap-tls":
        assert interface.certificate is not None
        caller["cacerts"] = list(interface.certificate.authorities)
    return {
        asking(interface.name): {
            "local": _own(interface),
            "remote": {**caller, "eap_id": "%any"},
            "remote-never": {"auth": "psk", "id": _NOBODY},
        },
        inbound(interface.name): {
            "local_addrs": around,
            "local": _own(interface),
            "remote": {**caller, "eap_id": interface.name},
        },
    }


def _ike(interface: VpnS2SInterface, source: str) -> Section:
    return {
        "version": "2",
        "local_addrs": [source],
        "remote_addrs": list(interface.destination),
        "proposals": proposals(interface)[0],
        "rekey_time": f"{interface.mm_sa_life_time_seconds}s",
        "dpd_delay": f"{max(interface.network_outage_time_seconds - GIVES_UP_S, 1)}s",
        "keyingtries": "1",  # what follows an attempt in vain is decided elsewhere
        "mobike": "yes" if interface.mobike else "no",
        # Not every maker asks for a certificate; none minds one (RFC 7296, 3.7).
        **({"send_cert": "always"} if interface.certificate else {}),
    }


def _child(interface: VpnS2SInterface, surroundings: Surroundings, *, dials: bool) -> Section:
    """The tunnel itself. The first packet dials it, and is lost."""
    number = str(if_id(interface.name))
    child: Section = {
        "esp_proposals": proposals(interface)[1],
        "local_ts": _selectors(interface, interface.local_vpn_traffic_selector),
        "remote_ts": _selectors(interface, interface.remote_vpn_traffic_selector),
        "rekey_time": f"{interface.sa_life_time_seconds}s",
        "rekey_bytes": str(interface.sa_data_size_for_renegotiation_kilobytes * 1024),
        **({"mode": "transport"} if interface.is_transport else {"if_id_in": number, "if_id_out": number}),
        "start_action": "trap" if dials else "none",
        "dpd_action": "clear",
        "close_action": "none",
    }
    if command := dialling.updown(interface, surroundings):
        child["updown"] = command
    if not interface.persistent and interface.idle_disconnect_seconds:
        child["inactivity"] = f"{interface.idle_disconnect_seconds}s"
    return child


def _selectors(interface: VpnS2SInterface, chosen: tuple[VpnTrafficSelector, ...]) -> list[str]:
    if chosen:
        return [piece for one in chosen for piece in pieces(one)]
    if interface.is_transport:
        return ["dynamic"]  # the two ends
    return ["0.0.0.0/0"] * interface.internal_ipv4 + ["::/0"] * interface.internal_ipv6


def _own(interface: VpnS2SInterface) -> Section:
    """The certificate that an interface shows. A user's local_identity may be something that it does not prove."""
    assert interface.certificate is not None
    shown: Section = {"auth": "pubkey", "certs": [interface.certificate.own]}
    mine = identity(interface.local_identity or "")
    if mine is not None and mine in proven(interface.certificate.own):
        shown["id"] = mine.written
    return shown


def _proven(interface: VpnS2SInterface) -> Section:
    """What the other side's certificate has to prove."""
    assert interface.certificate is not None
    theirs = identity(interface.peer_identity or "") or common_name(interface.name)
    return {"auth": "pubkey", "id": theirs.written, "cacerts": list(interface.certificate.authorities)}


def _keys(parts: Sequence[Scope]) -> dict[str, Shared]:
    """Pre-shared keys, each found by nobody but the callers of its interface."""
    secrets = {(where.title, one.name): one.shared_secret for state, where in parts for one in state.vpn_s2s_interfaces}
    found: dict[str, tuple[str, list[str]]] = {}
    for end, owner in owners(keyed_ends(parts)).items():
        assert owner is not None  # the rules have seen to it
        _, written = found.setdefault(f"psk-{end.name}", (secrets[end.is_of] or "", []))
        if owner.written not in written:
            written.append(owner.written)
    return {name: Shared("IKE", secret, tuple(written)) for name, (secret, written) in found.items()}


def _passwords(interface: VpnS2SInterface) -> dict[str, Shared]:
    if interface.authentication_method != "EAP":
        return {}
    found = {}
    if interface.user_name and interface.password:
        found[f"user-{interface.name}"] = Shared("EAP", interface.password, (user(interface.user_name),))
    if interface.dial_in_password is not None:
        found[f"caller-{interface.name}"] = Shared("EAP", interface.dial_in_password, (interface.name,))
    return found
