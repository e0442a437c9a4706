"""What a command line opens to a lab machine: what it names, and nothing around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from raslab.machine.jail.reach import named


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest's own folder is in the temporary one; what these tests look at shall not be."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("HOME", str(tmp_path / "users/me"))
    for folder in ("users/me/course", "place/sub", "temporary"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("place/script.py", "place/sub/data", "users/me/script.py", "temporary/script.py"):
        (tmp_path / name).touch()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "place"


def test_files_and_folders_that_are_named(place: Path) -> None:
    words = ["python", "script.py", str(place / "sub/../sub/data"), "-c", "print('\0')", "no-such-file", "x" * 9999]
    assert named(words, place, neighbours=False) == [place / "script.py", place / "sub/data"]
    assert named(words, place, neighbours=True) == [place, place / "sub"]
    assert named(["ls", "sub"], place, neighbours=True) == [place / "sub"]


def test_nobody_means_the_whole_home_folder_or_what_all_share(tmp_path: Path) -> None:
    home, shared = tmp_path / "users/me", tmp_path / "temporary"
    assert named(["ls", *map(str, (home, home.parent, shared, "/tmp", "/"))], tmp_path, neighbours=True) == []
    for folder in (home, shared):
        assert named([str(folder / "script.py")], tmp_path, neighbours=True) == [folder / "script.py"]
    assert named(["ls", str(home / "course")], tmp_path, neighbours=True) == [home / "course"]
