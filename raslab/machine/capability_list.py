"""What a kernel must be able to do for the labs: the list only, no action.

Each entry says what it is for, how to try it and which kernel modules bring it. `raslab.machine.scratch` does
the trying, in a namespace that dies with it, so the lines below may create and break what they like.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tool = Literal["ip", "tc", "nft", "call"]


@dataclass(frozen=True)
class Capability:
    """One thing a kernel can do, and how to find out.

    name: what users call it; also the key in `raslab doctor --json`.
    purpose: what the labs do with it.
    modules: kernel modules that bring it, separated by blanks; empty where only a kernel option helps.
    tool: who tries it: `ip`, `tc` and `nft` take `lines` as a batch; `call` names a function of
        `raslab.machine.probes` in its only line.
    lines: the commands that succeed exactly where the capability is there.
    """

    name: str
    purpose: str
    modules: str
    tool: Tool
    lines: tuple[str, ...]


def _link(name: str, purpose: str, modules: str, arguments: str) -> Capability:
    """A capability shown by creating a device: `ip link add dev NAME type ARGUMENTS`."""
    device = f"try-{name.replace(' ', '-')}"[:15]
    return Capability(name, purpose, modules, "ip", (f"link add dev {device} type {arguments}",))


def _call(name: str, purpose: str, modules: str, function: str) -> Capability:
    """A capability that no command line shows: FUNCTION of `raslab.machine.probes` tries it."""
    return Capability(name, purpose, modules, "call", (function,))


_IPV4_ENDS = "local 192.0.2.1 remote 192.0.2.2"
_IPV6_ENDS = "local 2001:db8::1 remote 2001:db8::2"

CAPABILITIES: tuple[Capability, ...] = (
    _call("netns", "a network of its own for each node", "", "network_namespace"),
    _call("pidns", "a lab's processes end with the lab", "", "pid_namespace"),
    _call("userns", "labs without root", "", "user_namespace"),
    _call("timens", "Open vSwitch right after boot", "", "time_namespace"),
    _call("cgroup v2", "ip vrf exec, CPU accounting", "", "cgroup_v2"),
    _link("veth", "links between nodes", "veth", "veth"),
    _link("bridge", "switches", "bridge", "bridge"),
    _link("bridge vlans", "VLANs on switches", "bridge 8021q", "bridge vlan_filtering 1"),
    _call("tun", "user-space tunnels, Internet access", "tun", "tun"),
    _link("gre", "GRE tunnels, keyed and unkeyed", "ip_gre", f"gre {_IPV4_ENDS} key 1001"),
    _link("gretap", "NVGRE: Ethernet in GRE", "ip_gre", f"gretap {_IPV4_ENDS} key 1281280"),
    _link("ip6gre", "GRE over IPv6", "ip6_gre", f"ip6gre {_IPV6_ENDS} key 1001"),
    _link("ip6gretap", "Ethernet in GRE over IPv6", "ip6_gre", f"ip6gretap {_IPV6_ENDS}"),
    _link("vxlan", "tenant networks over UDP", "vxlan", "vxlan id 5001 dstport 4789 local 192.0.2.1"),
    _link("vrf", "routing domains of tenants", "vrf", "vrf table 1001"),
    Capability(
        "mpls",
        "labelled routes between providers",
        "mpls_router mpls_iptunnel",
        "ip",
        ("link set dev lo up", "route add 198.51.100.0/24 encap mpls 100 via inet 127.0.0.1"),
    ),
    _call("esp", "IPsec site-to-site", "esp4 xfrm_user authenc gcm", "esp"),
    _link("xfrm interface", "IPsec routed per tenant", "xfrm_interface", "xfrm dev lo if_id 1001"),
    _link("wireguard", "WireGuard tunnels", "wireguard", "wireguard"),
    Capability(
        "netem",
        "delay, jitter and loss on links",
        "sch_netem",
        "tc",
        ("qdisc replace dev lo root netem delay 1ms loss 1%",),
    ),
    Capability(
        "htb",
        "rate limits per class",
        "sch_htb",
        "tc",
        (
            "qdisc replace dev lo root handle 1: htb default 1",
            "class replace dev lo parent 1: classid 1:1 htb rate 1mbit",
        ),
    ),
    Capability(
        "tbf",
        "rate limits of links",
        "sch_tbf",
        "tc",
        ("qdisc replace dev lo root tbf rate 1mbit burst 10kb latency 10ms",),
    ),
    Capability(
        "nft nat",
        "NAT44 of tenants",
        "nft_nat nf_nat",
        "nft",
        (
            "add table ip try-nat",
            "add chain ip try-nat post { type nat hook postrouting priority 100; }",
            "add rule ip try-nat post snat to 192.0.2.1",
        ),
    ),
    Capability(
        "nft ct zones",
        "NAT of tenants with equal addresses",
        "nft_ct nf_conntrack",
        "nft",
        (
            "add table ip try-zone",
            "add chain ip try-zone pre { type filter hook prerouting priority -300; }",
            "add rule ip try-zone pre ct zone set 1",
        ),
    ),
    _call("tcp md5", "passwords of BGP sessions", "", "tcp_md5"),
    _call("openvswitch", "Open vSwitch datapath", "openvswitch", "openvswitch"),
    _call("ipvs", "load balancing", "ip_vs ip_vs_rr", "ipvs"),
)
