"""The reference authority: an `Authority` in one SQLite file, which decides through the model and never beside it.

What is here looks up the facts that the model asks for, and keeps what the model says. Every `request` is one transaction,
with a record in the history: what was answered is kept over a power cut, and what was not answered did not happen. Instants
are seconds UTC.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from lockproof.reference.advice import advise
from lockproof.reference.auditing import Audit, audit
from lockproof.reference.credentials import (
    GRANT_ID_BYTES,
    NONCE_BYTES,
    Digits,
    TicketClaims,
    TimeClaims,
    interop_digits,
    live_indices,
    seal_revocation,
    seal_ticket,
    seal_time_order,
)
from lockproof.reference.directory import Directory
from lockproof.reference.fields import FieldError, a_date, a_line, an_email, an_instant, is_email, some_bytes, unknown
from lockproof.reference.history import Head, Record
from lockproof.reference.pins import OWASP, PinCost
from lockproof.reference.registry import Assignment, Registry, new_pin
from lockproof.reference.reporting import (
    CODE_WITH_PLACE,
    GENERATED,
    GRANT_WITH_PLACE,
    Grantor,
    Reporting,
    code_detail,
    connect_detail,
    place_of,
)
from lockproof.reference.request import request
from lockproof.reference.sharing import SharedCode, as_email, as_text
from lockproof.reference.store import MEMORY, Store
from lockproof.reference.zone_tables import day_at, days_before
from lockproof.spec import civil
from lockproof.spec.model import authority as model
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
)
from lockproof.spec.profile import DEFAULT, Profile
from lockproof.spec.vocabulary import Outcome

Generator = Callable[[bytes, bytes, Profile], Digits]
"""Box id, secret and profile to the digits of every index of that box: `interop_digits`, or a vendor's own."""

_TAKEN = """
    SELECT day_index FROM codes WHERE box = ?1 AND day_start = ?2 AND day_end = ?3
    UNION
    SELECT day_index FROM receipts
    WHERE box = ?1 AND day_start = ?2 AND day_end = ?3 AND accepted AND day_index IS NOT NULL
"""
_NO_GRANT = model.Grant(granted=False, window_start=0, window_end=0, revoked=False, moved=False, ended_at=0)


