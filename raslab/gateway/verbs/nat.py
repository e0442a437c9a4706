"""The NetNat cmdlets."""

from __future__ import annotations

import ipaddress
from typing import Any

from raslab.gateway import conntrack, settings
from raslab.gateway.ask import sessions
from raslab.gateway.core import GatewayPart, call
from raslab.gateway.edits import Collection
from raslab.gateway.records import NetNatSession
from raslab.gateway.state import GatewayState, NetNat, NetNatExternalAddress, NetNatStaticMapping

NATS = Collection("net_nats", NetNat, "NAT", "net_nat")
POOLS = Collection(
    "net_nat_external_addresses",
    NetNatExternalAddress,
    "external address of NAT",
    "net_nat_external_address",
    ("nat_name", "ip_address"),
)
MAPPINGS = Collection(
    "net_nat_static_mappings",
    NetNatStaticMapping,
    "static mapping",
    "net_nat_static_mapping",
    ("nat_name", "protocol", "external_ip_address", "external_port", "remote_external_ip_address_prefix"),
)


class NatVerbs(GatewayPart):
    """Translators, their external addresses and static mappings."""

    @settings.takes(NetNat)
    def new_net_nat(self, name: str, **values: Any) -> NetNat:
        """Translate what leaves by the outside interface; see NetNat."""
        given = {"name": name, **values}
        self._change(call("new_net_nat", name, **values), lambda state: NATS.add(state, self.title, given))
        return NATS.get(self.state, self.title, name)

    @settings.takes(NetNat)
    def set_net_nat(self, name: str, **values: Any) -> NetNat:
        """Change a translator."""
        self._change(call("set_net_nat", name, **values), lambda state: NATS.change(state, self.title, (name,), values))
        return NATS.get(self.state, self.title, name)

    def get_net_nat(self) -> tuple[NetNat, ...]:
        """All translators."""
        return self.state.net_nats

    def remove_net_nat(self, name: str) -> None:
        """Remove a translator with its external addresses and static mappings."""

        def edit(state: GatewayState) -> GatewayState:
            left = NATS.remove(state, self.title, name)
            left = POOLS.keep(left, lambda one: one.nat_name != name)
            return MAPPINGS.keep(left, lambda one: one.nat_name != name)

        self._change(call("remove_net_nat", name), edit)

    @settings.takes(NetNatExternalAddress)
    def add_net_nat_external_address(self, nat_name: str, ip_address: str, **values: Any) -> NetNatExternalAddress:
        """Let a translator use other addresses than that of the outside interface; see NetNatExternalAddress."""
        given = {"nat_name": nat_name, "ip_address": ip_address, **values}
        verb = call("add_net_nat_external_address", nat_name, ip_address, **values)
        self._change(verb, lambda state: POOLS.add(state, self.title, given))
        return POOLS.get(self.state, self.title, nat_name, ip_address)

    def get_net_nat_external_address(self) -> tuple[NetNatExternalAddress, ...]:
        """All external addresses."""
        return self.state.net_nat_external_addresses

    def remove_net_nat_external_address(self, nat_name: str, ip_address: str) -> None:
        """Take external addresses from a translator."""
        verb = call("remove_net_nat_external_address", nat_name, ip_address)
        self._change(verb, lambda state: POOLS.remove(state, self.title, nat_name, ip_address))

    @settings.takes(NetNatStaticMapping)
    def add_net_nat_static_mapping(
        self, nat_name: str, protocol: str, external_port: int, internal_ip_address: str, **values: Any
    ) -> NetNatStaticMapping:
        """Lead a port of the outside to a host inside; see NetNatStaticMapping."""
        given = {
            "external_ip_address": "0.0.0.0",
            "remote_external_ip_address_prefix": None,
            **values,
            "nat_name": nat_name,
            "protocol": protocol,
            "external_port": external_port,
            "internal_ip_address": internal_ip_address,
        }
        verb = call("add_net_nat_static_mapping", nat_name, protocol, external_port, internal_ip_address, **values)
        self._change(verb, lambda state: MAPPINGS.add(state, self.title, given))
        return MAPPINGS.get(self.state, self.title, *(given[field] for field in MAPPINGS.key))

    def get_net_nat_static_mapping(self) -> tuple[NetNatStaticMapping, ...]:
        """All static mappings."""
        return self.state.net_nat_static_mappings

    def remove_net_nat_static_mapping(
        self,
        nat_name: str,
        protocol: str,
        external_port: int,
        external_ip_address: str = "0.0.0.0",
        remote_external_ip_address_prefix: str | None = None,
    ) -> None:
        """Remove a static mapping."""
        name = (nat_name, protocol, external_ip_address, external_port, remote_external_ip_address_prefix)
        self._change(
            call("remove_net_nat_static_mapping", nat_name, protocol, external_port),
            lambda state: MAPPINGS.remove(state, self.title, *name),
        )

    def get_net_nat_session(self) -> tuple[NetNatSession, ...]:
        """The connections that are being translated, by their inside address."""
        self._require_running()
        domain = self.surroundings.domain
        zone = 0 if domain is None else domain.number
        found = sessions.sessions(self.state, conntrack.dump(self.node, zone))
        return self._of_here(
            sorted(found, key=lambda one: (ipaddress.ip_address(one.internal_source_address), one.internal_source_port))
        )
