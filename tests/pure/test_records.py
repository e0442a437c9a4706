"""What gateways answer, as frames."""

from __future__ import annotations

from dataclasses import replace

import pytest

from raslab.errors import NoSuchColumnError
from raslab.gateway.records import BgpRouteInformation, VpnS2SInterfaceStatus
from raslab.notebook.records import frame

ROUTE = BgpRouteInformation("10.2.1.0/24", "10.255.0.2", "branch", "Best", None, 0, 32768, "64513", "IGP")
INTERFACE = VpnS2SInterfaceStatus(
    "branch", "IKEv2", ("192.0.2.1", "192.0.2.2"), True, "Connected", (), (), "AES", "AES", ""
)


def test_all_columns_or_those_named_in_their_order() -> None:
    assert list(frame([ROUTE]).columns)[:3] == ["destination_network", "next_hop", "learnt_from"]
    assert frame([ROUTE], "state", "local_pref", "med").to_numpy().tolist() == [["Best", "", 0]]


def test_lists_become_text() -> None:
    assert frame([INTERFACE], "destination", "ipv4_subnet").to_numpy().tolist() == [["192.0.2.1, 192.0.2.2", ""]]


def test_nothing_is_a_frame_without_rows() -> None:
    assert list(frame([], "state").columns) == ["state"]
    assert len(frame([])) == 0


def test_unknown_columns_are_named() -> None:
    with pytest.raises(NoSuchColumnError, match="no column metric; the columns are: destination_network, next_hop"):
        frame([ROUTE], "state", "metric")


def test_the_routing_domain_is_shown_where_there_is_one() -> None:
    of_tenants = [replace(ROUTE, routing_domain=name) for name in ("Contoso", "Woodgrove")]
    assert list(frame(of_tenants).columns)[:2] == ["routing_domain", "destination_network"]
    assert frame([ROUTE, *of_tenants])["routing_domain"].tolist() == ["", "Contoso", "Woodgrove"]
