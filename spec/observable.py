"""What a bench can do to a box, and what it can see of it.

The reference box, a faulty box and a box at the other end of a wire all stand behind `Box`. Nothing that is not named
here may decide a verdict.

Units: instants are whole seconds since 1970-01-01T00:00:00Z; durations are whole seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class BenchError(Exception):
    """The harness or the link failed: says what was seen, where, and what to do. Never a verdict about the box."""


class BadInput(Exception):  # noqa: N818  (reads as what it is)
    """What was asked for or handed in cannot be used: what, where, and what to do instead. No box was judged."""


class NoAnswer(BenchError):  # noqa: N818  (reads as what happened: the command went out, no answer came back)
    """A command went out and no answer came back: it may have been carried out wholly, in part or not at all."""


class LinkLost(NoAnswer):
    """The line was open and is gone: unplugged, closed at the other end, or its driver gave up."""


class Declined(BenchError):  # noqa: N818  (reads as what happened: the box did not do it)
    """The box is well, says that it does not do this, and has changed nothing. Not a decision about a credential.

    `why` is "unknown-command", "bad-arguments", "unsupported", "refused" (a test command to a production build) or
    "not-provisioned".
    """

    def __init__(self, why: str, message: str) -> None:
        super().__init__(message)
        self.why = why


class LogKind(StrEnum):
    """What a log entry is about (`box.log`)."""

    CODE = "code"  # a decided keypad presentation
    CONNECT = "connect"  # a decided ticket presentation
    REFUSALS = "refusals"  # presentations refused while disabled or not ready, coalesced with a count


@dataclass(frozen=True, slots=True, order=True)
class CodeIndex:
    """One of a day's codes: the day by its UTC bounds `[day_start, day_end)`, and the index in that day, from 0."""

    day_start: int
    day_end: int
    index: int


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of the box's log (`box.log`).

    `instant` is box time, None where the time was unknown. `credential` is the code's index, the grant's id, or None where
    the presentation belonged to none. `reason` is a clause id, None when accepted or when the box tells no reasons.
    `count` is the number of presentations the entry stands for; it is 1 except for `LogKind.REFUSALS`.
    """

    number: int
    kind: LogKind
    accepted: bool
    instant: int | None
    credential: CodeIndex | bytes | None
    reason: str | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class LogPage:
    """Entries in order of number, as many as one answer holds; the log goes on at `next_number` if `more`.

    When `more` is False, `next_number` is the number that the next entry will get.
    """

    epoch: int
    entries: tuple[LogEntry, ...]
    next_number: int
    more: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """A box's answer to a presentation or an order: accepted or not, why not, and the box time latched at the decision."""

    accepted: bool
    reason: str | None = None
    box_time: int | None = None


SELF_REPORTED = "self-reported"
"""How an opening is marked that only the box itself tells of."""


@dataclass(frozen=True, slots=True)
class ObservedDecision(Decision):
    """A decision at which somebody looked: `accepted` is what was seen of the box, `reported` what it said of itself.

    `observed_by` is "operator" or "sensed".
    """

    observed_by: str = SELF_REPORTED
    reported: bool = False


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What the box's clock shows, None while the time is unknown; its own timer since power-up; whether it is held."""

    box_time: int | None
    timer: int
    held: bool


@dataclass(frozen=True, slots=True)
class ZoneTable:
    """The offsets of a property's zone: `(utc, offset)` pairs in order, each in force from its instant to the next one's.

    It says nothing at or after `expiry`, nor before its first pair.
    """

    pairs: tuple[tuple[int, int], ...]
    expiry: int


@dataclass(frozen=True, slots=True)
class Provisioning:
    """Makes a box this box: 16 bytes of identity, 32 bytes of secret, the zone of the property.

    The same identity and secret again replace the zone and change nothing else; others make it a new box with nothing
    in it, a new log epoch and the time unknown (`box.clock.never-back`).
    """

    box_id: bytes
    secret: bytes
    zone: ZoneTable


class CutClass(StrEnum):
    """How power is cut."""

    RESET = "reset"  # now, as if the supply had failed
    NTH_WRITE = "cut-at-nth-write"  # as the nth non-volatile write from now begins; that write does not happen
    SUPPLY = "supply"  # by the bench at the supply itself; no command to the box, which is not told for how long


@dataclass(frozen=True, slots=True)
class PowerCut:
    """A power cut of `off_for` seconds. With `CutClass.NTH_WRITE` it is armed, and strikes as write `nth` (from 1) begins."""

    cut: CutClass = CutClass.RESET
    off_for: int = 0
    nth: int = 0


