"""The reference authority: an `Authority` in one SQLite file, which decides through the model and never beside it.

What is here looks up the facts that the model asks for, and keeps what the model says. Every request is one transaction:
what was answered is kept over a power cut, and what was not answered did not happen. Every instant is in seconds UTC.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from lockproof.reference.advice import advise
from lockproof.reference.credentials import (
    BOX_ID_BYTES,
    GRANT_ID_BYTES,
    NONCE_BYTES,
    SECRET_BYTES,
    BoxKeys,
    Digits,
    TicketClaims,
    TimeClaims,
    derive_keys,
    interop_digits,
    live_indices,
    seal_revocation,
    seal_ticket,
    seal_time_order,
)
from lockproof.reference.fields import (
    FieldError,
    a_date,
    a_filled_line,
    a_line,
    an_email,
    an_instant,
    is_email,
    some_bytes,
    unknown,
)
from lockproof.reference.pins import OWASP, PinCost, PinHash, hash_pin, pin_matches
from lockproof.reference.reporting import (
    CODE_WITH_PLACE,
    GRANT_WITH_PLACE,
    Grantor,
    Place,
    Reporting,
    code_detail,
    connect_detail,
    place_of,
)
from lockproof.reference.sharing import SharedCode, as_email, as_text
from lockproof.reference.store import MEMORY, Store
from lockproof.reference.zone_tables import KeptTable, day_at, days_before, last_day_end, make_table
from lockproof.spec import civil
from lockproof.spec.model import authority as model
from lockproof.spec.model import limiter
from lockproof.spec.observable import (
    Advice,
    Alert,
    Answer,
    CodeIndex,
    LogEntry,
    Notification,
    Provisioning,
    ReportKind,
    ReportLine,
    Revocation,
    Role,
    ZoneTable,
)
from lockproof.spec.profile import DEFAULT, Profile
from lockproof.spec.vocabulary import Outcome

Generator = Callable[[bytes, bytes, Profile], Digits]
"""Box id, secret and profile to the digits of every index of that box: `interop_digits`, or a vendor's own."""

