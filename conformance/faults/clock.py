"""Faults in keeping the time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cbor2
from lockproof.conformance.faults import Kind, fault
from lockproof.reference.box import ReferenceBox
from lockproof.spec.model import box as model
from lockproof.spec.observable import ClockReading, Decision, LogEntry
from lockproof.spec.vocabulary import Outcome


@fault(breaks="box.clock.never-back")
class ClockSetBackAccepted(ReferenceBox):
    """Takes a time order below its last decision, and forgets that decision."""

    def judge_time_order(self, order: model.TimeOrder) -> tuple[model.Box, Outcome]:
        self.state = replace(self.state, mark=min(self.state.mark, order.value))
        return super().judge_time_order(order)


@fault(breaks="box.clock.never-back")
class SettingTheClockProlongsCodes(ReferenceBox):
    """Setting the clock moves the first use of every code along with it."""

    def time_order(self, order: bytes) -> Decision:
        before = self.clock()
        decision = super().time_order(order)
        if decision.accepted and before:
            moved = self.clock() - before
            self.first_uses = {index: use + max(0, moved) for index, use in self.first_uses.items()}
        return decision


@fault(breaks="box.clock.never-back")
class AnyNonceSetsTheClock(ReferenceBox):
    """Takes a time order for an old nonce."""

    def judge_time_order(self, order: model.TimeOrder) -> tuple[model.Box, Outcome]:
        self.state = replace(self.state, nonce_open=True, nonce_at=self.state.timer)
        return super().judge_time_order(replace(order, nonce=self.state.nonce))


@fault(breaks="box.clock.never-back")
class TimeOrderReplayed(ReferenceBox):
    """A time order leaves its nonce open, so that it can be used again."""

    def judge_time_order(self, order: model.TimeOrder) -> tuple[model.Box, Outcome]:
        state, outcome = super().judge_time_order(order)
        return replace(state, nonce_open=self.state.nonce_open), outcome


@fault(breaks="box.clock.never-back")
class StaleTimeOrderTaken(ReferenceBox):
    """A time order is good for an hour after its nonce."""

    def judge_time_order(self, order: model.TimeOrder) -> tuple[model.Box, Outcome]:
        return model.take_time_order(self.state, order, replace(self.profile, ticket_life=3600))


@fault(breaks="box.authentic")
class TimeOrderMacUnchecked(ReferenceBox):
    """Takes the time from anyone who answers its nonce."""

    def time_order(self, order: bytes) -> Decision:
        try:
            claims = cbor2.loads(cbor2.loads(order)[2])
            value, nonce = claims[6], claims[10]
        except Exception:  # noqa: BLE001 (whatever cannot be read is refused)
            return super().time_order(order)
        self._latch()
        state, outcome = self.judge_time_order(model.TimeOrder(value, self._nonce_number(nonce), authentic=True))
        if outcome.accepted:
            self.hardware.set(state.clock)
            self._commit(state)
        return self._answer(outcome)


@fault(breaks="box.ready")
class OpensWithoutTheTime(ReferenceBox):
    """Trusts whatever the clock shows, known or not."""

    def _latch(self) -> None:
        super()._latch()
        self.state = replace(self.state, time_known=bool(self.box_id))


@fault(breaks="box.clock.never-back")
class HoldoverIgnored(ReferenceBox):
    """Trusts the clock after any power cut, however long."""

    def recover(self, state: model.Box) -> model.Box:
        kept, self._off_for = self._off_for, 0
        try:
            return super().recover(state)
        finally:
            self._off_for = kept


@fault(breaks="box.clock.never-back", kind=Kind.PERSISTENCE)
class TimeUnknownForgottenAtACut(ReferenceBox):
    """A second power cut makes the time known again."""

    def recover(self, state: model.Box) -> model.Box:
        recovered = super().recover(state)
        short = self._off_for <= self.profile.holdover
        return replace(recovered, time_known=short and recovered.clock >= recovered.mark > 0)


@fault(breaks="box.clock.never-back")
class EveryCutLosesTheTime(ReferenceBox):
    """The clock has no holdover at all, and the box says that it has."""

    def recover(self, state: model.Box) -> model.Box:
        return replace(super().recover(state), time_known=False)


@fault(breaks="box.clock.never-back")
class KeypadTrustsAClockThatFellBehind(ReferenceBox):
    """An entry does not ask whether the clock is behind the last decision."""

    def charge(self) -> tuple[model.Box, Outcome]:
        self.state = replace(self.state, mark=min(self.state.mark, self.state.clock))
        return super().charge()


@fault(breaks="box.clock.never-back")
class TicketsTrustAClockThatFellBehind(ReferenceBox):
    """A ticket does not ask whether the clock is behind the last decision."""

    def judge_ticket(self, heard: bool, ticket: model.Ticket) -> tuple[model.Box, Outcome]:
        self.state = replace(self.state, mark=min(self.state.mark, self.state.clock))
        return super().judge_ticket(heard, ticket)


@fault(breaks="box.clock.never-back")
class PowerUpTrustsAClockThatFellBehind(ReferenceBox):
    """Power-up does not ask whether the clock is behind the last decision; presentations do."""

    def recover(self, state: model.Box) -> model.Box:
        recovered = super().recover(replace(state, mark=min(state.mark, self.clock())))
        return replace(recovered, mark=state.mark)


@fault(breaks="box.clock.never-back")
class TimeKnownAgainWhenTheClockCaughtUp(ReferenceBox):
    """Refuses while the clock is behind the last decision, and trusts it as before when it has run past that again."""

    def _refuse_unseen(self, state: model.Box, outcome: Outcome) -> Decision:
        return super()._refuse_unseen(replace(state, time_known=self.state.time_known), outcome)


@fault(breaks="box.clock.never-back", kind=Kind.PERSISTENCE)
class TimeFoundUnknownIsNotWritten(ReferenceBox):
    """That the time was found to be unknown at a presentation is kept in memory that a power cut clears."""

    def _commit(self, state: model.Box, *entries: LogEntry) -> None:
        known_before = self.store.cell("state", {"time_known": False})["time_known"]
        super()._commit(replace(state, time_known=state.time_known or known_before), *entries)
        self.state = state


@fault(breaks="box.clock.never-back")
class ReadingAClockThatFellBehindLosesTheTime(ReferenceBox):
    """Finds its clock behind the last decision whenever the clock is read, though nobody has presented anything."""

    def read_clock(self) -> ClockReading:
        reading = super().read_clock()
        if reading.box_time is None:
            self.state = replace(self.state, time_known=False)
        return reading


@fault(breaks="box.ready")
class AnyStepBackLosesTheTime(ReferenceBox):
    """A clock that shows less than it has shown before is not trusted, also where it is not behind the last decision."""

    highest = 0

    def charge(self) -> tuple[model.Box, Outcome]:
        fell = self.state.clock < self.highest
        self.state = replace(self.state, time_known=self.state.time_known and not fell)
        return super().charge()

    def read_clock(self) -> ClockReading:
        self.highest = max(self.highest, self.clock())
        return super().read_clock()

    def time_order(self, order: bytes) -> Decision:
        self.highest = 0
        return super().time_order(order)


@fault(breaks="box.clock.accuracy")
class ClockStopsWithoutPower(ReferenceBox):
    """The clock stands still while the power is away, and the box goes on trusting it."""

    def power_up(self, cause: str) -> None:
        kept, self._off_for = self._off_for, 0
        super().power_up(cause)
        self._off_for = kept


@fault(breaks="box.clock.accuracy")
class ClockRunsFast(ReferenceBox):
    """The clock gains a second in every hour."""

    def advance_clock(self, seconds: int) -> ClockReading:
        return super().advance_clock(seconds + seconds // 3600)


@fault(breaks="box.clock.accuracy")
class ShowsItsTimerInMinutes(ReferenceBox):
    """What its timer shows goes on by a minute at once, while it decides by the seconds."""

    def read_clock(self) -> ClockReading:
        shown = super().read_clock()
        return replace(shown, timer=shown.timer // 60 * 60)


@fault(breaks="box.clock.accuracy")
class DriftsMoreThanItDeclares(ReferenceBox):
    """Declares a drift of 20 ppm, and gains 100 microseconds in every second while the clock runs."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.hardware.drift_ppm = 100.0


@fault(breaks="box.clock.accuracy")
class StandsTwoMinutesFromWhatItWasSetTo(ReferenceBox):
    """Declares a skew of 90 s, and a clock that runs shows two minutes more than it was set to."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.hardware.offset = 120
