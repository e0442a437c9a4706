"""Whatever of a machine is killed, nothing is left; `benchmarks/kill_moments.py` tries hundreds of moments."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from raslab.machine import keepers
from raslab.machine.keepers import Keepers, sweep
from tests.machine.conftest import Launcher, processes_in, wait_for
from tests.machine.kill_moments import EXEC, NOTEBOOK, life


@pytest.mark.parametrize("victims", EXEC, ids="-".join)
def test_nothing_is_left_of_a_command(raslab: Launcher, victims: tuple[str, ...]) -> None:
    assert life(raslab, victims, 0.0, up=True) == []
    assert life(raslab, victims, 0.15, up=False) == []


@pytest.mark.parametrize("victims", NOTEBOOK, ids="-".join)
def test_nothing_is_left_of_a_notebook(raslab: Launcher, victims: tuple[str, ...]) -> None:
    assert life(raslab, victims, 0.0, up=True) == []


def test_what_only_all_three_killed_together_leave_goes_with_the_next_start(raslab: Launcher) -> None:
    victims = ("watchdog", "warden", "launcher")
    left = life(raslab, victims, 0.0, up=True)
    assert left  # so the harness does see what is left
    assert all("raslab-" in one for one in left)
    aged(raslab.temporary)
    assert raslab.uml("true").returncode == 0
    wait_for("the end of all of it", raslab.nothing_is_left)


def aged(place: Path) -> None:
    """Wait until the folders are old enough not to be taken for new ones."""
    subprocess.run(["sleep", "2.1"], check=True)
    assert list(place.iterdir())


def test_folders_of_a_machine_that_lives_are_not_swept(tmp_path: Path) -> None:
    keepers = Keepers([tmp_path])
    (folder,) = keepers.folders
    subprocess.run(["sleep", "2.1"], check=True)
    sweep(tmp_path)
    assert folder.is_dir()
    keepers.dismiss()
    assert not folder.exists()


def test_without_keepers_the_launcher_removes_its_folders(tmp_path: Path) -> None:
    keepers = Keepers([tmp_path])
    for pid in processes_in(tmp_path):
        os.kill(pid, signal.SIGKILL)
    keepers.guard(1 << 22)
    assert keepers.folders[0].is_dir()
    keepers.dismiss()
    assert list(tmp_path.iterdir()) == []


def test_only_folders_of_machines_are_swept(tmp_path: Path) -> None:
    kept = [tmp_path / name for name in ("raslab-run-abcd1234", "raslab-mine", "raslab-machine-notes", "other")]
    stale = tmp_path / f"{keepers.PREFIX}0123abcd"
    for folder in (*kept, stale):
        folder.mkdir()
    wait_for("the folders' youth", lambda: time.time() - stale.stat().st_ctime > keepers.YOUNG_S)
    keepers.sweep(tmp_path)
    assert all(folder.exists() for folder in kept)
    assert not stale.exists()
