"""Leaks to plant into running networks: what is done, how it is undone, and what has to be named. Data only.

The first ones are those that probing alone has missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.relays import BOTH_RAW, BOTH_TUNS, BY_FILE, BY_UNIX, LISTENS, PACKETS, PIPED, UDP_RELAY
from benchmarks.vrf_tenants import GATEWAY_WAN, SITE_WAN, STRANGER_WAN

CONTOSO, FABRIKAM, WOODGROVE = "Contoso", "Fabrikam", "Woodgrove"
PROVIDER, STRANGER = "the provider", "a stranger"
VRFS = "two tenants in VRFs"


@dataclass(frozen=True)
class Leak:
    """A leak. steps, undone: nodes with commands. programs: nodes with Python programs that run meanwhile, each with
    arguments. sender, tenant: to be named, and a place or word on the path. bed: the network that it is planted into.
    """

    name: str
    steps: tuple[tuple[str, str], ...]
    undone: tuple[tuple[str, str], ...]
    sender: str = CONTOSO
    tenant: str = FABRIKAM
    place: str = "gw:b-own"
    programs: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    bed: str = VRFS


def _added(name: str, *lines: str, node: str = "gw", **named: Any) -> Leak:
    """By `ip ... add` and the like, and undone by `del` in the other order."""
    back = [line.replace(" add ", " del ", 1).replace(" append ", " del ", 1) for line in reversed(lines)]
    return Leak(name, tuple((node, one) for one in lines), tuple((node, one) for one in back), **named)


def _device(name: str, device: str, *lines: str, **named: Any) -> Leak:
    """By an interface that is added, and deleted again."""
    return Leak(name, tuple(("gw", one) for one in lines), (("gw", f"ip link del {device}"),), **named)


def _ruled(name: str, selector: str, family: str = "", **named: Any) -> Leak:
    """By a rule that sends some of Contoso's packets to Fabrikam's table."""
    return _added(name, f"ip {family} rule add pref 400 iif a-lan {selector} lookup 1002", **named)


def _marked(name: str, match: str, family: str = "", table: str = "inet", **named: Any) -> Leak:
    """By a mark that nftables gives to some of Contoso's packets, and a rule for the mark."""
    steps = (
        f"nft add table {table} leak",
        f"nft add chain {table} leak in {{ type filter hook prerouting priority mangle; }}",
        f'nft add rule {table} leak in iifname "a-lan" {match} meta mark set 7',
        f"ip {family} rule add pref 400 fwmark 7 lookup 1002",
    )
    undone = (f"ip {family} rule del pref 400", f"nft delete table {table} leak")
    return Leak(name, tuple(("gw", one) for one in steps), tuple(("gw", one) for one in undone), **named)


def _mirrored(name: str, selector: str, action: str, **named: Any) -> Leak:
    """By traffic control on Contoso's interface."""
    steps = ("tc qdisc add dev a-lan clsact", f"tc filter add dev a-lan ingress {selector} action mirred {action}")
    return Leak(name, tuple(("gw", one) for one in steps), (("gw", "tc qdisc del dev a-lan clsact"),), **named)


def _program(name: str, *programs: tuple[str, str, tuple[str, ...]], **named: Any) -> Leak:
    return Leak(name, (), (), programs=programs, **{"place": "process", **named})


def _missed() -> Iterator[Leak]:
    """What check_isolation did not find by probing."""
    yield _added(
        "rule that sends a tenant into the main table",
        "ip rule add pref 500 iif a-lan lookup main",
        tenant=PROVIDER,
        place="gw:wan0",
    )
    for port in (8080, 3389, 4444, 8443):
        yield _ruled(f"TCP port {port}", f"ipproto tcp dport {port}")
    for port in (53, 161, 4789):
        yield _ruled(f"UDP port {port}", f"ipproto udp dport {port}")
    yield _ruled("SCTP", "ipproto sctp")
    yield _ruled("type of service", "tos 0x10")
    yield _marked("later parts of packets", "ip frag-off & 0x1fff != 0")
    yield _marked("large packets", "meta length > 1200")
    yield _ruled("TCP source port", "ipproto tcp sport 4445")
    yield _mirrored("multicast", "protocol ip flower dst_ip 224.0.0.0/4", "egress mirror dev b-own")
    yield _added("IPv6 nobody has", "ip -6 route add 2001:db8:77::/64 dev b-own table 1001")
    yield _added("unused address of a subnet", "ip route add 10.0.4.77/32 dev b-own table 1001")
    yield _added(
        "answers after six seconds",
        "tc qdisc add dev b-own root netem delay 6s",
        "ip route add 10.0.4.1/32 dev b-own table 1001",
    )
    yield _device(
        "keyed tunnel from anywhere",
        "loose",
        f"ip link add loose type gre local {GATEWAY_WAN} key 1002",
        "ip link set loose master vrf-b up",
        sender=STRANGER,
        place="gw:loose",
    )


