"""Records as frames: what the get verbs of a gateway answer, one row for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import pandas as pd

from raslab.errors import NoSuchColumnError
from raslab.model.secrets import secret_names

_DOMAIN = "routing_domain"


def frame(records: Iterable[Any], *columns: str) -> pd.DataFrame:
    """A frame of records of one kind; lists in them become text, what they have not got is an empty field.

    What is secret is left out. The routing domain is left out where no record has one.
    columns: the ones to show, in that order, all if none is named. Raises NoSuchColumnError.
    """
    shown = list(records)
    hidden = set() if any(getattr(one, _DOMAIN, None) for one in shown) else {_DOMAIN}
    hidden |= {name for one in shown[:1] for name in secret_names(type(one))}
    names = [field.name for one in shown[:1] for field in fields(one) if field.name not in hidden]
    known = names if shown else list(columns)
    if unknown := [name for name in columns if name not in known]:
        raise NoSuchColumnError(unknown[0], known)
    rows = [{name: _text_of(getattr(one, name)) for name in names} for one in shown]
    return pd.DataFrame(rows, columns=list(columns or known), dtype=object)


def _text_of(value: Any) -> Any:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
