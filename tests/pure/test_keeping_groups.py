"""Capturing in a user namespace where groups cannot be changed, as an unprivileged lab machine is one."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from raslab.measure import keeping_groups

NAMESPACE = ("unshare", "--user", "--map-root-user", "--net")
TCPDUMP = ("tcpdump", "-i", "lo", "-Z", "root", "-w", "-", "-c", "1")


def in_namespace(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*NAMESPACE, *argv], capture_output=True, text=True, check=False, timeout=20)


@pytest.fixture(autouse=True)
def user_namespaces() -> None:
    if in_namespace("true").returncode != 0:
        pytest.skip("user namespaces are not allowed here")


def captured(*argv: str) -> subprocess.CompletedProcess[str]:
    """What tcpdump says; it ends with the first packet, or after 3 s without."""
    script = 'ip link set lo up; (sleep 0.5; ping -c 1 127.0.0.1) >/dev/null & timeout 3 "$@" | head -c 4 | od -An -tx1'
    return in_namespace("sh", "-c", script, "sh", *argv)


@pytest.mark.skipif(shutil.which("tcpdump") is None, reason="tcpdump is not installed")
def test_tcpdump_captures_all_the_same() -> None:
    done = captured(sys.executable, keeping_groups.__file__, *TCPDUMP)
    assert done.stdout.split() == ["d4", "c3", "b2", "a1"], done.stderr


def test_groups_can_be_set_to_what_they_are_by_its_help_only() -> None:
    """What tcpdump asks for before version 4.99.5, with and without help."""
    change = (sys.executable, "-c", "import os; os.initgroups('root', 0)")
    assert in_namespace(sys.executable, keeping_groups.__file__, *change).returncode == 0
    alone = in_namespace(*change)
    assert alone.returncode != 0
    assert "PermissionError" in alone.stderr


def test_it_is_noticed_where_groups_are_denied() -> None:
    program = "from raslab.measure import keeping_groups; print(keeping_groups.setgroups_denied())"
    assert in_namespace(sys.executable, "-c", program).stdout == "True\n"