def _routed() -> Iterator[Leak]:
    """Routes and rules."""
    yield _added("route of one address", "ip route add 10.0.4.1/32 dev b-own table 1001")
    yield _added("route into a tunnel", "ip route add 10.0.4.0/24 dev edge-b table 1001", place="gw:edge-b")
    yield _added("route of IPv6", "ip -6 route add fd00:0:0:4::/64 dev b-own table 1001")
    yield _added(
        "route the other way",
        "ip -6 route add fd00:0:0:3::/64 dev a-own table 1002",
        sender=FABRIKAM,
        tenant=CONTOSO,
        place="gw:a-own",
    )
    yield _added("route to the other VRF", "ip route add 10.0.4.0/24 dev vrf-b table 1001", place="gw:vrf-b")
    yield _added("route by type of service", "ip route add 10.0.4.1/32 tos 0x10 dev b-own table 1001")
    yield _added("route with two next hops", "ip route add 10.0.4.0/24 table 1001 nexthop dev a-own nexthop dev b-own")
    yield _added("default route of IPv6", "ip -6 route add default dev b-lan metric 9 table 1001", place="gw:b-lan")
    yield _added("throw route", "ip route add throw 10.9.0.0/16 table 1001", tenant=PROVIDER, place="gw:wan0")
    yield Leak(
        "no unreachable default",
        (("gw", "ip route del unreachable default table 1001 metric 4278198272"),),
        (("gw", "ip route add unreachable default table 1001 metric 4278198272"),),
        tenant=PROVIDER,
        place="gw:wan0",
    )
    yield _added(
        "rule into main with a route there",
        "ip rule add pref 500 iif a-own lookup main suppress_prefixlength 0",
        "ip route add 10.0.4.1/32 dev b-own",
    )
    yield _added("rule by source", "ip rule add pref 400 from 10.0.3.0/24 lookup 1002")
    yield _added("rule by destination", "ip rule add pref 400 to 10.0.4.0/24 lookup 1002")
    yield _added("inverted rule", "ip rule add pref 400 not from 10.0.0.0/8 lookup 1002")
    yield _added(
        "rule that skips others",
        "ip rule add pref 300 iif a-lan ipproto udp dport 7 goto 900",
        "ip rule add pref 900 lookup 1002",
    )
    yield _added("rule by VRF", "ip rule add pref 400 iif vrf-a lookup 1002")
    yield _added(
        "rule of IPv6 into main",
        "ip -6 rule add pref 400 iif a-lan lookup main",
        "ip -6 route add 2001:db8:9::/48 dev wan0",
        tenant=PROVIDER,
        place="gw:wan0",
    )
    yield _added("local table first", "ip rule add pref 0 lookup local", tenant=PROVIDER, place="gw:a-lan")
    yield Leak(
        "main route to a tenant",
        (("gw", "ip route add 10.0.4.0/24 dev b-own"), ("isp", f"ip route add 10.0.4.0/24 via {GATEWAY_WAN}")),
        (("gw", "ip route del 10.0.4.0/24 dev b-own"), ("isp", f"ip route del 10.0.4.0/24 via {GATEWAY_WAN}")),
        sender=STRANGER,
    )
    yield Leak(
        "rule for the outside",
        (
            ("gw", "ip rule add pref 600 iif wan0 ipproto tcp dport 8080 lookup 1002"),
            ("isp", f"ip route add 10.0.4.0/24 via {GATEWAY_WAN}"),
        ),
        (("gw", "ip rule del pref 600"), ("isp", f"ip route del 10.0.4.0/24 via {GATEWAY_WAN}")),
        sender=STRANGER,
    )


