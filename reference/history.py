"""The history: what was asked of the authority, what it answered and what changed by it, record after record (`history.sql`).

Everything that a request does to the tables stands in its record, so that the tables can be rebuilt from the history alone
and compared (`auditing.py`). Nothing secret stands in it: no PIN, ticket or digits; of rows with secrets, `tables.py` says how.

The chain of a record (`chain.py`) is over its canonical JSON: names in order, no spaces, ASCII only, such as
`{"fields":{"answered":…,"asked":…,"changed":…},"instant":1549152000,"kind":"revoke","number":7,"written":1549152003}`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from lockproof.reference.chain import chained, plain
from lockproof.reference.fields import FieldError

_UNTOLD = {"pin", "next_pin", "secret", "digits", "message"}
"""What is never told, of what is asked or answered: who has one of these can open something, or ask in somebody's name."""
as_json = json.JSONEncoder(separators=(",", ":"), sort_keys=True, check_circular=False).encode


class Change(NamedTuple):
    """A row as a request left it: its table, its primary key, and those other columns that are new, None if it was deleted."""

    table: str
    key: list[Any]
    values: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Head:
    """The last record of a history, to be noted elsewhere: whoever has it can tell whether the history still holds all up to it."""

    number: int
    digest: str

    def __str__(self) -> str:
        return f"{self.number}:{self.digest}"

    @classmethod
    def of(cls, text: str) -> Self:
        """A head as it was noted. Raises `FieldError`."""
        number, _, digest = text.strip().partition(":")
        if not (
            number.isascii()
            and number.isdigit()
            and len(digest) == len(NO_HEAD.digest)
            and set(digest) <= set("0123456789abcdef")
        ):
            raise FieldError(
                f"head: {text.strip()!r} is none; give it as it was printed, such as 12:{'0' * 8}… with 64 hex digits"
            )
        return cls(int(number), digest)


NO_HEAD = Head(0, "0" * 64)
"""Of a history without a record."""


@dataclass(frozen=True, slots=True)
class Record:
    """One request that was answered. `written` is when, by the clock of the machine; `instant` is what the request took for now."""

    number: int
    written: int
    instant: int | None
    kind: str
    asked: Mapping[str, Any]
    answered: Any
    changed: tuple[Change, ...]
    digest: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Raises ValueError for a row whose fields no request wrote."""
        try:
            fields, digest = json.loads(row["fields"]), row["digest"]
            changed = tuple(Change(str(table), list(key), values and dict(values)) for table, key, values in fields["changed"])
            asked, answered = dict(fields["asked"]), fields["answered"]
            return cls(row["number"], row["written"], row["instant"], row["kind"], asked, answered, changed, digest.hex())
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"no record: {error}") from error


def fields_of(asked: Mapping[str, Any], answered: Any, changed: list[Change]) -> str:
    """The fields of a record, as JSON, without what is never told."""
    return as_json({"answered": _told(plain(answered)), "asked": _told(plain(asked)), "changed": changed})


def digest_of(before: bytes, number: Any, written: Any, instant: Any, kind: Any, fields: str) -> bytes:
    """The digest of a record that follows the one with the digest `before`."""
    body = f'{{"fields":{fields},"instant":{as_json(instant)},"kind":{as_json(kind)},"number":{number},"written":{written}}}'
    return chained(before, body.encode("utf-8", "surrogatepass"))


def _told(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _told(inner) for name, inner in value.items() if inner is not None and name not in _UNTOLD}
    return [_told(inner) for inner in value] if isinstance(value, list) else value
