"""Notebooks on the installed kernels: nbval without a sanitizer, and a Jupyter server that dies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.machine.conftest import Launcher, processes_in, wait_for

CELLS = (
    "import os, subprocess, time\nfrom raslab.notebook.clock import clock, run_for\nclock()",
    "print(time.strftime('%F %T'), os.urandom(4).hex(), hash('a string'))",
    """commands = '''
ip netns add a; ip netns add b
ip link add west netns a type veth peer name east netns b
ip -n a addr add 10.0.0.1/24 dev west; ip -n b addr add 10.0.0.2/24 dev east
ip -n a link set west up; ip -n b link set east up
tc -n a qdisc add dev west root netem delay 10ms rate 100mbit
tc -n b qdisc add dev east root netem delay 10ms rate 100mbit
ip netns exec a ping -c 5 10.0.0.2
'''
said = subprocess.run(['sh', '-ec', commands], capture_output=True, text=True).stdout
[f'{float(word[5:]):.2f} ms' for word in said.split() if word.startswith('time=')]""",
    "run_for(60)",
    "clock()",
)


@pytest.fixture
def installed(raslab: Launcher) -> Launcher:
    """A launcher in whose environment our kernelspecs are installed."""
    raslab.environment |= {
        "JUPYTER_DATA_DIR": str(raslab.work.parent / "data"),
        "JUPYTER_RUNTIME_DIR": str(raslab.work.parent / "runtime"),
        "JUPYTER_CONFIG_DIR": str(raslab.work.parent / "configuration"),
    }
    assert raslab("kernelspec", "install", "--user").returncode == 0
    return raslab


def written(installed: Launcher, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A notebook with the outputs that its cells came to."""
    for name, value in installed.environment.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    notebook.metadata.kernelspec = {"name": "raslab-vt", "display_name": "RAS lab, virtual time", "language": "python"}
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(installed.work)}}).execute()
    path = installed.work / "tiny.ipynb"
    nbformat.write(notebook, path)
    return path


def nbval(installed: Launcher, path: Path) -> subprocess.CompletedProcess[str]:
    """Run a notebook strictly."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", str(path)],
        cwd=installed.work, env=installed.environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_nbval_passes_three_times_and_fails_for_a_changed_figure(
    installed: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(installed, monkeypatch)
    text = path.read_text()
    assert text.count("20.0") == 4  # the first one waits for ARP
    for _ in range(3):
        result = nbval(installed, path)
        assert result.returncode == 0, result.stdout
    path.write_text(text.replace("20.0", "21.0", 1))
    changed = nbval(installed, path)
    assert changed.returncode == 1
    assert f"1 failed, {len(CELLS) - 1} passed" in changed.stdout


def test_kernelspecs_are_installed_listed_and_removed(installed: Launcher) -> None:
    folder = installed.work.parent / "data" / "kernels"
    assert {one.name for one in folder.iterdir()} == {"raslab", "raslab-vt"}
    assert json.loads((folder / "raslab-vt" / "kernel.json").read_text())["argv"][0] == sys.executable
    installed.environment["JUPYTER_PREFER_ENV_PATH"] = "0"  # the user's before those of the test's own environment
    assert str(folder / "raslab-vt") in installed("kernelspec", "list").stdout
    assert installed("kernelspec", "remove").stdout.count("Removed") == 2
    assert not list(folder.iterdir())
    assert str(folder / "raslab-vt") not in installed("kernelspec", "list").stdout


@pytest.mark.parametrize("kernel", ["raslab", "raslab-vt"])
def test_the_jupyter_server_is_killed(installed: Launcher, kernel: str) -> None:
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", "--allow-root", "--no-browser", "--ServerApp.token=t",
         f"--ServerApp.root_dir={installed.work}", "--ServerApp.port=0", "--ServerApp.ip=127.0.0.1"],
        cwd=installed.work, env=installed.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    runtime = installed.work.parent / "runtime"
    information = runtime / f"jpserver-{server.pid}.json"
    try:
        wait_for("the server", lambda: address_in(information) != "")
        url = address_in(information) + "api/kernels?token=t"
        wait_for("its answer", lambda: answers(url))
        request = urllib.request.Request(url, json.dumps({"name": kernel}).encode(), method="POST")
        urllib.request.urlopen(request).read()
        wait_for("the machine", lambda: any(b"umid=lab" in line for line in processes_in(installed.temporary).values()))
        assert list(runtime.glob("kernel-*.json"))
    finally:
        server.kill()
        server.wait()
    wait_for("the end of all of it", installed.nothing_is_left)
    assert not list(runtime.glob("kernel-*.json"))


def address_in(information: Path) -> str:
    """Where a server says that it is, empty before it has said so to the end."""
    try:
        return str(json.loads(information.read_text())["url"])
    except (OSError, json.JSONDecodeError):
        return ""


def answers(url: str) -> bool:
    """True if a server answers there."""
    try:
        urllib.request.urlopen(url).read()
    except OSError:
        return False
    return True


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(raslab: Launcher) -> None:
    raslab.environment["JUPYTER_DATA_DIR"] = "/proc/data"
    result = raslab("kernelspec", "install", "--user")
    assert result.returncode == 2
    assert "/proc/data" in result.stderr
