"""Steps as netlink requests."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_interface

from raslab.model.switching import Bridge, Vxlan
from raslab.model.topology import Device, Vrf, destination
from raslab.net import steps
from raslab.net.carriers import AnyRoute
from raslab.net.names import kernel_name
from raslab.net.namespaces import Namespace
from raslab.net.netlink import bridging, devices, labels, rtnetlink, rules, traffic_control
from raslab.net.steps import Step


def request(step: Step, namespaces: Mapping[str, Namespace]) -> bytes:
    """The request that executes `step`; chooses the index of the interfaces that the step makes."""
    here = namespaces[step.node]
    match step:
        case steps.AddVeth(_, end, peer):
            there = namespaces[peer.node]
            return rtnetlink.add_veth(
                here.new_index(end.name),
                kernel_name(end.name),
                there.new_index(peer.name),
                kernel_name(peer.name),
                there.network_fd,
                mac=end.mac,
                mtu=end.mtu,
                peer_mac=peer.mac,
                peer_mtu=peer.mtu,
            )
        case steps.AddBridge(_, name, stp, heeds_vlans):
            index = here.new_index(name)
            return rtnetlink.add_bridge(index, kernel_name(name), stp=stp, heeds_vlans=heeds_vlans)
        case steps.AddTunnel(_, tunnel, mtu) if tunnel.kind == "xfrm":
            return rtnetlink.add_xfrm(here.new_index(tunnel.name), kernel_name(tunnel.name), tunnel.key or 0, mtu=mtu)
        case steps.AddTunnel(_, tunnel, mtu) if tunnel.kind == "wireguard":
            return rtnetlink.add_wireguard(here.new_index(tunnel.name), kernel_name(tunnel.name), mtu=mtu)
        case steps.AddTunnel(_, tunnel, mtu):
            return rtnetlink.add_gre(
                here.new_index(tunnel.name),
                kernel_name(tunnel.name),
                tunnel.kind,
                tunnel.local,
                tunnel.remote,
                key=tunnel.key,
                checksum=tunnel.checksum,
                ttl=tunnel.ttl,
                mac=tunnel.mac,
                mtu=mtu,
            )
        case steps.AddDevice(_, device, mtu):
            return _device_request(device, mtu, here)
        case steps.MoveInterface(_, interface, to):
            there = namespaces[to]
            index = there.indexes[interface] = here.index_of(interface)  # the kernel leaves it its index
            here.indexes.pop(interface, None)
            return rtnetlink.set_link(index, namespace_fd=there.network_fd)
        case steps.DeleteLink(_, interface):
            return rtnetlink.delete_link(here.index_of(interface))
        case steps.AddName(_, interface):
            return rtnetlink.add_alternative_name(here.index_of(interface), interface)
        case steps.SetMaster(_, interface, master):
            belongs_to = 0 if master is None else here.index_of(master)
            return rtnetlink.set_link(here.index_of(interface), master=belongs_to)
        case steps.SetPort(_, port):
            return bridging.set_port(
                here.index_of(port.interface),
                learning=port.learning,
                floods_unknown=port.floods_unknown,
                floods_groups=port.floods_groups,
                answers_for=port.answers_for,
                isolated=port.isolated,
                locked=port.locked,
            )
        case steps.SetVlanFiltering(_, name, on):
            return bridging.set_vlan_filtering(here.index_of(name), on)
        case steps.AddPortVlan(_, interface, vlan_id, untagged):
            return bridging.add_port_vlan(here.index_of(interface), vlan_id, untagged=untagged)
        case steps.DeletePortVlan(_, interface, vlan_id):
            return bridging.delete_port_vlan(here.index_of(interface), vlan_id)
        case steps.SetUp(_, interface, up):
            return rtnetlink.set_link(here.index_of(interface), up=up)
        case steps.SetMtu(_, interface, mtu):
            return rtnetlink.set_link(here.index_of(interface), mtu=mtu)
        case steps.SetMac(_, interface, mac):
            return rtnetlink.set_link(here.index_of(interface), mac=mac)
        case steps.AddAddress(_, interface, address):
            return rtnetlink.add_address(here.index_of(interface), ip_interface(address))
        case steps.DeleteAddress(_, interface, address):
            return rtnetlink.delete_address(here.index_of(interface), ip_interface(address))
        case steps.AddRoute(_, route, table):
            return rtnetlink.add_route(
                destination(route),
                via=route.via,
                index=_device(route, here),
                metric=route.metric,
                table=table,
                encapsulation=labels.push(route.labels),
                unreachable=route.unreachable,
            )
        case steps.AddPaths(_, routes, table):
            hops = ((one.via, _device(one, here), labels.push(one.labels)) for one in routes)
            return rtnetlink.add_paths(destination(routes[0]), hops, metric=routes[0].metric, table=table)
        case steps.DeleteRoute(_, route, table):
            return rtnetlink.delete_route(
                destination(route),
                via=route.via,
                index=_device(route, here),
                metric=route.metric,
                table=table,
                unreachable=route.unreachable,
            )
        case steps.AddMplsRoute(_, path):
            return labels.add_path(path.label, via=path.via, index=_device(path, here), out_labels=path.out_labels)
        case steps.DeleteMplsRoute(_, path):
            return labels.delete_path(path.label)
        case steps.AddLastResort(_, table, version):
            return rtnetlink.add_unreachable(version, table)
        case steps.DeleteLastResort(_, table, version):
            return rtnetlink.delete_unreachable(version, table)
        case steps.AddLocalRule(_, priority, version):
            return rules.add_local_rule(version, priority)
        case steps.DeleteLocalRule(_, priority, version):
            return rules.delete_local_rule(version, priority)
        case steps.AddMarkRule(_, mark, table, version):
            return rules.add_mark_rule(version, mark, table)
        case steps.DeleteMarkRule(_, mark, table, version):
            return rules.delete_mark_rule(version, mark, table)
        case steps.AddRule(_, rule):
            return rules.add_rule(rule)
        case steps.DeleteRule(_, rule):
            return rules.delete_rule(rule)
        case steps.AddNeighbour(_, interface, address, mac):
            return rtnetlink.add_neighbour(here.index_of(interface), address, mac)
        case steps.DeleteNeighbour(_, interface, address):
            return bridging.delete_neighbour(here.index_of(interface), address)
        case steps.AddForwarding(_, entry):
            return bridging.add_forwarding(here.index_of(entry.interface), entry.mac, entry.remote)
        case steps.DeleteForwarding(_, entry):
            return bridging.delete_forwarding(here.index_of(entry.interface), entry.mac, entry.remote)
        case steps.SetImpairment(_, interface, impairment, limit_packets):
            rate = impairment.rate_mbps
            return traffic_control.set_netem(
                here.index_of(interface),
                limit_packets=limit_packets,
                rate_bits_per_s=None if rate is None else round(rate * 1e6),
                delay_ns=round(impairment.delay_ms * 1e6),
                jitter_ns=round(impairment.jitter_ms * 1e6),
                loss_percent=impairment.loss_percent,
            )
        case steps.DeleteImpairment(_, interface):
            return traffic_control.delete_root_qdisc(here.index_of(interface))
    raise TypeError(f"no request for {step!r}")


def _device_request(device: Device, mtu: int | None, here: Namespace) -> bytes:
    index, name = here.new_index(device.name), kernel_name(device.name)
    match device:
        case Vrf():
            return devices.add_vrf(index, name, device.table)
        case Bridge():
            return bridging.add_plain_bridge(index, name, mac=device.mac, mtu=mtu)
        case Vxlan():
            return bridging.add_vxlan(index, name, device.vni, device.local, device.port, mac=device.mac, mtu=mtu)
    return devices.add_vlan(index, name, here.index_of(device.parent), device.vlan_id, mac=device.mac, mtu=mtu)


def _device(route: AnyRoute, node: Namespace) -> int | None:
    return None if route.dev is None else node.index_of(route.dev)
