"""What can be chosen and pressed in a live view."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from waiting import until

import raslab
from raslab.net import Topo
from raslab.notebook.lab import Lab

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("gre", "netem")]


class Parallel(Topo):
    """Two hosts, two wires between them."""

    def build(self) -> None:
        for name in ("a", "b"):
            self.addHost(name)
        for net in (1, 2):
            ends: list[dict[str, Any]] = [{"name": f"eth{net}", "ips": [f"10.0.{net}.{host}/24"]} for host in (1, 2)]
            self.addLink("a", "b", params1=ends[0], params2=ends[1])


@pytest.fixture
def lab() -> Iterator[Lab]:
    with raslab.lab("gre-performance", rate_mbps=20) as running:
        running.feed.interval_s = 0.1
        yield running


def spot(view: Any, name: str) -> Any:
    """The button over a node or a link in the picture."""
    (button,) = (one for one in view.picture.children if getattr(one, "tooltip", None) == name)
    return button


def test_a_click_in_the_picture_chooses(lab: Lab) -> None:
    view = lab.view()
    spot(view, "gw2").click()
    assert view.nodes.value == "gw2"
    assert "<h4>gw2</h4>" in view.panel.value
    assert "raslab-chosen" in spot(view, "gw2")._dom_classes
    assert "raslab-chosen" not in spot(view, "gw1")._dom_classes
    spot(view, "gw1-transport").click()
    assert view.links.value == "gw1-transport"
    view.close()


def test_of_parallel_links_each_can_be_chosen_and_cut() -> None:
    with raslab.lab(Parallel()) as lab:
        view = lab.view()
        assert list(view.links.options) == ["a:eth1", "a:eth2"]
        view.links.value = "a:eth2"
        view.cut.click()
        assert lab["a"].run("ping -c1 -W1 10.0.2.2").status != 0
        assert lab["a"].run("ping -c1 -W1 10.0.1.2").status == 0
        view.close()


def test_stop_asks_first_and_another_click_takes_it_back(lab: Lab) -> None:
    view = lab.view()
    view.power.button.click()
    assert view.power.button.description == "Stop now?"
    assert lab.network.is_running
    spot(view, "gw2").click()
    assert view.power.button.description == "Stop"
    assert lab.network.is_running
    view.close()


def test_stop_ends_what_runs_and_start_begins_anew(lab: Lab) -> None:
    view = lab.view()
    board = lab.dashboard("gw1")
    sleeper = lab["host1"].popen(["sleep", "1000"])
    view.power.button.click()
    view.power.button.click()
    assert not lab.network.is_running
    assert sleeper.wait(5) != 0
    assert view.power.button.description == "Start"
    assert 'class="asleep"' in view.picture.value
    assert "not running" in board.content.value
    assert view.cut.disabled
    assert not [one for one in threading.enumerate() if one.name == "raslab-feed"]

    view.power.button.click()
    assert lab.network.is_running
    assert "Started" in view.message.value
    until("the picture is live", lambda: 'class="asleep"' not in view.picture.value and not view.cut.disabled)
    lab.throughput("host2", "host1", duration_s=1)
    assert 'class="wire high"' in view.picture.value
    assert "Mbit/s" in board.content.value
    assert lab.feed.error is None
    view.close()
    board.close()


def test_a_view_of_a_lab_that_was_never_started_starts_it() -> None:
    lab = raslab.lab("gre-performance")
    view = lab.view()
    assert view.power.button.description == "Start"
    view.power.button.click()
    assert lab["host2"].run("ping -c1 -W2 10.1.0.1").status == 0
    view.close()
    lab.stop()