def _told_apart() -> Iterator[Leak]:
    """Packets that only some property tells from others, by nftables."""
    yield _marked("TTL", "ip ttl 77")
    yield _marked("source MAC address", "ether saddr 02:00:00:00:00:99")
    yield _marked("IPv6 extension header", "exthdr hbh exists", family="-6")
    yield _marked("ICMP errors", "icmp type time-exceeded")
    yield _marked("established connections", "ct state established")
    yield _marked("once a minute", "limit rate 1/minute")
    yield _marked("one of a thousand", "numgen random mod 1000 0")
    yield _marked("at night", 'meta hour "03:00"-"03:05"')
    yield _marked("TCP flags", "tcp flags & (fin | psh | urg) == fin | psh | urg")
    yield _marked("DSCP", "ip dscp ef")
    yield _marked("set of ports", "tcp dport { 8080, 8443 }")
    yield _marked("source and port together", "ip saddr . tcp sport { 10.0.1.1 . 4445 }")
    yield _marked("connection mark", "ct mark 5")
    yield _marked("protocol 99", "meta l4proto 99")
    yield _marked("hash of the source", "jhash ip saddr mod 64 seed 0x1 5")
    yield Leak(
        "port translated for one source",
        (
            ("gw", "nft add table ip leak"),
            ("gw", "nft add chain ip leak in { type nat hook prerouting priority dstnat; }"),
            ("gw", 'nft add rule ip leak in iifname "a-lan" ip saddr 10.0.1.1 tcp dport 4444 dnat to 10.0.4.1'),
            ("gw", "ip rule add pref 400 to 10.0.4.1 iif a-lan lookup 1002"),
        ),
        (("gw", "ip rule del pref 400"), ("gw", "nft delete table ip leak")),
    )
    yield Leak(
        "flow table",
        (
            ("gw", "nft add table inet leak"),
            ("gw", "nft add flowtable inet leak f { hook ingress priority 0; devices = { a-lan, b-own }; }"),
            ("gw", "nft add chain inet leak passing { type filter hook forward priority 0; }"),
            ("gw", "nft add rule inet leak passing meta l4proto tcp flow add @f"),
            ("gw", "ip rule add pref 400 iif a-lan ipproto tcp dport 8081 lookup 1002"),
        ),
        (("gw", "ip rule del pref 400"), ("gw", "nft delete table inet leak")),
    )


