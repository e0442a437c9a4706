"""What changes of WireGuard interfaces become, as one would type them with `wg`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from raslab.services.wireguard import Wireguard, WireguardInterface, new_keys, public_key_of

MINE, THEIRS = new_keys(), new_keys()
ONE = WireguardInterface(
    "branch", MINE.private_key, 51820, THEIRS.public_key, ("192.0.2.2", 51820), ("0.0.0.0/0", "::/0")
)
SET = f"wg set branch private-key branch.key listen-port 51820 peer {THEIRS.public_key}"
REST = "endpoint 192.0.2.2:51820 allowed-ips 0.0.0.0/0,::/0"


def lines(old: WireguardInterface | None, *new: WireguardInterface) -> tuple[str, ...]:
    """The commands from one declaration to another."""
    return Wireguard(new).plan(Wireguard((old,)) if old else None)


def test_the_public_key_is_that_of_rfc_7748() -> None:
    """Section 6.1: Alice's keys."""
    private = "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo="
    assert public_key_of(private) == "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="
    assert public_key_of(MINE.private_key) == MINE.public_key != THEIRS.public_key


def test_a_new_interface_is_told_everything() -> None:
    assert lines(None, ONE) == (f"{SET} {REST}",)


@pytest.mark.parametrize("changes", [{"preshared_key": THEIRS.private_key}, {"peer_public_key": MINE.public_key}])
def test_another_peer_takes_the_place_of_the_old_one(changes: dict[str, str]) -> None:
    assert lines(ONE, replace(ONE, **changes))[0] == f"wg set branch peer {THEIRS.public_key} remove"  # type: ignore[arg-type]


def test_keepalives_are_switched_off_where_they_were_on() -> None:
    assert lines(replace(ONE, keepalive_s=25), ONE) == (
        f"{SET} {REST.replace('allowed', 'persistent-keepalive 0 allowed')}",
    )


def test_what_stays_and_what_goes_needs_no_command() -> None:
    assert lines(ONE, ONE) == ()
    assert lines(ONE) == ()


def test_no_secret_is_shown() -> None:
    secret = replace(ONE, preshared_key=THEIRS.private_key)
    shown = f"{secret} {lines(None, secret)} {MINE}"
    assert MINE.private_key not in shown
    assert THEIRS.private_key not in shown
