"""What somebody who looked has seen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Observation:
    """Whether something holds, and what was seen, in a few words. True in an `if` when it holds."""

    holds: bool
    seen: str

    def __bool__(self) -> bool:
        return self.holds

    def __repr__(self) -> str:
        return f"{'yes' if self.holds else 'no'}: {self.seen}"
