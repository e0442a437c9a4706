"""Every error that raslab raises on purpose: one class per situation.

A message is one sentence that names the user's own thing (node, link, file, option) and says what to do.
Library code raises these and never ends the interpreter; the command line prints them and exits with 2.
"""

from __future__ import annotations

from collections.abc import Sequence


class RaslabError(Exception):
    """Base of all errors below. `str(error)` is a complete sentence for the user."""
