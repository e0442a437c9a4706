"""What front ends are told about the kernels, and connection files that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from raslab.errors import ConnectionFileError, KernelspecFolderError
from raslab.machine.jupyter.front import read_connection
from raslab.machine.jupyter.kernelspec import KERNELS, content, install, remove

PORTS = {f"{name}_port": number for number, name in enumerate(("shell", "iopub", "stdin", "control", "hb"), 5001)}


def test_the_virtual_kernel_differs_in_its_option_alone() -> None:
    real, virtual = (content(kernel, "/python") for kernel in KERNELS)
    assert real["argv"] == ["/python", "-P", "-m", "raslab.machine.jupyter", "-f", "{connection_file}"]
    assert virtual["argv"] == [*real["argv"], "--virtual-time"]
    assert real["interrupt_mode"] == virtual["interrupt_mode"] == "signal"


def test_install_replaces_and_remove_takes_only_ours(tmp_path: Path) -> None:
    other = tmp_path / "share" / "jupyter" / "kernels" / "other"
    other.mkdir(parents=True)
    install(tmp_path)
    (other.parent / "raslab" / "kernel.json").write_text("old")
    assert [one.name for one in install(tmp_path)] == ["raslab", "raslab-vt"]
    assert json.loads((other.parent / "raslab" / "kernel.json").read_text())["display_name"] == "RAS lab"
    assert (other.parent / "raslab" / "logo-svg.svg").exists()
    assert [one.name for one in remove(tmp_path)] == ["raslab", "raslab-vt"]
    assert list(other.parent.iterdir()) == [other]
    assert remove(tmp_path) == []


def test_whoever_may_use_the_prefix_finds_them(tmp_path: Path) -> None:
    for one in install(tmp_path):
        assert one.folder.stat().st_mode & 0o055 == 0o055


def test_a_prefix_that_is_a_file_is_named(tmp_path: Path) -> None:
    prefix = tmp_path / "file"
    prefix.touch()
    with pytest.raises(KernelspecFolderError, match=str(prefix)):
        install(prefix)


def test_a_connection_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "kernel.json"
    facts = {"transport": "tcp", "ip": "127.0.0.1", **PORTS}
    path.write_text(json.dumps(facts))
    assert read_connection(path) == facts


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"transport": "tcp", "ip": "127.0.0.1"})])
def test_a_connection_file_that_cannot_be_used_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kernel.json"
    path.write_text(text)
    with pytest.raises(ConnectionFileError, match=str(path)):
        read_connection(path)
    with pytest.raises(ConnectionFileError):
        read_connection(tmp_path / "nowhere")
