"""Live changes of FRR: from any configuration to any other, the daemon ends up as if it had been started with it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import pytest

from raslab.net import Network, Topo
from raslab.services import Bfdd, Bgpd, Supervisor, Zebra

pytestmark = pytest.mark.usefixtures("root")

EMPTY = "frr defaults datacenter"
PLAIN = """
frr defaults datacenter
router bgp 65001
 bgp router-id 1.1.1.1
 no bgp ebgp-requires-policy
 neighbor 10.0.0.2 remote-as 65002
 neighbor 10.0.0.3 remote-as 65003
 neighbor 10.0.0.3 description the third
 address-family ipv4 unicast
  network 192.168.1.0/24
"""
POLICY = """
frr defaults datacenter
ip prefix-list INSIDE seq 5 permit 10.0.0.0/8 le 24
ip prefix-list INSIDE seq 10 deny 0.0.0.0/0 le 32
bgp community-list standard MARKED seq 5 permit 65001:1
bgp as-path access-list SHORT seq 5 permit ^65002$
route-map OUT permit 10
 match ip address prefix-list INSIDE
 set community 65001:1 additive
 set metric 50
route-map OUT deny 20
route-map IN permit 10
 match community MARKED
 match as-path SHORT
 set local-preference 200
 set as-path prepend 65001 65001
router bgp 65001
 bgp router-id 1.1.1.1
 bgp cluster-id 9.9.9.9
 timers bgp 3 9
 coalesce-time 0
 neighbor 10.0.0.2 remote-as 65002
 neighbor 10.0.0.2 timers connect 1
 neighbor 10.0.0.2 weight 70
 neighbor 10.0.0.2 bfd
 address-family ipv4 unicast
  network 192.168.1.0/24
  network 192.168.2.0/24
  aggregate-address 192.168.0.0/16 summary-only
  redistribute kernel route-map OUT
  neighbor 10.0.0.2 route-map OUT out
  neighbor 10.0.0.2 route-map IN in
  neighbor 10.0.0.2 maximum-prefix 100
"""
OTHER_POLICY = (
    POLICY.replace("set metric 50", "set metric 60")
    .replace("permit 10.0.0.0/8 le 24", "permit 172.16.0.0/12 le 24")
    .replace("route-map IN in", "prefix-list INSIDE in")
    .replace("maximum-prefix 100", "maximum-prefix 200 warning-only")
    .replace("timers bgp 3 9", "timers bgp 60 180")
    .replace("  network 192.168.2.0/24\n", "")
    .replace(" set local-preference 200\n", "")
    .replace("weight 70", "weight 80")
)
REFLECTOR = """
frr defaults datacenter
router bgp 65001
 bgp router-id 2.2.2.2
 no bgp default ipv4-unicast
 bgp graceful-restart
 neighbor INNER peer-group
 neighbor INNER remote-as 65001
 neighbor INNER timers 1 3
 neighbor 10.0.0.2 peer-group INNER
 neighbor 10.0.0.3 remote-as 65003
 neighbor 10.0.0.3 ebgp-multihop 4
 neighbor 10.0.0.3 local-as 65077 no-prepend
 neighbor 2001:db8::2 remote-as 65004
 address-family ipv4 unicast
  bgp dampening 10 750 2000 40
  neighbor INNER activate
  neighbor INNER route-reflector-client
  neighbor 10.0.0.3 activate
  neighbor 10.0.0.3 allowas-in 2
 address-family ipv6 unicast
  network 2001:db8:1::/48
  neighbor 2001:db8::2 activate
  neighbor 2001:db8::2 default-originate
"""
TENANT = """
frr defaults datacenter
router bgp 65009
 bgp router-id 1.1.1.1
 neighbor 10.0.0.3 remote-as 65003
 neighbor 10.0.0.3 ttl-security hops 2
router bgp 65009 vrf red
 bgp router-id 3.3.3.3
 neighbor 10.9.0.2 remote-as 65010
 address-family ipv4 unicast
  network 10.9.0.0/16
"""
CONFIGURATIONS = {
    "empty": EMPTY,
    "plain": PLAIN,
    "policy": POLICY,
    "other policy": OTHER_POLICY,
    "reflector": REFLECTOR,
    "tenant": TENANT,
}
FAST = "bfd\n profile fast\n  detect-multiplier 3\n  transmit-interval 50\n"
FAST_PEER = FAST.replace("50", "60") + " peer 10.0.0.2\n  profile fast\n"
SLOW = "bfd\n profile slow\n  detect-multiplier 5\n peer 10.0.0.3\n  passive-mode\n"


class Alone(Topo):
    """A router."""

    def build(self) -> None:
        self.addRouter("r1")


@pytest.fixture(scope="module")
def supervisor() -> Iterator[Supervisor]:
    """Of a network of one router."""
    with Network(Alone()) as network:
        yield Supervisor(network)


def running(supervisor: Supervisor, daemon: str) -> str:
    """What the daemon says its configuration is, without the order of lines."""
    text = supervisor.vty("r1", daemon).run("show running-config")
    return "\n".join(sorted(line for line in text.splitlines() if line.strip(" !")))


def fresh(supervisor: Supervisor, text: str) -> str:
    """The configuration of a bgpd that was started with `text`."""
    supervisor.apply({"r1": [Zebra()]})
    supervisor.apply({"r1": [Zebra(), Bgpd(text)]})
    return running(supervisor, "bgpd")


def test_every_configuration_can_be_reached_from_every_other_and_is_left_without_a_trace(
    supervisor: Supervisor,
) -> None:
    expected = {name: fresh(supervisor, text) for name, text in CONFIGURATIONS.items()}
    assert len(set(expected.values())) == len(CONFIGURATIONS)
    for before, after in permutations(CONFIGURATIONS, 2):
        supervisor.apply({"r1": [Zebra(), Bgpd(CONFIGURATIONS[before])]})
        changes = supervisor.apply({"r1": [Zebra(), Bgpd(CONFIGURATIONS[after])]})
        assert [change.action for change in changes] == ["reload"], (before, after)
        assert running(supervisor, "bgpd") == expected[after], (before, after, changes[0].lines)


def test_profiles_and_peers_of_bfd_change_too(supervisor: Supervisor) -> None:
    texts = (FAST, FAST_PEER, SLOW, "")
    expected = {}
    for text in texts:
        supervisor.apply({"r1": []})
        supervisor.apply({"r1": [Zebra(), Bfdd(text)]})
        expected[text] = running(supervisor, "bfdd")
    for before, after in permutations(texts, 2):
        supervisor.apply({"r1": [Zebra(), Bfdd(before)]})
        supervisor.apply({"r1": [Zebra(), Bfdd(after)]})
        assert running(supervisor, "bfdd") == expected[after], (before, after)
