"""What lab machines are given that is compiled: their first process, and a library for daemons in virtual time.

Each is compiled on first use and kept in the user's cache folder.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from raslab.errors import KernelBuildError
from raslab.machine.kernel.cache import cache_folder

_HERE = Path(__file__).parent
INIT = _HERE / "init.c"
STARTER = _HERE / "jail" / "starter.c"
STARTER_PARTS = (_HERE / "jail" / "denied.h",)
PATIENCE = _HERE / "patience.c"


def guest_init() -> Path:
    """Path of the compiled first process. Raises KernelBuildError if the compiler fails."""
    return _compiled(INIT, ("-static",), "")


def starter() -> Path:
    """Path of the compiled program that starts a kernel in its jail. Raises as `guest_init`."""
    return _compiled(STARTER, ("-static",), "", STARTER_PARTS)


def patience() -> Path:
    """Path of the library that keeps daemons from waiting without sleep in virtual time. Raises as `guest_init`."""
    return _compiled(PATIENCE, ("-shared", "-fPIC"), ".so")


def _compiled(source: Path, options: tuple[str, ...], suffix: str, parts: tuple[Path, ...] = ()) -> Path:
    """What the compiler makes of this version of `source` and `parts`, which it includes; it takes a third of a second
    unless it is in the cache.
    """
    version = hashlib.sha256(b"".join(path.read_bytes() for path in (source, *parts))).hexdigest()[:12]
    program = cache_folder() / "init" / f"{version}{suffix}"
    if program.exists():
        return program
    program.parent.mkdir(parents=True, exist_ok=True)
    fresh = program.with_name(f"{version}.{os.getpid()}")
    command = ["gcc", "-O2", *options, "-s", "-o", str(fresh), str(source)]
    try:
        result = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        raise KernelBuildError("Lab machines need gcc, which this computer lacks; install build-essential.") from None
    if result.returncode:
        raise KernelBuildError(f"Compiling {source.name} for lab machines failed: {result.stderr.strip()}")
    fresh.rename(program)
    return program
