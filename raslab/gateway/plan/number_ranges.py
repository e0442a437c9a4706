"""Regular expressions for ranges of numbers, which is how FRR finds AS numbers in a path."""

from __future__ import annotations

from collections.abc import Iterator


def pattern(low: int, high: int) -> str:
    """A regular expression for exactly the decimal numbers `low` to `high`, without anchors."""
    parts = [_digits(a, b) for a, b in _runs(low, high)]
    return parts[0] if len(parts) == 1 else f"({'|'.join(parts)})"


def _runs(low: int, high: int) -> Iterator[tuple[int, int]]:
    """Consecutive runs, in each of which every digit goes from that of the first number to that of the last."""
    while low <= high:
        step = 1
        while low % (step * 10) == 0 and low + step * 10 - 1 <= high and len(str(low)) > len(str(step)):
            step *= 10
        last = low + step - 1
        while last + step <= high and (last + 1) // step % 10:
            last += step
        yield low, last
        low = last + 1


def _digits(low: int, high: int) -> str:
    return "".join(a if a == b else f"[{a}-{b}]" for a, b in zip(str(low), str(high), strict=True))
