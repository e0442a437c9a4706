"""Lab machines, their kernels, those of notebooks, and the doctor."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from raslab.errors.base import RaslabError


class KernelSourceError(RaslabError):
    """No usable kernel source could be had."""


class CacheFolderError(RaslabError):
    """There is no folder to keep things in."""


class KernelBuildError(RaslabError):
    """A step of the kernel build failed."""


class NoLabMachineError(RaslabError):
    """The wanted machine cannot run on this computer."""


class JailError(RaslabError):
    """The machine cannot be kept from this computer in the way that is wanted."""


class BadLimitError(RaslabError):
    """A limit of a lab machine that makes no sense."""


class WorkingFolderGoneError(RaslabError):
    """The folder in which the command was started has been deleted."""

    def __init__(self) -> None:
        super().__init__("The folder in which this was started no longer exists; change to another one.")


class MachineDiedError(RaslabError):
    """The lab machine ended before its command did."""


class BadFrameError(MachineDiedError):
    """What comes from a lab machine is not what its first process would say."""

    def __init__(self, kind: bytes, size: int) -> None:
        super().__init__(
            "The lab machine was ended: a program in it has written to /dev/ttyS0, which is raslab's own"
            f" ({kind!r}, {size} bytes); use another device."
        )


class CommandNotStartedError(RaslabError):
    """The machine runs, but the command in it could not be started."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


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

    def __init__(self, seconds: object, longest_s: float) -> None:
        shown = f"{seconds:g} s" if isinstance(seconds, int | float) else f"{seconds!r}"
        super().__init__(f"{shown} cannot be let pass in a lab: ask for 0 to {longest_s:g} seconds.")


class ScratchNamespaceError(RaslabError):
    """The process that tries the kernel's capabilities ended without an answer."""

    def __init__(self, observed: str) -> None:
        super().__init__(f"Could not try what this kernel can do: {observed}. Run `raslab doctor` again as root.")
