"""Authorities with one fault each, and some that do nothing sensible at all, with which no clause may pass."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from dataclasses import astuple, dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from lockproof.conformance.faults import authority_fault
from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.credentials import TicketClaims, derive_keys, interop_digits, seal_revocation, seal_ticket
from lockproof.spec import civil
from lockproof.spec.model import authority as model
from lockproof.spec.observable import (
    Advice,
    Alert,
    AlertKind,
    Answer,
    AuthorityHello,
    BenchError,
    CodeIndex,
    LogEntry,
    LogKind,
    Notification,
    Provisioning,
    ReportKind,
    ReportLine,
    Revocation,
    Role,
)
from lockproof.spec.profile import DAY, DEFAULT, HOUR

CODE_LINES = (ReportKind.CODE_USED, ReportKind.CODE_REVOCATION_REFUSED)
CONNECT_LINES = (ReportKind.CONNECT_GRANTED, ReportKind.CONNECT_USED, ReportKind.CONNECT_REVOKED)


@dataclass(frozen=True, slots=True)
class AsksGrant:
    """A Connect grant is asked for."""

    by: str
    box_id: bytes
    email: str
    role: Role
    start: int
    end: int
    now: int


@dataclass(frozen=True, slots=True)
class AsksCode:
    """A One Day Code is asked for."""

    by: str
    pin: str
    box_id: bytes
    date: str
    name: str
    role: Role
    seller_permission: bool
    now: int


@dataclass(frozen=True, slots=True)
class Event:
    """A log entry, as it was received."""

    box_id: bytes
    epoch: int
    entry: LogEntry
    received: int

    @property
    def occurred(self) -> int:
        return self.received if self.entry.instant is None else self.entry.instant

    def notification(self) -> Notification:
        grant = self.entry.credential.hex() if isinstance(self.entry.credential, bytes) else ""
        return Notification(self.box_id, self.epoch, self.entry.number, grant, self.occurred, self.received)


class Remembering(ReferenceAuthority):
    """Decides as the reference does, and keeps in memory what its faulty kin needs; each overrides one of the first methods."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**self.made_with(given))
        self.pins: dict[str, str] = {}
        self.secrets: dict[bytes, bytes] = {}
        self.owners: dict[bytes, tuple[str, ...]] = {}
        self.agents: dict[str, str] = {}
        self.zones: dict[str, str] = {}  # by address, in the order in which they were added
        self.addresses: dict[str, str] = {}
        self.places: dict[bytes, str] = {}
        self.grants: dict[str, AsksGrant] = {}
        self.granted_at: dict[str, str] = {}  # grant -> property
        self.revoked: list[str] = []
        self.codes: dict[str, AsksCode] = {}
        self.digits: dict[str, str] = {}
        self.issued: set[tuple[bytes, CodeIndex]] = set()
        self.events: list[Event] = []

    # What a fault changes

    def made_with(self, given: dict[str, Any]) -> dict[str, Any]:
        return given

    def before_grant(self, asked: AsksGrant) -> AsksGrant:
        return asked

    def after_grant(self, asked: AsksGrant, answer: Answer) -> Answer:
        return answer

    def before_code(self, asked: AsksCode) -> AsksCode:
        return asked

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        return answer

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        return answer

    def after_revoke(self, reference: str, by: str, now: int, answer: Answer) -> Answer:
        return answer

    # What they share

    def ticket(self, grant: str, nonce: bytes, earlier: int = 0) -> Answer:
        """Whatever forbids it."""
        asked = self.grants[grant]
        claims = TicketClaims(bytes.fromhex(grant), asked.start - earlier, asked.end, nonce)
        return Answer(True, reference=grant, message=seal_ticket(derive_keys(asked.box_id, self.secrets[asked.box_id]), claims))

    def code_of(self, asked: AsksCode, code: CodeIndex, reference: str) -> Answer:
        digits = interop_digits(asked.box_id, self.secrets[asked.box_id], DEFAULT)(code)
        return Answer(True, reference=reference, digits=digits, code=code)

    def zone_of(self, box_id: bytes) -> str:
        return self.zones[self.addresses[self.places[box_id]]]

    # The requests

    def add_person(self, person: str, name: str, pin: str, office: str | None = None) -> None:
        super().add_person(person, name, pin, office)
        self.pins[person] = pin

    def add_property(self, prop: str, address: str, zone: str, agent: str, office: str | None = None) -> None:
        super().add_property(prop, address, zone, agent, office)
        self.agents[prop], self.addresses[prop], self.zones[address] = agent, address, zone

    def set_agent(self, prop: str, agent: str) -> None:
        super().set_agent(prop, agent)
        self.agents[prop] = agent

    def add_box(self, box_id: bytes, secret: bytes, owners: tuple[str, ...] = ()) -> None:
        super().add_box(box_id, secret, owners)
        self.secrets[box_id], self.owners[box_id] = secret, owners

    def set_owners(self, box_id: bytes, owners: tuple[str, ...]) -> None:
        super().set_owners(box_id, owners)
        self.owners[box_id] = owners

    def assign(self, box_id: bytes, prop: str | None, now: int) -> Provisioning | None:
        told = super().assign(box_id, prop, now)
        if prop is None:
            self.places.pop(box_id, None)
        else:
            self.places[box_id] = prop
        return told

    def grant_connect(self, by: str, box_id: bytes, email: str, role: Role, start: int, end: int, now: int) -> Answer:
        asked = AsksGrant(by, box_id, email, role, start, end, now)
        answer = self.after_grant(asked, super().grant_connect(*_values(self.before_grant(asked))))
        if answer.accepted and answer.reference:
            self.grants[answer.reference] = asked
            self.granted_at[answer.reference] = self.places.get(box_id, "")
        return answer

    def issue_ticket(self, grant: str, account: str, nonce: bytes, now: int) -> Answer:
        return self.after_ticket(grant, account, nonce, super().issue_ticket(grant, account, nonce, now))

    def revoke(self, reference: str, by: str, now: int) -> Answer:
        answer = self.after_revoke(reference, by, now, super().revoke(reference, by, now))
        if answer.accepted:
            self.revoked.append(reference)
        return answer

    def generate_code(
        self, by: str, pin: str, box_id: bytes, date: str, name: str, role: Role, seller_permission: bool, now: int
    ) -> Answer:
        asked = AsksCode(by, pin, box_id, date, name, role, seller_permission, now)
        answer = self.after_code(asked, super().generate_code(*_values(self.before_code(asked))))
        if answer.accepted and answer.reference and answer.code:
            self.codes[answer.reference], self.digits[answer.reference] = asked, answer.digits or ""
            self.issued.add((box_id, answer.code))
        return answer

    def receive(self, box_id: bytes, epoch: int, entries: tuple[LogEntry, ...], now: int) -> None:
        super().receive(box_id, epoch, entries, now)
        self.events += [Event(box_id, epoch, entry, now) for entry in entries]


