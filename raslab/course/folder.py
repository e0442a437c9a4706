"""A temporary folder that is removed even when its owner is killed."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Waits for its standard input to end, which it does with the process that holds the other end of the pipe.
_REMOVER = """
trap '' INT TERM HUP
while read -r _; do :; done
rm -rf -- "$1"
"""


@contextmanager
def passing_folder(prefix: str) -> Iterator[Path]:
    """A new folder among the temporary ones, whose name begins with `prefix`.

    It is gone after the block, and soon after this process's end if the block never ends.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        remover = subprocess.Popen(
            ["/bin/sh", "-c", _REMOVER, "raslab-remover", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": os.defpath},
            start_new_session=True,  # so that what a terminal sends to its programs does not reach it
        )
    except BaseException:
        folder.rmdir()
        raise
    try:
        yield folder
    finally:
        assert remover.stdin is not None
        remover.stdin.close()
        remover.wait()
