"""The ports of a virtual subnet's bridge that lead to other compute hosts, and who is behind them.

Such a port learns nothing, gets no frame whose receiver is unknown, answers in the name of those who are behind it,
and passes nothing on from another host. So the provider network sees frames only from one known machine to another:
no ARP, no ND, no broadcast.
"""

from __future__ import annotations

from raslab.hnv.plan.numbers import bridge_name, nvgre_key, nvgre_name, ovs_name, vxlan_name
from raslab.hnv.plan.parts import NOTHING, Plan
from raslab.hnv.plan.segments import members, networks_on
from raslab.hnv.state import GUEST_MTU, Attachment, ComputeHost, DatacenterState, VirtualNetwork
from raslab.model.switching import ForwardingEntry, PortSettings, Vxlan
from raslab.model.topology import Tunnel


def of(state: DatacenterState, host: ComputeHost) -> Plan:
    """What one host has for others; nothing where Open vSwitch has it."""
    if state.switch == "ovs":
        return NOTHING
    make = _vxlan if state.encapsulation == "vxlan" else _nvgre
    parts = [
        make(state, host, network, subnet.vsid) for network in networks_on(state, host) for subnet in network.subnets
    ]
    return Plan(
        devices=tuple(device for part in parts for device in part.devices),
        tunnels=tuple(tunnel for part in parts for tunnel in part.tunnels),
        ports=tuple(port for part in parts for port in part.ports),
        forwarding=tuple(entry for part in parts for entry in part.forwarding),
    )


def names(state: DatacenterState, host: ComputeHost) -> list[str]:
    """The ports of one host that lead to others."""
    if state.switch == "ovs":
        return [ovs_name(subnet.vsid) for network in networks_on(state, host) for subnet in network.subnets]
    plan = of(state, host)
    return [one.name for one in (*plan.devices, *plan.tunnels)]


def _elsewhere(state: DatacenterState, host: ComputeHost, network: VirtualNetwork, vsid: int) -> list[Attachment]:
    return [one for one in members(state, network) if one.vsid == vsid and one.host != host.node]


def _port(host: ComputeHost, interface: str) -> PortSettings:
    return PortSettings(
        host.node, interface, learning=False, floods_unknown=False, floods_groups=False, answers_for=True, isolated=True
    )


def _vxlan(state: DatacenterState, host: ComputeHost, network: VirtualNetwork, vsid: int) -> Plan:
    """One interface, which knows the provider address behind which each MAC address is."""
    name = vxlan_name(vsid)
    others = _elsewhere(state, host, network, vsid)
    device = Vxlan(host.node, name, vsid, host.provider_address, mtu=GUEST_MTU, master=bridge_name(vsid))
    return Plan(
        devices=(device,),
        ports=(_port(host, name),),
        forwarding=tuple(
            ForwardingEntry(host.node, name, one.mac, remote)
            for one in others
            for remote in (None, state.host(one.host).provider_address)
        ),
    )


def _nvgre(state: DatacenterState, host: ComputeHost, network: VirtualNetwork, vsid: int) -> Plan:
    """One interface per other host of the virtual network: its router, too, sends to members of the subnet."""
    remotes = [other for other in state.hosts if other != host and network in networks_on(state, other)]
    others = _elsewhere(state, host, network, vsid)
    return Plan(
        tunnels=tuple(
            Tunnel(
                host.node,
                nvgre_name(vsid, other.node),
                "gretap",
                host.provider_address,
                other.provider_address,
                key=nvgre_key(vsid),
                mtu=GUEST_MTU,
                master=bridge_name(vsid),
            )
            for other in remotes
        ),
        ports=tuple(_port(host, nvgre_name(vsid, other.node)) for other in remotes),
        forwarding=tuple(ForwardingEntry(host.node, nvgre_name(vsid, one.host), one.mac) for one in others),
    )