def _joined() -> Iterator[Leak]:
    """Interfaces, cables, bridges, traffic control."""
    yield Leak(
        "interface in the wrong VRF",
        (("gw", "ip link set b-own master vrf-a"),),
        (("gw", "ip link set b-own master vrf-b"),),
        sender=FABRIKAM,
        tenant=CONTOSO,
        place="gw:vrf-a",
    )
    yield Leak(
        "interface in no VRF",
        (("gw", "ip link set a-own nomaster"),),
        (("gw", "ip link set a-own master vrf-a"),),
        tenant=PROVIDER,
        place="gw:wan0",
    )
    yield _device(
        "cable between VRFs",
        "xa",
        "ip link add xa type veth peer name xb",
        "ip link set xa master vrf-a up",
        "ip link set xb master vrf-b up",
        "ip route add 10.0.4.0/24 dev xa table 1001",
    )
    yield _device(
        "macvlan on another's interface",
        "mv",
        "ip link add mv link b-own type macvlan mode bridge",
        "ip link set mv master vrf-a up",
        "ip route add 10.0.4.0/24 dev mv table 1001",
    )
    yield _device(
        "VLAN on another's interface",
        "b7",
        "ip link add link b-own name b7 type vlan id 7",
        "ip link set b7 master vrf-a up",
        "ip route add 10.7.0.0/24 dev b7 table 1001",
    )
    yield Leak(
        "two tenants' ports in one bridge",
        (
            ("gw", "ip link add br9 type bridge"),
            ("gw", "ip link set br9 up"),
            ("gw", "ip link set a-own master br9"),
            ("gw", "ip link set b-own master br9"),
        ),
        (
            ("gw", "ip link set a-own master vrf-a"),
            ("gw", "ip link set b-own master vrf-b"),
            ("gw", "ip link del br9"),
        ),
    )
    yield _mirrored("copies of everything", "matchall", "egress mirror dev b-own")
    yield _mirrored("one port redirected", "protocol ip flower ip_proto tcp dst_port 5000", "egress redirect dev b-own")
    yield _mirrored("redirected to where others come in", "matchall", "ingress redirect dev b-lan", place="gw:b-lan")
    yield _mirrored("filter by bytes", "protocol ip u32 match u16 0x1234 0xffff at 20", "egress mirror dev b-own")
    yield _added("answers for another's address", "ip neigh add proxy 10.0.4.1 dev a-lan", place="gw:a-lan")
    yield _added("answers for another's IPv6 address", "ip neigh add proxy fd00:0:0:4::1 dev a-lan", place="gw:a-lan")
    yield Leak(
        "labels",
        (
            ("gw", "sysctl -q -w net.mpls.platform_labels=1000"),
            ("gw", "sysctl -q -w net.mpls.conf.a-lan.input=1"),
            ("gw", "ip -f mpls route add 100 via inet 10.0.4.1 dev b-own"),
        ),
        (
            ("gw", "ip -f mpls route del 100"),
            ("gw", "sysctl -q -w net.mpls.conf.a-lan.input=0"),
            ("gw", "sysctl -q -w net.mpls.platform_labels=0"),
        ),
    )


def _tunnelled() -> Iterator[Leak]:
    """Tunnels."""
    ends = "local {} remote {} ttl 64"
    near = ends.format(GATEWAY_WAN, "198.51.100.30")
    yield Leak(
        "keys exchanged",
        tuple(
            ("gw", f"ip link set edge-{one} type gre {near} key {key}")
            for one, key in (("a", 9), ("b", 2001), ("a", 2002))
        ),
        tuple(
            ("gw", f"ip link set edge-{one} type gre {near} key {key}")
            for one, key in (("a", 9), ("b", 2002), ("a", 2001))
        ),
        place="edge-b",
    )
    yield Leak(
        "tunnel to another's site",
        (
            ("gw", f"ip link set site-a type gre {ends.format(GATEWAY_WAN, SITE_WAN['b'])} key 1001"),
            ("bs", f"ip link add x9 type gre {ends.format(SITE_WAN['b'], GATEWAY_WAN)} key 1001"),
            ("bs", "ip link set x9 up"),
        ),
        (
            ("bs", "ip link del x9"),
            ("gw", f"ip link set site-a type gre {ends.format(GATEWAY_WAN, SITE_WAN['a'])} key 1001"),
        ),
        place="bs:x9",
    )
    for kind, words in (
        ("ipip", f"type ipip local {GATEWAY_WAN} remote {STRANGER_WAN}"),
        ("sit", f"type sit local {GATEWAY_WAN} remote any"),
        ("gre", f"type gre local any remote {STRANGER_WAN}"),
        ("vxlan", f"type vxlan id 9 dstport 4789 local {GATEWAY_WAN}"),
    ):
        yield _device(
            f"{kind} tunnel to a stranger",
            f"{kind}9",
            f"ip link add {kind}9 {words}",
            f"ip link set {kind}9 master vrf-b up",
            sender=STRANGER,
            place=f"gw:{kind}9",
        )


