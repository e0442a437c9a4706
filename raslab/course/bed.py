"""`Bed`: a network with its gateways and daemons, by the names that people type."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any, Self, TypeVar

from raslab.errors import DatacenterRefusedError, LabNotRunningError
from raslab.gateway import RasGateway, start_together
from raslab.hnv import Datacenter
from raslab.measure.addresses import address_of
from raslab.measure.greeting import Greeter, who_answers
from raslab.measure.isolation import IsolationReport, Parties, check_isolation, find_parties
from raslab.measure.observable import ObservableNetwork, ObservableNode
from raslab.measure.places import find_interface, find_link
from raslab.measure.reachability import reaches
from raslab.model.encapsulation import IpVersion
from raslab.model.observation import Observation
from raslab.net import Intf, Link
from raslab.net.watch import Watch
from raslab.services import Supervisor

Own = TypeVar("Own")


class Bed:
    """What a lab stands on. `network` is the whole network, `services` are the daemons on its nodes.

    with Bed("enterprise-edge", ObservableNetwork(EnterpriseEdge())) as bed:
        bed.gateway("gw1").install_remote_access()
    """

    def __init__(self, name: str, network: ObservableNetwork) -> None:
        """name: for people. network: not started yet."""
        self.name = name
        self.network: Any = network
        self.services = Supervisor(network, restart=True)
        self._gateways: dict[str, RasGateway] = {}
        self._greeters: dict[str, Greeter] = {}
        self._datacenter: Datacenter | None = None
        self._kept: dict[type[Any], Any] = {}
        self._all_started = False

    def start(self) -> None:
        """Start the network and carry out what the gateways' verbs have noted. Raises what `Network.start` raises."""
        self._start_all()

    def _start_all(self, watch: Watch | None = None) -> None:
        self.network.start(watch)
        try:
            if self._datacenter is not None:  # gateways may be attached to its virtual networks
                self._datacenter.start()
            start_together(list(self._gateways.values()))
        except BaseException:
            self.network.stop()
            raise
        self._all_started = True

    def stop(self) -> None:
        """End everything that runs. May be called again."""
        self._all_started = False
        self.network.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def __getitem__(self, name: str) -> ObservableNode:
        node: ObservableNode = self.network[name]
        return node

    def gateway(self, node: str) -> RasGateway:
        """The RAS gateway on a node, the same one each time; see `raslab.gateway.RasGateway` for its verbs.

        Before the start its verbs are noted, and starting carries them out. Raises UnknownNodeError.
        """
        name = self[node].name
        if name not in self._gateways:
            self._gateways[name] = RasGateway(self.network[name], self.services)
        return self._gateways[name]

    def datacenter(self, **options: Any) -> Datacenter:
        """The controller of the network's virtual networks, the same one each time; see `raslab.hnv.Datacenter`.

        Before the start its verbs describe the network, and starting carries them out. options: of `Datacenter`; they
        stay what they were the first time. Raises DatacenterRefusedError.
        """
        if self._datacenter is None:
            self._datacenter = Datacenter(self.network, self.services, **options)
        known = {name: getattr(self._datacenter.state, name) for name in options}
        if known != options:
            was, wanted = (", ".join(f"{name}={value!r}" for name, value in one.items()) for one in (known, options))
            raise DatacenterRefusedError(
                [f"The datacenter of {self.name} has {was}, not {wanted}: make a new lab first."]
            )
        return self._datacenter

    def link(self, place: str) -> Link:
        """The link that `place` names, such as ``gw1-transport``; see `raslab.measure.places`."""
        return find_link(self.network, place)

    def interface(self, place: str) -> Intf:
        """The interface that `place` names, such as ``gw1:wan0``; see `raslab.measure.places`."""
        return find_interface(self.network, place)

    def cut(self, place: str) -> None:
        """Switch both ends of a link off, as if its cable was cut."""
        self.link(place).down()

    def restore(self, place: str) -> None:
        """Switch both ends of a link on again."""
        self.link(place).up()

    def reaches(
        self, source: str, destination: str, *, ip_version: IpVersion | None = None, **options: Any
    ) -> Observation:
        """Does `source` get answers from `destination`, a node or an address? See `raslab.measure.reachability`.

        ip_version: which of a node's addresses; without, IPv4 if both nodes have it, else IPv6. Raises
        UnknownNodeError, NoAddressError, NoCommonIpVersionError, BadMeasurementError.
        """
        self._need("reach")
        return reaches(self[source], self._address(source, destination, ip_version), **options)

    def greet(self, *nodes: str) -> None:
        """Let nodes say their names to whoever calls them, see `who_answers`. They stop when the network does.

        Nothing changes for those who do so already. Raises UnknownNodeError, LabNotRunningError, PortTakenError.
        """
        self._need("greet")
        for name in nodes:
            known = self._greeters.get(name)
            if known is None or not known.is_open:
                self._greeters[name] = Greeter(self[name])

    def who_answers(self, source: str, destination: str, *, ip_version: IpVersion | None = None) -> str:
        """The name of the node that greets `source` at a node's or another address, or ``nobody`` and why."""
        self._need("call")
        return who_answers(self[source], self._address(source, destination, ip_version))

    def keep(self, own: Own) -> Own:
        """Keep an object of the lab's own, such as a controller, for its checks and changes; returns it."""
        self._kept[type(own)] = own
        return own

    def kept(self, kind: type[Own]) -> Own:
        """The object of that class that was given to `keep`. Raises LabNotRunningError if there is none yet."""
        if kind not in self._kept:
            raise LabNotRunningError(self.name, f"ask its {kind.__name__}")
        own: Own = self._kept[kind]
        return own

    def parties(self) -> Parties:
        """Who is who: what is behind the VRF of a routing domain, or of a virtual network, belongs to its tenant, and
        what the topology says.
        """
        domains = [one for gateway in self._gateways.values() for one in gateway.state.routing_domains]
        gateways = [name for name, gateway in self._gateways.items() if gateway.state.routing_domains]
        hosts = [one.node for one in self._datacenter.state.hosts] if self._datacenter else []
        known = getattr(self.network.topo, "tenants", {})
        return find_parties(
            self.network.topology(),
            [*gateways, *hosts],
            {one.vrf: one.name for one in domains},
            known={node: tenant for node, tenant in known.items() if ":" not in node},
            published={one.vrf: _published(one) for one in domains},
        )

    def check_isolation(self, parties: Parties | None = None, **options: Any) -> IsolationReport:
        """Try to get from tenant to tenant, and from anywhere else to all of them; see `raslab.measure.isolation`.

        parties: who is who, as the gateways are now if left out. options: of `check_isolation` there, such as
        ``forged=1000``. Raises LabNotRunningError, BadMeasurementError.
        """
        self._need("probe")
        who = parties or self.parties()
        found = {"underlay": who.underlay, "strangers": who.strangers}
        return check_isolation(self.network, who.tenants, **(found | options))

    def tenants(self) -> dict[str, str]:
        """Who has what: tunnels and interfaces of multitenant gateways by ``gateway:interface``, machines by name."""
        domains = {
            f"{gateway.name}:{interface}": domain.name
            for gateway in self._gateways.values()
            for domain in gateway.state.routing_domains
            for interface in (*domain.interfaces, *(one.name for one in domain.state.s2s_interfaces))
        }
        return domains | (self._datacenter.tenants() if self._datacenter else {})

    def _address(self, source: str, destination: str, ip_version: IpVersion | None) -> str:
        """`destination` if it is an address, else one of the node of that name."""
        try:
            ip_address(destination)
        except ValueError:
            return address_of(self[source], self[destination], ip_version)
        return destination

    def _need(self, what: str) -> None:
        if not self.network.is_running:
            raise LabNotRunningError(self.name, what)


def _published(domain: Any) -> tuple[str, ...]:
    """The addresses outside that a routing domain's translators have been given."""
    pools = (one.ip_address for one in domain.state.net_nat_external_addresses)
    mapped = (one.external_ip_address for one in domain.state.net_nat_static_mappings)
    return tuple(one for one in dict.fromkeys((*pools, *mapped)) if not one.startswith("0.0.0.0"))
