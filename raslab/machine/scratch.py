"""The process that tries what the kernel can do: `python -P -m raslab.machine.scratch`.

It moves into fresh namespaces before it touches anything, tries every capability there, prints one JSON
object and ends, and with it everything it made. It never loads a module itself; the kernel may, as it does in
daily use.

The object: {"privilege": "root" | "user namespace" | "none",
             "results": {NAME: {"state": "have" | "missing" | "untried", "detail": SENTENCE}}}
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from raslab.machine import probes, syscalls
from raslab.machine.capability_list import CAPABILITIES, Capability

_NOT_PERMITTED = ("Operation not permitted", "Permission denied")
_FAILED = re.compile(r"Command failed -:(\d+)$")
_TOOL_SECONDS = 20  # a batch takes milliseconds; this bounds a tool that hangs


@dataclass(frozen=True)
class Result:
    """How trying one capability went; `detail` is the complaint of the kernel or the tool."""

    state: str
    detail: str = ""


def result_of(complaint: str) -> Result:
    """A capability that failed with COMPLAINT; lack of permission says nothing about the kernel."""
    refused = any(words in complaint for words in _NOT_PERMITTED)
    return Result("untried" if refused else "missing", complaint)


def enter() -> tuple[str, str]:
    """Leave the host's namespaces; returns the privilege gained and, with "none", the reason."""
    wanted = syscalls.CLONE_NEWNET | syscalls.CLONE_NEWNS
    try:
        syscalls.unshare(wanted)
    except OSError:
        try:
            syscalls.become_root_of_a_user_namespace()
            syscalls.unshare(wanted)
        except OSError as error:
            return "none", error.strerror or str(error)
        return "user namespace", ""
    return "root", ""


def try_batch(tool: str, capabilities: Sequence[Capability]) -> dict[str, Result]:
    """Try the lines of all CAPABILITIES in one `ip` or `tc` process, which numbers those that fail."""
    owners = [capability.name for capability in capabilities for _ in capability.lines]
    text = "".join(f"{line}\n" for capability in capabilities for line in capability.lines)
    ran = _run([tool, "-force", "-batch", "-"], text)
    results = {name: Result("have") for name in owners}
    pending: list[str] = []
    for line in ran.stderr.splitlines():
        failed = _FAILED.match(line)
        if failed is None:
            pending.append(_complaint(line))
            continue
        results[owners[int(failed[1]) - 1]] = result_of("; ".join(pending) or "failed")
        pending.clear()
    if pending and len(capabilities) > 1:
        # A line that the tool cannot even read ends the whole batch: ask about each capability by itself.
        return {name: result for one in capabilities for name, result in try_batch(tool, (one,)).items()}
    if pending:
        return {capabilities[0].name: result_of("; ".join(pending))}
    return results


def try_nft(capability: Capability) -> Result:
    """Load one nft script, which the kernel takes as a whole or not at all."""
    ran = _run(["nft", "-f", "-"], "".join(f"{line}\n" for line in capability.lines))
    if ran.returncode == 0:
        return Result("have")
    return result_of(_complaint((ran.stderr.splitlines() or ["failed"])[0]))


def try_call(function: Callable[[], None]) -> Result:
    """Run one probe in a process of its own: a namespace that it has left could not be entered again."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            function()
            answer = Result("have")
        except OSError as error:
            answer = result_of(error.strerror or str(error))
        os.write(writer, json.dumps(asdict(answer)).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return Result(**json.loads(said)) if said else Result("missing", "the process that tried it died")


def try_all() -> dict[str, Result]:
    """Try every capability in the list, with as few processes as possible."""
    results: dict[str, Result] = {}
    for tool in ("ip", "tc"):
        mine = [capability for capability in CAPABILITIES if capability.tool == tool]
        try:
            results |= try_batch(tool, mine)
        except OSError as error:
            results |= {one.name: Result("untried", f"{tool}: {error.strerror}") for one in mine}
    for capability in CAPABILITIES:
        if capability.tool == "nft":
            try:
                results[capability.name] = try_nft(capability)
            except OSError as error:
                results[capability.name] = Result("untried", f"nft: {error.strerror}")
        elif capability.tool == "call":
            results[capability.name] = try_call(getattr(probes, capability.lines[0]))
    return results


def main() -> None:
    """Try and print."""
    privilege, reason = enter()
    if privilege == "none":
        untried = Result("untried", f"ordinary users may not make namespaces here: {reason}")
        results = {capability.name: untried for capability in CAPABILITIES}
        results["userns"] = Result("missing", reason)
    else:
        results = try_all()
    json.dump({"privilege": privilege, "results": {name: asdict(one) for name, one in results.items()}}, sys.stdout)


def _run(argv: list[str], text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, input=text, capture_output=True, text=True, timeout=_TOOL_SECONDS)


def _complaint(line: str) -> str:
    """The core of a tool's error line."""
    for opening in ("RTNETLINK answers: ", "Error: ", "-:"):
        line = line.split(opening, 1)[-1] if line.startswith(opening) else line
    return line.strip().rstrip(".")


if __name__ == "__main__":
    main()
