"""Which address of a node to measure to."""

from __future__ import annotations

from ipaddress import ip_address

from raslab.errors import BadMeasurementError, NoAddressError
from raslab.model.encapsulation import IpVersion
from raslab.net import Node


def address_of(node: Node, ip_version: IpVersion) -> str:
    """The first address of that version on the node's links and tunnels, without prefix length.

    Raises NoAddressError.
    """
    for interface in node.all_interfaces():
        for address in interface.addresses:
            bare = address.partition("/")[0]
            if ip_address(bare).version == ip_version:
                return str(bare)
    raise NoAddressError(node.name, ip_version)


def choose_address(node: Node, ip_version: IpVersion, address: str | None) -> tuple[str, IpVersion]:
    """The address to measure to and its version: `address` if given, else one of the node's own."""
    if address is None:
        return address_of(node, ip_version), ip_version
    try:
        return address, ip_address(address).version
    except ValueError:
        raise BadMeasurementError(f"{address} is not an IP address: write one like 10.0.1.1 or 2001:db8::1.") from None
