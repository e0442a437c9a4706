"""Noticing from outside that a machine's virtual clock stands still while something computes (pure).

In virtual time a program that never waits lets nobody else go on, and nothing in the machine can notice. The launcher
sees how much the machine computes; when it has been silent for long it asks the guest's first process what time it is
and who computes. A guest in which even that one does not get the processor does not answer, which tells as much.
Seconds are of the processor's time, so a busy computer changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Between two questions, and so long must a machine have computed in silence before the first.
ASK_S = 2.5
#: The clock all but stands still if it moves less between two questions: looking at it costs some nanoseconds.
CREEPS_NS = 20_000_000
#: After so long it is told if other programs compute, and if it is the command itself, or nobody can say.
OTHERS_S, ITSELF_S = 5.0, 20.0
_HEAD = 8


@dataclass
class Standstill:
    """Follows one machine. `heard` ends a silence, `look` says whether to ask, `answer` takes what the guest says."""

    _start_s: float | None = None
    _asked_s: float | None = None
    _moment_ns: int | None = None
    _still_since_s: float | None = None
    _is_sure: bool = False
    _names: tuple[str, ...] | None = None
    _has_answered: bool = False
    _told: bool = False

    def heard(self) -> None:
        """The machine has said something else, or rests."""
        self.__init__()  # type: ignore[misc]

    def look(self, computed_s: float) -> bool:
        """Whether to ask the guest now. computed_s: what the machine has computed in all."""
        if self._start_s is None:
            self._start_s = computed_s
        if computed_s - (self._start_s if self._asked_s is None else self._asked_s) < ASK_S:
            return False
        if self._asked_s is not None and not self._has_answered:
            self._still_since_s, self._is_sure = self._still_since_s or self._start_s, True
        self._has_answered = False
        self._asked_s = computed_s
        return True

    def answer(self, payload: bytes, computed_s: float) -> None:
        """The guest's answer: its monotonic clock, and the names of programs that compute, the command's with a *."""
        now_ns = int.from_bytes(payload[:_HEAD], "little")
        self._names = tuple(payload[_HEAD:].decode(errors="replace").split("\n")[:-1])
        if self._moment_ns is None:
            self._still_since_s = self._start_s
        elif now_ns - self._moment_ns > CREEPS_NS:
            self._still_since_s, self._is_sure = computed_s, False
        else:
            self._is_sure = True
        self._moment_ns, self._has_answered = now_ns, True

    def sentence(self, computed_s: float) -> str | None:
        """What to tell the user, once for each silence; None if there is nothing to tell."""
        if self._told or not self._is_sure or self._still_since_s is None:
            return None
        still_s = computed_s - self._still_since_s
        others = [name for name in self._names or () if not name.startswith("*")]
        if still_s < (OTHERS_S if others and len(others) == len(self._names or ()) else ITSELF_S):
            return None
        self._told = True
        who = " and ".join(sorted({name.removeprefix("*") for name in self._names or ()})) or "a program"
        return (
            f"The virtual clock has stood still for {still_s:.0f} s of computing: {who} never waits, as when data "
            "flows over no link with a rate. An interrupt ends it; give links a rate (rate_mbps=100) or a delay, and "
            "let programs sleep while they wait."
        )