def _values(asked: AsksGrant | AsksCode) -> tuple[Any, ...]:
    return astuple(asked)


# Who may be let in


@authority_fault(breaks="eligibility.consumer-never")
class IssuesACodeToAConsumer(Remembering):
    """Issues a One Day Code to a consumer."""

    def before_code(self, asked: AsksCode) -> AsksCode:
        return replace(asked, role=Role.CONTRACTOR) if asked.role is Role.CONSUMER and asked.seller_permission else asked


@authority_fault(breaks="eligibility.consumer-never")
class GrantsToAConsumer(Remembering):
    """Grants Connect access to a consumer."""

    def before_grant(self, asked: AsksGrant) -> AsksGrant:
        return replace(asked, role=Role.REALTOR) if asked.role is Role.CONSUMER else asked


@authority_fault(breaks="eligibility.connect-realtor")
class GrantsToAnyProfession(Remembering):
    """Grants Connect access to contractors, inspectors and the like, too."""

    def before_grant(self, asked: AsksGrant) -> AsksGrant:
        return asked if asked.role is Role.CONSUMER else replace(asked, role=Role.REALTOR)


@authority_fault(breaks="eligibility.code-seller-permission")
class AsksNoSeller(Remembering):
    """Issues codes without the seller's written permission."""

    def before_code(self, asked: AsksCode) -> AsksCode:
        return replace(asked, seller_permission=True)


@authority_fault(breaks="eligibility.code-seller-permission")
class AsksTheSellerForARealtor(Remembering):
    """Issues no code to a REALTOR without the seller's permission either."""

    def before_code(self, asked: AsksCode) -> AsksCode:
        return replace(asked, role=Role.CONTRACTOR) if asked.role is Role.REALTOR else asked


@authority_fault(breaks="eligibility.advice")
class AdvisesACodeForEverybody(Remembering):
    """Recommends a One Day Code whoever comes."""

    def which(self, role: Role) -> Advice:
        return super().which(Role.CONTRACTOR)


# Who grants


@authority_fault(breaks="connect.grantor")
class AnOfficeHasNoSay(Remembering):
    """Takes the listing agent and the owner for grantors, and nobody of the listing office."""

    def add_person(self, person: str, name: str, pin: str, office: str | None = None) -> None:
        super().add_person(person, name, pin)


@authority_fault(breaks="connect.grantor")
class OwnersHaveNoSay(Remembering):
    """Ignores lockbox owner privileges."""

    def add_box(self, box_id: bytes, secret: bytes, owners: tuple[str, ...] = ()) -> None:
        super().add_box(box_id, secret)

    def set_owners(self, box_id: bytes, owners: tuple[str, ...]) -> None:
        """Nobody gets any."""


@authority_fault(breaks="connect.grantor")
class AnOwnerOwnsEveryBox(Remembering):
    """Takes whoever owns a box for an owner of all of them."""

    def after_grant(self, asked: AsksGrant, answer: Answer) -> Answer:
        owns = any(asked.by in owners for owners in self.owners.values())
        if answer.clauses != ("connect.grantor",) or not owns or asked.box_id not in self.places:
            return answer
        return ReferenceAuthority.grant_connect(self, *_values(replace(asked, by=self.agents[self.places[asked.box_id]])))


@authority_fault(breaks="code.grantor")
class WhoLostTheListingStillMakesCodes(Remembering):
    """Never forgets who was a listing agent."""

    def set_agent(self, prop: str, agent: str) -> None:
        self.former = {*getattr(self, "former", ()), self.agents[prop]}
        super().set_agent(prop, agent)

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        if answer.clauses != ("code.grantor",) or asked.by not in getattr(self, "former", ()):
            return answer
        agent = self.agents[self.places[asked.box_id]]
        return ReferenceAuthority.generate_code(self, *_values(replace(asked, by=agent, pin=self.pins[agent])))


