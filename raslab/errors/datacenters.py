"""Datacenters with virtual networks."""

from __future__ import annotations

from collections.abc import Sequence

from raslab.errors.base import RaslabError, one_line


class DatacenterRefusedError(RaslabError, ValueError):
    """A change of a datacenter that cannot be made; all is as it was. `problems`: one sentence per problem."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(map(one_line, problems))
        super().__init__("\n".join(self.problems))


class DatacenterNotRunningError(RaslabError):
    """Something is asked of a datacenter whose network does not run."""

    def __init__(self) -> None:
        super().__init__("The network of the datacenter is not running: start it first.")
