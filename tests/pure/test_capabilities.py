"""What findings mean for `native`; how findings come about is in tests/lab."""

from raslab.machine.capabilities import CapabilityReport, Findings, Privilege, State, lacking


def findings(privilege: Privilege, **states: State) -> Findings:
    """Findings with nothing but names and states."""
    return Findings(privilege, tuple(CapabilityReport(name, state, "", "", "") for name, state in states.items()))


def test_native_lacks_what_is_missing_and_what_could_not_be_tried() -> None:
    assert lacking(findings("root", veth="have", gre="missing", ipvs="untried")) == ("gre", "ipvs")
    assert lacking(findings("root", veth="have", gre="have", ipvs="have")) == ()


def test_root_can_do_without_user_namespaces_and_nobody_else_can() -> None:
    assert lacking(findings("root", veth="have", userns="missing")) == ()
    assert lacking(findings("user namespace", veth="have", userns="missing")) == ("userns",)
    assert lacking(findings("none", veth="untried", userns="missing")) == ("veth", "userns")
