"""Building the lab kernel: fetch, unpack, configure, compile, verify, keep.

The work folder survives an interruption and the next build goes on from there; it is removed when the kernel is in
the cache. A lock keeps two builds of one user apart.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from raslab.errors import KernelBuildError
from raslab.machine.kernel.cache import FRAGMENT, PATCH, CachedKernel, kernel_folder, recipe
from raslab.machine.kernel.source import DebianArchive, KernelSource, from_tarball

#: Files that the compiler writes for the present recipe; only the progress display depends on it.
EXPECTED_OBJECTS = 1250
#: Name, time and place of a build end up in `uname` and from there in the random pool: they are alike everywhere.
REPRODUCIBLE = {
    "KBUILD_BUILD_TIMESTAMP": "2026-01-01 00:00:00 UTC",
    "KBUILD_BUILD_USER": "raslab",
    "KBUILD_BUILD_HOST": "lab",
    "KBUILD_BUILD_VERSION": "1",
    "LC_ALL": "C",
}
#: Source that a User-Mode Linux never compiles, two thirds of it (Kconfig files are kept: all of them are read).
UNUSED_SOURCE = (
    "*/Documentation/*/*",
    "*/tools/testing/*",
    "*/tools/perf/*",
    "*/arch/[a-t]*/*.[chS]",
    "*/arch/[a-t]*/*.dts*",
    "*/arch/xtensa/*.[chS]",
    "*/drivers/gpu/*.[chS]",
    "*/drivers/media/*.[ch]",
    "*/drivers/staging/*.[ch]",
    "*/drivers/net/ethernet/*.[ch]",
    "*/drivers/net/wireless/*.[ch]",
    "*/drivers/infiniband/*.[ch]",
    "*/drivers/scsi/*.[ch]",
    "*/drivers/usb/*.[ch]",
    "*/drivers/iio/*.[ch]",
    "*/sound/*.[ch]",
)
BUILD_TOOLS = ("gcc", "make", "flex", "bison", "bc", "xz", "tar", "patch", "strip")


@dataclass(frozen=True)
class Progress:
    """How far a build is: the step's name, its share done (0 to 1, None if unknown), seconds gone, seconds left."""

    step: str
    done: float | None
    elapsed_s: float
    remaining_s: float | None


@dataclass(frozen=True)
class Cost:
    """What a build took: CPU time of all its processes, and time on the clock."""

    cpu_seconds: float
    wall_seconds: float


Report = Callable[[Progress], None]
Verify = Callable[[Path], None]


def build(report: Report, verify: Verify, tarball: Path | None = None, jobs: int | None = None) -> CachedKernel:
    """Build the lab kernel into the cache and return it.

    report: called several times a second with the progress. verify: called with the path of the new executable before
    it goes into the cache; raises if the kernel is no good. tarball: source to use instead of Debian's package.
    jobs: compilers at a time (default: one per processor).

    Raises KernelSourceError, KernelBuildError.
    """
    missing = [tool for tool in BUILD_TOOLS if not shutil.which(tool)]
    if missing:
        raise KernelBuildError(
            f"Building the lab kernel needs {', '.join(missing)}, which this computer lacks; run scripts/setup.sh"
            " or install the packages build-essential, flex, bison, bc and xz-utils."
        )
    folder = kernel_folder()
    if re.search(r"[\s:]", str(folder)):
        raise KernelBuildError(
            f"The kernel's makefiles cannot work in {folder} because of the white space or colon in that path;"
            " set XDG_CACHE_HOME to a folder without."
        )
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder / "lock"):
        for stale in folder.glob("work-*"):
            if stale.name != f"work-{recipe()}":
                shutil.rmtree(stale, ignore_errors=True)
        return _Build(folder / f"work-{recipe()}", report, jobs or len(os.sched_getaffinity(0))).run(verify, tarball)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise KernelBuildError(
                f"Another `raslab kernel build` of this user is at work in {path.parent}; wait until it has finished."
            ) from None
        yield


