"""Every error that raslab raises on purpose: one class per situation.

A message is one sentence that names the user's own thing (node, link, file, option) and says what to do.
Library code raises these and never ends the interpreter; the command line prints them and exits with 2.
"""

from __future__ import annotations

from collections.abc import Sequence


class RaslabError(Exception):
    """Base of all errors below. `str(error)` is a complete sentence for the user."""


# The lab kernel and the lab machine


class KernelSourceError(RaslabError):
    """No usable kernel source could be had."""


class KernelBuildError(RaslabError):
    """A step of the kernel build failed."""


class NoLabMachineError(RaslabError):
    """The wanted machine cannot run on this computer."""


class MachineDiedError(RaslabError):
    """The lab machine ended before its command did."""


class CommandNotStartedError(RaslabError):
    """The machine runs, but the command in it could not be started."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


# The doctor


class ScratchNamespaceError(RaslabError):
    """The process that tries the kernel's capabilities ended without an answer."""

    def __init__(self, observed: str) -> None:
        super().__init__(f"Could not try what this kernel can do: {observed}. Run `raslab doctor` again as root.")
