"""The steps around the compiler: unpacking, configuring, going on after a failure, locking.

The source here is a toy with the same targets as the kernel's; the real build is part of the set-up before these tests.
"""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from raslab.errors import KernelBuildError
from raslab.machine.kernel import cached_kernel
from raslab.machine.kernel.build import Progress, build
from raslab.machine.kernel.cache import PATCH, kernel_folder

MAKEFILE = """\
VERSION = 7
PATCHLEVEL = 2
SUBLEVEL = 99

allnoconfig:
\t@touch $(O)/.config

olddefconfig:
\t@grep -v WIREGUARD $(O)/merged > $(O)/.config

linux:
\t@echo "  CC      one.o"; echo x >> $(O)/compilations
\t@test ! -e $(O)/../broken || { echo "one.c: 1: no such thing"; exit 1; }
\t@gcc -o $(O)/linux one.c
"""
MERGE = '#!/bin/sh\ncp "$5" "$3/merged"\n'


def unpatched(patch: str) -> dict[str, str]:
    """The files that a patch changes, as far as it shows them: empty lines, and each hunk's lines where they stood."""
    files: dict[str, list[str]] = {}
    for line in patch.splitlines():
        if line.startswith("--- a/"):
            files[line.removeprefix("--- a/")] = lines = []
        elif hunk := re.match(r"@@ -(\d+)", line):
            lines += [""] * (int(hunk[1]) - 1 - len(lines))
        elif files and line[:1] in (" ", "-"):
            lines.append(line[1:])
    return {name: "\n".join(lines) + "\n" for name, lines in files.items()}


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tree = tmp_path / "linux-toy"
    files = {
        "Makefile": MAKEFILE,
        "one.c": "int main(void) { return 0; }\n",
        "scripts/kconfig/merge_config.sh": MERGE,
        "arch/arm/unused.c": "",
        "arch/arm/Kconfig": "",
    } | unpatched(PATCH.read_text())
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    (tree / "scripts/kconfig/merge_config.sh").chmod(0o755)
    with tarfile.open(tmp_path / "toy.tar", "w") as archive:
        archive.add(tree, "linux-toy")
    return tmp_path / "toy.tar"


def silent(_progress: Progress) -> None:
    """Reports are of no interest."""


def runs(kernel: Path) -> None:
    """The verification of a toy: it can be executed."""
    subprocess.run([kernel], check=True)


def work_folder() -> Path:
    (work,) = kernel_folder().glob("work-*")
    return work


def test_a_build_ends_in_the_cache_and_leaves_nothing_else(source: Path) -> None:
    steps = []
    kernel = build(lambda progress: steps.append(progress.step), runs, source)
    assert kernel == cached_kernel()
    assert (kernel.version, kernel.source, kernel.missing_options) == ("7.2.99", "toy.tar", ("CONFIG_WIREGUARD",))
    assert list(dict.fromkeys(steps)) == [
        "unpacking toy.tar",
        "configuring",
        "compiling",
        "verifying: booting the new kernel",
    ]
    assert sorted(path.name for path in kernel_folder().iterdir()) == [kernel.path.parent.name, "lock"]


def test_source_of_other_architectures_is_not_unpacked_but_their_configuration_is(source: Path) -> None:
    def look(kernel: Path) -> None:
        tree = work_folder() / "tree"
        assert (tree / "arch/arm/Kconfig").exists()
        assert not (tree / "arch/arm/unused.c").exists()
        assert "RASLAB_SEED" in (tree / "arch/um/os-Linux/util.c").read_text()

    build(silent, look, source)


def test_a_failure_shows_the_end_of_the_log_and_the_next_build_goes_on(source: Path) -> None:
    def prepare(progress: Progress) -> None:
        if progress.step == "configuring":
            (work_folder() / "broken").touch()

    with pytest.raises(KernelBuildError, match=r"(?s)stopped in make .*no such thing"):
        build(prepare, runs, source)
    assert cached_kernel() is None
    work = work_folder()
    (work / "broken").unlink()
    (work / "tree/witness").touch()
    steps = []

    def look(kernel: Path) -> None:
        assert (work / "tree/witness").exists()

    build(lambda progress: steps.append(progress.step), look, source)
    assert "unpacking toy.tar" not in steps
    assert cached_kernel() is not None


def test_an_interrupted_configuration_is_done_again(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.step == "configuring":
            monkeypatch.setenv("PATH", f"{source.parent}/broken:{os.environ['PATH']}")

    (source.parent / "broken").mkdir()
    (source.parent / "broken/cp").write_text("#!/bin/sh\nexit 1\n")  # the toy's merge_config.sh copies
    (source.parent / "broken/cp").chmod(0o755)
    path = os.environ["PATH"]
    with pytest.raises(KernelBuildError, match=r"stopped in merge_config\.sh"):
        build(interrupt, runs, source)
    monkeypatch.setenv("PATH", path)
    assert (work_folder() / "objects/.config").exists()
    steps = []
    kernel = build(lambda progress: steps.append(progress.step), runs, source)
    assert "configuring" in steps
    assert kernel.missing_options == ("CONFIG_WIREGUARD",)


def test_a_cache_folder_that_makefiles_cannot_take_is_refused(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(source.parent / "my cache"))
    with pytest.raises(KernelBuildError, match="white space or colon in that path; set XDG_CACHE_HOME"):
        build(silent, runs, source)


def test_a_kernel_that_fails_its_examination_is_not_kept(source: Path) -> None:
    def refuse(kernel: Path) -> None:
        raise KernelBuildError(f"The new kernel {kernel} boots but lacks gre.")

    with pytest.raises(KernelBuildError, match="lacks gre"):
        build(silent, refuse, source)
    assert cached_kernel() is None


def test_two_builds_do_not_meet(source: Path) -> None:
    def again(_kernel: Path) -> None:
        with pytest.raises(KernelBuildError, match="Another `raslab kernel build`"):
            build(silent, runs, source)

    build(silent, again, source)


def test_missing_tools_are_named_with_their_packages(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(KernelBuildError, match=r"needs gcc, make, .*build-essential"):
        build(silent, runs, source)
