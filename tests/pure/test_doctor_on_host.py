"""`raslab doctor` on the computer that runs the tests, whatever its kernel lacks and whoever runs them."""

import json
import os
import subprocess
import sys

import pytest

from raslab.machine.capabilities import lacking, probe
from raslab.machine.programs import system_environment

AS_ROOT = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
UNSHARE = ["unshare", *AS_ROOT, "--net"]
KINDS = {"gre": "gre remote 192.0.2.2", "vrf": "vrf table 1", "wireguard": "wireguard", "veth": "veth"}


def by_hand(kind: str) -> str:
    """The state of a link kind as a person finds it out."""
    environment = system_environment()
    if subprocess.run([*UNSHARE, "true"], env=environment, capture_output=True).returncode:
        return "untried"
    adding = ["ip", "link", "add", "by-hand", "type", *kind.split()]
    ran = subprocess.run([*UNSHARE, *adding], env=environment, capture_output=True)
    return "missing" if ran.returncode else "have"


@pytest.mark.parametrize("name", KINDS)
def test_doctor_finds_what_a_person_finds(name: str) -> None:
    (report,) = (one for one in probe().capabilities if one.name == name)
    assert report.state == by_hand(KINDS[name])


def test_exit_status_and_choice_follow_from_the_findings() -> None:
    ran = subprocess.run([sys.executable, "-m", "raslab", "doctor", "--json"], capture_output=True, text=True)
    printed = json.loads(ran.stdout)
    assert ran.returncode == (0 if printed["auto"]["machine"] else 1)
    assert (printed["auto"]["machine"] == "native") == (lacking(probe()) == ())
