"""What the authority knows, to be looked at: who there is, what was issued, and what became of it. Nothing here changes anything.

Instants are seconds UTC; `zone` is the property's at issue, by the rules of release `tzdata` (`time.recorded`).
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from lockproof.reference.reporting import line_of
from lockproof.reference.store import Store
from lockproof.spec.observable import ReportLine


@dataclass(frozen=True, slots=True)
class Person:
    person: str
    name: str
    office: str | None


@dataclass(frozen=True, slots=True)
class Property:
    prop: str
    address: str
    zone: str
    agent: str
    office: str | None


@dataclass(frozen=True, slots=True)
class KnownBox:
    """`prop` is where it is, since `since`; None where it is at no property."""

    box_id: bytes
    owners: tuple[str, ...]
    prop: str | None
    since: int | None


@dataclass(frozen=True, slots=True)
class Account:
    """Of somebody who uses the app; `closed` is None while it is open (`connect.account`)."""

    email: str
    registered: int
    closed: int | None


@dataclass(frozen=True, slots=True)
class IssuedGrant:
    """A Connect grant. `ended` is when it was revoked, or its box moved away; `delivered` when the box had heard of that."""

    grant: str
    box_id: bytes
    prop: str
    address: str
    by: str
    email: str
    role: str
    zone: str
    tzdata: str
    granted: int
    start: int
    end: int
    revoked: bool
    moved: bool
    ended: int | None
    delivered: int | None


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A One Day Code, without its digits. `first_use` is the earliest that boxes have told of (`code.expiry.after-first-use`)."""

    code: str
    box_id: bytes
    prop: str
    address: str
    by: str
    name: str
    role: str
    seller_permission: bool
    zone: str
    tzdata: str
    generated: int
    date: str
    day_start: int
    day_end: int
    index: int
    first_use: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the access report, of which box and property it is, in which zone, and who was let in: an email, or a name."""

    told: ReportLine
    box_id: bytes
    prop: str
    zone: str
    to: str


_BOXES = """
    SELECT boxes.box, property, began FROM boxes
    LEFT JOIN assignments ON assignments.box = boxes.box AND ended IS NULL ORDER BY boxes.rowid
"""
_CODES = """
    SELECT codes.*, address, (
        SELECT min(instant) FROM receipts
        WHERE receipts.box = codes.box AND receipts.day_start = codes.day_start AND receipts.day_end = codes.day_end
            AND receipts.day_index = codes.day_index AND accepted
    ) AS first_use
    FROM codes JOIN properties USING (property) ORDER BY codes.rowid
"""
_LINES = """
    SELECT lines.*, of.box AS of_box, of.property, of.zone, of.known_as FROM lines JOIN (
        SELECT lower(hex(grant_id)) AS reference, box, property, zone, email AS known_as FROM grants
        UNION ALL
        SELECT code, box, property, zone, name FROM codes
    ) AS of ON about = reference
    ORDER BY occurred, line
"""


class Directory:
    """Looks things up in the authority's file, in the order in which they came."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def people(self) -> tuple[Person, ...]:
        return tuple(Person(row["person"], row["name"], row["office"]) for row in self._in_order("people"))

    def barred(self) -> tuple[str, ...]:
        """The kinds of recipient that the board bars (`eligibility.board`)."""
        return tuple(row["role"] for row in self._in_order("barred"))

    def properties(self) -> tuple[Property, ...]:
        return tuple(
            Property(row["property"], row["address"], row["zone"], row["agent"], row["office"])
            for row in self._in_order("properties")
        )

    def boxes(self) -> tuple[KnownBox, ...]:
        owners: dict[bytes, list[str]] = {}
        for row in self._in_order("owners"):
            owners.setdefault(row["box"], []).append(row["person"])
        return tuple(
            KnownBox(row["box"], tuple(owners.get(row["box"], ())), row["property"], row["began"])
            for row in self._store.rows(_BOXES)
        )

    def accounts(self) -> tuple[Account, ...]:
        return tuple(Account(row["email"], row["registered"], row["closed"]) for row in self._in_order("accounts"))

    def grants(self) -> tuple[IssuedGrant, ...]:
        rows = self._store.rows("SELECT grants.*, address FROM grants JOIN properties USING (property) ORDER BY grants.rowid")
        return tuple(_grant(row) for row in rows)

    def codes(self) -> tuple[IssuedCode, ...]:
        return tuple(_code(row) for row in self._store.rows(_CODES))

    def lines(self) -> tuple[Line, ...]:
        """The access report, as `Authority.report` has it."""
        return tuple(
            Line(line_of(row), row["of_box"], row["property"], row["zone"], row["known_as"]) for row in self._store.rows(_LINES)
        )

    def first_missing(self, box_id: bytes, epoch: int) -> int:
        """The number of the first log entry of a box that has not arrived, from 1."""
        numbers = self._store.column("SELECT number FROM receipts WHERE box = ? AND epoch = ? ORDER BY number", box_id, epoch)
        return next((wanted for wanted, number in enumerate(numbers, 1) if number != wanted), len(numbers) + 1)

    def newest_entry(self, box_id: bytes) -> tuple[int, int]:
        """Epoch and number of the last log entry of a box that has arrived; (0, 0) where none has."""
        newest = "SELECT epoch, number FROM receipts WHERE box = ? ORDER BY epoch DESC, number DESC LIMIT 1"
        row = self._store.row(newest, box_id)
        return (row["epoch"], row["number"]) if row else (0, 0)

    def _in_order(self, table: str) -> list[sqlite3.Row]:
        return self._store.rows(f"SELECT * FROM {table} ORDER BY rowid")  # noqa: S608 (the names stand above)


def _grant(row: sqlite3.Row) -> IssuedGrant:
    return IssuedGrant(
        grant=row["grant_id"].hex(),
        box_id=row["box"],
        prop=row["property"],
        address=row["address"],
        by=row["granted_by"],
        email=row["email"],
        role=row["role"],
        zone=row["zone"],
        tzdata=row["tzdata"],
        granted=row["granted"],
        start=row["window_start"],
        end=row["window_end"],
        revoked=bool(row["revoked"]),
        moved=bool(row["moved"]),
        ended=row["ended_at"] if row["revoked"] or row["moved"] else None,
        delivered=row["delivered"],
    )


def _code(row: sqlite3.Row) -> IssuedCode:
    return IssuedCode(
        code=row["code"],
        box_id=row["box"],
        prop=row["property"],
        address=row["address"],
        by=row["generated_by"],
        name=row["name"],
        role=row["role"],
        seller_permission=bool(row["seller_permission"]),
        zone=row["zone"],
        tzdata=row["tzdata"],
        generated=row["generated"],
        date=row["date"],
        day_start=row["day_start"],
        day_end=row["day_end"],
        index=row["day_index"],
        first_use=row["first_use"],
    )
