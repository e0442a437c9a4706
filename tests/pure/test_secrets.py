"""What is secret is seen nowhere: a marker in each secret setting of each verb, and a look at all that is shown."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

import raslab
from raslab.errors import ConfigurationRefusedError, GatewayRefusedError, RaslabError
from raslab.gateway import RasGateway, state
from raslab.gateway.core import call
from raslab.gateway.plan import plan
from raslab.model.secrets import HIDDEN, SECRET, without_secrets
from raslab.net import Network
from raslab.services import Supervisor, pki, strongswan
from raslab.services.frr import Bgpd
from tests.pure.test_gateway_verbs import Edge

AUTHORITY = pki.Authority.create("authority")
IDENTITY = AUTHORITY.issue("gw1")
CERTIFICATE = state.MachineCertificate(IDENTITY.certificate, IDENTITY.key, AUTHORITY.certificate)
KEY, PSK = (b64encode(bytes([byte]) * 32).decode() for byte in (65, 66))
PUBLIC = b64encode(bytes([9]) + bytes(31)).decode()
TEXTS = {name: f"planted-{name}" for name in ("shared_secret", "password", "dial_in_password")}
PLANTED = (*TEXTS.values(), KEY, PSK, IDENTITY.key.splitlines()[1])


@pytest.fixture
def gw1() -> Iterator[RasGateway]:
    """A gateway that has been told a secret by every verb that takes one."""
    network = Network(Edge())
    gateway = RasGateway(network["gw1"], Supervisor(network))
    gateway.install_remote_access()
    ends = {"destination": "198.51.100.9", "source_ip_address": "203.0.113.1"}
    gateway.add_vpn_s2s_interface(
        "psk",
        authentication_method="PSKOnly",
        shared_secret=TEXTS["shared_secret"],
        ipv4_subnet="10.2.0.0/24:1",
        **ends,
    )
    gateway.add_vpn_s2s_interface(
        "user",
        destination="198.51.100.10",
        user_name="gw1",
        password=TEXTS["password"],
        dial_in_password=TEXTS["dial_in_password"],
        certificate=CERTIFICATE,
    )
    gateway.add_wireguard_interface(
        "wg", destination="198.51.100.11", private_key=KEY, public_key=PUBLIC, preshared_key=PSK
    )
    gateway.add_bgp_router(bgp_identifier="10.1.0.254", local_asn=64512)
    gateway.add_bgp_peer(
        "peer",
        local_ip_address="10.1.0.254",
        peer_ip_address="10.1.0.1",
        peer_asn=64513,
        password=TEXTS["password"],
    )
    yield gateway
    network.stop()


def shown(gateway: RasGateway) -> Iterator[str]:
    """All that is shown of a gateway without a kernel."""
    wanted = plan(gateway.state, gateway.surroundings)
    for one in (gateway, gateway.state, wanted, gateway.diff(), gateway.explain(everything=True)):
        yield from (repr(one), str(one), f"{one}")
    for service in wanted.services:
        yield from (repr(service), *service.plan(None), *service.argv(), *service.files().values())
    charon = next(one for one in wanted.services if isinstance(one, strongswan.Charon))
    yield from map(repr, strongswan.messages(strongswan.Charon(), charon))
    for records in (gateway.state.vpn_s2s_interfaces, gateway.state.wireguard_interfaces, gateway.state.bgp_peers):
        yield raslab.frame(records).to_csv()
        yield from map(repr, records)


def test_no_secret_is_shown(gw1: RasGateway) -> None:
    texts = "\n".join(shown(gw1))
    assert [secret for secret in PLANTED if secret in texts] == []


def test_the_look_would_find_them(gw1: RasGateway) -> None:
    """Negative twin: daemons and kernel do get each of them."""
    told = ""
    for service in plan(gw1.state, gw1.surroundings).services:
        if isinstance(service, Bgpd):
            told += "\n".join(service.lines(None))
        elif is_dataclass(service):
            told += "\n".join(str(values) for values in _all_values(service))
    assert [secret for secret in PLANTED if secret not in told] == []


def _all_values(value: Any) -> Iterator[Any]:
    if is_dataclass(value):
        for one in fields(value):
            yield from _all_values(getattr(value, one.name))
    elif isinstance(value, dict):
        for one in value.values():
            yield from _all_values(one)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _all_values(one)
    else:
        yield value


def refusals() -> dict[str, Callable[[RasGateway], Any]]:
    """Calls with a secret in them that are refused."""
    end = {"destination": "198.51.100.9"}
    peer = {"local_ip_address": "10.1.0.254", "peer_ip_address": "10.1.0.7", "peer_asn": 1}
    return {
        "secret of the wrong type": lambda gw: gw.set_vpn_s2s_interface("psk", shared_secret=[TEXTS["password"]]),
        "certificate as text": lambda gw: gw.set_vpn_s2s_interface("user", certificate=IDENTITY.key),
        "key as bytes": lambda gw: gw.new_machine_certificate("x", key=IDENTITY.key.encode(), authority="x"),
        "password with a space": lambda gw: gw.add_bgp_peer("x", **peer, password=f"{TEXTS['password']} x"),
        "password with a line": lambda gw: gw.add_bgp_peer("x", **peer, password=f"{TEXTS['password']}\nx"),
        "long password": lambda gw: gw.add_bgp_peer("x", **peer, password=TEXTS["password"] * 9),
        "existing peer": lambda gw: gw.add_bgp_peer("peer", **peer, password=TEXTS["password"]),
        "existing interface": lambda gw: gw.add_vpn_s2s_interface("psk", **end, shared_secret=TEXTS["shared_secret"]),
        "no key": lambda gw: gw.set_vpn_s2s_interface("wg", private_key=f"{KEY}x"),
        "no preshared key": lambda gw: gw.set_vpn_s2s_interface("wg", preshared_key=f"{PSK}x"),
        "own public key": lambda gw: gw.set_vpn_s2s_interface("wg", public_key=PSK, private_key=PSK, preshared_key="x"),
        "other password of a user": lambda gw: gw.add_vpn_s2s_interface(
            "gw1",
            destination="198.51.100.12",
            dial_in_password=f"{TEXTS['dial_in_password']}x",
            certificate=CERTIFICATE,
        ),
    }


@pytest.mark.parametrize("name", refusals())
def test_no_refusal_tells_a_secret(gw1: RasGateway, name: str) -> None:
    with pytest.raises(GatewayRefusedError) as refused:
        refusals()[name](gw1)
    told = f"{refused.value} {refused.value!r}"
    # What was given as another side's public key is none of our secrets, were it the same.
    assert [secret for secret in PLANTED if secret in told] == []


def test_every_field_that_sounds_secret_is_marked_and_marked_ones_are_not_in_a_repr() -> None:
    """A new setting is one too many if it forgets the mark."""
    kinds = [one for one in vars(state).values() if is_dataclass(one)]
    for kind in (*kinds, strongswan.Shared, strongswan.Charon, pki.Identity):
        for one in fields(kind):
            marked = one.metadata.keys() >= SECRET.keys()
            names_secret = any(word in one.name for word in ("secret", "password", "private", "preshared"))
            assert marked or not names_secret or one.name == "secrets", f"{kind.__name__}.{one.name}"
            assert not marked or not one.repr or kind is state.MachineCertificate, f"{kind.__name__}.{one.name}"
    assert {*TEXTS, "certificate", "key", "private_key", "preshared_key"} <= state.SECRET_SETTINGS


def test_a_verb_is_told_without_secrets() -> None:
    assert call("add_bgp_peer", "x", password="y", peer_asn=1) == f"add_bgp_peer('x', password={HIDDEN}, peer_asn=1)"


@pytest.mark.parametrize(
    ("line", "left"),
    [
        (" neighbor 10.0.0.1 password y z", " neighbor 10.0.0.1 password ..."),
        ("no neighbor 2001:db8::1 password y", "no neighbor 2001:db8::1 password ..."),
        (
            "% [BGP] Unknown command: neighbor a password y\n% next",
            "% [BGP] Unknown command: neighbor a password ...\n% next",
        ),
        ("ip ospf message-digest-key 1 md5 y", "ip ospf message-digest-key 1 md5 ..."),
        ("enable password 8 y", "enable password 8 ..."),
        ("  key-string y", "  key-string ..."),
        ("neighbor 10.0.0.1 description password y", "neighbor 10.0.0.1 description password y"),
        ("neighbor 10.0.0.1 remote-as 1", "neighbor 10.0.0.1 remote-as 1"),
        ("no neighbor 10.0.0.1 password", "no neighbor 10.0.0.1 password"),
    ],
)
def test_lines_of_daemons_lose_their_secrets_and_nothing_else(line: str, left: str) -> None:
    assert without_secrets(line) == left


def test_what_a_daemon_refuses_is_told_without_the_secret() -> None:
    from raslab.services.vty import Vty

    refusal: RaslabError = Vty("r1", "bgpd", None)._refusal("neighbor x password y", "", 2)  # type: ignore[arg-type]
    assert isinstance(refusal, ConfigurationRefusedError)
    assert refusal.line == "neighbor x password ..."
