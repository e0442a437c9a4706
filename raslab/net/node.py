"""`Node` and its kinds: Mininet's node class without a shell until somebody asks for one."""

from __future__ import annotations

import os
import pty
import select
import shlex
import subprocess
import termios
from codecs import getincrementaldecoder
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from raslab.errors import NodeNotRunningError, UnknownInterfaceError
from raslab.model.addresses import AnyNetwork
from raslab.model.addresses import address as read_address
from raslab.model.addresses import interface as read_interface
from raslab.model.next_hops import carrying
from raslab.model.topology import Node as NodeSpec
from raslab.model.topology import NodeKind, Route
from raslab.net import mininet_classes as mininet
from raslab.net.ovs import FOLDERS
from raslab.net.parameters import addresses
from raslab.net.parameters import route as route_of
from raslab.net.run import RunResult, run
from raslab.net.steps import AddNeighbour

if TYPE_CHECKING:
    from raslab.net.link import Intf
    from raslab.net.namespaces import Namespace
    from raslab.net.network import Network

R = TypeVar("R")

_FIRST_TUNNEL_PORT = 0x8000  # above the ports of links
_PROMPT = chr(127)  # what Mininet's reader takes for the end of a command's output
_PRINT_PID = """sh -c 'printf "\\001%d\\n" $$; exec "$@"' sh """


