"""The RemoteAccessIpFilter cmdlets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from raslab.errors import GatewayRefusedError
from raslab.gateway import settings
from raslab.gateway.ask import filters
from raslab.gateway.core import GatewayPart, call
from raslab.gateway.edits import Collection
from raslab.gateway.records import IpFilterCounter
from raslab.gateway.state import GatewayState, RemoteAccessIpFilter

FILTERS = Collection(
    "ip_filters",
    RemoteAccessIpFilter,
    "filter",
    "remote_access_ip_filter",
    ("interface_alias", "address_family", "direction"),
)

Texts = str | Sequence[str]


class FilterVerbs(GatewayPart):
    """Packet filters of interfaces."""

    def add_remote_access_ip_filter(
        self,
        interface_alias: str,
        action: str,
        list: Texts,  # noqa: A002 - the cmdlet's word
        direction: str,
        address_family: str = "IPv4",
    ) -> RemoteAccessIpFilter:
        """Add lines to the filter of an interface; see RemoteAccessIpFilter. A filter has one action."""
        name = (interface_alias, address_family, direction)
        new = self._filter(interface_alias, action, list, direction, address_family)

        def edit(state: GatewayState) -> GatewayState:
            old = FILTERS.find(state, *name)
            if old is not None and old.action != action:
                raise GatewayRefusedError(
                    [
                        f"The {FILTERS.title(self.title, *name)} has the action {old.action}: "
                        "change it with set_remote_access_ip_filter."
                    ]
                )
            before = old.list if old is not None else ()
            return FILTERS.put(state, replace(new, list=tuple(dict.fromkeys((*before, *new.list)))))

        self._change(
            call("add_remote_access_ip_filter", interface_alias, action, list, direction, address_family), edit
        )
        return FILTERS.get(self.state, self.title, *name)

    def set_remote_access_ip_filter(
        self,
        interface_alias: str,
        action: str,
        list: Texts,  # noqa: A002 - the cmdlet's word
        direction: str,
        address_family: str = "IPv4",
    ) -> RemoteAccessIpFilter:
        """Give an interface this filter in the place of the one that it has."""
        new = self._filter(interface_alias, action, list, direction, address_family)
        self._change(
            call("set_remote_access_ip_filter", interface_alias, action, list, direction, address_family),
            lambda state: FILTERS.put(state, new),
        )
        return new

    def remove_remote_access_ip_filter(
        self, interface_alias: str, direction: str, address_family: str = "IPv4"
    ) -> None:
        """Remove the filter of an interface."""
        self._change(
            call("remove_remote_access_ip_filter", interface_alias, direction, address_family),
            lambda state: FILTERS.remove(state, self.title, interface_alias, address_family, direction),
        )

    def get_remote_access_ip_filter(self) -> tuple[RemoteAccessIpFilter, ...]:
        """All filters."""
        return self.state.ip_filters

    def get_remote_access_ip_filter_counters(self) -> tuple[IpFilterCounter, ...]:
        """What each line of the filters has seen; no cmdlet has this."""
        if not self.state.ip_filters:
            return ()
        self._require_running()
        rules = self.services.nft(self.name).rules("inet", "filters")
        return self._of_here(filters.counters(self.state.ip_filters, rules))

    def _filter(
        self, interface_alias: str, action: str, lines: Texts, direction: str, address_family: str
    ) -> RemoteAccessIpFilter:
        values = {
            "interface_alias": interface_alias,
            "action": action,
            "list": lines,
            "direction": direction,
            "address_family": address_family,
        }
        title = FILTERS.title(self.title, interface_alias, address_family, direction)
        return settings.record(RemoteAccessIpFilter, title, values)
