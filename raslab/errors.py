"""Every error that raslab raises on purpose: one class per situation.

A message is one sentence that names the user's own thing (node, link, file, option) and says what to do.
Library code raises these and never ends the interpreter; the command line prints them and exits with 2.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path


class RaslabError(Exception):
    """Base of all errors below. `str(error)` is a complete sentence for the user."""


# The lab kernel and the lab machine


class KernelSourceError(RaslabError):
    """No usable kernel source could be had."""


class CacheFolderError(RaslabError):
    """There is no folder to keep things in."""


class KernelBuildError(RaslabError):
    """A step of the kernel build failed."""


class NoLabMachineError(RaslabError):
    """The wanted machine cannot run on this computer."""


class WorkingFolderGoneError(RaslabError):
    """The folder in which the command was started has been deleted."""

    def __init__(self) -> None:
        super().__init__("The folder in which this was started no longer exists; change to another one.")


class MachineDiedError(RaslabError):
    """The lab machine ended before its command did."""


class CommandNotStartedError(RaslabError):
    """The machine runs, but the command in it could not be started."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


# Notebook kernels


class ConnectionFileError(RaslabError):
    """A front end's connection file that cannot be used."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"The connection file {path} cannot be used: {reason}. Start the kernel from Jupyter.")


class KernelspecFolderError(RaslabError):
    """A folder of kernelspecs may not be changed."""

    def __init__(self, folder: str, reason: str) -> None:
        super().__init__(f"Kernelspecs cannot be changed in {folder}: {reason}. Use --user or another account.")


class JupyterLabMissingError(RaslabError):
    """This Python has no JupyterLab."""

    def __init__(self, prefix: Path) -> None:
        super().__init__(
            f"JupyterLab is not installed in {prefix}: install raslab with its extra, pip install 'raslab[notebook]'."
        )


class NotebookMissingError(RaslabError):
    """The file that JupyterLab shall open is not there."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"There is no file {file} to open; name a notebook that exists.")


class AddressNotUsableError(RaslabError):
    """JupyterLab cannot listen where it should."""

    def __init__(self, listen: str, port: int, error: Exception) -> None:
        code = getattr(error, "errno", None)
        if code == errno.EADDRINUSE:
            fix = f"is used by another program: choose another one, such as --port {port + 1 if port < 65535 else 8888}"
        elif code == errno.EACCES:
            fix = "is kept for root: choose one from 1024 on with --port"
        elif isinstance(error, OverflowError):
            fix = "does not exist: choose one from 0 to 65535 with --port"
        else:
            reason = str(error) if code is None or code < 0 else os.strerror(code)
            fix = f"cannot be used ({reason}): give --listen an address of this computer"
        super().__init__(f"Port {port} of {listen} {fix}.")


class BadDurationError(RaslabError, ValueError):
    """A time that cannot be let pass."""

    def __init__(self, seconds: float, longest_s: float) -> None:
        super().__init__(f"{seconds:g} s cannot be let pass in a lab: ask for 0 to {longest_s:g} seconds.")


# The doctor


class ScratchNamespaceError(RaslabError):
    """The process that tries the kernel's capabilities ended without an answer."""

    def __init__(self, observed: str) -> None:
        super().__init__(f"Could not try what this kernel can do: {observed}. Run `raslab doctor` again as root.")


# Networks


class TopologyError(RaslabError):
    """A topology that cannot be built. `problems` holds one sentence per problem, all of them at once."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class NeedsRootError(RaslabError):
    """The process may not make namespaces."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"Making namespaces for {what} needs root: run the program with sudo or in a lab machine, "
            "`raslab exec -- ...`."
        )


class KernelRefusedError(RaslabError):
    """The kernel refused a step of building or changing a network.

    node: name of the node; command: the equivalent command line; code: errno.
    """

    def __init__(self, node: str, command: str, code: int, reason: str, fix: str) -> None:
        super().__init__(f"Node {node}: the kernel refused `{command}`: {reason}. {fix}")
        self.node = node
        self.command = command
        self.code = code


class LinkNotUpError(RaslabError):
    """Both ends of a link were switched on, but the kernel does not report a carrier."""

    def __init__(self, node: str, interfaces: Sequence[str], deadline_s: float) -> None:
        super().__init__(
            f"Node {node}: no carrier on {', '.join(interfaces)} {deadline_s:g} s after switching the link on; "
            "the computer may be overloaded, try again."
        )


class OpenVSwitchError(RaslabError):
    """An Open vSwitch node does not work."""

    def __init__(self, node: str, reason: str) -> None:
        super().__init__(
            f"Node {node}: Open vSwitch does not work: {reason}. Install openvswitch-switch and use a kernel that has "
            "it, such as the lab machine's (raslab exec), or take a Linux bridge."
        )


