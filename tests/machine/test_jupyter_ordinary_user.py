"""Notebook kernels of a user without any privilege: the same tests once more, run by such a user."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from raslab.machine.kernel import cached_kernel
from raslab.machine.kernel.cache import cache_folder

NOBODY = 65534
ESSENTIALS = "start_execute or folder_is_shared or idle_kernel or restart or input or comms or kill or panic or may_not"


@pytest.fixture
def home() -> Iterator[Path]:
    """The user's folder. Not pytest's: other runs of pytest as root close those to everybody else."""
    with tempfile.TemporaryDirectory(prefix="raslab-test-") as folder:
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="changing to another user needs root; that user runs the tests himself")
def test_an_ordinary_user_needs_nothing_more(home: Path) -> None:
    kernel = cached_kernel()
    assert kernel is not None
    cache = home / "cache" / "raslab"
    shutil.copytree(kernel.path.parent, cache / kernel.path.parent.relative_to(cache_folder()))
    subprocess.run(["chown", "-R", str(NOBODY), home], check=True)
    environment = os.environ | {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PYTEST_DEBUG_TEMPROOT": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    result = subprocess.run(
        ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups",
         sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", ESSENTIALS,
         "tests/machine/test_jupyter_life.py", "tests/machine/test_jupyter_notebooks.py"],
        cwd=Path(__file__).parents[2], env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout
    assert "skipped" not in result.stdout
