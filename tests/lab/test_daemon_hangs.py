"""A daemon that hangs is named by the next verb, a question, explain() and the live view, and nobody waits for it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from two_sites import WAN, Sites, TwoSites, until

from raslab.errors import DaemonHangsError
from raslab.measure.feed import CounterFeed
from raslab.net import Network
from raslab.notebook.lab import LabNetwork
from raslab.notebook.view import View

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.both]
DAEMONS = ("zebra", "bgpd", "charon")


@pytest.fixture
def sites() -> Iterator[Sites]:
    """A gateway with BGP and IPsec on each site."""
    with LabNetwork(TwoSites()) as network:
        found = Sites(network)
        for here, there, gateway in ((1, 2, found.gw1), (2, 1, found.gw2)):
            gateway.add_bgp_router(bgp_identifier=f"10.{here}.0.254", local_asn=64511 + here)
            gateway.add_vpn_s2s_interface(
                "branch", destination=WAN[there], authentication_method="PSKOnly", shared_secret="secret"
            )
        yield found


def stop(sites: Sites, daemon: str) -> int:
    """Stop a daemon of gw1; returns its process."""
    process = sites.services.place("gw1", daemon).process
    assert process is not None
    os.kill(process, signal.SIGSTOP)
    until("it has stopped", lambda: ") T " in Path(f"/proc/{process}/stat").read_text())
    return process


@pytest.mark.parametrize("daemon", DAEMONS)
def test_a_stopped_daemon_is_named_wherever_one_looks_and_heals(sites: Sites, daemon: str) -> None:
    network: Network = sites.network
    feed = CounterFeed(network)  # type: ignore[arg-type]
    view = View("sites", network, feed, {}, lambda _: None, lambda: None, sites.services.ailments)  # type: ignore[arg-type]
    view.refresh()
    assert "hangs" not in view.health.value
    assert "hangs" not in str(sites.gw1.explain())
    process = stop(sites, daemon)
    before = sites.gw1.state
    named = rf"Node gw1: {daemon} \(process {process}\) hangs: it has been stopped by SIGSTOP"
    with pytest.raises(DaemonHangsError, match=named):
        sites.gw1.add_bgp_custom_route(network="10.1.9.0/24")
    assert sites.gw1.state == before
    with pytest.raises(DaemonHangsError, match=named):
        _ask(sites, daemon)
    assert f"Node gw1: {daemon} (process {process}) hangs" in str(sites.gw1.explain())
    assert f"{daemon} (process {process}) hangs" in sites.services.ailments()[0]
    for _ in range(4):
        view.refresh()
    assert f"{daemon} (process {process}) hangs" in view.health.value
    os.kill(process, signal.SIGCONT)
    sites.gw1.add_bgp_custom_route(network="10.1.9.0/24")
    assert sites.services.ailments(ask=True) == ()
    for _ in range(4):
        view.refresh()
    assert "hangs" not in view.health.value
    view.close()


def _ask(sites: Sites, daemon: str) -> None:
    if daemon == "charon":
        sites.services.vici("gw1").list_sas()
    else:
        sites.services.vty("gw1", daemon).run("show version")


def test_a_dead_daemon_that_nobody_starts_again_is_in_the_view_until_it_is_back(sites: Sites) -> None:
    sites.services.kill("gw1", "bgpd")
    until("the death is noticed", sites.services.deaths)
    assert [one for one in sites.services.ailments() if "bgpd was killed by SIGKILL" in one]
    with pytest.warns(UserWarning, match="bgpd was killed by SIGKILL"):
        sites.gw1.add_bgp_custom_route(network="10.1.9.0/24")
    assert sites.services.ailments() == ()


def test_a_stopped_daemon_that_is_killed_comes_back(sites: Sites) -> None:
    sites.services.restart = True
    stop(sites, "zebra")
    sites.services.kill("gw1", "zebra")
    until("zebra answers", lambda: sites.services.incidents("gw1") and not sites.services.ailments(ask=True))
    assert sites.services.vty("gw1", "zebra").answers()
