"""One processor for each lab machine.

A UML kernel and its guest's processes hand over to each other all the time and never run at once; spread over several
processors they spend more time waking one another than working (measured: two to five times as long). So a machine
stays on one processor, and machines of one user that run at the same time take different ones.
"""

from __future__ import annotations

import fcntl
import os
from typing import IO

from raslab.machine.kernel.cache import cache_folder


class Claim:
    """A processor that this process holds until `release`, or its end; `number` is None if all were taken.

    preferred: the one to take if it is free.
    """

    def __init__(self, preferred: int | None = None) -> None:
        self.number: int | None = None
        self._file: IO[str] | None = None
        folder = cache_folder() / "processors"
        folder.mkdir(parents=True, exist_ok=True)
        for number in sorted(os.sched_getaffinity(0), key=lambda number: (number != preferred, number)):
            file = open(folder / str(number), "w")  # noqa: SIM115 - the lock lasts as long as the file is open
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                continue
            self.number, self._file = number, file
            return

    def release(self) -> None:
        """Let others have it. May be called again."""
        if self._file is not None:
            self._file.close()
            self._file = None
