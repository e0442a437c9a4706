"""Which address of a node to measure to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from raslab.errors import BadMeasurementError, NoAddressError, NoCommonIpVersionError
from raslab.model.encapsulation import IpVersion
from raslab.net import Node

_VERSIONS: tuple[IpVersion, IpVersion] = (4, 6)


def address_of(source: Node, destination: Node, ip_version: IpVersion | None = None) -> str:
    """The first address of `destination` on its links and tunnels, without prefix length.

    ip_version: the one wanted; None takes IPv4 if both nodes have it, else IPv6. What is good on one link only
    (fe80::/10) does not count. Raises NoAddressError, NoCommonIpVersionError.
    """
    there = _addresses(destination)
    if ip_version is not None:
        wanted = [one for one in there if one.version == ip_version]
        if not wanted:
            raise NoAddressError(destination.name, ip_version)
        return str(wanted[0])
    if not there:
        raise NoAddressError(destination.name)
    here = {one.version for one in _addresses(source)} or set(_VERSIONS)
    common = [one for version in _VERSIONS for one in there if one.version == version and version in here]
    if not common:
        raise NoCommonIpVersionError(source.name, min(here), destination.name, there[0].version)
    return str(common[0])


def choose_address(
    source: Node, destination: Node, ip_version: IpVersion | None, address: str | None
) -> tuple[str, IpVersion]:
    """The address to measure to and its version: `address` if given, else one of the node's own, as `address_of`."""
    return target_of(source, destination if address is None else address, ip_version)


def target_of(source: Node, target: str | Node, ip_version: IpVersion | None = None) -> tuple[str, IpVersion]:
    """An address and its version: `target` if it is one, else one of that node, as `address_of`."""
    address = address_of(source, target, ip_version) if isinstance(target, Node) else target
    try:
        return address, ip_address(address).version
    except ValueError:
        raise BadMeasurementError(f"{address} is not an IP address: write one like 10.0.1.1 or 2001:db8::1.") from None


def _addresses(node: Node) -> list[IPv4Address | IPv6Address]:
    texts = (text.partition("/")[0] for one in node.all_interfaces() for text in one.addresses)
    return [address for address in map(ip_address, texts) if not address.is_link_local]
