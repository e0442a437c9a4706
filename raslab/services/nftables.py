"""nftables: tables of a node's kernel, changed in one transaction, read back as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, ClassVar

from raslab.errors import ConfigurationRefusedError
from raslab.services.lines import joined
from raslab.services.nft_script import Chain, NftSet, Table, fresh, gone, script
from raslab.services.place import Place
from raslab.services.service import Service

__all__ = ["Chain", "Nft", "NftSet", "Nftables", "Table"]

_WHERE = re.compile(r"^/dev/stdin:(\d+):\S+ (?:Error: )?(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Nftables(Service):
    """The tables that a node's kernel shall have. Other tables of the node are left alone."""

    name: ClassVar[str] = "nftables"
    tables: tuple[Table, ...] = field(default=())

    def plan(self, old: Nftables | None) -> tuple[str, ...]:
        """The script for `nft -f`, a command on each line."""
        before = {table.key: table for table in (old.tables if old else ())}
        wanted = {table.key for table in self.tables}
        return tuple(
            [line for key, table in before.items() if key not in wanted for line in gone(table)]
            + [
                line
                for table in self.tables
                for line in (script(before[table.key], table) if table.key in before else fresh(table))
            ]
        )

    def reload(self, place: Place, old: Nftables | None) -> None:
        """Let the kernel take the difference whole, or refuse it whole."""
        _run(place, self.plan(old))

    def reloads_from(self, old: Service) -> bool:
        """Always: there is no process."""
        return True

    def stop(self, place: Place) -> None:
        """Remove the tables, which no process holds."""
        _run(place, tuple(line for table in self.tables for line in gone(table)))


class Nft:
    """What a node's kernel holds of nftables."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def ruleset(self) -> list[dict[str, Any]]:
        """Everything, in the words of libnftables-json(5)."""
        return self._ask("ruleset")

    def rules(self, family: str, table: str) -> list[dict[str, Any]]:
        """The rules of a table, with the packets and bytes that their counters have seen."""
        return [entry["rule"] for entry in self._ask("table", family, table) if "rule" in entry]

    def counters(self) -> dict[tuple[str, str, str], tuple[int, int]]:
        """Packets and bytes of each named counter by family, table and name."""
        found = (entry["counter"] for entry in self._ask("counters") if "counter" in entry)
        return {(one["family"], one["table"], one["name"]): (one["packets"], one["bytes"]) for one in found}

    def elements(self, family: str, table: str, name: str) -> list[Any]:
        """What is in a set now."""
        (found,) = (entry["set"] for entry in self._ask("set", family, table, name) if "set" in entry)
        return list(found.get("elem", []))

    def _ask(self, *what: str) -> list[dict[str, Any]]:
        result = self._place.run(["nft", "-j", "list", *what])
        if result.status:
            raise ConfigurationRefusedError(
                self._place.name, "nft", f"list {' '.join(what)}", _first(result.stderr.splitlines())
            )
        return list(json.loads(result.stdout)["nftables"])


def _run(place: Place, lines: tuple[str, ...]) -> None:
    if not lines:
        return
    result = place.run(["nft", "-f", "-"], text=joined(lines, "nft"))
    if result.status:
        line, reason = blamed(lines, result.stderr)
        raise ConfigurationRefusedError(place.name, "nft", line, reason)


def blamed(lines: tuple[str, ...], stderr: str) -> tuple[str, str]:
    """The line of a script that nft complains about first, and why."""
    match = _WHERE.search(stderr)
    if match is None:
        return lines[0], _first(stderr.splitlines())
    return lines[int(match[1]) - 1], match[2]


def _first(texts: list[str]) -> str:
    return texts[0] if texts else ""
