"""The kernel's side in the machine: ipykernel, and the tunnel's other end in a thread of the same process.

A thread and not a process of its own: starting a second Python would cost half a second, and when ipykernel ends, for
whatever reason, the machine shall end with it.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import signal
import struct
import sys
import time
import traceback
from typing import Any

import zmq
from ipykernel.kernelapp import IPKernelApp

from raslab.errors.base import CELL_FILE
from raslab.machine.command import REST_DESCRIPTOR
from raslab.machine.here import here
from raslab.machine.jupyter.channels import Activity
from raslab.machine.jupyter.tunnel import Tunnel
from raslab.machine.uml import NUDGE_SIGNAL

#: ipykernel appends the channel's number. A leading @ makes it an abstract UNIX socket: no file, no interface.
ADDRESS = "@raslab-kernel"
PORTS = {"shell": 1, "control": 2, "stdin": 3, "iopub": 4, "hb": 5}
KINDS = {"shell": zmq.DEALER, "control": zmq.DEALER, "stdin": zmq.DEALER, "iopub": zmq.SUB}
#: The kernel asks for input on the stdin channel under the name that the request's sender has on the shell channel.
NAME = b"raslab"
#: Milliseconds to wait for the welcome that ipykernel 7 sends to those who subscribe; older ones send none.
WELCOME_MS = 2000
MOMENT_S = 0.001
#: Nanoseconds of virtual time between which cells begin.
GRID_NS = 1_000_000
RNDRESEEDCRNG = 0x5207  # random(4)


def show_interrupt(shell: Any, kind: type[BaseException], error: BaseException, trace: Any, **_options: Any) -> Any:
    """Show where a cell was interrupted in one line and one sentence: whose code was at work is no news."""
    cells = [frame for frame in traceback.extract_tb(trace) if CELL_FILE in frame.filename]
    where = [f"Line {frame.lineno}: {frame.line}" for frame in cells[-1:]]
    shown = [*where, f"\033[31m{kind.__name__}\033[0m: The cell was interrupted; what it had done before stays done."]
    shell._showtraceback(kind, error, shown)
    return shown


class LabKernelApp(IPKernelApp):
    """ipykernel on sockets that only this process uses, with the key of the host's connection file."""

    def init_connection_file(self) -> None:
        """Read the host's connection file, then keep to other addresses."""
        super().init_connection_file()
        self.transport = "ipc"
        self.ip = ADDRESS
        for name, port in PORTS.items():
            setattr(self, f"{name}_port", port)
        self.curve_secretkey = self.curve_publickey = None  # the launcher's sockets do the encryption

    def write_connection_file(self, **_kwargs: Any) -> None:
        """Leave the host's file as it is: with it, and not with our addresses, one connects to this kernel."""

    def log_connection_info(self) -> None:
        """Say nothing: the front end knows."""


class Guest:
    """Watches the tunnel and says when the kernel rests.

    rests: a descriptor to say it on, None where time is real.
    """

    def __init__(self, rests: int | None) -> None:
        self._activity = Activity()
        self._rests = rests
        self._said = -1

    def from_pipe(self, channel: str, parts: list[bytes]) -> None:
        """A message of the front end."""
        self._activity.incoming(channel, parts)

    def from_socket(self, channel: str, parts: list[bytes]) -> bool:
        """A message of the kernel."""
        self._activity.outgoing(channel, parts)
        return True

    def tell(self, sentence: str) -> None:
        """Nobody does, at this end."""

    def broken(self, reason: str) -> None:
        """Say so: the launcher's own messages are whole, so somebody else has read from the pipe."""
        print(f"raslab: the way to the front end is broken: {reason}", file=sys.stderr)

    def settled(self, taken: int) -> None:
        """Say that the kernel rests, if it does and that has not been said since the last input."""
        if self._rests is not None and self._activity.at_rest and taken != self._said:
            self._said = taken
            os.write(self._rests, struct.pack("=Q", taken))


def connect() -> dict[str, zmq.Socket[bytes]]:
    """Sockets to the kernel of this process, one for each channel."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
    sockets: dict[str, zmq.Socket[bytes]] = {}
    for channel, kind in KINDS.items():
        socket = context.socket(kind)
        socket.sndhwm = socket.rcvhwm = 0
        if kind == zmq.SUB:
            socket.subscribe(b"")
        else:
            socket.identity = NAME
        socket.connect(f"ipc://{ADDRESS}-{PORTS[channel]}")
        sockets[channel] = socket
    if sockets["iopub"].poll(WELCOME_MS):
        sockets["iopub"].recv_multipart()
    return sockets


def give_way(*_: Any) -> None:
    """Sleep for a moment, so that those who wait for the processor get it: one of them has an interrupt for us."""
    time.sleep(MOMENT_S)


def begin_on_the_grid(*_: Any) -> None:
    """Sleep until virtual time is a whole multiple of GRID_NS.

    How often ipykernel sleeps for a moment between two cells depends on the pace at which the host's messages come.
    With every cell beginning on the grid, that leaves no trace in a lab's figures.
    """
    time.sleep((-time.monotonic_ns() % GRID_NS) / 1e9)


def begin_with_known_randomness(*_: Any) -> None:
    """Make the random numbers of a cell depend on how many cells there were, and not on how often these drew some.

    The lab kernel's next key is the next one of its seed's sequence.
    """
    with open("/dev/urandom", "rb") as generator:
        fcntl.ioctl(generator, RNDRESEEDCRNG)


def main(connection_file: str) -> None:
    """Run the kernel until it is shut down."""
    reads, writes = os.dup(0), os.dup(1)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    virtual = here().clock == "virtual"
    if virtual:
        os.set_inheritable(REST_DESCRIPTOR, False)
        signal.signal(NUDGE_SIGNAL, give_way)
    app = LabKernelApp.instance()
    ending = contextlib.ExitStack()
    atexit.register(ending.close)  # after ipykernel has closed its sockets: last in, first out
    app.initialize(["-f", connection_file])
    assert app.shell is not None  # initialize() has made it
    app.shell.set_custom_exc((KeyboardInterrupt,), show_interrupt)
    if virtual:
        app.kernel._execute_sleep = 0  # a courtesy to slow front ends that would make time pass
        app.shell.events.register("pre_run_cell", begin_on_the_grid)
        app.shell.events.register("pre_run_cell", begin_with_known_randomness)
    tunnel = Tunnel(connect(), reads, writes, Guest(REST_DESCRIPTOR if virtual else None))
    tunnel.start()
    ending.callback(tunnel.finish)
    app.start()


if __name__ == "__main__":
    main(sys.argv[1])
