"""Verbs of a datacenter whose network does not run: they are checked and noted, or refused and forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from raslab.errors import DatacenterRefusedError
from raslab.gateway import RasGateway
from raslab.hnv import AclRule, Datacenter
from raslab.net import Network
from topologies.datacenter import Datacenter as Physical


@pytest.fixture
def dc() -> Iterator[Datacenter]:
    """Two compute hosts, one virtual network with a subnet, and one machine in it."""
    network = Network(Physical())
    datacenter = Datacenter(network)
    datacenter.add_compute_host("host1", "192.168.1.10")
    datacenter.add_compute_host("host2", "192.168.2.20")
    datacenter.add_virtual_network("Contoso")
    datacenter.add_virtual_subnet("Contoso", 5001, "10.1.1.0/24")
    datacenter.attach("contoso-sql", 5001, host="host1", addresses="10.1.1.11/24")
    yield datacenter
    network.stop()


def test_a_tenant_has_one_guid_here_and_on_gateways(dc: Datacenter) -> None:
    gateway = RasGateway(dc.network["core"], dc.services)
    gateway.install_remote_access(multi_tenancy=True)
    contoso = gateway.enable_remote_access_routing_domain("Contoso")
    assert [one.routing_domain_id for one in dc.state.networks] == [contoso.routing_domain_id]
    assert gateway.enable_remote_access_routing_domain("Fabrikam").routing_domain_id != contoso.routing_domain_id


def test_what_is_lived_in_stays(dc: Datacenter) -> None:
    before = dc.state
    verbs: dict[str, Callable[[], None]] = {
        "host1": lambda: dc.remove_compute_host("host1"),
        "5001": lambda: dc.remove_virtual_subnet(5001),
        "Contoso|5001": lambda: dc.remove_virtual_network("Contoso"),
    }
    for refused, verb in verbs.items():
        with pytest.raises(DatacenterRefusedError, match=refused):
            verb()
        assert dc.state == before


def test_what_nobody_needs_goes(dc: Datacenter) -> None:
    dc.remove_compute_host("host2")
    dc.detach("contoso-sql")
    dc.remove_virtual_subnet(5001)
    dc.remove_virtual_network("Contoso")
    dc.remove_compute_host("host1")
    assert (dc.state.hosts, dc.state.networks, dc.state.attachments) == ((), (), ())
    assert dc.network.topology().devices == ()


def test_what_is_not_there_cannot_be_removed(dc: Datacenter) -> None:
    verbs: tuple[Callable[[], None], ...] = (
        lambda: dc.remove_compute_host("host3"),
        lambda: dc.remove_virtual_subnet(5002),
        lambda: dc.remove_virtual_network("Fabrikam"),
        lambda: dc.detach("contoso-web"),
    )
    for verb in verbs:
        with pytest.raises(DatacenterRefusedError):
            verb()


def test_a_block_is_one_change(dc: Datacenter) -> None:
    def change() -> None:
        with dc.changing():
            dc.detach("contoso-sql")
            dc.attach("contoso-sql", 5001, host="host2", addresses="10.1.9.9/24")

    before = dc.state
    with pytest.raises(DatacenterRefusedError):
        change()
    assert dc.state == before


def test_the_same_verb_again_changes_nothing_and_otherwise_it_is_refused(dc: Datacenter) -> None:
    before = dc.state
    dc.add_compute_host("host1", "192.168.1.10")
    dc.add_virtual_network("Contoso")
    dc.add_virtual_subnet("Contoso", 5001, "10.1.1.0/24")
    dc.attach("contoso-sql", 5001, host="host1", addresses="10.1.1.11/24")
    assert dc.state == before
    with pytest.raises(DatacenterRefusedError, match="has a compute host host1 already"):
        dc.add_compute_host("host1", "192.168.1.11")
    with pytest.raises(
        DatacenterRefusedError, match=r"in virtual subnet 5001 already, on host1 .*: migrate it, or detach"
    ):
        dc.attach("contoso-sql", 5001, host="host2", addresses="10.1.1.11/24")
    assert dc.state == before


def test_what_is_no_access_list_is_refused(dc: Datacenter) -> None:
    rule = AclRule(direction="Inbound", action="Allow", protocol="TCP", destination_ports="80")
    dc.set_acl("contoso-sql", [rule])
    for wrong in (rule, ["TCP 80"]):
        with pytest.raises(DatacenterRefusedError, match=r"is no access list: write \[AclRule"):
            dc.set_acl("contoso-sql", wrong)  # type: ignore[arg-type]
    with pytest.raises(DatacenterRefusedError, match=r"Ports 80 of rule 1 .* write '443'"):
        dc.set_acl("contoso-sql", [replace(rule, destination_ports=80)])  # type: ignore[arg-type]
    assert dc.get_acl("contoso-sql")
