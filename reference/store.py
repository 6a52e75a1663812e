"""The authority's one file: opened with care, written in whole transactions, durable when an answer is given."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from lockproof.spec.observable import BenchError

MEMORY = ":memory:"
APPLICATION_ID = 0x4C4B5052  # "LKPR": which file is ours
SCHEMA_VERSION = 1
_SMALLEST_DATABASE = 512  # bytes; a file of a single byte SQLite would take for an empty one, and write over it
_BUSY_TIMEOUT = 10.0  # seconds that another program may hold the file

_EXPLANATIONS = {
    "SQLITE_NOTADB": "is not a file of an authority (no SQLite database); choose another path, it was left as it is",
    "SQLITE_CORRUPT": "is damaged; put a copy back in its place",
    "SQLITE_CANTOPEN": "can't be opened; check that the folder exists and may be written to",
    "SQLITE_READONLY": "may not be written to; change the rights of the file and of its folder, or choose another path",
    "SQLITE_PERM": "may not be opened; change the rights of the file, or choose another path",
    "SQLITE_BUSY": "is held by another program; close that, then try again",
    "SQLITE_LOCKED": "is held by another program; close that, then try again",
    "SQLITE_FULL": "can't grow, the disk is full; nothing of the last request was kept; make room, then repeat it",
    "SQLITE_IOERR": "can't be read or written, the disk fails; nothing of the last request was kept; check the disk",
}


class StoreError(BenchError):
    """The authority's file can't be used: which file, what was seen, what to do."""


class Store:
    """An open file. Raises `StoreError` for a file, or a place, in which no authority can be kept."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        if self._path != MEMORY:
            _check_place(Path(self._path))
        with self._explained():
            # Transactions are begun and ended here, by hand, and never by the library's guess at what changes data.
            self._connection = sqlite3.connect(self._path, isolation_level=None, timeout=_BUSY_TIMEOUT)
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is kept, or nothing; once this is left without an error, it is kept over a power cut."""
        with self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def write(self, statement: str, *values: Any) -> None:
        """One statement that changes something; use it inside a transaction."""
        with self._explained():
            self._connection.execute(statement, values)

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._explained():
            return self._connection.execute(query, values).fetchall()

    def row(self, query: str, *values: Any) -> sqlite3.Row | None:
        """The first row, None where there is none."""
        with self._explained():
            found: sqlite3.Row | None = self._connection.execute(query, values).fetchone()
            return found

    def column(self, query: str, *values: Any) -> list[Any]:
        """The first value of every row."""
        return [row[0] for row in self.rows(query, *values)]

    def close(self) -> None:
        self._connection.close()

    def _open(self) -> None:
        self._connection.row_factory = sqlite3.Row
        self.write("PRAGMA foreign_keys = ON")
        self.write("PRAGMA synchronous = EXTRA")  # FULL, and the folder too: an ended transaction stays ended
        with self.transaction():  # of two that open a new file at once, one makes it
            if self._is_empty():
                self._create()
        if (found := self.rows("PRAGMA quick_check(1)")[0][0]) != "ok":
            raise StoreError(f"{self._path} {_EXPLANATIONS['SQLITE_CORRUPT']} ({found})")

    def _is_empty(self) -> bool:
        """Nothing is in it yet. Raises `StoreError` where there is something, and it is not ours."""
        owner, version = self._number("PRAGMA application_id"), self._number("PRAGMA user_version")
        if owner == APPLICATION_ID and version > SCHEMA_VERSION:
            raise StoreError(
                f"{self._path} was written by a later release (its form is {version}, this release knows {SCHEMA_VERSION});"
                " use that release, it was left as it is"
            )
        if owner == APPLICATION_ID and version == SCHEMA_VERSION:
            return False
        if owner or version or self._number("SELECT count(*) FROM sqlite_master"):
            raise StoreError(f"{self._path} is a database of another program; choose another path, it was left as it is")
        return True

    def _number(self, query: str) -> int:
        return int(self.rows(query)[0][0])

    def _create(self) -> None:
        for statement in _statements(files("lockproof.reference").joinpath("schema.sql").read_text(encoding="utf-8")):
            self.write(statement)
        self.write(f"PRAGMA application_id = {APPLICATION_ID}")
        self.write(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"{self._path} {_explain(error)}") from error


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one: run as a whole, it would end the transaction that it stands in."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _explain(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    for start, explanation in _EXPLANATIONS.items():
        if name.startswith(start):
            return f"{explanation} ({error})"
    return f"did not do what was asked of it ({error}); if it was changed by another program, put a copy back in its place"


def _check_place(path: Path) -> None:
    if path.is_dir():
        raise StoreError(f"{path} is a folder; give the path of a file in it, such as {path / 'authority.sqlite'}")
    if not path.parent.is_dir():
        raise StoreError(f"{path} can't be made: there is no folder {path.parent}; make it, or choose another path")
    if path.exists() and not _may_write(path):
        raise StoreError(f"{path} {_EXPLANATIONS['SQLITE_READONLY']}")
    if not _may_write(path.parent):
        raise StoreError(f"{path} can't be kept: its folder may not be written to; change the rights of {path.parent}")
    if path.is_file() and 0 < path.stat().st_size < _SMALLEST_DATABASE:
        raise StoreError(f"{path} {_EXPLANATIONS['SQLITE_NOTADB']}")


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)
