"""Install-RemoteAccess and its like."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from raslab.gateway.core import GatewayCore, call
from raslab.gateway.settings import record, takes
from raslab.gateway.state import GatewayState, RemoteAccess


class RemoteAccessVerbs(GatewayCore):
    """The role itself."""

    @takes(RemoteAccess)
    def install_remote_access(self, **values: Any) -> RemoteAccess:
        """Make the node a gateway; see RemoteAccess for the settings."""
        role = record(RemoteAccess, f"remote access of {self.title}", values)
        self._change(call("install_remote_access", **values), lambda state: replace(state, remote_access=role))
        return role

    def uninstall_remote_access(self) -> None:
        """Remove everything that the gateway was told and has made of its node."""
        self._change("uninstall_remote_access()", lambda _: GatewayState())

    def get_remote_access(self) -> RemoteAccess | None:
        """The installed role, None if there is none."""
        return self.state.remote_access
