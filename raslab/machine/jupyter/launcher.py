"""The launcher: the process that a front end takes for the kernel. It starts the machine and carries the messages."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import raslab
from raslab.errors import MachineDiedError, NoLabMachineError
from raslab.machine import native, uml
from raslab.machine.command import Command, MachineOptions, caller_environment
from raslab.machine.here import here
from raslab.machine.jupyter.front import Front, read_connection
from raslab.machine.jupyter.tunnel import Tunnel
from raslab.machine.keepers import start_waiting
from raslab.machine.launch import choose_machine, hidden_folders
from raslab.machine.streams import Streams

#: By this a front end asks its kernels to end with it; in a machine its process number would mean another process.
PARENT_VARIABLE = "JPY_PARENT_PID"
#: Waits for the launcher's end, and then a little for the front end's, which removes the file itself while it lives.
KEEPER = r"""
trap '' INT TERM HUP
lives() {
    read -r state 2>/dev/null <"/proc/$1/stat" || return 1
    case $state in *") Z "*) return 1 ;; esac
}
echo there
cat
for moment in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    lives "$2" || exec rm -f -- "$1"
    sleep 0.1
done
"""


def launch(connection_file: Path, machine: str, options: MachineOptions) -> int:
    """Serve the sockets of a connection file with an ipykernel in a lab machine, until that ends.

    Returns the kernel's exit status. In a lab machine this process simply becomes ipykernel.

    Raises ConnectionFileError, NoLabMachineError, CommandNotStartedError, MachineDiedError.
    """
    if here().inside:
        _become_ipykernel(connection_file, options)
    chosen = choose_machine(machine, options.virtual_time, options.jail.mode)
    environment = caller_environment()
    parent = environment.pop(PARENT_VARIABLE, None)
    command = Command(
        argv=(sys.executable, "-P", "-m", "raslab.machine.jupyter.guest", str(connection_file.absolute())),
        cwd=Path.cwd(),
        environment=environment,
        writable=options.jail.write,
        readable=[*options.jail.read, connection_file.absolute()],
        shown=hidden_folders((Path(sys.prefix), Path(raslab.__file__).parents[1], connection_file.absolute().parent)),
        rests=options.virtual_time,
    )
    # A server in the background of a shell ignores it, and what it starts has inherited that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    keeper = _keep(connection_file, parent) if parent else None
    front = Front(read_connection(connection_file))
    if parent:
        _end_with(int(parent), connection_file)
    try:
        return _serve(front, command, chosen, options)
    except MachineDiedError as error:
        front.explain("MachineDiedError", str(error))
        raise
    finally:
        front.close()
        if keeper is not None:
            keeper.kill()  # we live, and see to it ourselves
            keeper.wait()


def _serve(front: Front, command: Command, machine: str, options: MachineOptions) -> int:
    """Run the machine with a tunnel on its standard input and output."""
    command_reads, tunnel_writes = os.pipe()
    tunnel_reads, command_writes = os.pipe()
    tunnel = Tunnel(front.sockets, tunnel_reads, tunnel_writes, front)
    streams = Streams(
        stdin=command_reads, stdout=command_writes, on_interrupt=tunnel.interrupt, on_standstill=tunnel.tell
    )
    tunnel.start()
    try:
        status = native.run(command, streams, options) if machine == "native" else uml.run(command, options, streams)
    finally:
        os.close(command_writes)  # the tunnel's end
        os.close(command_reads)
        tunnel.join()
    if front.activity.requests and not front.activity.closing:
        front.explain("KernelDied", f"the notebook's Python process ended with status {status}")
    return status


def _become_ipykernel(connection_file: Path, options: MachineOptions) -> None:
    if options.virtual_time and here().clock != "virtual":
        raise NoLabMachineError("This lab machine has no virtual time; choose the kernel without it.")
    os.execv(sys.executable, [sys.executable, "-P", "-m", "ipykernel_launcher", "-f", str(connection_file)])


def _keep(connection_file: Path, parent: str) -> subprocess.Popen[bytes]:
    """Start who removes the connection file if this process and the front end are killed, in either order."""
    return start_waiting(KEEPER, "raslab-connection", str(connection_file.absolute()), parent)


def _end_with(parent: int, connection_file: Path) -> None:
    """When the front end dies, however that may be, end this process, and remove what only the front end would have."""
    try:
        watched = os.pidfd_open(parent)
    except ProcessLookupError:
        watched = -1

    def watch() -> None:
        if watched >= 0:
            select.select([watched], [], [])
        connection_file.unlink(missing_ok=True)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="raslab-parent", daemon=True).start()
