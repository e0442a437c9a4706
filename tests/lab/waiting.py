"""What lab tests wait with."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from raslab.net.waiting import look_until

PAUSE_S = 0.02


def until(what: str, holds: Callable[[], object], deadline_s: float = 60.0) -> None:
    """Wait until a condition holds; fail with what was seen last."""
    seen = look_until(bool, holds, deadline_s, partial(time.sleep, PAUSE_S))
    assert seen, f"waited {deadline_s:g} s in vain until {what}; last seen: {seen!r}"
