"""Records as frames: what the get verbs of a gateway answer, one row for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import pandas as pd

from raslab.errors import NoSuchColumnError


def frame(records: Iterable[Any], *columns: str) -> pd.DataFrame:
    """A frame of records of one kind; lists in them become text, what they have not got is an empty field.

    columns: the ones to show, in that order, all if none is named. Raises NoSuchColumnError.
    """
    rows = [{field.name: _text_of(getattr(one, field.name)) for field in fields(one)} for one in records]
    known = list(rows[0]) if rows else list(columns)
    if unknown := [name for name in columns if name not in known]:
        raise NoSuchColumnError(unknown[0], known)
    return pd.DataFrame(rows, columns=list(columns or known), dtype=object)


def _text_of(value: Any) -> Any:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
