"""Callers that two interfaces of a node could not tell apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from raslab.gateway.callers import KeyedEnd, keyed_ends, owners
from raslab.gateway.rules.reading import address
from raslab.gateway.rules.subnets import title
from raslab.gateway.scopes import Scope
from raslab.gateway.state import VpnS2SInterface
from raslab.gateway.state.identity import common_name, identity


def check(parts: Sequence[Scope]) -> Iterator[str]:
    """Who calls with a key, with a certificate or as a user has to mean one interface."""
    yield from _pre_shared_keys(parts)
    yield from _proven_callers(parts)


def _pre_shared_keys(parts: Sequence[Scope]) -> Iterator[str]:
    """A pre-shared key belongs to one interface: nobody else is to be known by the identity that it is found by."""
    ends = keyed_ends(parts)
    said: set[frozenset[tuple[str, str]]] = set()
    for end, found in owners(ends).items():
        if found is not None:
            continue
        others = [one for one in ends if one.is_of != end.is_of and end.theirs in (one.mine, one.theirs)]
        other = next((one for one in others if (one.mine, one.theirs) == (end.mine, end.theirs)), others[0])
        pair = frozenset((end.is_of, other.is_of))
        if pair not in said:
            said.add(pair)
            yield _ambiguous(*sorted((end, other), key=ends.index))


def _ambiguous(one: KeyedEnd, two: KeyedEnd) -> str:
    names = f"{one.name} and {two.name} of {one.part}"
    if one.part != two.part:
        names = f"{one.name} of {one.part} and {two.name} of {two.part}"
    with_identity = "a peer_identity that the other gateway has as its local_identity"
    if (one.mine, one.theirs) != (two.mine, two.theirs):
        return (
            f"S2S interfaces {names} both know {one.theirs} with a pre-shared key, so that the key of one would open "
            f"the other: give one of them {with_identity}, or use certificates."
        )
    if one.part == two.part:
        return (
            f"S2S interfaces {names} both use a pre-shared key with {one.theirs}, which cannot say which one it calls: "
            f"give one of them {with_identity}, disable one (admin_status=False), or use certificates."
        )
    return (
        f"S2S interfaces {names} both use a pre-shared key with {one.theirs}, which cannot say which tenant it calls: "
        f"give one of them another source_ip_address or {with_identity}, or use certificates."
    )


def _proven_callers(parts: Sequence[Scope]) -> Iterator[str]:
    """Who proves to be the same to two interfaces from one address would come in by one of them only."""
    owners_of: dict[tuple[str, str, str], str] = {}
    said: set[frozenset[str]] = set()
    for state, where in parts:
        for one in state.vpn_s2s_interfaces:
            shown = title(one, where.title)
            for whom, shown_as, trusted in _called_by(one):
                for target in sorted({str(found) for text in one.destination if (found := address(text))}):
                    for root in trusted:
                        other = owners_of.setdefault((whom, target, root), shown)
                        pair = frozenset((other, shown))
                        if other != shown and pair not in said:
                            said.add(pair)
                            yield (
                                f"The {other} and the {shown} both know {target} as {shown_as}, which cannot say which "
                                "one it calls: give one of them another name or peer_identity."
                            )


def _called_by(one: VpnS2SInterface) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """What callers of an interface prove to be, how that is shown, and to whose authorities."""
    if not one.admin_status or one.certificate is None:
        return
    if one.authentication_method == "MachineCertificates":
        theirs = identity(one.peer_identity or "") or common_name(one.name)
        yield f"{theirs.kind} {theirs.value}", theirs.text, one.certificate.authorities
    elif one.authentication_method == "EAP" and one.eap_method == "EAP-TLS":
        yield f"user {one.name.lower()}", f"the user {one.name}", one.certificate.authorities
    elif one.authentication_method == "EAP" and one.dial_in_password is not None:
        yield f"user {one.name.lower()}", f"the user {one.name}", ("",)
