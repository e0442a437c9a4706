"""The native lab machine: this computer's own kernel, in namespaces that end with the command.

util-linux's ``unshare`` makes new PID, mount, network, UTS, IPC and control group namespaces. Each top folder of the
computer's file system is covered by an overlay, so that, as in a UML machine, what is written outside the working
folder vanishes.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Sequence

from raslab.machine.command import Command, inside_environment
from raslab.machine.processes import children
from raslab.machine.signals import ForcedEndError, Patience, arriving
from raslab.machine.streams import Streams

NAMESPACES = ("--mount", "--pid", "--fork", "--mount-proc", "--net", "--uts", "--ipc", "--cgroup", "--kill-child=KILL")

#: The namespaces' first process: makes root throw-away, brings the loopback device up, and stays the command's parent,
#: so that orphans find one. /run becomes the tmpfs that takes the writes; kernel folders and links are left alone.
START = r"""
set -e
here=$PWD
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/raslab/here /run/lock /run/netns
[ "$here" = / ] || mount --bind "$here" /run/raslab/here
for top in /*; do
    case $top in /dev | /proc | /run | /sys) continue ;; esac
    if [ -d "$top" ] && [ ! -L "$top" ]; then
        mkdir -p "/run/raslab/upper$top" "/run/raslab/work$top"
        mount -t overlay -o "lowerdir=$top,upperdir=/run/raslab/upper$top,workdir=/run/raslab/work$top" overlay "$top"
    fi
done
if [ "$here" != / ]; then
    mkdir -p "$here"
    mount --bind /run/raslab/here "$here"
    umount /run/raslab/here
fi
cd "$here"
ip link set lo up
set +e
if ! command -v -- "$1" >/dev/null; then
    echo "raslab: $1: command not found" >&2
    exit 127
fi
$SETSID "$@"
exit $?
"""


def namespace_command(argv: Sequence[str], user_id: int) -> list[str]:
    """`argv` wrapped so that it runs in namespaces of its own; who is not root becomes root in a user namespace."""
    mapping = [] if user_id == 0 else ["--user", "--map-root-user"]
    return ["unshare", *mapping, *NAMESPACES, "--", "sh", "-c", START, "sh", *argv]


def run(command: Command, streams: Streams) -> int:
    """Run one command on this computer's kernel and return its exit status. Signals: see `signals`."""
    # With a terminal the command stays in its session, and the terminal itself tells it of Ctrl-C. Without, it leads a
    # session of its own, so that signals can be sent to it and all of its processes.
    environment = inside_environment(command, "native", "real") | {"SETSID": "" if streams.tty else "setsid"}
    with arriving() as signals:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *namespace_command(command.argv, os.geteuid())],
            cwd=command.cwd,
            env=environment,
            stdin=subprocess.DEVNULL if streams.stdin is None else streams.stdin,
            stdout=streams.stdout,
            stderr=streams.stderr,
            start_new_session=not streams.tty,
        )
        try:
            status = _wait(process, signals, streams)
        except ForcedEndError as forced:
            return forced.status
        finally:
            # unshare takes the namespaces' first process, and so all the others, with it.
            process.kill()
            process.wait()
    return status if status >= 0 else 128 - status


def _wait(process: subprocess.Popen[bytes], signals: int | None, streams: Streams) -> int:
    """Wait for the end of the namespaces' launcher and pass signals on to the command meanwhile."""
    patience = Patience(interruptible=streams.on_interrupt is not None)
    ended = os.pidfd_open(process.pid)
    wanted = [ended] if signals is None else [ended, signals]
    try:
        while True:
            ready, _, _ = select.select(wanted, [], [], patience.left_s())
            if signals is not None and signals in ready:
                for number in os.read(signals, 64):
                    if number != signal.SIGWINCH and not (streams.tty and number == signal.SIGINT):
                        _pass_on(process.pid, number, patience)
            if ended in ready:
                return process.wait()
    finally:
        os.close(ended)


def _pass_on(launcher: int, number: int, patience: Patience) -> None:
    """Send a signal to the command: the child of the namespaces' first process, which is the launcher's child."""
    commands = [command for first in children(launcher) for command in children(first)]
    patience.take(number, ready=bool(commands))
    for command in commands:
        with contextlib.suppress(ProcessLookupError):
            leads = os.getpgid(command) == command
            os.kill(-command if leads else command, number)
