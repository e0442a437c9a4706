"""A RAS gateway in the head office and another maker's gateway in the branch (scenario S4): plain strongSwan and FRR,
configured in their own words.

    host1 -- core -- gw1 -- isp1 -- isp2 -- isp3 -- gw2 -- host2

The network is that of the enterprise edge; gw2 is the other maker's. Try it with
`PYTHONPATH=. mn --custom topologies/third_party_edge.py --topo third_party_edge`.
"""

from __future__ import annotations

from raslab.net.mn import *  # noqa: F403 - what `mn --custom` takes from here
from raslab.services import Bgpd, Charon, Service, Shared, Zebra
from topologies.enterprise_edge import EnterpriseEdge

GATEWAY, TUNNEL = "gw2", "vti0"
HEAD_OFFICE, BRANCH = "203.0.113.1", "198.51.100.2"  # public addresses of the two gateways
INSIDE = {"gw1": "10.255.0.1/30", GATEWAY: "10.255.0.2/30"}
ASN = {"gw1": 64512, GATEWAY: 64513}
_IF_ID = 42

_BGP = f"""
frr defaults traditional
router bgp {ASN[GATEWAY]}
 bgp router-id 10.2.1.254
 no bgp ebgp-requires-policy
 neighbor 10.255.0.1 remote-as {ASN["gw1"]}
 address-family ipv4 unicast
  network 10.2.1.0/24
"""


class ThirdPartyEdge(EnterpriseEdge):
    """The enterprise edge; the first branch's gateway has a tunnel interface, and services of its own to run."""

    def build(self, branches: int = 1, rate_mbps: float | None = 100, delay_ms: float = 10.0) -> None:
        super().build(branches, rate_mbps, delay_ms)
        self.addTunnel(
            GATEWAY, TUNNEL, kind="xfrm", key=_IF_ID, local=BRANCH, remote=HEAD_OFFICE, ips=[INSIDE[GATEWAY]]
        )


def services(secret: str, ike: str = "aes256-sha256-modp2048", esp: str = "aes256-sha256") -> dict[str, list[Service]]:
    """What runs on the other maker's gateway, for `Supervisor.apply`.

    secret: the pre-shared key. ike, esp: the one proposal that it takes, in strongSwan's words.
    """
    number = str(_IF_ID)
    tunnel = {
        "esp_proposals": [esp],
        "local_ts": ["0.0.0.0/0"],
        "remote_ts": ["0.0.0.0/0"],
        "if_id_in": number,
        "if_id_out": number,
    }
    connection = {
        "version": "2",
        "local_addrs": [BRANCH],
        "remote_addrs": [HEAD_OFFICE],
        "proposals": [ike],
        "local": {"auth": "psk", "id": BRANCH},
        "remote": {"auth": "psk", "id": HEAD_OFFICE},
        "children": {"net": tunnel},
    }
    charon = Charon(
        connections={"head-office": connection}, secrets={"psk": Shared("IKE", secret, (HEAD_OFFICE, BRANCH))}
    )
    return {GATEWAY: [charon, Zebra(), Bgpd(config=_BGP)]}


topos = {"third_party_edge": ThirdPartyEdge}
