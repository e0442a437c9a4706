"""Which tunnels were agreed on under credentials or a policy that are no more. Pure.

strongSwan keeps what is up whatever it is told later, so a peer whose certificate was revoked, or whose key was
changed, would stay. Lifetimes, idle times, commands and routes are nobody's proof: changing them ends nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cryptography import x509

from raslab.gateway.plan.s2s import interface_of
from raslab.gateway.state.certificates import certificate_in, list_in
from raslab.services import Charon, Service

Connections = Mapping[str, Mapping[str, Any]]

_PROOFS = ("local", "remote")
_POLICY = ("version", "proposals", "mobike")
_POLICY_OF_CHILD = ("esp_proposals", "mode", "if_id_in", "if_id_out")
_CONTENT = ("local_ts", "remote_ts")


def outdated(old: Iterable[Service], new: Iterable[Service]) -> dict[str, str]:
    """The interfaces that both configurations have and whose tunnels cannot stay, each with what has changed."""
    before, after = _charon(old), _charon(new)
    if before is None or after is None or before == after:
        return {}
    was, shall = _by_interface(before), _by_interface(after)
    secrets_before, secrets_after = _secrets(before), _secrets(after)
    lists = set(before.crls) ^ set(after.crls)
    found = {}
    for name in was.keys() & shall.keys():
        same_secrets = secrets_before.get(name) == secrets_after.get(name)
        if was[name] == shall[name] and same_secrets and not lists:
            continue
        if not same_secrets or _proofs(was[name]) - _proofs(shall[name]):
            found[name] = "credentials"
        elif _policy(was[name]) != _policy(shall[name]):
            found[name] = "policy"
        elif _addresses(was[name]) - _addresses(shall[name]):
            found[name] = "destination"
        elif any(_concerns(pem, shall[name], after) for pem in lists):
            found[name] = "revocation list"
    return dict(sorted(found.items()))


def _charon(services: Iterable[Service]) -> Charon | None:
    return next((one for one in services if isinstance(one, Charon)), None)


def _by_interface(charon: Charon) -> dict[str, dict[str, Mapping[str, Any]]]:
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for name, section in charon.connections.items():
        found.setdefault(interface_of(name), {})[name] = section
    return found


def _secrets(charon: Charon) -> dict[str, set[tuple[str, str]]]:
    """The secrets of each interface, whoever owns them."""
    found: dict[str, set[tuple[str, str]]] = {}
    for name, one in charon.secrets.items():
        kind, _, interface = name.partition("-")
        found.setdefault(interface, set()).add((kind, one.secret))
    return found


def _proofs(connections: Connections) -> set[str]:
    """By what the two sides prove who they are: a set, as the order of destinations is nobody's proof."""
    return {
        repr(sorted((key, value) for key, value in one.items() if key.startswith(_PROOFS) and isinstance(value, dict)))
        for one in connections.values()
    }


def _policy(connections: Connections) -> set[str]:
    return {
        repr(
            (
                [one.get(key) for key in _POLICY],
                one.get("vips"),
                [[child.get(key) for key in (*_POLICY_OF_CHILD, *_CONTENT)] for child in one["children"].values()],
            )
        )
        for one in connections.values()
    }


def _addresses(connections: Connections) -> set[str]:
    return {text for one in connections.values() for text in one["remote_addrs"]}


def _concerns(pem: str, connections: Connections, charon: Charon) -> bool:
    """Whether a list is of an authority that vouches for the peer; those of intermediate ones may be, of any chain."""
    issuer = _issuer(pem)
    trusted = {
        _subject(text)
        for one in connections.values()
        for key, section in one.items()
        if key.startswith("remote") and isinstance(section, dict)
        for text in section.get("cacerts", ())
    }
    roots = {_subject(section["cacert"]) for section in charon.authorities.values()}
    return bool(trusted) and (issuer in trusted or issuer not in roots)


def _issuer(pem: str) -> x509.Name | None:
    found = list_in(pem)
    return None if found is None else found.issuer


def _subject(pem: str) -> x509.Name | None:
    found = certificate_in(pem)
    return None if found is None else found.subject
