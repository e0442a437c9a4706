"""Verbs of a gateway that take the routing domain that they are for, as the cmdlets do."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from raslab.errors import GatewayRefusedError

G = TypeVar("G")

_KEYWORD = "routing_domain"


def takes_routing_domain(verbs: type[Any]) -> Callable[[type[G]], type[G]]:
    """Let each verb of the class `verbs` take the keyword ``routing_domain`` on the decorated class.

    With it, the verb is told to that routing domain. Without it, what asks for records gives those of the gateway
    itself and of all its routing domains; anything else is for the gateway itself.
    """

    def decorate(gateway: type[G]) -> type[G]:
        for name, verb in inspect.getmembers(verbs, inspect.isfunction):
            if not name.startswith("_"):
                setattr(gateway, name, _taking(verb))
        return gateway

    return decorate


def _taking(verb: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(verb)
    def told(self: Any, *args: Any, routing_domain: str | None = None, **settings: Any) -> Any:
        if routing_domain is not None:
            return verb(self.routing_domain(routing_domain), *args, **settings)
        if asks and self.state.routing_domains:
            return _of_all_parts(self, verb, args, settings)
        return verb(self, *args, **settings)

    asks = verb.__name__.startswith("get_") and str(verb.__annotations__["return"]).startswith("tuple[")
    known = inspect.signature(verb)
    keyword = inspect.Parameter(_KEYWORD, inspect.Parameter.KEYWORD_ONLY, default=None, annotation="str | None")
    given = list(known.parameters.values())
    after = given.pop() if given[-1].kind is inspect.Parameter.VAR_KEYWORD else None
    told.__signature__ = known.replace(parameters=[*given, keyword, *([after] if after else [])])  # type: ignore[attr-defined]
    return told


def _of_all_parts(
    gateway: Any, verb: Callable[..., Any], args: tuple[Any, ...], settings: dict[str, Any]
) -> tuple[Any, ...]:
    """Records of the gateway itself and of its routing domains, of those that have what is asked for by name."""
    found: list[Any] = []
    refusals: list[GatewayRefusedError] = []
    parts = [gateway, *(gateway.routing_domain(one.name) for one in gateway.state.routing_domains)]
    for part in parts:
        try:
            found += verb(part, *args, **settings)
        except GatewayRefusedError as refused:
            refusals.append(refused)
    if len(refusals) == len(parts):
        raise refusals[0]
    return tuple(found)
