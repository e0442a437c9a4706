"""Vagrant accepts the Vagrantfile. No virtual machine is started."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

VAGRANTFILE = Path(__file__).parents[2] / "Vagrantfile"

pytestmark = pytest.mark.skipif(
    shutil.which("vagrant") is None, reason="vagrant is not installed (scripts/setup.sh test)"
)


def validate(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What `vagrant validate` says of a Vagrantfile; the hypervisors themselves need not be installed."""
    (folder / "Vagrantfile").write_text(text)
    return subprocess.run(
        ["vagrant", "validate", "--ignore-provider"],
        cwd=folder,
        env={**os.environ, "VAGRANT_HOME": str(folder / "home"), "VAGRANT_CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
    )


def test_the_vagrantfile_is_valid(tmp_path: Path) -> None:
    ran = validate(VAGRANTFILE.read_text(), tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "validated successfully" in ran.stdout


@pytest.mark.parametrize(
    ("right", "wrong"), [("config.vm.box =", "config.vm.bocks ="), ('host_ip: "127.0.0.1"', "host: 99999999")]
)
def test_a_broken_copy_is_not(right: str, wrong: str, tmp_path: Path) -> None:
    text = VAGRANTFILE.read_text()
    assert right in text
    assert validate(text.replace(right, wrong), tmp_path).returncode != 0


def test_the_set_up_inside_brings_what_labs_need_and_no_vagrant() -> None:
    (set_up,) = (line for line in VAGRANTFILE.read_text().splitlines() if "setup.sh" in line)
    assert '"/vagrant/scripts/setup.sh lab"' in set_up


def test_jupyterlab_is_reachable_from_this_computer_only() -> None:
    (forward,) = (line for line in VAGRANTFILE.read_text().splitlines() if "forwarded_port" in line)
    assert 'host_ip: "127.0.0.1"' in forward
