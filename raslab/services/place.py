"""Where a service runs: a node, the folders that are its own, and a process."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from raslab.errors import ServiceUserError
from raslab.machine.here import here
from raslab.net import Node, RunResult
from raslab.net.pulse import Pulse, pulse_of
from raslab.services.patience import SILENT_S, Patience

_TAIL_BYTES = 16384
_TOOL_S = 300.0  # a tool takes milliseconds, and on a busy computer with hundreds of tenants many times as long


class Place:
    """A service's view of its node. Files are written and sockets reached from this process, without entering it."""

    def __init__(self, node: Node, service: str, folders: Iterable[str]) -> None:
        self.node = node
        self.name = str(node.name)
        self.service = service
        self.process: int | None = None  # of the service's daemon, once it is started
        self._folders = {PurePosixPath(folder): node.private_folder(folder) for folder in folders}

    def path(self, path: str) -> Path:
        """Where this process finds a path of the node that lies in one of its own folders."""
        wanted = PurePosixPath(path)
        for folder, descriptor_path in self._folders.items():
            if wanted.is_relative_to(folder):
                return descriptor_path / wanted.relative_to(folder)
        raise ValueError(f"{path} is in none of the node's own folders: {', '.join(map(str, self._folders))}")

    def write(self, files: Mapping[str, str], owner: str | None) -> None:
        """Write files by their path in the node; they and folders that are made for them belong to `owner`.

        Raises ServiceUserError if they cannot.
        """
        for name, text in files.items():
            path = self.path(name)
            self.make_folder(str(PurePosixPath(name).parent), owner)
            path.write_text(text)
            self._give(path, owner)

    def make_folder(self, name: str, owner: str | None) -> None:
        """Make a folder by its path in the node, unless it is there."""
        path = self.path(name)
        path.mkdir(parents=True, exist_ok=True)
        self._give(path, owner)

    def _give(self, path: Path, owner: str | None) -> None:
        if owner is None:
            return
        try:
            shutil.chown(path, owner, owner)
        except LookupError:  # the package that brings the user is not installed
            raise ServiceUserError(self.name, self.service, owner, "there is no such user") from None
        except OSError as error:
            raise ServiceUserError(self.name, self.service, owner, error.strerror or "refused") from error

    def spawn(self, argv: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[Any]:
        """Start a daemon; what it prints is appended to its log. In virtual time it gets the library for that."""
        with open(self._log, "ab") as log:
            started = self.node.popen(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**here().patient_environment, **environment},
                start_new_session=True,
                cwd="/",
            )
        self.process = started.pid
        return started

    def pulse(self) -> Pulse | None:
        """What the daemon has done so far; None if there is none."""
        return None if self.process is None else pulse_of(self.process, self._log)

    def patience(self, seconds: float = SILENT_S) -> Patience:
        """How long to wait for the daemon's answer: so many seconds during which it does nothing."""
        return Patience(self.name, self.service, self.pulse, self.process, seconds)

    def run(self, argv: Sequence[str], text: str | None = None, timeout_s: float = _TOOL_S) -> RunResult:
        """Run a command in the node, with `text` as its standard input."""
        return self.node.run(argv, input=text, timeout=timeout_s)

    def log(self, lines: int) -> str:
        """The last lines of what the service's daemon has printed."""
        try:
            with open(self._log, "rb") as log:
                log.seek(max(log.seek(0, os.SEEK_END) - _TAIL_BYTES, 0))
                return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return ""

    @property
    def _log(self) -> Path:
        return self.path(f"/run/{self.service}.log")
