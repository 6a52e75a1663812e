"""The tables of the file, and how the history tells of their rows: exactly, and without their secrets.

A secret is told as what only somebody who has it can make of it: the HMAC-SHA-256 of a salt, a hash or a box's secret, which
are too long to be guessed, and that of a code's digits, which are not, under the secret of its box. So the history can be
handed on: it opens no box and gives no PIN away, and a change of any of these is found all the same.
"""

from __future__ import annotations

import hmac
import re
import sqlite3
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from lockproof.reference.migration import statements_from

HISTORY = "history"
COUNT = "sqlite_sequence"  # in which the file knows how many records there have been
_SEALED = {("people", "pin_salt"), ("people", "pin_hash"), ("boxes", "secret"), ("codes", "digits")}
_CLASSES = {"TEXT": str, "INTEGER": int, "BLOB": bytes}
_COMMENT = re.compile(r"--[^\n]*")
_copying = threading.Lock()

Secrets = Callable[[bytes], bytes]
"""A box to its secret."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the columns of its primary key, and every column with the type that it was declared with."""

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, str]

    def told(self, row: Mapping[str, Any], secrets: Secrets) -> tuple[list[Any], dict[str, Any]]:
        """The key of a row, and its other values as far as they are given, as JSON.

        What is not stored as its column is declared is told as just that, so that it is never taken for what it resembles.
        """
        under = secrets(row["box"]) if self.name == "codes" and "digits" in row else b""
        values = {column: self._told(column, value, under) for column, value in row.items()}
        return [values.pop(column) for column in self.key], values

    def _told(self, column: str, value: Any, under: bytes) -> Any:
        if value is None:
            return None
        if isinstance(value, bool):
            value = int(value)
        if type(value) is not _CLASSES[self.columns[column]]:
            return {"stored as": type(value).__name__}
        if (self.name, column) in _SEALED:
            secret = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
            return hmac.digest(under, f"lockproof history {self.name}.{column} ".encode() + secret, "sha256").hex()
        return value.hex() if isinstance(value, bytes) else value


@cache
def tables() -> Mapping[str, Table]:
    """Every table that the history tells of, in the order of the schema."""
    names = [row[0] for row in _blank().execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: _table(name) for name in names if name not in {HISTORY, COUNT}}


# Statements: of names of tables and columns as the schema has them, and of nothing that anybody entered.


def selection(table: str) -> str:
    return f"SELECT * FROM {table}"  # noqa: S608


@cache
def insertion(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608


@cache
def update(table: str, columns: tuple[str, ...]) -> str:
    """Of the row with a key that comes after the columns."""
    return f"UPDATE {table} SET {' = ?, '.join(columns)} = ? WHERE {tables()[table].key[0]} = ?"  # noqa: S608


@cache
def deletion(table: str, columns: tuple[str, ...]) -> str:
    return f"DELETE FROM {table} WHERE {' = ? AND '.join(columns)} = ?"  # noqa: S608


def make_blank(connection: sqlite3.Connection) -> None:
    """A file with nothing in it yet, copied into memory: quicker than to make each of its tables again."""
    with _copying:
        _blank().backup(connection)


def schema(connection: sqlite3.Connection) -> dict[str, str]:
    """What a file is made of (tables, indices, triggers) to how it was made, without comments and spacing."""
    made = connection.execute("SELECT type || ' ' || name, sql FROM sqlite_master")
    return {name: " ".join(_COMMENT.sub("", sql or "").split()) for name, sql in made}


@cache
def schema_of_today() -> Mapping[str, str]:
    return schema(_blank())


@cache
def _blank() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    for statement in statements_from(0):
        connection.execute(statement)
    return connection


def _table(name: str) -> Table:
    # number, name, type, whether it must be filled, default, place in the primary key
    columns = _blank().execute(f"PRAGMA table_info({name})").fetchall()
    key = sorted((place, column) for _, column, _, _, _, place in columns if place)
    return Table(name, tuple(column for _, column in key), {column: kind for _, column, kind, _, _, _ in columns})
