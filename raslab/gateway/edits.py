"""Edits of the desired state: records added, changed and removed by their names. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from raslab.errors import GatewayRefusedError
from raslab.gateway import settings
from raslab.gateway.state import GatewayState
from raslab.model.sentences import shown

R = TypeVar("R")


@dataclass(frozen=True)
class Collection(Generic[R]):
    """One kind of record of the state.

    field: of GatewayState; kind: the record's class; noun: what users call one; verb: ends the names of its verbs;
    key: the fields that name a record.
    """

    field: str
    kind: type[R]
    noun: str
    verb: str
    key: tuple[str, ...] = ("name",)

    def of(self, state: GatewayState) -> tuple[R, ...]:
        """All records."""
        return tuple(getattr(state, self.field))

    def find(self, state: GatewayState, *name: Any) -> R | None:
        """The record of that name, however it is spelt."""
        name = tuple(settings.named(self.kind, field, one) for field, one in zip(self.key, name, strict=True))
        return next((one for one in self.of(state) if self.name_of(one) == name), None)

    def get(self, state: GatewayState, node: str, *name: Any) -> R:
        """The record of that name; raises GatewayRefusedError if there is none."""
        found = self.find(state, *name)
        if found is None:
            raise GatewayRefusedError([self._unknown(state, node, name)])
        return found

    def add(self, state: GatewayState, node: str, values: Mapping[str, Any]) -> GatewayState:
        """The state with one more record; the same one again changes nothing, another one of its name is refused."""
        name = tuple(values.get(field) for field in self.key)
        new = settings.record(self.kind, self.title(node, *name), values)
        known = self.find(state, *self.name_of(new))
        if known == new:
            return state
        if known is not None:
            raise GatewayRefusedError(
                [
                    f"{_sentence(self.title(node, *name))} exists with other settings: "
                    f"change them with set_{self.verb}, or remove it first."
                ]
            )
        return self.put(state, new)

    def change(self, state: GatewayState, node: str, name: tuple[Any, ...], values: Mapping[str, Any]) -> GatewayState:
        """The state with some settings of a record changed."""
        return self.put(state, settings.changed(self.get(state, node, *name), self.title(node, *name), values))

    def remove(self, state: GatewayState, node: str, *name: Any) -> GatewayState:
        """The state without a record."""
        gone = self.get(state, node, *name)
        return self.keep(state, lambda one: one != gone)

    def put(self, state: GatewayState, new: R) -> GatewayState:
        """The state with `new` in the place of the record of its name, or at the end."""
        name, records = self.name_of(new), self.of(state)
        if self.find(state, *name) is None:
            return self._with(state, (*records, new))
        return self._with(state, tuple(new if self.name_of(one) == name else one for one in records))

    def keep(self, state: GatewayState, wanted: Callable[[R], bool]) -> GatewayState:
        """The state with only those records that are wanted."""
        return self._with(state, tuple(one for one in self.of(state) if wanted(one)))

    def name_of(self, one: R) -> tuple[Any, ...]:
        """What names a record."""
        return tuple(getattr(one, field) for field in self.key)

    def title(self, node: str, *name: Any) -> str:
        """What a record is called in sentences."""
        return f"{self.noun} {' '.join(map(shown, name))} of {node}"

    def _with(self, state: GatewayState, records: tuple[R, ...]) -> GatewayState:
        changes: dict[str, Any] = {self.field: records}
        return replace(state, **changes)

    def _unknown(self, state: GatewayState, node: str, name: tuple[Any, ...]) -> str:
        known = [" ".join(str(part) for part in self.name_of(one)) for one in self.of(state)]
        wanted = " ".join(map(shown, name))
        close = get_close_matches(wanted, known, n=1)
        choice = f"did you mean {close[0]}?" if close else f"there is {', '.join(known) or 'none'}."
        return f"{node} has no {self.noun} {wanted}: {choice}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
