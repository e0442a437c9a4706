"""Verbs of a gateway that take the routing domain that they are for, as the cmdlets do."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

G = TypeVar("G")

_KEYWORD = "routing_domain"


def takes_routing_domain(verbs: type[Any]) -> Callable[[type[G]], type[G]]:
    """Let each verb of the class `verbs` take the keyword ``routing_domain`` on the decorated class.

    With it, the verb is told to that routing domain. Without it, what gives a tuple of records gives those of the
    gateway itself and of all its routing domains; anything else is for the gateway itself.
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
        found = verb(self, *args, **settings)
        domains = self.state.routing_domains
        if verb.__name__.startswith("get_") and isinstance(found, tuple) and domains and not (args or settings):
            return found + tuple(record for one in domains for record in verb(self.routing_domain(one.name)))
        return found

    known = inspect.signature(verb)
    keyword = inspect.Parameter(_KEYWORD, inspect.Parameter.KEYWORD_ONLY, default=None, annotation="str | None")
    given = list(known.parameters.values())
    after = given.pop() if given[-1].kind is inspect.Parameter.VAR_KEYWORD else None
    told.__signature__ = known.replace(parameters=[*given, keyword, *([after] if after else [])])  # type: ignore[attr-defined]
    return told
