"""What cells leave behind in a real Jupyter kernel: only what nbval can compare, and nothing that changes by itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
jupyter_client = pytest.importorskip("jupyter_client")

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("gre", "netem")]

WIDGET = "application/vnd.jupyter.widget-view+json"
IDLE = "<Lab gre-performance: 7 nodes, 6 links, 1 tunnel, not running>"
CELLS = {
    "import raslab; lab = raslab.lab('gre-performance', rate_mbps=20); lab": IDLE,
    "lab.picture()": "<Picture of gre-performance: 7 nodes, 6 links, 1 tunnel>",
    "lab.start()": "Starting gre-performance",
    "view = lab.view(); view": "<View of gre-performance: 7 nodes, 6 links, 1 tunnel>",
    "lab.dashboard('gw1')": "<Dashboard of gw1>",
    "lab.throughput('host2', 'host1', duration_s=0.5).attrs['lab']": "Throughput host2 to host1",
    "raslab.sweep(lambda count: {'got': lab.latency('host2', 'host1', count=count).received[0]}, count=(1, 2))": (
        "2 measurements"
    ),
    "raslab.bar_chart(_, value='got', groups='count', title='Echoes')": "<Bar chart: Echoes, 2 bars>",
    "lab['gw1']": "<Router gw1: lan0:10.1.0.254,wan0:192.0.2.1>",
    "lab.latency('host2', 'host1', count=1).attrs['lab']": "Latency host2 to host1",
    "lab['gw1'].run('ip route show 10.2.0.0/24')": "10.2.0.0/24 via 10.255.0.2 dev gre1 proto static",
    "lab['gw1'].run('ip link show nonsense')": 'Device "nonsense" does not exist.\nexit status 1',
    "lab.cut('gw1-transport'); view.links.value": "'gw1-intranet1'",
    "lab.stop()": "",
    "lab": IDLE,
}


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The cells, executed by a kernel that is reached through UNIX sockets: a lab machine has no loopback to use."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    folder = tmp_path_factory.mktemp("kernel")
    manager = jupyter_client.AsyncKernelManager(transport="ipc", ip=str(folder / "socket"))
    nbclient.NotebookClient(made, km=manager, timeout=60, resources={"metadata": {"path": str(Path.cwd())}}).execute()
    return made


def outputs(notebook: Any, source: str) -> list[Any]:
    """The outputs of the cell with that source."""
    return list(next(cell.outputs for cell in notebook.cells if cell.source == source))


@pytest.mark.parametrize("source", CELLS)
def test_first_output_has_the_expected_text(notebook: Any, source: str) -> None:
    found = outputs(notebook, source)
    assert (found[0].data["text/plain"].rstrip() if found else "") == CELLS[source]


@pytest.mark.parametrize("source", CELLS)
def test_outputs_are_what_nbval_can_compare(notebook: Any, source: str) -> None:
    for output in outputs(notebook, source):
        assert output.output_type in ("execute_result", "display_data")
        assert "display_id" not in output.get("transient", {})
        assert set(output.data) <= {"text/plain", "text/html", WIDGET}
        for kind in ("text/plain", "text/html"):
            text = "".join(output.data.get(kind, ""))
            assert not re.search(r"0x[0-9a-f]{8,}|model_id|pid", text)


def test_progress_within_progress_is_not_shown(notebook: Any) -> None:
    sweep = next(source for source in CELLS if source.startswith("raslab.sweep"))
    bar, frame = outputs(notebook, sweep)
    assert WIDGET in bar.data
    assert frame.data["text/plain"].splitlines()[1].split() == ["0", "1", "1"]
    latency = outputs(notebook, "lab.latency('host2', 'host1', count=1).attrs['lab']")
    assert latency[0].data["text/plain"] == "Latency host2 to host1"  # a later one shows its own again


def test_widgets_were_really_shown(notebook: Any) -> None:
    shown = [cell.source for cell in notebook.cells for output in cell.outputs if WIDGET in output.get("data", {})]
    assert len(shown) == 6
    states = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"].values()
    values = [str(state["state"].get("value", "")) for state in states]
    assert any('class="asleep"' in value for value in values)  # what the view showed last: the lab has stopped
