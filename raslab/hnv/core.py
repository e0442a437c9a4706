"""What all verbs of a datacenter stand on: one change of the desired state at a time, checked, planned, applied."""

from __future__ import annotations

from raslab.errors import DatacenterNotRunningError, DatacenterRefusedError
from raslab.hnv.bring_about import bring_about, own_interfaces
from raslab.hnv.plan import NOTHING, Plan, plan
from raslab.hnv.rules import problems_of
from raslab.hnv.state import DatacenterState
from raslab.hnv.surroundings import Surroundings
from raslab.net import Network
from raslab.services import Supervisor
from raslab.services.desired import Desired
from raslab.services.journal import Deed, Explanation


class DatacenterCore(Desired[DatacenterState]):
    """The controller of a datacenter's virtual networks.

    A verb changes the network at once, or raises and changes nothing. Before that runs, verbs describe what it is to
    be; when it does, `start` adds the access lists, which are no part of that description.
    """

    def __init__(
        self,
        network: Network,
        services: Supervisor | None = None,
        *,
        encapsulation: str = "vxlan",
        flow_id: str = "fixed",
        switch: str = "bridge",
    ) -> None:
        """network: the physical side; services: the supervisor of that network, if there is one.

        encapsulation: ``vxlan`` (RFC 7348) or ``nvgre`` (RFC 7637). flow_id: of NVGRE, ``fixed`` at 0, or ``vary``
        from flow to flow. switch: what ends the overlay on the hosts, the kernel's own tunnels (``bridge``) or Open
        vSwitch (``ovs``). Raises DatacenterRefusedError.
        """
        self.network = network
        self.services = services or Supervisor(network)
        super().__init__(DatacenterState(encapsulation, flow_id, switch))
        self._applied: Plan = NOTHING
        self._check(self.state)

    def start(self) -> Explanation:
        """Carry out what has been noted, now that the network runs. Without anything to do it does nothing."""
        if not self.network.is_running:
            raise DatacenterNotRunningError
        with self._lock:
            self._check(self.state)
            self._apply("start")
        return self.explain()

    @property
    def surroundings(self) -> Surroundings:
        """The physical side."""
        return Surroundings.of(self.network.topology(), own_interfaces(self._applied))

    def _check(self, state: DatacenterState) -> None:
        if problems := problems_of(state, self.surroundings):
            raise DatacenterRefusedError(problems)

    def _apply(self, verb: str) -> None:
        wanted = plan(self.state, self._provider_interfaces())
        lines = bring_about(self.network, self.services, self._applied, wanted)
        self._applied = wanted
        if self.network.is_running:
            self._journal.append(Deed(verb, lines))

    def _provider_interfaces(self) -> dict[str, str]:
        known = {(node, str(address)): name for (node, address), (name, _) in self.surroundings.addresses.items()}
        return {host.node: known[host.node, host.provider_address] for host in self.state.hosts}
