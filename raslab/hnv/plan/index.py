"""A state with what plans look up in it again and again, worked out once."""

from __future__ import annotations

from raslab.hnv.state import Attachment, ComputeHost, DatacenterState, VirtualNetwork


class Index:
    """The desired state of a datacenter, by hosts and by virtual networks."""

    def __init__(self, state: DatacenterState) -> None:
        self.encapsulation, self.flow_id, self.switch = state.encapsulation, state.flow_id, state.switch
        self.hosts = state.hosts
        self._hosts = {host.node: host for host in state.hosts}
        self._networks = {subnet.vsid: network for network in state.networks for subnet in network.subnets}
        self._local: dict[str, list[Attachment]] = {}
        self._members: dict[str, list[Attachment]] = {}
        known: dict[str, set[str]] = {}
        for one in state.attachments:
            network = self._networks[one.vsid]
            self._local.setdefault(one.host, []).append(one)
            self._members.setdefault(network.name, []).append(one)
            known.setdefault(one.host, set()).add(network.name)
        for node, name in state.prepared:
            known.setdefault(node, set()).add(name)
        self._known = {
            node: [network for network in state.networks if network.name in names] for node, names in known.items()
        }

    def host(self, node: str) -> ComputeHost:
        """The compute host on a node."""
        return self._hosts[node]

    def network_of(self, vsid: int) -> VirtualNetwork:
        """The virtual network to which a subnet belongs."""
        return self._networks[vsid]

    def networks_on(self, host: ComputeHost) -> list[VirtualNetwork]:
        """The virtual networks with somebody on the host, or soon. It knows nothing of the others."""
        return self._known.get(host.node, [])

    def local(self, host: ComputeHost) -> list[Attachment]:
        """Who lives on a host."""
        return self._local.get(host.node, [])

    def members(self, network: VirtualNetwork) -> list[Attachment]:
        """Who is in a virtual network, wherever."""
        return self._members.get(network.name, [])
