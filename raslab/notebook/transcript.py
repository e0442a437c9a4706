"""Several commands in a node, shown as a terminal would."""

from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType

from raslab.net import Node
from raslab.net.run import RunResult


@dataclass(frozen=True)
class Transcript:
    """Commands in the order in which they ran, and what each said. True in an `if` when all went well."""

    node: str
    results: tuple[tuple[str, RunResult], ...]

    def __bool__(self) -> bool:
        return all(result.status == 0 for _, result in self.results)

    def __repr__(self) -> str:
        parts = [part for line, result in self.results for part in (f"{self.node}# {line}", result.text)]
        return "\n".join(filter(None, parts)) or "Nothing has been run yet."


def type_in(node: Node, lines: str | EllipsisType | None) -> Transcript:
    """Run each line in `node` until one fails; see `raslab.notebook.lab.LabNode.run_lines`."""
    results: list[tuple[str, RunResult]] = []
    text = lines if isinstance(lines, str) else ""
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("#"):
            continue
        results.append((line, node.run(line)))
        if results[-1][1].status:
            break
    return Transcript(node.name, tuple(results))