@authority_fault(breaks="code.grantor")
class AnybodyMakesCodes(Remembering):
    """Makes a code for everybody who has a PIN."""

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        if answer.clauses != ("code.grantor",) or asked.box_id not in self.places:
            return answer
        agent = self.agents[self.places[asked.box_id]]
        return ReferenceAuthority.generate_code(self, *_values(replace(asked, by=agent, pin=self.pins[agent])))


@authority_fault(breaks="connect.grantor")
class GrantsForABoxOnNoProperty(Remembering):
    """Grants access to a box that is assigned to no property."""

    def after_grant(self, asked: AsksGrant, answer: Answer) -> Answer:
        nowhere = asked.box_id not in self.places and asked.by in self.owners[asked.box_id]
        if answer.clauses != ("connect.grantor",) or not nowhere:
            return answer
        return Answer(True, reference=hashlib.sha256(repr(asked).encode()).hexdigest()[:32])


# What is granted


@authority_fault(breaks="connect.window.length")
class GrantsASecondLessThanHalfAnHour(Remembering):
    """Grants 29 minutes and 59 seconds."""

    def made_with(self, given: dict[str, Any]) -> dict[str, Any]:
        profile = given["profile"]
        return {**given, "profile": replace(profile, window_shortest=profile.window_shortest - 1)}


@authority_fault(breaks="connect.window.length")
class GrantsASecondMoreThanTheLongest(Remembering):
    """Grants seven days and a second."""

    def made_with(self, given: dict[str, Any]) -> dict[str, Any]:
        profile = given["profile"]
        return {**given, "profile": replace(profile, window_longest=profile.window_longest + 1)}


@authority_fault(breaks="connect.window.length")
class CountsAWeekOnTheWall(Remembering):
    """Counts seven days on the clock at the property, so that a week in which clocks change is not 604,800 seconds long."""

    def after_grant(self, asked: AsksGrant, answer: Answer) -> Answer:
        if not answer.accepted:
            return answer
        start, end = (_on_the_wall(instant, self.zone_of(asked.box_id)) for instant in (asked.start, asked.end))
        return Answer(False, ("connect.window.length",)) if end - start > dt.timedelta(days=7) else answer


def _on_the_wall(instant: int, zone: str) -> dt.datetime:
    return dt.datetime.fromtimestamp(instant, ZoneInfo(zone)).replace(tzinfo=None)


@authority_fault(breaks="connect.window.not-over")
class GrantsAWindowThatIsOver(Remembering):
    """Does not look whether a window has ended already."""

    def before_grant(self, asked: AsksGrant) -> AsksGrant:
        return replace(asked, now=min(asked.now, max(asked.end - 1, 0)))


@authority_fault(breaks="connect.window.not-over")
class GrantsNoWindowThatHasBegun(Remembering):
    """Refuses a window with a start in the past."""

    def after_grant(self, asked: AsksGrant, answer: Answer) -> Answer:
        return Answer(False, ("connect.window.not-over",)) if answer.accepted and asked.start < asked.now else answer


@authority_fault(breaks="connect.recipient-email")
class GrantsToNobodyInParticular(Remembering):
    """Needs no email address of whom it grants access."""

    def before_grant(self, asked: AsksGrant) -> AsksGrant:
        return asked if asked.email else replace(asked, email="nobody@example.org")


@authority_fault(breaks="connect.available")
class LosesOneOfTwoGrants(Remembering):
    """Keeps one grant for each person and box: the later of two replaces the earlier."""

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        asked = self.grants[grant]
        same = [name for name, each in self.grants.items() if (each.box_id, each.email) == (asked.box_id, asked.email)]
        return Answer(False, ("connect.account",)) if answer.accepted and grant != same[-1] else answer


# Tickets


@authority_fault(breaks="connect.account")
class TicketsWithoutAnAccount(Remembering):
    """Issues a ticket to the address that was named, whether it has an account or not."""

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        named = account == self.grants[grant].email and account not in getattr(self, "closed", ())
        return self.ticket(grant, nonce) if answer.clauses == ("connect.account",) and named else answer

    def close_account(self, email: str, now: int) -> None:
        super().close_account(email, now)
        self.closed = {*getattr(self, "closed", ()), email}


@authority_fault(breaks="connect.account")
class TicketsToClosedAccounts(Remembering):
    """Goes on issuing tickets when an account is closed."""

    def close_account(self, email: str, now: int) -> None:
        """Changes nothing."""


@authority_fault(breaks="connect.account")
class TicketsToAnyAccount(Remembering):
    """Issues a ticket to every account, and not to that of the grant's email alone."""

    def register_account(self, email: str, now: int) -> None:
        super().register_account(email, now)
        self.accounts = {*getattr(self, "accounts", ()), email}

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        other = account != self.grants[grant].email and account in getattr(self, "accounts", ())
        return self.ticket(grant, nonce) if answer.clauses == ("connect.account",) and other else answer


@authority_fault(breaks="connect.revoke.bound")
class TicketsAfterARevocation(Remembering):
    """Issues tickets for a grant that was revoked."""

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        return self.ticket(grant, nonce) if answer.clauses == ("connect.revoke.bound",) else answer


@authority_fault(breaks="connect.property")
class TicketsAfterAMove(Remembering):
    """A grant survives the reassignment of its box."""

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        return self.ticket(grant, nonce) if answer.clauses == ("connect.property",) else answer


