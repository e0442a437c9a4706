"""Which packets dial an interface, and what happens when its tunnel comes up and goes down.

A tunnel is dialled by whatever reaches its XFRM interface. What may not dial is dropped before, unless the interface is
in the set of connected ones, which strongSwan keeps by a command that it runs for each tunnel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote

from raslab.gateway.forced import is_forced
from raslab.gateway.plan import forced
from raslab.gateway.plan.filters import match
from raslab.gateway.scopes import Scope
from raslab.gateway.state import VpnS2SInterface
from raslab.gateway.state.notation import subnet
from raslab.gateway.surroundings import Surroundings
from raslab.net.names import kernel_name
from raslab.services import Chain, NftSet, Table
from raslab.services.lines import in_quotes
from raslab.services.nft_script import word

TABLE, _CONNECTED = "dialling", "connected"
# What strongSwan tells its commands, how long a prefix of one address is, and words for `ip`.
_ASSIGNED = (("PLUTO_MY_SOURCEIP4_1", 32, ""), ("PLUTO_MY_SOURCEIP6_1", 128, " nodad"))
_HOOK = "type filter hook postrouting priority 290; policy accept"


def table(parts: Sequence[Scope]) -> Table | None:
    """The table ``dialling``, or None if every packet may dial."""
    interfaces = (one for state, _ in parts for one in state.vpn_s2s_interfaces)
    filtered = [one for one in interfaces if one.admin_status and _is_filtered(one)]
    if not filtered:
        return None
    ways = tuple(f"{in_quotes(kernel_name(one.name))} : jump {_chain(one)}" for one in filtered)
    return Table(
        "inet",
        TABLE,
        chains={
            "postrouting": Chain(_HOOK, (f"oifname != @{_CONNECTED} oifname vmap @ways",)),
            **{_chain(one): Chain("", tuple(_rules(one))) for one in filtered},
        },
        sets={_CONNECTED: NftSet("type ifname"), "ways": NftSet("type ifname : verdict", ways, "map")},
    )


def is_connected(name: str) -> str:
    """The command of nft that notes an interface as connected."""
    return f"add element inet {TABLE} {_CONNECTED} {{ {in_quotes(kernel_name(name))} }}"


def updown(interface: VpnS2SInterface, surroundings: Surroundings) -> str:
    """A shell command for strongSwan's plugin of that name, empty if there is nothing to do."""
    name = kernel_name(interface.name)
    domain = surroundings.domain
    up, down = [], []
    if _is_filtered(interface):
        up.append(f"nft {quote(is_connected(interface.name))}")
        down.append(f"nft {quote(is_connected(interface.name).replace('add', 'delete', 1))}")
    for text in (*interface.post_connection_ipv4_subnet, *interface.post_connection_ipv6_subnet):
        route = subnet(text)
        number = domain.table if domain is not None else None
        if number is None and is_forced(route, interface, surroundings):
            number = forced.table_of(route, surroundings)
        table = "" if number is None else f" table {number}"
        up.append(f"ip route replace {route.network} dev {name} metric {route.metric}{table}")
        down.append(f"ip route delete {route.network} dev {name} metric {route.metric}{table}")
    if interface.initiate_config_payload:
        up += _assigned("replace", name)
        down += _assigned("delete", name)
    if not up:
        return ""
    choice = f"case $PLUTO_VERB in up-*) {'; '.join(up)};; down-*) {'; '.join(down)};; esac"
    return f"sh -c {quote(choice)}"  # charon puts a redirection before it, which a compound command does not allow


def _assigned(verb: str, device: str) -> list[str]:
    """What gives the tunnel's interface the addresses that the other side has assigned, or takes them."""
    return [
        f'[ -z "${variable}" ] || ip address {verb} "${variable}/{length}" dev {device}{options}'
        for variable, length, options in _ASSIGNED
    ]


def _chain(interface: VpnS2SInterface) -> str:
    """The chain for what would dial an interface."""
    return f"dials-{word(interface.name)}"


def _is_filtered(interface: VpnS2SInterface) -> bool:
    return bool(interface.ipv4_trigger_filter or interface.ipv6_trigger_filter)


def _rules(interface: VpnS2SInterface) -> Iterator[str]:
    for family, protocol, lines, action in (
        ("ipv4", "ip", interface.ipv4_trigger_filter, interface.ipv4_trigger_filter_action),
        ("ipv6", "ip6", interface.ipv6_trigger_filter, interface.ipv6_trigger_filter_action),
    ):
        where = f"meta nfproto {family}"
        verdict = "accept" if action == "Allow" else "drop"
        for text in lines:
            yield " ".join([where, *match(text, protocol), "counter", verdict])
        if lines and action == "Allow":
            yield f"{where} counter drop"
