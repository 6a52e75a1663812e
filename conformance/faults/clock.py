"""Faults in keeping the time."""

from __future__ import annotations

from dataclasses import replace

import cbor2
from lockproof.conformance.faults import fault
from lockproof.reference.box import ReferenceBox
from lockproof.spec.model import box as model
from lockproof.spec.observable import ClockReading, Decision
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


@fault(breaks="box.clock.never-back")
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
