"""Where built kernels are kept and how one is found again.

A kernel lives in ``<user cache>/raslab/kernel/<version>-<recipe>/``; the recipe is a hash over everything of ours that
shapes the result (configuration fragment and patch), so a change of the recipe asks for a new build and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from raslab.errors import CacheFolderError

RECIPE_FOLDER = Path(__file__).parent
FRAGMENT = RECIPE_FOLDER / "lab.fragment"
PATCH = RECIPE_FOLDER / "lab.patch"
DESCRIPTION = "kernel.json"


@dataclass(frozen=True)
class CachedKernel:
    """A kernel that is ready to boot.

    path: the executable. version: of the kernel source, such as ``7.2.12``. recipe: hash of fragment and patch.
    source: name of the package or file it was built from. built: day, ISO 8601. cpu_seconds, wall_seconds: cost of the
    build. missing_options: options of the fragment which that kernel version does not have.
    """

    path: Path
    version: str
    recipe: str
    source: str
    built: str
    cpu_seconds: float
    wall_seconds: float
    missing_options: tuple[str, ...]

    def save(self) -> None:
        """Write the description next to the executable; from then on the kernel counts as built."""
        facts = asdict(self)
        del facts["path"]
        (self.path.parent / DESCRIPTION).write_text(json.dumps(facts, indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> CachedKernel | None:
        """The kernel in a cache folder, or None if there is no complete one."""
        try:
            facts = json.loads((folder / DESCRIPTION).read_text())
        except (OSError, ValueError):
            return None
        facts["missing_options"] = tuple(facts["missing_options"])
        kernel = cls(path=folder / "linux", **facts)
        return kernel if os.access(kernel.path, os.X_OK) else None


def cache_folder() -> Path:
    """raslab's folder in the user's cache (XDG Base Directory Specification); raises CacheFolderError."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if base.startswith("/"):
        return Path(base) / "raslab"
    try:
        return Path.home() / ".cache" / "raslab"
    except RuntimeError:
        raise CacheFolderError(
            "This user has no home folder to keep the lab kernel in; set HOME or XDG_CACHE_HOME to a folder of yours."
        ) from None


def kernel_folder() -> Path:
    """Folder of all built kernels."""
    return cache_folder() / "kernel"


def recipe() -> str:
    """Hash over the files that shape a kernel: the same recipe and source version mean the same kernel."""
    digest = hashlib.sha256()
    for path in (FRAGMENT, PATCH):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def version_key(version: str) -> tuple[int, ...]:
    """Order of kernel versions: ``7.10.1`` comes after ``7.9.12``."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def cached_kernel() -> CachedKernel | None:
    """The newest kernel built from the present recipe, or None."""
    folders = kernel_folder().glob(f"*-{recipe()}")
    kernels = [kernel for folder in folders if (kernel := CachedKernel.load(folder))]
    return max(kernels, key=lambda kernel: version_key(kernel.version), default=None)
