"""A gateway and libreswan on a raw node: keys and certificates, new keys, NAT, restarts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from libreswan import Libreswan
from two_sites import WAN, TwoSites, until

from raslab.errors import TunnelRefusedError
from raslab.gateway import CustomPolicy, MachineCertificate, RasGateway, VpnTrafficSelector
from raslab.measure import capture
from raslab.net import Network
from raslab.services import Supervisor
from raslab.services.pki import Authority

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface")]

SECRET = "long enough for libreswan's taste"
KEY = {"authentication_method": "PSKOnly", "shared_secret": SECRET}


def selector(prefix: str) -> VpnTrafficSelector:
    """All addresses of a /24."""
    return VpnTrafficSelector(ip_address_range=(f"{prefix}.0", f"{prefix}.255"))


class Pair:
    """gw1 is a RAS gateway; on gw2 runs libreswan, which protects one pair of subnets for each tunnel."""

    def __init__(self, network: Network, folder: Path) -> None:
        self.network = network
        self.services = Supervisor(network, restart=True)
        self.gw1 = RasGateway(network["gw1"], self.services)
        self.gw1.install_remote_access(vpn_type="VpnS2S")
        self.other = Libreswan(network["gw2"], folder / "pluto")

    def add(self, **settings: Any) -> None:
        """The gateway's side."""
        usual = KEY | {"destination": WAN[2], "idle_disconnect_seconds": 0, "ipv4_subnet": "10.2.0.0/24"}
        pair = {"local_vpn_traffic_selector": selector("10.1.0"), "remote_vpn_traffic_selector": selector("10.2.0")}
        self.gw1.add_vpn_s2s_interface("branch", **(usual | pair | settings))

    def connection(self, name: str = "east", **settings: str) -> None:
        """libreswan's side."""
        ends = {"left": WAN[2], "right": WAN[1], "leftsubnet": "10.2.0.0/24", "rightsubnet": "10.1.0.0/24"}
        self.other.connection(name, **(ends | {"authby": "secret"} | settings))

    def keyed(self, secret: str = SECRET) -> None:
        """libreswan's side with a pre-shared key."""
        self.other.secret(WAN[2], WAN[1], secret)
        self.connection()

    @property
    def state(self) -> str:
        return self.gw1.get_vpn_s2s_interface("branch")[0].connection_state

    @property
    def esp(self) -> str:
        return self.gw1.get_vpn_s2s_interface("branch")[0].esp

    def answered(self, target: str = "10.2.0.1", source: str = "h1") -> int:
        """Whether an echo request is answered, and not in clear."""
        with capture(self.network["isp"].intf("site1"), "icmp") as seen:
            done = self.network[source].run(["ping", "-c", "1", "-W", "1", target], timeout=9)
        assert len(seen.frame) == 0
        return str(done.stdout).count("bytes from")

    def spis(self) -> set[str]:
        """Of gw1's security associations."""
        return {line for line in str(self.network["gw1"].run("ip xfrm state").stdout).splitlines() if "spi" in line}


@contextmanager
def running(folder: Path) -> Iterator[Pair]:
    with Network(TwoSites()) as network:
        yield Pair(network, folder)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with running(tmp_path) as found:
        yield found


def test_a_pre_shared_key_whoever_dials(pair: Pair) -> None:
    pair.add()
    pair.keyed()
    pair.other.start()
    assert pair.gw1.connect_vpn_s2s_interface("branch").connection_state == "Connected"
    assert [pair.answered(), pair.answered("10.1.0.1", "h2")] == [1, 1]
    pair.gw1.disconnect_vpn_s2s_interface("branch")
    until("libreswan has heard that", lambda: pair.other.established() == 0)
    assert "established Child SA" in pair.other.up("east")
    assert pair.state == "Connected"
    assert [pair.answered(), pair.answered("10.1.0.1", "h2")] == [1, 1]


def test_with_another_key_neither_gets_in(pair: Pair) -> None:
    pair.add()
    pair.keyed("another one that is long enough")
    pair.other.start()
    with pytest.raises(TunnelRefusedError, match="AUTHENTICATION_FAILED"):
        pair.gw1.connect_vpn_s2s_interface("branch")
    assert "established Child SA" not in pair.other.up("east")
    assert (pair.state, pair.other.established(), pair.answered()) == ("Disconnected", 0, 0)


