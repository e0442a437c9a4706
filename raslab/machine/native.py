"""The native lab machine: this computer's own kernel, in namespaces that end with the command.

The command is process 1's child in new PID, mount, network, UTS and IPC namespaces made by util-linux's
``unshare``. The file system is the computer's own, so unlike in a UML machine a write outside the working
folder stays.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from raslab.errors import CommandNotStartedError
from raslab.machine.command import Command, inside_environment
from raslab.machine.streams import Streams

NAMESPACES = (
    "--mount",
    "--pid",
    "--fork",
    "--mount-proc",
    "--net",
    "--uts",
    "--ipc",
    "--cgroup",
    "--kill-child=KILL",
)


def namespace_command(argv: Sequence[str], user_id: int) -> list[str]:
    """`argv` wrapped so that it runs in namespaces of its own; a user who is not root becomes root in a user
    namespace.
    """
    mapping = [] if user_id == 0 else ["--user", "--map-root-user"]
    # The wrapper brings the loopback device up and leaves the command as the shell's child, so that orphans
    # find a parent.
    start = 'ip link set lo up; "$@"; exit $?'
    return ["unshare", *mapping, *NAMESPACES, "--", "sh", "-c", start, "sh", *argv]


def run(command: Command, streams: Streams) -> int:
    """Run one command on this computer's kernel and return its exit status; raises CommandNotStartedError."""
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", *namespace_command(command.argv, os.geteuid())],
        cwd=command.cwd,
        env=inside_environment(command, "native", "real"),
        stdin=subprocess.DEVNULL if streams.stdin is None else streams.stdin,
        stdout=streams.stdout,
        stderr=streams.stderr,
    )
    try:
        status = process.wait()
    except BaseException:
        process.kill()  # unshare takes the namespace's first process, and so all the others, with it
        process.wait()
        raise
    if status == 127:
        raise CommandNotStartedError(f"{command.argv[0]}: command not found", 127)
    return status if status >= 0 else 128 - status
