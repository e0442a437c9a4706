"""charon as a service: tunnels with secrets, certificates and passwords, seen in the kernel and on the wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from raslab.errors import ConfigurationRefusedError, NoSuchServiceError, NotObservedError, TunnelRefusedError
from raslab.measure import capture
from raslab.net import Network, Topo
from raslab.services import Charon, Shared, Supervisor
from raslab.services.pki import Authority, Identity

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface"), pytest.mark.both]

OUTER = {1: "192.0.2.1", 2: "192.0.2.2"}
NAMES = {1: "gw1.contoso", 2: "gw2.contoso"}
IF_ID = 7
ESP = 50
INNER = bytes((10, 1, 0, 2, 10, 2, 0, 2))  # source and destination of a ping from h1 to h2, as in its header


class Sites(Topo):
    """Two sites, each a gateway with a host behind it; between the gateways only IPsec knows the way."""

    def build(self) -> None:
        for site, other in ((1, 2), (2, 1)):
            self.addRouter(f"gw{site}")
            self.addHost(f"h{site}", ip=f"10.{site}.0.2/24", defaultRoute=f"via 10.{site}.0.1")
            self.addLink(f"h{site}", f"gw{site}", params2={"ip": f"10.{site}.0.1/24"})
            self.addTunnel(f"gw{site}", "ipsec0", kind="xfrm", local=OUTER[site], remote=OUTER[other], key=IF_ID)
            self.addRoute(f"gw{site}", f"10.{other}.0.0/24", dev="ipsec0")
        ends = {f"params{site}": {"ip": f"{OUTER[site]}/24"} for site in OUTER}
        self.addLink("gw1", "gw2", intfName1="wan", intfName2="wan", **ends)


@pytest.fixture(scope="module")
def authority() -> Authority:
    """The lab's own certification authority."""
    return Authority.create("Contoso Lab CA")


@pytest.fixture
def network() -> Iterator[Network]:
    """The running network, without services."""
    with Network(Sites()) as started:
        yield started


