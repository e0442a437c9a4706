"""WireGuard interfaces, which Windows does not have, in the manner of the VpnS2SInterface cmdlets."""

from __future__ import annotations

from typing import Any

from raslab.errors import TunnelRefusedError
from raslab.gateway import settings
from raslab.gateway.core import call
from raslab.gateway.records import VpnS2SInterfaceStatus
from raslab.gateway.state import S2SInterface, VpnS2SInterface, WireguardInterface
from raslab.gateway.verbs.s2s import WIREGUARD, S2SVerbs
from raslab.services import Wireguard, WireguardKeys
from raslab.services.wireguard import WireguardPeer, new_keys


class WireguardVerbs(S2SVerbs):
    """All site-to-site interfaces: WireGuard besides IKEv2 and GRE."""

    def new_wireguard_keys(self) -> WireguardKeys:
        """A private key for a WireGuard interface, and the public key that the other gateway needs to know."""
        return new_keys()

    @settings.takes(WireguardInterface)
    def add_wireguard_interface(self, name: str, **values: Any) -> WireguardInterface:
        """Add a WireGuard tunnel to another gateway; see WireguardInterface for the settings."""
        given = {"name": name, **values}
        self._change(
            call("add_wireguard_interface", name, **values),
            self._of_new_name(name, WIREGUARD, lambda state: WIREGUARD.add(state, self.title, given)),
        )
        return WIREGUARD.get(self.state, self.title, name)

    def disconnect_vpn_s2s_interface(self, name: str) -> VpnS2SInterfaceStatus:
        """Hang up, see S2SVerbs; of WireGuard: forget the keys, until the next packet makes new ones."""
        if WIREGUARD.find(self.state, name) is not None:
            self._require_running()
            self._peer(name).hang_up()
        return super().disconnect_vpn_s2s_interface(name)

    def _dial(self, interface: VpnS2SInterface | WireguardInterface, timeout_s: float) -> None:
        if not isinstance(interface, WireguardInterface):
            super()._dial(interface, timeout_s)
            return
        try:
            self._peer(interface.name).dial(timeout_s)
        except TunnelRefusedError as error:
            self._last_errors[interface.name] = str(error)
            raise
        self._last_errors.pop(interface.name, None)

    def _has_keys(self, interface: S2SInterface) -> bool:
        if not isinstance(interface, WireguardInterface) or not self.network.is_running:
            return False
        return self._peer(interface.name).is_connected()

    def _peer(self, name: str) -> WireguardPeer:
        (service,) = (one for one in self.services.declared(self.name) if isinstance(one, Wireguard))
        (wanted,) = (one for one in service.interfaces if one.interface == name)
        return WireguardPeer(self.services.place(self.name, Wireguard.name), wanted)
