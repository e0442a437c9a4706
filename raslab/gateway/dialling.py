"""A gateway and the thread that dials for all its parts."""

from __future__ import annotations

from abc import abstractmethod

from raslab.errors import TunnelRefusedError
from raslab.gateway.core import GatewayCore
from raslab.gateway.dialler import Dialler, Exchange
from raslab.gateway.plan.s2s import connections
from raslab.gateway.scopes import scopes
from raslab.gateway.state import VpnS2SInterface


class DiallingGateway(GatewayCore):
    """A gateway that dials by itself while strongSwan runs."""

    _thread: Dialler | None = None

    @property
    def _dialler(self) -> Dialler | None:
        return self._thread

    @abstractmethod
    def _promote(self, interface: VpnS2SInterface) -> None:
        """Let the desired state say what order of destinations an interface has come to."""

    def _after_change(self) -> None:
        super()._after_change()
        if self._thread is None and self._has_daemon("charon"):
            self._thread = Dialler(
                Exchange(
                    lambda: self.services.vici(self.name), self._enabled, self._load, self._promote, self._note_error
                )
            )
            self.network.before_stop(self._end_dialler)
        elif self._thread is not None:
            self._thread.look()

    def _end_dialler(self) -> None:
        dialler, self._thread = self._thread, None
        if dialler is not None:
            dialler.close()

    def _enabled(self) -> tuple[VpnS2SInterface, ...]:
        return tuple(one for part in self.state.scopes for one in part.vpn_s2s_interfaces if one.admin_status)

    def _note_error(self, interface: str, why: str) -> None:
        """What went wrong last with an interface, empty if all is well."""
        if why:
            self._last_errors[interface] = str(TunnelRefusedError(self.name, interface, why, []))
        else:
            self._last_errors.pop(interface, None)

    def _load(self, interface: VpnS2SInterface) -> None:
        """Give strongSwan the connection of an interface with its destinations in another order than is wanted."""
        self._check(self.state)  # a route may have gone since
        here = next(
            where
            for state, where in scopes(self.state, self.surroundings)
            if any(one.name == interface.name for one in state.vpn_s2s_interfaces)
        )
        found = connections(interface, here)[interface.name]
        self.services.vici(self.name).request("load-conn", {interface.name: found})
