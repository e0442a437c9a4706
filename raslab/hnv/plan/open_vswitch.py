"""Open vSwitch as the end of the overlay: one tunnel for all virtual subnets and hosts, and flows instead of tables.

Each subnet's bridge has an internal port of Open vSwitch as its port to other hosts. A flow says, for each MAC address
behind that port, with which number and to which provider address its frames go; another says which numbers are taken
in for which port, from which hosts. What no flow is for is dropped.
"""

from __future__ import annotations

from raslab.hnv.plan.numbers import bridge_name, nvgre_key, ovs_name
from raslab.hnv.plan.segments import members, networks_on
from raslab.hnv.state import GUEST_MTU, ComputeHost, DatacenterState
from raslab.model.switching import VXLAN_PORT
from raslab.services.open_vswitch import OpenVSwitch, OvsDatabase, OvsPort
from raslab.services.service import Service

BRIDGE, TUNNEL = "hnv", "overlay"
_FLOW_ID_MASK = 0xFFFFFF00


def services(state: DatacenterState, host: ComputeHost) -> tuple[Service, ...]:
    """The daemons of one host; none if it knows no virtual network."""
    vsids = [subnet.vsid for network in networks_on(state, host) for subnet in network.subnets]
    if not vsids:
        return ()
    behind = [
        one
        for network in networks_on(state, host)
        for one in members(state, network)
        if one.host != host.node and one.vsid in vsids
    ]
    sent = [
        _sent(state, one.vsid, one.mac, host.provider_address, state.host(one.host).provider_address) for one in behind
    ]
    received = [
        _received(state, vsid, other.provider_address) for vsid in vsids for other in state.hosts if other != host
    ]
    return (
        OvsDatabase(),
        OpenVSwitch(
            BRIDGE,
            ports=(_tunnel(state, host), *map(_port, vsids)),
            flows=(*sent, *received),
            entries=tuple((ovs_name(one.vsid), one.mac) for one in behind),
        ),
    )


def _tunnel(state: DatacenterState, host: ComputeHost) -> OvsPort:
    kind = "type=gre" if state.encapsulation == "nvgre" else f"type=vxlan options:dst_port={VXLAN_PORT}"
    anywhere = f"options:local_ip={host.provider_address} options:remote_ip=flow options:key=flow"
    return OvsPort(TUNNEL, (kind, anywhere))


def _port(vsid: int) -> OvsPort:
    name = ovs_name(vsid)
    settings = "learning off flood off mcast_flood off bcast_flood off neigh_suppress on isolated on"
    return OvsPort(
        name,
        ("type=internal", f"mtu_request={GUEST_MTU}"),
        (
            f"sysctl -qw net.ipv6.conf.{name}.disable_ipv6=1",
            f"ip link set {name} master {bridge_name(vsid)}",
            f"bridge link set dev {name} {settings}",
            f"ip link set {name} up",
        ),
    )


def _sent(state: DatacenterState, vsid: int, mac: str, local: str, remote: str) -> str:
    number = nvgre_key(vsid) if state.encapsulation == "nvgre" else vsid
    actions = [f"set_field:{number}->tun_id", f"set_field:{local}->tun_src", f"set_field:{remote}->tun_dst"]
    if state.flow_id == "vary":
        actions.append("multipath(symmetric_l4,1,hrw,256,0,NXM_NX_TUN_ID[0..7])")
    return f"in_port={ovs_name(vsid)},dl_dst={mac},actions={','.join(actions)},output:{TUNNEL}"


def _received(state: DatacenterState, vsid: int, remote: str) -> str:
    number = str(vsid)
    if state.encapsulation == "nvgre":
        number = f"{nvgre_key(vsid)}/{_FLOW_ID_MASK:#x}" if state.flow_id == "vary" else str(nvgre_key(vsid))
    return f"in_port={TUNNEL},tun_id={number},tun_src={remote},actions=output:{ovs_name(vsid)}"