@dataclass(frozen=True, slots=True)
class _Day:
    """The day that a code is asked for: how far ahead, and by which release of the zone rules it was found.

    `exists` is false for a date of no length (`time.no-such-day`); `free` is the lowest index that may be issued, if any.
    """

    ahead: int
    tzdata: str
    exists: bool
    free: CodeIndex | None = None


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
        self._registry = Registry(self._store, profile)
        self._reporting = Reporting(self._store)
        self.directory = Directory(self._store)
        self._profile = profile
        self._pin_cost = pin_cost
        self._generator = generator

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._store.close()

    # People, properties and boxes

    @request
    def add_person(self, person: str, name: str, pin: str, office: str | None = None) -> None:
        self._registry.add_person(person, name, new_pin(pin, self._pin_cost), office)

    @request
    def set_pin(self, person: str, pin: str, next_pin: str, now: int) -> Answer:
        """From now on `next_pin` is the PIN of this person, who enters the one of before: a wrong one is charged (`code.pin`)."""
        an_instant(now, "now")
        kept = new_pin(next_pin, self._pin_cost)
        outcome = self._registry.enter_pin(person, pin, now)
        if outcome.accepted:
            self._registry.set_pin(person, kept)
        return Answer(outcome.accepted, _of_pin(outcome))

    @request
    def add_property(self, prop: str, address: str, zone: str, agent: str, office: str | None = None) -> None:
        self._registry.add_property(prop, address, zone, agent, office)

    @request
    def add_box(self, box_id: bytes, secret: bytes, owners: tuple[str, ...] = ()) -> None:
        """A box shares its secret with no other box."""
        self._registry.add_box(box_id, secret, owners)

    @request
    def set_owners(self, box_id: bytes, owners: tuple[str, ...]) -> None:
        self._registry.set_owners(box_id, owners)

    @request
    def set_agent(self, prop: str, agent: str) -> None:
        """What the agent before issued stays."""
        self._registry.set_agent(prop, agent)

    @request
    def set_barred(self, roles: tuple[Role, ...]) -> None:
        self._registry.set_barred(tuple(role.value for role in roles))

    @request
    def assign(self, box_id: bytes, prop: str | None, now: int) -> Provisioning | None:
        """To the property where it is already: no move, but a new zone table, which a box needs once a year."""
        an_instant(now, "now")
        secret = self._registry.secret(box_id)
        assigned = self._registry.assigned(box_id)
        if assigned and assigned.prop != prop:
            self._move_away(box_id, now)
            assigned = None
        if prop is None:
            return None
        if not assigned:
            self._registry.assign(box_id, prop, now)
            assigned = self._registry.assigned(box_id)
            assert assigned is not None
        return Provisioning(box_id, secret, self._registry.send_table(box_id, assigned, now))

    def provisioning(self, box_id: bytes) -> Provisioning | None:
        """What the box was told last, to be told again; None where it never was at a property."""
        secret, tables = self._registry.secret(box_id), self._registry.tables(box_id)
        return Provisioning(box_id, secret, tables[-1].kept.table) if tables else None

    def _move_away(self, box_id: bytes, now: int) -> None:
        self._registry.unassign(box_id, now)
        for row in self._store.rows("SELECT * FROM grants WHERE box = ? AND NOT moved", box_id):
            after, _ = model.move_box(_as_model(row), now)
            self._keep_grant(row["grant_id"], after)

    # Connect

    @request
    def register_account(self, email: str, now: int) -> None:
        """Twice is as good as once; a closed account is open again."""
        key, now = an_email(email, "email").casefold(), an_instant(now, "now")
        account = self._store.row("SELECT closed FROM accounts WHERE email = ?", key)
        if account is None:
            self._store.add("accounts", email=key, registered=now)
        elif account["closed"] is not None:
            self._store.change("accounts", key, registered=now, closed=None)

    @request
    def close_account(self, email: str, now: int) -> None:
        key, now = an_email(email, "email").casefold(), an_instant(now, "now")
        account = self._store.row("SELECT closed FROM accounts WHERE email = ?", key)
        if account is None:
            raise unknown("account", key, self._store.column("SELECT email FROM accounts"))
        if account["closed"] is None:
            self._store.change("accounts", key, closed=now)

    def which(self, role: Role) -> Advice:
        return advise(role, barred=role.value in self._registry.barred())

    @request
    def grant_connect(self, by: str, box_id: bytes, email: str, role: Role, start: int, end: int, now: int) -> Answer:
        email = email.strip(" ")
        for value, field in ((start, "start"), (end, "end"), (now, "now")):
            an_instant(value, field)
        grantor = self._registry.grantor(by)
        self._registry.secret(box_id)
        assigned = self._registry.assigned(box_id)
        grant, outcome = model.grant_connect(
            _NO_GRANT,
            _recipient(role),
            start,
            end,
            by_grantor=self._registry.is_grantor(box_id, by),
            assigned=assigned is not None,
            email_named=is_email(email),
            now=now,
            profile=self._profile,
        )
        if not outcome.accepted or assigned is None:
            return Answer(False, outcome.clauses())
        grant_id, place = secrets.token_bytes(GRANT_ID_BYTES), assigned.place
        self._store.add(
            "grants",
            grant_id=grant_id,
            box=box_id,
            property=assigned.prop,
            granted_by=by,
            email=email,
            role=role.value,
            zone=place.zone,
            tzdata=civil.tzdata_version(),
            granted=now,
            window_start=grant.window_start,
            window_end=grant.window_end,
            revoked=grant.revoked,
            moved=grant.moved,
            ended_at=grant.ended_at,
        )
        reference, detail = grant_id.hex(), connect_detail(email)
        self._reporting.add_line(ReportKind.CONNECT_GRANTED, reference, detail, place, grantor, occurred=now, received=now)
        return Answer(True, reference=grant_id.hex())

    @request
    def issue_ticket(self, grant: str, account: str, nonce: bytes, now: int) -> Answer:
        """A ticket does not depend on `now`: whether the window holds is for the box to decide."""
        some_bytes(nonce, NONCE_BYTES, "nonce")
        an_instant(now, "now")
        row = self._grant(grant)
        email = account.strip(" ").casefold()
        is_open = self._store.row("SELECT 1 FROM accounts WHERE email = ? AND closed IS NULL", email) is not None
        _, outcome = model.issue_ticket(_as_model(row), registered=is_open and email == row["email"].casefold())
        if not outcome.accepted:
            return Answer(False, outcome.clauses())
        claims = TicketClaims(row["grant_id"], row["window_start"], row["window_end"], nonce)
        return Answer(True, reference=grant, message=seal_ticket(self._registry.keys(row["box"]), claims))

    def time_order(self, box_id: bytes, nonce: bytes, value: int) -> bytes:
        some_bytes(nonce, NONCE_BYTES, "nonce")
        return seal_time_order(self._registry.keys(box_id), TimeClaims(an_instant(value, "time"), nonce))

    # Revocation

    @request
    def revoke(self, reference: str, by: str, now: int) -> Answer:
        an_instant(now, "now")
        grantor = self._registry.grantor(by)
        if code := self._store.row(CODE_WITH_PLACE, reference):
            return self._refuse_revocation(code, grantor, now)
        return self._revoke_grant(self._grant(reference), grantor, now)

    def revocation_order(self, grant: str) -> bytes | None:
        row = self._grant(grant)
        return seal_revocation(self._registry.keys(row["box"]), row["grant_id"]) if model.ended(_as_model(row)) else None

    @request
    def revocation_delivered(self, grant: str, now: int) -> None:
        """`now` is the instant at which the box heard; the first to be told stands."""
        an_instant(now, "now")
        row = self._grant(grant)
        if not model.ended(_as_model(row)):
            raise FieldError(f"grant {grant} is not ended, so no box can have heard of it; revoke it first")
        if row["delivered"] is None:
            self._store.change("grants", row["grant_id"], delivered=now)

    def revocations(self) -> tuple[Revocation, ...]:
        """Of every grant that is ended, for whichever reason: a move of the box has the same bound (`connect.property`)."""
        rows = self._store.rows("SELECT * FROM grants WHERE revoked OR moved ORDER BY ended_at, rowid")
        life = self._profile.ticket_life
        return tuple(Revocation(row["grant_id"].hex(), row["ended_at"], row["delivered"], row["ended_at"] + life) for row in rows)

    def _refuse_revocation(self, code: sqlite3.Row, grantor: Grantor, now: int) -> Answer:
        outcome = model.revoke_code(by_grantor=self._registry.is_grantor(code["box"], grantor.person))
        if outcome.reported:
            kind, detail = ReportKind.CODE_REVOCATION_REFUSED, code_detail(code["name"])
            self._reporting.add_line(kind, code["code"], detail, place_of(code), grantor, occurred=now, received=now)
        return Answer(False, outcome.clauses())

    def _revoke_grant(self, row: sqlite3.Row, grantor: Grantor, now: int) -> Answer:
        by_grantor = self._registry.is_grantor(row["box"], grantor.person)
        after, outcome = model.revoke_grant(_as_model(row), by_grantor, now)
        if not outcome.accepted:
            return Answer(False, outcome.clauses())
        self._keep_grant(row["grant_id"], after)
        if outcome.reported:
            kind, detail = ReportKind.CONNECT_REVOKED, connect_detail(row["email"])
            about = row["grant_id"].hex()
            self._reporting.add_line(kind, about, detail, place_of(row), grantor, occurred=now, received=now)
        order = seal_revocation(self._registry.keys(row["box"]), row["grant_id"])
        return Answer(True, reference=row["grant_id"].hex(), message=order)

    def _grant(self, grant: str) -> sqlite3.Row:
        if row := self._store.row(GRANT_WITH_PLACE, _from_hex(grant)):
            return row
        known = "SELECT lower(hex(grant_id)) FROM grants UNION SELECT code FROM codes"
        raise unknown("grant", grant, self._store.column(known))

    def _keep_grant(self, grant_id: bytes, grant: model.Grant) -> None:
        self._store.change("grants", grant_id, revoked=grant.revoked, moved=grant.moved, ended_at=grant.ended_at)

    # One Day Code

    @request
    def generate_code(
        self, by: str, pin: str, box_id: bytes, date: str, name: str, role: Role, seller_permission: bool, now: int
    ) -> Answer:
        """A wrong PIN is charged, whatever else forbids the code; a right one never."""
        an_instant(now, "now")
        name, wanted = a_line(name, "name"), a_date(date)
        grantor = self._registry.grantor(by)
        digits_of = self._generator(box_id, self._registry.secret(box_id), self._profile)
        assigned = self._registry.assigned(box_id)
        day = self._day(box_id, assigned, wanted, digits_of, now) if assigned else None
        pin_outcome = self._registry.enter_pin(by, pin, now)
        outcome = model.generate_code(
            _recipient(role),
            seller_permission=seller_permission,
            by_grantor=self._registry.is_grantor(box_id, by),
            assigned=assigned is not None,
            pin_accepted=pin_outcome.accepted,
            has_name=name != "",
            # Without a property there is no zone, hence no day to judge, and a date of no length has no indices.
            days_ahead=day.ahead if day else 0,
            index_free=day is None or not day.exists or day.free is not None,
            let_in=role.value not in self._registry.barred(),
            profile=self._profile,
        )
        clauses = _clauses(outcome, pin_outcome, day)
        if clauses or not (assigned and day and day.free):
            return Answer(False, clauses)
        code_id, code, digits = f"code-{secrets.token_hex(8)}", day.free, digits_of(day.free)
        self._store.add(
            "codes",
            code=code_id,
            box=box_id,
            property=assigned.prop,
            generated_by=by,
            generated=now,
            date=date,
            day_start=code.day_start,
            day_end=code.day_end,
            day_index=code.index,
            zone=assigned.place.zone,
            tzdata=day.tzdata,
            digits=digits,
            name=name,
            role=role.value,
            seller_permission=seller_permission,
        )
        place = assigned.place
        self._reporting.add_line(ReportKind.CODE_GENERATED, code_id, GENERATED, place, grantor, occurred=now, received=now)
        return Answer(True, reference=code_id, digits=digits, code=code)

    def share(self, code: str) -> str:
        return as_text(self._shared(code), self._profile)

    def share_by_email(self, code: str, to: str) -> bytes:
        return as_email(self._shared(code), an_email(to, "to"), self._profile)

    def _day(self, box_id: bytes, assigned: Assignment, wanted: dt.date, digits_of: Digits, now: int) -> _Day:
        """As the box will name it, by the table that it was sent; where that is silent, by the rules of today."""
        zone = assigned.place.zone
        ahead = (wanted - civil.date_at(now, zone)).days
        try:
            by_rules = civil.day_bounds(wanted, zone)
        except civil.NoSuchDay:
            return _Day(ahead, civil.tzdata_version(), exists=False)
        except civil.CivilError as error:
            raise FieldError(f"date: {error}") from error
        tables = self._registry.tables(box_id)
        by_table = day_at(tables[-1].kept.table, (by_rules.start + by_rules.end) // 2)
        if by_table is None and 0 <= ahead <= self._profile.code_days_ahead:
            raise FieldError(
                f"box {box_id.hex()}: the zone table that it was sent ends before {wanted} is over; assign it to"
                f" {assigned.prop} again, and give it the new table"
            )
        bounds = by_table or (by_rules.start, by_rules.end)
        days = days_before(bounds, [sent.kept for sent in tables], self._profile)
        taken = set(self._store.column(_TAKEN, box_id, *bounds))  # issued, or used whoever issued it (code.index)
        live = live_indices(bounds, days, digits_of, self._profile)
        free = next((code for code in live if code.index not in taken), None)
        return _Day(ahead, tables[-1].tzdata if by_table else by_rules.tzdata, exists=True, free=free)

    def _shared(self, code: str) -> SharedCode:
        row = self._store.row(CODE_WITH_PLACE, code)
        if row is None:
            raise unknown("code", code, self._store.column("SELECT code FROM codes"))
        return SharedCode(row["digits"], row["date"], row["address"], row["name"], row["person_name"], row["generated"])

    # Report

    @request
    def receive(self, box_id: bytes, epoch: int, entries: tuple[LogEntry, ...], now: int) -> None:
        """Of entries that contradict each other under one key, the first to come stands."""
        an_instant(now, "now")
        self._registry.secret(box_id)
        for entry in entries:
            self._reporting.receive(box_id, epoch, entry, now)

    def report(self) -> tuple[ReportLine, ...]:
        return self._reporting.report()

    def notifications(self) -> tuple[Notification, ...]:
        return self._reporting.notifications()

    def alerts(self) -> tuple[Alert, ...]:
        return self._reporting.alerts()

    # The history

    def history(self) -> Iterator[Record]:
        """Every request that was answered and may have changed something, from the first on."""
        return self._store.history()

    def head(self) -> Head:
        """The last record of the history; noted elsewhere, it lets `audit` find what is missing at the end."""
        return self._store.head()

    def audit(self, noted: Head | None = None) -> Audit:
        """Whether the history is whole, as far as the `noted` head at least, and whether the tables say what it says."""
        return audit(self._store, noted)


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


def _clauses(outcome: Outcome, pin: Outcome, day: _Day | None) -> tuple[str, ...]:
    """Why there is no code."""
    shown = [because for clause in outcome.clauses() for because in (_of_pin(pin) if clause == "code.pin" else (clause,))]
    missing = ("time.no-such-day",) if day and not day.exists else ()
    return tuple(dict.fromkeys((*shown, *missing)))


def _of_pin(outcome: Outcome) -> tuple[str, ...]:
    """Where a PIN was not examined, the bound stands before `code.pin` and says why it does not hold."""
    return () if outcome.accepted else tuple(dict.fromkeys((*outcome.clauses(), "code.pin")))


def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
