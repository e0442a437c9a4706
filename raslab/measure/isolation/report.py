"""What a check of isolation came to."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from html import escape
from typing import Any

import pandas as pd

from raslab.errors import NotIsolatedError
from raslab.model.observation import Observation

COLUMNS = ("probe", "sender", "target", "sent", "arrived", "leaked")
_SHOWN = 3


@dataclass(frozen=True)
class Leak:
    """A probe of `sender` that came to something of `tenant`.

    how: ``delivered``, or ``answered`` if only an answer was seen. path: interfaces in order, such as ``a1:eth0``, to
    where it should not have come. packet: as it was there, in scapy's words.
    """

    probe: str
    sender: str
    tenant: str
    how: str
    path: tuple[str, ...]
    packet: str

    def __str__(self) -> str:
        done = "reached" if self.how == "delivered" else "was answered by"
        return f"{self.probe} of {self.sender} {done} {self.tenant} by {' > '.join(self.path)} ({self.packet})"


@dataclass(frozen=True)
class Count:
    """Probes of one kind from one sender to one target; leaked: those that crossed."""

    probe: str
    sender: str
    target: str
    sent: int
    arrived: int
    leaked: int


@dataclass(frozen=True)
class IsolationReport:
    """Whether tenants are isolated. True in an `if` if nothing crossed and everything arrived that had to.

    counts: one for each kind of probe and pair; of a tenant's probes to itself `arrived` says how many did, and none
    can leak. leaks: in the order of the probes. unproven: sentences about what did not arrive although it had to;
    while there are any, that nothing crossed means nothing.
    """

    counts: tuple[Count, ...]
    leaks: tuple[Leak, ...]
    unproven: tuple[str, ...] = ()
    attributes: dict[Hashable, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return not self.leaks and not self.unproven

    @property
    def verdict(self) -> str:
        """The result in a sentence or two."""
        crossing = [one for one in self.counts if one.sender != one.target]
        sent = sum(one.sent for one in crossing)
        if self.leaks:
            return f"{len(self.leaks)} of {sent:,} probes crossed, first this one: {self.leaks[0]}."
        if self.unproven:
            more = f", and {len(self.unproven) - 1} more" if len(self.unproven) > 1 else ""
            return f"Nothing crossed, which proves nothing: {self.unproven[0]}{more}."
        kinds = len({one.probe for one in crossing})
        arrived = sum(one.arrived for one in self.counts)
        return (
            f"Nothing crossed: {sent:,} probes of {kinds} kinds. "
            f"Of the tenants' own, {arrived:,} arrived, some of each kind from each node."
        )

    @property
    def observation(self) -> Observation:
        """For checks of a lab: holds if the report does, and is seen as its verdict."""
        return Observation(bool(self), self.verdict.rstrip("."))

    def require(self) -> None:
        """Raise NotIsolatedError unless the tenants are isolated."""
        if not self:
            raise NotIsolatedError(self.verdict)

    @property
    def frame(self) -> pd.DataFrame:
        """One row for each kind of probe, sender and target: how many were sent, arrived at home, and leaked."""
        rows = [{name: getattr(one, name) for name in COLUMNS} for one in self.counts]
        frame = pd.DataFrame(rows, columns=list(COLUMNS))
        frame.attrs = dict(self.attributes)
        return frame

    @property
    def summary(self) -> pd.DataFrame:
        """One row for each kind of probe: own probes sent and arrived, others sent and leaked."""
        kinds = list(dict.fromkeys(one.probe for one in self.counts))
        rows = [
            {
                "probe": kind,
                "own_sent": sum(one.sent for one in self.counts if one.probe == kind and one.sender == one.target),
                "own_arrived": sum(one.arrived for one in self.counts if one.probe == kind),
                "crossing_sent": sum(one.sent for one in self.counts if one.probe == kind and one.sender != one.target),
                "leaked": sum(one.leaked for one in self.counts if one.probe == kind),
            }
            for kind in kinds
        ]
        frame = pd.DataFrame(rows, columns=["probe", "own_sent", "own_arrived", "crossing_sent", "leaked"])
        frame.attrs = dict(self.attributes)
        return frame

    def __repr__(self) -> str:
        lines = [self.verdict, *(f"  {leak}" for leak in self.leaks[1:_SHOWN])]
        return "\n".join([*lines, *(f"  {one}" for one in self.unproven[1:_SHOWN])])

    def _repr_html_(self) -> str:
        table: str = self.summary.to_html(index=False, border=0)
        return f"<p>{escape(repr(self)).replace(chr(10), '<br>')}</p>{table}"
