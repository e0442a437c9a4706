"""Experiments for every combination of their parameters."""

from __future__ import annotations

from typing import Any

import pytest

from raslab.notebook.sweep import sweep


def experiment(mtu: int, streams: int) -> dict[str, Any]:
    """Something that depends on both."""
    return {"product": mtu * streams, "label": f"{mtu}/{streams}"}


def test_one_row_for_each_combination_the_last_parameter_fastest() -> None:
    frame = sweep(experiment, mtu=(1500, 9000), streams=(1, 8))
    assert list(frame.columns) == ["mtu", "streams", "product", "label"]
    assert frame["label"].tolist() == ["1500/1", "1500/8", "9000/1", "9000/8"]
    assert frame["product"].tolist() == [1500, 12000, 9000, 72000]


def test_keys_of_a_dictionary_and_generators_will_do() -> None:
    frame = sweep(experiment, mtu={1500: "usual", 9000: "jumbo"}, streams=(n for n in (1, 8)))
    assert len(frame) == 4


def test_nothing_to_try_is_an_empty_frame() -> None:
    frame = sweep(experiment, mtu=(), streams=(1, 8))
    assert list(frame.columns) == ["mtu", "streams"]
    assert frame.empty


def test_errors_pass_and_the_next_sweep_works() -> None:
    def refuses(mtu: int) -> dict[str, Any]:
        raise ValueError(mtu)

    with pytest.raises(ValueError, match="1500"):
        sweep(refuses, mtu=(1500,))
    assert len(sweep(experiment, mtu=(1500,), streams=(1,))) == 1