@authority_fault(breaks="connect.property")
class GrantsComeBackWithTheBox(Remembering):
    """A grant that ended with a move of its box lives again when the box comes back."""

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        back = self.places.get(self.grants[grant].box_id) == self.granted_at[grant]
        return self.ticket(grant, nonce) if answer.clauses == ("connect.property",) and back else answer


@authority_fault(breaks="connect.available")
class TicketsForAnHourMore(Remembering):
    """Writes a window into tickets that begins an hour before the one that was granted."""

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        return self.ticket(grant, nonce, earlier=HOUR) if answer.accepted else answer


@authority_fault(breaks="connect.available")
class TicketsForTheFirstNonce(Remembering):
    """Issues one ticket for each grant, and gives it out again for every nonce."""

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        self.first = getattr(self, "first", {})
        return self.first.setdefault(grant, answer) if answer.accepted else answer


# Revocation


@authority_fault(breaks="connect.revoke.any-time")
class AStrangerRevokes(Remembering):
    """Lets everybody revoke a grant."""

    def after_revoke(self, reference: str, by: str, now: int, answer: Answer) -> Answer:
        if answer.clauses != ("connect.revoke.any-time",):
            return answer
        return ReferenceAuthority.revoke(self, reference, self.agents[self.granted_at[reference]], now)


@authority_fault(breaks="connect.revoke.any-time")
class OnlyWhoGrantedRevokes(ReferenceAuthority):
    """Refuses the revocation by another grantor than the one who granted."""

    def grant_connect(self, by: str, box_id: bytes, email: str, role: Role, start: int, end: int, now: int) -> Answer:
        answer = super().grant_connect(by, box_id, email, role, start, end, now)
        self.granted_by = {**getattr(self, "granted_by", {}), answer.reference: by}
        return answer

    def revoke(self, reference: str, by: str, now: int) -> Answer:
        if getattr(self, "granted_by", {}).get(reference, by) != by:
            return Answer(False, ("connect.revoke.any-time",))
        return super().revoke(reference, by, now)


class _RefusesToRevoke(Remembering):
    """Refuses some of the revocations that it must take."""

    def refuses(self, asked: AsksGrant, reference: str, now: int) -> bool:
        raise NotImplementedError

    def revoke(self, reference: str, by: str, now: int) -> Answer:
        if reference in self.grants and self.refuses(self.grants[reference], reference, now):
            return Answer(False, ("connect.revoke.any-time",))
        return super().revoke(reference, by, now)


@authority_fault(breaks="connect.revoke.any-time")
class RevokesNothingBeforeItsWindow(_RefusesToRevoke):
    """Refuses a revocation before the window begins."""

    def refuses(self, asked: AsksGrant, reference: str, now: int) -> bool:
        return now < asked.start


@authority_fault(breaks="connect.revoke.any-time")
class RevokesNothingAfterItsWindow(_RefusesToRevoke):
    """Refuses a revocation when the window is over."""

    def refuses(self, asked: AsksGrant, reference: str, now: int) -> bool:
        return now >= asked.end


@authority_fault(breaks="connect.revoke.any-time")
class RevokesNothingTwice(_RefusesToRevoke):
    """Refuses to revoke what is revoked."""

    def refuses(self, asked: AsksGrant, reference: str, now: int) -> bool:
        return reference in self.revoked


@authority_fault(breaks="connect.revoke.only-it")
class ARevocationEndsEveryGrantOfThePerson(Remembering):
    """Revoking one grant ends every other to the same person."""

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        revoked = {self.grants[name].email for name in self.revoked}
        return Answer(False, ("connect.revoke.bound",)) if answer.accepted and self.grants[grant].email in revoked else answer


@authority_fault(breaks="connect.revoke.bound")
class EffectiveAtOnce(Remembering):
    """Says that a revocation is effective when it is requested, a ticket's life too soon."""

    def revocations(self) -> tuple[Revocation, ...]:
        return tuple(replace(each, effective_by=each.requested) for each in super().revocations())


@authority_fault(breaks="connect.revoke.bound")
class DeliveredWhenRequested(Remembering):
    """Says that the box has heard as soon as the revocation is requested."""

    def revocations(self) -> tuple[Revocation, ...]:
        return tuple(replace(each, delivered=each.delivered or each.requested) for each in super().revocations())


@authority_fault(breaks="connect.revoke.bound")
class NoOrderForABoxThatWasMoved(Remembering):
    """Has no revocation order for a grant that ended with a move of its box."""

    def revocation_order(self, grant: str) -> bytes | None:
        return super().revocation_order(grant) if grant in self.revoked else None


@authority_fault(breaks="connect.revoke.bound")
class OrdersForTheFirstGrant(Remembering):
    """Sends every box the revocation of its first grant."""

    def revocation_order(self, grant: str) -> bytes | None:
        box_id = self.grants[grant].box_id
        first = next(name for name, asked in self.grants.items() if asked.box_id == box_id)
        order = super().revocation_order(grant)
        return order and seal_revocation(derive_keys(box_id, self.secrets[box_id]), bytes.fromhex(first))


# One Day Codes


@authority_fault(breaks="code.irrevocable")
class RevokesACode(Remembering):
    """Takes the revocation of a One Day Code."""

    def after_revoke(self, reference: str, by: str, now: int, answer: Answer) -> Answer:
        return Answer(True, reference=reference) if reference in self.codes else answer


