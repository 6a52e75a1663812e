"""The reference box: keys, clock, store and log around the model, which alone decides.

Each step of a decision is a method of its own, in the order in which it happens: what was entered is found, judged by the
model, committed, and only then does the mechanism move (`box.first-use.durable`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

from lockproof.reference import credentials
from lockproof.reference.days import Days, Zones
from lockproof.reference.hardware import LATEST, Clock, PowerLost, Store, whole
from lockproof.spec.model import box as model
from lockproof.spec.observable import (
    OVERWRITES,
    BenchError,
    ClockReading,
    CodeIndex,
    CutClass,
    Decision,
    Declined,
    Hello,
    LogEntry,
    LogKind,
    LogPage,
    PowerCut,
    Provisioning,
    ZoneTable,
)
from lockproof.spec.profile import DEFAULT, Profile
from lockproof.spec.vocabulary import Outcome

Read = TypeVar("Read")
NO_CODE = model.Code(day_start=0, day_end=0, used=False, first_use=0)
NO_NONCE = -1
_STATE = tuple(each.name for each in fields(model.Box))
LOG_CAPACITY = 4096  # entries
PAGE = 64  # entries at most in one answer


class ReferenceBox:
    """Implements `lockproof.spec.observable.Box`. `store` is a file for a box that outlives its process, or one that is open."""

    # what it declares, beside its profile
    classes: tuple[str, ...] = ("core", "interop")
    clock_modes: tuple[str, ...] = ("test-clock", "wall-clock")
    drift_ppm = 20
    gives_reasons = True
    log_capacity = LOG_CAPACITY
    log_when_full = OVERWRITES
    disturbs_clock = True

    def __init__(self, store: str | Path | Store = ":memory:", profile: Profile = DEFAULT, clock: Clock | None = None) -> None:
        self.profile = profile
        self.hardware = clock or Clock()
        keeps_oldest = self.log_when_full != OVERWRITES
        self.store = store if isinstance(store, Store) else Store(store, self.log_capacity, keeps_oldest=keeps_oldest)
        self.session = 0
        self.state: model.Box
        self._refusals_at: int | None  # on the timer, when the count was written
        self._refused_at: int  # on the clock, the newest of the count
        self.openings = 0  # of the mechanism, since power-up
        self._reset_cause = "power-on"
        self._off_for = 0
        self._boot()
        self._entries(0, self.log_capacity)  # a log that can't be read is told now, and not in the middle of a run

    # Life of the box

    def hello(self) -> Hello:
        return Hello(
            identity=self.box_id.hex() or "unprovisioned",
            firmware="lockproof reference 0.1.0",
            protocol=1,
            session=self.session,
            classes=self.classes,
            clock_modes=self.clock_modes,
            cut_classes=(CutClass.RESET, CutClass.NTH_WRITE),
            observation="self-reported",
            gives_reasons=self.gives_reasons,
            code_digits=self.profile.code_digits,
            code_indices=self.profile.code_indices,
            code_ends_with_its_day=self.profile.code_ends_with_its_day,
            holdover=self.profile.holdover,
            clock_skew=self.profile.clock_skew,
            drift_ppm=self.drift_ppm,
            log_capacity=self.log_capacity,
            log_when_full=self.log_when_full,
            frame_limit=256,
            batch_limit=8,
            boot_ms=20,
            reset_ms=20,
            wake_bytes=0,
            reset_cause=self._reset_cause,
            writes=self.store.writes,
            disturbs_clock=self.disturbs_clock,
        )

    def reset(self) -> None:
        self.store.arm(0)
        self._become(b"", b"", [])

    def provision(self, provisioning: Provisioning) -> None:
        if (provisioning.box_id, provisioning.secret) == (self.box_id, self.secret):
            self._latch()
            clock, mark = self.state.clock, self.state.mark
            kept = self.days.replaced_by(
                provisioning.zone, max(clock, mark), clock if model.ready(self.state) else mark, self.profile
            )
            if kept == self.days.zones:
                return
            with self._booting_if_struck():
                self.store.commit({"zones": _zones_out(kept)})
            self._boot_days(kept)
        else:
            self._become(provisioning.box_id, provisioning.secret, [(provisioning.zone, None)])

    def cut_power(self, cut: PowerCut) -> None:
        self._off_for = cut.off_for
        if cut.cut is CutClass.NTH_WRITE:
            self.store.arm(cut.nth)
            return
        self.store.arm(0)
        self.power_up("power-cut")

    # Keypad

    def enter(self, digits: str) -> Decision:
        self._latch()
        charged, charge = self.charge()
        if not charge.accepted:
            return self._refuse_unseen(charged, charge)
        self._commit(charged)
        index = self.index_of(digits, charged.mark)
        return self.decide(charged, index)

    def charge(self) -> tuple[model.Box, Outcome]:
        return model.charge_entry(self.state, self.profile)

    def decide(self, charged: model.Box, index: CodeIndex | None) -> Decision:
        code = self.code_at(index) if index else NO_CODE
        state, used, outcome = self.judge_entry(charged, code, index is not None)
        if index and outcome.accepted:
            self.first_uses[index] = used.first_use
        return self._decided(state, outcome, LogKind.CODE, index)

    def judge_entry(self, charged: model.Box, code: model.Code, matches: bool) -> tuple[model.Box, model.Code, Outcome]:
        return model.decide_entry(charged, code, matches, self.profile)

    def index_of(self, digits: str, now: int) -> CodeIndex | None:
        """The live index that the digits belong to, of any day that the box can tell (`code.digits`)."""
        found = self.days.indices_of(digits, now, self.profile)
        return min(found, key=lambda index: (not self._serves(index, now), index), default=None)

    def code_at(self, index: CodeIndex) -> model.Code:
        used = index in self.first_uses
        return model.Code(index.day_start, index.day_end, used, self.first_uses.get(index, 0))

    def _serves(self, index: CodeIndex, now: int) -> bool:
        """In its service, its day and a code's life after it; of live indices with equal digits one at most is (`code.digits`)."""
        return index.day_start <= now < index.day_end + self.profile.code_life

    # Connect

    def challenge(self) -> bytes:
        self._latch()
        self.state, _ = model.challenge(self.state)
        self.nonce = self.fresh_nonce()
        return self.nonce

    def fresh_nonce(self) -> bytes:
        """16 bytes that nobody foresees (`connect.ticket`); a bench that plays a recording again gives those that were recorded."""
        return secrets.token_bytes(16)

    def present(self, ticket: bytes) -> Decision:
        self._latch()
        claims = self.open_ticket(ticket)
        grant = claims.grant if claims else b""
        state, outcome = self.judge_ticket(self.has_heard(grant), self.ticket_of(claims))
        if outcome.counted:
            return self._refuse_unseen(state, outcome)
        if not outcome.logged:
            return self._answer(outcome)
        return self._decided(state, outcome, LogKind.CONNECT, grant)

    def open_ticket(self, ticket: bytes) -> credentials.TicketClaims | None:
        """What the ticket says, None where it does not verify under this box's own keys (`box.authentic`)."""
        return credentials.open_ticket(self.keys, ticket) if self.keys else None

    def ticket_of(self, claims: credentials.TicketClaims | None) -> model.Ticket:
        if claims is None:
            return model.Ticket(window_start=0, window_end=0, nonce=NO_NONCE, authentic=False)
        return model.Ticket(claims.window_start, claims.window_end, self._nonce_number(claims.nonce), authentic=True)

    def judge_ticket(self, heard: bool, ticket: model.Ticket) -> tuple[model.Box, Outcome]:
        return model.present_ticket(self.state, heard, ticket, self.profile)

    def has_heard(self, grant: bytes) -> bool:
        return grant in self.heard

    def revocation_order(self, order: bytes) -> Decision:
        self._latch()
        grant = credentials.open_revocation(self.keys, order) if self.keys else None
        heard, outcome = model.hear_revocation(grant in self.heard, grant is not None)
        if grant is not None and heard:
            self.hear(grant)
        return self._answer(outcome)

    def hear(self, grant: bytes) -> None:
        if grant not in self.heard:
            self.heard.add(grant)
            self._commit(self.state)

    # Clock

    def time_order(self, order: bytes) -> Decision:
        self._latch()
        claims = credentials.open_time_order(self.keys, order) if self.keys else None
        if claims is None:
            said = model.TimeOrder(value=0, nonce=NO_NONCE, authentic=False)
        else:
            said = model.TimeOrder(claims.value, self._nonce_number(claims.nonce), authentic=True)
        state, outcome = self.judge_time_order(said)
        if outcome.accepted:
            self._commit(state)
            self.hardware.set(state.clock)  # behind the commit: an order that a cut struck was not taken
        return self._answer(outcome)

    def judge_time_order(self, order: model.TimeOrder) -> tuple[model.Box, Outcome]:
        return model.take_time_order(self.state, order, self.profile)

    def read_clock(self) -> ClockReading:
        self._latch()
        return ClockReading(self._box_time(), self.state.timer, self.hardware.held)

    def hold_clock(self, held: bool) -> ClockReading:
        self.hardware.hold(held)
        return self.read_clock()

    def advance_clock(self, seconds: int) -> ClockReading:
        self.hardware.advance(seconds)
        return self.read_clock()

    def disturb_clock(self, seconds: int) -> ClockReading:
        if seconds > self.clock():
            raise Declined("bad-arguments", f"the clock shows {self.clock()}, and {seconds} s less would be before 1970")
        self.hardware.fall_behind(seconds)
        return self.read_clock()

    def clock(self) -> int:
        return self.hardware.read()[0]

    # Log

    def read_log(self, from_number: int) -> LogPage:
        if self.state.refusals > self.state.refusals_written:
            self._write_refusals()
        found = self._entries(from_number, PAGE + 1)
        entries = tuple(found[:PAGE])
        more = len(found) > PAGE
        return LogPage(self.epoch, entries, entries[-1].number + 1 if more else self.state.next_entry, more)

    def _entries(self, from_number: int, most: int) -> list[LogEntry]:
        with self.store.reading("log"):
            return [_entry_in(number, entry) for number, entry in self.store.entries(from_number, most)]

    def entry(self, number: int, outcome: Outcome, kind: LogKind, credential: CodeIndex | bytes | None) -> LogEntry:
        """What is written down about a decided presentation (`box.log`)."""
        return LogEntry(number, kind, outcome.accepted, self.state.clock, credential, self.reason(outcome))

    def reason(self, outcome: Outcome) -> str | None:
        """The clause that is told as the reason: the first of those that forbid it."""
        return next(iter(outcome.clauses()), None)

    # Commits

    def open_shackle(self) -> None:
        """The mechanism moves."""
        self.openings += 1

    def _decided(self, state: model.Box, outcome: Outcome, kind: LogKind, credential: CodeIndex | bytes | None) -> Decision:
        entry = self.entry(self.state.next_entry, outcome, kind, credential)
        pending = [self._refusals_entry()] if self.state.refusals > self.state.refusals_written else []
        self._commit(state, *pending, entry)
        if pending:
            self._refusals_at = self.state.timer
        if outcome.accepted:
            self.open_shackle()
        return self._answer(outcome)

    def _refuse_unseen(self, state: model.Box, outcome: Outcome) -> Decision:
        """Nothing was examined: the refusal is counted, and written down at most once in ten minutes (`box.log`)."""
        found_out = self.state.time_known and not state.time_known
        pending = self.state.refusals > self.state.refusals_written and state.refusals == 1
        if pending:
            self._write_refusals()
        self.state, self._refused_at = state, state.clock
        due = self._refusals_at is None or state.timer - self._refusals_at >= self.profile.refusals_written_every
        if due:
            self._write_refusals()
        elif found_out:
            self._commit(self.state)
        return self._answer(outcome)

    def _write_refusals(self) -> None:
        self.state, _ = model.write_refusals(self.state)
        self._refusals_at = self.state.timer
        self._commit(self.state, self._refusals_entry())

    def _refusals_entry(self) -> LogEntry:
        state = self.state
        reason = "box.wrong-entry.bound" if state.refused_while_disabled else "box.ready"
        instant = self._refused_at if state.refused_while_disabled else None
        return LogEntry(state.next_entry - 1, LogKind.REFUSALS, False, instant, None, reason, state.refusals)

    def _commit(self, state: model.Box, *entries: LogEntry) -> None:
        """One write: the state, first uses, revocations heard and log entries together, or none of them."""
        with self._booting_if_struck():
            self.store.commit(
                {
                    "state": _state_out(state),
                    "first uses": [[*_index_out(index), use] for index, use in self.first_uses.items()],
                    "heard": [grant.hex() for grant in sorted(self.heard)],
                },
                [(entry.number, _entry_out(entry)) for entry in entries],
            )
        self.state = state

    # Power

    @contextmanager
    def _booting_if_struck(self) -> Iterator[None]:
        """Around a commit: where an armed power cut strikes it, the box boots, and has no one left to answer."""
        try:
            yield
        except PowerLost:
            self.power_up("power-cut")
            raise

    def power_up(self, cause: str) -> None:
        """Power comes back: what was not committed is gone."""
        self._reset_cause = cause
        self.hardware.restart(self._off_for)
        self._boot()

    def recover(self, state: model.Box) -> model.Box:
        """The state after a power cut, from the one that was committed last."""
        return model.lose_power(state, self.clock(), self._off_for, state.refusals_written, self.profile)[0]

    def _boot(self) -> None:
        store = self.store
        self.session = _fresh_session(self.session)
        self.openings = 0
        self.nonce = b""
        self._refusals_at = None
        self.box_id, self.secret = self._cell("box id", "", bytes.fromhex), self._cell("secret", "", bytes.fromhex)
        with store.reading("identity and secret"):
            self.keys = credentials.derive_keys(self.box_id, self.secret) if self.box_id or self.secret else None
        self.epoch = self._cell("epoch", 1, whole)
        self.first_uses = self._cell("first uses", [], _first_uses_in)
        self.heard = self._cell("heard", [], lambda stored: {bytes.fromhex(grant) for grant in stored})
        before = self._cell("state", None, lambda stored: _state_in(stored, self.clock()))
        self.state = self.recover(before)
        self._off_for = 0
        self._boot_days(self._cell("zones", [], _zones_in))
        if before.time_known and not self.state.time_known:
            store.commit({"state": _state_out(self.state)})  # box.clock.never-back: found unknown, and stays so over further cuts

    def _cell(self, name: str, default: Any, read: Callable[[Any], Read]) -> Read:
        """What is kept under that name, made what it was. Raises `StoreError` where it can't be."""
        with self.store.reading(name):
            return read(self.store.cell(name, default))

    def _boot_days(self, zones: Zones) -> None:
        self.days = Days(self.keys, zones)

    def _become(self, box_id: bytes, secret: bytes, zones: Zones) -> None:
        """Another box, or none: nothing known, nothing logged, a new epoch."""
        if bool(box_id) != bool(secret):
            raise BenchError("a box is provisioned with an identity and a secret; give both")
        with self._booting_if_struck():
            self.store.commit(
                {
                    "box id": box_id.hex(),
                    "secret": secret.hex(),
                    "epoch": self.epoch + 1,
                    "zones": _zones_out(zones),
                    "first uses": [],
                    "heard": [],
                    "state": _state_out(model.new_box(self.clock())),
                },
                clear_log=True,
            )
        session, written_at, off_for = self.session, self._refusals_at, self._off_for
        self._boot()  # but for what only a power cut takes
        self.session, self._refusals_at, self._off_for = session, written_at, off_for

    # Answers

    def _latch(self) -> None:
        """Read the clock once for the whole decision."""
        clock, timer = self.hardware.read()
        self.state = replace(self.state, clock=clock, timer=timer)

    def _box_time(self) -> int | None:
        return self.state.clock if model.ready(self.state) else None

    def _answer(self, outcome: Outcome) -> Decision:
        return Decision(outcome.accepted, self.reason(outcome), self._box_time())

    def _nonce_number(self, nonce: bytes) -> int:
        return self.state.nonce if nonce and nonce == self.nonce else NO_NONCE


