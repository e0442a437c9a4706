"""Networks: what cannot be built, started or asked."""

from __future__ import annotations

from collections.abc import Sequence

from raslab.errors.base import RaslabError, one_line


class TopologyError(RaslabError):
    """A topology that cannot be built. `problems` holds one sentence per problem, all of them at once."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(map(one_line, problems))
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