@pytest.mark.parametrize("key_type", ["RSA", "ECDSA"])
@pytest.mark.parametrize("dials", ["gateway", "libreswan"])
@pytest.mark.parametrize("trusted", [True, False], ids=["same authority", "other authority"])
def test_certificates(pair: Pair, key_type: str, dials: str, trusted: bool) -> None:
    authority, stranger = (Authority.create(name, key_type) for name in ("labs", "strangers"))
    mine = authority.issue("gw1", key_type=key_type)
    theirs = (authority if trusted else stranger).issue("branch", key_type=key_type)
    shown = MachineCertificate(mine.certificate, mine.key, authority.certificate)
    pair.add(authentication_method="MachineCertificates", shared_secret=None, certificate=shown)
    pair.other.certificate("branch", theirs.certificate, theirs.key, authority.certificate)
    names = {"leftid": "CN=branch", "rightid": "CN=gw1", "leftcert": "branch", "leftsendcert": "always"}
    pair.connection(authby="rsasig" if key_type == "RSA" else "ecdsa", **names)
    pair.other.start()
    if dials == "libreswan":
        assert ("established Child SA" in pair.other.up("east")) == trusted
    elif trusted:
        assert pair.gw1.connect_vpn_s2s_interface("branch").connection_state == "Connected"
    else:
        with pytest.raises(TunnelRefusedError):
            pair.gw1.connect_vpn_s2s_interface("branch")
    assert (pair.state, pair.answered()) == (("Connected", 1) if trusted else ("Disconnected", 0))


@pytest.mark.parametrize("pfs", ["yes", "no"])
def test_new_keys_that_libreswan_asks_for(pair: Pair, pfs: str) -> None:
    """libreswan wants perfect forward secrecy unless it is told not to; the gateway's default takes both."""
    pair.add()
    pair.other.secret(WAN[2], WAN[1], SECRET)
    pair.connection(pfs=pfs)
    pair.other.start()
    pair.gw1.connect_vpn_s2s_interface("branch")
    for _ in range(2):
        before = pair.spis()
        pair.other.whack("--rekey-ipsec", "--name", "east")
        until("new keys have taken the place of the old", lambda old=before: pair.spis() and not pair.spis() & old)
        assert pair.answered() == 1
    assert ("/" in pair.esp) == (pfs == "yes")  # a group of their own
    before = pair.spis()
    pair.other.whack("--rekey-ike", "--name", "east")
    time.sleep(2)  # there is no event for what must not happen
    assert (pair.state, pair.spis(), pair.answered()) == ("Connected", before, 1)
    assert pair.gw1.get_vpn_s2s_interface("branch")[0].last_error == ""


def test_who_insists_on_a_group_that_libreswan_has_not_dials_anew(pair: Pair) -> None:
    """libreswan without perfect forward secrecy refuses new keys with it: the tunnel is back, and says why."""
    with_gcm = {"cipher_transform_constants": "GCMAES256", "authentication_transform_constants": "GCMAES256"}
    pair.add(custom_policy=CustomPolicy(dh_group="Group14", **with_gcm), sa_life_time_seconds=300)
    pair.other.secret(WAN[2], WAN[1], SECRET)
    pair.connection(pfs="no", ike="aes256-sha2_256;modp2048", esp="aes_gcm256")
    pair.other.start()
    pair.gw1.connect_vpn_s2s_interface("branch")
    time.sleep(400)
    until("packets come through", lambda: pair.answered() == 1)
    assert "pfs_group PFS2048" in pair.gw1.get_vpn_s2s_interface("branch")[0].last_error


@pytest.mark.parametrize("hidden", ["gateway", "libreswan"])
def test_nat_on_the_way(pair: Pair, hidden: str) -> None:
    isp = pair.network["isp"]
    out = {"gateway": "site2", "libreswan": "site1"}[hidden]
    rules = "add table ip n; add chain ip n p { type nat hook postrouting priority 100; }; "
    assert isp.run(["nft", f'{rules}add rule ip n p oifname "{out}" masquerade']).status == 0
    pair.other.secret(WAN[2], WAN[1], SECRET)
    if hidden == "gateway":
        pair.add()
        pair.connection(right="198.51.100.254", rightid=WAN[1])
        pair.other.start()
        pair.gw1.connect_vpn_s2s_interface("branch")
    else:
        pair.add(destination="203.0.113.254", peer_identity=WAN[2])
        pair.connection()
        pair.other.start()
        assert "established Child SA" in pair.other.up("east")
    with capture(isp.intf(out), "udp port 4500 or esp") as seen:
        assert [pair.answered(), pair.answered("10.1.0.1", "h2")] == [1, 1]
    assert set(seen.frame["protocol"]) == {"udp"}


@pytest.mark.parametrize("kill", [False, True], ids=["shut down", "killed"])
def test_libreswan_is_started_anew(pair: Pair, kill: bool) -> None:
    pair.add(network_outage_time_seconds=3)
    pair.keyed()
    pair.other.start()
    pair.gw1.connect_vpn_s2s_interface("branch")
    pair.other.stop(kill)
    pair.other.node.run("ip xfrm state flush")
    pair.other.node.run("ip xfrm policy flush")
    until("the gateway has noticed", lambda: pair.state == "Disconnected", 30)
    pair.other.start()
    until("a packet has dialled", lambda: pair.answered() == 1, 30)
    assert pair.other.established() == 1


def test_the_gateway_is_started_anew(pair: Pair) -> None:
    pair.add(persistent=True)
    pair.keyed()
    pair.other.start()
    until("the tunnel is up", lambda: pair.state == "Connected", 30)
    before = pair.spis()
    pair.services.kill("gw1", "charon")
    until("it is up with other keys", lambda: pair.spis() and not pair.spis() & before, 60)
    until("packets come through", lambda: pair.answered() == 1, 30)
