"""An experiment for every combination of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import product
from typing import Any

import pandas as pd

from raslab.notebook.progress import Progress


def sweep(experiment: Callable[..., Mapping[str, Any]], **parameters: Iterable[Any]) -> pd.DataFrame:
    """Call `experiment` with every combination of the parameters' values; one row for each, in order.

        sweep(measure, mtu=(1500, 9000), streams=(1, 8))  # measure(mtu=1500, streams=1) and so on

    experiment: returns what it found out, by the names of further columns. The last parameter changes fastest. One
    progress bar tells which combination is under way; those of the measurements within it are not shown. Raises what
    the experiment raises; an interrupt ends the sweep, and what it has measured so far is gone.
    """
    combinations = [dict(zip(parameters, values, strict=True)) for values in product(*parameters.values())]
    rows = []
    with Progress(f"{len(combinations)} measurements", "all are done") as progress:
        for number, chosen in enumerate(combinations):
            words = ", ".join(f"{name} {value}" for name, value in chosen.items())
            progress.reach(number / len(combinations), f"{number + 1} of {len(combinations)} is done: {words}")
            rows.append({**chosen, **experiment(**chosen)})
        progress.reach(1, "all are done")
    return pd.DataFrame(rows, columns=None if rows else list(parameters))
