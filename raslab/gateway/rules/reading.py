"""Reading what users wrote, and the sentences for what cannot be read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from raslab.gateway.state.notation import MAX_ASN, asn
from raslab.model import addresses
from raslab.model.addresses import AnyAddress, AnyInterface, AnyNetwork
from raslab.model.sentences import quoted, shown

LONGEST_NAME = 63
"""Characters of a name, as of a host's (RFC 1123, 2.1), so that there is room for what is derived from it."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_RESERVED_ASNS = {0: "RFC 7607", 23456: "RFC 6793", 65535: "RFC 7300", MAX_ASN: "RFC 7300"}


def address(text: str | None) -> AnyAddress | None:
    """An address without prefix length, or None."""
    return addresses.readable(addresses.address, text)


def interface(text: str | None) -> AnyInterface | None:
    """An address with prefix length, or None."""
    return addresses.readable(addresses.interface, text)


def network(text: str) -> AnyNetwork | None:
    """A prefix without bits beyond its length, or None."""
    return addresses.readable(addresses.network, text)


def prefix_problem(text: str, what: str, where: str, version: int | None = None) -> str | None:
    """A sentence if `text` is no prefix of that IP version."""
    found = network(text)
    if found is None:
        try:
            loose = addresses.network(text if "/" in text else f"{text}/{_host_length(text)}", strict=False)
        except ValueError:
            return f"{what} {shown(text)} of {where} cannot be read: write a prefix like {_example(version)}."
        return f"{what} {shown(text)} of {where} is not a prefix: write {loose}."
    if version not in (None, found.version):
        return (
            f"{what} {shown(text)} of {where} is of the other address family: write a prefix like {_example(version)}."
        )
    return None


def asn_problem(value: int | str, what: str, where: str) -> str | None:
    """A sentence if `value` is no AS number that a router may have."""
    try:
        number = asn(value)
    except ValueError:
        number = -1
    written = f"{what} {shown(value)} of {where}"
    if not 0 <= number <= MAX_ASN:
        return f"{written} is no AS number: choose 1 to {MAX_ASN - 1}, or write it as RFC 5396 does, 1.10."
    if number in _RESERVED_ASNS:
        return (
            f"{what} {shown(value)} of {where} is reserved ({_RESERVED_ASNS[number]}): "
            "choose another, 64512 to 65534 are private."
        )
    return None


def name_problem(name: str, what: str) -> str | None:
    """A sentence if `name` cannot be a word of a daemon's configuration."""
    if _NAME.fullmatch(name):
        if len(name) <= LONGEST_NAME:
            return None
        return f"The name {shown(name)} of {what} has {len(name)} characters: use at most {LONGEST_NAME}."
    return f"The name {quoted(name)} of {what} is impossible: use letters, digits, dots, dashes and underscores."


def choice_problem(value: str, known: Sequence[str], what: str, where: str) -> str | None:
    """A sentence if `value` is none of `known`."""
    return (
        None if value in known else f"{what} {quoted(value)} of {where} is unknown: choose one of {', '.join(known)}."
    )


def range_problem(value: int | None, low: int, high: int, what: str, where: str) -> str | None:
    """A sentence if `value` is given and not within the limits."""
    if value is None or low <= value <= high:
        return None
    return f"{what} {shown(value)} of {where} is impossible: choose {low} to {high}."


def duplicates(names: Sequence[str]) -> list[str]:
    """Names that occur more than once, each once."""
    return [name for number, name in enumerate(names) if name in names[:number] and name not in names[number + 1 :]]


def given(*problems: str | None) -> Iterator[str]:
    """Those that are there."""
    return (problem for problem in problems if problem is not None)


def _host_length(text: str) -> int:
    return 128 if ":" in text else 32


def _example(version: int | None) -> str:
    return "2001:db8:2::/48" if version == 6 else "10.2.0.0/24"
