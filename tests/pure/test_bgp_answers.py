"""What bgpd answers as records: samples of FRR 8.4 (Debian 12) and 10.3 (Debian 13)."""

from __future__ import annotations

import json

import pytest

from raslab.gateway.ask.bgp import routes
from raslab.model.addresses import address

BEST = """{"10.3.0.0/24": [{"valid":true,"bestpath":true,"selectionReason":"First path received","pathFrom":"external",
"prefix":"10.3.0.0","prefixLen":24,"network":"10.3.0.0/24","version":3,"metric":0,"weight":32768,"peerId":"10.13.0.2",
"path":"64514","origin":"IGP","nexthops":[{"ip":"10.13.0.2","hostname":"gw3","afi":"ipv4","used":true}]}]}"""
# Withdrawn, and remembered because of dampening.
REMEMBERED = """{"10.2.0.0/24": [{"history":true,%s"pathFrom":"external","prefix":"10.2.0.0","prefixLen":24,
"network":"10.2.0.0/24","version":5,"metric":0,"weight":32768,"peerId":"10.12.0.2","path":"64513","origin":"IGP",
"nexthops":[{"ip":"10.12.0.2","hostname":"gw2","afi":"ipv4","used":true}]}]}"""


def states(answer: str) -> list[str]:
    """The states of all paths in an answer."""
    return [route.state for route in routes({"routes": json.loads(answer)}, {address("10.12.0.2"): "gw2"})]


@pytest.mark.parametrize("words", ["", '"multipath":true,'], ids=["8.4", "10.3"])
def test_a_withdrawn_path_that_is_remembered_is_not_the_best(words: str) -> None:
    assert states(REMEMBERED % words) == ["Unresolved"]


def test_a_path_in_use_is_the_best() -> None:
    assert states(BEST) == ["Best"]
    assert states(BEST.replace('"bestpath":true', '"multipath":true')) == ["Best"]
    assert states(BEST.replace('"bestpath":true,', "")) == ["Valid"]
