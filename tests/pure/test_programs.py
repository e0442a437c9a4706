"""Finding programs and their versions, with the real programs of this computer."""

import os
from pathlib import Path

import pytest

from raslab.machine.programs import PROGRAMS, Program, find_programs

NEEDED = [program for program in PROGRAMS if program.needed]


@pytest.mark.parametrize("report", find_programs(NEEDED), ids=lambda report: report.name)
def test_every_needed_program_is_found_with_its_version(report) -> None:
    assert report.state == "have"
    assert Path(report.path).is_absolute()
    assert report.version[0].isdigit()
    assert report.remedy == ""


def test_a_program_that_is_not_there_is_missing_and_its_package_named() -> None:
    needed = Program("raslab-has-no-such-program", "nothing", "no-such-package", needed=True)
    optional = Program("raslab-has-no-such-program-either", "nothing", "no-such-package")
    first, second = find_programs((needed, optional))
    assert (first.state, first.path, first.version) == ("missing", "", "")
    assert first.remedy == "sudo apt-get install no-such-package"
    assert second.remedy == "optional: sudo apt-get install no-such-package"


def test_programs_of_the_system_are_found_by_users_whose_path_has_no_sbin(monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    (report,) = find_programs([program for program in PROGRAMS if program.name == "tc"])
    assert report.state == "have"


def test_a_program_that_prints_no_version_is_still_there(tmp_path: Path, monkeypatch) -> None:
    silent = tmp_path / "silent-program"
    silent.write_text("#!/bin/sh\nexit 3\n")
    silent.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    (report,) = find_programs((Program("silent-program", "nothing", "none"),))
    assert (report.state, report.version) == ("have", "")
