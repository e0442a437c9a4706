"""Kernel settings of each kind of node."""

from __future__ import annotations

from raslab.model.topology import NodeKind

# A new namespace inherits IPv4 settings from the computer it runs on: those that matter are set either way.
_SYSCTLS = (
    ("net.ipv4.conf.all.rp_filter", "0"),
    ("net.ipv4.conf.default.rp_filter", "0"),
    # Taking an address away leaves the others of its subnet.
    ("net.ipv4.conf.all.promote_secondaries", "1"),
    # Addresses are used at once (RFC 4862, 5.4: detection may be off) and outlive `link down`.
    ("net.ipv6.conf.all.accept_dad", "0"),
    ("net.ipv6.conf.default.accept_dad", "0"),
    ("net.ipv6.conf.all.keep_addr_on_down", "1"),
)
_HOST_SYSCTLS = (*_SYSCTLS, ("net.ipv4.ip_forward", "0"))
_ROUTER_SYSCTLS = (*_SYSCTLS, ("net.ipv4.ip_forward", "1"), ("net.ipv6.conf.all.forwarding", "1"))
_SWITCH_SYSCTLS = (("net.ipv6.conf.default.disable_ipv6", "1"),)  # a switch has no addresses and sends nothing
SYSCTLS_OF = {
    NodeKind.HOST: _HOST_SYSCTLS,
    NodeKind.ROUTER: _ROUTER_SYSCTLS,
    NodeKind.BRIDGE: _SWITCH_SYSCTLS,
    NodeKind.OVS: _SWITCH_SYSCTLS,
}
