"""A virtual machine moves to another compute host with its addresses and its connections."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from tenants import APP, SQL, SQL6, WEB, WEB6, Tenants, tenants

from raslab.errors import DatacenterRefusedError
from raslab.measure import outage

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("vrf", "bridge vlans", "vxlan", "gretap")]

SETTLED_S = 0.05  # of probes after the move
FEW_MS = 5.0


@pytest.fixture(params=["vxlan", "nvgre"])
def bed(request: pytest.FixtureRequest) -> Iterator[Tenants]:
    """Two tenants on three hosts, of which the third is empty."""
    with tenants(hosts=3, encapsulation=request.param) as found:
        yield found


def listener(address: str) -> socket.socket:
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    one.bind((address, 7008))
    one.listen()
    return one


@pytest.mark.virtual
def test_the_outage_is_a_few_milliseconds(bed: Tenants) -> None:
    assert bed.pings("contoso-sql", WEB) == 1
    with outage(bed.network["contoso-sql"], WEB, interval_s=0.001) as seen:
        bed.dc.migrate("contoso-web", "host3")
        time.sleep(SETTLED_S)
    assert seen.sent >= 50
    assert 0 <= seen.outage_ms <= FEW_MS
    assert all(gap.ended for gap in seen.gaps)


@pytest.mark.virtual
def test_the_neighbours_do_not_notice(bed: Tenants) -> None:
    with outage(bed.network["fabrikam-sql"], WEB, interval_s=0.001) as seen:
        bed.dc.migrate("contoso-web", "host3")
        time.sleep(SETTLED_S)
    assert (seen.lost, seen.outage_ms) == (0, 0.0)


@pytest.mark.virtual
def test_a_host_that_is_not_told_loses_it(bed: Tenants) -> None:
    """What the change of the others' policy is for: with the old one, the outage does not end."""
    stale = {
        "vxlan": "bridge fdb replace {} dev vx5001 dst 192.168.2.20 self permanent",
        "nvgre": "bridge fdb replace {} dev nv5001-host2 master static",
    }[bed.dc.state.encapsulation]
    (web,) = bed.dc.get_attachment("contoso-web")
    bed.dc.attach("fabrikam-web", 5001, host="host2", addresses="10.1.1.15/24", interface="eth1", default_route=False)
    assert bed.pings("contoso-sql", WEB) == 1
    with outage(bed.network["contoso-sql"], WEB, interval_s=0.001, timeout_s=0.2) as seen:
        bed.dc.migrate("contoso-web", "host3")
        assert bed.network["host1"].run(stale.format(web.mac)).status == 0
        time.sleep(SETTLED_S)
    assert not seen.gaps[-1].ended
    assert seen.outage_ms > SETTLED_S * 1000 / 2


def test_addresses_and_connections_come_along(bed: Tenants) -> None:
    web, sql = bed.network["contoso-web"], bed.network["contoso-sql"]
    before = web.run(["ip", "-br", "addr", "show", "eth0"]).stdout
    with (
        closing(web.call(listener, WEB)) as server,
        closing(sql.call(socket.create_connection, (WEB, 7008), 5)) as client,
        closing(server.accept()[0]) as accepted,
    ):
        for host in ("host3", "host1", "host2"):
            bed.dc.migrate("contoso-web", host)
            for one, other in ((client, accepted), (accepted, client)):
                one.sendall(host.encode())
                other.settimeout(10)
                assert other.recv(16) == host.encode()
    after = web.run(["ip", "-br", "addr", "show", "eth0"]).stdout
    assert after.split()[2:] == before.split()[2:]
    assert bed.pings("contoso-web", APP) == 1  # by its default route


def test_all_hosts_know_where_it_is(bed: Tenants) -> None:
    bed.dc.migrate("contoso-web", "host3")
    places = {one.customer_address: one.provider_address for one in bed.dc.get_mapping("Contoso")}
    assert places == dict.fromkeys((SQL, SQL6, APP), "192.168.1.10") | dict.fromkeys((WEB, WEB6), "192.168.3.30")
    assert bed.pings("contoso-sql", WEB) == 1
    assert bed.pings("contoso-sql", WEB6) == 1
    assert bed.pings("contoso-app", WEB) == 1
    (web,) = bed.dc.get_attachment("contoso-web")
    on = {host: bed.network[host].run(["bridge", "fdb"]).stdout for host in ("host1", "host2", "host3")}
    assert web.mac in on["host1"]
    assert web.mac not in on["host2"]  # it has nobody of that network any more
    assert f"{web.mac} dev" in on["host3"]


def test_what_cannot_be_changes_nothing(bed: Tenants) -> None:
    before = bed.network.topology()
    with pytest.raises(DatacenterRefusedError, match="The datacenter has no compute host host9"):
        bed.dc.migrate("contoso-web", "host9")
    with pytest.raises(DatacenterRefusedError, match="Node core has no port in a virtual subnet: attach it first"):
        bed.dc.migrate("core", "host3")
    assert bed.network.topology() == before
    assert bed.pings("contoso-sql", WEB) == 1
