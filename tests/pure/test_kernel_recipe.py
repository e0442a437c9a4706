"""Kernel source and cache: which series, which tarball, which cached kernel."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from raslab.cli.kernel_command import ProgressDisplay
from raslab.errors import KernelSourceError
from raslab.machine.kernel.build import Progress
from raslab.machine.kernel.cache import CachedKernel, cached_kernel, kernel_folder, recipe, version_key
from raslab.machine.kernel.source import choose_series, from_tarball


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(["7.2", "7.3"], "7.2"), (["7.3", "7.10"], "7.10"), (["6.1", "6.12"], None), ([], None)],
)
def test_the_verified_series_is_preferred_and_unsafe_ones_refused(offered: list[str], chosen: str | None) -> None:
    assert choose_series(offered) == chosen


def test_versions_are_ordered_by_number() -> None:
    assert version_key("7.10.1") > version_key("7.9.12")


def tarball(folder: Path, version: tuple[int, int, int], name: str = "linux/Makefile") -> Path:
    text = "VERSION = {}\nPATCHLEVEL = {}\nSUBLEVEL = {}\nEXTRAVERSION =\n".format(*version).encode()
    path = folder / "linux.tar.xz"
    with tarfile.open(path, "w:xz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return path


def test_the_version_of_a_tarball_is_read_from_its_makefile(tmp_path: Path) -> None:
    assert from_tarball(tarball(tmp_path, (7, 2, 12))).version == "7.2.12"


@pytest.mark.parametrize(
    ("version", "name", "sentence"),
    [((6, 1, 0), "linux/Makefile", "holds Linux 6.1.0, but lab machines need 7.2 or newer"),
     ((7, 2, 1), "linux/README", "is not a Linux source tarball")],
)  # fmt: skip
def test_a_wrong_tarball_is_refused(tmp_path: Path, version: tuple[int, int, int], name: str, sentence: str) -> None:
    with pytest.raises(KernelSourceError, match=sentence):
        from_tarball(tarball(tmp_path, version, name))


def test_a_missing_tarball_is_named(tmp_path: Path) -> None:
    with pytest.raises(KernelSourceError, match=r"There is no file .*linux\.tar"):
        from_tarball(tmp_path / "linux.tar")


def keep(version: str, of_recipe: str) -> CachedKernel:
    home = kernel_folder() / f"{version}-{of_recipe}"
    home.mkdir(parents=True)
    (home / "linux").write_text("")
    (home / "linux").chmod(0o755)
    kernel = CachedKernel(home / "linux", version, of_recipe, "a package", "2026-01-01", 1.0, 1.0, ("CONFIG_X",))
    kernel.save()
    return kernel


def test_the_newest_kernel_of_the_present_recipe_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cached_kernel() is None
    keep("7.9.1", recipe())
    newest = keep("7.10.1", recipe())
    keep("8.0.1", "another")
    assert cached_kernel() == newest


def test_a_kernel_without_description_is_an_interrupted_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (keep("7.2.1", recipe()).path.parent / "kernel.json").unlink()
    assert cached_kernel() is None


def test_progress_without_a_terminal_is_a_line_per_step(capsys: pytest.CaptureFixture[str]) -> None:
    display = ProgressDisplay(interactive=False)
    display(Progress("unpacking", None, 3.2, None))
    for done in (0.1, 0.2, 0.3):
        display(Progress("compiling", done, 65.0, 130.0))
    display.finish()
    assert capsys.readouterr().out.splitlines() == [
        "  0:03  lab kernel: unpacking",
        "  1:05  lab kernel: compiling  10%, about 2:10 left",
    ]