def _fresh_session(last: int) -> int:
    """A session number that differs from the last one and is not 0."""
    while (drawn := secrets.randbits(32)) in {0, last}:
        pass
    return drawn


def _index_out(index: CodeIndex) -> list[int]:
    return [index.day_start, index.day_end, index.index]


def _entry_out(entry: LogEntry) -> list[object]:
    credential = entry.credential
    told = _index_out(credential) if isinstance(credential, CodeIndex) else credential.hex() if credential else None
    return [entry.kind, entry.accepted, entry.instant, told, entry.reason, entry.count]


def _entry_in(number: int, stored: list[Any]) -> LogEntry:
    kind, accepted, instant, told, reason, count = stored
    if type(accepted) is not bool or not (reason is None or type(reason) is str):
        raise ValueError(f"entry {number} is none that a box writes")
    credential = None if told is None else _index_in(told) if isinstance(told, list) else bytes.fromhex(told)
    at = None if instant is None else whole(instant)
    return LogEntry(number, LogKind(kind), accepted, at, credential, reason, whole(count))


def _index_in(stored: list[Any]) -> CodeIndex:
    start, end, index = stored
    return CodeIndex(whole(start), whole(end), whole(index))


def _first_uses_in(stored: list[list[Any]]) -> dict[CodeIndex, int]:
    return {_index_in(index): whole(use) for *index, use in stored}


def _state_out(state: model.Box) -> dict[str, Any]:
    return {name: value if type(value) is bool else min(value, LATEST) for name in _STATE for value in (getattr(state, name),)}


def _state_in(stored: dict[str, Any] | None, clock: int) -> model.Box:
    """The committed state, or that of a new box; each field must be of its kind."""
    new = _state_out(model.new_box(clock))
    if stored is None:
        return model.Box(**new)
    if stored.keys() != new.keys():
        raise ValueError(f"missing or unknown: {', '.join(sorted(stored.keys() ^ new.keys()))}")
    for name, value in stored.items():
        if type(new[name]) is not bool:
            whole(value)
        elif type(value) is not bool:
            raise ValueError(f"{name} is neither true nor false")
    return model.Box(**stored)


def _zones_out(zones: Zones) -> list[object]:
    return [[table.pairs, table.expiry, until] for table, until in zones]


def _zones_in(stored: list[Any]) -> Zones:
    return [(_table_in(pairs, expiry), None if until is None else whole(until)) for pairs, expiry, until in stored]


def _table_in(pairs: list[Any], expiry: Any) -> ZoneTable:
    return ZoneTable(tuple((whole(utc), whole(offset)) for utc, offset in pairs), whole(expiry))