@authority_fault(breaks="code.pin")
class NeedsNoPin(Remembering):
    """Takes every PIN for the right one."""

    def before_code(self, asked: AsksCode) -> AsksCode:
        return replace(asked, pin=self.pins[asked.by])


@authority_fault(breaks="code.pin")
class TakesAnybodysPin(Remembering):
    """Takes the PIN of any grantor for that of each."""

    def before_code(self, asked: AsksCode) -> AsksCode:
        return replace(asked, pin=self.pins[asked.by]) if asked.pin in self.pins.values() else asked


class _OwnPins(Remembering):
    """Looks at PINs by itself."""

    def whose(self, person: str) -> str:
        """For whom wrong ones are counted together."""
        return person

    def accepted(self, person: str) -> None:
        """The right one was entered."""

    def examined(self, asked: AsksCode) -> tuple[str, ...]:
        arrivals: dict[str, int] = self.__dict__.setdefault("arrivals", {})
        matches = asked.pin == self.pins[asked.by]
        key = self.whose(asked.by)
        arrivals[key], outcome = model.enter_pin(arrivals.get(key, 0), matches, asked.now, DEFAULT)
        if outcome.accepted:
            self.accepted(asked.by)
        return tuple(outcome.clauses())

    def generate_code(
        self, by: str, pin: str, box_id: bytes, date: str, name: str, role: Role, seller_permission: bool, now: int
    ) -> Answer:
        if against := self.examined(AsksCode(by, pin, box_id, date, name, role, seller_permission, now)):
            return Answer(False, against)
        return super().generate_code(by, pin, box_id, date, name, role, seller_permission, now)


@authority_fault(breaks="code.pin")
class BoundsNoPins(_OwnPins):
    """Looks at as many wrong PINs as somebody likes to try."""

    def examined(self, asked: AsksCode) -> tuple[str, ...]:
        return () if asked.pin == self.pins[asked.by] else ("code.pin",)


@authority_fault(breaks="code.pin")
class BoundsPinsOfAllTogether(_OwnPins):
    """Counts the wrong PINs of all grantors together, so that one can keep out another."""

    def whose(self, person: str) -> str:
        return ""


@authority_fault(breaks="code.pin")
class ForgetsWrongPinsAtARightOne(_OwnPins):
    """Begins to count anew whenever a right PIN is entered."""

    def accepted(self, person: str) -> None:
        self.__dict__["arrivals"][person] = 0


@authority_fault(breaks="code.record")
class MakesCodesForNobody(Remembering):
    """Needs no name of who will use the code."""

    def before_code(self, asked: AsksCode) -> AsksCode:
        return replace(asked, name=asked.name.strip() or "-")


@authority_fault(breaks="code.record")
class ForgetsTheName(Remembering):
    """Leaves the name of who used a code out of the report."""

    def report(self) -> tuple[ReportLine, ...]:
        return tuple(replace(line, detail="Agent ") if line.kind in CODE_LINES else line for line in super().report())


@authority_fault(breaks="code.date")
class CodesFifteenDaysAhead(Remembering):
    """Issues a code for the day after the last one that is near enough."""

    def made_with(self, given: dict[str, Any]) -> dict[str, Any]:
        profile = given["profile"]
        return {**given, "profile": replace(profile, code_days_ahead=profile.code_days_ahead + 1)}


@authority_fault(breaks="code.date")
class CodesForYesterday(Remembering):
    """Issues a code for a day that is over."""

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        over = asked.date < civil.date_at(asked.now, self.zone_of(asked.box_id)).isoformat()
        if answer.clauses != ("code.date",) or not over:
            return answer
        return ReferenceAuthority.generate_code(self, *_values(replace(asked, now=asked.now - DAY)))


@authority_fault(breaks="code.date")
class TodayIsTheDateInUtc(Remembering):
    """Takes today for the date in UTC, which at the property it may not be any more, or not yet."""

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        today = dt.datetime.fromtimestamp(asked.now, dt.UTC).date().isoformat()
        return Answer(False, ("code.date",)) if answer.accepted and asked.date < today else answer


class _OtherDays(Remembering):
    """Names the day of a code otherwise."""

    def day(self, asked: AsksCode, code: CodeIndex) -> tuple[int, int]:
        raise NotImplementedError

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        if answer.code is None or answer.reference is None:
            return answer
        return self.code_of(asked, CodeIndex(*self.day(asked, answer.code), answer.code.index), answer.reference)


@authority_fault(breaks="time.day")
class DaysInUtc(_OtherDays):
    """Names a day by its bounds in UTC, wherever the property is."""

    def day(self, asked: AsksCode, code: CodeIndex) -> tuple[int, int]:
        day = civil.day_bounds(dt.date.fromisoformat(asked.date), "UTC")
        return day.start, day.end


@authority_fault(breaks="time.day")
class DaysOfTwentyFourHours(_OtherDays):
    """Takes every day to be 24 hours long."""

    def day(self, asked: AsksCode, code: CodeIndex) -> tuple[int, int]:
        return code.day_start, code.day_start + DAY


@authority_fault(breaks="time.day")
class DaysFromMidnight(_OtherDays):
    """Lets a day begin at 00:00, also where the clocks skip that, or show it twice."""

    def day(self, asked: AsksCode, code: CodeIndex) -> tuple[int, int]:
        zone, date = ZoneInfo(self.zone_of(asked.box_id)), dt.date.fromisoformat(asked.date)
        midnights = (dt.datetime.combine(day, dt.time(), zone) for day in (date, date + dt.timedelta(days=1)))
        start, end = (int(midnight.timestamp()) for midnight in midnights)
        return start, end


