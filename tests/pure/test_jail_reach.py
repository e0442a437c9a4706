"""What a command line opens to a lab machine: what it names, and nothing around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from raslab.machine.jail.reach import named


def test_files_and_folders_that_are_named(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("script.py", "sub/data"):
        (tmp_path / name).touch()
    words = ["python", "script.py", str(tmp_path / "sub/../sub/data"), "-c", "print('\0')", "no-such-file", "x" * 9999]
    assert named(words, tmp_path) == [tmp_path / "script.py", tmp_path / "sub/data"]
    assert named(["ls", "sub"], tmp_path) == [tmp_path / "sub"]


def test_nobody_means_the_whole_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home/course").mkdir(parents=True)
    assert named(["ls", str(tmp_path / "home"), str(tmp_path), "/", "."], tmp_path) == []
    assert named(["ls", "home/course"], tmp_path) == [tmp_path / "home/course"]