OVERWRITES = "overwrite-oldest"
"""What a full log does that makes room: the other kind refuses what is new."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a box declares of itself. Durations in seconds unless the name says otherwise.

    `session` changes at every boot. `writes` counts non-volatile writes since the box was made. `reset_cause` is the box's
    own word for why it last booted.
    """

    identity: str
    firmware: str
    protocol: int
    session: int
    classes: tuple[str, ...]  # "core", "interop", "code-only"
    clock_modes: tuple[str, ...]  # "model", "test-clock", "wall-clock"
    cut_classes: tuple[CutClass, ...]
    observation: str  # "self-reported", "sensed"
    gives_reasons: bool
    code_digits: int
    code_indices: int
    code_ends_with_its_day: bool
    holdover: int
    clock_skew: int
    drift_ppm: int
    log_capacity: int
    log_when_full: str  # `OVERWRITES` or "refuse"
    frame_limit: int  # bytes
    batch_limit: int  # commands
    boot_ms: int
    reset_ms: int
    wake_bytes: int
    reset_cause: str
    writes: int
    production: bool = False
    disturbs_clock: bool = False  # the bench can disturb its clock, see `Box.disturb_clock`
    extra: dict[int, object] = field(default_factory=dict)  # fields of a later protocol version, kept as they came


class Box(Protocol):
    """A box on a bench. Every method may raise `BenchError`; those that change the box may raise `NoAnswer`."""

    def hello(self) -> Hello: ...

    def reset(self) -> None:
        """Logical reset: forget keys, credentials, marks and log, as from the factory. The time is unknown after it."""

    def provision(self, provisioning: Provisioning) -> None: ...

    def time_order(self, order: bytes) -> Decision: ...

    def revocation_order(self, order: bytes) -> Decision: ...

    def enter(self, digits: str) -> Decision: ...

    def challenge(self) -> bytes:
        """A fresh nonce of 16 bytes; it replaces the one that was open (`connect.ticket`)."""

    def present(self, ticket: bytes) -> Decision: ...

    def read_log(self, from_number: int) -> LogPage: ...

    def read_clock(self) -> ClockReading: ...

    def hold_clock(self, held: bool) -> ClockReading:
        """Freeze or release clock and timer. A held clock stays held over power cuts."""

    def advance_clock(self, seconds: int) -> ClockReading:
        """Let `seconds` pass at once for clock and timer, firing every timer that falls due, in order."""

    def disturb_clock(self, seconds: int) -> ClockReading:
        """Make the clock show `seconds` less, as after a fault of its oscillator or battery, without telling the box.

        Timer, mark and what the box knows stay as they were; a clock that is behind it must find itself
        (`box.clock.never-back`). Raises `Declined` where the box declares that it can't, or where it would show an instant
        before 1970.
        """

    def cut_power(self, cut: PowerCut) -> None: ...


class Role(StrEnum):
    """Who the recipient is, as the grantor states it (`eligibility.*`)."""

    REALTOR = "realtor"
    CONTRACTOR = "contractor"
    APPRAISER = "appraiser"
    INSPECTOR = "inspector"
    PROFESSIONAL = "professional"  # any other who comes for the seller
    CONSUMER = "consumer"


class ReportKind(StrEnum):
    """The kinds of line in the access report, in the words of the source where it has them (`report.lines`)."""

    CODE_GENERATED = "1 Day Code Generated"
    CODE_USED = "1 Day Code Used"
    CODE_REVOCATION_REFUSED = "1 Day Code Revocation Refused"
    CONNECT_GRANTED = "SentriConnect Access Granted"
    CONNECT_USED = "SentriConnect Access Used"
    CONNECT_REVOKED = "SentriConnect Access Revoked"


class AlertKind(StrEnum):
    """What the authority finds wrong in what boxes send (`report.alerts`)."""

    LOG_GAP = "gap in the log"
    CODE_NEVER_ISSUED = "use of a code never issued"


@dataclass(frozen=True, slots=True)
class Answer:
    """An authority's answer: accepted, or else the clauses that forbid it, in the fixed order.

    `reference` names what was made (a grant's id, a code's id). `message` is a ticket or an order for the box. `digits` and
    `code` are a One Day Code and its place.
    """

    accepted: bool
    clauses: tuple[str, ...] = ()
    reference: str | None = None
    message: bytes | None = None
    digits: str | None = None
    code: CodeIndex | None = None


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A line of the access report. `local_time` is the property's; `received` differs from `occurred` where it came late."""

    occurred: int
    received: int
    local_time: str
    kind: ReportKind
    detail: str
    location: str
    grantor: str
    grantor_id: str

    def text(self) -> str:
        """The line as the source prints it, tab-separated, without a line end."""
        return f"{self.local_time}\t{self.kind}\t{self.detail} Location: {self.location}\t{self.grantor} ({self.grantor_id})"