_IS_GRANTOR = """
    SELECT 1 FROM owners WHERE box = :box AND person = :person
    UNION ALL
    SELECT 1 FROM assignments JOIN properties USING (property)
    WHERE box = :box AND ended IS NULL
        AND (agent = :person OR office = (SELECT office FROM people WHERE person = :person))
"""
_ASSIGNED = """
    SELECT assignment, property, address, properties.zone AS zone
    FROM assignments JOIN properties USING (property) WHERE box = ? AND ended IS NULL
"""
_ADD_GRANT = """
    INSERT INTO grants (
        grant_id, box, property, granted_by, email, role, zone, tzdata, granted, window_start, window_end
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ADD_CODE = """
    INSERT INTO codes (
        code, box, property, generated_by, generated, date, day_start, day_end, day_index, zone, tzdata, digits, name, role,
        seller_permission
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ADD_TABLE = """
    INSERT INTO zone_tables (assignment, box, zone, tzdata, made, pairs, expiry) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
# Never issued twice, and never issued after it was known to have been used, whoever used it (code.index).
_TAKEN = """
    SELECT day_index FROM codes WHERE box = :box AND day_start = :start AND day_end = :end
    UNION
    SELECT day_index FROM receipts
    WHERE box = :box AND day_start = :start AND day_end = :end AND accepted AND day_index IS NOT NULL
"""
_NO_GRANT = model.Grant(granted=False, window_start=0, window_end=0, revoked=False, moved=False, ended_at=0)


@dataclass(frozen=True, slots=True)
class _Day:
    """The day that a code is asked for: how far ahead, its bounds, the zone and the release of its rules that it was found by.

    `bounds` is None for a date of no length (`time.no-such-day`); `free` is the lowest index that may be issued, if any.
    """

    ahead: int
    bounds: tuple[int, int] | None
    tzdata: str
    free: CodeIndex | None


class ReferenceAuthority:
    """The authority of `spec.observable`, kept in the file at `path`, which is made if need be.

    Raises `StoreError` for a file that can't be used; afterwards `FieldError` for what can't be taken as entered, and
    `UnknownName` for whom or what nobody knows. `pin_cost` counts for PINs set from now on.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = MEMORY,
        profile: Profile = DEFAULT,
        pin_cost: PinCost = OWASP,
        generator: Generator = interop_digits,
    ) -> None:
        self._store = Store(path)
        self._reporting = Reporting(self._store)
        self._profile = profile
        self._pin_cost = pin_cost
        self._generator = generator

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._store.close()

    # People, properties and boxes

    def add_person(self, person: str, name: str, pin: str, office: str | None = None) -> None:
        """An office is known from its first mention on."""
        person, name = a_filled_line(person, "person"), a_filled_line(name, "name")
        if not pin:
            raise FieldError("PIN: nothing was entered; enter at least one character")
        kept = hash_pin(pin, self._pin_cost)
        with self._store.transaction():
            self._must_be_new("person", "people", person)
            office = self._office(office)
            self._store.write(
                "INSERT INTO people (person, name, office, pin_salt, pin_hash, pin_memory, pin_passes, pin_lanes)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                *(person, name, office, kept.salt, kept.digest, kept.cost.memory, kept.cost.passes, kept.cost.lanes),
            )

    def add_property(self, prop: str, address: str, zone: str, agent: str, office: str | None = None) -> None:
        prop, address = a_filled_line(prop, "property"), a_filled_line(address, "address")
        _known_zone(zone)
        with self._store.transaction():
            self._must_be_new("property", "properties", prop)
            self._person(agent)
            office = self._office(office)
            self._store.write("INSERT INTO properties VALUES (?, ?, ?, ?, ?)", prop, address, zone, agent, office)

    def add_box(self, box_id: bytes, secret: bytes, owners: tuple[str, ...] = ()) -> None:
        """A box shares its secret with no other box."""
        some_bytes(box_id, BOX_ID_BYTES, "box")
        some_bytes(secret, SECRET_BYTES, "secret")
        with self._store.transaction():
            if self._store.row("SELECT 1 FROM boxes WHERE box = ?", box_id):
                raise FieldError(f"box: there is a box {box_id.hex()} already; use it, or give this one another id")
            if self._store.row("SELECT 1 FROM boxes WHERE secret = ?", secret):
                raise FieldError("secret: another box has it already; make one of its own for every box, at random")
            self._store.write("INSERT INTO boxes VALUES (?, ?)", box_id, secret)
            self._write_owners(box_id, owners)

    def set_owners(self, box_id: bytes, owners: tuple[str, ...]) -> None:
        with self._store.transaction():
            self._keys(box_id)
            self._store.write("DELETE FROM owners WHERE box = ?", box_id)
            self._write_owners(box_id, owners)

    def set_agent(self, prop: str, agent: str) -> None:
        """What the agent before issued stays."""
        with self._store.transaction():
            self._property(prop)
            self._person(agent)
            self._store.write("UPDATE properties SET agent = ? WHERE property = ?", agent, prop)

    def assign(self, box_id: bytes, prop: str | None, now: int) -> Provisioning | None:
        """To the property where it is already: no move, but a new zone table, which a box needs once a year."""
        an_instant(now, "now")
        with self._store.transaction():
            secret = self._secret(box_id)
            assigned = self._store.row(_ASSIGNED, box_id)
            if assigned and assigned["property"] != prop:
                self._end_assignment(box_id, assigned["assignment"], now)
                assigned = None
            if prop is None:
                return None
            zone = self._property(prop)["zone"]
            if not assigned:
                self._store.write("INSERT INTO assignments (box, property, began) VALUES (?, ?, ?)", box_id, prop, now)
            table = self._new_table(box_id, zone, now)
            return Provisioning(box_id, secret, table)

    # Connect

    def register_account(self, email: str, now: int) -> None:
        """Twice is as good as once; a closed account is open again."""
        key = an_email(email, "email").casefold()
        an_instant(now, "now")
        with self._store.transaction():
            self._store.write(
                "INSERT INTO accounts (email, registered) VALUES (?, ?)"
                " ON CONFLICT (email) DO UPDATE SET registered = excluded.registered, closed = NULL WHERE closed IS NOT NULL",
                *(key, now),
            )

    def close_account(self, email: str, now: int) -> None:
        key = an_email(email, "email").casefold()
        an_instant(now, "now")
        with self._store.transaction():
            if not self._store.row("SELECT 1 FROM accounts WHERE email = ?", key):
                raise unknown("account", key, self._names("email", "accounts"))
            self._store.write("UPDATE accounts SET closed = ? WHERE email = ? AND closed IS NULL", now, key)

    def which(self, role: Role) -> Advice:
        return advise(role)

    def grant_connect(self, by: str, box_id: bytes, email: str, role: Role, start: int, end: int, now: int) -> Answer:
        email = email.strip(" ")
        for value, field in ((start, "start"), (end, "end"), (now, "now")):
            an_instant(value, field)
        with self._store.transaction():
            grantor = self._grantor(by)
            self._keys(box_id)
            assigned = self._store.row(_ASSIGNED, box_id)
            grant, outcome = model.grant_connect(
                _NO_GRANT,
                _recipient(role),
                start,
                end,
                by_grantor=self._is_grantor(box_id, by),
                assigned=assigned is not None,
                email_named=is_email(email),
                now=now,
                profile=self._profile,
            )
            if not outcome.accepted or assigned is None:
                return Answer(False, outcome.clauses())
            grant_id = secrets.token_bytes(GRANT_ID_BYTES)
            zone = assigned["zone"]
            self._store.write(
                _ADD_GRANT,
                *(grant_id, box_id, assigned["property"], by, email, role.value, zone, civil.tzdata_version(), now),
                *(grant.window_start, grant.window_end),
            )
            place = Place(assigned["address"], zone)
            self._reporting.add_line(ReportKind.CONNECT_GRANTED, connect_detail(email), place, grantor, now, now)
            return Answer(True, reference=grant_id.hex())

    def issue_ticket(self, grant: str, account: str, nonce: bytes, now: int) -> Answer:
        some_bytes(nonce, NONCE_BYTES, "nonce")
        an_instant(now, "now")
        with self._store.transaction():
            row = self._grant(grant)
            email = account.strip(" ").casefold()
            is_open = self._store.row("SELECT 1 FROM accounts WHERE email = ? AND closed IS NULL", email) is not None
            registered = is_open and email == row["email"].casefold()
            _, outcome = model.issue_ticket(_as_model(row), registered)
            if not outcome.accepted:
                return Answer(False, outcome.clauses())
            claims = TicketClaims(row["grant_id"], row["window_start"], row["window_end"], nonce)
            return Answer(True, reference=grant, message=seal_ticket(self._keys(row["box"]), claims))

    def revoke(self, reference: str, by: str, now: int) -> Answer:
        an_instant(now, "now")
        with self._store.transaction():
            grantor = self._grantor(by)
            if code := self._store.row(CODE_WITH_PLACE, reference):
                return self._refuse_revocation(code, grantor, now)
            return self._revoke_grant(self._grant(reference), grantor, now)

    def revocation_order(self, grant: str) -> bytes | None:
        row = self._grant(grant)
        return seal_revocation(self._keys(row["box"]), row["grant_id"]) if model.ended(_as_model(row)) else None

    def revocation_delivered(self, grant: str, now: int) -> None:
        """`now` is the instant at which the box heard; the first to be told stands."""
        an_instant(now, "now")
        with self._store.transaction():
            row = self._grant(grant)
            if not model.ended(_as_model(row)):
                raise FieldError(f"grant {grant} is not ended, so no box can have heard of it; revoke it first")
            self._store.write(
                "UPDATE grants SET delivered = ? WHERE grant_id = ? AND delivered IS NULL", now, row["grant_id"]
            )

    def revocations(self) -> tuple[Revocation, ...]:
        """Of every grant that is ended, for whichever reason: a move of the box has the same bound (`connect.property`)."""
        rows = self._store.rows("SELECT * FROM grants WHERE revoked OR moved ORDER BY ended_at, granted, rowid")
        return tuple(
            Revocation(
                row["grant_id"].hex(), row["ended_at"], row["delivered"], row["ended_at"] + self._profile.ticket_life
            )
            for row in rows
        )

    def time_order(self, box_id: bytes, nonce: bytes, value: int) -> bytes:
        some_bytes(nonce, NONCE_BYTES, "nonce")
        return seal_time_order(self._keys(box_id), TimeClaims(an_instant(value, "time"), nonce))

    # One Day Code

    def generate_code(
        self, by: str, pin: str, box_id: bytes, date: str, name: str, role: Role, seller_permission: bool, now: int
    ) -> Answer:
        """A wrong PIN is charged, whatever else forbids the code; a right one never."""
        an_instant(now, "now")
        name, wanted = a_line(name, "name"), a_date(date)
        with self._store.transaction():
            grantor, secret = self._grantor(by), self._secret(box_id)
            assigned = self._store.row(_ASSIGNED, box_id)
            digits_of = self._generator(box_id, secret, self._profile)
            day = self._day(box_id, wanted, assigned["zone"], digits_of, now) if assigned else None
            pin_outcome = self._enter_pin(by, pin, now)
            outcome = model.generate_code(
                _recipient(role),
                seller_permission=seller_permission,
                by_grantor=self._is_grantor(box_id, by),
                assigned=assigned is not None,
                pin_accepted=pin_outcome.accepted,
                named=name != "",
                # Without a property there is no zone, so no day to judge; nor an index of a date of no length.
                days_ahead=day.ahead if day else 0,
                index_free=day is None or day.bounds is None or day.free is not None,
                profile=self._profile,
            )
            clauses = _with_bound(outcome, pin_outcome)
            if day and day.bounds is None:
                clauses = (*clauses, "time.no-such-day")
            if clauses or not (assigned and day and day.free):
                return Answer(False, clauses)
            code_id, digits = f"code-{secrets.token_hex(8)}", digits_of(day.free)
            place = Place(assigned["address"], assigned["zone"])
            self._store.write(
                _ADD_CODE,
                *(code_id, box_id, assigned["property"], by, now, date),
                *(day.free.day_start, day.free.day_end, day.free.index),
                *(place.zone, day.tzdata, digits, name, role.value, seller_permission),
            )
            detail = "LB specific codes generated for Agent"
            self._reporting.add_line(ReportKind.CODE_GENERATED, detail, place, grantor, now, now)
            return Answer(True, reference=code_id, digits=digits, code=day.free)

    def share(self, code: str) -> str:
        return as_text(self._shared(code), self._profile)

    def share_by_email(self, code: str, to: str) -> bytes:
        return as_email(self._shared(code), an_email(to, "to"), self._profile)

    # Report

    def receive(self, box_id: bytes, epoch: int, entries: tuple[LogEntry, ...], now: int) -> None:
        """Of entries that contradict each other under one key, the first to come stands."""
        an_instant(now, "now")
        with self._store.transaction():
            self._keys(box_id)
            for entry in entries:
                self._reporting.receive(box_id, epoch, entry, now)

    def report(self) -> tuple[ReportLine, ...]:
        return self._reporting.report()

    def notifications(self) -> tuple[Notification, ...]:
        return self._reporting.notifications()

    def alerts(self) -> tuple[Alert, ...]:
        return self._reporting.alerts()

    # Moving a box

    def _end_assignment(self, box_id: bytes, assignment: int, now: int) -> None:
        self._store.write("UPDATE assignments SET ended = ? WHERE assignment = ?", now, assignment)
        self._replace_tables(box_id, now)
        for row in self._store.rows("SELECT * FROM grants WHERE box = ? AND NOT moved", box_id):
            after, _ = model.move_box(_as_model(row), now)
            self._keep_grant(row["grant_id"], after)

    def _new_table(self, box_id: bytes, zone: str, now: int) -> ZoneTable:
        try:
            table = make_table(zone, now)
        except civil.CivilError as error:
            raise FieldError(f"zone of the property: {error}") from error
        self._replace_tables(box_id, now)
        assigned = self._store.row(_ASSIGNED, box_id)
        assert assigned is not None
        self._store.write(
            _ADD_TABLE,
            *(assigned["assignment"], box_id, zone, civil.tzdata_version(), now, json.dumps(table.pairs), table.expiry),
        )
        return table

    def _replace_tables(self, box_id: bytes, now: int) -> None:
        """What was in force counts from now on only as far as a code can have been issued by it."""
        for row in self._store.rows("SELECT * FROM zone_tables WHERE box = ? AND last_day_end IS NULL", box_id):
            end = last_day_end(_table(row), now, self._profile)
            self._store.write("UPDATE zone_tables SET last_day_end = ? WHERE zone_table = ?", end, row["zone_table"])

    # The day of a code

    def _day(self, box_id: bytes, wanted: dt.date, zone: str, digits_of: Digits, now: int) -> _Day:
        """As the box will name it: by the table that it was sent, and where that is silent by the rules of today."""
        ahead = (wanted - civil.date_at(now, zone)).days
        tzdata = civil.tzdata_version()
        try:
            by_rules = civil.day_bounds(wanted, zone)
        except civil.NoSuchDay:
            return _Day(ahead, None, tzdata, None)
        except civil.CivilError as error:
            raise FieldError(f"date: {error}") from error
        rows = self._store.rows("SELECT * FROM zone_tables WHERE box = ? ORDER BY zone_table", box_id)
        bounds = day_at(_table(rows[-1]), (by_rules.start + by_rules.end) // 2)
        if bounds is None and 0 <= ahead <= self._profile.code_days_ahead:
            raise FieldError(
                f"box {box_id.hex()}: its zone table ends before {wanted} is over; assign it to its property again,"
                " and give it the new table"
            )
        if bounds:
            tzdata = rows[-1]["tzdata"]
        else:
            bounds = (by_rules.start, by_rules.end)
        return _Day(ahead, bounds, tzdata, self._free_index(box_id, bounds, rows, digits_of))

    def _free_index(
        self, box_id: bytes, bounds: tuple[int, int], rows: list[sqlite3.Row], digits_of: Digits
    ) -> CodeIndex | None:
        """The lowest live one never issued and never known to have been used (`code.index`)."""
        tables = [KeptTable(_table(row), row["last_day_end"]) for row in rows]
        days = days_before(bounds, tables, self._profile)
        named = {"box": box_id, "start": bounds[0], "end": bounds[1]}
        taken = {row["day_index"] for row in self._store.rows(_TAKEN, named)}
        live = live_indices(bounds, days, digits_of, self._profile)
        return next((code for code in live if code.index not in taken), None)

    def _enter_pin(self, person: str, pin: str, now: int) -> Outcome:
        """While the bound disables it, a PIN is not looked at."""
        row = self._person(person)
        examined = limiter.enabled(row["pin_arrival"], now, self._profile)
        cost = PinCost(row["pin_memory"], row["pin_passes"], row["pin_lanes"])
        matches = bool(examined and pin_matches(pin, PinHash(row["pin_salt"], row["pin_hash"], cost)))
        arrival, outcome = model.enter_pin(row["pin_arrival"], matches, now, self._profile)
        self._store.write("UPDATE people SET pin_arrival = ? WHERE person = ?", arrival, person)
        return outcome

    def _shared(self, code: str) -> SharedCode:
        row = self._store.row(CODE_WITH_PLACE, code)
        if row is None:
            raise unknown("code", code, self._names("code", "codes"))
        return SharedCode(
            row["digits"], row["date"], row["address"], row["name"], row["person_name"], row["generated"]
        )

    # Revocation

    def _refuse_revocation(self, code: sqlite3.Row, grantor: Grantor, now: int) -> Answer:
        outcome = model.revoke_code(by_grantor=self._is_grantor(code["box"], grantor.person))
        if outcome.reported:
            kind, detail = ReportKind.CODE_REVOCATION_REFUSED, code_detail(code["name"])
            self._reporting.add_line(kind, detail, place_of(code), grantor, now, now)
        return Answer(False, outcome.clauses())

    def _revoke_grant(self, row: sqlite3.Row, grantor: Grantor, now: int) -> Answer:
        after, outcome = model.revoke_grant(_as_model(row), self._is_grantor(row["box"], grantor.person), now)
        if not outcome.accepted:
            return Answer(False, outcome.clauses())
        self._keep_grant(row["grant_id"], after)
        if outcome.reported:
            detail = connect_detail(row["email"])
            self._reporting.add_line(ReportKind.CONNECT_REVOKED, detail, place_of(row), grantor, now, now)
        order = seal_revocation(self._keys(row["box"]), row["grant_id"])
        return Answer(True, reference=row["grant_id"].hex(), message=order)

    def _keep_grant(self, grant_id: bytes, grant: model.Grant) -> None:
        self._store.write(
            "UPDATE grants SET revoked = ?, moved = ?, ended_at = ? WHERE grant_id = ?",
            *(grant.revoked, grant.moved, grant.ended_at, grant_id),
        )

    # Who and what is known

    def _is_grantor(self, box_id: bytes, person: str) -> bool:
        """Now: listing agent or listing office of where the box is, or an owner (`connect.grantor`, `code.grantor`)."""
        return self._store.row(_IS_GRANTOR, {"box": box_id, "person": person}) is not None

    def _grantor(self, person: str) -> Grantor:
        return Grantor(person, self._person(person)["name"])

    def _person(self, person: str) -> sqlite3.Row:
        if row := self._store.row("SELECT * FROM people WHERE person = ?", person):
            return row
        raise unknown("person", person, self._names("person", "people"))

    def _property(self, prop: str) -> sqlite3.Row:
        if row := self._store.row("SELECT * FROM properties WHERE property = ?", prop):
            return row
        raise unknown("property", prop, self._names("property", "properties"))

    def _grant(self, grant: str) -> sqlite3.Row:
        if row := self._store.row(GRANT_WITH_PLACE, _from_hex(grant)):
            return row
        raise unknown("grant", grant, [*self._names("hex(grant_id)", "grants"), *self._names("code", "codes")])

    def _secret(self, box_id: bytes) -> bytes:
        if row := self._store.row("SELECT secret FROM boxes WHERE box = ?", box_id):
            secret: bytes = row["secret"]
            return secret
        raise unknown("box", box_id.hex(), self._names("hex(box)", "boxes"))

    def _keys(self, box_id: bytes) -> BoxKeys:
        return derive_keys(box_id, self._secret(box_id))

    def _names(self, column: str, table: str) -> list[str]:
        return [row[0].lower() if column.startswith("hex") else row[0] for row in self._store.rows(f"SELECT {column} FROM {table}")]

    def _must_be_new(self, kind: str, table: str, name: str) -> None:
        if name in self._names(kind, table):
            raise FieldError(f"{kind}: there is a {kind} {name!r} already; use it, or give this one another id")

    def _office(self, office: str | None) -> str | None:
        if office is None:
            return None
        office = a_filled_line(office, "office")
        self._store.write("INSERT OR IGNORE INTO offices VALUES (?)", office)
        return office

    def _write_owners(self, box_id: bytes, owners: tuple[str, ...]) -> None:
        for person in dict.fromkeys(owners):
            self._person(person)
            self._store.write("INSERT INTO owners VALUES (?, ?)", box_id, person)


def _recipient(role: Role) -> model.Recipient:
    return model.Recipient(consumer=role is Role.CONSUMER, realtor=role is Role.REALTOR)


def _as_model(row: sqlite3.Row) -> model.Grant:
    return model.Grant(
        granted=True,
        window_start=row["window_start"],
        window_end=row["window_end"],
        revoked=bool(row["revoked"]),
        moved=bool(row["moved"]),
        ended_at=row["ended_at"],
    )


def _table(row: sqlite3.Row) -> ZoneTable:
    return ZoneTable(tuple((utc, offset) for utc, offset in json.loads(row["pairs"])), row["expiry"])


def _with_bound(outcome: Outcome, pin: Outcome) -> tuple[str, ...]:
    """The clauses of a refused code; where the PIN was not examined, the bound stands before `code.pin` and says why."""
    return tuple(
        dict.fromkeys(
            shown for clause in outcome.clauses() for shown in ((*pin.clauses(), clause) if clause == "code.pin" else (clause,))
        )
    )


def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _known_zone(zone: str) -> None:
    try:
        civil.day_bounds(_ANY_DATE, zone)
    except civil.CivilError as error:
        raise FieldError(f"zone: {error}") from error
