"""From the keywords of a verb to a record of the desired state: names, types, and the cmdlets' spellings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, replace
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from raslab.errors import GatewayRefusedError
from raslab.model.secrets import secret_names
from raslab.model.sentences import unknown_parameter

R = TypeVar("R")

_SWITCH = {"enabled": True, "disabled": False}
_WORDS = {int: "a whole number", str: "text", bool: "True or False (or Enabled or Disabled)"}


def record(kind: type[R], title: str, settings: Mapping[str, Any]) -> R:
    """A `kind` with `settings`; raises GatewayRefusedError if one is unknown or of the wrong type.

    One value will do where a tuple is meant, any sequence is taken for one, and ``Enabled`` and ``Disabled`` are True
    and False. title: what the record is to its user.
    """
    return kind(**_taken(kind, title, settings))


def changed(old: R, title: str, settings: Mapping[str, Any]) -> R:
    """`old` with some settings changed; raises GatewayRefusedError as `record` does."""
    return replace(old, **_taken(type(old), title, settings))  # type: ignore[type-var]


def takes(kind: type[Any]) -> Callable[[R], R]:
    """Show the fields of `kind` with their defaults in the signature of a verb, for help() and completion."""

    def decorate(verb: Any) -> Any:
        given = inspect.signature(verb)
        kept = [one for one in given.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
        known = {one.name for one in kept}
        shown = [
            inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=_default(one), annotation=one.type)
            for one in fields(kind)
            if one.name not in known
        ]
        verb.__signature__ = given.replace(parameters=[*kept, *shown])
        return verb

    return decorate


def _default(field: Field[Any]) -> Any:
    return inspect.Parameter.empty if field.default is MISSING else field.default


def _taken(kind: type[Any], title: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    problems: list[str] = []
    taken: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in hints:
            problems.append(unknown_parameter(title, name, list(hints)))
            continue
        try:
            taken[name] = _value(hints[name], value)
        except TypeError as error:
            shown = f"a value of the type {type(value).__name__}" if name in secret_names(kind) else repr(value)
            problems.append(f"{name} of {title} cannot be {shown}: give {error}.")
    if problems:
        raise GatewayRefusedError(problems)
    return taken


def _value(hint: Any, value: Any) -> Any:
    """`value` as `hint` wants it; raises TypeError with words for what is wanted."""
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        values = value if isinstance(value, list | tuple | set | frozenset) else [] if value is None else [value]
        return tuple(_value(inner, one) for one in values)
    choices = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if value is None and type(None) in choices:
        return None
    if bool in choices and isinstance(value, str) and value.lower() in _SWITCH:
        return _SWITCH[value.lower()]
    if any(_fits(choice, value) for choice in choices):
        return value
    wanted = [_WORDS.get(choice, getattr(choice, "__name__", "")) for choice in choices if choice is not type(None)]
    raise TypeError(" or ".join(wanted) + (" or None" if type(None) in choices else ""))


def _fits(choice: Any, value: Any) -> bool:
    if choice is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(choice, type) and isinstance(value, choice)
