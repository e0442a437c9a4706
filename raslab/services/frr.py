"""FRR's daemons, each a service of its own: zebra, bgpd, bfdd.

Daemons are started without a configuration and get it through their vty, line by line, so a refused line is known by
name and a start is nothing but a change from an empty configuration. `vtysh` works in the node as on any router.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from raslab.errors import ConfigurationRefusedError, NoSuchServiceError
from raslab.model.secrets import without_secrets
from raslab.services.frr_config import difference, parse
from raslab.services.frr_quiet import limits, losing_bfd, quietly
from raslab.services.frr_tree import Tree
from raslab.services.place import Place
from raslab.services.service import Service
from raslab.services.vty import Vty
from raslab.services.zebra_addresses import remind

FOLDER = "/usr/lib/frr"
_SOCKETS = "/run/frr"


@dataclass(frozen=True)
class FrrDaemon(Service):
    """A daemon of FRR. config: its own part of frr.conf, contexts indented; what other daemons read is not for it."""

    config: str = field(default="", repr=False)  # passwords may be in it

    folders: ClassVar[tuple[str, ...]] = ("/run", "/etc/frr")
    depends: ClassVar[tuple[str, ...]] = ("zebra",)
    falls_with: ClassVar[tuple[str, ...]] = ("zebra",)  # a new zebra is never told of the routes again

    def files(self) -> Mapping[str, str]:
        """An empty configuration of `vtysh`, which it misses otherwise; the folder of sockets comes with the other."""
        return {"/etc/frr/vtysh.conf": "", f"{_SOCKETS}/.keep": ""}

    def owner(self) -> str:
        """The daemons give up being root."""
        return "frr"

    def argv(self) -> tuple[str, ...]:
        """In the foreground, without a configuration, without a TCP port for commands."""
        return (f"{FOLDER}/{self.name}", "-f", "/dev/null", "-P", "0", "--log", "stdout")

    def ready(self, place: Place) -> tuple[bool, str]:
        """The daemon takes commands."""
        vty = self.vty(place)
        try:
            return (True, "") if vty.answers() else (False, f"no answer on {_SOCKETS}/{self.name}.vty")
        finally:
            vty.close()

    def plan(self, old: FrrDaemon | None) -> tuple[str, ...]:
        """Lines for the daemon's configuration mode, passwords hidden."""
        return tuple(map(without_secrets, self.lines(old)))

    def lines(self, old: FrrDaemon | None) -> tuple[str, ...]:
        """Lines for the daemon's configuration mode, as it needs them."""
        return difference(Tree() if old is None else parse(old.config), parse(self.config))

    def reload(self, place: Place, old: FrrDaemon | None) -> None:
        """Send the difference; if a line is refused, take back what had been sent before it."""
        lines = self.lines(old)
        vty = self.vty(place)
        try:
            if old is None:
                vty.configure_at_once(lines)
            else:
                self.prepare(vty, lines)
                vty.configure(lines)
                self.settle(vty, lines)
        except ConfigurationRefusedError:
            if old is not None:
                _take_back(vty, old.lines(self))
            raise
        finally:
            vty.close()

    def prepare(self, vty: Vty, lines: Sequence[str]) -> None:
        """What has to be done before lines are sent to a running daemon."""
        return

    def settle(self, vty: Vty, lines: Sequence[str]) -> None:
        """What a change of a running daemon needs besides the lines that have been sent."""
        return

    def reloads_from(self, old: Service) -> bool:
        """The profile of defaults counts only for what is configured after it."""
        return super().reloads_from(old) and isinstance(old, FrrDaemon) and _defaults(self) == _defaults(old)

    def vty(self, place: Place) -> Vty:
        """A connection to the daemon."""
        return Vty(place.name, self.name, self.socket(place), place.patience())

    def socket(self, place: Place) -> Path:
        """Where it listens for connections."""
        return Path(place.path(f"{_SOCKETS}/{self.name}.vty"))


def _defaults(daemon: FrrDaemon) -> list[str]:
    return [line for line in parse(daemon.config).lines if line.startswith("frr defaults")]


def _take_back(vty: Vty, lines: tuple[str, ...]) -> None:
    """Send lines of which some undo what never was; those are refused, and that is right."""
    vty.run("configure terminal")
    for line in lines:
        try:
            vty.run(line)
        except ConfigurationRefusedError:
            continue
    vty.run("end")


@dataclass(frozen=True)
class Zebra(FrrDaemon):
    """The kernel's routes: every other daemon of the node goes through it.

    If it has died and is started again, the others look for it every ten seconds (lib/zclient.c), and do not tell it
    their routes again: so they are started afresh after it. Next hops are found by the default route only if the
    configuration says so: FRR 10 does that by itself, but not with this profile.
    """

    name: ClassVar[str] = "zebra"
    depends: ClassVar[tuple[str, ...]] = ()
    falls_with: ClassVar[tuple[str, ...]] = ()

    def argv(self) -> tuple[str, ...]:
        """As of the other daemons, with the profile of a datacenter."""
        return (*super().argv(), "-F", "datacenter")

    def catch_up(self, place: Place) -> None:
        """Let it know the addresses of new interfaces, by which neighbours are reached. Raises NotObservedError."""
        with closing(self.vty(place)) as vty, suppress(NoSuchServiceError):  # a dead one will read them when it starts
            remind(vty, place.node)


@dataclass(frozen=True)
class Bgpd(FrrDaemon):
    """BGP (RFC 4271). Route-maps and prefix lists that it uses stand in its configuration."""

    name: ClassVar[str] = "bgpd"
    depends: ClassVar[tuple[str, ...]] = ("zebra", "bfdd")

    def lines(self, old: FrrDaemon | None) -> tuple[str, ...]:
        """Lines for the daemon's configuration mode; sessions with new neighbours begin when all has been said."""
        return tuple(quietly(super().lines(old)))

    def prepare(self, vty: Vty, lines: Sequence[str]) -> None:
        """A limit ends the session of a neighbour that has just reached it: FRR compares a new limit with what is there
        already, and later with what is there without the prefix that has come. So such a session begins anew first,
        as does one that FRR keeps down because it was over its old limit.
        """
        for vrf, neighbour, limit in limits(lines):
            known = _neighbour(vty, vrf, neighbour)
            counts = (int(one.get("acceptedPrefixCounter", 0)) for one in known.get("addressFamilyInfo", {}).values())
            if known.get("prefixesConfigExceedMax") or limit + 1 in counts:
                vty.run(f"clear bgp{vrf} {neighbour}")

    def settle(self, vty: Vty, lines: Sequence[str]) -> None:
        """FRR 10 leaves a neighbour idle whose BFD goes while it is down: it is begun anew."""
        for vrf, neighbour in losing_bfd(lines):
            if _neighbour(vty, vrf, neighbour).get("bgpState") == "Idle":
                vty.run(f"clear bgp{vrf} {neighbour}")


def _neighbour(vty: Vty, vrf: str, address: str) -> dict[str, Any]:
    """What bgpd tells of a neighbour."""
    found: dict[str, Any] = vty.show(f"show bgp{vrf} neighbors {address} json").get(address, {})
    return found


@dataclass(frozen=True)
class Bfdd(FrrDaemon):
    """BFD (RFC 5880). Sessions are asked for by other daemons; its own configuration holds profiles and peers."""

    name: ClassVar[str] = "bfdd"
