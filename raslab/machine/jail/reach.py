"""What of this computer a lab machine may read: the system, Python with its packages, raslab, and no more."""

from __future__ import annotations

import contextlib
import os
import site
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import raslab
from raslab.machine.kernel.cache import cache_folder

SYSTEM = tuple(
    map(Path, ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix/store"))
) + tuple(Path("/var/lib") / name for name in ("dpkg", "frr", "strongswan", "ipsec", "unbound", "misc"))
#: What in there is nobody's business. Who is not root cannot read it anyway.
SECRETS = tuple(
    map(
        Path,
        (
            "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/ssh", "/etc/ssl/private",
            "/etc/sudoers", "/etc/sudoers.d", "/etc/krb5.keytab", "/etc/wireguard", "/etc/NetworkManager",
            "/etc/security/opasswd", "/etc/letsencrypt", "/etc/kubernetes", "/etc/docker",
        ),
    )
)  # fmt: skip
#: What the kernel process itself looks at.
FACTS = (Path("/proc/cpuinfo"),)
DEVICES = tuple(map(Path, ("/dev/null", "/dev/zero", "/dev/urandom")))
LOADERS = (Path("/lib64/ld-linux-x86-64.so.2"),)


def interpreter_folders() -> list[Path]:
    """Where the running Python has itself, its packages, and what editable installs point to."""
    too_much = _too_much()
    wanted = [Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parent.parent]
    wanted += [Path(entry) for entry in (*sys.path, site.getusersitepackages()) if entry]
    wanted += [Path(raslab.__file__).resolve().parents[1], cache_folder() / "init"]
    found = (path.resolve() for path in wanted if path.exists())
    return list(dict.fromkeys(path for path in found if path not in too_much))


def named(words: Iterable[str], folder: Path, neighbours: bool) -> list[Path]:
    """The files and folders that a command line names, seen from `folder`: whoever types it wants them to be read.

    neighbours: of a file also those that are in its folder, as a script imports and reads what lies beside it. The home
    folder, temporary folders that everybody shares, and what is above these are never meant as a whole.
    """
    too_much = _too_much()
    found = []
    for word in words:
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            path = (folder / word).resolve(strict=True)
            with_neighbours = neighbours and path.is_file() and path.parent not in too_much
            found.append(path.parent if with_neighbours else path)
    return [path for path in dict.fromkeys(found) if path not in too_much]


def _too_much() -> set[Path]:
    """The home folder, temporary ones, and all above: a program that lies there does not make them readable."""
    shared = (Path("~").expanduser(), Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path(tempfile.gettempdir()))
    return {folder for path in shared for folder in (path.resolve(), *path.resolve().parents)}


def allowed(folders: Iterable[Path], secrets: Sequence[Path] = SECRETS) -> list[str]:
    """`folders` without `secrets`: Landlock can only allow, so a folder with a secret is told by its other entries."""
    hidden = set(map(str, secrets))
    around = {str(parent) for secret in secrets for parent in secret.parents}
    found: list[str] = []
    waiting = [str(folder) for folder in folders]
    while waiting:
        folder = waiting.pop()
        if folder in around and os.path.isdir(folder):  # noqa: PTH112 - hundreds of Path objects would be felt
            with contextlib.suppress(OSError), os.scandir(folder) as entries:
                waiting += [entry.path for entry in entries]
        elif folder not in hidden:
            found.append(folder)
    return found


def treasured() -> list[tuple[Path, str]]:
    """What decides which programs this user runs next."""
    return [
        (cache_folder().resolve(), "raslab's own cache, with the next kernel"),
        (Path("~").expanduser().resolve(), "your home folder"),
        (Path(raslab.__file__).resolve().parent, "raslab itself"),
        (Path(sys.prefix).resolve(), "the Python that runs it"),
    ]
