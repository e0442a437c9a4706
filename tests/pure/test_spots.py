"""Where one clicks in a picture: on every node and every link, and on nothing else at the same time."""

from __future__ import annotations

import pytest
from picture_samples import SAMPLES, sample

from raslab.notebook.picture import lay_out
from raslab.notebook.picture.spots import Spot, spots


def found(name: str) -> list[Spot]:
    return spots(lay_out(sample(name), name))


def overlapping(one: Spot, other: Spot) -> bool:
    across = one.left < other.left + other.width and other.left < one.left + one.width
    return across and one.top < other.top + other.height and other.top < one.top + one.height


@pytest.mark.parametrize("name", SAMPLES)
def test_every_drawn_node_and_link_has_one_inside_the_picture(name: str) -> None:
    drawing = lay_out(sample(name), name)
    here = found(name)
    assert {spot.what for spot in here} == {
        *(box.node for box in drawing.boxes),
        *(bar.node for bar in drawing.bars),
        *(wire.ends for wire in drawing.wires),
    }
    assert len(here) == len({spot.what for spot in here})
    for spot in here:
        assert 0 <= spot.left <= spot.left + spot.width <= 100
        assert 0 <= spot.top <= spot.top + spot.height <= 100


@pytest.mark.parametrize("name", SAMPLES)
def test_nodes_do_not_hide_each_other(name: str) -> None:
    nodes = [spot for spot in found(name) if isinstance(spot.what, str)]
    hidden = [
        (one.what, other.what) for one in nodes for other in nodes if one is not other and overlapping(one, other)
    ]
    assert hidden == []


def test_one_that_lies_on_another_would_be_noticed() -> None:
    spot = found("gre-performance")[0]
    assert overlapping(spot, Spot("x", spot.left + 1, spot.top + 1, 5, 5))
    assert not overlapping(spot, Spot("x", spot.left + spot.width, spot.top, 5, 5))


def test_nodes_lie_above_links() -> None:
    kinds = [isinstance(spot.what, str) for spot in found("gre-performance")]
    assert kinds == sorted(kinds)
