"""What a datacenter is asked: where everybody is, and what has passed."""

from __future__ import annotations

from typing import Any

from raslab.errors import DatacenterNotRunningError
from raslab.hnv.core import DatacenterCore
from raslab.hnv.plan.access import TABLE, chain
from raslab.hnv.records import Mapping, NetworkStatistics, PortStatistics
from raslab.hnv.state import AclRule, Attachment, VirtualNetwork
from raslab.net.netlink.statistics import dump_interfaces, interface

_SUMS = ("packets_out", "packets_in", "bytes_out", "bytes_in", "denied_out", "denied_in")


class AnswerVerbs(DatacenterCore):
    """Verbs that change nothing."""

    def get_virtual_network(self, name: str | None = None) -> tuple[VirtualNetwork, ...]:
        """The virtual networks, or the one of that name."""
        return tuple(one for one in self.state.networks if name in (None, one.name))

    def get_attachment(self, node: str | None = None) -> tuple[Attachment, ...]:
        """The ports in virtual subnets, or those of one node."""
        return tuple(one for one in self.state.attachments if node in (None, one.node))

    def tenants(self) -> dict[str, str]:
        """The virtual network of each attached node, those left out that are in several."""
        found: dict[str, set[str]] = {}
        for one in self.state.attachments:
            found.setdefault(one.node, set()).add(self.state.network_of(one.vsid).name)
        return {node: next(iter(names)) for node, names in found.items() if len(names) == 1}

    def get_acl(self, node: str) -> tuple[tuple[int, tuple[AclRule, ...]], ...]:
        """The access lists of a node's ports, each with its VSID."""
        return tuple((one.vsid, one.acl) for one in self.state.attachments if one.node == str(node))

    def get_mapping(self, virtual_network: str | None = None) -> tuple[Mapping, ...]:
        """Customer address, MAC address, provider address, VSID: the policy, of all virtual networks or of one."""
        return tuple(
            Mapping(
                network.name,
                one.vsid,
                address,
                one.mac,
                self.state.host(one.host).provider_address,
                one.host,
                one.node,
            )
            for network in self.get_virtual_network(virtual_network)
            for one in self.state.attachments
            if one.vsid in {subnet.vsid for subnet in network.subnets}
            for address in one.customer_addresses
        )

    def get_port_statistics(self, virtual_network: str | None = None) -> tuple[PortStatistics, ...]:
        """What has passed each port. Raises DatacenterNotRunningError."""
        if not self.network.is_running:
            raise DatacenterNotRunningError
        wanted = {subnet.vsid for network in self.get_virtual_network(virtual_network) for subnet in network.subnets}
        ports = [one for one in self.state.attachments if one.vsid in wanted]
        return tuple(record for host in dict.fromkeys(one.host for one in ports) for record in self._on(host, ports))

    def get_network_statistics(self) -> tuple[NetworkStatistics, ...]:
        """What has passed the ports of each virtual network. Raises DatacenterNotRunningError."""
        records = self.get_port_statistics()
        return tuple(
            NetworkStatistics(
                network.name,
                len(own),
                **{field: sum(getattr(record, field) for record in own) for field in _SUMS},
            )
            for network in self.state.networks
            for own in [[record for record in records if record.virtual_network == network.name]]
        )

    def _on(self, host: str, ports: list[Attachment]) -> list[PortStatistics]:
        """The ports on one host: one look at its interfaces, one at its access lists."""
        namespace = self.network.namespace_of(host)
        counted = {one.index: one for one in map(interface, namespace.connection.ask(dump_interfaces()))}
        denied = _denied(self.services.nft(host).rules("bridge", TABLE))
        found = []
        for one in ports:
            if one.host == host:
                now = counted[namespace.index_of(one.port)]
                found.append(
                    PortStatistics(
                        self.state.network_of(one.vsid).name,
                        one.vsid,
                        one.node,
                        host,
                        packets_out=now.rx_packets,
                        packets_in=now.tx_packets,
                        bytes_out=now.rx_bytes,
                        bytes_in=now.tx_bytes,
                        denied_out=denied.get(chain(one, "out"), 0),
                        denied_in=denied.get(chain(one, "in"), 0),
                    )
                )
        return found


def _denied(rules: list[dict[str, Any]]) -> dict[str, int]:
    """By chain, the packets that rules with a drop at their end have counted, in the words of libnftables-json(5)."""
    found: dict[str, int] = {}
    for rule in rules:
        words = rule["expr"]
        if any("drop" in word for word in words):
            counted = sum(word["counter"]["packets"] for word in words if "counter" in word)
            found[rule["chain"]] = found.get(rule["chain"], 0) + counted
    return found