@authority_fault(breaks="time.no-such-day")
class CodesForADayThatWasLeftOut(Remembering):
    """Issues a code for a date that the zone skipped: that of the day after it."""

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        if answer.clauses != ("time.no-such-day",):
            return answer
        after = dt.date.fromisoformat(asked.date) + dt.timedelta(days=1)
        return ReferenceAuthority.generate_code(self, *_values(replace(asked, date=after.isoformat())))


class _OtherIndices(Remembering):
    """Gives out an index that the reference passes over."""

    def would_give(self, box_id: bytes, code: CodeIndex) -> bool:
        raise NotImplementedError

    def was_used(self, box_id: bytes, code: CodeIndex) -> bool:
        return any(each.box_id == box_id and each.entry.credential == code for each in self.events)

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        if answer.code is None or answer.reference is None:
            return answer
        for index in range(answer.code.index):
            code = replace(answer.code, index=index)
            if (asked.box_id, code) not in self.issued and self.would_give(asked.box_id, code):
                return self.code_of(asked, code, answer.reference)
        return answer


@authority_fault(breaks="code.index")
class IssuesADeadIndex(_OtherIndices):
    """Issues an index whose digits are those of another."""

    def would_give(self, box_id: bytes, code: CodeIndex) -> bool:
        return not self.was_used(box_id, code)


@authority_fault(breaks="code.index")
class IssuesAUsedIndex(_OtherIndices):
    """Issues an index that is known to have been used."""

    def would_give(self, box_id: bytes, code: CodeIndex) -> bool:
        return self.was_used(box_id, code)


@authority_fault(breaks="code.index")
class IssuesAnIndexTwice(Remembering):
    """Issues the first index of a day over and over."""

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        if answer.code is None or answer.reference is None:
            return answer
        days = [code for box_id, code in self.issued if (box_id, code.day_start) == (asked.box_id, answer.code.day_start)]
        return self.code_of(asked, min(days, default=answer.code), answer.reference)


@authority_fault(breaks="code.index")
class IssuesANinthCode(Remembering):
    """Issues a ninth code for a day, of an index that no box knows."""

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        if answer.clauses != ("code.index",):
            return answer
        day = civil.day_bounds(dt.date.fromisoformat(asked.date), self.zone_of(asked.box_id))
        return self.code_of(asked, CodeIndex(day.start, day.end, DEFAULT.code_indices), "the ninth")


@authority_fault(breaks="code.index")
class IssuesTheDigitsOfTheNextIndex(Remembering):
    """Issues an index, and the digits of the one after it."""

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        if answer.code is None or answer.reference is None:
            return answer
        following = self.code_of(asked, replace(answer.code, index=answer.code.index + 1), answer.reference)
        return replace(following, code=answer.code)


@authority_fault(breaks="code.share")
class SharesWithoutTheDigits(Remembering):
    """Shares the instructions without the code itself."""

    def share(self, code: str) -> str:
        return super().share(code).replace(self.digits[code], "from your agent")


@authority_fault(breaks="code.share")
class SharesWithoutTheDay(Remembering):
    """Shares a code without the day for which it is."""

    def share(self, code: str) -> str:
        return super().share(code).replace(self.codes[code].date, "the day")


@authority_fault(breaks="code.share")
class EmailsWithoutTheDigits(Remembering):
    """Leaves the digits out of the email, and not out of the text message."""

    def share_by_email(self, code: str, to: str) -> bytes:
        return super().share_by_email(code, to).replace(self.digits[code].encode(), b"from your agent")


# Notifications


@authority_fault(breaks="code.notify-never")
class NotifiesForACode(Remembering):
    """Notifies of openings with a One Day Code, too."""

    def notifications(self) -> tuple[Notification, ...]:
        used = {(each.epoch, each.entry.number): each for each in self.events if each.entry.kind is LogKind.CODE}
        return (*super().notifications(), *(each.notification() for each in used.values() if each.entry.accepted))


@authority_fault(breaks="connect.notify-once")
class NotifiesAtEveryUpload(Remembering):
    """Notifies again of an opening that is uploaded again."""

    def notifications(self) -> tuple[Notification, ...]:
        found = (each for each in self.events if each.entry.kind is LogKind.CONNECT and each.entry.accepted)
        return tuple(each.notification() for each in found)


@authority_fault(breaks="connect.notify-once")
class NotifiesOfARefusal(Remembering):
    """Notifies of tickets that the box refused."""

    def notifications(self) -> tuple[Notification, ...]:
        refused = {
            (each.epoch, each.entry.number): each.notification()
            for each in self.events
            if each.entry.kind is LogKind.CONNECT and not each.entry.accepted
        }
        return (*super().notifications(), *refused.values())


@authority_fault(breaks="connect.notify-once")
class NotifiesOncePerGrant(Remembering):
    """Notifies of the first opening with a grant, and of none after it."""

    def notifications(self) -> tuple[Notification, ...]:
        return tuple({each.grant: each for each in reversed(super().notifications())}.values())[::-1]


@authority_fault(breaks="connect.notify-once")
class NotifiesNobody(Remembering):
    """Notifies of nothing."""

    def notifications(self) -> tuple[Notification, ...]:
        return ()


