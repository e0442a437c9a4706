"""The guest's first process: compiled from init.c on first use and kept in the user's cache."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from raslab.errors import KernelBuildError
from raslab.machine.kernel.cache import cache_folder

SOURCE = Path(__file__).with_name("init.c")


def guest_init() -> Path:
    """Path of the compiled program; compiles it (a third of a second) if this version of it is not in the
    cache.

    Raises KernelBuildError if the compiler fails.
    """
    version = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:12]
    program = cache_folder() / "init" / version
    if program.exists():
        return program
    program.parent.mkdir(parents=True, exist_ok=True)
    fresh = program.with_name(f"{version}.{os.getpid()}")
    command = ["gcc", "-O2", "-static", "-s", "-o", str(fresh), str(SOURCE)]
    try:
        result = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        raise KernelBuildError("Lab machines need gcc, which this computer lacks; install build-essential.") from None
    if result.returncode:
        raise KernelBuildError(f"Compiling the lab machine's first process failed: {result.stderr.strip()}")
    fresh.rename(program)
    return program
