"""Getting kernel source: Debian's package, its signature checked by apt, or a tarball that the user names.

Debian's backports suite carries new kernels for the stable release. It is read through an apt state of our own, below
the cache folder, so that the computer's list of sources is never touched; the archive keyring says whom to trust.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from raslab.errors import KernelSourceError
from raslab.machine.kernel.cache import version_key

SUITES = ("trixie-backports", "forky")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
#: Where Debian's archive is, for computers that run another distribution (package python-apt-common).
DEBIAN_TEMPLATE = Path("/usr/share/python-apt/templates/Debian.info")
#: The series the labs are verified with. It has everything; 7.3 dropped Open vSwitch's own GRE and VXLAN ports.
PREFERRED_SERIES = "7.2"
#: In older series the guest's programs run on natively on the host if only the kernel process is killed.
OLDEST_SERIES = "7.2"


@dataclass(frozen=True)
class KernelSource:
    """A source tarball on this computer: its kernel version (``7.2.12``), where it is, and what to call it."""

    version: str
    tarball: Path
    name: str


def choose_series(available: list[str]) -> str | None:
    """Which of the offered series (``["7.2", "7.3"]``) to build: the verified one, else the newest that is safe."""
    if PREFERRED_SERIES in available:
        return PREFERRED_SERIES
    safe = [series for series in available if version_key(series) >= version_key(OLDEST_SERIES)]
    return max(safe, key=version_key, default=None)


def from_tarball(path: Path) -> KernelSource:
    """A tarball that the user gives; its version is read from the Makefile inside.

    Raises KernelSourceError if it is no kernel source or too old to be safe.
    """
    if not path.is_file():
        raise KernelSourceError(
            f"There is no file {path}; --source wants a Linux source tarball such as linux-7.2.tar.xz."
        )
    listing = subprocess.run(
        ["tar", "--extract", "--to-stdout", "--wildcards", "--no-wildcards-match-slash", "--occurrence=1", "--file",
         str(path), "*/Makefile"],
        capture_output=True,
        text=True,
    )  # fmt: skip
    fields = dict(re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL) = *(\d+)", listing.stdout, re.MULTILINE))
    if len(fields) < 3:
        raise KernelSourceError(f"{path} is not a Linux source tarball: it has no top-level Makefile with a version.")
    version = f"{fields['VERSION']}.{fields['PATCHLEVEL']}.{fields['SUBLEVEL']}"
    if version_key(version) < version_key(OLDEST_SERIES):
        raise KernelSourceError(
            f"{path} holds Linux {version}, but lab machines need {OLDEST_SERIES} or newer: older ones can let the"
            " programs of a killed machine run on natively."
        )
    return KernelSource(version, path, path.name)


class DebianArchive:
    """The kernel source packages of Debian's archive, seen through a private apt state in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not shutil.which("apt-get"):
            raise KernelSourceError(
                "This computer has no apt-get to fetch kernel source with; download a Linux 7.2 tarball from kernel.org"
                " and run `raslab kernel build --source TARBALL`."
            )
        if not KEYRING.exists():
            raise KernelSourceError(
                f"{KEYRING} is missing, so Debian's signature cannot be checked; install the package"
                " debian-archive-keyring."
            )

    def fetch(self) -> KernelSource:
        """Download the newest suitable source package and unpack the tarball that it holds.

        Raises KernelSourceError if no suite offers one or the archive cannot be reached.
        """
        tried = []
        for suite in SUITES:
            self._use(suite)
            series = choose_series(self._offered())
            if series:
                return self._download(series)
            tried.append(suite)
        raise KernelSourceError(
            f"Debian's {' and '.join(tried)} offer no kernel source from {OLDEST_SERIES} on; download a Linux tarball"
            " from kernel.org and run `raslab kernel build --source TARBALL`."
        )

    def _use(self, suite: str) -> None:
        for name in ("lists/partial", "cache/archives/partial", "sources"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        (self.folder / "sources.list").write_text(f"deb [signed-by={KEYRING}] {archive_address()} {suite} main\n")
        self._run("apt-get", "update", what=f"read Debian's list of packages ({suite})")

    def _offered(self) -> list[str]:
        listing = self._run("apt-cache", "pkgnames", "linux-source-", what="search Debian's list of packages")
        return re.findall(r"^linux-source-(\d+\.\d+)$", listing, re.MULTILINE)

    def _download(self, series: str) -> KernelSource:
        package = f"linux-source-{series}"
        for old in self.folder.glob("linux-source-*.deb"):
            old.unlink()
        self._run("apt-get", "download", package, what=f"download {package}")
        archive = next(self.folder.glob(f"{package}_*.deb"))
        version = archive.name.split("_")[1].split("-")[0].replace("%3a", ":").split(":")[-1]
        self._run("dpkg-deb", "--extract", archive.name, "unpacked", what=f"unpack {archive.name}")
        tarball = self.folder / "unpacked/usr/src" / f"{package}.tar.xz"
        archive.unlink()
        return KernelSource(version, tarball, archive.name.removesuffix(".deb"))

    def _run(self, program: str, *arguments: str, what: str) -> str:
        options = {
            "Dir::Etc::SourceList": self.folder / "sources.list",
            "Dir::Etc::SourceParts": self.folder / "sources",
            "Dir::State::Lists": self.folder / "lists",
            "Dir::State::status": self.folder / "status",
            "Dir::Cache": self.folder / "cache",
            "APT::Sandbox::User": "root",  # apt's own user may not enter this folder
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        settings = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        command = [program, *(settings if program.startswith("apt") else []), *arguments]
        result = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if result.returncode:
            reason = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise KernelSourceError(f"Could not {what}: {reason}")
        return result.stdout


def archive_address() -> str:
    """The Debian mirror that this computer already uses, else the one in the distribution's own template.

    Raises KernelSourceError if the computer knows of none.
    """
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)"], capture_output=True, text=True
    )
    known = re.findall(r"^Debian\|Debian\|(\S+)$", listing.stdout, re.MULTILINE)
    if not known and DEBIAN_TEMPLATE.exists():
        known = re.findall(r"^BaseURI: (\S+/debian/?)$", DEBIAN_TEMPLATE.read_text(), re.MULTILINE)
    if not known:
        raise KernelSourceError(
            "This computer's apt knows no Debian mirror to fetch kernel source from; install the package"
            " python-apt-common, or run `raslab kernel build --source TARBALL` with a tarball from kernel.org."
        )
    address: str = known[0]
    return address.rstrip("/")
