"""Does a freshly built kernel do what labs need? It is booted and examined from inside."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from raslab.errors import KernelBuildError
from raslab.machine import uml
from raslab.machine.command import Command, MachineOptions, caller_environment
from raslab.machine.streams import Streams


def verify(kernel: Path) -> None:
    """Boot `kernel` and run the doctor inside.

    Raises KernelBuildError naming what the kernel lacks, MachineDiedError if it does not boot.
    """
    command = Command(
        argv=(sys.executable, "-m", "raslab", "doctor", "--json"),
        cwd=Path("/"),
        environment=caller_environment(),
        null_input=True,
    )
    with tempfile.TemporaryFile() as report, open(os.devnull, "wb") as nowhere:
        streams = Streams(stdin=None, stdout=report.fileno(), stderr=nowhere.fileno())
        uml.run(command, MachineOptions(), streams, kernel)
        report.seek(0)
        text = report.read()
    try:
        capabilities = json.loads(text)["capabilities"]
    except ValueError:
        raise KernelBuildError(
            f"The new kernel {kernel} boots, but `raslab doctor` gave no report in it:"
            f" {text.decode(errors='replace')!r}"
        ) from None
    missing = [capability["name"] for capability in capabilities if capability["state"] != "have"]
    if missing:
        raise KernelBuildError(f"The new kernel {kernel} boots but lacks {', '.join(missing)}.")
