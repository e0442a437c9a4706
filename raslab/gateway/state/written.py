"""How settings are written, for the types of fields: a verb takes any spelling, and the state holds one.

So values are compared as what they mean, and what goes to a daemon has been read before. A text that cannot be read is
kept as it is, for `raslab.gateway.rules` to name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from raslab.gateway.state.identity import identity
from raslab.gateway.state.notation import asn, community, in_front_of_metric, packet_filter
from raslab.model import addresses


@dataclass(frozen=True, slots=True)
class Written:
    """normal: from any spelling to the one that is kept; raises ValueError for a text that is none."""

    normal: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Long:
    """A text that is handed on as it is, whatever is in it but zero bytes: a secret, or PEM."""


def _text(read: Callable[[object], object]) -> Written:
    return Written(lambda value: str(read(value)))


def _range(text: str) -> str:
    """``first-last`` or one address."""
    return "-".join(str(addresses.address(end.strip())) for end in text.split("-"))


def _subnet(text: str) -> str:
    """A prefix, and its metric if one is given."""
    prefix, metric = in_front_of_metric(text)
    return f"{addresses.network(prefix)}{metric}"


def _filter(text: str) -> str:
    """A line of a packet filter: its prefixes with lengths, its protocol in capitals."""
    line = packet_filter(text)
    return ":".join([str(line.source), str(line.destination), line.protocol, *line.ports])


def _identity(text: str) -> str:
    """What a gateway calls itself."""
    found = identity(text)
    if found is None:
        raise ValueError(text)
    return found.text


def _cluster(value: int | str) -> int:
    """A cluster's number, or its way to be written as an IPv4 address (RFC 4456, 7)."""
    return value if isinstance(value, int) else int(addresses.address(value) if "." in value else asn(value))


Address = Annotated[str, _text(addresses.address)]
Addresses = Annotated[str, Written(_range)]
Interface = Annotated[str, _text(addresses.interface)]
Prefix = Annotated[str, _text(addresses.network)]
Subnet = Annotated[str, Written(_subnet)]
FilterLine = Annotated[str, Written(_filter)]
Asn = Annotated[int | str, Written(asn)]
ClusterId = Annotated[int | str, Written(_cluster)]
Community = Annotated[str, Written(community)]
Guid = Annotated[str, _text(addresses.guid)]
PeerName = Annotated[str, Written(_identity)]
Secret = Annotated[str, Long()]
Pem = Annotated[str, Long()]
