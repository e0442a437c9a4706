"""What a check of isolation came to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from html import escape
from typing import Any

import pandas as pd

from raslab.errors import NotIsolatedError
from raslab.measure.isolation.reasoning import Reasoning, WayThrough
from raslab.measure.isolation.tenants import PROVIDER, STRANGER
from raslab.model.observation import Observation

COLUMNS = ("probe", "sender", "target", "sent", "arrived", "leaked")
REASONING_COLUMNS = ("sender", "target", "how", "path", "packet", "confirmed", "sometimes")
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
    """Probes of one kind from one sender, each of which was tried for all the targets; leaked: those that crossed."""

    probe: str
    sender: str
    targets: tuple[str, ...]
    sent: int
    arrived: int
    leaked: int

    @property
    def is_own(self) -> bool:
        """True if they are for the sender's own."""
        return self.targets == (self.sender,)


@dataclass(frozen=True)
class IsolationReport:
    """Whether tenants are isolated. True in an `if` if nothing crossed and everything arrived that had to.

    counts: of a tenant's probes to itself `arrived` says how many did, and none can leak. leaks: in the order of the
    probes. unproven: sentences about what did not arrive although it had to; while there are any, that nothing crossed
    means nothing. reasoned: what was worked out, see `ways` and `reasoning`.
    """

    counts: tuple[Count, ...]
    leaks: tuple[Leak, ...]
    unproven: tuple[str, ...] = ()
    reasoned: Reasoning = field(default_factory=Reasoning)
    attributes: dict[Hashable, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return not (self.leaks or self.unproven or self.ways or self.reasoned.unproven)

    @property
    def ways(self) -> tuple[WayThrough, ...]:
        """The ways that were worked out, from somebody to where he must not get; a packet need not have gone them."""
        return self.reasoned.ways

    @property
    def verdict(self) -> str:
        """The result in a sentence or two."""
        crossing = [one for one in self.counts if not one.is_own]
        sent = sum(one.sent for one in crossing)
        if self.leaks:
            return f"{len(self.leaks)} of {sent:,} probes crossed, first this one: {self.leaks[0]}."
        if self.ways:
            gone = sum(one.is_confirmed for one in self.ways)
            return (
                f"Of {sent:,} probes none crossed, but {_number(len(self.ways), 'way leads', 'ways lead')} across, "
                f"{gone} of them confirmed by a packet, first this one: {self.ways[0]}."
            )
        if self.unproven:
            more = f", and {len(self.unproven) - 1} more" if len(self.unproven) > 1 else ""
            return f"Nothing crossed, which proves nothing: {self.unproven[0]}{more}."
        if doubts := self.reasoned.unproven:
            more = f", and {len(doubts) - 1} more" if len(doubts) > 1 else ""
            return f"Nothing crossed, but it is not proven that nothing can: {doubts[0]}{more}."
        kinds = len({one.probe for one in crossing})
        arrived = sum(one.arrived for one in self.counts)
        return (
            f"Nothing crossed: {sent:,} probes of {kinds} kinds for {len(self.pairs):,} pairs of tenants. "
            f"Of the tenants' own, {arrived:,} arrived, some of each kind from each node."
        )

    @property
    def examined(self) -> str:
        """What the reasoning was about, in a sentence."""
        known = self.reasoned.examined
        if not known:
            return "Nothing was worked out."
        return (
            f"No way leads across, whatever the packet: worked out from {known['routes']:,} routes, {known['rules']:,} "
            f"rules for them and {known['nft rules']:,} of nftables on {known['nodes']:,} nodes."
        )

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """The pairs of tenants that were tried, sender first."""
        senders = {one.sender for one in self.counts} - {STRANGER}
        found = {(one.sender, target) for one in self.counts if one.sender in senders for target in one.targets}
        return frozenset((sender, target) for sender, target in found if target not in (sender, PROVIDER))

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
        """One row for each kind of probe, sender and target: how many were sent, arrived at home, and leaked.

        A probe that was tried for several targets is in the row of each.
        """
        rows: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        for one in self.counts:
            for target in one.targets:
                row = rows[one.probe, one.sender, target]
                row[0] += one.sent
                row[1] += one.arrived
        for leak in self.leaks:
            rows[leak.probe, leak.sender, leak.tenant][2] += 1
        frame = pd.DataFrame([(*key, *row) for key, row in rows.items()], columns=list(COLUMNS))
        frame.attrs = dict(self.attributes)
        return frame

    @property
    def reasoning(self) -> pd.DataFrame:
        """One row for each way that was worked out: from whom to whom, how, by which path, with which packet.

        confirmed: a packet has gone it. sometimes: it lets packets by only now and then. What could not be decided is
        in rows too, with nobody in them (how: ``not proven``), and so is what this was not about (``not examined``).
        """
        rows = [
            (
                one.sender,
                one.tenant,
                one.how,
                " > ".join(one.path),
                str(one.packet or ""),
                one.is_confirmed,
                bool(one.sometimes),
            )
            for one in self.ways
        ]
        rows += [("", "", "not proven", text, "", False, False) for text in self.reasoned.unproven]
        rows += [("", "", "not examined", text, "", False, False) for text in self.reasoned.beside]
        frame = pd.DataFrame(rows, columns=list(REASONING_COLUMNS))
        frame.attrs = dict(self.attributes) | {"examined": dict(self.reasoned.examined)}
        return frame

    @property
    def summary(self) -> pd.DataFrame:
        """One row for each kind of probe: own probes sent and arrived, others sent and leaked."""
        kinds = list(dict.fromkeys(one.probe for one in self.counts))
        rows = [
            {
                "probe": kind,
                "own_sent": sum(one.sent for one in self.counts if one.probe == kind and one.is_own),
                "own_arrived": sum(one.arrived for one in self.counts if one.probe == kind),
                "crossing_sent": sum(one.sent for one in self.counts if one.probe == kind and not one.is_own),
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


def _number(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"
