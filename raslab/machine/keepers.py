"""Nothing of a lab machine outlives its launcher, however that ends.

Two small processes in sessions of their own wait for the end of a pipe whose other end only the launcher has. Then
they kill the machine's process group and remove its folders. There are two, so that either may be killed, before or
after the launcher; if both are, the launcher cleans up itself when it ends. They wait before the folders are made, so
there is no moment at which a folder is nobody's. Only who kills all three leaves folders; the next launcher finds that
nobody holds their lock, and removes them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

#: Nobody else's folder is called so: what has such a name and no lock is removed.
PREFIX = "raslab-machine-"
_NAME = re.compile(re.escape(PREFIX) + "[0-9a-f]{8}")
NAMES = ("raslab-watchdog", "raslab-warden")
#: Seconds after which a folder whose lock nobody holds is not just being made.
YOUNG_S = 2.0

_SCRIPT = r"""
trap '' INT TERM HUP
echo there
while read -r line; do group=$line; done
[ -n "$group" ] && kill -s KILL -- "-$group" 2>/dev/null
rm -rf -- "$@"
"""


def start_waiting(script: str, name: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a shell script that signals do not disturb, and that is there: it says so in a line before it waits."""
    process = subprocess.Popen(
        ["/bin/sh", "-c", script, name, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={"PATH": os.defpath},
        start_new_session=True,
    )
    assert process.stdout is not None
    with process.stdout:
        process.stdout.readline()
    return process


class Keepers:
    """The two processes, and folders of one name below each of `places`, which are there until `dismiss`."""

    def __init__(self, places: Sequence[Path]) -> None:
        places = list(dict.fromkeys(places))
        for place in places:
            sweep(place)
        token = secrets.token_hex(4)
        self.folders = [place / f"{PREFIX}{token}" for place in places]
        self._locks: list[int] = []
        self._processes = [start_waiting(_SCRIPT, name, *map(str, self.folders)) for name in NAMES]
        try:
            for folder in self.folders:
                folder.mkdir(mode=0o700)
                self._locks.append(_lock(folder))
        except BaseException:
            self.dismiss()
            raise

    def guard(self, group: int) -> None:
        """Kill this process group, too, when the launcher ends."""
        for one in self._processes:
            assert one.stdin is not None
            with contextlib.suppress(BrokenPipeError):  # it has been killed, and the other one has not
                one.stdin.write(b"%d\n" % group)
                one.stdin.flush()

    def dismiss(self) -> None:
        """Let them clean up, and return when nothing is left. May be called again."""
        for one in self._processes:
            if one.stdin is not None and not one.stdin.closed:
                with contextlib.suppress(BrokenPipeError):
                    one.stdin.close()
        for one in self._processes:
            one.wait()
        for folder in self.folders:  # both may have been killed
            shutil.rmtree(folder, ignore_errors=True)
        while self._locks:
            os.close(self._locks.pop())


def sweep(place: Path) -> None:
    """Remove the folders of machines of which nothing lives any more."""
    for folder in place.glob(f"{PREFIX}*"):
        if not _NAME.fullmatch(folder.name):
            continue
        with contextlib.suppress(OSError):  # it is another user's, or has gone meanwhile
            facts = folder.lstat()
            if facts.st_uid != os.geteuid() or time.time() - facts.st_ctime < YOUNG_S:
                continue
            lock = _lock(folder)
            try:
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def _lock(folder: Path) -> int:
    """A descriptor that holds a folder's lock; raises BlockingIOError if somebody else has it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
