"""What a gateway makes of UPDATEs that are wrong, or come in storms: from a speaker that says what it is told to."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress

import pytest
from bgp_speaker import AS_PATH, NEXT_HOP, ORIGIN, Speaker, attribute, nlri
from star import Routers, Star
from two_sites import until

from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("veth")]

HERE, THERE, ASN = "10.13.0.1", "10.13.0.2", 64514
GOOD = "172.16.0.0/16"


@pytest.fixture
def routers() -> Iterator[Routers]:
    """gw1 with one external peer, on a node without a daemon."""
    with Network(Star()) as network:
        found = Routers(network)
        with found.gw1.changing():
            found.gw1.install_remote_access(vpn_type="RoutingOnly")
            found.gw1.add_bgp_router(bgp_identifier="10.1.0.254", local_asn=64512)
            found.gw1.add_bgp_custom_route(network="10.1.0.0/24")
            found.gw1.add_bgp_peer("odd", local_ip_address=HERE, peer_ip_address=THERE, peer_asn=ASN)
        yield found


def speaker(routers: Routers) -> Speaker:
    """A session with gw1."""
    return Speaker(routers.network["gw3"], THERE, HERE, ASN)


def networks(routers: Routers) -> set[str]:
    """What gw1 uses of what it was told."""
    return {one.destination_network for one in routers.gw1.get_bgp_route_information(type="Best") if one.learnt_from}


@pytest.mark.parametrize(
    ("path", "taken"),
    [([ASN], True), ([ASN, 65001], True), ([65001, ASN], False), ([], False), ([ASN, 64512], False)],
    ids=["its own", "another behind it", "another first", "none", "our own in it"],
)
def test_a_path_begins_with_the_peer(routers: Routers, path: list[int], taken: bool) -> None:
    with speaker(routers) as odd:
        odd.announce(["172.31.0.0/16"], path)
        with suppress(OSError):
            odd.announce([GOOD], [ASN])
        if taken:
            until("it is taken", lambda: networks(routers) == {"172.31.0.0/16", GOOD})
        else:
            until("it has been read", lambda: GOOD in networks(routers) or not networks(routers))
            assert "172.31.0.0/16" not in networks(routers)


def test_a_route_server_may_leave_itself_out_if_it_is_said(routers: Routers) -> None:
    routers.gw1.set_bgp_peer("odd", enforce_first_as=False)
    with speaker(routers) as odd:
        odd.announce([GOOD], [65001])
        until("it is taken", lambda: networks(routers) == {GOOD})


def test_martians_are_left_out_of_an_update_and_the_rest_is_taken(routers: Routers) -> None:
    with speaker(routers) as odd:
        odd.announce(["127.0.0.0/8", "127.1.2.0/24", "240.0.0.0/4", GOOD, "0.0.0.0/0"], [ASN])
        until("the others are taken", lambda: networks(routers) == {GOOD, "0.0.0.0/0"})


def test_malformed_updates_end_a_session_at_most(routers: Routers) -> None:
    """RFC 7606: whatever comes, bgpd goes on (nobody starts it anew), tells why, and takes the next session."""
    found = random.Random(7606)
    whole = attribute(0x40, ORIGIN, b"\0") + attribute(0x40, AS_PATH, b"\2\1" + ASN.to_bytes(4))
    whole += attribute(0x40, NEXT_HOP, bytes([10, 13, 0, 2]))
    wrong = [
        (b"", whole[:-2], nlri([GOOD])),
        (b"\x21\x0a", b"", b""),
        (b"", whole + whole, nlri([GOOD])),
        (b"", attribute(0x40, ORIGIN, b"\7") + whole[4:], nlri([GOOD])),
        (b"", attribute(0xC0, 8, b"\1\2\3") + whole, nlri([GOOD])),
        (b"", whole, b"\xff\1\2\3\4"),
        *((b"", found.randbytes(found.randrange(1, 60)), found.randbytes(found.randrange(9))) for _ in range(24)),
    ]
    for withdrawn, attributes, reachable in wrong:
        until("it takes calls", lambda: _calls_are_taken(routers))
        with speaker(routers) as odd, suppress(OSError):
            odd.update(withdrawn, attributes, reachable)
            odd.announce(["172.20.0.0/16"], [ASN])
    until("it takes calls", lambda: _calls_are_taken(routers))
    with speaker(routers) as odd:
        odd.announce([GOOD], [ASN])
        until("right ones are taken", lambda: networks(routers) == {GOOD})
    assert routers.gw1.get_bgp_statistics("odd")[0].notification_sent > 0


def test_a_storm_of_a_thousand_prefixes_ends_as_it_was_last_told(routers: Routers) -> None:
    prefixes = [f"172.{16 + number // 250}.{number % 250}.0/24" for number in range(1000)]
    chosen = random.Random(1)
    with speaker(routers) as odd:
        for _ in range(20):
            for first in range(0, 1000, 100):
                odd.announce(prefixes[first : first + 100], [ASN, chosen.randrange(1, 60000)])
            for first in range(0, 1000, 200):
                odd.withdraw(prefixes[first : first + 200])
        odd.announce(prefixes[:500], [ASN])
        until("the last word holds", lambda: networks(routers) == set(prefixes[:500]))
        until("the kernel has it", lambda: len(_kernel_routes(routers)) == 500)


def _calls_are_taken(routers: Routers) -> bool:
    """Whether the peer's last session is over."""
    return routers.gw1.get_bgp_statistics("odd")[0].state not in ("Established", "Clearing")


def _kernel_routes(routers: Routers) -> list[str]:
    shown = routers.network["gw1"].run(["ip", "-4", "route", "show", "proto", "bgp"]).stdout
    return shown.splitlines()
