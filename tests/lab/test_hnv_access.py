"""Access lists of ports, and addresses that are somebody else's."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import ARP, Ether
from tenants import APP, SQL, WEB, WEB6, Tenants, tenants

from raslab.errors import DatacenterRefusedError
from raslab.hnv import AclRule
from raslab.measure import capture

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("vrf", "bridge vlans", "vxlan")]

EVERYTHING_OUT = AclRule(direction="Outbound", action="Allow")
EVERYTHING_IN = AclRule(direction="Inbound", action="Allow")


@pytest.fixture
def bed() -> Iterator[Tenants]:
    """Two tenants on two hosts."""
    with tenants() as found:
        yield found


def denied(bed: Tenants, node: str) -> tuple[int, int]:
    """Packets of a node that were dropped, out and in."""
    (found,) = (one for one in bed.dc.get_port_statistics() if one.node == node)
    return found.denied_out, found.denied_in


def test_every_port_has_a_list_and_the_first_rule_counts(bed: Tenants) -> None:
    assert bed.dc.get_acl("contoso-web") == ((5001, (EVERYTHING_IN, EVERYTHING_OUT)),)
    no_echo = AclRule(direction="Inbound", action="Deny", protocol="ICMP", source_prefix=f"{SQL}/32")
    bed.dc.set_acl("contoso-web", [no_echo, EVERYTHING_IN, EVERYTHING_OUT])
    assert bed.pings("contoso-sql", WEB, count=3) == 0
    assert bed.pings("contoso-app", WEB) == 1
    assert bed.pings("contoso-sql", WEB6) == 1
    assert bed.pings("fabrikam-sql", WEB) == 1
    assert denied(bed, "contoso-web") == (0, 3)
    bed.dc.set_acl("contoso-web", [EVERYTHING_IN, no_echo, EVERYTHING_OUT])
    assert bed.pings("contoso-sql", WEB) == 1
    bed.dc.set_acl("contoso-web", None)
    assert bed.pings("contoso-sql", WEB) == 1


def test_five_tuples(bed: Tenants) -> None:
    bed.who_listens("contoso-web")

    def only(ports: str, protocol: str = "TCP") -> None:
        rule = AclRule(
            direction="Inbound",
            action="Allow",
            protocol=protocol,
            source_prefix="10.1.1.0/24",
            destination_prefix=f"{WEB}/32",
            destination_ports=ports,
        )
        bed.dc.set_acl("contoso-web", [rule, EVERYTHING_OUT])

    for ports, protocol, heard in (
        ("80", "TCP", True),
        ("70-90", "TCP", True),
        ("81", "TCP", False),
        ("80", "UDP", False),
    ):
        only(ports, protocol)
        assert (bed.who_is(WEB, "contoso-sql") == "contoso-web") == heard
    only("80")
    assert "nobody" in bed.who_is(WEB, "contoso-app")  # from another subnet
    assert bed.pings("contoso-sql", WEB) == 0  # what no rule fits is denied


def test_what_the_router_takes_is_subject_to_it_too(bed: Tenants) -> None:
    assert bed.pings("contoso-sql", "10.1.1.1") == 1
    bed.dc.set_acl("contoso-sql", [EVERYTHING_IN])
    assert bed.pings("contoso-sql", "10.1.1.1") == 0
    assert bed.pings("contoso-sql", APP) == 0


def test_it_comes_along_when_the_machine_moves(bed: Tenants) -> None:
    bed.dc.set_acl("contoso-web", [EVERYTHING_OUT])
    assert bed.pings("contoso-sql", WEB) == 0
    bed.dc.migrate("contoso-web", "host1")
    assert bed.pings("contoso-sql", WEB) == 0
    bed.dc.set_acl("contoso-web", None)
    assert bed.pings("contoso-sql", WEB) == 1


def test_nobody_speaks_for_another(bed: Tenants) -> None:
    macs = {one.node: one.mac for one in bed.dc.get_attachment()}
    to_web = macs["contoso-web"]

    def arrive(frame: object) -> int:
        """How many of the packets that sql sends come to web."""

        def send() -> None:
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as one:
                one.bind(("eth0", 0))
                one.send(bytes(frame))  # type: ignore[call-overload]

        with capture(bed.network["contoso-web"], interface="eth0") as seen:
            bed.network["contoso-sql"].call(send)
            assert bed.pings("contoso-sql", WEB) == 1
        return sum(bytes(one)[: len(bytes(frame))] == bytes(frame) for one in seen.packets)  # type: ignore[call-overload]

    own, other = macs["contoso-sql"], "02:00:00:99:99:99"
    echo = ICMP(id=77) / (b"x" * 30)
    assert arrive(Ether(src=own, dst=to_web) / IP(src=SQL, dst=WEB) / echo) == 1
    assert arrive(Ether(src=own, dst=to_web) / IP(src="10.1.1.66", dst=WEB) / echo) == 0
    assert arrive(Ether(src=other, dst=to_web) / IP(src=SQL, dst=WEB) / echo) == 0
    false_answer = ARP(op=2, hwsrc=own, psrc=APP, hwdst=to_web, pdst=WEB)
    assert arrive(Ether(src=own, dst=to_web) / false_answer) == 0
    assert denied(bed, "contoso-sql") == (3, 0)
    with pytest.raises(DatacenterRefusedError):
        bed.dc.attach("fabrikam-app", 5001, host="host1", addresses=f"{SQL}/24", interface="eth1")
