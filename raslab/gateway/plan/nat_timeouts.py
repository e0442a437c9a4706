"""How long the kernel remembers connections that NAT has translated."""

from __future__ import annotations

from collections.abc import Sequence

from raslab.gateway.scopes import Scope

# Settings of conntrack with the kernel's own values, in seconds (nf_conntrack_proto_*.c).
_TIMEOUTS = {
    "icmp_query_timeout": (("nf_conntrack_icmp_timeout", 30),),
    "tcp_established_connection_timeout": (("nf_conntrack_tcp_timeout_established", 432_000),),
    "tcp_transient_connection_timeout": (
        ("nf_conntrack_tcp_timeout_syn_sent", 120),
        ("nf_conntrack_tcp_timeout_syn_recv", 60),
        ("nf_conntrack_tcp_timeout_fin_wait", 120),
        ("nf_conntrack_tcp_timeout_close_wait", 60),
        ("nf_conntrack_tcp_timeout_time_wait", 120),
    ),
    "udp_idle_session_timeout": (("nf_conntrack_udp_timeout", 30), ("nf_conntrack_udp_timeout_stream", 120)),
}

USUAL_TIMEOUTS = {f"net.netfilter.{name}": str(value) for settings in _TIMEOUTS.values() for name, value in settings}


def timeouts(parts: Sequence[Scope]) -> dict[str, str]:
    """The kernel settings that a NAT asks for; of several the first one counts, as the kernel has one value."""
    found: dict[str, str] = {}
    for nat in (one for state, _ in parts for one in state.net_nats):
        for field, settings in _TIMEOUTS.items():
            if (seconds := getattr(nat, field)) is not None:
                for name, _ in settings:
                    found.setdefault(f"net.netfilter.{name}", str(seconds))
    return found
