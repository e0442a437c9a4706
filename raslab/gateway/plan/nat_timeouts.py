"""How long the kernel remembers connections that NAT has translated: those of TCP and UDP by translator.

A connection gets the time-outs of its translator with its first packet, before conntrack takes it in for good. nftables
knows no such thing for ICMP (nft 1.0.6), so that the node has one value of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from raslab.gateway.outside import outside
from raslab.gateway.scopes import Scope
from raslab.gateway.state import GatewayState, NetNat
from raslab.gateway.surroundings import Surroundings
from raslab.net.names import kernel_name
from raslab.services.lines import in_quotes
from raslab.services.nft_script import word

# The kernel's own values, in seconds (nf_conntrack_proto_*.c).
TCP_ESTABLISHED_S, UDP_REPLIED_S = 432_000, 120
USUAL_SYSCTLS = {"net.netfilter.nf_conntrack_icmp_timeout": "30"}

_TRANSIENT = ("syn_sent", "syn_recv", "fin_wait", "close_wait", "time_wait")


@dataclass(frozen=True)
class NatTimeouts:
    """What nftables is told: policies by name, and rules that give connections these."""

    policies: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[str, ...] = ()


def of_translators(state: GatewayState, surroundings: Surroundings) -> NatTimeouts:
    """The time-outs of one part, the node itself or a routing domain.

    Of several translators for the same sources the first one counts. A later rule takes the place of an earlier one.
    """
    policies: dict[str, str] = {}
    rules: list[str] = []
    for nat in reversed(state.net_nats):
        for protocol, seconds in _policies(nat).items():
            tenant = "" if surroundings.domain is None else f"{word(surroundings.domain.name)}/"
            name = f"{protocol}-{tenant}{word(nat.name)}"
            values = ", ".join(f"{key} : {value}" for key, value in seconds.items())
            policies[name] = f"protocol {protocol}; l3proto ip; policy = {{ {values} }}"
            rules += (
                f'ct state new {match}meta l4proto {protocol} ct timeout set "{name}"'
                for match in _translated(nat, state, surroundings)
            )
    return NatTimeouts(policies, tuple(rules))


def sysctls(parts: Sequence[Scope]) -> dict[str, str]:
    """The kernel settings that a NAT asks for; of several the first one counts, as the kernel has one value."""
    (icmp,) = USUAL_SYSCTLS
    wanted = (one.icmp_query_timeout for state, _ in parts for one in state.net_nats)
    return next(({icmp: str(seconds)} for seconds in wanted if seconds is not None), {})


def _policies(nat: NetNat) -> dict[str, dict[str, int]]:
    """Seconds by state of the connection, by protocol; what is left out is the kernel's."""
    established, transient, idle = (
        nat.tcp_established_connection_timeout,
        nat.tcp_transient_connection_timeout,
        nat.udp_idle_session_timeout,
    )
    tcp = {} if established is None else {"established": established}
    tcp |= {} if transient is None else dict.fromkeys(_TRANSIENT, transient)
    udp = {} if idle is None else {"unreplied": idle, "replied": idle}
    return {protocol: seconds for protocol, seconds in (("tcp", tcp), ("udp", udp)) if seconds}


def _translated(nat: NetNat, state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """Matches of what a translator has translated, on its way out and on its way in."""
    inside = nat.internal_ip_interface_address_prefix
    source, target = ("", "") if inside is None else (f"ct original ip saddr {inside} ", f"ct reply ip saddr {inside} ")
    for name in outside(nat, state, surroundings).interfaces:
        yield f"oifname {in_quotes(kernel_name(name))} {source}ct status snat "
    yield f"{target}ct status dnat "
