"""What is passed to a machine: specification, kernel command line, options."""

from __future__ import annotations

from pathlib import Path

import pytest

from raslab.errors import NoLabMachineError
from raslab.machine.command import Command, MachineOptions, inside_environment, specification, writable_folders
from raslab.machine.launch import choose_machine, exec_argv, parse_memory_mb
from raslab.machine.native import namespace_command
from raslab.machine.uml import kernel_arguments

COMMAND = Command(argv=("echo", "two words"), cwd=Path("/home/me/work"), environment={"A": "1\n2"}, null_input=True)


def test_the_specification_is_a_list_of_records() -> None:
    assert specification(COMMAND, COMMAND.environment, writable_folders(COMMAND)) == (
        b"Aecho\0Atwo words\0EA=1\n2\0C/home/me/work\0B/home/me/work\0N\0"
    )


def test_the_whole_file_system_is_never_writable() -> None:
    command = Command(argv=("true",), cwd=Path("/"), environment={}, writable=(Path("/srv"),))
    assert specification(command, {}, writable_folders(command)) == b"Atrue\0C/\0B/srv\0"


def test_inside_the_command_can_tell_where_it_is() -> None:
    environment = inside_environment(COMMAND, "uml", "virtual")
    assert environment.pop("PATH")
    assert environment == {"A": "1\n2", "RASLAB_MACHINE": "uml", "RASLAB_CLOCK": "virtual"}


def test_system_programs_are_found_although_the_user_is_an_ordinary_one() -> None:
    command = Command(argv=("tc",), cwd=Path("/"), environment={"PATH": "/home/me/bin:/usr/bin"})
    folders = inside_environment(command, "uml", "real")["PATH"].split(":")
    assert folders[:2] == ["/home/me/bin", "/usr/bin"]
    assert "/usr/sbin" in folders


def test_the_kernel_command_line_depends_on_clock_and_memory_only() -> None:
    arguments = kernel_arguments(MachineOptions(virtual_time=True, memory_mb=512))
    assert arguments[0] == "mem=512M"
    assert "time-travel=inf-cpu" in arguments
    assert not any("/" in argument.replace("/proc/self/cwd", "").replace("init=/init", "") for argument in arguments)
    assert "time-travel=inf-cpu" not in kernel_arguments(MachineOptions())


@pytest.mark.parametrize(("text", "expected"), [("512M", 512), ("2G", 2048), ("1gb", 1024), (" 300m ", 300)])
def test_memory_sizes(text: str, expected: int) -> None:
    assert parse_memory_mb(text) == expected


@pytest.mark.parametrize("text", ["", "2", "-1G", "2T", "1.5G", "G"])
def test_bad_memory_sizes_are_refused_by_name(text: str) -> None:
    with pytest.raises(NoLabMachineError, match="is not a memory size"):
        parse_memory_mb(text)


def test_virtual_time_means_uml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RASLAB_MACHINE", raising=False)
    assert choose_machine("auto", virtual_time=True) == "uml"
    assert choose_machine("native", virtual_time=False) == "native"
    with pytest.raises(NoLabMachineError, match="no virtual time"):
        choose_machine("native", virtual_time=True)


def test_no_machine_in_a_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RASLAB_MACHINE", "uml")
    with pytest.raises(NoLabMachineError, match="already a lab machine"):
        choose_machine("auto", virtual_time=False)


def test_only_who_is_not_root_gets_a_user_namespace() -> None:
    assert "--user" in namespace_command(["true"], user_id=1000)
    assert "--user" not in namespace_command(["true"], user_id=0)


def test_exec_argv_is_a_raslab_command_line() -> None:
    assert exec_argv(["true"], "uml", MachineOptions(virtual_time=True, memory_mb=512, seed=7))[1:] == [
        "-m", "raslab", "exec", "--machine", "uml", "--virtual-time", "--seed", "7", "--memory", "512M", "--", "true",
    ]  # fmt: skip
    assert "--virtual-time" not in exec_argv(["true"])