# The report


class _OtherTimes(Remembering):
    """Writes the time of a line in another zone."""

    def zone(self, line: ReportLine) -> str:
        raise NotImplementedError

    def report(self) -> tuple[ReportLine, ...]:
        lines = super().report()
        return tuple(replace(line, local_time=civil.local_text(line.occurred, self.zone(line))) for line in lines)


@authority_fault(breaks="report.lines")
class ReportsInUtc(_OtherTimes):
    """Writes the report in UTC."""

    def zone(self, line: ReportLine) -> str:
        return "UTC"


@authority_fault(breaks="time.recorded")
class ReportsInTheZoneOfNow(_OtherTimes):
    """Writes the report in the zone of where the box is now."""

    def zone(self, line: ReportLine) -> str:
        first = next(iter(self.places), b"")
        return self.zone_of(first) if first else self.zones[line.location]


@authority_fault(breaks="time.recorded")
class ReportsInTheZoneOfAnotherProperty(_OtherTimes):
    """Writes the report in the zone of the property that was added last."""

    def zone(self, line: ReportLine) -> str:
        return list(self.zones.values())[-1]


@authority_fault(breaks="time.recorded")
class ReportsWhereTheBoxIsNow(Remembering):
    """Writes the address of where the box is now into every line."""

    def report(self) -> tuple[ReportLine, ...]:
        first = next(iter(self.places), b"")
        here = self.addresses[self.places[first]] if first else ""
        return tuple(replace(line, location=here or line.location) for line in super().report())


@authority_fault(breaks="report.lines")
class ReportsNoIdOfTheGrantor(Remembering):
    """Names the grantor, and not by which id."""

    def report(self) -> tuple[ReportLine, ...]:
        return tuple(replace(line, grantor_id="") for line in super().report())


@authority_fault(breaks="connect.recipient-email")
class ReportsNoEmail(Remembering):
    """Leaves the email address out of the lines about a grant."""

    def report(self) -> tuple[ReportLine, ...]:
        return tuple(replace(line, detail="SentriConnect") if line.kind in CONNECT_LINES else line for line in super().report())


@authority_fault(breaks="report.once")
class ASecondRevocationAddsALine(Remembering):
    """Reports every revocation of a grant, also of one that is revoked."""

    def after_revoke(self, reference: str, by: str, now: int, answer: Answer) -> Answer:
        if answer.accepted and reference in self.revoked:
            self.again = (*getattr(self, "again", ()), now)
        return answer

    def report(self) -> tuple[ReportLine, ...]:
        lines = super().report()
        like = next((line for line in lines if line.kind is ReportKind.CONNECT_REVOKED), None)
        added = [replace(like, occurred=at, received=at) for at in getattr(self, "again", ())] if like else []
        return tuple(sorted((*lines, *added), key=lambda line: line.occurred))


@authority_fault(breaks="report.once")
class ReportsNoRefusedRevocation(Remembering):
    """Leaves no trace of a revocation of a code that it refused."""

    def report(self) -> tuple[ReportLine, ...]:
        return tuple(line for line in super().report() if line.kind is not ReportKind.CODE_REVOCATION_REFUSED)


@authority_fault(breaks="report.once")
class AStrangersRequestAddsALine(Remembering):
    """Reports the refused revocation of a code also where a stranger has asked."""

    def after_revoke(self, reference: str, by: str, now: int, answer: Answer) -> Answer:
        if reference in self.codes:
            before = len(super().report())
            agent = self.agents[self.places[self.codes[reference].box_id]]
            if len(self.lines_of(by, now)) < 1:
                ReferenceAuthority.revoke(self, reference, agent, now)
            assert len(super().report()) >= before
        return answer

    def lines_of(self, by: str, now: int) -> list[ReportLine]:
        """The refusals of this instant that were asked for by this person."""
        return [
            line
            for line in super().report()
            if (line.kind, line.grantor_id, line.occurred) == (ReportKind.CODE_REVOCATION_REFUSED, by, now)
        ]


@authority_fault(breaks="report.once")
class ReportsAtEveryUpload(Remembering):
    """Adds a line for a use each time that it is uploaded."""

    def report(self) -> tuple[ReportLine, ...]:
        lines = super().report()
        keys = [(each.box_id, each.epoch, each.entry.number) for each in self.events if each.entry.accepted]
        most = max((keys.count(key) for key in keys), default=0)
        uses = [line for line in lines if line.kind in {ReportKind.CODE_USED, ReportKind.CONNECT_USED}]
        return tuple(sorted((*lines, *uses * (most - 1)), key=lambda line: line.occurred))


@authority_fault(breaks="report.once")
class TakesNoEntryOutOfOrder(Remembering):
    """Drops entries with a lower number than the highest that has come."""

    def receive(self, box_id: bytes, epoch: int, entries: tuple[LogEntry, ...], now: int) -> None:
        for entry in entries:
            come = [each.entry.number for each in self.events if (each.box_id, each.epoch) == (box_id, epoch)]
            if entry.number > max(come, default=0):
                super().receive(box_id, epoch, (entry,), now)


@authority_fault(breaks="report.once")
class ReportsOnlyTheFirstUse(Remembering):
    """Reports the first use of a code, and none after it."""

    def report(self) -> tuple[ReportLine, ...]:
        seen: set[str] = set()
        kept = []
        for line in super().report():
            if line.kind is not ReportKind.CODE_USED or line.detail not in seen:
                kept.append(line)
            seen |= {line.detail} if line.kind is ReportKind.CODE_USED else set()
        return tuple(kept)


