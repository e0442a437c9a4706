"""A lab is watched and handled in JupyterLab while a cell measures."""

from __future__ import annotations

import pytest

from tests.browser.jupyterlab import Cell, JupyterLab, notebook

RED = "rgb(229, 72, 77)"
CHOSEN = "return [...cell.querySelectorAll('select')].map(one => one.selectedOptions[0].textContent)"
CELLS = (
    'import raslab\n\nlab = raslab.lab("gre-performance", path="gre-key", rate_mbps=20)\nlab.start()',
    "lab.view()",
    'lab.dashboard("gw1")',
    'lab.throughput("host2", "host1", duration_s=600)',  # until the lab is stopped, or the cell interrupted
    'lab["host2"].run("ping -c 1 -W 2 10.1.0.1")',
)
START, VIEW, DASHBOARD, MEASURE, PING = range(len(CELLS))


def strokes(view: Cell) -> list[str]:
    """The colours in which the links are drawn."""
    return list(view.ask("return [...cell.querySelectorAll('svg .wire')].map(wire => getComputedStyle(wire).stroke)"))


def words(view: Cell) -> list[str]:
    """All that is written in the picture."""
    return list(view.ask("return [...cell.querySelectorAll('svg .box, svg text')].map(text => text.textContent)"))


def rates(view: Cell) -> list[str]:
    """What the picture says about traffic of more than a megabit per second."""
    return [word for word in words(view) if "Mbit/s" in word and ("▸" in word or "◂" in word)]


@pytest.fixture(scope="module")
def opened(jupyterlab: JupyterLab) -> JupyterLab:
    """The notebook, its lab running and idle."""
    jupyterlab.open(notebook(*CELLS), "live.ipynb")
    for number in (START, VIEW, DASHBOARD):
        jupyterlab.cell(number).run()
    jupyterlab.wait("the view", lambda: "running" in jupyterlab.cell(VIEW).text(".state"))
    jupyterlab.wait("the dashboard", lambda: jupyterlab.cell(DASHBOARD).text(".cards"))
    jupyterlab.wait("the end of the cells", lambda: jupyterlab.is_idle)
    return jupyterlab


def test_the_view_changes_while_traffic_flows_and_can_be_used_meanwhile(opened: JupyterLab) -> None:
    start, view, dashboard, measure, ping = map(opened.cell, range(len(CELLS)))
    assert "every link has a carrier" in start.text()
    assert RED not in strokes(view)
    assert rates(view) == []
    assert not view.hides_something
    assert not dashboard.hides_something

    measure.run()
    opened.wait("red links", lambda: strokes(view).count(RED) == 6)
    opened.wait("rates", lambda: len(rates(view)) >= 6)
    opened.wait("rates in the dashboard", lambda: "Mbit/s" in dashboard.text(".figures:last-of-type, .cards"))
    assert measure.is_running

    assert "host1" not in view.text("h4")
    view.click("button[title=host1]")
    opened.wait("host1's interfaces", lambda: view.text("h4") == "host1")
    view.click("button[title=gw1]")
    opened.wait("gw1's tunnel", lambda: "Tunnels" in view.text() and "1001" in view.text())
    view.show()
    opened.keep("view-light")

    view.click("button[title=gw1-transport]")
    opened.wait("the link to be chosen", lambda: "gw1-transport" in str(view.ask(CHOSEN)))
    view.press("Cut")
    opened.wait("the cut", lambda: "cut" in words(view))
    opened.wait("the traffic to stop", lambda: rates(view) == [])
    assert measure.is_running
    opened.choose_theme("Dark")
    opened.keep("cut-dark")
    view.press("Restore")
    opened.wait("the repair", lambda: "cut" not in words(view))

    view.press("Stop")
    opened.wait("the question", lambda: "Press again to stop" in view.text())
    opened.keep("stop-dark")
    assert measure.is_running
    view.press("Stop now?")
    opened.wait("the end of the lab", lambda: "not running" in view.text(".state"))
    opened.wait("the end of the measurement", lambda: not measure.is_running)
    opened.wait("a dashboard without figures", lambda: "not running" in dashboard.text())
    assert RED not in strokes(view)

    view.press("Start")
    opened.wait("the lab to run again", lambda: "not running" not in view.text(".state"))
    opened.choose_theme("Light")
    measure.run()
    opened.wait("red links again", lambda: strokes(view).count(RED) == 6)
    dashboard.show()
    opened.keep("dashboard-light")
    opened.choose_theme("Dark")
    opened.keep("dashboard-dark")
    opened.interrupt()
    opened.wait("the interrupt", lambda: "interrupted" in measure.text() and opened.is_idle)
    ping.run()
    opened.wait("an answer in the lab that still runs", lambda: "1 received" in ping.text())
    opened.choose_theme("Light")
    opened.shut_down()
