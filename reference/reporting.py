"""What comes back from boxes, and what is told about it: the access report, showing notifications and alerts (`report.*`)."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from lockproof.reference.fields import FieldError, is_instant
from lockproof.reference.store import Store
from lockproof.spec import civil
from lockproof.spec.model import authority as model
from lockproof.spec.observable import (
    Alert,
    AlertKind,
    CodeIndex,
    LogEntry,
    LogKind,
    Notification,
    ReportKind,
    ReportLine,
)

_LARGEST = 2**63 - 1  # that a file can hold
_LARGEST_INDEX = 255  # in one byte, as the digits are made (interop.code)
_OPENINGS = (LogKind.CODE, LogKind.CONNECT)

_PLACE_OF_ISSUE = """
    SELECT issued.*, address, people.name AS person_name
    FROM {table} AS issued
    JOIN properties USING (property)
    JOIN people ON person = {issuer}
"""
GRANT_WITH_PLACE = _PLACE_OF_ISSUE.format(table="grants", issuer="granted_by") + "WHERE grant_id = ?"
CODE_WITH_PLACE = _PLACE_OF_ISSUE.format(table="codes", issuer="generated_by") + "WHERE code = ?"
_USED_GRANT = GRANT_WITH_PLACE + " AND box = ?"
_USED_CODE = (
    _PLACE_OF_ISSUE.format(table="codes", issuer="generated_by")
    + "WHERE box = ? AND day_start = ? AND day_end = ? AND day_index = ?"
)
# A gap shows as soon as any later number has arrived; its instant is the first at which it did.
_GAPS = """
    SELECT * FROM (
        SELECT
            box, epoch,
            coalesce(lag(number) OVER up, 0) + 1 AS first,
            number - 1 AS last,
            min(received) OVER (PARTITION BY box, epoch ORDER BY number DESC) AS received
        FROM receipts
        WINDOW up AS (PARTITION BY box, epoch ORDER BY number)
    ) WHERE first <= last
"""


@dataclass(frozen=True, slots=True)
class Key:
    """Where a log entry stands: the box, the epoch of its log, its number there."""

    box_id: bytes
    epoch: int
    number: int

    def columns(self) -> dict[str, Any]:
        return {"box": self.box_id, "epoch": self.epoch, "number": self.number}


@dataclass(frozen=True, slots=True)
class Place:
    """The property at issue, and its zone."""

    address: str
    zone: str


@dataclass(frozen=True, slots=True)
class Grantor:
    person: str
    name: str


class Reporting:
    """Keeps and tells what happened. Its changes belong inside a request."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_line(
        self,
        kind: ReportKind,
        about: str,
        detail: str,
        place: Place,
        grantor: Grantor,
        *,
        occurred: int,
        received: int,
        entry: Key | None = None,
    ) -> None:
        """A line of the report (`report.lines`) about a grant or a code, for the log entry that it stands for, if any."""
        self._store.add(
            "lines",
            occurred=occurred,
            received=received,
            local_time=civil.local_text(occurred, place.zone),
            kind=kind.value,
            about=about,
            detail=detail,
            location=place.address,
            grantor=grantor.name,
            grantor_id=grantor.person,
            **(entry.columns() if entry else {}),
        )

    def receive(self, box_id: bytes, epoch: int, entry: LogEntry, now: int) -> None:
        """One log entry. Of entries that contradict each other under one key, the first to come stands (`report.once`)."""
        key = _key(box_id, epoch, entry)
        query = "SELECT 1 FROM receipts WHERE box = ? AND epoch = ? AND number = ?"
        received = self._store.row(query, key.box_id, key.epoch, key.number) is not None
        _, outcome = model.receive_entry(
            model.Receipt(received=received, notifications=int(received), lines=int(received)),
            connect=entry.kind is LogKind.CONNECT,
            opening=entry.accepted and entry.kind in _OPENINGS,
        )
        if received:
            return
        occurred = _occurred(entry)
        self._keep(key, entry, occurred, now)
        if outcome.notified:
            self._notify(key, entry, now if occurred is None else occurred, now)
        if outcome.reported:
            self._report_opening(key, entry, now if occurred is None else occurred, now)

    def report(self) -> tuple[ReportLine, ...]:
        """Every line, by the instant at which it happened, then as they came."""
        rows = self._store.rows("SELECT * FROM lines ORDER BY occurred, line")
        return tuple(map(line_of, rows))

    def notifications(self) -> tuple[Notification, ...]:
        """Every showing notification, by the instant of the opening (`connect.notify-once`)."""
        rows = self._store.rows("SELECT * FROM notifications ORDER BY occurred, box, epoch, number")
        return tuple(
            Notification(row["box"], row["epoch"], row["number"], row["grant_id"].hex(), row["occurred"], row["received"])
            for row in rows
        )

    def alerts(self) -> tuple[Alert, ...]:
        """What is missing now, and the uses that belonged to no issued code when they came (`report.alerts`)."""
        gaps = (
            Alert(AlertKind.LOG_GAP, row["box"], row["epoch"], row["first"], row["last"], row["received"])
            for row in self._store.rows(_GAPS)
        )
        unissued = (
            Alert(AlertKind.CODE_NEVER_ISSUED, row["box"], row["epoch"], row["number"], row["number"], row["received"])
            for row in self._store.rows("SELECT * FROM unissued_uses")
        )
        return tuple(sorted((*gaps, *unissued), key=lambda alert: (alert.box_id, alert.epoch, alert.first, alert.kind)))

    def _keep(self, key: Key, entry: LogEntry, occurred: int | None, now: int) -> None:
        self._store.add(
            "receipts",
            **key.columns(),
            received=now,
            kind=entry.kind.value,
            accepted=entry.accepted,
            instant=occurred,
            **dict(zip(("day_start", "day_end", "day_index"), _code(entry) or (), strict=False)),
            grant_id=entry.credential if isinstance(entry.credential, bytes) else None,
            reason=entry.reason,
            count=min(entry.count, _LARGEST),
        )

    def _notify(self, key: Key, entry: LogEntry, occurred: int, now: int) -> None:
        grant = entry.credential if isinstance(entry.credential, bytes) else b""
        self._store.add("notifications", **key.columns(), grant_id=grant, occurred=occurred, received=now)

    def _report_opening(self, key: Key, entry: LogEntry, occurred: int, now: int) -> None:
        if entry.kind is LogKind.CONNECT:
            kind, grant = ReportKind.CONNECT_USED, self._grant(key, entry)
            issued, detail = grant, connect_detail(grant["email"]) if grant else ""
        else:
            kind, code = ReportKind.CODE_USED, self._issued_code(key, entry)
            issued, detail = code, code_detail(code["name"]) if code else ""
        if issued:
            issuer = issued["granted_by"] if kind is ReportKind.CONNECT_USED else issued["generated_by"]
            grantor = Grantor(issuer, issued["person_name"])
            about, place = reference_of(issued), place_of(issued)
            self.add_line(kind, about, detail, place, grantor, occurred=occurred, received=now, entry=key)
        elif entry.kind is LogKind.CODE:
            self._store.add("unissued_uses", **key.columns(), received=now)

    def _grant(self, key: Key, entry: LogEntry) -> sqlite3.Row | None:
        """A grant of another box is none of this one's: its property would be the wrong location."""
        return self._store.row(_USED_GRANT, entry.credential, key.box_id) if isinstance(entry.credential, bytes) else None

    def _issued_code(self, key: Key, entry: LogEntry) -> sqlite3.Row | None:
        code = _code(entry)
        return self._store.row(_USED_CODE, key.box_id, *code) if code else None


