"""Imports point only downward, and the check that says so can fail."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the copy of the project in FOLDER."""
    return subprocess.run([LINT_IMPORTS, "--no-cache"], cwd=folder, capture_output=True, text=True)


def copy_project(folder: Path) -> None:
    """Copy what lint-imports reads."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / "raslab", folder / "raslab", ignore=shutil.ignore_patterns("__pycache__"))


def test_a_copy_passes_and_fails_once_an_upward_import_is_added(tmp_path: Path) -> None:
    copy_project(tmp_path)
    assert lint_imports(tmp_path).returncode == 0

    (tmp_path / "raslab/model/upward.py").write_text("from raslab.net import Network\n")
    ran = lint_imports(tmp_path)
    assert ran.returncode == 1
    assert "raslab.model.upward -> raslab.net" in ran.stdout


def test_a_package_outside_of_the_layers_is_noticed(tmp_path: Path) -> None:
    copy_project(tmp_path)
    (tmp_path / "raslab/elsewhere").mkdir()
    (tmp_path / "raslab/elsewhere/__init__.py").touch()
    assert lint_imports(tmp_path).returncode == 1