class NetworkProcessesError(RaslabError):
    """The processes of a network could not be given a PID namespace."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The first process of the network did not start: {reason or 'it said nothing'}.")


class UnknownNodeError(RaslabError, KeyError):
    """A node name that the network does not have."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no node {name} in this network; its nodes are: {', '.join(known) or 'none'}.")

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show it in quotes


class UnknownInterfaceError(RaslabError, KeyError):
    """An interface name that the node does not have. kind: ``interface`` or ``tunnel``."""

    def __init__(self, node: str, name: str, known: Sequence[str], kind: str = "interface") -> None:
        super().__init__(f"Node {node} has no {kind} {name}; it has: {', '.join(known) or 'none'}.")

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show it in quotes


class UnsupportedClassError(RaslabError):
    """A node or link class that does not stand on ours."""

    def __init__(self, what: str, cls: str, instead: str) -> None:
        super().__init__(f"{what} is of class {cls}, which raslab cannot build: use {instead}.")


class NodeNotRunningError(RaslabError):
    """A node is used that has no namespace."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Node {name} is not running: its network was stopped or the node removed; start it again.")


class EmptyCommandError(RaslabError, ValueError):
    """A node was asked to run a command without a word."""

    def __init__(self, node: str) -> None:
        super().__init__(f"Node {node} was given an empty command: name the program to run.")


class ProgramNotFoundError(RaslabError, FileNotFoundError):
    """A node was asked to run a program that is not installed."""

    def __init__(self, node: str, program: str) -> None:
        super().__init__(f"Node {node} cannot run {program}: there is no such program; install it or correct the name.")


class CommandTimeout(RaslabError):  # noqa: N818 - named like subprocess.TimeoutExpired
    """A command on a node did not end in time and was killed. stdout, stderr: what it had printed until then."""

    def __init__(self, node: str, argv: Sequence[str], timeout: float, stdout: str, stderr: str) -> None:
        super().__init__(
            f"Node {node}: `{' '.join(argv)}` did not end within {timeout:g} s and was killed; "
            "give it a longer timeout or find out what it waits for."
        )
        self.node = node
        self.argv = tuple(argv)
        self.timeout = timeout
        self.stdout = stdout
        self.stderr = stderr


# Measurements


class BadMeasurementError(RaslabError, ValueError):
    """A measurement was asked for with values that cannot work."""


class ThroughputError(RaslabError):
    """iperf3 could not measure. node: where it failed; observed: what it said."""

    def __init__(self, node: str, sentence: str, observed: str) -> None:
        super().__init__(f"iperf3 on {node} {sentence}: {observed.rstrip('. ') or 'it said nothing'}.")
        self.node = node
        self.observed = observed


class NoAddressError(RaslabError):
    """A node has no address of the IP version that a measurement needs."""

    def __init__(self, node: str, ip_version: int) -> None:
        super().__init__(
            f"Node {node} has no IPv{ip_version} address to measure to: give it one, or name one with address=."
        )


class UnreachableError(RaslabError):
    """The kernel refused to send probes."""

    def __init__(self, node: str, address: str, reason: str) -> None:
        super().__init__(
            f"Node {node} cannot send to {address} ({reason}): give it a route there or bring its interface up."
        )


class CaptureError(RaslabError):
    """Packets could not be captured. where: node and interface."""

    def __init__(self, where: str, observed: str) -> None:
        super().__init__(f"Capturing on {where} failed: {observed.rstrip('. ') or 'tcpdump said nothing'}.")


class NotObservedError(RaslabError, TimeoutError):
    """A named condition did not come true in time. what: the condition; observed: what was seen last."""

    def __init__(self, what: str, timeout_s: float, observed: str) -> None:
        super().__init__(f"Waited {timeout_s:g} s in vain until {what}; last seen: {observed or 'nothing'}.")


# Services


class ServiceNotReadyError(RaslabError):
    """A daemon was started but does not answer. observed: what was seen last; log: the last lines it wrote."""

    def __init__(self, node: str, service: str, deadline_s: float, observed: str, log: str) -> None:
        super().__init__(
            f"Node {node}: {service} was not ready {deadline_s:g} s after its start ({observed or 'nothing seen'}); "
            f"{_last_words(log)}."
        )
        self.node = node
        self.service = service
        self.log = log


class DaemonDiedError(RaslabError):
    """A daemon of a node ended by itself. how: status or signal; log: the last lines it wrote."""

    def __init__(self, node: str, service: str, how: str, log: str) -> None:
        super().__init__(f"Node {node}: {service} {how}; {_last_words(log)}.")
        self.node = node
        self.service = service
        self.log = log


class ConfigurationRefusedError(RaslabError):
    """A daemon does not take a line of its configuration. reason: in the daemon's words."""

    def __init__(self, node: str, service: str, line: str, reason: str) -> None:
        super().__init__(
            f"Node {node}: {service} refused `{line}`: {reason.strip(' .%') or 'it gave no reason'}. Correct that line."
        )
        self.node = node
        self.service = service
        self.line = line
        self.reason = reason


