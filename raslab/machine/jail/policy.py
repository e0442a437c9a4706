"""How strictly a lab machine is kept from this computer, and which folders it has besides, as the user wants it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from raslab.errors import JailError

MODES = ("auto", "require", "off")


@dataclass(frozen=True)
class Jail:
    """mode: `auto` takes what this computer has, `require` refuses to run without, `off` takes nothing.

    read, write: further folders or files that the machine may read, and folders that it may write.
    """

    mode: str = "auto"
    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()

    def flags(self) -> list[str]:
        """The command line's options for what is not as by default."""
        found = [] if self.mode == "auto" else ["--jail", self.mode]
        for option, paths in (("--read", self.read), ("--write", self.write)):
            found += [word for path in paths for word in (option, str(path))]
        return found


def jail(mode: str, read: Sequence[str], write: Sequence[str]) -> Jail:
    """A jail as the user says it. Raises JailError for what cannot be or contradicts itself."""
    if mode not in MODES:
        raise JailError(f"{mode!r} is no way to jail a lab machine; say {', '.join(MODES[:-1])} or {MODES[-1]}.")
    readable = tuple(_existing("--read", text) for text in read)
    writable = tuple(_existing("--write", text) for text in write)
    for path in writable:
        if not path.is_dir():
            raise JailError(f"--write {path}: this is no folder; name the folder that it is in.")
        if path == Path("/"):
            raise JailError("--write /: the whole computer cannot be given to a lab machine; name a folder.")
        if path in readable:
            raise JailError(
                f"{path} cannot be both for reading only and for writing; leave one of --read, --write out."
            )
    return Jail(mode, readable, writable)


def check(wanted: Jail, version: int, writable: Sequence[Path], treasured: Sequence[tuple[Path, str]]) -> None:
    """Raise JailError if `require` is wanted and cannot be had.

    version: of Landlock here. writable: folders that the machine can write. treasured: what it must not change, as it
    decides what this user runs next, each with a name for it.
    """
    if wanted.mode != "require":
        return
    if not version:
        raise JailError(
            "This computer's kernel has no Landlock, or it is not switched on (lsm=landlock,...), so a lab machine"
            " cannot be jailed as --jail require wants it; use Linux 5.13 or newer, or --jail auto."
        )
    for folder in writable:
        for path, name in treasured:
            if path.is_relative_to(folder):
                raise JailError(
                    f"The lab machine could change {name} ({path}), because {folder} is shared with it, and --jail"
                    " require does not allow that; start it in a folder of its own."
                )


def _existing(option: str, text: str) -> Path:
    path = Path(text).expanduser()
    try:
        return path.resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        raise JailError(f"{option} {text}: there is no such file or folder.") from None
