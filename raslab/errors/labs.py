"""Labs, on the command line and in notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from raslab.errors.base import RaslabError


class UnknownLabError(RaslabError):
    """There is no lab of that name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        close = get_close_matches(name, known, n=1)
        choice = f": did you mean {close[0]}?" if close else ";"
        start = "The" if close else "the"
        super().__init__(f"There is no lab {name}{choice} {start} labs are: {', '.join(known) or 'none'}.")


class LabFailedError(RaslabError):
    """A lab did not come to its end."""

    def __init__(self, lab: str, reason: str) -> None:
        super().__init__(f"The lab {lab} failed: {reason.rstrip('. ')}.")


class BadOptionError(RaslabError, ValueError):
    """An option of a command has a value that cannot work."""


class NoSuchPlaceError(RaslabError, KeyError):
    """A name fits no interface or link of the lab, or more than one. choices: what there is."""

    def __init__(self, name: str, reason: str, choices: Sequence[str]) -> None:
        super().__init__(f"{name!r} {reason}: write one of {', '.join(choices)}.")

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show it in quotes


class LabNotRunningError(RaslabError):
    """Something needs the lab's network, which does not run."""

    def __init__(self, lab: str, what: str) -> None:
        super().__init__(f"Lab {lab} is not running, so there is nothing to {what}: call lab.start() first.")


class NoSuchPacketError(RaslabError, IndexError):
    """A capture has no packet of that number. whence: such as ``on gw1:wan0``."""

    def __init__(self, whence: str, number: int, count: int) -> None:
        there = f"its packets are 0 to {count - 1}" if count else "it has none"
        super().__init__(f"The capture {whence} has no packet {number}: {there}.")


class NoTopologyError(RaslabError):
    """A lab of the course has no network to start by hand."""

    def __init__(self, lab: str) -> None:
        super().__init__(f"Lab {lab} has no network to start by hand: measure it with `raslab run {lab}`.")


class NoSuchColumnError(RaslabError):
    """Records have no such column."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no column {name}; the columns are: {', '.join(known)}.")


class NotATopologyError(RaslabError, TypeError):
    """`raslab.lab` was given something that is neither a lab's name nor a topology."""

    def __init__(self, what: object) -> None:
        super().__init__(
            f"{what!r} is no topology: give raslab.lab() the name of a lab or an object of a class derived from "
            "raslab.net.Topo, such as MyTopo()."
        )


class ParametersNotTakenError(RaslabError, TypeError):
    """Parameters were given together with a topology that is already made, or that the lab does not know."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what} does not take these parameters: {reason}.")