class TunnelRefusedError(RaslabError):
    """An IPsec tunnel could not be set up or ended. reason: what strongSwan said."""

    def __init__(self, node: str, tunnel: str, reason: str, log: Sequence[str]) -> None:
        super().__init__(f"Node {node}: tunnel {tunnel} failed: {reason.rstrip('. ')}.")
        self.node = node
        self.tunnel = tunnel
        self.reason = reason
        self.log = tuple(log)


class ServiceUserError(RaslabError):
    """A daemon runs as a user that is not there, or that means nothing in this user namespace."""

    def __init__(self, node: str, service: str, user: str, reason: str) -> None:
        super().__init__(
            f"Node {node}: {service} runs as the user {user}, which cannot be: {reason}. Install it with "
            "scripts/setup.sh, and use a lab machine (raslab exec --machine uml) or be root."
        )


class NoSuchServiceError(RaslabError, KeyError):
    """A service that the node does not have."""

    def __init__(self, node: str, service: str, known: Sequence[str]) -> None:
        super().__init__(f"Node {node} has no service {service}; it has: {', '.join(known) or 'none'}.")

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show it in quotes


class ServiceDeclarationError(RaslabError, ValueError):
    """Services were declared that cannot go together."""


def _last_words(log: str) -> str:
    last = log.strip().splitlines()[-1:]
    return f"it last said: {last[0].rstrip('. ')}" if last else "it said nothing"


# Labs


class UnknownLabError(RaslabError):
    """There is no lab of that name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no lab {name}; the labs are: {', '.join(known) or 'none'}.")


class LabFailedError(RaslabError):
    """A lab did not come to its end."""

    def __init__(self, lab: str, reason: str) -> None:
        super().__init__(f"The lab {lab} failed: {reason.rstrip('. ')}.")


class BadOptionError(RaslabError, ValueError):
    """An option of a command has a value that cannot work."""


class NoSuchSettingError(RaslabError, KeyError):
    """The kernel has no setting of that name."""

    def __init__(self, node: str, pattern: str) -> None:
        super().__init__(
            f"Node {node} has no kernel setting {pattern}: write it as sysctl does, such as net.ipv4.ip_forward; "
            "* stands for any part."
        )

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show it in quotes


# Gateways


class GatewayRefusedError(RaslabError, ValueError):
    """A change of a gateway that cannot be made; the gateway is as it was. `problems`: one sentence per problem."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class GatewayNotRunningError(RaslabError):
    """A verb needs the node of a gateway, which does not run."""

    def __init__(self, gateway: str) -> None:
        super().__init__(f"The network of gateway {gateway} is not running: start it first, then the gateway.")


# Labs in notebooks


class NoSuchPlaceError(RaslabError, KeyError):
    """A name fits no interface or link of the lab, or more than one. choices: what there is."""

    def __init__(self, name: str, reason: str, choices: Sequence[str]) -> None:
        super().__init__(f"{name!r} {reason}: write one of {', '.join(choices)}.")

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show it in quotes


class LabNotRunningError(RaslabError):
    """Something needs the lab's network, which does not run."""

    def __init__(self, lab: str, what: str) -> None:
        super().__init__(f"Lab {lab} is not running, so there is nothing to {what}: call lab.start() first.")


class NoSuchPacketError(RaslabError, IndexError):
    """A capture has no packet of that number."""

    def __init__(self, where: str, number: int, count: int) -> None:
        there = f"its packets are 0 to {count - 1}" if count else "it has none"
        super().__init__(f"The capture on {where} has no packet {number}: {there}.")


class NoTopologyError(RaslabError):
    """A lab of the course has no network to start by hand."""

    def __init__(self, lab: str) -> None:
        super().__init__(f"Lab {lab} has no network to start by hand: measure it with `raslab run {lab}`.")


class NoSuchColumnError(RaslabError):
    """Records have no such column."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no column {name}; the columns are: {', '.join(known)}.")


class NotATopologyError(RaslabError, TypeError):
    """`raslab.lab` was given something that is neither a lab's name nor a topology."""

    def __init__(self, what: object) -> None:
        super().__init__(
            f"{what!r} is no topology: give raslab.lab() the name of a lab or an object of a class derived from "
            "raslab.net.Topo, such as MyTopo()."
        )


class ParametersNotTakenError(RaslabError, TypeError):
    """Parameters were given together with a topology that is already made, or that the lab does not know."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what} does not take these parameters: {reason}.")
