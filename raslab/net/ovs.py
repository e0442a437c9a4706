"""Open vSwitch nodes: a database server and a switch daemon of their own in each, on the kernel's datapath.

The daemons find their files in folders that are private to the node, so that `ovs-vsctl` in the node needs no options
and the computer's own Open vSwitch never hears of it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from raslab.errors import OpenVSwitchError, ProgramNotFoundError
from raslab.machine.here import here
from raslab.net.namespaces import Namespace
from raslab.net.processes import Processes
from raslab.net.run import RunResult, run

FOLDERS = ("/run/openvswitch", "/etc/openvswitch", "/var/log/openvswitch")
_DATABASE = "/etc/openvswitch/conf.db"
_SOCKET = "/run/openvswitch/db.sock"
_DEADLINE_S = 20
# With its shell a daemon ends too, so none is left behind in a node that goes.
_AGAIN = 'while :; do setpriv --pdeathsig KILL "$@"; sleep 0.1; done'
# A daemon that starts within the first ten seconds of a machine's clock takes no packets from the kernel: give it
# a clock that has run for longer, see time_namespaces(7).
OLDER_CLOCK = ("unshare", "--time", "--monotonic", "1000")


def start(processes: Processes, node: Namespace) -> None:
    """Start the daemons of a node; raises OpenVSwitchError."""
    _run(processes, node, ["ovsdb-tool", "create", _DATABASE])
    _daemon(processes, node, ["ovsdb-server", f"--remote=punix:{_SOCKET}", "-vconsole:off", _DATABASE])
    configure(processes, node, ["--no-wait", "init"])
    _daemon(processes, node, [*OLDER_CLOCK, "ovs-vswitchd", "-vconsole:off", f"unix:{_SOCKET}"])


def configure(processes: Processes, node: Namespace, words: Sequence[str]) -> None:
    """Run `ovs-vsctl`, which returns when the switch has done it, be it there or on its way back.

    Raises OpenVSwitchError.
    """
    result = _run(processes, node, ["ovs-vsctl", "--retry", f"--timeout={_DEADLINE_S}", *words])
    if result.stderr:  # a port that the datapath refuses does not change the exit status
        raise OpenVSwitchError(node.name, result.stderr.strip())


def _run(processes: Processes, node: Namespace, argv: Sequence[str]) -> RunResult:
    try:
        result = run(processes, node, argv, timeout=2 * _DEADLINE_S, input=None, options={})
    except ProgramNotFoundError as error:
        raise OpenVSwitchError(node.name, f"{argv[0]} is not installed") from error
    if result.status:
        raise OpenVSwitchError(node.name, result.stderr.strip() or f"{argv[0]} ended with status {result.status}")
    return result


def _daemon(processes: Processes, node: Namespace, argv: Sequence[str]) -> None:
    """Start a daemon, and start it again whenever it ends: all that it knew is in the database, and in the kernel."""
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = here().patient_environment
    processes.spawn(node, ["sh", "-c", _AGAIN, "sh", *argv], start_new_session=True, env=environment, **quiet)
