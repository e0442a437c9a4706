"""Which machine `auto` means: every branch with the case that turns it over."""

from pathlib import Path

from raslab.machine.choice import choose
from raslab.machine.here import Here

HOST = Here(machine="host", clock="real", kernel="6.1.0")
INSIDE = Here(machine="uml", clock="virtual", kernel="7.2.12")
KERNEL = Path("/home/ann/.cache/raslab/kernel/7.2.12-abc/linux")


def test_a_complete_kernel_means_native() -> None:
    assert choose(HOST, (), (), None).machine == "native"
    assert choose(HOST, (), (), KERNEL).machine == "native", "native goes first even if a lab kernel is built"


def test_one_missing_capability_means_uml_if_a_lab_kernel_is_built() -> None:
    choice = choose(HOST, ("gre",), (), KERNEL)
    assert choice.machine == "uml"
    assert choice.reason == "gre cannot be had from this computer's kernel, and the lab kernel is built"


def test_without_a_lab_kernel_nothing_can_run_and_the_command_is_named() -> None:
    choice = choose(HOST, ("gre", "vrf"), (), None)
    assert choice.machine is None
    assert choice.remedy == "raslab kernel build"
    assert "gre and vrf cannot be had" in choice.reason


def test_a_missing_program_stops_every_machine_and_its_package_is_named_once() -> None:
    for surroundings in (HOST, INSIDE):
        choice = choose(surroundings, (), ("iproute2", "iproute2", "iperf3"), KERNEL)
        assert choice.machine is None
        assert choice.remedy == "sudo apt-get install iproute2 iperf3"


def test_inside_a_machine_it_is_that_machine_unless_its_kernel_lacks_something() -> None:
    assert choose(INSIDE, (), (), None).machine == "uml"
    assert choose(INSIDE, ("esp",), (), None).machine is None


def test_a_long_list_is_cut_and_counted() -> None:
    reason = choose(HOST, ("a", "b", "c", "d", "e", "f"), (), None).reason
    assert reason.startswith("a, b, c, d and 2 more cannot")