class _Build:
    def __init__(self, work: Path, report: Report, jobs: int) -> None:
        self.work = work
        self.tree = work / "tree"
        self.objects = work / "objects"
        self.log = work / "build.log"
        self.report = report
        self.jobs = jobs
        self.started = time.monotonic()

    def run(self, verify: Verify, tarball: Path | None) -> CachedKernel:
        self.work.mkdir(exist_ok=True)
        try:
            source = self._source(tarball)
            self._unpack(source)
            missing = self._configure()
            self._compile()
            self._say("verifying: booting the new kernel")
            verify(self.objects / "linux")
        finally:
            cost = self._account()
        return self._keep(source, missing, cost)

    def _account(self) -> Cost:
        """What the build has cost so far, earlier attempts included."""
        ledger = self.work / "cost.json"
        before = Cost(**json.loads(ledger.read_text())) if ledger.exists() else Cost(0.0, 0.0)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cost = Cost(
            cpu_seconds=round(before.cpu_seconds + used.ru_utime + used.ru_stime, 1),
            wall_seconds=round(before.wall_seconds + time.monotonic() - self.started, 1),
        )
        ledger.write_text(json.dumps(asdict(cost)))
        return cost

    def _say(self, step: str, done: float | None = None, remaining_s: float | None = None) -> None:
        self.report(Progress(step, done, time.monotonic() - self.started, remaining_s))

    def _source(self, tarball: Path | None) -> KernelSource:
        """The source to build; what an interrupted build has fetched is taken up again."""
        notes = self.work / "source.json"
        if tarball:
            source = from_tarball(tarball.absolute())
        elif notes.exists():
            facts = json.loads(notes.read_text())
            source = KernelSource(facts["version"], Path(facts["tarball"]), facts["name"])
        else:
            self._say("fetching the kernel source package")
            source = DebianArchive(self.work / "archive").fetch()
        facts = {"version": source.version, "tarball": str(source.tarball), "name": source.name}
        if notes.exists() and json.loads(notes.read_text()) != facts:
            shutil.rmtree(self.tree, ignore_errors=True)
            shutil.rmtree(self.objects, ignore_errors=True)
        notes.write_text(json.dumps(facts))
        return source

    def _unpack(self, source: KernelSource) -> None:
        if self.tree.exists():
            return
        self._say(f"unpacking {source.name}")
        fresh = self.work / "tree.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        excludes = [f"--exclude={pattern}" for pattern in UNUSED_SOURCE]
        # Kconfig and Makefile names never match *.[chS], so the configuration still finds all of its files.
        self._run("tar", "--extract", "--strip-components=1", f"--file={source.tarball}", *excludes, cwd=fresh)
        self._run("patch", "--strip=1", f"--input={PATCH}", cwd=fresh)
        fresh.rename(self.tree)

    def _configure(self) -> tuple[str, ...]:
        """Write the configuration; returns the wanted options that this kernel version does not have."""
        config = self.objects / ".config"
        configured = self.objects / "raslab-configured"
        if not configured.exists():
            self._say("configuring")
            shutil.rmtree(self.objects, ignore_errors=True)
            self.objects.mkdir()
            self._make("allnoconfig")
            self._run(
                "scripts/kconfig/merge_config.sh",
                "-m",
                "-O",
                str(self.objects),
                str(config),
                str(FRAGMENT),
                cwd=self.tree,
            )
            self._make("olddefconfig")
            configured.touch()
        chosen = set(config.read_text().splitlines())
        wanted = re.findall(r"^(CONFIG_\w+=(?:y|\".*\"))$", FRAGMENT.read_text(), re.MULTILINE)
        return tuple(option.partition("=")[0] for option in wanted if option not in chosen)

    def _compile(self) -> None:
        done = already = sum(1 for _ in self.objects.rglob("*.o"))
        begun = time.monotonic()
        command = self._make_command(f"--jobs={self.jobs}", "linux")
        with open(self.log, "w") as log, subprocess.Popen(
            command, cwd=self.tree, env=os.environ | REPRODUCIBLE, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as make:  # fmt: skip
            assert make.stdout is not None
            for line in make.stdout:
                log.write(line)
                if re.match(r"  (CC|AS|HOSTCC) ", line):
                    done += 1
                    share = min(done / EXPECTED_OBJECTS, 0.99)
                    left = (time.monotonic() - begun) * (1 - share) / max(share - already / EXPECTED_OBJECTS, 0.001)
                    self._say("compiling", share, left if done - already > 20 else None)
        self._check(make.returncode, "make")

    def _keep(self, source: KernelSource, missing: tuple[str, ...], cost: Cost) -> CachedKernel:
        home = kernel_folder() / f"{source.version}-{recipe()}"
        home.mkdir(exist_ok=True)
        fresh = home / "linux.new"
        self._run("strip", "-o", str(fresh), str(self.objects / "linux"), cwd=self.work)
        fresh.rename(home / "linux")
        kernel = CachedKernel(
            path=home / "linux",
            version=source.version,
            recipe=recipe(),
            source=source.name,
            built=date.today().isoformat(),
            cpu_seconds=cost.cpu_seconds,
            wall_seconds=cost.wall_seconds,
            missing_options=missing,
        )
        kernel.save()
        shutil.rmtree(self.work)
        return kernel

    def _make_command(self, *arguments: str) -> list[str]:
        # If this process dies, the compilers shall not run on.
        return ["setpriv", "--pdeathsig", "TERM", "make", "ARCH=um", f"O={self.objects}", *arguments]

    def _make(self, target: str) -> None:
        self._run(*self._make_command(target), cwd=self.tree)

    def _run(self, *command: str, cwd: Path) -> None:
        with open(self.log, "w") as log:
            status = subprocess.run(
                command, cwd=cwd, env=os.environ | REPRODUCIBLE, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT,
            ).returncode  # fmt: skip
        self._check(status, Path(command[0]).name)

    def _check(self, status: int, what: str) -> None:
        if status:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
            raise KernelBuildError(
                f"The kernel build stopped in {what} (exit status {status});"
                f" its log is {self.log} and ends with:\n{tail}"
            )
