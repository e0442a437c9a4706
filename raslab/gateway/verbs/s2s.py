"""The VpnS2SInterface cmdlets."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from raslab.errors import GatewayRefusedError, TunnelRefusedError
from raslab.gateway import settings
from raslab.gateway.ask import ipsec
from raslab.gateway.core import GatewayPart, call
from raslab.gateway.dialler import dial
from raslab.gateway.edits import Collection
from raslab.gateway.plan.s2s import interface_of
from raslab.gateway.records import VpnS2SInterfaceStatus
from raslab.gateway.state import (
    GatewayState,
    GreInterface,
    MachineCertificate,
    S2SInterface,
    VpnS2SInterface,
    VpnTrafficSelector,
    WireguardInterface,
)
from raslab.model.sentences import shown

IKEV2 = Collection("vpn_s2s_interfaces", VpnS2SInterface, "S2S interface", "vpn_s2s_interface")
GRE = Collection("gre_interfaces", GreInterface, "GRE interface", "vpn_s2s_interface")
WIREGUARD = Collection("wireguard_interfaces", WireguardInterface, "WireGuard interface", "vpn_s2s_interface")
KINDS: tuple[Collection[Any], ...] = (IKEV2, GRE, WIREGUARD)

DIAL_S = 15.0


class S2SVerbs(GatewayPart):
    """Site-to-site interfaces: IKEv2 and GRE."""

    @settings.takes(VpnS2SInterface)
    def add_vpn_s2s_interface(self, name: str, **values: Any) -> VpnS2SInterface:
        """Add an IKEv2 interface to another gateway; see VpnS2SInterface for the settings."""
        given = {"name": name, **values}
        self._change(
            call("add_vpn_s2s_interface", name, **values),
            self._of_new_name(name, IKEV2, lambda state: IKEV2.add(state, self.title, given)),
        )
        return IKEV2.get(self.state, self.title, name)

    @settings.takes(GreInterface)
    def add_gre_interface(self, name: str, **values: Any) -> GreInterface:
        """Add a GRE tunnel to another gateway; see GreInterface for the settings."""
        given = {"name": name, **values}
        self._change(
            call("add_gre_interface", name, **values),
            self._of_new_name(name, GRE, lambda state: GRE.add(state, self.title, given)),
        )
        return GRE.get(self.state, self.title, name)

    def set_vpn_s2s_interface(self, name: str, **values: Any) -> S2SInterface:
        """Change an interface, of any kind.

        A tunnel of IKEv2 ends with the credentials, policy, destination or revocation list that it was agreed on under;
        other settings count at once, or from the next connection on if they are agreed on.
        """
        kind = self._kind(name)
        self._change(
            call("set_vpn_s2s_interface", name, **values), lambda state: kind.change(state, self.title, (name,), values)
        )
        found: S2SInterface = kind.get(self.state, self.title, name)
        return found

    def remove_vpn_s2s_interface(self, name: str) -> None:
        """Remove an interface, of any kind, with its tunnel and its routes."""
        kind = self._kind(name)
        self._change(call("remove_vpn_s2s_interface", name), lambda state: kind.remove(state, self.title, name))

    def get_vpn_s2s_interface(self, name: str | None = None) -> tuple[VpnS2SInterfaceStatus, ...]:
        """All interfaces, or the one of that name, with the state of their tunnels."""
        if name is not None:
            self._kind(name)
        sas = self._sas()
        return self._of_here(
            ipsec.status(one, sas, self._last_errors.get(one.name, ""), self._has_keys(one))
            for one in self.state.s2s_interfaces
            if name in (None, one.name)
        )

    def connect_vpn_s2s_interface(self, name: str, timeout_s: float = DIAL_S) -> VpnS2SInterfaceStatus:
        """Dial, and wait until the tunnel is up; GRE has nothing to dial.

        Destinations are tried in order, each once, for `timeout_s` at most; with promote_alternate the one that
        answered becomes the first. Raises TunnelRefusedError with what the last one said.
        """
        self._require_running()
        (known,) = self.get_vpn_s2s_interface(name)
        if known.connection_state == "Disabled":
            raise GatewayRefusedError(
                [
                    f"S2S interface {name} of {self.title} is disabled: "
                    f"call set_vpn_s2s_interface({name!r}, admin_status=True)."
                ]
            )
        if known.connection_state == "Disconnected":
            with self._dialler.by_hand(name) if self._dialler is not None else nullcontext():
                self._dial(self._kind(name).get(self.state, self.title, name), timeout_s)
        return self.get_vpn_s2s_interface(name)[0]

    def disconnect_vpn_s2s_interface(self, name: str) -> VpnS2SInterfaceStatus:
        """Hang up. The next packet dials again; of itself a persistent interface does not after this."""
        self._require_running()
        self._kind(name)
        if self._dialler is not None:
            self._dialler.hang_up(name)
        for connection in sorted({sa["name"] for sa in self._sas() if interface_of(sa["name"]) == name}):
            self.services.vici(self.name).terminate(ike=connection, force=True)
        return self.get_vpn_s2s_interface(name)[0]

    def new_vpn_traffic_selector(self, **values: Any) -> VpnTrafficSelector:
        """A traffic selector for an IKEv2 interface; see VpnTrafficSelector."""
        return settings.record(VpnTrafficSelector, "a traffic selector", values)

    def new_machine_certificate(
        self, certificate: str, key: str, authority: str, revoked: str = ""
    ) -> MachineCertificate:
        """A certificate for an IKEv2 interface, from PEM texts; see MachineCertificate for chains and lists."""
        values = {"certificate": certificate, "key": key, "authority": authority, "revoked": revoked}
        return settings.record(MachineCertificate, "a machine certificate", values)

    def _dial(self, interface: Any, timeout_s: float) -> None:
        """strongSwan calls the first address of a connection only, so each destination has to be the first in turn."""
        answered: str | None = None
        try:
            for target in interface.destination:
                self._order(interface, target)
                try:
                    dial(self.services.vici(self.name), interface.name, timeout_s)
                except TunnelRefusedError as error:
                    self._last_errors[interface.name] = str(error)
                    if self._dialler is not None:
                        self._dialler.disregard(error)
                    if target == interface.destination[-1]:
                        raise
                else:
                    self._last_errors.pop(interface.name, None)
                    answered = target
                    return
        finally:
            first = answered if answered is not None and interface.promote_alternate else interface.destination[0]
            self._order(interface, first)

    def _order(self, interface: VpnS2SInterface, first: str) -> None:
        """Put one destination first and leave the others in their order."""
        others = tuple(one for one in interface.destination if one != first)
        if IKEV2.get(self.state, self.title, interface.name).destination != (first, *others):
            wanted = {"destination": (first, *others)}
            self._change(
                call("connect_vpn_s2s_interface", interface.name, **wanted),
                lambda state: IKEV2.change(state, self.title, (interface.name,), wanted),
            )

    def _of_new_name(
        self, name: str, kind: Collection[Any], edit: Callable[[GatewayState], GatewayState]
    ) -> Callable[[GatewayState], GatewayState]:
        """The edit, refused if an interface of another kind has that name."""

        def checked(state: GatewayState) -> GatewayState:
            for other in KINDS:
                if other is not kind and other.find(state, name) is not None:
                    raise GatewayRefusedError([f"{self.title} already has a {other.noun} {name}: choose another name."])
            return edit(state)

        return checked

    def _kind(self, name: str) -> Collection[Any]:
        """The kind of the interface of that name; raises GatewayRefusedError if there is none."""
        for kind in KINDS:
            if kind.find(self.state, name) is not None:
                return kind
        known = [one.name for one in self.state.s2s_interfaces]
        raise GatewayRefusedError(
            [f"{self.title} has no S2S interface {shown(name)}: there is {', '.join(known) or 'none'}."]
        )

    def _has_keys(self, interface: S2SInterface) -> bool:
        """Whether an interface has agreed on keys without strongSwan."""
        return False

    def _sas(self) -> list[dict[str, Any]]:
        return self.services.vici(self.name).list_sas() if self._has_daemon("charon") else []
