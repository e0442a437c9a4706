"""What `raslab doctor` shows and prints, from findings made up here; the real findings are in tests/lab."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from raslab.cli.console import console_for
from raslab.machine import doctor, doctor_view
from raslab.machine.capabilities import CapabilityReport
from raslab.machine.capability_list import CAPABILITIES
from raslab.machine.choice import Choice
from raslab.machine.doctor import Diagnosis
from raslab.machine.here import Here
from raslab.machine.programs import ProgramReport

GOLDEN = Path(__file__).parent / "golden"
DIAGNOSIS = Diagnosis(
    surroundings=Here(machine="host", clock="real", kernel="6.1.0-44-amd64"),
    user="ann",
    privilege="user namespace",
    capabilities=(
        CapabilityReport("veth", "have", "links between nodes", "", ""),
        CapabilityReport(
            "gre",
            "missing",
            "GRE tunnels, keyed and unkeyed",
            "Unknown device type",
            "lab machine, or a kernel with ip_gre",
        ),
        CapabilityReport("ipvs", "untried", "load balancing", "Operation not permitted", "ask as root (sudo)"),
    ),
    programs=(
        ProgramReport("ip", "have", True, "links, addresses, routes, tunnels", "/usr/sbin/ip", "6.1.0", ""),
        ProgramReport("iperf3", "missing", True, "throughput", "", "", "sudo apt-get install iperf3"),
        ProgramReport("zebra", "missing", False, "routing daemons (FRR)", "", "", "optional: sudo apt-get install frr"),
        ProgramReport("charon-systemd", "have", False, "IKEv2 (strongSwan)", "/usr/sbin/charon-systemd", "", ""),
    ),
    auto=Choice(None, "needed programs are not installed", "sudo apt-get install iperf3"),
)
GOOD = replace(DIAGNOSIS, auto=Choice("native", "this computer's kernel has everything"))


def shown(diagnosis: Diagnosis, *, width: int, terminal: bool) -> str:
    """The text that `show` prints, without the blanks that fill lines up."""
    stream = io.StringIO()
    doctor_view.show(
        diagnosis,
        Console(file=stream, width=width, force_terminal=terminal, color_system=None, highlight=False),
    )
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


@pytest.mark.parametrize(
    ("golden", "width", "terminal"),
    [("doctor-wide.txt", 120, True), ("doctor-narrow.txt", 60, True), ("doctor-piped.txt", 160, False)],
)
def test_tables(golden: str, width: int, terminal: bool) -> None:
    assert shown(DIAGNOSIS, width=width, terminal=terminal) == (GOLDEN / golden).read_text()


def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut() -> None:
    text = shown(DIAGNOSIS, width=60, terminal=True)
    assert max(len(line) for line in text.splitlines()) <= 60
    assert "…" not in text


def test_a_pipe_gets_each_row_on_one_line_without_colours() -> None:
    stream = io.StringIO()
    doctor_view.show(DIAGNOSIS, console_for(stream))
    assert "\x1b" not in stream.getvalue()
    (row,) = (line for line in stream.getvalue().splitlines() if line.startswith("gre "))
    assert " ".join(row.split()) == "gre missing GRE tunnels, keyed and unkeyed lab machine, or a kernel with ip_gre"


def test_the_last_line_names_the_machine_or_the_remedy() -> None:
    assert shown(GOOD, width=120, terminal=True).endswith(
        "Labs run in the machine native: this computer's kernel has everything.\n"
    )
    assert shown(DIAGNOSIS, width=120, terminal=True).endswith("To do: sudo apt-get install iperf3\n")


def test_can_run_labs_follows_auto() -> None:
    assert GOOD.can_run_labs
    assert not DIAGNOSIS.can_run_labs


def test_json_has_the_promised_keys() -> None:
    printed = json.loads(json.dumps(doctor.to_json(DIAGNOSIS)))
    assert set(printed) == {
        *("schema", "raslab", "kernel", "machine", "clock", "user", "privilege"),
        *("capabilities", "programs", "auto", "can_run_labs"),
    }
    assert printed["schema"] == 1
    assert set(printed["capabilities"][0]) == {"name", "state", "purpose", "detail", "remedy"}
    assert set(printed["programs"][0]) == {"name", "state", "needed", "purpose", "path", "version", "remedy"}
    assert printed["auto"] == {
        "machine": None,
        "reason": "needed programs are not installed",
        "remedy": "sudo apt-get install iperf3",
    }
    assert printed["can_run_labs"] is False


def test_names_of_capabilities_are_unique_and_so_are_the_devices_that_try_them() -> None:
    names = [one.name for one in CAPABILITIES]
    devices = [line.split()[3] for one in CAPABILITIES for line in one.lines if line.startswith("link add dev")]
    assert len(set(names)) == len(names)
    assert len(set(devices)) == len(devices)
    assert all(len(device) <= 15 for device in devices), "IFNAMSIZ holds 15 characters and a NUL"


@pytest.mark.parametrize(
    ("version", "sentence"),
    [(0, "has no Landlock"), (2, "leaves signals"), (7, "Landlock, version 7, keeps uml machines from this computer.")],
)
def test_what_jails_machines_is_told(version: int, sentence: str) -> None:
    text = shown(replace(DIAGNOSIS, landlock=version), width=200, terminal=False)
    assert sentence in text
    assert ("leaves signals" in text) == (version == 2)
