"""The files that `raslab run` writes: checked before the lab runs, so that no result is lost to a mistyped name."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from raslab.errors import BadOptionError

if TYPE_CHECKING:
    from raslab.course.lab import Lab
    from raslab.course.results import Results

STANDARD_OUTPUT = "-"
REPORT_TABLE = "results.csv"


@dataclass(frozen=True)
class Outputs:
    """What was asked for. json, csv: a file, STANDARD_OUTPUT, or None; report: a folder or None."""

    json: str | None = None
    csv: str | None = None
    report: str | None = None

    @property
    def to_stdout(self) -> bool:
        """True if standard output is for figures alone."""
        return STANDARD_OUTPUT in (self.json, self.csv)

    def check(self) -> None:
        """Try whether everything can be written, and leave no trace of it; raises BadOptionError."""
        if self.json == self.csv == STANDARD_OUTPUT:
            raise BadOptionError("--json - and --csv - cannot share standard output: give one of them a file.")
        for option, name in self._files():
            _check_file(option, name)
        if self.report is not None:
            _check_folder(self.report)
        self._check_different()

    def write(self, lab: Lab, results: Results) -> Iterator[str]:
        """Write everything, and yield a sentence about each file or folder once it is there.

        Raises BadOptionError at the end for those that could not be written.
        """
        texts: dict[str, Callable[[], str]] = {"json": lambda: results.json() + "\n", "csv": results.csv}
        for option, text in texts.items():
            if getattr(self, option) == STANDARD_OUTPUT:
                sys.stdout.write(text())
        problems = []
        for option, name in self._files():
            try:
                Path(name).write_text(texts[option](), encoding="utf-8")
                yield f"Written: {name}"
            except OSError as error:
                problems.append(_not_written(option, name, error))
        if self.report is not None:
            try:
                yield f"Report: {_write_report(lab, results, Path(self.report)).absolute()}"
            except OSError as error:
                problems.append(_not_written("report", self.report, error))
        if problems:
            raise BadOptionError(" ".join(problems))

    def _files(self) -> list[tuple[str, str]]:
        named = (("json", self.json), ("csv", self.csv))
        return [(option, name) for option, name in named if name not in (None, STANDARD_OUTPUT)]

    def _check_different(self) -> None:
        files = self._files()
        if self.report is not None:
            files.append(("report", str(Path(self.report) / REPORT_TABLE)))
        taken: dict[Path, str] = {}
        for option, name in files:
            path = Path(name).resolve()
            if path in taken and not _is_device(path):
                raise BadOptionError(f"--{taken[path]} and --{option} would both write {name}: name another file.")
            taken[path] = option


def _write_report(lab: Lab, results: Results, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / REPORT_TABLE).write_text(results.csv(), encoding="utf-8")
    return lab.report(results, folder)


def _check_file(option: str, name: str) -> None:
    path = Path(name)
    if not name or path.is_dir():
        raise BadOptionError(f"--{option} {name or repr(name)} is not a file: add a file name to it.")
    if not path.parent.is_dir():
        raise BadOptionError(f"--{option} {name}: there is no folder {path.parent}; make it first.")
    if _is_device(path):
        return  # opening and closing it may already be noticed at the other end
    # Only trying tells: root may write anywhere as far as access(2) knows, yet not in /proc.
    is_new = not path.exists()
    try:
        path.open("a").close()
    except OSError as error:
        raise BadOptionError(_not_written(option, name, error)) from None
    if is_new:
        path.unlink()


def _check_folder(name: str) -> None:
    folder = Path(name)
    existing = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    if not name or not existing.is_dir():
        raise BadOptionError(f"--report {name or repr(name)}: {existing} is not a folder; name another one.")
    try:
        with contextlib.closing(tempfile.TemporaryFile(dir=existing)):
            pass
    except OSError as error:
        raise BadOptionError(_not_written("report", name, error)) from None


def _is_device(path: Path) -> bool:
    """True for a pipe, a terminal and the like."""
    return path.exists() and not path.is_file()


def _not_written(option: str, name: str, error: OSError) -> str:
    return f"--{option} {name} cannot be written ({error.strerror or error}): name another one."
