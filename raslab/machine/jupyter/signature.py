"""Who may make a notebook's kernel do anything: whoever signs with the key of the connection file, once per message.

The ports are open to every user of the computer, so nothing of a message is looked at before its signature has been
found right. Source of the signature: "Messaging in Jupyter", jupyter-client.readthedocs.io, "The Wire Protocol"
(HMAC of RFC 2104, in hexadecimal, over header, parent header, metadata and content).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from raslab.machine.jupyter.channels import Message, envelope, parse

#: These go both ways, so one of the kernel's own could be sent back to it.
COMMS = frozenset({"comm_open", "comm_msg", "comm_close"})
#: As many signatures are remembered, some 100 bytes each, the oldest of them forgotten first.
REMEMBERED = 1 << 18


class Gate:
    """Lets messages of the front end pass, and knows those of the kernel that nobody may repeat to it."""

    def __init__(self, key: bytes, scheme: str = "hmac-sha256") -> None:
        """key: of the connection file; with an empty one Jupyter signs nothing. Raises ValueError for the scheme."""
        method = scheme.removeprefix("hmac-")
        if not scheme.startswith("hmac-") or method not in hashlib.algorithms_available:
            raise ValueError(f"signature_scheme is {scheme!r}, and not such as 'hmac-sha256'")
        self._auth = hmac.new(key, digestmod=method) if key else None
        self._seen: dict[bytes, None] = {}

    def admits(self, channel: str, parts: Sequence[bytes]) -> bool:
        """Whether a message from a socket is for the kernel: signed, new, and one that front ends send there."""
        found = envelope(parts)
        if found is None or not self._is_right(*found[1:]):
            return False
        message = parse(parts)
        return message is not None and _belongs(channel, message) and self._is_new(message.signature)

    def noted(self, parts: Sequence[bytes]) -> None:
        """The kernel has sent this message."""
        message = parse(parts)
        if message is not None and message.kind in COMMS:
            self._is_new(message.signature)

    def _is_right(self, signature: bytes, contents: Sequence[bytes]) -> bool:
        if self._auth is None:
            return True
        auth = self._auth.copy()
        for part in contents:
            auth.update(part)
        return hmac.compare_digest(auth.hexdigest().encode(), signature)

    def _is_new(self, signature: bytes) -> bool:
        if self._auth is None:
            return True
        if signature in self._seen:
            return False
        self._seen[signature] = None
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return True


def _belongs(channel: str, message: Message) -> bool:
    """Whether front ends send such messages on that channel. All else that is signed has come from the kernel."""
    if channel == "stdin":
        return message.kind == "input_reply"
    asks = message.kind.endswith("_request") and message.kind != "input_request"
    return channel in ("shell", "control") and (asks or message.kind in COMMS)
