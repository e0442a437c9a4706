"""The native lab machine: this computer's own kernel, in namespaces that end with the command.

util-linux's ``unshare`` makes new PID, mount, network, UTS, IPC and control group namespaces, and the command
gets a root of its own, so that, as in a UML machine, what is written outside the working folder vanishes. It keeps
programs from changing the computer by mistake, and is no jail: who is root there, and hostile, can mount what he likes.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from raslab.errors import JailError, MachineDiedError
from raslab.machine.command import Command, MachineOptions, inside_environment
from raslab.machine.jail import limits
from raslab.machine.processes import children
from raslab.machine.signals import ForcedEndError, Patience, arriving
from raslab.machine.streams import Streams

NAMESPACES = ("--mount", "--pid", "--fork", "--mount-proc", "--net", "--uts", "--ipc", "--cgroup", "--kill-child=KILL")

#: What root in a lab has no use for; with it he could reach the computer's disks, clock and kernel.
DROPPED = ("mknod", "sys_rawio", "sys_module", "sys_boot", "sys_time", "mac_admin", "mac_override", "linux_immutable")

#: The namespaces' first process: builds a throw-away root, brings the loopback device up, and stays the command's
#: parent, so that orphans find one. The new root is a tmpfs, with an overlay for each top folder, devices that are
#: harmless, and the folders that can be written to ($1 of them, first of all the working folder). The old root goes.
START = r"""
set -e
count=$1
shift
here=$PWD
mount -t tmpfs -o mode=755 tmpfs /run
new=/run/raslab/root
mkdir -p "$new" /run/raslab/here
mount -t tmpfs -o mode=755 tmpfs "$new"
mount --bind . /run/raslab/here
for top in /*; do
    case $top in /dev | /proc | /run | /sys) continue ;; esac
    if [ -L "$top" ]; then
        cp -P "$top" "$new$top"
    elif [ -d "$top" ]; then
        upper=/run/raslab/upper$top work=/run/raslab/work$top
        mkdir -p "$upper" "$work" "$new$top"
        chmod --reference="$top" "$upper"
        # A folder with mounts that are not this user's cannot be covered, and stays empty.
        mount -t overlay -o "lowerdir=$top,upperdir=$upper,workdir=$work" overlay "$new$top" 2>/dev/null || :
    fi
done
mkdir "$new/dev" "$new/proc" "$new/run" "$new/sys"
mount --rbind /proc "$new/proc"
mount --rbind /sys "$new/sys"
grep -o " $new/sys[^ ]*" /proc/self/mounts | while read -r mounted; do mount -o remount,bind,ro "$mounted"; done
for file in sysrq-trigger sys/kernel sys/vm sys/fs sys/dev sys/debug; do
    if [ -e "$new/proc/$file" ]; then
        mount --bind "$new/proc/$file" "$new/proc/$file"
        mount -o remount,bind,ro "$new/proc/$file"
    fi
done
mount -t tmpfs -o mode=755 tmpfs "$new/run"
mkdir -p "$new/run/lock" "$new/run/netns" "$new/run/old"
mount -t tmpfs -o mode=755 tmpfs "$new/dev"
mkdir "$new/dev/pts" "$new/dev/shm" "$new/dev/net"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$new/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$new/dev/shm"
ln -s pts/ptmx "$new/dev/ptmx"
ln -s /proc/self/fd "$new/dev/fd"
ln -s /proc/self/fd/0 "$new/dev/stdin"
ln -s /proc/self/fd/1 "$new/dev/stdout"
ln -s /proc/self/fd/2 "$new/dev/stderr"
for device in null zero full random urandom tty net/tun ppp; do
    if [ -c "/dev/$device" ]; then
        : >"$new/dev/$device"
        mount --bind "/dev/$device" "$new/dev/$device"
        mount -o remount,bind,ro "$new/dev/$device"
    fi
done
share() {
    mkdir -p "$new$2"
    mount --bind "$1" "$new$2"
    mount -o remount,bind,nosuid,nodev "$new$2"
}
[ "$here" = / ] || share /run/raslab/here "$here"
while [ "$count" -gt 0 ]; do
    share "$1" "$1"
    shift
    count=$((count - 1))
done
umount /run/raslab/here
cd "$new"
pivot_root . run/old
umount -l /run/old
rmdir /run/old
cd "$here"
ip link set lo up
set +e
if ! command -v -- "$1" >/dev/null; then
    echo "raslab: $1: command not found" >&2
    exit 127
fi
$SETSID setpriv --inh-caps=-all --bounding-set="$DROPPED" -- "$@"
exit $?
"""


def namespace_command(argv: Sequence[str], user_id: int, writable: Sequence[Path] = ()) -> list[str]:
    """`argv` wrapped so that it runs in namespaces of its own; who is not root becomes root in a user namespace.

    writable: folders that stay writable besides the working folder.
    """
    mapping = [] if user_id == 0 else ["--user", "--map-root-user"]
    folders = [str(len(writable)), *map(str, writable)]
    return ["unshare", *mapping, *NAMESPACES, "--", "sh", "-c", START, "sh", *folders, *argv]


def run(command: Command, streams: Streams, options: MachineOptions) -> int:
    """Run one command on this computer's kernel and return its exit status. Signals: see `signals`.

    Raises JailError if a jail is required, MachineDiedError when its time is up.
    """
    if options.jail.mode == "require":
        raise JailError(
            "A native machine is no jail: root in it is this computer's; for --jail require, use --machine uml."
        )
    # With a terminal the command stays in its session, and the terminal itself tells it of Ctrl-C. Without, it leads a
    # session of its own, so that signals can be sent to it and all of its processes.
    environment = inside_environment(command, "native", "real")
    environment |= {
        "SETSID": "" if streams.tty else "setsid",
        "DROPPED": ",".join(f"-{name}" for name in DROPPED),
    }
    with arriving() as signals:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *namespace_command(command.argv, os.geteuid(), options.jail.write)],
            cwd=command.cwd,
            env=environment,
            stdin=subprocess.DEVNULL if streams.stdin is None else streams.stdin,
            stdout=streams.stdout,
            stderr=streams.stderr,
            start_new_session=not streams.tty,
        )
        out_of_time = threading.Event()

        def end() -> None:
            out_of_time.set()
            process.kill()

        time = threading.Timer(options.limits.wall_s, end)
        time.daemon = True
        time.start()
        try:
            status = _wait(process, signals, streams)
        except ForcedEndError as forced:
            return forced.status
        finally:
            time.cancel()
            # unshare takes the namespaces' first process, and so all the others, with it.
            process.kill()
            process.wait()
    if out_of_time.is_set():
        raise MachineDiedError(limits.out_of_time(options.limits))
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
