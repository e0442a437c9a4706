"""What follows a dialling in vain, and what charon's events say of it."""

from __future__ import annotations

from typing import Any

import pytest

from raslab.gateway.dialler.calls import Call, failed
from raslab.gateway.dialler.childless import Childless
from raslab.gateway.dialler.events import Heard, begun, heard
from raslab.gateway.dialler.reasons import Conversations, reason, refused_keys
from raslab.gateway.state import VpnS2SInterface


def interface(*destinations: str, **settings: Any) -> VpnS2SInterface:
    return VpnS2SInterface(name="branch", destination=destinations, retry_interval_seconds=20, **settings)


def schedule(one: VpnS2SInterface, attempts: int) -> list[tuple[int, float]]:
    """Position and time of the attempts after a first one at 0 s, if each fails 3 s after its begin."""
    call: Call | None = Call()
    found: list[tuple[int, float]] = []
    now = 0.0
    while len(found) < attempts and (call := failed(call or Call(), one, now + 3)) is not None:
        assert call.due_s is not None
        now = call.due_s
        found.append((call.position, now))
    return found


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (interface("a", "b", number_of_tries=1), [(1, 3)]),
        (interface("a", "b", number_of_tries=2), [(1, 3), (0, 26), (1, 29)]),
        (interface("a", number_of_tries=3), [(0, 23), (0, 46)]),
        (interface("a", "b", number_of_tries=3, auto_connect_enabled=False), [(1, 3)]),
        (interface("a", number_of_tries=1, persistent=True, auto_connect_enabled=False), []),
    ],
)
def test_alternates_at_once_and_all_again_after_the_interval(
    one: VpnS2SInterface, expected: list[tuple[int, float]]
) -> None:
    assert schedule(one, 9) == expected


@pytest.mark.parametrize("one", [interface("a", number_of_tries=0), interface("a", number_of_tries=1, persistent=True)])
def test_some_never_have_enough(one: VpnS2SInterface) -> None:
    assert schedule(one, 50)[-1] == (0, 50 * 23)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("initiating IKE_SA branch[12] to 198.51.100.2", Heard("begins", "branch", "12")),
        ("establishing IKE_SA failed, peer not responding", Heard("fails", "branch", "12")),
        ("received AUTHENTICATION_FAILED notify error", Heard("fails", "branch", "12")),
        ("failed to establish CHILD_SA, keeping IKE_SA", Heard("fails", "branch", "12")),
        ("sending packet: from 203.0.113.1[500] to 198.51.100.2[500] (476 bytes)", None),
    ],
)
def test_log_lines_tell_of_attempts(message: str, expected: Heard | None) -> None:
    assert heard("log", {"ikesa-name": "branch", "ikesa-uniqueid": "12", "msg": message}) == expected


def test_updowns_tell_of_tunnels() -> None:
    sa = {"uniqueid": "3", "child-sas": {"branch-4": {"name": "branch"}}}
    assert heard("child-updown", {"up": "yes", "branch/inbound": sa}) == Heard("up", "branch", "3")
    assert heard("child-updown", {"branch": sa}) == Heard("ends", "branch", "3")
    assert heard("ike-updown", {"up": "yes", "branch": sa}) is None
    assert heard("ike-updown", {"branch": sa}) == Heard("ends", "branch", "3")


def test_a_log_tells_which_attempts_it_is_of() -> None:
    assert begun(["initiating IKE_SA a b[7] to 192.0.2.1", "giving up after 5 retransmits"]) == {"7"}