@dataclass(frozen=True, slots=True)
class Notification:
    """A showing notification: which opening of which box, with which grant, for whom (`connect.notify-once`)."""

    box_id: bytes
    epoch: int
    number: int
    grant: str
    occurred: int
    received: int


@dataclass(frozen=True, slots=True)
class Alert:
    """Something to look at; for a gap, the first and the last number missing so far."""

    kind: AlertKind
    box_id: bytes
    epoch: int
    first: int
    last: int
    received: int


@dataclass(frozen=True, slots=True)
class Revocation:
    """The three instants of a revocation; `delivered` is None until the box has heard (`connect.revoke.bound`)."""

    grant: str
    requested: int
    delivered: int | None
    effective_by: int


@dataclass(frozen=True, slots=True)
class Advice:
    """The answer to "which to use?" for one kind of recipient (`eligibility.advice`)."""

    recommendation: str  # "connect", "code" or "neither"
    reason: str
    clause: str


@dataclass(frozen=True, slots=True)
class AuthorityHello:
    """What an authority that is judged declares of itself (hw_adapter/AUTHORITIES.md).

    `classes` has "interop" where its codes are made as the standard has it; else they are its own, and it has `mint`. `requests`
    are those that it has of what an authority need not have: "share_by_email", "mint". The others are values of the profile.
    """

    name: str
    version: str
    classes: tuple[str, ...]
    gives_reasons: bool
    requests: tuple[str, ...] = ()
    code_digits: int = 8
    code_indices: int = 8
    code_days_ahead: int = 14  # calendar days
    window_longest: int = 604_800  # seconds


class Authority(Protocol):
    """The service behind the website and the app. `now` is true time in seconds UTC; people are known by their id.

    Asking for something that does not exist (an unknown person, box, grant or code) raises `BenchError`.
    """

    def add_person(self, person: str, name: str, pin: str, office: str | None = None) -> None: ...

    def add_property(self, prop: str, address: str, zone: str, agent: str, office: str | None = None) -> None: ...

    def add_box(self, box_id: bytes, secret: bytes, owners: tuple[str, ...] = ()) -> None: ...

    def set_owners(self, box_id: bytes, owners: tuple[str, ...]) -> None: ...

    def set_agent(self, prop: str, agent: str) -> None: ...

    def set_barred(self, roles: tuple[Role, ...]) -> None:
        """The board's table of policy: kinds of recipient that get no One Day Code from now on; those of before are let in again."""

    def assign(self, box_id: bytes, prop: str | None, now: int) -> Provisioning | None:
        """Assign the box to a property, or to none; what the box must be told, None where there is nothing to tell."""

    def register_account(self, email: str, now: int) -> None: ...

    def close_account(self, email: str, now: int) -> None: ...

    def which(self, role: Role) -> Advice: ...

    def grant_connect(self, by: str, box_id: bytes, email: str, role: Role, start: int, end: int, now: int) -> Answer: ...

    def issue_ticket(self, grant: str, account: str, nonce: bytes, now: int) -> Answer: ...

    def revoke(self, reference: str, by: str, now: int) -> Answer:
        """Revoke a grant or ask to revoke a code; an accepted one carries the revocation order."""

    def revocation_order(self, grant: str) -> bytes | None:
        """The order for a grant that is ended, None where it is not."""

    def revocation_delivered(self, grant: str, now: int) -> None: ...

    def revocations(self) -> tuple[Revocation, ...]: ...

    def time_order(self, box_id: bytes, nonce: bytes, value: int) -> bytes: ...

    def generate_code(
        self, by: str, pin: str, box_id: bytes, date: str, name: str, role: Role, seller_permission: bool, now: int
    ) -> Answer:
        """A One Day Code for the local date `date` (YYYY-MM-DD) of the property."""

    def share(self, code: str) -> str:
        """The code with its instructions as a text message (`code.share`)."""

    def share_by_email(self, code: str, to: str) -> bytes:
        """The same as an email message, RFC 5322 (`code.share`)."""

    def receive(self, box_id: bytes, epoch: int, entries: tuple[LogEntry, ...], now: int) -> None:
        """Log entries arrive, in any order and any number of times (`report.once`)."""

    def report(self) -> tuple[ReportLine, ...]: ...

    def notifications(self) -> tuple[Notification, ...]: ...

    def alerts(self) -> tuple[Alert, ...]: ...
