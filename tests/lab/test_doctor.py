"""`raslab doctor` against real kernels: its findings must agree with what a person finds out by hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import raslab
from raslab.machine.capabilities import capabilities, lacking, missing_for_native, probe, remember
from raslab.machine.capability_list import CAPABILITIES
from raslab.machine.here import here
from raslab.machine.programs import system_environment

PACKAGE = Path(raslab.__file__).parent
NOBODY = "65534"
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
KINDS = {
    "gre": "gre remote 192.0.2.2",
    "ip6gre": "ip6gre remote 2001:db8::2",
    "vrf": "vrf table 1",
    "vxlan": "vxlan id 1 dstport 4789",
    "veth": "veth",
}
TRACES = (
    ["ip", "-o", "link"],
    ["ip", "-o", "address"],
    ["ip", "xfrm", "state"],
    ["nft", "list", "ruleset"],
    ["tc", "qdisc"],
    ["cat", "/proc/self/mountinfo"],
)

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder with a copy of raslab that every user may enter, unlike this clone, perhaps."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        shutil.copytree(PACKAGE, Path(name) / "raslab", ignore=shutil.ignore_patterns("__pycache__"))
        yield Path(name)


def traces() -> list[str]:
    """What could show on this computer that something was left behind."""
    environment = system_environment()
    return [subprocess.run(command, env=environment, capture_output=True, text=True).stdout for command in TRACES]


def run_doctor(folder: Path, *prefix: str) -> tuple[int, dict[str, Any]]:
    """Exit status and JSON of `raslab doctor --json`; its cache, and perhaps a raslab, are in FOLDER."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder), "PYTHONPATH": str(folder)}
    # Not the virtual environment's name for it, which other users may not be able to reach.
    interpreter = Path(sys.executable).resolve() if prefix else sys.executable
    ran = subprocess.run(
        [*prefix, interpreter, "-P", "-m", "raslab", "doctor", "--json"],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.stderr == ""
    return ran.returncode, json.loads(ran.stdout)


@pytest.mark.skipif(not here().inside, reason="only a lab machine promises to have everything")
def test_a_lab_machine_has_everything(tmp_path: Path) -> None:
    status, printed = run_doctor(tmp_path)
    assert [(one["name"], one["detail"]) for one in printed["capabilities"] if one["state"] != "have"] == []
    assert printed["auto"]["machine"] == here().machine
    assert (status, printed["can_run_labs"]) == (0, True)


@needs_root
@pytest.mark.parametrize("name", KINDS)
def test_findings_agree_with_ip_link_add(name: str) -> None:
    by_hand = subprocess.run(
        ["unshare", "--net", "ip", "link", "add", "by-hand", "type", *KINDS[name].split()],
        env=system_environment(),
    )
    (report,) = (one for one in capabilities() if one.name == name)
    assert report.state == ("have" if by_hand.returncode == 0 else "missing")
    assert bool(report.detail) == bool(report.remedy) == (report.state == "missing")


@needs_root
def test_what_no_kernel_has_is_missing_and_spoils_nothing_beside_it() -> None:
    script = """if True:
        import json
        from raslab.machine.capability_list import Capability
        from raslab.machine.scratch import enter, try_batch, try_call, try_nft

        def capability(name, tool, *lines):
            return Capability(name, "a test", "", tool, lines)

        enter()
        found = try_batch("ip", (
            capability("no such kind", "ip", "link add dev a type raslab-nonsense"),
            capability("veth", "ip", "link add dev b type veth"),
            capability("half", "ip", "link add dev c type veth", "link set dev absent up"),
        ))
        found |= try_batch("ip", (
            capability("not ip's language", "ip", "link add dev d mtu raslab-nonsense type veth"),
            capability("veth again", "ip", "link add dev e type veth"),
        ))
        found["nft"] = try_nft(capability("nft", "nft", "add rule ip absent absent accept"))
        found["crash"] = try_call(lambda: __import__("os")._exit(9))
        print(json.dumps({name: result.state for name, result in found.items()}))
    """
    ran = subprocess.run(
        [sys.executable, "-c", script], env=system_environment(), capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout) == {
        "no such kind": "missing",
        "veth": "have",
        "half": "missing",
        "not ip's language": "missing",
        "veth again": "have",
        "nft": "missing",
        "crash": "missing",
    }


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    before = traces()
    run_doctor(tmp_path)
    assert traces() == before


@needs_root
def test_an_ordinary_user_is_told_what_only_root_can_try(open_folder: Path) -> None:
    status, printed = run_doctor(open_folder, *AS_NOBODY)
    states = {one["name"]: one["state"] for one in printed["capabilities"]}
    assert printed["privilege"] == "user namespace"
    assert states["userns"] == states["netns"] == states["veth"] == "have"
    assert states["ipvs"] != "have", "IPVS obeys only the root of the whole computer"
    assert status == (0 if printed["can_run_labs"] else 1)


@needs_root
@pytest.mark.skipif(not here().inside, reason="turns user namespaces off for the whole kernel")
def test_without_user_namespaces_an_ordinary_user_can_try_nothing(open_folder: Path) -> None:
    limit = Path("/proc/sys/user/max_user_namespaces")
    allowed = limit.read_text()
    limit.write_text("0")
    try:
        status, printed = run_doctor(open_folder, *AS_NOBODY)
    finally:
        limit.write_text(allowed)
    assert (status, printed["privilege"]) == (1, "none")
    states = {one["name"]: one["state"] for one in printed["capabilities"]}
    assert states.pop("userns") == "missing"
    assert set(states.values()) == {"untried"}


def test_the_answer_for_native_is_remembered_and_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    findings = probe()
    missing = lacking(findings)
    assert missing_for_native() == missing
    (memory,) = tmp_path.rglob("native-*.json")
    memory.write_text('["from memory"]')
    assert missing_for_native() == ("from memory",)
    remember(findings)
    assert missing_for_native() == missing
    memory.write_text("not JSON")
    assert missing_for_native() == missing


def test_every_capability_is_reported_in_the_order_of_the_list() -> None:
    assert [one.name for one in capabilities()] == [one.name for one in CAPABILITIES]
