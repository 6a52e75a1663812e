"""Records that follow from each other: each has a SHA-256 of itself and of the one before, so that none is changed unseen.

The journal of a run is such a chain, and so is the history of the authority.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields, is_dataclass
from typing import Any

FIRST = b""
"""The chain before the first record."""
_PLAIN_ALREADY = frozenset({str, int, bool, float, type(None)})


def chained(before: bytes, body: bytes) -> bytes:
    """The chain of a record: `body` is the record as it would be without it, as JSON, from its first to its last brace."""
    return hashlib.sha256(before + body).digest()


def plain(value: Any) -> Any:
    """A value as a record has it, and JSON. Some records are made while the line waits for the next request, so that this is quick."""
    kind = type(value)
    if kind in _PLAIN_ALREADY:
        return value
    if kind is bytes:
        return value.hex()
    if isinstance(value, dict):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return {each.name: plain(getattr(value, each.name)) for each in fields(value)} if is_dataclass(value) else value
