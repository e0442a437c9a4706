"""Each daemon is killed in turn: it comes back with all that depends on it, and traffic flows again.

The twin of each test is the death without a supervisor that starts anything again: then traffic stays dead until the
next verb, which heals.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from tenants import WEB, tenants
from two_sites import WAN, Sites, TwoSites, until

from raslab.errors import NoSuchServiceError
from raslab.net import Network
from raslab.services.incidents import DaemonWarning

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("gre")]
SECRET = "correct horse battery staple"


@contextmanager
def sites(restart: bool, configure: Callable[[Sites], None]) -> Iterator[Sites]:
    """Two sites whose hosts reach each other."""
    with Network(TwoSites()) as network:
        found = Sites(network)
        found.services.restart = restart
        configure(found)
        until("the hosts reach each other", found.pings)
        yield found


def routed(found: Sites) -> None:
    """BGP with BFD over a GRE tunnel carries the LANs."""
    for here, there, gateway in ((1, 2, found.gw1), (2, 1, found.gw2)):
        tunnel = {"ipv4_address": f"10.255.0.{here}/30", "gre_key": 1}
        gateway.add_gre_interface("branch", source_ip_address=WAN[here], destination=WAN[there], **tunnel)
        with gateway.changing():
            gateway.add_bgp_router(bgp_identifier=f"10.{here}.0.254", local_asn=64511 + here)
            ends = {"local_ip_address": f"10.255.0.{here}", "peer_ip_address": f"10.255.0.{there}"}
            gateway.add_bgp_peer("other", peer_asn=64511 + there, bfd=True, **ends)
            gateway.add_bgp_custom_route(network=f"10.{here}.0.0/24")


def keyed(found: Sites) -> None:
    """An IPsec tunnel carries the LANs."""
    for there, gateway in ((2, found.gw1), (1, found.gw2)):
        gateway.add_vpn_s2s_interface(
            "branch",
            destination=WAN[there],
            authentication_method="PSKOnly",
            shared_secret=SECRET,
            ipv4_subnet=f"10.{there}.0.0/24:100",
        )


def is_healed(found: Sites, deaths: int) -> None:
    """Every death has been dealt with, and packets pass both ways."""
    until("the deaths are noticed", lambda: len(found.services.deaths()) >= deaths)
    until("host 1 reaches host 2", lambda: found.pings(count=3) == 3)
    until("host 2 reaches host 1", lambda: found.pings("10.1.0.1", "h2", count=3) == 3)


def bfd_is_up(found: Sites) -> bool:
    """Whether the session of each gateway has a BFD session that is up."""
    return all(
        [one["status"] for one in found.services.vty(node, "bfdd").show("show bfd peers json")] == ["up"]
        for node in ("gw1", "gw2")
    )


FRR = ("zebra", "bgpd", "bfdd")


def test_each_daemon_of_frr_comes_back_and_so_do_the_routes() -> None:
    with sites(True, routed) as found:
        until("BFD is up", lambda: bfd_is_up(found))
        names = [one.name for one in found.services.declared("gw1")]
        for number, daemon in enumerate(FRR, 1):
            found.services.kill("gw1", daemon)
            is_healed(found, number)
            until("BFD is up again", lambda: bfd_is_up(found))
            assert sorted(one.name for one in found.services.declared("gw1")) == sorted(names)
            assert "proto bgp" in found.network["gw1"].run("ip route show 10.2.0.0/24").stdout
        again = [one.again for one in found.services.incidents("gw1")]
        assert again == [("zebra", "bfdd", "bgpd"), ("bgpd",), ("bfdd",)]


def test_all_daemons_of_a_node_may_die_at_once() -> None:
    with sites(True, routed) as found:
        for daemon in FRR:
            with suppress(NoSuchServiceError):  # it may have fallen with another one, and be on its way back
                found.services.kill("gw1", daemon)
        until("each is back", lambda: _all_answer(found))
        is_healed(found, 1)


def _all_answer(found: Sites) -> bool:
    running = [one.name for one in found.services.declared("gw1")]
    return all(name in running and found.services.vty("gw1", name).answers() for name in FRR)


def test_without_restart_traffic_is_dead_until_the_next_verb_which_tells_and_heals() -> None:
    with sites(False, routed) as found:
        found.services.kill("gw1", "zebra")
        until("the death is noticed", found.services.deaths)
        found.network["gw1"].run("ip route delete 10.2.0.0/24")
        assert found.pings() == 0
        assert [one.name for one in found.services.declared("gw1") if one.name in FRR] == ["bfdd", "bgpd"]
        with pytest.warns(DaemonWarning, match="Node gw1: zebra was killed by SIGKILL"):
            found.gw1.add_bgp_custom_route(network="10.1.1.0/24")
        is_healed(found, 1)
        told = str(found.gw1.explain())
        assert "zebra was killed by SIGKILL" in told
        assert "# gw1: bgpd restart" in told


def test_charon_comes_back_with_connections_and_secrets_and_old_keys_are_gone() -> None:
    with sites(True, keyed) as found:
        found.services.kill("gw1", "charon")
        until("the death is noticed", found.services.deaths)
        until("charon has its connection", lambda: found.services.vici("gw1").list_conns())
        is_healed(found, 1)
        assert found.network["gw1"].run("ip xfrm state").stdout.count("proto esp") == 2
        assert found.gw1.get_vpn_s2s_interface()[0].connection_state == "Connected"


def test_what_was_connected_is_dialled_again_though_only_the_other_side_sends() -> None:
    with sites(True, keyed) as found:
        found.services.kill("gw1", "charon")
        until("the death is noticed", found.services.deaths)
        until("host 2 reaches host 1", lambda: found.pings("10.1.0.1", "h2"), 8)


@pytest.mark.needs("vrf", "bridge vlans", "openvswitch", "vxlan")
@pytest.mark.skipif(shutil.which("ovs-vswitchd") is None, reason="openvswitch-switch is not installed")
def test_a_switch_and_its_database_come_back_with_ports_and_flows() -> None:
    with tenants(switch="ovs") as bed:
        bed.dc.services.restart = True
        for number, daemon in enumerate(("ovs-vswitchd", "ovsdb-server"), 1):
            assert bed.pings("contoso-sql", WEB) == 1
            bed.dc.services.kill("host1", daemon)
            until("the death is noticed", lambda n=number: len(bed.dc.services.deaths()) == n)
            until("machines reach each other", lambda: bed.pings("contoso-sql", WEB) == 1)
            assert bed.pings("fabrikam-sql", WEB) == 1
        again = [one.again for one in bed.dc.services.incidents("host1")]
        assert again == [("ovs-vswitchd",), ("ovsdb-server", "ovs-vswitchd")]


def test_one_that_dies_again_and_again_is_given_up() -> None:
    with sites(True, routed) as found:
        for number in range(1, 6):
            found.services.kill("gw1", "bfdd")
            until("the death is noticed", lambda n=number: len(found.services.deaths()) == n)
        assert "bfdd" not in [one.name for one in found.services.declared("gw1")]
        assert "again and again" in str(found.services.incidents("gw1")[-1])
