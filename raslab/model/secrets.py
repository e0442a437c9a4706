"""What is secret: said once, where a field is declared, and heeded by all that shows settings or lines. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

_MARK = "raslab.secret"
SECRET: Mapping[str, bool] = MappingProxyType({_MARK: True})
"""The metadata of a dataclass field whose value is for nobody's eyes: ``field(repr=False, metadata=SECRET)``."""
HIDDEN = "..."

_BEFORE_SECRETS = (
    r"neighbor \S+ password",
    r"(?:ip|ipv6) ospf (?:authentication-key|message-digest-key \d+ md5)",
    r"area \S+ virtual-link .*(?:authentication-key|message-digest-key \d+ md5)",
    r"(?:area-password|domain-password|isis password) (?:clear|md5)",
    r"ip rip authentication string",
    r"key-string",
    r"(?:enable )?password(?: 8)?",
)
"""Words of a line of FRR's configuration after which a secret stands, up to the line's end."""
_SECRET_IN_LINE = re.compile(rf"^(\W*(?:[^\n]*: )?(?:no )?(?:{'|'.join(_BEFORE_SECRETS)}) )\S.*$", re.MULTILINE)


def secret_names(*kinds: type[Any]) -> frozenset[str]:
    """The names of the secret fields of dataclasses."""
    return frozenset(one.name for kind in kinds for one in fields(kind) if _MARK in one.metadata)


def without_secrets(text: str) -> str:
    """Lines of FRR's configuration, or what a daemon says of one, with the secrets in them hidden."""
    return _SECRET_IN_LINE.sub(rf"\g<1>{HIDDEN}", text)