SAID = {
    "secret": (
        ["tried 2 shared keys for '198.51.100.2' - '203.0.113.1', but MAC mismatched"],
        "the caller 203.0.113.1 has another pre-shared key than 198.51.100.2 here",
    ),
    "identity": (
        ["looking for peer configs matching 198.51.100.2[x.y]...203.0.113.1[CN=a]", "no matching peer config found"],
        "the caller calls itself CN=a and this side x.y: nobody is expected so",
    ),
    "suites": (
        [
            "received proposals: ESP:AES_CBC_128/HMAC_SHA2_256_128/NO_EXT_SEQ",
            "configured proposals: ESP:AES_CBC_256/HMAC_SHA2_256_128/MODP_2048/NO_EXT_SEQ",
            "no acceptable proposal found",
        ],
        "NO_PROPOSAL_CHOSEN: the caller offers ESP:AES_CBC_128/HMAC_SHA2_256_128/NO_EXT_SEQ, "
        "and this side wants ESP:AES_CBC_256/HMAC_SHA2_256_128/MODP_2048/NO_EXT_SEQ",
    ),
    "groups": (
        [
            "received proposals: ESP:AES_GCM_16_256/NO_EXT_SEQ, ESP:AES_CBC_256/HMAC_SHA2_256_128/NO_EXT_SEQ",
            "configured proposals: ESP:AES_CBC_256/HMAC_SHA2_256_128/ECP_256/NO_EXT_SEQ",
            "no acceptable proposal found",
        ],
        "the caller wants new keys with no group of their own and this side with ECP_256: "
        "perfect forward secrecy (pfs_group) has to be the same on both",
    ),
    "what only the other side knows": (
        ["received TS_UNACCEPTABLE notify, no CHILD_SA built"],
        "TS_UNACCEPTABLE: the other side does not want the subnets that were offered",
    ),
    "nothing telling": (["IKE_SA branch[1] established between a...b"], ""),
}


@pytest.mark.parametrize("name", SAID)
def test_the_log_of_an_attempt_tells_why(name: str) -> None:
    lines, words = SAID[name]
    assert reason(lines) == words


def test_lines_of_other_attempts_are_not_taken_for_it() -> None:
    heard_here = Conversations()

    def says(number: str, text: str, name: str = "branch") -> Heard | None:
        return heard_here.heard("log", {"ikesa-name": name, "ikesa-uniqueid": number, "msg": text})

    assert says("1", "192.0.2.1 is initiating an IKE_SA", "") is None
    assert says("2", "traffic selectors 10.2.0.0/24 === 10.1.0.0/24 unacceptable") is None
    found = says("1", "received proposals unacceptable", "")
    assert found is not None
    assert (found.name, found.peer, found.refused) == ("", "192.0.2.1", False)
    assert "traffic selectors" not in found.why
    found = says("2", "failed to establish CHILD_SA, keeping IKE_SA")
    assert found is not None
    assert "between 10.1.0.0/24 and 10.2.0.0/24" in found.why


def test_refused_keys_name_the_setting() -> None:
    assert "pfs_group PFS2048" in refused_keys(interface("a", custom_policy="windows-default"), "")
    assert "pfs_group" not in refused_keys(interface("a"), "").partition(";")[0]


def test_an_ike_sa_ends_that_has_been_without_a_tunnel_for_a_second() -> None:
    without = {"name": "branch", "uniqueid": "4", "state": "ESTABLISHED", "child-sas": {}}
    childless = Childless()
    assert childless.to_end([without], {"branch"}, 10.0) == []
    assert childless.next_s == 11.0
    assert childless.to_end([without], {"branch"}, 11.0) == ["4"]


@pytest.mark.parametrize(
    "change",
    [
        {"child-sas": {"branch-5": {}}},
        {"state": "CONNECTING"},
        {"tasks-active": ["CHILD_CREATE"]},
        {"name": "foreign"},
    ],
)
def test_others_stay(change: dict[str, Any]) -> None:
    sa = {"name": "branch", "uniqueid": "4", "state": "ESTABLISHED", "child-sas": {}} | change
    childless = Childless()
    assert [childless.to_end([sa], {"branch"}, now) for now in (10.0, 99.0)] == [[], []]
    assert childless.next_s is None
