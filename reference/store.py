"""The authority's one file: opened with care, written in whole transactions, durable when an answer is given.

It keeps a rollback journal, and no write-ahead log, which would take a fifth of the time: where two write at once, every
SQLite before 3.51.3 may lose what was committed to such a log (sqlite.org/wal.html, "The WAL-reset bug"), and who opens the
file brings a SQLite of their own.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockproof.reference.chain import FIRST
from lockproof.reference.history import NO_HEAD, Change, Head, Record, as_json, digest_of, fields_of
from lockproof.reference.migration import APPLICATION_ID, SCHEMA_VERSION, statements_from
from lockproof.reference.tables import deletion, insertion, make_blank, selection, tables, update
from lockproof.spec.observable import BenchError

MEMORY = ":memory:"
_SMALLEST_DATABASE = 512  # bytes; a file of a single byte SQLite would take for an empty one, and write over it
_BUSY_TIMEOUT = 10.0  # seconds that another program may hold the file
_PAGE = 500  # records of the history that are read at once

_HELD = (
    f"is held by another program, for {_BUSY_TIMEOUT:.0f} seconds now; nothing of the last request was kept; close that program,"
    " then repeat it"
)
_REFUSALS = (sqlite3.Error, UnicodeEncodeError)  # of the file, and of what can't be a text of it
_EXPLANATIONS = {
    "SQLITE_NOTADB": "is not a file of an authority (no SQLite database); choose another path, it was left as it is",
    "SQLITE_CORRUPT": "is damaged; put a copy back in its place",
    "SQLITE_CANTOPEN": "can't be opened; check that the folder exists and may be written to",
    "SQLITE_READONLY": "may not be written to; change the rights of the file and of its folder, or choose another path",
    "SQLITE_PERM": "may not be opened; change the rights of the file, or choose another path",
    "SQLITE_BUSY": _HELD,
    "SQLITE_LOCKED": _HELD,
    "SQLITE_FULL": "can't grow, the disk is full; nothing of the last request was kept; make room, then repeat it",
    "SQLITE_IOERR": "can't be read or written: the disk fails, or no file may be that large (ulimit -f); nothing of the last request was kept",
}


class StoreError(BenchError):
    """The authority's file can't be used: which file, what was seen, what to do."""


@dataclass(slots=True)
class Answered:
    """What a request comes to, for the history."""

    answered: Any = None


class Store:
    """An open file. Raises `StoreError` for a file, or a place, in which no authority can be kept.

    Rows are changed by `add`, `change` and `remove`, inside a `request`, which tells the history of them.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        self._changed: list[Change] | None = None
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
    def request(self, kind: str, asked: Mapping[str, Any]) -> Iterator[Answered]:
        """A transaction that leaves one record in the history; what was answered is to be put into what this gives."""
        with self.transaction():
            changed: list[Change] = []
            self._changed = changed
            try:
                record = Answered()
                yield record
            finally:
                self._changed = None
            self._append(kind, asked.get("now"), fields_of(asked, record.answered, changed))

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

    def add(self, table: str, **row: Any) -> None:
        """A new row; where its key is an integer that is left out, it is the next one. Columns that are left out are null."""
        number = self._execute(insertion(table, tuple(row)), tuple(row.values())).lastrowid
        self._tell(table, {tables()[table].key[0]: number, **row})

    def change(self, table: str, key: Any, **values: Any) -> None:
        """New values in the row of this key, in a table whose key is one column."""
        self._execute(update(table, tuple(values)), (*values.values(), key))
        self._tell(table, {tables()[table].key[0]: key, **values})

    def remove(self, table: str, **key: Any) -> None:
        """The row of this key is deleted."""
        self._execute(deletion(table, tuple(key)), tuple(key.values()))
        self._tell(table, key, removed=True)

    def write(self, statement: str, *values: Any) -> None:
        """One statement of which the history is told nothing: it is about the file itself, and about none of its rows."""
        self._execute(statement, values)

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._explained():
            return self._connection.execute(query, values).fetchall()

    def row(self, query: str, *values: Any) -> sqlite3.Row | None:
        """The first row, None where there is none."""
        found: sqlite3.Row | None = self._execute(query, values).fetchone()  # the first row was found already
        return found

    def column(self, query: str, *values: Any) -> list[Any]:
        """The first value of every row."""
        return [row[0] for row in self.rows(query, *values)]

    def head(self) -> Head:
        """The last record of the history."""
        number, digest = self._head()
        return Head(number, digest.hex()) if number else NO_HEAD

    def history(self) -> Iterator[Record]:
        """Every record of the history, from the first on. The file is held by it only while a page of them is read."""
        last = 0
        while page := self.rows("SELECT * FROM history WHERE number > ? ORDER BY number LIMIT ?", last, _PAGE):
            for row in page:
                last = row["number"]
                try:
                    yield Record.of(row)
                except ValueError as error:
                    raise StoreError(f"{self._path} was changed: record {last} of its history is none; audit it") from error

    def copy(self) -> sqlite3.Connection:
        """All of it at this instant, in a file that goes when it is closed. Others may write as soon as it is made."""
        with self._explained():
            copied = sqlite3.connect("", isolation_level=None)
            try:
                self._connection.execute("BEGIN")
                try:
                    self._connection.execute(
                        "SELECT 1 FROM sqlite_master"
                    ).fetchone()  # which waits as long as anything may, not longer
                    self._connection.backup(copied)
                finally:
                    self._connection.execute("ROLLBACK")
            except BaseException:
                copied.close()
                raise
            return copied

    def close(self) -> None:
        self._connection.close()

    def _open(self) -> None:
        self._connection.row_factory = sqlite3.Row
        self.write("PRAGMA foreign_keys = ON")
        if self._path == MEMORY:
            make_blank(self._connection)
            return
        self.write("PRAGMA synchronous = EXTRA")  # FULL, and the folder too: an ended transaction stays ended
        with self.transaction():  # of two that open a new file, or one of an earlier release, at once, one makes it
            if (version := self._version()) < SCHEMA_VERSION:
                self._bring_up_to_date(version)
        self.write("PRAGMA journal_mode = DELETE")  # whatever another program made of it
        if (found := self.rows("PRAGMA quick_check(1)")[0][0]) != "ok":
            raise StoreError(f"{self._path} {_EXPLANATIONS['SQLITE_CORRUPT']} ({found})")

    def _version(self) -> int:
        """Of its form, 0 where nothing is in it yet. Raises `StoreError` where there is something, and it is not ours."""
        owner, version = self._number("PRAGMA application_id"), self._number("PRAGMA user_version")
        if owner == APPLICATION_ID and version > SCHEMA_VERSION:
            raise StoreError(
                f"{self._path} was written by a later release (its form is {version}, this release knows {SCHEMA_VERSION});"
                " use that release, it was left as it is"
            )
        if owner == APPLICATION_ID and version > 0:
            return version
        if owner or version or self._number("SELECT count(*) FROM sqlite_master"):
            raise StoreError(f"{self._path} is a database of another program; choose another path, it was left as it is")
        return 0

    def _number(self, query: str) -> int:
        return int(self.rows(query)[0][0])

    def _bring_up_to_date(self, version: int) -> None:
        for statement in statements_from(version):
            self.write(statement)
        if version:
            self._record_what_was_there(version)

    def _record_what_was_there(self, version: int) -> None:
        """The history of a file that had none begins with all its rows, so that it accounts for every row from here on."""
        there = [self._told(table, dict(row)) for table in tables() for row in self.rows(selection(table))]
        told = {"rows": len(there), "digest": hashlib.sha256(as_json(sorted(there, key=as_json)).encode()).hexdigest()}
        self._append("migrate", None, fields_of({"from": version, "to": SCHEMA_VERSION}, told, there))

    # The history

    def _head(self) -> tuple[int, bytes]:
        row = self.row("SELECT number, digest FROM history ORDER BY number DESC LIMIT 1")
        return (row["number"], row["digest"]) if row else (0, FIRST)

    def _append(self, kind: str, instant: int | None, fields: str) -> None:
        (number, before), written = self._head(), int(time.time())
        digest = digest_of(before, number + 1, written, instant, kind, fields)
        self.write("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?)", number + 1, written, instant, kind, digest, fields)

    def _tell(self, table: str, row: Mapping[str, Any], *, removed: bool = False) -> None:
        assert self._changed is not None, f"{table}: rows change by requests only, or no record would tell of it"
        self._changed.append(self._told(table, row, removed=removed))

    def _told(self, table: str, row: Mapping[str, Any], *, removed: bool = False) -> Change:
        key, values = tables()[table].told(row, self._secret)
        return Change(table, key, None if removed else values)

    def _secret(self, box: bytes) -> bytes:
        row = self.row("SELECT secret FROM boxes WHERE box = ?", box)
        return bytes(row["secret"]) if row else b""

    def _execute(self, statement: str, values: Sequence[Any]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except _REFUSALS as error:
            raise self._explained_by(error) from error

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except _REFUSALS as error:
            raise self._explained_by(error) from error

    def _explained_by(self, error: Exception) -> StoreError:
        return StoreError(f"{self._path} {_explain(error)}")


def _explain(error: Exception) -> str:
    if isinstance(error, UnicodeEncodeError):
        return f"can't hold {error.object!a}: it has half a character; leave that out"
    name = getattr(error, "sqlite_errorname", "")
    for start, explanation in _EXPLANATIONS.items():
        if name.startswith(start):
            return f"{explanation} ({error})"
    return f"did not do what was asked of it ({error}); if it was changed by another program, put a copy back in its place"


def _check_place(path: Path) -> None:
    if path.is_dir():
        raise StoreError(f"{path} is a folder; give the path of a file in it, such as {path / 'authority.sqlite'}")
    if path.exists() and not path.is_file():
        raise StoreError(f"{path} is a device or a pipe, and no file; choose another path")
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