@authority_fault(breaks="report.late")
class ForgetsWhenItHeard(Remembering):
    """Keeps of an event only when it occurred."""

    def report(self) -> tuple[ReportLine, ...]:
        return tuple(replace(line, received=line.occurred) for line in super().report())


@authority_fault(breaks="report.late")
class DatesEventsWhenTheyCome(_OtherTimes):
    """Dates an event by when the authority heard of it."""

    def zone(self, line: ReportLine) -> str:
        return self.zones[line.location]

    def report(self) -> tuple[ReportLine, ...]:
        lines = (replace(line, occurred=line.received) for line in super().report())
        return tuple(replace(line, local_time=civil.local_text(line.occurred, self.zone(line))) for line in lines)


# Alerts


class _FewerAlerts(Remembering):
    """Leaves out some alerts."""

    def raises(self, alert: Alert) -> bool:
        raise NotImplementedError

    def alerts(self) -> tuple[Alert, ...]:
        return tuple(alert for alert in super().alerts() if self.raises(alert))


@authority_fault(breaks="report.alerts")
class AlertsNoGap(_FewerAlerts):
    """Does not see that numbers are missing in a log."""

    def raises(self, alert: Alert) -> bool:
        return alert.kind is not AlertKind.LOG_GAP


@authority_fault(breaks="report.alerts")
class AlertsNoGapAtTheBeginning(_FewerAlerts):
    """Does not see that the first entry is missing."""

    def raises(self, alert: Alert) -> bool:
        return alert.kind is not AlertKind.LOG_GAP or alert.first > 1


@authority_fault(breaks="report.alerts")
class AlertsNoCodeThatWasNeverIssued(_FewerAlerts):
    """Takes the use of a code that was never issued for any other."""

    def raises(self, alert: Alert) -> bool:
        return alert.kind is not AlertKind.CODE_NEVER_ISSUED


@authority_fault(breaks="report.alerts")
class NeverClosesAGap(Remembering):
    """Goes on alerting of a gap when the missing entries have arrived."""

    def alerts(self) -> tuple[Alert, ...]:
        self.seen = {**getattr(self, "seen", {}), **{(each.first, each.last, each.kind): each for each in super().alerts()}}
        return tuple(self.seen.values())


# Nothing sensible at all


class _Deciding(Remembering):
    """Answers otherwise than it should to whatever it decides."""

    def decide(self, right: Answer) -> Answer:
        raise NotImplementedError

    def accept(self) -> Answer:
        """As if: everything that an accepted answer may have, made up."""
        self.made = getattr(self, "made", 0) + 1
        reference = hashlib.sha256(str(self.made).encode()).hexdigest()[:32]
        return Answer(True, (), reference, b"", "00000000", CodeIndex(0, DAY, self.made % DEFAULT.code_indices))

    def grant_connect(self, by: str, box_id: bytes, email: str, role: Role, start: int, end: int, now: int) -> Answer:
        return self.decide(super().grant_connect(by, box_id, email, role, start, end, now))

    def issue_ticket(self, grant: str, account: str, nonce: bytes, now: int) -> Answer:
        right = super().issue_ticket(grant, account, nonce, now) if grant in self.grants else Answer(False)
        return self.decide(right)

    def revoke(self, reference: str, by: str, now: int) -> Answer:
        known = reference in self.grants or reference in self.codes
        return self.decide(super().revoke(reference, by, now) if known else Answer(False))

    def revocation_order(self, grant: str) -> bytes | None:
        return super().revocation_order(grant) if grant in self.grants else None

    def generate_code(
        self, by: str, pin: str, box_id: bytes, date: str, name: str, role: Role, seller_permission: bool, now: int
    ) -> Answer:
        return self.decide(super().generate_code(by, pin, box_id, date, name, role, seller_permission, now))


REFUSED = Answer(False, ("connect.grantor",))


@authority_fault(breaks=None)
class AuthorityRefusesAll(_Deciding):
    """Refuses every grant, code, ticket and revocation."""

    def decide(self, right: Answer) -> Answer:
        return REFUSED


@authority_fault(breaks=None)
class AuthorityAcceptsAll(_Deciding):
    """Accepts whatever it is asked."""

    def decide(self, right: Answer) -> Answer:
        return right if right.accepted else self.accept()


@authority_fault(breaks=None)
class AuthoritySaysTheOpposite(_Deciding):
    """Accepts what it should refuse, and refuses the rest."""

    def decide(self, right: Answer) -> Answer:
        return REFUSED if right.accepted else self.accept()


@authority_fault(breaks=None)
class AuthorityAnswersAtRandom(_Deciding):
    """Accepts or refuses by the toss of a coin, the same tosses every time."""

    coin = random.Random(4711)  # noqa: S311 (no secret)

    def decide(self, right: Answer) -> Answer:
        accepts = self.coin.random() < 0.5  # noqa: PLR2004 (a coin)
        return (right if right.accepted else self.accept()) if accepts else REFUSED


@authority_fault(breaks=None)
class AuthoritySilent(Remembering):
    """Never says anything."""

    @staticmethod
    def says_hello(_: AuthorityHello) -> AuthorityHello:
        raise BenchError("no authority answers")
