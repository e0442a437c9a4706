"""`Datacenter`: compute hosts, a provider network, and the virtual networks of tenants on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from raslab.errors import DatacenterRefusedError
from raslab.gateway.core import call
from raslab.hnv import edits
from raslab.hnv.answers import AnswerVerbs
from raslab.hnv.state import (
    ALLOW_ALL,
    AclRule,
    Attachment,
    ComputeHost,
    CustomerRoute,
    VirtualNetwork,
    VirtualSubnet,
)
from raslab.model import addresses as written
from raslab.model import tenants
from raslab.net.names import mac_address

_FIRST_PORT = 0x4000  # in MAC addresses: above the ports of links, below those of tunnels


class Datacenter(AnswerVerbs):
    """The controller of a datacenter: it knows every customer address, and tells the compute hosts what they need.

        dc = Datacenter(network, encapsulation="nvgre")
        dc.add_compute_host("host1", "192.168.1.10")
        dc.add_virtual_network("Contoso")
        dc.add_virtual_subnet("Contoso", 5001, "10.1.1.0/24")
        dc.attach("sql", 5001, host="host1", addresses="10.1.1.11/24")

    Each verb checks what it is told (DatacenterRefusedError, one sentence per problem), changes the desired state and
    carries out the difference. A verb that raises has changed nothing, and the same verb again changes nothing either.
    `explain` tells what the last verb became.
    """

    def add_compute_host(self, node: str, provider_address: str) -> ComputeHost:
        """Let virtual machines live on a router of the network. provider_address: one that it has, its PA."""
        new = ComputeHost(str(node), written.normal(written.address, provider_address))
        if new in self.state.hosts:
            return new
        edits.need_new([one.node for one in self.state.hosts], new.node, "compute host")
        self._change(
            call("add_compute_host", new.node, provider_address),
            lambda state: replace(state, hosts=(*state.hosts, new)),
        )
        return new

    def remove_compute_host(self, node: str) -> None:
        """Take a compute host out; nobody may live there any more."""
        edits.need([one.node for one in self.state.hosts], node, "compute host")
        self._change(
            call("remove_compute_host", node),
            lambda state: replace(state, hosts=tuple(one for one in state.hosts if one.node != node)),
        )

    def add_virtual_network(self, name: str, routing_domain_id: str | None = None) -> VirtualNetwork:
        """A tenant's network. routing_domain_id: its GUID, the RDID; without it, one that follows from the name."""
        guid = written.normal(written.guid, routing_domain_id or tenants.routing_domain_id(name))
        for known in self.state.networks:
            if (known.name, known.routing_domain_id) == (name, guid):
                return known
        edits.need_new([one.name for one in self.state.networks], name, "virtual network")
        new = VirtualNetwork(name, guid, edits.free_table(self.state))
        words = {} if routing_domain_id is None else {"routing_domain_id": routing_domain_id}
        self._change(
            call("add_virtual_network", name, **words),
            lambda state: replace(state, networks=(*state.networks, new)),
        )
        return new

    def remove_virtual_network(self, name: str) -> None:
        """Remove a virtual network; nobody may be attached to it any more."""
        gone = edits.network(self.state, name)
        self._change(
            call("remove_virtual_network", name),
            lambda state: replace(state, networks=tuple(one for one in state.networks if one != gone)),
        )

    def add_virtual_subnet(self, network: str, vsid: int, *prefixes: str) -> VirtualSubnet:
        """A subnet of a virtual network. vsid: 4096 to 2^24-2, one per datacenter; prefixes: of IPv4, IPv6, or both."""
        known = edits.network(self.state, network)
        new = VirtualSubnet(vsid, tuple(written.normal(written.network, one) for one in prefixes))
        if new in known.subnets:
            return new
        self._change(
            call("add_virtual_subnet", network, vsid, *prefixes),
            lambda state: edits.with_network(state, replace(known, subnets=(*known.subnets, new))),
        )
        return new

    def remove_virtual_subnet(self, vsid: int) -> None:
        """Remove a virtual subnet; nobody may be attached to it any more."""
        known = edits.network_of(self.state, vsid)
        self._change(
            call("remove_virtual_subnet", vsid),
            lambda state: edits.with_network(
                state, replace(known, subnets=tuple(one for one in known.subnets if one.vsid != vsid))
            ),
        )

    def add_route(self, network: str, destination: str, next_hop: str) -> None:
        """Let the distributed router send to `destination` (a prefix, or ``default``) by a customer address."""
        known = edits.network(self.state, network)
        new = CustomerRoute(written.normal(written.network, destination), written.normal(written.address, next_hop))
        if new in known.routes:
            return
        self._change(
            call("add_route", network, destination, next_hop),
            lambda state: edits.with_network(state, replace(known, routes=(*known.routes, new))),
        )

    def remove_route(self, network: str, destination: str) -> None:
        """Remove a route of the distributed router."""
        known = edits.network(self.state, network)
        there = written.normal(written.network, destination)
        kept = tuple(one for one in known.routes if one.destination != there)
        if kept == known.routes:
            raise DatacenterRefusedError([f"Virtual network {network} has no route to {destination}."])
        self._change(
            call("remove_route", network, destination),
            lambda state: edits.with_network(state, replace(known, routes=kept)),
        )

    def attach(
        self,
        node: str,
        vsid: int,
        *,
        host: str,
        addresses: str | Sequence[str],
        interface: str = "eth0",
        mac: str | None = None,
        default_route: bool = True,
        routes_for_others: bool = False,
        acl: Iterable[AclRule] | None = None,
    ) -> Attachment:
        """Connect a node, a virtual machine or a gateway, to a virtual subnet on a compute host.

        addresses: its customer addresses with prefix lengths. interface: the name of its new interface. mac: without
        it, one that follows from the node's number. default_route: by the distributed router. routes_for_others: it
        may send from addresses that are not its own. acl: its access list, see `set_acl`.
        """
        node = str(node)
        new = Attachment(
            node,
            vsid,
            str(host),
            interface,
            tuple(
                written.normal(written.interface, one)
                for one in ([addresses] if isinstance(addresses, str) else addresses)
            ),
            written.normal(written.mac, mac) if mac else self._free_mac(node),
            default_route,
            routes_for_others,
            ALLOW_ALL if acl is None else edits.rules(acl),
        )
        for known in self.state.attachments:
            if (known.node, known.vsid) == (node, vsid):
                if known == replace(new, mac=new.mac if mac else known.mac):
                    return known
                raise DatacenterRefusedError([edits.attached_already(known)])
        words: dict[str, Any] = {"host": new.host, "addresses": addresses}
        self._change(
            call("attach", node, vsid, **words),
            lambda state: replace(state, attachments=(*state.attachments, new)),
        )
        return new

    def detach(self, node: str, vsid: int | None = None) -> None:
        """Take a node's port away. vsid: in which virtual subnet, needed if it has several."""
        gone = edits.attachment(self.state, node, vsid)
        self._change(
            call("detach", node),
            lambda state: replace(state, attachments=tuple(one for one in state.attachments if one != gone)),
        )

    def migrate(self, node: str, host: str) -> None:
        """Move a node with all its ports to another compute host; it keeps addresses, MAC addresses and connections.

        The new host first learns what it needs to know. Then the ports move, and all hosts are told where they are; the
        old one forgets last.
        """
        node, host = str(node), str(host)
        ports = [one for one in self.state.attachments if one.node == node]
        if not ports:
            raise DatacenterRefusedError([f"Node {node} has no port in a virtual subnet: attach it first."])
        edits.need([one.node for one in self.state.hosts], host, "compute host")
        before = self.state
        moved = tuple(replace(one, host=host) if one in ports else one for one in before.attachments)
        both = tuple(
            dict.fromkeys((where, before.network_of(one.vsid).name) for one in ports for where in (one.host, host))
        )
        words = call("migrate", node, host)
        with self._lock:
            try:
                self._change(f"{words}: prepare", lambda state: replace(state, prepared=both))
                self._change(f"{words}: move", lambda state: replace(state, attachments=moved))
                self._change(words, lambda state: replace(state, prepared=()))
            except BaseException:
                self._change(f"{words}: undo", lambda _: before)
                raise

    def set_acl(self, node: str, rules: Iterable[AclRule] | None, vsid: int | None = None) -> None:
        """Give a port another access list: the first rule that fits counts, and what fits none is denied.

        rules: None for the list that allows everything. vsid: in which virtual subnet, if the node has several ports.
        """
        known = edits.attachment(self.state, node, vsid)
        new = replace(known, acl=ALLOW_ALL if rules is None else edits.rules(rules))
        self._change(
            call("set_acl", node),
            lambda state: replace(state, attachments=tuple(new if one == known else one for one in state.attachments)),
        )

    def _free_mac(self, node: str) -> str:
        taken = {one.mac for one in self.state.attachments}
        number = self.network[node].number
        return next(
            mac for port in range(_FIRST_PORT, _FIRST_PORT + 0x4000) if (mac := mac_address(number, port)) not in taken
        )
