"""Steps as command lines, for teaching: what one would type to get the same network by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from raslab.model.switching import Bridge, ForwardingEntry, PortSettings, Vxlan
from raslab.model.topology import MAIN_TABLE, Impairment, Interface, MplsRoute, Route, Rule, Vrf
from raslab.net import steps
from raslab.net.names import kernel_name
from raslab.net.netlink.rtnetlink import LAST_RESORT_METRIC
from raslab.net.netlink.rules import MARK_PRIORITY
from raslab.net.steps import Step

_EVERYTHING = {4: "default", 6: "::/0"}


def command(step: Step) -> str:
    """The command line of `ip`, `bridge`, `tc`, `sysctl` or `ovs-vsctl` that does the same as `step`."""
    match step:
        case steps.AddNamespace():
            return f"ip netns add {step.node}"
        case steps.DeleteNamespace():
            return f"ip netns delete {step.node}"
        case steps.SetSysctl():
            return f"ip netns exec {step.node} sysctl -w {step.key}={step.value}"
        case steps.AddOvsBridge() | steps.AddOvsPort() | steps.DeleteOvsPort() | steps.SetOvsPortVlans():
            return f"ip netns exec {step.node} ovs-vsctl {' '.join(ovs_words(step))}"
        case steps.SetPort(node, settings):
            return f"bridge -n {node} link set dev {kernel_name(settings.interface)} {_port(settings)}"
        case steps.AddPortVlan(node, interface, vlan_id, untagged):
            without_tag = " pvid untagged" if untagged else ""
            return f"bridge -n {node} vlan add dev {kernel_name(interface)} vid {vlan_id}{without_tag}"
        case steps.DeletePortVlan(node, interface, vlan_id):
            return f"bridge -n {node} vlan delete dev {kernel_name(interface)} vid {vlan_id}"
        case steps.AddForwarding(node, entry):
            return f"bridge -n {node} fdb replace {_entry(entry)}"
        case steps.DeleteForwarding(node, entry):
            return f"bridge -n {node} fdb delete {_entry(entry)}"
        case steps.SetImpairment() | steps.DeleteImpairment():
            return f"tc -n {step.node} {_qdisc(step)}"
        case _:
            return f"ip -n {step.node} {_ip(step)}"


def ovs_words(step: Step) -> list[str]:
    """The arguments of `ovs-vsctl` for one step."""
    match step:
        case steps.AddOvsBridge(_, name):
            return ["add-br", kernel_name(name)]
        case steps.AddOvsPort(node, interface):
            return ["add-port", kernel_name(node), kernel_name(interface)]
        case steps.DeleteOvsPort(_, interface):
            return ["--if-exists", "del-port", kernel_name(interface)]
        case steps.SetOvsPortVlans(_, interface, (), None):
            return ["clear", "port", kernel_name(interface), "vlan_mode", "tag", "trunks"]
        case steps.SetOvsPortVlans(_, interface, tagged, untagged):
            return ["set", "port", kernel_name(interface), *_ovs_vlans(tagged, untagged)]
    raise TypeError(f"not a step of Open vSwitch: {step!r}")


def _ovs_vlans(tagged: tuple[int, ...], untagged: int | None) -> list[str]:
    """The columns of the table Port, see ovs-vswitchd.conf.db(5)."""
    if untagged is None:
        return ["vlan_mode=trunk", "tag=[]", f"trunks=[{_listed(tagged)}]"]
    if not tagged:
        return ["vlan_mode=access", f"tag={untagged}", "trunks=[]"]
    return ["vlan_mode=native-untagged", f"tag={untagged}", f"trunks=[{_listed((*tagged, untagged))}]"]


def _listed(vlans: tuple[int, ...]) -> str:
    return ",".join(map(str, vlans))


def _ip(step: Step) -> str:
    match step:
        case steps.AddVeth(_, end, peer):
            return f"link add {_end(end)} type veth peer {_end(peer)} netns {peer.node}"
        case steps.AddBridge(_, name, stp, heeds_vlans):
            heeding = " vlan_filtering 1" if heeds_vlans else ""
            return f"link add {kernel_name(name)} type bridge stp_state {int(stp)} mcast_snooping 0{heeding}"
        case steps.SetVlanFiltering(_, name, on):
            return f"link set {kernel_name(name)} type bridge vlan_filtering {int(on)}"
        case steps.AddTunnel():
            return _tunnel(step)
        case steps.AddDevice():
            return _device(step)
        case steps.DeleteLink(_, interface):
            return f"link delete {kernel_name(interface)}"
        case steps.AddName(_, interface):
            return f"link property add dev {kernel_name(interface)} altname {interface}"
        case steps.SetMaster(_, interface, master):
            belongs = "nomaster" if master is None else f"master {kernel_name(master)}"
            return f"link set {kernel_name(interface)} {belongs}"
        case steps.SetUp(_, interface, up):
            return f"link set {kernel_name(interface)} {'up' if up else 'down'}"
        case steps.SetMtu(_, interface, mtu):
            return f"link set {kernel_name(interface)} mtu {mtu}"
        case steps.SetMac(_, interface, mac):
            return f"link set {kernel_name(interface)} address {mac}"
        case steps.AddAddress(_, interface, address):
            no_detection = " nodad" if ":" in address else ""
            return f"address add {address} dev {kernel_name(interface)}{no_detection}"
        case steps.DeleteAddress(_, interface, address):
            return f"address delete {address} dev {kernel_name(interface)}"
        case steps.AddNeighbour(_, interface, address, mac):
            return f"neighbor replace {address} lladdr {mac} dev {kernel_name(interface)} nud permanent"
        case steps.DeleteNeighbour(_, interface, address):
            return f"neighbor delete {address} dev {kernel_name(interface)}"
        case steps.MoveInterface(_, interface, to):
            return f"link set {kernel_name(interface)} netns {to}"
        case steps.AddRoute(_, route, table):
            return f"route replace {_route(route)}{_table(table)}"
        case steps.AddPaths(_, routes, table):
            return f"route replace {_paths(routes)}{_table(table)}"
        case steps.DeleteRoute(_, route, table):
            return f"route delete {_route(route)}{_table(table)}"
        case steps.AddMplsRoute(_, path):
            return f"-f mpls route replace {_path(path)}"
        case steps.DeleteMplsRoute(_, path):
            return f"-f mpls route delete {path.label}"
        case steps.AddLastResort(_, table, version):
            return f"route add unreachable {_EVERYTHING[version]} metric {LAST_RESORT_METRIC}{_table(table)}"
        case steps.DeleteLastResort(_, table, version):
            return f"route delete unreachable {_EVERYTHING[version]} metric {LAST_RESORT_METRIC}{_table(table)}"
        case steps.AddLocalRule(_, priority, version):
            return f"-{version} rule add priority {priority} table local"
        case steps.DeleteLocalRule(_, priority, version):
            return f"-{version} rule delete priority {priority} table local"
        case steps.AddMarkRule(_, mark, table, version):
            return f"-{version} rule add priority {MARK_PRIORITY} fwmark {mark} table {table}"
        case steps.DeleteMarkRule(_, mark, table, version):
            return f"-{version} rule delete priority {MARK_PRIORITY} fwmark {mark} table {table}"
        case steps.AddRule(_, rule):
            return f"-{rule.version} rule add {_rule(rule)}"
        case steps.DeleteRule(_, rule):
            return f"-{rule.version} rule delete {_rule(rule)}"
    raise TypeError(f"no command line for {step!r}")


def _end(interface: Interface) -> str:
    address = f" address {interface.mac}" if interface.mac else ""
    return f"{kernel_name(interface.name)}{address} mtu {interface.mtu}"


def _tunnel(step: steps.AddTunnel) -> str:
    tunnel = step.tunnel
    if tunnel.kind == "xfrm":
        return f"link add {kernel_name(tunnel.name)} mtu {step.mtu} type xfrm if_id {tunnel.key}"
    if tunnel.kind == "wireguard":
        return f"link add {kernel_name(tunnel.name)} mtu {step.mtu} type wireguard"
    over_ipv6 = ip_address(tunnel.local).version == 6
    words = ["link add", kernel_name(tunnel.name)]
    if tunnel.mac:
        words.append(f"address {tunnel.mac}")
    words.append(f"mtu {step.mtu} type {'ip6' if over_ipv6 else ''}{tunnel.kind}")
    words.append(f"local {tunnel.local} remote {tunnel.remote}")
    if tunnel.key is not None:
        words.append(f"key {tunnel.key}")
    if tunnel.checksum:
        words.append("csum")
    words.append(f"ttl {tunnel.ttl}")
    if over_ipv6:
        words.append("encaplimit none")
    return " ".join(words)


def _device(step: steps.AddDevice) -> str:
    device = step.device
    if isinstance(device, Vrf):
        return f"link add {kernel_name(device.name)} type vrf table {device.table}"
    address = f" address {device.mac}" if device.mac else ""
    if isinstance(device, Bridge):
        return (
            f"link add {kernel_name(device.name)}{address} mtu {step.mtu} "
            "type bridge mcast_snooping 0 vlan_default_pvid 0"
        )
    if isinstance(device, Vxlan):
        return (
            f"link add {kernel_name(device.name)}{address} mtu {step.mtu} type vxlan id {device.vni} "
            f"local {device.local} dstport {device.port} nolearning noudpcsum df set"
        )
    ends = f"link {kernel_name(device.parent)} name {kernel_name(device.name)}"
    return f"link add {ends}{address} mtu {step.mtu} type vlan id {device.vlan_id}"


def _port(settings: PortSettings) -> str:
    words = {
        "learning": settings.learning,
        "flood": settings.floods_unknown,
        "mcast_flood": settings.floods_groups,
        "bcast_flood": settings.floods_groups,
        "neigh_suppress": settings.answers_for,
        "isolated": settings.isolated,
        "locked": settings.locked,
    }
    return " ".join(f"{word} {'on' if value else 'off'}" for word, value in words.items())


def _entry(entry: ForwardingEntry) -> str:
    place = "master static" if entry.remote is None else f"dst {entry.remote} self permanent"
    return f"{entry.mac} dev {kernel_name(entry.interface)} {place}"


def _table(table: int | None) -> str:
    return "" if table is None else f" table {table}"


def _route(route: Route) -> str:
    words = [*["unreachable"] * route.unreachable, _prefix(route), *_hop(route)]
    if route.metric is not None:
        words.append(f"metric {route.metric}")
    return " ".join(words)


def _paths(routes: Sequence[Route]) -> str:
    words = [_prefix(routes[0])]
    if routes[0].metric is not None:
        words.append(f"metric {routes[0].metric}")
    return " ".join([*words, *(word for route in routes for word in ("nexthop", *_hop(route)))])


def _prefix(route: Route) -> str:
    is_ipv6_default = route.destination == "default" and route.via is not None and ":" in route.via
    return "::/0" if is_ipv6_default else route.destination


def _hop(route: Route) -> Iterator[str]:
    if route.labels:
        yield f"encap mpls {_stack(route.labels)}"
    if route.via is not None:
        yield f"via {route.via}"
    if route.dev is not None:
        yield f"dev {kernel_name(route.dev)}"


def _rule(rule: Rule) -> str:
    words = [f"priority {rule.priority}"]
    if rule.of_node:
        words.append("iif lo")
    if rule.destination is not None:
        words.append(f"to {rule.destination}")
    if rule.table is None:
        words.append("unreachable")
    else:
        words.append(f"table {'main' if rule.table == MAIN_TABLE else rule.table}")
    if rule.longer_than is not None:
        words.append(f"suppress_prefixlength {rule.longer_than}")
    return " ".join(words)


def _path(path: MplsRoute) -> str:
    words = [str(path.label)]
    if path.out_labels:
        words.append(f"as {_stack(path.out_labels)}")
    if path.via is not None:
        words.append(f"via {'inet6' if ':' in path.via else 'inet'} {path.via}")
    if path.dev is not None:
        words.append(f"dev {kernel_name(path.dev)}")
    return " ".join(words)


def _stack(labels: tuple[int, ...]) -> str:
    return "/".join(map(str, labels))


def _qdisc(step: steps.SetImpairment | steps.DeleteImpairment) -> str:
    dev = f"dev {kernel_name(step.interface)} root"
    if isinstance(step, steps.DeleteImpairment):
        return f"qdisc delete {dev}"
    return f"qdisc replace {dev} netem limit {step.limit_packets}{_netem(step.impairment)}"


def _netem(impairment: Impairment) -> str:
    text = ""
    if impairment.delay_ms or impairment.jitter_ms:
        text += f" delay {impairment.delay_ms:g}ms"
        text += f" {impairment.jitter_ms:g}ms" if impairment.jitter_ms else ""
    if impairment.loss_percent:
        text += f" loss {impairment.loss_percent:g}%"
    if impairment.rate_mbps is not None:
        text += f" rate {impairment.rate_mbps:g}mbit"
    return text