def _run() -> Iterator[Leak]:
    """Programs that pass things on."""
    yield _program("relay of UDP between VRFs", ("gw", UDP_RELAY, ("vrf-a", "vrf-b")))
    yield _program("relay by raw sockets", ("gw", BOTH_RAW, ("a-lan", "b-lan")))
    yield _program("relay of frames", ("gw", PACKETS, ("a-lan", "b-lan")))
    yield _program("relay by tunnels of a program", ("gw", BOTH_TUNS, ("vrf-a", "vrf-b")))
    yield _program("two programs and a UNIX socket", ("gw", BY_UNIX, ("vrf-a", "vrf-b", "/tmp/relay-socket")))
    yield _program("two programs and an abstract socket", ("gw", BY_UNIX, ("vrf-a", "vrf-b", "@relay")))
    yield _program("two programs and a pipe", ("gw", PIPED, ("vrf-a", "vrf-b")))
    yield _program("two programs and a file", ("gw", BY_FILE, ("vrf-a", "vrf-b")))
    yield _program(
        "programs on two tenants' hosts",
        ("a1", BY_UNIX, ("eth0", "", "/tmp/relay-between")),
        ("b1", BY_UNIX, ("", "eth0", "/tmp/relay-between")),
    )
    yield _program("socat that waits for a call", ("gw", "socat", ("vrf-a", "vrf-b")), place="socat")
    yield Leak(
        "socket for all VRFs",
        (("gw", "sysctl -q -w net.ipv4.tcp_l3mdev_accept=1"),),
        (("gw", "sysctl -q -w net.ipv4.tcp_l3mdev_accept=0"),),
        place="process",
        programs=(("gw", LISTENS, ("9090",)),),
    )


def _elsewhere() -> Iterator[Leak]:
    """In labs: switches, virtual networks, IPsec, NAT."""
    vlan: Any = {"bed": "vlan-integration", "sender": "A", "tenant": "B"}
    yield _added(
        "port in a VLAN too many", "bridge vlan add dev to-b-srv vid 10", node="rack", place="rack:to-b-srv", **vlan
    )
    yield Leak(
        "switch that heeds no VLANs",
        (("rack", "ip link set rack type bridge vlan_filtering 0"),),
        (("rack", "ip link set rack type bridge vlan_filtering 1"),),
        place="b-srv",
        **vlan,
    )
    hnv: Any = {"bed": "hnv-two-hosts"}
    yield _added(
        "forwarding entry into another virtual network",
        "bridge fdb append 02:00:00:00:00:77 dev vx5001 dst 192.168.2.20 vni 6001",
        node="host1",
        place="host2:vx6001",
        **hnv,
    )
    yield _added(
        "VXLAN that joins two networks",
        "bridge fdb append 02:00:00:00:00:78 dev vx6001 dst 192.168.2.20 vni 5001",
        node="host1",
        sender=FABRIKAM,
        tenant=CONTOSO,
        place="host2:vx5001",
        **hnv,
    )
    nat: Any = {"bed": "tenant-nat"}
    yield _added(
        "answers to the wrong tenant",
        "ip rule add pref 1999 fwmark 1 lookup 1002",
        node="csp",
        sender=STRANGER,
        tenant=WOODGROVE,
        place="csp:woodgrove0",
        **nat,
    )
    yield Leak(
        "another's address outside",
        (
            ("csp", "nft add table ip leak"),
            ("csp", "nft add chain ip leak out { type nat hook postrouting priority srcnat - 10; }"),
            ("csp", 'nft add rule ip leak out iifname "vrf-Contoso" oifname "wan0" snat to 203.0.113.52'),
        ),
        (("csp", "nft delete table ip leak"),),
        tenant=WOODGROVE,
        place="csp:wan0",
        **nat,
    )
    sealed: Any = {"bed": "two-tenants", "tenant": WOODGROVE}
    tmpl = "tmpl src 203.0.113.1 dst 198.51.100.5 proto esp reqid 77 mode tunnel"
    selector = "src 0.0.0.0/0 dst 10.0.0.0/24 dir out"
    yield Leak(
        "IPsec policy without a number",
        (("csp", f"ip xfrm policy add {selector} priority 1 {tmpl}"),),
        (("csp", f"ip xfrm policy delete {selector}"),),
        place="csp:to-w-ny",
        **sealed,
    )
    yield _added(
        "route into IPsec of another",
        "ip route add 10.1.0.77/32 dev to-w-ny table 1001",
        node="csp",
        place="csp:to-w-ny",
        **sealed,
    )


LEAKS = (*_missed(), *_routed(), *_told_apart(), *_joined(), *_tunnelled(), *_run(), *_elsewhere())
"""All of them."""
