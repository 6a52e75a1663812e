"""The reference authority with a memory of what it was told, and the places in it that its faulty kin change."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.credentials import TicketClaims, derive_keys, interop_digits, seal_ticket
from lockproof.spec.observable import (
    Answer,
    CodeIndex,
    LogEntry,
    Notification,
    Provisioning,
    Role,
)
from lockproof.spec.profile import DEFAULT


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
        answer = self.after_grant(asked, super().grant_connect(*values(self.before_grant(asked))))
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
        answer = self.after_code(asked, super().generate_code(*values(self.before_code(asked))))
        if answer.accepted and answer.reference and answer.code:
            self.codes[answer.reference], self.digits[answer.reference] = asked, answer.digits or ""
            self.issued.add((box_id, answer.code))
        return answer

    def receive(self, box_id: bytes, epoch: int, entries: tuple[LogEntry, ...], now: int) -> None:
        super().receive(box_id, epoch, entries, now)
        self.events += [Event(box_id, epoch, entry, now) for entry in entries]


def values(asked: AsksGrant | AsksCode) -> tuple[Any, ...]:
    return astuple(asked)
