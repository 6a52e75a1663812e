"""An audit: is the history whole, and do the tables say what it says?

The tables are rebuilt from the history alone, in memory, and compared with those of the file row for row. So whatever is
changed behind the authority's back is found, and named: a row, a record of the history, a table, an index or a trigger.

What can't be found from the file alone is what somebody does who redoes all of it: takes away the last records with whatever
they changed and makes the file forget that there were more, or tells another story from some record on, with its chain and
its tables. Against that, note the head of the history elsewhere (`Audit.head`), and give it to a later audit.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lockproof.reference.chain import FIRST
from lockproof.reference.history import NO_HEAD, Change, Head, Record, as_json, digest_of
from lockproof.reference.store import Store
from lockproof.reference.tables import COUNT, HISTORY, Table, schema, schema_of_today, selection, tables


class FindingKind(StrEnum):
    """What is wrong."""

    RECORD_CHANGED = "a record of the history was changed"  # or moved, or put in; or the one before it was
    RECORD_MISSING = "records of the history are missing"
    NOT_AS_NOTED = "the history is not the one whose head was noted"
    ROW_CHANGED = "a row was changed"
    ROW_ADDED = "a row was added"
    ROW_MISSING = "a row is missing"
    SCHEMA_CHANGED = "a table, index or trigger is not as it was made"
    FILE_DAMAGED = "the file is damaged"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: `where` is a record ("record 12"), a row ("grants 00ff…") or a part of the file ("trigger …")."""

    kind: FindingKind
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found, and the head of the history, to be noted where the file's keeper can't change it."""

    head: Head
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        return not self.findings


def audit(store: Store, noted: Head | None = None) -> Audit:
    """All that is found at this instant; others may go on writing. The file's size is needed once more on the disk, and in memory."""
    with closing(store.copy()) as copied:
        copied.row_factory = sqlite3.Row
        copied.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
        history = _History(noted or NO_HEAD)
        found: list[Finding] = []
        try:
            found += _of_the_file(copied)
            changed = {finding.where for finding in found}
            if f"table {HISTORY}" not in changed:
                found += history.read(copied)
                found += _compare(
                    [table for name, table in tables().items() if f"table {name}" not in changed], copied, history.rows
                )
        except sqlite3.DatabaseError as error:
            found.append(Finding(FindingKind.FILE_DAMAGED, "file", f"can't be read on: {error}; put a copy back in its place"))
        return Audit(history.head, tuple(found))


def _of_the_file(copied: sqlite3.Connection) -> Iterator[Finding]:
    """What is wrong with the file as such. The rows of a table that is not as it was made are not looked at."""
    for (told,) in copied.execute("PRAGMA integrity_check(10)"):
        if told != "ok":
            yield Finding(FindingKind.FILE_DAMAGED, "file", f"{told}; put a copy back in its place")
    found, wanted = schema(copied), schema_of_today()
    for name in sorted(found.keys() | wanted.keys()):
        if name not in found:
            yield Finding(FindingKind.SCHEMA_CHANGED, name, "is missing")
        elif name not in wanted:
            yield Finding(FindingKind.SCHEMA_CHANGED, name, "is not one of ours")
        elif found[name] != wanted[name]:
            yield Finding(FindingKind.SCHEMA_CHANGED, name, f"is {found[name]!r}, and was made as {wanted[name]!r}")


@dataclass(slots=True)
class _Row:
    """A row as the history has it, and the record that last told of it."""

    values: dict[str, Any]
    record: int


_Rows = dict[tuple[str, str], _Row]
"""By table and key, as JSON."""


