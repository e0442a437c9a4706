"""Where on the virtual clock a measurement begins."""

from __future__ import annotations

import time

from raslab.machine.here import here

GRID_S = 0.1


def wait_for_grid() -> None:
    """In virtual time, wait for the next whole GRID_S of the clock.

    There the moment at which something starts depends on how long others have slept before. What starts on the grid
    starts alike.
    """
    if here().clock == "virtual":
        time.sleep(GRID_S - time.time() % GRID_S)
