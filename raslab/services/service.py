"""What a service is: a declaration of what shall run on a node, and how to bring it about there.

A declaration is a frozen dataclass, the desired state of one daemon or of one part of the kernel, such as nftables.
Equal declarations mean that nothing is to be done. The supervisor (`raslab.services.supervisor`) calls the methods
below; what a method needs of the node it gets as a `Place`.

Life: folders and files are made, the process is started, `ready` is looked at until it holds, and `reload` hands over
what a daemon takes only while it runs. A changed declaration comes to a running daemon by `reload` if `reloads_from`
says that this can be done, else by stop and start. `plan` says in lines what `reload` does; it is pure. Before anything
changes on a node, its running services `catch_up` with what has happened to the node.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar

if TYPE_CHECKING:
    from raslab.services.place import Place

S = TypeVar("S", bound="Service")


@dataclass(frozen=True)
class Service(ABC):
    """The desired state of one service of a node.

    name: what the service is called in its node, unique there.
    depends: names of services of the same node that have to be ready first; those that are not declared do not count.
    falls_with: those of `depends` that hold what this one has told them. Whenever one of them is started afresh, be it
    that it had died, this one is started afresh after it, or what it believes to have told would be lost for good.
    folders: folders that are the node's own, empty at first and in memory.
    """

    name: ClassVar[str]
    depends: ClassVar[tuple[str, ...]] = ()
    falls_with: ClassVar[tuple[str, ...]] = ()
    folders: ClassVar[tuple[str, ...]] = ("/run",)

    def files(self) -> Mapping[str, str]:
        """Files by absolute path, below one of `folders`, that have to be there before the start."""
        return {}

    def owner(self) -> str | None:
        """The user to whom `files` and their folders are given; None for root."""
        return None

    def argv(self) -> tuple[str, ...]:
        """The command that starts the daemon in the foreground; empty if the service has no process."""
        return ()

    def environment(self) -> Mapping[str, str]:
        """What the daemon's environment has beyond ours."""
        return {}

    def ready(self, place: Place) -> tuple[bool, str]:
        """Whether the daemon answers, and what was observed. Is asked again and again; must not block for long."""
        return True, ""

    def catch_up(self, place: Place) -> None:
        """Let a running daemon know of what the node has got since. Others of the node may count on it then."""
        return

    @abstractmethod
    def plan(self: S, old: S | None) -> tuple[str, ...]:
        """The lines that lead from `old` (None: a fresh daemon) to this state, as an administrator would type them."""

    @abstractmethod
    def reload(self: S, place: Place, old: S | None) -> None:
        """Bring a ready daemon from `old` (None: a fresh daemon) to this state, changing only the difference.

        Raises ConfigurationRefusedError, having taken back what it had changed.
        """

    def reloads_from(self, old: Service) -> bool:
        """True if a running daemon can be brought from `old` to this state; else it has to be started afresh."""
        return (self.files(), self.argv(), self.environment()) == (old.files(), old.argv(), old.environment())

    def stop(self, place: Place) -> None:
        """Undo what does not end with the process. Called before the process is ended."""
        return

    def clear_up(self, place: Place) -> None:
        """Take away what a process that died has left behind. Called before another one takes its place."""
        return
