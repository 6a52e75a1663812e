"""The forms that the file has had, and how one becomes the next."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib.resources import files

APPLICATION_ID = 0x4C4B5052  # "LKPR": which file is ours
_STEPS = ("schema.sql", "history.sql")
"""What makes version 1 of nothing, then version 2 of version 1, and so on: a new file goes all the way, an old one the rest of it."""
SCHEMA_VERSION = len(_STEPS)


def statements_from(version: int) -> Iterator[str]:
    """What makes the newest version of a file of `version`, 0 for an empty one. It belongs inside one transaction."""
    for step in _STEPS[version:]:
        yield from _statements(files("lockproof.reference").joinpath(step).read_text(encoding="utf-8"))
    yield f"PRAGMA application_id = {APPLICATION_ID}"
    yield f"PRAGMA user_version = {SCHEMA_VERSION}"


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one: run as a whole, it would end the transaction that it stands in."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
