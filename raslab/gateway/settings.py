"""From the keywords of a verb to a record of the desired state: names, types, and the cmdlets' spellings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, replace
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from raslab.errors import GatewayRefusedError
from raslab.gateway.state.written import Long, Written
from raslab.model.secrets import secret_names
from raslab.model.sentences import quoted, shown, unknown_parameter

R = TypeVar("R")

_SWITCH = {"enabled": True, "disabled": False}
_WORDS = {int: "a whole number", str: "text", bool: "True or False (or Enabled or Disabled)"}
LONGEST_TEXT, LONGEST_BYTES = 255, 65_535
"""Characters of a text that is no secret and no PEM; bytes of those, which is what VICI carries."""
_NUMBERS = range(-(2**63), 2**64)  # what any daemon or kernel could take


def record(kind: type[R], title: str, settings: Mapping[str, Any]) -> R:
    """A `kind` with `settings`; raises GatewayRefusedError if one is unknown, of the wrong type, or no text to write.

    One value will do where a tuple is meant, any sequence is taken for one, and ``Enabled`` and ``Disabled`` are True
    and False. Addresses and the like are kept in one spelling, see `raslab.gateway.state.written`. title: what the
    record is to its user.
    """
    taken = _taken(kind, title, settings)
    missing = [one.name for one in fields(kind) if _is_required(one) and one.name not in taken]  # type: ignore[arg-type]
    if missing:
        raise GatewayRefusedError([f"The {shown(title)} needs {' and '.join(missing)}: give that."])
    return kind(**taken)


def changed(old: R, title: str, settings: Mapping[str, Any]) -> R:
    """`old` with some settings changed; raises GatewayRefusedError as `record` does."""
    return replace(old, **_taken(type(old), title, settings))  # type: ignore[type-var]


def named(kind: type[Any], field: str, value: Any) -> Any:
    """`value` as that field of a `kind` would have it, for looking a record up; as it is if it cannot be read."""
    try:
        return _value(_hints(kind)[field], value)  # type: ignore[arg-type]
    except TypeError:
        return value


def texts(title: str, name: str, value: Any) -> tuple[str, ...]:
    """One text or several, for what is no field of a record; raises GatewayRefusedError as `record` does."""
    try:
        return tuple(_value(tuple[str, ...], value))
    except _NotTextError as error:
        raise GatewayRefusedError([f"{name} of {title} {error}."]) from error
    except TypeError as error:
        raise GatewayRefusedError([f"{name} of {title} cannot be {quoted(value)}: give {error}."]) from error


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


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _taken(kind: type[Any], title: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    hints = _hints(kind)  # type: ignore[arg-type]
    problems: list[str] = []
    taken: dict[str, Any] = {}
    title = shown(title)
    for name, value in settings.items():
        if name not in hints:
            problems.append(unknown_parameter(title, name, list(hints)))
            continue
        try:
            taken[name] = _value(hints[name], value)
        except _NotTextError as error:
            problems.append(f"{name} of {title} {error}.")
        except TypeError as error:
            given = f"a value of the type {type(value).__name__}" if name in secret_names(kind) else quoted(value)
            problems.append(f"{name} of {title} cannot be {given}: give {error}.")
    if problems:
        raise GatewayRefusedError(problems)
    return taken


class _NotTextError(TypeError):
    """A text that nothing could write down; the message says why."""


def _value(hint: Any, value: Any) -> Any:
    """`value` as `hint` wants it; raises TypeError with words for what is wanted."""
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        values = value if isinstance(value, list | tuple | set | frozenset) else [] if value is None else [value]
        return tuple(_value(inner, one) for one in values)
    choices = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if value is None and type(None) in choices:
        return None
    plain = [base for choice in choices for base in _bases(choice)]
    if bool in plain and isinstance(value, str) and value.lower() in _SWITCH:
        return _SWITCH[value.lower()]
    if any(_fits(choice, value) for choice in plain):
        return _normal(value, [one for choice in choices for one in getattr(choice, "__metadata__", ())])
    wanted = [_WORDS.get(choice, getattr(choice, "__name__", "")) for choice in plain if choice is not type(None)]
    raise TypeError(" or ".join(wanted) + (" or None" if type(None) in choices else ""))


def _bases(choice: Any) -> tuple[Any, ...]:
    """The types that an annotated one stands for."""
    if get_origin(choice) is not Annotated:
        return (choice,)
    base = get_args(choice)[0]
    return get_args(base) if get_origin(base) in (Union, UnionType) else (base,)


def _normal(value: Any, notes: list[Any]) -> Any:
    """The value in the spelling that is kept; raises _NotTextError. notes: what its type says of how it is written."""
    if isinstance(value, str):
        _need_text(value, is_long=any(isinstance(one, Long) for one in notes))
    for one in notes:
        if isinstance(one, Written):
            try:
                return one.normal(value)
            except ValueError:
                return value
    return value


def _need_text(value: str, *, is_long: bool) -> None:
    if is_long:
        if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            raise _NotTextError(
                "has zero bytes or halves of characters in it, which nothing could take: choose another"
            )
        if len(value.encode()) > LONGEST_BYTES:
            raise _NotTextError(f"has {len(value.encode())} bytes: give at most {LONGEST_BYTES}")
    elif len(value) > LONGEST_TEXT:
        raise _NotTextError(f"has {len(value)} characters: give at most {LONGEST_TEXT}")
    elif not value.isprintable():
        raise _NotTextError(f"cannot be {quoted(value)}, which holds signs that cannot be printed: leave them out")


def _fits(choice: Any, value: Any) -> bool:
    if choice is int:
        return isinstance(value, int) and not isinstance(value, bool) and value in _NUMBERS
    return isinstance(choice, type) and isinstance(value, choice)