def line_of(row: sqlite3.Row) -> ReportLine:
    return ReportLine(
        row["occurred"],
        row["received"],
        row["local_time"],
        ReportKind(row["kind"]),
        row["detail"],
        row["location"],
        row["grantor"],
        row["grantor_id"],
    )


def reference_of(issued: sqlite3.Row) -> str:
    """What a grant or a code is known by."""
    return issued["grant_id"].hex() if "grant_id" in issued.keys() else str(issued["code"])  # noqa: SIM118 (a row's own `in` looks at values)


def place_of(issued: sqlite3.Row) -> Place:
    """Of a row with its place of issue."""
    return Place(issued["address"], issued["zone"])


GENERATED = "LB specific codes generated for Agent"
"""The detail of a generated code, in the words of the source (`report.lines`)."""


def connect_detail(email: str) -> str:
    """What every line about a Connect grant says of it (`connect.recipient-email`)."""
    return f"SentriConnect {email}"


def code_detail(name: str) -> str:
    """What a line about a One Day Code says of who it is for, in the form of the source (`code.record`)."""
    return f"Agent {name}"


def _key(box_id: bytes, epoch: int, entry: LogEntry) -> Key:
    if not (0 <= epoch <= _LARGEST and 1 <= entry.number <= _LARGEST):
        raise FieldError(
            f"box {box_id.hex()}: a log entry numbered {entry.number} in epoch {epoch}; epochs count from 0 and entries"
            " from 1, in 63 bits; nothing of this upload was kept"
        )
    return Key(box_id, epoch, entry.number)


def _code(entry: LogEntry) -> tuple[int, int, int] | None:
    """The code that an entry names, None where it names none that could have been issued."""
    code = entry.credential
    if not isinstance(code, CodeIndex) or not (is_instant(code.day_start) and is_instant(code.day_end)):
        return None
    return (code.day_start, code.day_end, code.index) if 0 <= code.index <= _LARGEST_INDEX else None


def _occurred(entry: LogEntry) -> int | None:
    """None where the box knew no time, or names an instant outside the calendar: such a line is dated when it came."""
    return entry.instant if is_instant(entry.instant) else None
