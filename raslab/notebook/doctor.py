"""`raslab doctor` as a notebook shows it: what this machine can do for labs."""

from __future__ import annotations

from raslab.machine.capabilities import CapabilityReport
from raslab.machine.doctor import Diagnosis, examine
from raslab.machine.programs import ProgramReport
from raslab.notebook import cards

COLUMNS = ("name", "here", "what it is for")


class ShownDiagnosis:
    """What was found. Versions are left out, so that two machines that can do the same look the same."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.diagnosis = diagnosis
        needed = [one for one in diagnosis.programs if one.needed]
        self._tried: list[CapabilityReport | ProgramReport] = [*diagnosis.capabilities, *needed]
        self._absent = [one for one in self._tried if one.state != "have"]

    def __bool__(self) -> bool:
        return not self._absent

    def __repr__(self) -> str:
        here = self.diagnosis.surroundings
        where = f"Here: machine {here.machine}, {here.clock} time" if here.machine else "Here: no lab machine"
        there = len(self._tried) - len(self._absent)
        lines = [f"{where}. {there} of {len(self._tried)} capabilities and programs that labs need are there."]
        lines += [f"{one.name} is missing: {one.remedy}" for one in self._absent]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        summary, *missing = repr(self).splitlines()
        rows = [(one.name, one.state, one.purpose) for one in self._tried]
        return cards.page(
            cards.heading(summary),
            *map(cards.remark, missing),
            f"<details><summary>What was tried</summary>{cards.table(COLUMNS, rows)}</details>",
        )


def doctor() -> ShownDiagnosis:
    """Try every capability that labs need in this machine, and look for every program. Raises ScratchNamespaceError."""
    return ShownDiagnosis(examine())
