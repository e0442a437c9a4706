"""Sets of packets are what a set of tuples would be: against brute force on a universe of 256 packets."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raslab.measure.isolation.reasoning.space import Packets, Space, joined

FIELDS = {"a": 3, "b": 7, "c": 1, "d": 3}
EVERY = [dict(zip(FIELDS, values, strict=True)) for values in product(*(range(size + 1) for size in FIELDS.values()))]
SPACE = Space(FIELDS)
Plain = frozenset[int]
Both = tuple[Packets, Plain]
"""A set, and the positions in EVERY of what is in it."""


def _cube(ranges: dict[str, tuple[int, int]]) -> Both:
    found = SPACE.everything
    for name, (first, last) in ranges.items():
        found &= SPACE.among(name, [(first, last)])
    inside = frozenset(
        n for n, one in enumerate(EVERY) if all(low <= one[name] <= high for name, (low, high) in ranges.items())
    )
    return found, inside


def _range(size: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(0, size), st.integers(0, size)).map(lambda pair: (min(pair), max(pair)))


cubes = st.fixed_dictionaries({}, optional={name: _range(size) for name, size in FIELDS.items()}).map(_cube)
OPERATIONS: list[tuple[Callable[[Packets, Packets], Packets], Callable[[Plain, Plain], Plain]]] = [
    (lambda a, b: a | b, lambda a, b: a | b),
    (lambda a, b: a & b, lambda a, b: a & b),
    (lambda a, b: a - b, lambda a, b: a - b),
    (lambda a, b: ~a | b, lambda a, b: (frozenset(range(len(EVERY))) - a) | b),
]


def _apply(pair: tuple[Both, Both, int]) -> Both:
    (a, plain_a), (b, plain_b), number = pair
    ours, plain = OPERATIONS[number]
    return ours(a, b), plain(plain_a, plain_b)


sets = st.recursive(
    cubes, lambda inner: st.tuples(inner, inner, st.integers(0, len(OPERATIONS) - 1)).map(_apply), max_leaves=8
)


def members(packets: Packets) -> Plain:
    return frozenset(n for n, one in enumerate(EVERY) if one in packets)


@given(sets)
def test_operations_are_those_of_sets(both: Both) -> None:
    packets, plain = both
    assert members(packets) == plain
    assert bool(packets) == bool(plain)


@given(sets, sets)
def test_equal_sets_are_one_object_in_the_diagram(one: Both, other: Both) -> None:
    assert (one[0] == other[0]) == (one[1] == other[1])


@given(sets, st.sampled_from(list(FIELDS)))
def test_a_forgotten_field_may_have_any_value(both: Both, name: str) -> None:
    packets, plain = both
    rests = {tuple(v for k, v in EVERY[n].items() if k != name) for n in plain}
    wanted = {n for n, one in enumerate(EVERY) if tuple(v for k, v in one.items() if k != name) in rests}
    assert members(packets.without(name)) == wanted
    value = FIELDS[name] // 2
    assert members(packets.assigned(name, [(value, value)])) == {n for n in wanted if EVERY[n][name] == value}


@given(sets, st.sampled_from(list(FIELDS)))
def test_values_that_occur(both: Both, name: str) -> None:
    packets, plain = both
    found = {value for first, last in packets.values(name) for value in range(first, last + 1)}
    assert found == {EVERY[n][name] for n in plain}


@given(sets, st.fixed_dictionaries({name: st.lists(st.integers(0, size)) for name, size in FIELDS.items()}))
def test_a_witness_is_in_the_set_and_as_preferred(both: Both, wishes: dict[str, list[int]]) -> None:
    packets, plain = both
    if not plain:
        with pytest.raises(ValueError, match="empty"):
            packets.witness()
        return
    found = packets.witness(wishes)
    assert found in packets
    rest = [EVERY[n] for n in plain]
    for name, wanted in wishes.items():
        value = next((one for one in wanted if any(packet[name] == one for packet in rest)), None)
        if value is not None:
            rest = [packet for packet in rest if packet[name] == value]
            assert found[name] == value


@given(st.lists(_range(40)))
def test_joined_ranges_are_the_same_numbers(ranges: list[tuple[int, int]]) -> None:
    found = joined(ranges)
    assert {n for low, high in found for n in range(low, high + 1)} == {
        n for low, high in ranges for n in range(low, high + 1)
    }
    assert all(one[1] + 1 < two[0] for one, two in pairwise(found))