class Node(mininet.Node):
    """A network namespace with a name.

    Parameters as in Mininet (`ip`, `mac`, `defaultRoute`), and `ips`: all addresses of the first interface,
    IPv4 and IPv6, with prefix lengths. `privateDirs` are folders that the node has for itself.
    """

    kind = NodeKind.HOST

    def __init__(self, name: str, inNamespace: bool = True, **params: Any) -> None:
        self.network: Network | None = None
        self.shell: subprocess.Popen[Any] | None
        self.stdin: Any
        self.stdout: Any
        self.pollOut: Any
        self.pid: int | None
        self.number = 0  # of the node in its network, for MAC addresses
        self.tunnel_interfaces: dict[str, Intf] = {}
        self.device_interfaces: dict[str, Intf] = {}
        self._tunnel_ports = count(_FIRST_TUNNEL_PORT)
        super().__init__(name, inNamespace=True, **params)
        self.spec = NodeSpec(self.name, self.kind, bool(params.get("stp", False)), self._private_folders())

    # Processes

    def run(
        self,
        argv: str | Sequence[str],
        timeout: float | None = None,
        input: str | bytes | None = None,  # noqa: A002 - named as in subprocess.run
        **options: Any,
    ) -> RunResult:
        """Run a command and wait for it; safe to call from several threads at once.

        argv: its words, or one line that is split as a shell would (quotes, but no pipes and no variables);
        timeout: seconds after which the command and its process group are killed; input: sent to its stdin;
        options: of subprocess.Popen, such as cwd or env.
        Raises CommandTimeout, EmptyCommandError, ProgramNotFoundError, NodeNotRunningError.
        """
        network = self._running_network()
        words = shlex.split(argv) if isinstance(argv, str) else argv
        return run(network.processes, self.namespace, words, timeout=timeout, input=input, options=options)

    def popen(self, *args: Any, **kwargs: Any) -> subprocess.Popen[Any]:
        """Start a process in the node from a list, a line, or words.

        As in Mininet, output goes to pipes unless told otherwise and shell=True runs it through $SHELL.
        Raises EmptyCommandError, ProgramNotFoundError, NodeNotRunningError.
        """
        kwargs.pop("mncmd", None)
        shell = kwargs.pop("shell", False)
        if len(args) == 1 and isinstance(args[0], str):
            argv = [args[0]] if shell else shlex.split(args[0])
        else:
            argv = [str(word) for word in (args[0] if len(args) == 1 else args)]
        if shell:
            argv = [os.environ.get("SHELL", "/bin/sh"), "-c", " ".join(argv)]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | kwargs
        return self._running_network().processes.spawn(self.namespace, argv, **options)

    def call(self, function: Callable[..., R], *args: Any) -> R:
        """Run a Python function inside the node's network namespace; return or raise what it does.

        Sockets that it opens belong to the node. Programs that it starts would not end with the network: use
        `run` and `popen` for those.
        """
        return self.namespace.call(lambda: function(*args))

    def private_folder(self, folder: str) -> Path:
        """Give the node a folder of its own, empty and in memory, unless it has it already.

        All processes of the node see it under `folder`, this process under the path that is returned, until the node
        or the network ends. It vanishes with them. Raises NodeNotRunningError.
        """
        descriptor = self._running_network().processes.private_folder(self.namespace, folder)
        return Path(f"/proc/self/fd/{descriptor}")

    @property
    def namespace(self) -> Namespace:
        """The kernel's side of the node; builds what the network has not built yet."""
        return self._running_network().namespace_of(self.name)

    @property
    def netns_fd(self) -> int:
        """A descriptor of the node's network namespace, valid until the network stops."""
        return self.namespace.network_fd

    def _running_network(self) -> Network:
        if self.network is None:
            raise NodeNotRunningError(self.name)
        return self.network

    # The shell, made when first used

    @classmethod
    def checkSetup(cls) -> None:
        """Nothing to check: no outside program is needed."""

    def startShell(self, mnopts: str | None = None) -> None:
        """Start the shell behind `cmd` and `sendCmd`; they do so themselves."""
        if self.network is None or self.shell:
            return  # Mininet's constructor asks for a shell before anybody needs one
        self.master, self.slave = pty.openpty()
        settings = termios.tcgetattr(self.slave)
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(self.slave, termios.TCSANOW, settings)
        self.shell = self.popen(
            ["setsid", "--ctty", "bash", "--norc", "--noediting", "-is", f"mininet:{self.name}"],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=os.environ | {"PS1": _PROMPT},
        )
        self.stdin = self.stdout = os.fdopen(self.master, "r")
        self.pid = self.shell.pid
        self.pollOut = select.poll()
        self.pollOut.register(self.stdout)
        self.outToNode[self.master] = self.inToNode[self.master] = self
        self.decoder = getincrementaldecoder("utf-8")("replace")
        self.readbuf = ""
        self.waiting = True
        self.waitOutput()
        super().sendCmd("unset HISTFILE; set +m")
        self.waitOutput()

    def mountPrivateDirs(self) -> None:
        """Private folders are mounted with the node's first process."""

    def unmountPrivateDirs(self) -> None:
        """Private folders end with the node's mount namespace."""

    def _private_folders(self) -> tuple[tuple[str, str | None], ...]:
        """`privateDirs` of Mininet: folders, or pairs of a folder and what replaces it, with %(name)s in it."""
        return tuple(
            (folder, None) if isinstance(folder, str) else (folder[0], folder[1] % {"name": self.name})
            for folder in self.privateDirs
        )

    def cmd(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command in the node's shell and return its output, as in Mininet."""
        self.startShell()
        return super().cmd(*args, **kwargs)

    def sendCmd(self, *args: Any, **kwargs: Any) -> None:
        """Send a command to the node's shell without waiting for its end, as in Mininet."""
        self.startShell()
        words = args[0] if len(args) == 1 and isinstance(args[0], list) else args
        line = " ".join(map(str, words))
        if kwargs.pop("printPid", False) and not line.rstrip().endswith("&") and not mininet.isShellBuiltin(line):
            line = _PRINT_PID + line
        super().sendCmd(line)

    def terminate(self) -> None:
        """Let go of the shell; the network ends its process."""
        if self.shell is None:
            return
        for known in (self.outToNode, self.inToNode):
            known.pop(self.master, None)
        if self.shell.poll() is None:
            with suppress(ProcessLookupError):
                self.shell.kill()
        self.cleanup()
        self.stdin = self.stdout = self.pollOut = self.pid = None
        self.waiting = False

    # Interfaces and addresses

    def addIntf(self, intf: Any, port: int | None = None, moveIntfFn: Any = None) -> None:
        """Note an interface under a port number; the plan puts it into the namespace."""
        super().addIntf(intf, port=port, moveIntfFn=lambda *_: None)

    def defaultIntf(self) -> Any:
        """The interface with the lowest port, or None."""
        return self.intfs[min(self.intfs)] if self.intfs else None

    def intf(self, intf: Any = None) -> Any:
        """An interface or tunnel from its name, or itself; the default one for None. Raises UnknownInterfaceError."""
        if isinstance(intf, str) and intf and intf not in self.nameToIntf:
            raise UnknownInterfaceError(self.name, intf, list(self.nameToIntf))
        return super().intf(intf)

    def new_tunnel_port(self) -> int:
        """A number for a tunnel's MAC address that no interface of the node has or had."""
        return next(self._tunnel_ports)

    def all_interfaces(self) -> list[Any]:
        """Ends of links, then tunnels, then VRFs and other devices."""
        return [*self.intfs.values(), *self.tunnel_interfaces.values(), *self.device_interfaces.values()]

    def config(
        self,
        mac: str | None = None,
        ip: str | None = None,
        ips: Any = None,
        defaultRoute: Any = None,
        automatic_ip: str | None = None,
        **_params: Any,
    ) -> dict[str, Any]:
        """Take the node's parameters over to its first interface and routes."""
        intf = self.defaultIntf()
        given = addresses(ip, ips)
        if intf is not None:
            if mac:
                intf.setMAC(mac)
            if given:
                intf.change(addresses=given)
            elif automatic_ip and not any(other.addresses for other in self.intfs.values()):
                intf.change(addresses=(automatic_ip,))
        routes = defaultRoute if isinstance(defaultRoute, list | tuple) else [defaultRoute]
        if told := [self._default_route(route) for route in routes if route]:
            self._running_network().set_default_routes(self.name, told)
        return {}

    def setIP(self, ip: str, prefixLen: int | None = 8, intf: Any = None, **_kwargs: Any) -> None:
        """Set the address of an interface, replacing those of the same family."""
        self.intf(intf).setIP(ip, prefixLen)

    def setDefaultRoute(self, intf: Any = None) -> None:
        """Set it: ``"via 10.0.0.1"``, ``"dev h1-eth0"``, ``"via 10.0.0.1 metric 5"``, or an interface."""
        self._running_network().set_default_routes(self.name, [self._default_route(intf)])

    def _default_route(self, intf: Any = None) -> Route:
        words = str(intf).removeprefix("default ").split() if intf is not None else [str(self.defaultIntf())]
        if len(words) == 1:
            words.insert(0, "dev")
        options = dict(zip(words[::2], words[1::2], strict=False))
        metric = options.get("metric")
        number: Any = int(metric) if metric is not None and metric.isdecimal() else metric  # which validation refuses
        return route_of(self.name, "default", options.get("via"), options.get("dev"), number)

    def setHostRoute(self, ip: str, intf: Any) -> None:
        """Add a route to one host through an interface."""
        self._running_network().addRoute(self.name, ip, dev=str(intf))

    def setARP(self, ip: str, mac: str) -> str:
        """Add a permanent neighbour entry; returns no output. Raises KernelRefusedError."""
        self._running_network().add_neighbours([AddNeighbour(self.name, self.interface_towards(ip), ip, mac)])
        return ""

    def interface_towards(self, ip: str) -> str:
        """The name of the interface on whose subnet an address is, or else of the default one."""
        subnets = ((_network(known), intf) for intf in self.intfList() for known in intf.addresses)
        found = carrying(read_address(ip), subnets)
        return str(found[0].name if found else self.defaultIntf())

    def deleteIntfs(self, checkName: bool = True) -> None:
        """Delete all links of the node."""
        for intf in list(self.intfs.values()):
            intf.delete()

    def __repr__(self) -> str:
        interfaces = ",".join(f"{intf.name}:{intf.IP()}" for intf in self.intfList())
        return f"<{type(self).__name__} {self.name}: {interfaces}>"


class Host(Node):
    """A node that does not forward."""


class Router(Node):
    """A node that forwards IPv4 and IPv6."""

    kind = NodeKind.ROUTER


class Switch(Node):
    """A Linux bridge in a namespace of its own; stp=True runs the spanning tree protocol."""

    kind = NodeKind.BRIDGE
    portBase = 1

    def start(self, controllers: Any = ()) -> None:
        """A bridge forwards as soon as the network runs, and needs no controller."""

    def connected(self) -> bool:
        """True: there is no controller to wait for."""
        return True


class OvsSwitch(Switch):
    """An Open vSwitch bridge with daemons of its own; `ovs-vsctl` and `ovs-ofctl` in the node reach them."""

    kind = NodeKind.OVS

    def __init__(self, name: str, **params: Any) -> None:
        super().__init__(name, **params | {"privateDirs": [*FOLDERS, *params.get("privateDirs", [])]})


@lru_cache(maxsize=1024)
def _network(address: str) -> AnyNetwork:
    """The subnet of an address; parsing it for each pair of a hundred hosts would take longer than all the rest."""
    return read_interface(address).network
