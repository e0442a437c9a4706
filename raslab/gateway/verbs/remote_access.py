"""Install-RemoteAccess and its like."""

from __future__ import annotations

from dataclasses import replace

from raslab.gateway.core import GatewayCore, call
from raslab.gateway.settings import record
from raslab.gateway.state import GatewayState, RemoteAccess


class RemoteAccessVerbs(GatewayCore):
    """The role itself."""

    def install_remote_access(self, vpn_type: str = "VpnS2S") -> RemoteAccess:
        """Make the node a gateway. vpn_type: ``Vpn``, ``VpnS2S`` or ``RoutingOnly`` (no VPN, just BGP)."""
        role = record(RemoteAccess, f"remote access of {self.name}", {"vpn_type": vpn_type})
        self._change(call("install_remote_access", vpn_type=vpn_type), lambda state: replace(state, remote_access=role))
        return role

    def uninstall_remote_access(self) -> None:
        """Remove everything that the gateway was told and has made of its node."""
        self._change("uninstall_remote_access()", lambda _: GatewayState())

    def get_remote_access(self) -> RemoteAccess | None:
        """The installed role, None if there is none."""
        return self.state.remote_access
