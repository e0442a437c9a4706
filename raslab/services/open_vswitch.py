"""Open vSwitch inside a node: its database, its switch, and a bridge with ports and flows of ours.

The bridge does nothing by itself (fail_mode=secure): what no flow is for is dropped. Changes replace the flows in one
transaction, and leave ports and flows that stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from raslab.errors import ConfigurationRefusedError
from raslab.net.ovs import FOLDERS, OLDER_CLOCK
from raslab.services.place import Place
from raslab.services.service import Service

_RUN = "/run/openvswitch"
_DATABASE = "/etc/openvswitch/conf.db"
_PID = f"{_RUN}/ovs-vswitchd.pid"
_FOLDERS = ("/run", *(folder for folder in FOLDERS if not folder.startswith("/run/")))
_DEADLINE_S = 20


@dataclass(frozen=True)
class OvsDatabase(Service):
    """The database server, in which the switch finds what it is to be."""

    name: ClassVar[str] = "ovsdb-server"
    folders: ClassVar[tuple[str, ...]] = _FOLDERS

    def argv(self) -> tuple[str, ...]:
        """An empty database, and its server."""
        server = f"exec ovsdb-server --remote=punix:{_RUN}/db.sock -vconsole:off {_DATABASE}"
        return ("sh", "-c", f"mkdir -p {_RUN} && rm -f {_DATABASE} && ovsdb-tool create {_DATABASE} && {server}")

    def ready(self, place: Place) -> tuple[bool, str]:
        """It has a switch to tell about."""
        if not place.path(f"{_RUN}/db.sock").exists():
            return False, "no socket"
        asked = place.run(["ovs-vsctl", f"--timeout={_DEADLINE_S}", "--no-wait", "init"])
        return asked.status == 0, asked.stderr.strip()

    def plan(self, old: OvsDatabase | None) -> tuple[str, ...]:
        """Nothing: it is the switch that has a configuration."""
        return ()

    def reload(self, place: Place, old: OvsDatabase | None) -> None:
        """Nothing."""


@dataclass(frozen=True)
class OvsPort:
    """A port of the bridge. settings: of its interface, as ovs-vsctl takes them, such as ``type=internal``.

    set_up: commands that make what it needs outside of Open vSwitch, when it is there.
    """

    name: str
    settings: tuple[str, ...]
    set_up: tuple[str, ...] = ()


@dataclass(frozen=True)
class OpenVSwitch(Service):
    """The switch with one bridge. flows: in the words of ovs-ofctl(8).

    entries: pairs of a port and a MAC address behind it, for the Linux bridge that the port belongs to.
    """

    name: ClassVar[str] = "ovs-vswitchd"
    depends: ClassVar[tuple[str, ...]] = (OvsDatabase.name,)
    falls_with: ClassVar[tuple[str, ...]] = (OvsDatabase.name,)  # a new database is empty
    folders: ClassVar[tuple[str, ...]] = _FOLDERS
    bridge: str
    ports: tuple[OvsPort, ...] = ()
    flows: tuple[str, ...] = ()
    entries: tuple[tuple[str, str], ...] = field(default=())

    def argv(self) -> tuple[str, ...]:
        """The daemon."""
        return (*OLDER_CLOCK, "ovs-vswitchd", "-vconsole:off", f"--pidfile={_PID}", f"unix:{_RUN}/db.sock")

    def ready(self, place: Place) -> tuple[bool, str]:
        """It runs."""
        return place.path(_PID).exists(), "no process"

    def plan(self, old: OpenVSwitch | None) -> tuple[str, ...]:
        """Commands; the flows as they are handed over."""
        flows = ("ovs-ofctl replace-flows " + self.bridge + " -", *self.flows)
        return (*_gone(old, self), *_come(old, self), *(flows if old is None or old.flows != self.flows else ()))

    def reload(self, place: Place, old: OpenVSwitch | None) -> None:
        """Take away what has changed and set it anew, then replace the flows."""
        for line in _gone(old, self):
            place.run(line.split())  # with a port its entries have gone already
        for line in _come(old, self):
            _run(place, line)
        if old is None or old.flows != self.flows:
            _run(place, f"ovs-ofctl --bundle replace-flows {self.bridge} -", "\n".join(self.flows) + "\n")

    def reloads_from(self, old: Service) -> bool:
        """Always, if it is the same bridge."""
        return isinstance(old, OpenVSwitch) and old.bridge == self.bridge

    def clear_up(self, place: Place) -> None:
        """Let the next one find an empty database, and no sign that one is there already.

        It removes from the kernel what the database does not have, and the bridge is made as at the first start.
        """
        place.path(_PID).unlink(missing_ok=True)
        place.run(["ovs-vsctl", f"--timeout={_DEADLINE_S}", "--no-wait", "--if-exists", "del-br", self.bridge])

    def stop(self, place: Place) -> None:
        """Remove the bridge, which the kernel would keep."""
        place.run(["ovs-vsctl", f"--timeout={_DEADLINE_S}", "--if-exists", "del-br", self.bridge])


def _gone(old: OpenVSwitch | None, new: OpenVSwitch) -> Iterator[str]:
    if old is None:
        return
    for name, mac in old.entries:
        if (name, mac) not in new.entries:
            yield f"bridge fdb delete {mac} dev {name} master"
    for port in old.ports:
        if port not in new.ports:
            yield f"ovs-vsctl --timeout={_DEADLINE_S} --if-exists del-port {old.bridge} {port.name}"


def _come(old: OpenVSwitch | None, new: OpenVSwitch) -> Iterator[str]:
    vsctl = f"ovs-vsctl --timeout={_DEADLINE_S}"
    if old is None:
        yield f"{vsctl} add-br {new.bridge} -- set bridge {new.bridge} fail_mode=secure"
    for port in new.ports:
        if old is None or port not in old.ports:
            yield f"{vsctl} add-port {new.bridge} {port.name} -- set interface {port.name} {' '.join(port.settings)}"
            yield from port.set_up
    kept = {port.name for port in old.ports if port in new.ports} if old else set()
    for name, mac in new.entries:
        if old is None or name not in kept or (name, mac) not in old.entries:
            yield f"bridge fdb replace {mac} dev {name} master static"


def _run(place: Place, line: str, text: str | None = None) -> None:
    result = place.run(line.split(), text=text)
    if result.status or (line.startswith("ovs-") and result.stderr):  # a port that is refused has no exit status
        raise ConfigurationRefusedError(place.name, line.split()[0], line, result.stderr.strip())
