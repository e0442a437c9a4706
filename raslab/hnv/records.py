"""What a datacenter answers: plain records, of which `raslab.notebook.records` makes frames."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mapping:
    """Where a customer address is: the policy that the compute hosts get."""

    virtual_network: str
    vsid: int
    customer_address: str
    mac_address: str
    provider_address: str
    host: str
    node: str


@dataclass(frozen=True, slots=True)
class PortStatistics:
    """What passed a port since it exists, seen from the node that it belongs to; bytes with Ethernet headers.

    denied_out, denied_in: packets that the access list dropped, and of denied_out those with somebody else's address.
    They begin anew when the port gets another access list or another host.
    """

    virtual_network: str
    vsid: int
    node: str
    host: str
    packets_out: int
    packets_in: int
    bytes_out: int
    bytes_in: int
    denied_out: int
    denied_in: int


@dataclass(frozen=True, slots=True)
class NetworkStatistics:
    """The ports of one virtual network, added up."""

    virtual_network: str
    ports: int
    packets_out: int
    packets_in: int
    bytes_out: int
    bytes_in: int
    denied_out: int
    denied_in: int
