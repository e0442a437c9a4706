"""NAT44 of a node: what each of its parts translates, and how tenants with equal addresses are told apart.

Conntrack remembers connections by their addresses. Those of each routing domain are in a zone of their own, which has
its number, so that equal ones do not meet. What a tenant sends is known by the interface that it comes in by; what
comes back by an interface that tenants share, by the address that it is for, and gets the tenant's number as a mark, by
which it is routed in the tenant's table. A packet finds the rules of its tenant by one look-up, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from raslab.gateway.outside import external_addresses, outside, tunnel_addresses
from raslab.gateway.plan import marks
from raslab.gateway.plan.translation import Translation, translation
from raslab.gateway.scopes import Scope
from raslab.gateway.state import GatewayState, RoutingDomain
from raslab.gateway.surroundings import Surroundings
from raslab.model.topology import Route
from raslab.net.names import kernel_name
from raslab.services import Chain, NftSet, Table
from raslab.services.lines import in_quotes
from raslab.services.nft_script import word

_HOOKS = {
    "prerouting": "type nat hook prerouting priority dstnat; policy accept",
    "postrouting": "type nat hook postrouting priority srcnat; policy accept",
    "opened": "type filter hook postrouting priority 101; policy accept",
    "timeouts": "type filter hook postrouting priority 101; policy accept",
}
_METRIC = 1000  # any other default route of a tenant comes before the one to its translator


def table(parts: Sequence[Scope]) -> Table | None:
    """The table ``nat`` with what is translated, or None without any NAT."""
    found = [(where, translation(state, where)) for state, where in parts if state.net_nats]
    if not found:
        return None
    domains = [where.domain for _, where in parts if where.domain is not None]
    if not domains:
        ((_, own),) = found
        rules = {base: _rules(own, base) for base in _HOOKS}
        chains = {base: Chain(_HOOKS[base], rules[base]) for base in _HOOKS if rules[base]}
        return Table("ip", "nat", {**_own_chain([own]), **chains}, own.maps, timeouts=own.timeouts.policies)
    chains, sets = _of_tenants([(where.domain, one) for where, one in found if where.domain is not None])
    maps = _zone_maps(parts)
    policies = {name: policy for _, one in found for name, policy in one.timeouts.policies.items()}
    marking = _own_chain([one for _, one in found])
    zones = _zone_chains("outsides" in maps)
    return Table("ip", "nat", {**zones, **marking, **chains}, {**maps, **sets}, timeouts=policies)


def addresses(state: GatewayState, surroundings: Surroundings) -> tuple[tuple[str, str], ...]:
    """Addresses for the outside interfaces besides their own, so that neighbours find the translated ones.

    A tunnel gets them too: what is for such an address and for nobody inside then ends here.
    """
    found: dict[tuple[str, str], None] = {}
    for nat in state.net_nats:
        around, names = outside(nat, state, surroundings)
        own = {str(known.ip) for _, known in around.addresses} | set(map(str, tunnel_addresses(state).values()))
        for text in external_addresses(nat, state):
            if text not in own:
                found[names[0], f"{text}/32"] = None
    return tuple(found)


def routes(state: GatewayState, surroundings: Surroundings) -> tuple[Route, ...]:
    """The way of a tenant to an outside that it shares, as soon as it has addresses there."""
    found: dict[Route, None] = {}
    for interface in _shared(state, surroundings):
        hop = surroundings.underlay.default_gateway(4)
        found[Route(surroundings.node, "default", hop, interface, _METRIC, surroundings.vrf)] = None
    return tuple(found)


def is_shared(state: GatewayState, surroundings: Surroundings) -> bool:
    """Whether a tenant has addresses on interfaces that it shares: what comes back there is marked with its number."""
    return bool(_shared(state, surroundings))


def _shared(state: GatewayState, surroundings: Surroundings) -> dict[str, list[str]]:
    """The addresses that a tenant has on interfaces which it shares, by interface."""
    found: dict[str, list[str]] = {}
    for nat in state.net_nats:
        around, names = outside(nat, state, surroundings)
        if around is not surroundings:
            for text in external_addresses(nat, state):
                found.setdefault(names[0], []).append(text)
    return found


def _of_tenants(
    found: Sequence[tuple[RoutingDomain, Translation]],
) -> tuple[dict[str, Chain], dict[str, NftSet]]:
    """Base chains that lead each packet to the chain of its tenant, by its zone."""
    chains: dict[str, Chain] = {}
    sets: dict[str, NftSet] = {}
    for _, one in found:
        sets.update(one.maps)
    for base, header in _HOOKS.items():
        own = [(domain.number, f"{base}-{word(domain.name)}", _rules(one, base)) for domain, one in found]
        elements = tuple(f"{number} : jump {name}" for number, name, rules in own if rules)
        if elements:
            chains[base] = Chain(header, (f"ct zone vmap @{base}-ways",))
            chains.update({name: Chain("", rules) for _, name, rules in own if rules})
            sets[f"{base}-ways"] = NftSet("typeof ct zone : verdict", elements, "map")
    return chains, sets


def _own_chain(translations: Iterable[Translation]) -> dict[str, Chain]:
    """What marks connections that the node itself begins: only they pass the hook of output, tunnels' outer packets
    too."""
    needed = any(one.heeds_own for one in translations)
    return {"own": Chain("type filter hook output priority mangle; policy accept", (marks.MARK_OWN,))} if needed else {}


def _rules(one: Translation, base: str) -> tuple[str, ...]:
    rules = {"prerouting": one.inward, "postrouting": one.outward, "opened": one.opened, "timeouts": one.timeouts.rules}
    return rules[base]


def _zone_chains(shared: bool) -> dict[str, Chain]:
    """What puts packets into zones. shared: some tenants have addresses on interfaces that are not theirs alone."""
    by_address = ("ct zone set iifname . ip daddr map @zones-outside",) if shared else ()
    chains = {
        "zones": Chain(
            "type filter hook prerouting priority raw; policy accept",
            ("ct zone set iifname map @zones", *by_address),
        ),
        "zones-of-own": Chain(
            "type filter hook output priority raw; policy accept", ("ct zone set oifname map @zones",)
        ),
    }
    if shared:
        # Routing looks at the mark, and at the address that the translation has put in.
        chains["marks"] = Chain(
            "type filter hook prerouting priority dstnat + 10; policy accept",
            ("iifname @outsides ct status snat,dnat meta mark set ct zone",),
        )
        # An address of a tenant's own means nothing outside. This holds before a new tenant has any rules.
        way_out = 'meta iifkind "vrf" oifname @outsides'
        chains["untranslated"] = Chain(
            "type filter hook postrouting priority srcnat + 10; policy accept",
            (f"{way_out} ct status snat,dnat accept", f"{way_out} counter drop"),
        )
    return chains


def _zone_maps(parts: Sequence[Scope]) -> dict[str, NftSet]:
    """Which zone a packet is in by its interface, or by its interface and the address that it is for."""
    tenants = [(where.domain, state, where) for state, where in parts if where.domain is not None]
    inside = tuple(
        f"{in_quotes(kernel_name(name))} : {domain.number}"
        for domain, state, _ in tenants
        for name in _inside(domain, state)
    )
    maps = {"zones": NftSet("typeof iifname : ct zone", inside, "map")}
    shared = [(domain, _shared(state, where)) for domain, state, where in tenants]
    by_address = tuple(
        f"{in_quotes(kernel_name(interface))} . {text} : {domain.number}"
        for domain, found in shared
        for interface, texts in found.items()
        for text in dict.fromkeys(texts)
    )
    if by_address:
        maps["zones-outside"] = NftSet("typeof iifname . ip daddr : ct zone", by_address, "map")
        maps["outsides"] = _names(name for _, found in shared for name in found)
    return maps


def _names(interfaces: Iterable[str]) -> NftSet:
    return NftSet("type ifname", tuple(in_quotes(name) for name in dict.fromkeys(map(kernel_name, interfaces))))


def _inside(domain: RoutingDomain, state: GatewayState) -> tuple[str, ...]:
    """The interfaces of a tenant; what the node itself sends in a VRF leaves by the VRF's device first."""
    return (domain.vrf, *domain.interfaces, *(one.name for one in state.s2s_interfaces))
