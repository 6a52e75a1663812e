"""Faults in what is carried out and what is answered: replies that come again, and commands that are carried out twice or not at all."""

from __future__ import annotations

from dataclasses import replace

from lockproof.conformance.faults import Kind, fault
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import ClockReading, CodeIndex, Decision, LogPage, PowerCut
from lockproof.spec.profile import MINUTE


@fault(breaks="box.wrong-entry.bound", kind=Kind.PROTOCOL)
class EntriesAreCarriedOutTwice(ReferenceBox):
    """Every entry is carried out a second time, as a retry might be, and the second answer is told."""

    def enter(self, digits: str) -> Decision:
        super().enter(digits)
        return super().enter(digits)


@fault(breaks="box.log", kind=Kind.PROTOCOL)
class TicketsAreCarriedOutTwice(ReferenceBox):
    """Every ticket is carried out a second time, and the first answer is told: the log has an entry too many."""

    def present(self, ticket: bytes) -> Decision:
        decision = super().present(ticket)
        super().present(ticket)
        return decision


@fault(breaks="connect.ticket", kind=Kind.PROTOCOL)
class SameTicketGetsTheSameAnswer(ReferenceBox):
    """A ticket that is presented again at once gets the answer that it got, and opens."""

    last: tuple[bytes, Decision] | None = None

    def present(self, ticket: bytes) -> Decision:
        if self.last is None or self.last[0] != ticket:
            self.last = ticket, super().present(ticket)
        return self.last[1]


@fault(breaks="connect.ticket", kind=Kind.PROTOCOL)
class ChallengeIsTakenForARetry(ReferenceBox):
    """A challenge soon after another gets the nonce of that one, even if it was used."""

    asked_at = -MINUTE

    def challenge(self) -> bytes:
        self._latch()
        if self.nonce and self.state.timer - self.asked_at < MINUTE:
            self.state = replace(self.state, nonce_open=True)
            return self.nonce
        self.asked_at = self.state.timer
        return super().challenge()


@fault(breaks="connect.revoke.bound", kind=Kind.PROTOCOL)
class SecondOrderIsTakenForARetry(ReferenceBox):
    """A revocation order right after another one gets the answer of that one, and is not heard."""

    at = -1

    def revocation_order(self, order: bytes) -> Decision:
        self._latch()
        decision = Decision(True, None, self._box_time()) if self.at == self.state.timer else super().revocation_order(order)
        self.at = self.state.timer if decision.accepted else -1
        return decision


@fault(breaks="box.clock.accuracy", kind=Kind.PROTOCOL)
class ClockIsToldFromBefore(ReferenceBox):
    """The clock, read a second time within an hour, is told as it was read the first time."""

    told: ClockReading | None = None

    def read_clock(self) -> ClockReading:
        reading = super().read_clock()
        if self.told is None or not 0 <= reading.timer - self.told.timer < 60 * MINUTE:
            self.told = reading
        return self.told


@fault(breaks="box.log", kind=Kind.PROTOCOL)
class LogIsToldFromBefore(ReferenceBox):
    """The first page of the log is told as it was when it was first read, until the power goes."""

    page: LogPage | None = None

    def read_log(self, from_number: int) -> LogPage:
        if from_number != 1:
            return super().read_log(from_number)
        self.page = self.page or super().read_log(from_number)
        return self.page

    def reset(self) -> None:
        self.page = None
        super().reset()


@fault(breaks="box.first-use.durable", kind=Kind.PROTOCOL)
class AnswersBeforeItCommits(ReferenceBox):
    """The reply to an entry is sent, and what it decided is written as the next command comes: a cut in between takes it all."""

    before: dict[CodeIndex, int] | None = None  # first uses, until what came after is written

    def cut_power(self, cut: PowerCut) -> None:
        if self.before is not None and cut.nth == 0:
            self.first_uses = self.before
            self._commit(self.state)
        super().cut_power(cut)

    def enter(self, digits: str) -> Decision:
        before = dict(self.first_uses)
        decision = super().enter(digits)
        self.before = before if decision.accepted else None
        return decision

    def _latch(self) -> None:
        self.before = None
        super()._latch()


@fault(breaks="box.clock.never-back", kind=Kind.PROTOCOL)
class TimeOrderAnsweredAndNotCarriedOut(ReferenceBox):
    """A time order right after another one is answered as that one was, and the clock stays as it is."""

    at = -1

    def time_order(self, order: bytes) -> Decision:
        self._latch()
        if self.at == self.state.timer:
            return Decision(True, None, self._box_time())
        decision = super().time_order(order)
        self.at = self.state.timer if decision.accepted else -1
        return decision


@fault(breaks="box.wrong-entry.bound", kind=Kind.PROTOCOL)
class AfterARefusalTheRestIsNotRun(ReferenceBox):
    """An entry in the second of a refused one is not carried out, and answered as that one was."""

    refused: tuple[int, Decision] | None = None

    def enter(self, digits: str) -> Decision:
        self._latch()
        if self.refused and self.refused[0] == self.state.timer:
            return self.refused[1]
        decision = super().enter(digits)
        self.refused = None if decision.accepted else (self.state.timer, decision)
        return decision
