"""GRE with checksums (RFC 2784): four bytes more in each packet, and both sides have to have them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from two_sites import until

from raslab.errors import TopologyError
from raslab.gateway import RasGateway
from raslab.measure import capture
from raslab.net import Network, Topo
from raslab.services import Supervisor

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("veth")]

CHECKSUM_PRESENT = 0x8000
WITH_KEY = 1500 - 20 - 4 - 4  # of an Ethernet link: outer IPv4 header, GRE's own four bytes, the key


class Pair(Topo):
    """Two gateways side by side."""

    def build(self) -> None:
        for name in ("a", "b"):
            self.addRouter(name)
        ends = [{"name": "wan0", "ips": [f"192.0.2.{number}/24"]} for number in (1, 2)]
        self.addLink("a", "b", params1=ends[0], params2=ends[1])


@pytest.fixture
def gateways() -> Iterator[tuple[RasGateway, RasGateway]]:
    """Both, with a GRE tunnel between them; only the first has checksums."""
    with Network(Pair()) as network:
        services = Supervisor(network)
        found = [RasGateway(network[name], services) for name in ("a", "b")]
        for number, one in enumerate(found, 1):
            one.install_remote_access(vpn_type="VpnS2S")
            one.add_gre_interface(
                "t0",
                source_ip_address=f"192.0.2.{number}",
                destination=f"192.0.2.{3 - number}",
                gre_key=7,
                ipv4_address=f"10.255.0.{number}/30",
                checksum=number == 1,
            )
        yield found[0], found[1]


def answered(gateway: RasGateway) -> bool:
    """Whether the other end of the tunnel answers a packet that just fits, and that may not be cut."""
    size = str(mtu(gateway) - 28)
    return gateway.node.run(["ping", "-c1", "-W1", "-Mdo", "-s", size, "10.255.0.2"], timeout=20).status == 0


def mtu(gateway: RasGateway) -> int:
    """Of the tunnel, as the kernel has it."""
    words = gateway.node.run(["ip", "link", "show", "t0"]).stdout.split()
    return int(words[words.index("mtu") + 1])


def test_both_sides_need_checksums_which_cost_four_bytes(gateways: tuple[RasGateway, RasGateway]) -> None:
    a, b = gateways
    assert (mtu(a), mtu(b)) == (WITH_KEY - 4, WITH_KEY)
    assert not answered(a)
    b.set_vpn_s2s_interface("t0", checksum=True)
    until("both have them", lambda: answered(a))
    assert mtu(b) == WITH_KEY - 4
    with capture(a.node.intf("wan0"), "proto gre") as seen:
        assert answered(a)
    headers = [bytes(packet)[34:36] for packet in seen.packets if packet.haslayer("IP")]
    assert headers
    assert all(int.from_bytes(header) & CHECKSUM_PRESENT for header in headers)
    assert {packet["IP"].len for packet in seen.packets} == {1500}


def test_other_kinds_of_tunnels_have_none() -> None:
    class WithXfrm(Pair):
        """A tunnel of IPsec that is to have a checksum of GRE."""

        def build(self) -> None:
            super().build()
            self.addTunnel("a", "x0", local="192.0.2.1", remote="192.0.2.2", kind="xfrm", key=1, checksum=True)

    with pytest.raises(TopologyError, match="has no checksum of its own"):
        Network(WithXfrm())