def site_to_site(site: int, local: Mapping[str, Any], remote: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The connection of a gateway to the other."""
    other = 3 - site
    return {
        "version": "2",
        "local_addrs": [OUTER[site]],
        "remote_addrs": [OUTER[other]],
        "proposals": ["aes256gcm16-prfsha256-ecp256"],
        "local": local,
        "remote": remote,
        "if_id_in": str(IF_ID),
        "if_id_out": str(IF_ID),
        "children": {
            "net": {
                "local_ts": [f"10.{site}.0.0/24"],
                "remote_ts": [f"10.{other}.0.0/24"],
                "esp_proposals": ["aes256gcm16"],
            }
        },
        **more,
    }


def with_secret(site: int, secret: str = "a secret of the lab") -> Charon:
    """A gateway with a pre-shared key."""
    connection = site_to_site(site, {"auth": "psk", "id": OUTER[site]}, {"auth": "psk", "id": OUTER[3 - site]})
    return Charon({"site": connection}, {"psk": Shared("IKE", secret, tuple(OUTER.values()))})


def with_certificate(site: int, authority: Authority, own: Identity, crls: tuple[str, ...] = ()) -> Charon:
    """A gateway with a certificate, which trusts an authority and wants to know what has been revoked."""
    local = {"auth": "pubkey", "certs": [own.certificate], "id": NAMES[site]}
    remote = {"auth": "pubkey", "id": NAMES[3 - site], "revocation": "strict" if crls else "relaxed"}
    return Charon(
        {"site": site_to_site(site, local, remote)},
        keys=(own.key,),
        crls=crls,
        authorities={"lab": {"cacert": authority.certificate}},
    )


def apply(network: Network, one: Charon, two: Charon) -> Supervisor:
    """Start both gateways' charons."""
    supervisor = Supervisor(network)
    supervisor.apply({"gw1": [one], "gw2": [two]})
    return supervisor


def ping(network: Network) -> bool:
    """True if h2 answers h1."""
    return bool(network["h1"].run(["ping", "-c1", "-W1", "10.2.0.2"]).status == 0)


def refused(supervisor: Supervisor, node: str = "gw1") -> str:
    """Why the tunnel cannot be had."""
    with pytest.raises(TunnelRefusedError, match=f"Node {node}: tunnel net failed: ") as raised:
        supervisor.vici(node).initiate("site", "net")
    return raised.value.reason


def test_a_secret_makes_a_tunnel_and_nothing_of_the_inside_is_on_the_wire(network: Network) -> None:
    supervisor = apply(network, with_secret(1), with_secret(2))
    assert not ping(network)
    supervisor.vici("gw1").initiate("site", "net")
    with capture(network["gw1"], interface="wan") as seen:
        assert ping(network)
    outside = [packet["IP"] for packet in seen.packets if "IP" in packet]
    assert len(outside) == 2
    assert {packet.proto for packet in outside} == {ESP}
    assert INNER not in seen.pcap
    (tunnel,) = supervisor.vici("gw2").list_sas()
    (child,) = tunnel["child-sas"].values()
    assert (tunnel["name"], tunnel["state"], child["state"]) == ("site", "ESTABLISHED", "INSTALLED")
    assert int(child["packets-in"]) == 1
    assert "if_id 0x7" in network["gw1"].run(["ip", "xfrm", "state"]).stdout
    assert "ESTABLISHED" in network["gw1"].run(["swanctl", "--list-sas"]).stdout


def test_the_capture_would_have_shown_plaintext(network: Network) -> None:
    network.delRoute("gw1", "10.2.0.0/24", dev="ipsec0")
    network.addRoute("gw1", "10.2.0.0/24", via=OUTER[2])
    with capture(network["gw1"], interface="wan") as seen:
        ping(network)
    assert INNER in seen.pcap


def test_a_wrong_secret_fails_with_the_reason_and_its_correction_works(network: Network) -> None:
    supervisor = apply(network, with_secret(1, "wrong"), with_secret(2))
    assert refused(supervisor).startswith("AUTHENTICATION_FAILED: the other side does not accept")
    assert not ping(network)
    (change,) = supervisor.apply({"gw1": [with_secret(1)]})
    assert change.lines == ("load-shared psk IKE 192.0.2.1 192.0.2.2",)
    supervisor.vici("gw1").initiate("site", "net")
    assert ping(network)


def test_without_a_common_cipher_suite_there_is_no_tunnel(network: Network) -> None:
    two = with_secret(2)
    site = {**two.connections["site"], "proposals": ["aes128-sha1-modp2048"]}
    supervisor = apply(network, with_secret(1), replace(two, connections={"site": site}))
    assert refused(supervisor).startswith("NO_PROPOSAL_CHOSEN")


def test_a_tunnel_outlives_the_change_of_another_and_a_refused_one(network: Network) -> None:
    one = with_secret(1)
    supervisor = apply(network, one, with_secret(2))
    vici = supervisor.vici("gw1")
    vici.initiate("site", "net")
    before = vici.list_sas()[0]["initiator-spi"]

    other = site_to_site(1, {"auth": "psk"}, {"auth": "psk"}, remote_addrs=["192.0.2.9"])
    supervisor.apply({"gw1": [replace(one, connections={**one.connections, "other": other})]})
    assert sorted(entry["name"] for entry in vici.list_conns()) == ["other", "site"]
    bad = {**other, "proposals": ["rot13"]}
    with pytest.raises(ConfigurationRefusedError, match=r"Node gw1: charon refused `load-conn bad`: .*proposals"):
        supervisor.apply({"gw1": [replace(one, connections={**one.connections, "bad": bad})]})
    assert sorted(entry["name"] for entry in vici.list_conns()) == ["other", "site"]
    supervisor.apply({"gw1": [one]})
    assert [entry["name"] for entry in vici.list_conns()] == ["site"]
    assert vici.list_sas()[0]["initiator-spi"] == before
    assert ping(network)


def test_tunnels_are_rekeyed_and_ended_and_events_tell(network: Network) -> None:
    supervisor = apply(network, with_secret(1), with_secret(2))
    vici = supervisor.vici("gw1")
    with supervisor.vici("gw2").events(("ike-updown",)) as events:
        vici.initiate("site", "net")
        kind, message = next(events)
    assert (kind, message["up"], message["site"]["state"]) == ("ike-updown", "yes", "ESTABLISHED")
    (before,) = vici.list_sas()[0]["child-sas"].values()
    assert before["state"] == "INSTALLED"
    with supervisor.vici("gw2").events(("child-rekey",)) as events:
        vici.rekey(child="net")
        next(events)
    assert ping(network)
    spis = {child["spi-in"] for child in vici.list_sas()[0]["child-sas"].values() if child["state"] == "INSTALLED"}
    assert before["spi-in"] not in spis
    vici.terminate("site")
    assert vici.list_sas() == []
    assert not ping(network)
    with pytest.raises(TunnelRefusedError, match="Node gw1: tunnel site failed: no matching SAs"):
        vici.terminate("site")
    with vici.events(timeout_s=0.1) as events, pytest.raises(NotObservedError, match="until charon of gw1"):
        next(events)


def test_a_tunnel_may_come_up_by_itself(network: Network) -> None:
    supervisor = apply(network, with_secret(1), with_secret(2))
    with supervisor.vici("gw2").events(("child-updown",)) as events:
        supervisor.vici("gw1").initiate("site", "net", wait=False)
        assert next(events)[1]["up"] == "yes"
    with pytest.raises(TunnelRefusedError, match="Node gw1: tunnel nowhere failed"):
        supervisor.vici("gw1").initiate("site", "nowhere", wait=False)


def test_certificates_of_one_authority_make_a_tunnel_and_others_do_not(network: Network, authority: Authority) -> None:
    ids = {site: authority.issue(NAMES[site], [OUTER[site]]) for site in OUTER}
    supervisor = apply(network, *(with_certificate(site, authority, ids[site]) for site in OUTER))
    supervisor.vici("gw1").initiate("site", "net")
    assert ping(network)

    supervisor.vici("gw1").terminate("site")
    stranger = Authority.create("Somebody else").issue(NAMES[1])
    supervisor.apply({"gw1": [with_certificate(1, authority, stranger)]})
    assert "AUTHENTICATION_FAILED" in refused(supervisor)
    assert "no issuer certificate found" in supervisor.log("gw2", "charon", 200)


def test_a_revoked_certificate_is_refused_by_who_has_the_new_list(network: Network, authority: Authority) -> None:
    ids = {site: authority.issue(NAMES[site]) for site in OUTER}
    fine = authority.crl()
    supervisor = apply(network, *(with_certificate(site, authority, ids[site], (fine,)) for site in OUTER))
    supervisor.vici("gw1").initiate("site", "net")
    supervisor.vici("gw1").terminate("site")
    revoked = authority.crl([ids[1]], number=2)
    supervisor.apply({"gw2": [with_certificate(2, authority, ids[2], (revoked,))]})
    assert "AUTHENTICATION_FAILED" in refused(supervisor)
    assert "certificate was revoked" in supervisor.log("gw2", "charon", 200)


@pytest.mark.parametrize(("password", "works"), [("Passw0rd!", True), ("guess", False)])
def test_a_user_proves_who_he_is_by_password(
    network: Network, authority: Authority, password: str, works: bool
) -> None:
    server = authority.issue(NAMES[2])
    gateway = Charon(
        {
            "site": site_to_site(
                2,
                {"auth": "pubkey", "certs": [server.certificate], "id": NAMES[2]},
                {"auth": "eap-mschapv2", "eap_id": "%any"},
            )
        },
        {"kim": Shared("EAP", "Passw0rd!", ("kim",))},
        keys=(server.key,),
    )
    client = Charon(
        {"site": site_to_site(1, {"auth": "eap", "eap_id": "kim"}, {"auth": "pubkey", "id": NAMES[2]})},
        {"kim": Shared("EAP", password, ("kim",))},
        authorities={"lab": {"cacert": authority.certificate}},
    )
    supervisor = apply(network, client, gateway)
    if works:
        supervisor.vici("gw1").initiate("site", "net")
        assert ping(network)
    else:
        assert refused(supervisor)
        assert not ping(network)


def test_who_is_not_there_does_not_answer(network: Network) -> None:
    supervisor = apply(network, with_secret(1), with_secret(2))
    vici = supervisor.vici("gw1")
    supervisor.apply({"gw2": []})
    with pytest.raises(TunnelRefusedError, match="tunnel net failed"):
        vici.initiate("site", "net", timeout_s=1.0)
    supervisor.apply({"gw1": []})
    with pytest.raises(NoSuchServiceError, match="Node gw1 has no service charon that answers"):
        vici.list_sas()
