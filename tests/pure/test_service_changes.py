"""What has to be done to come from some services to others; strongSwan's messages among it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from raslab.errors import ServiceDeclarationError
from raslab.services import Action, Bfdd, Bgpd, Charon, Nftables, Service, Shared, Zebra
from raslab.services.changes import changes, fallen_with, in_order
from raslab.services.mgmtd import Mgmtd, as_installed
from raslab.services.pki import Authority, key_identifier
from raslab.services.strongswan import messages, nested, rendered
from raslab.services.vici import why

PSK = Shared("IKE", "a secret", ("192.0.2.1",))
SITE = {"version": "2", "remote_addrs": ["192.0.2.2"], "children": {"net": {"remote_ts": ["10.2.0.0/24"]}}}
CHARON = Charon(connections={"site": SITE}, secrets={"psk": PSK}, certificates=("-----\nPEM",))


@dataclass(frozen=True)
class Hen(Service):
    """Waits for the egg."""

    name: ClassVar[str] = "hen"
    depends: ClassVar[tuple[str, ...]] = ("egg",)

    def plan(self, old: Service | None) -> tuple[str, ...]:
        return ()

    def reload(self, place: object, old: Service | None) -> None:
        """Nothing to do."""


@dataclass(frozen=True)
class Egg(Hen):
    """Waits for the hen."""

    name: ClassVar[str] = "egg"
    depends: ClassVar[tuple[str, ...]] = ("hen",)


def test_services_come_after_those_they_depend_on_as_far_as_these_are_declared() -> None:
    names = [one.name for one in in_order("r1", (Bgpd(), Bfdd(), Zebra(), Nftables()))]
    assert names == ["zebra", "nftables", "bfdd", "bgpd"]
    assert [one.name for one in in_order("r1", (Bgpd(),))] == ["bgpd"]


def test_a_circle_and_a_double_are_named() -> None:
    with pytest.raises(ServiceDeclarationError, match="Node r1: the services hen, egg wait for each other"):
        in_order("r1", (Hen(), Egg()))
    with pytest.raises(ServiceDeclarationError, match="Node r1 has more than one service zebra"):
        changes({}, {"r1": [Zebra(), Zebra("log stdout")]})


def test_only_what_differs_on_the_named_nodes_is_changed() -> None:
    old = {"r1": (Zebra(), Bgpd("router bgp 1"), Bfdd()), "r2": (Zebra(),)}
    found = changes(old, {"r1": [Zebra(), Bgpd("router bgp 1\n bgp router-id 1.1.1.1"), Nftables()]})
    assert [(one.node, one.service, one.action) for one in found] == [
        ("r1", "bfdd", Action.STOP),
        ("r1", "nftables", Action.START),
        ("r1", "bgpd", Action.RELOAD),
    ]
    assert found[-1].lines == ("router bgp 1", "bgp router-id 1.1.1.1", "exit")
    assert changes(old, {"r2": [Zebra()]}) == ()


def test_a_setting_of_charon_restarts_it_and_a_connection_does_not() -> None:
    (restart,) = changes({"g": (CHARON,)}, {"g": [replace(CHARON, settings={"threads": "4"})]})
    assert restart.action is Action.RESTART
    assert restart.lines[0] == "/usr/sbin/charon-systemd"
    (reload,) = changes({"g": (CHARON,)}, {"g": [replace(CHARON, connections={})]})
    assert (reload.action, reload.lines) == (Action.RELOAD, ("unload-conn site",))


def commands(old: Charon, new: Charon) -> list[str]:
    """The commands of VICI from one to the other."""
    return [message.command for message in messages(old, new)]


def test_a_fresh_charon_gets_credentials_before_connections() -> None:
    assert commands(Charon(), CHARON) == ["load-cert", "load-shared", "load-conn"]
    assert commands(CHARON, CHARON) == []


def test_only_the_changed_connection_is_loaded() -> None:
    new = replace(CHARON, connections={"site": SITE, "other": {**SITE, "remote_addrs": ["192.0.2.3"]}})
    assert [(m.command, list(m.content)) for m in messages(CHARON, new)] == [("load-conn", ["other"])]


def test_a_changed_secret_is_loaded_and_a_lost_one_unloaded() -> None:
    assert commands(CHARON, replace(CHARON, secrets={"psk": replace(PSK, secret="other")})) == ["load-shared"]
    assert commands(CHARON, replace(CHARON, secrets={})) == ["unload-shared"]


def test_a_lost_certificate_goes_with_its_key_and_touches_nothing_else() -> None:
    own = Authority.create("CA").issue("gw1")
    known = replace(CHARON, certificates=(*CHARON.certificates, own.certificate), keys=(own.key,))
    (message,) = messages(known, CHARON)
    assert (message.command, message.content) == ("unload-key", {"id": key_identifier(own.key)})


def test_a_list_that_is_taken_back_takes_all_credentials_along_and_the_rest_comes_back() -> None:
    authority = Authority.create("CA")
    known = replace(CHARON, crls=(authority.crl(),), authorities={"ca": {"cacert": authority.certificate}})
    others = ["load-authority", "load-cert", "load-shared"]
    assert commands(known, replace(known, crls=())) == ["clear-creds", *others]
    assert commands(known, replace(known, crls=(authority.crl(number=2),))) == ["flush-certs", "load-cert"]
    assert commands(known, CHARON) == ["unload-authority"]  # what an authority says that nobody trusts is all the same


def test_a_new_revocation_list_drops_the_old_one_from_the_cache() -> None:
    assert commands(CHARON, replace(CHARON, crls=("crl",))) == ["flush-certs", "load-cert"]


def test_secrets_and_keys_are_not_shown() -> None:
    new = replace(CHARON, keys=("-----\nKEY",))
    shown = "\n".join(message.shown for message in messages(Charon(), new))
    assert "a secret" not in shown
    assert "KEY" not in shown
    assert "remote_addrs = 192.0.2.2" in shown


def test_dotted_settings_become_sections() -> None:
    assert nested({"a": "1", "b.c.d": "2", "b.e": "3"}) == {"a": "1", "b": {"c": {"d": "2"}, "e": "3"}}
    assert (
        rendered({"a": "1", "b": {"c": ["x", "y"]}}, "top") == "top {\n    a = 1\n    b {\n        c = x, y\n    }\n}\n"
    )


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (["sending", "received AUTHENTICATION_FAILED notify error"], "AUTHENTICATION_FAILED"),
        (["received NO_PROPOSAL_CHOSEN notify error", "bye"], "NO_PROPOSAL_CHOSEN"),
        (["no shared key found for '1' - '2'"], "no shared key found for '1' - '2'"),
        (["retransmit 3 of request", "giving up after 3 retransmits"], "giving up after 3 retransmits"),
        (["all is well"], ""),
    ],
)
def test_the_telling_line_is_found(log: list[str], reason: str) -> None:
    assert why(log).startswith(reason)
    assert bool(why(log)) is bool(reason)


def test_what_zebra_is_told_is_mgmtds_where_there_is_one() -> None:
    declared = (Zebra("ip nht resolve-via-default"), Bgpd("router bgp 1"))
    assert as_installed(declared, through_mgmtd=False) == declared
    told = as_installed(declared, through_mgmtd=True)
    assert told == (Zebra(), Bgpd("router bgp 1"), Mgmtd("ip nht resolve-via-default"))
    assert as_installed(told, through_mgmtd=True) == told
    (change,) = changes({"r1": told}, {"r1": as_installed((Zebra(), Bgpd("router bgp 1")), through_mgmtd=True)})
    assert (change.service, change.action) == ("mgmtd", Action.STOP)


def test_no_mgmtd_runs_for_a_zebra_that_is_told_nothing() -> None:
    assert as_installed((Zebra(), Nftables()), through_mgmtd=True) == (Zebra(), Nftables())


def test_who_has_told_something_to_a_service_that_starts_afresh_starts_afresh_after_it() -> None:
    new = {"r1": [Bgpd("router bgp 1"), Bfdd(), Zebra(), Charon()]}
    found = changes({"r1": (Bgpd("router bgp 1"), Bfdd(), Charon())}, new)  # zebra has died
    assert [(one.service, one.action) for one in found] == [
        ("zebra", Action.START),
        ("bfdd", Action.RESTART),
        ("bgpd", Action.RESTART),
    ]
    died = changes({"r1": (Bgpd("router bgp 1"), Zebra(), Charon())}, new)  # bfdd, to which bgpd tells all again
    assert [(one.service, one.action) for one in died] == [("bfdd", Action.START)]


def test_what_is_lost_with_a_service_goes_on_to_those_that_depend_on_the_lost() -> None:
    @dataclass(frozen=True)
    class Chick(Hen):
        name: ClassVar[str] = "chick"
        depends: ClassVar[tuple[str, ...]] = ("bgpd",)
        falls_with: ClassVar[tuple[str, ...]] = ("bgpd",)

    names = [one.name for one in fallen_with("zebra", (Chick(), Charon(), Bgpd(), Bfdd()))]
    assert names == ["bfdd", "bgpd", "chick"]
    assert fallen_with("charon", (Chick(), Bgpd(), Zebra())) == []