@dataclass(slots=True)
class _History:
    """The history, read from its beginning: whether each record follows, and the rows that come of all of them."""

    noted: Head
    head: Head = NO_HEAD
    rows: _Rows = field(default_factory=dict)

    def read(self, copied: sqlite3.Connection) -> Iterator[Finding]:
        before = FIRST
        for row in copied.execute("SELECT * FROM history ORDER BY number"):
            expected, number = self.head.number + 1, row["number"]
            if number > expected:
                yield _missing(expected, number - 1)
            elif not _follows(row, before):
                message = (
                    "does not follow from the record before: one of the two was changed, moved or put in, or one between left out"
                )
                yield Finding(FindingKind.RECORD_CHANGED, f"record {number}", message)
            before = row["digest"] if isinstance(row["digest"], bytes) else str(row["digest"]).encode()
            self.head = Head(number, before.hex())
            if number == self.noted.number:
                yield from self._compare_with_noted(before.hex())
            yield from self._replay(row)
        yield from self._compare_with_count(copied)

    def _compare_with_noted(self, digest: str) -> Iterator[Finding]:
        if digest != self.noted.digest:
            message = (
                f"has the digest {digest}; that noted is {self.noted.digest}: the history was written anew, up to here at least"
            )
            yield Finding(FindingKind.NOT_AS_NOTED, f"record {self.noted.number}", message)

    def _compare_with_count(self, copied: sqlite3.Connection) -> Iterator[Finding]:
        """Against what the file knows of how many there were, and against the head that was noted."""
        known = [row["seq"] for row in copied.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (HISTORY,))]
        count = known[0] if known and isinstance(known[0], int) else 0
        if count > self.head.number:
            yield _missing(self.head.number + 1, count)
        elif count < self.head.number or len(known) > 1:
            message = f"says that there were {known} records, and there are {self.head.number}"
            yield Finding(FindingKind.RECORD_MISSING, COUNT, message)
        if self.noted.number > self.head.number:
            message = f"is missing: it was noted as the head, {self.noted}, and the history ends with record {self.head.number}"
            yield Finding(FindingKind.NOT_AS_NOTED, f"record {self.noted.number}", message)

    def _replay(self, row: sqlite3.Row) -> Iterator[Finding]:
        try:
            record = Record.of(row)
            for change in record.changed:
                self._carry_out(change, record.number)
        except (ValueError, KeyError) as error:
            yield Finding(FindingKind.RECORD_CHANGED, f"record {row['number']}", f"can't be read ({error})")

    def _carry_out(self, change: Change, record: int) -> None:
        key = (change.table, as_json(change.key))
        if change.values is None:
            self.rows.pop(key, None)
        else:
            row = self.rows.setdefault(key, _Row({}, record))
            row.values |= change.values
            row.record = record


def _follows(row: sqlite3.Row, before: bytes) -> bool:
    told = (row["number"], row["written"], row["instant"], row["kind"], row["fields"])
    return bool(digest_of(before, *told) == row["digest"])


def _missing(first: int, last: int) -> Finding:
    where, verb = (f"record {first}", "is") if first == last else (f"records {first} to {last}", "are")
    return Finding(FindingKind.RECORD_MISSING, where, f"{verb} missing")


def _compare(compared: Iterable[Table], copied: sqlite3.Connection, expected: _Rows) -> Iterator[Finding]:
    """The tables, row by row against what the history has."""
    names = {table.name for table in compared}
    secrets = dict(copied.execute("SELECT box, secret FROM boxes WHERE typeof(secret) = 'blob'")) if "boxes" in names else {}
    for table in compared:
        for row in copied.execute(selection(table.name)):
            yield from _compare_row(table, row, secrets, expected)
    for (name, key), row in expected.items():
        if name in names:
            message = f"is missing; record {row.record} is the last that tells of it"
            yield Finding(FindingKind.ROW_MISSING, _where(name, json.loads(key)), message)


def _compare_row(table: Table, row: sqlite3.Row, secrets: Mapping[bytes, Any], expected: _Rows) -> Iterator[Finding]:
    """What is expected of a row is taken out; what is left in the end is missing."""
    key, found = table.told(dict(row), lambda box: secrets.get(box, b""))
    told = expected.pop((table.name, as_json(key)), None)
    if told is None:
        yield Finding(FindingKind.ROW_ADDED, _where(table.name, key), "stands in no record of the history")
        return
    for column in sorted(found.keys() | told.values.keys()):
        here, there = as_json(found.get(column)), as_json(told.values.get(column))
        if here != there:
            message = f"{column} is {here}, and {there} by the history; record {told.record} is the last that tells of this row"
            yield Finding(FindingKind.ROW_CHANGED, _where(table.name, key), message)


def _where(table: str, key: Iterable[Any]) -> str:
    return " ".join((table, *(each if isinstance(each, str) else as_json(each) for each in key)))
