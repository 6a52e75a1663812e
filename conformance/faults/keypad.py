"""Faults in the wrong-entry bound."""

from __future__ import annotations

from dataclasses import replace

from lockproof.conformance.faults import Kind, fault
from lockproof.reference.box import ReferenceBox
from lockproof.spec.model import box as model
from lockproof.spec.observable import CodeIndex, Decision
from lockproof.spec.vocabulary import Outcome


class _ChargesByAnotherProfile(ReferenceBox):
    """Charges by a limit that is not the standard's."""

    changes: dict[str, int]

    def charge(self) -> tuple[model.Box, Outcome]:
        return model.charge_entry(self.state, replace(self.profile, **self.changes))  # type: ignore[arg-type]


@fault(breaks="box.wrong-entry.bound")
class NoBound(_ChargesByAnotherProfile):
    """Looks at any number of wrong entries."""

    changes = {"keypad_burst": 100, "keypad_refill": 1}


@fault(breaks="box.wrong-entry.bound")
class OneEntryMore(_ChargesByAnotherProfile):
    """Looks at six wrong entries in a row."""

    changes = {"keypad_burst": 6}


@fault(breaks="box.wrong-entry.bound")
class OneEntryLess(_ChargesByAnotherProfile):
    """Is disabled after four wrong entries."""

    changes = {"keypad_burst": 4}


@fault(breaks="box.wrong-entry.bound")
class EnabledOneSecondEarly(_ChargesByAnotherProfile):
    """A wrong entry is given back after 299 seconds."""

    changes = {"keypad_refill": 299}


@fault(breaks="box.wrong-entry.bound")
class BoundedPerCode(ReferenceBox):
    """Counts wrong entries for each run of digits, so that whoever never repeats one is never stopped."""

    def enter(self, digits: str) -> Decision:
        arrivals = self.__dict__.setdefault("_arrivals", {})
        kept = self.state.arrival
        self.state = replace(self.state, arrival=arrivals.get(digits, 0))
        decision = super().enter(digits)
        arrivals[digits] = self.state.arrival
        self.state = replace(self.state, arrival=kept)
        return decision


@fault(breaks="box.wrong-entry.bound")
class SuccessClearsTheBound(ReferenceBox):
    """An accepted entry wipes out all wrong ones before it."""

    def judge_entry(self, charged: model.Box, code: model.Code, matches: bool) -> tuple[model.Box, model.Code, Outcome]:
        state, used, outcome = super().judge_entry(charged, code, matches)
        return replace(state, arrival=0) if outcome.accepted else state, used, outcome


@fault(breaks="box.wrong-entry.bound")
class SuccessIsChargedToo(ReferenceBox):
    """An accepted entry is not given back."""

    def judge_entry(self, charged: model.Box, code: model.Code, matches: bool) -> tuple[model.Box, model.Code, Outcome]:
        state, used, outcome = super().judge_entry(charged, code, matches)
        return replace(state, arrival=charged.arrival), used, outcome


@fault(breaks="box.wrong-entry.bound")
class GenuineCodesAreNotCharged(ReferenceBox):
    """A genuine code entered too early or too late costs nothing, which tells it from junk."""

    def judge_entry(self, charged: model.Box, code: model.Code, matches: bool) -> tuple[model.Box, model.Code, Outcome]:
        state, used, outcome = super().judge_entry(charged, code, matches)
        free = matches and not outcome.accepted
        return replace(state, arrival=state.arrival - self.profile.keypad_refill) if free else state, used, outcome


@fault(breaks="box.wrong-entry.bound", kind=Kind.PERSISTENCE)
class ChargeLostAtACut(ReferenceBox):
    """Wrong entries are counted in memory that a power cut clears."""

    def recover(self, state: model.Box) -> model.Box:
        return replace(super().recover(state), arrival=0)


@fault(
    breaks="box.wrong-entry.bound",
    unseen="the cut that makes an entry free also keeps its answer from everyone, and the mechanism from moving",
)
class ChargedAfterTheLook(ReferenceBox):
    """The charge is committed with the decision, so that a cut between them makes an entry free."""

    def charge(self) -> tuple[model.Box, Outcome]:
        state, outcome = super().charge()
        return (replace(state, arrival=self.state.arrival) if outcome.accepted else state), outcome

    def judge_entry(self, charged: model.Box, code: model.Code, matches: bool) -> tuple[model.Box, model.Code, Outcome]:
        owed = max(charged.mark, charged.arrival) + self.profile.keypad_refill
        return super().judge_entry(replace(charged, arrival=owed), code, matches)


@fault(breaks="box.wrong-entry.bound")
class ChargedInTheCommitThatDecides(ReferenceBox):
    """An entry is compared before anything is written, and charged in the commit that decides it."""

    def enter(self, digits: str) -> Decision:
        self._latch()
        charged, charge = self.charge()
        if not charge.accepted:
            return self._refuse_unseen(charged, charge)
        return self.decide(charged, self.index_of(digits, charged.mark))


@fault(breaks="box.wrong-entry.bound", kind=Kind.PROTOCOL)
class SameDigitsGetTheSameAnswer(ReferenceBox):
    """Digits that are entered again at once get the answer that they got, and nothing is decided."""

    last: tuple[str, Decision] | None = None

    def enter(self, digits: str) -> Decision:
        if self.last is None or self.last[0] != digits:
            self.last = digits, super().enter(digits)
        return self.last[1]

    def _latch(self) -> None:
        self.last = None
        super()._latch()


@fault(breaks="box.wrong-entry.bound", kind=Kind.PERSISTENCE)
class ChargeWrittenALittleLater(ReferenceBox):
    """The charge of a wrong entry is written with the next commit, so that a cut after the answer makes it free."""

    def decide(self, charged: model.Box, index: CodeIndex | None) -> Decision:
        before = charged.arrival - self.profile.keypad_refill
        decision = super().decide(charged, index)
        owed = self.state.arrival
        self._commit(replace(self.state, arrival=min(owed, before)))
        self.state = replace(self.state, arrival=owed)
        return decision


@fault(breaks="box.wrong-entry.bound")
class TellsRightFromWrongWhileDisabled(ReferenceBox):
    """Says of a good code that it is disabled, and of junk that it is junk."""

    def enter(self, digits: str) -> Decision:
        decision = super().enter(digits)
        junk = self.index_of(digits, self.state.clock) is None
        return replace(decision, reason="code.digits") if decision.reason == "box.wrong-entry.bound" and junk else decision


@fault(breaks="box.wrong-entry.bound")
class OpensForGoodCodesWhileDisabled(ReferenceBox):
    """Only wrong entries are stopped by the bound: a good code opens all the same."""

    def charge(self) -> tuple[model.Box, Outcome]:
        state, outcome = super().charge()
        if outcome.accepted or not model.ready(self.state):
            return state, outcome
        return model.charge_entry(replace(self.state, arrival=0), self.profile)

    def enter(self, digits: str) -> Decision:
        self._latch()
        disabled = not super().charge()[1].accepted
        if disabled and self.index_of(digits, self.state.clock) is None:
            return self._refuse_unseen(*super().charge())
        return super().enter(digits)


@fault(breaks="box.wrong-entry.bound")
class DisabledEntriesAreCharged(ReferenceBox):
    """Whoever goes on trying keeps the keypad disabled."""

    def charge(self) -> tuple[model.Box, Outcome]:
        state, outcome = super().charge()
        pushed = self.state.arrival + self.profile.keypad_refill
        return (state if outcome.accepted else replace(state, arrival=pushed)), outcome


@fault(breaks="box.wrong-entry.bound", kind=Kind.ISOLATION)
class DisabledKeypadStopsTickets(ReferenceBox):
    """While the keypad is disabled the app does not open the box, either."""

    def judge_ticket(self, heard: bool, ticket: model.Ticket) -> tuple[model.Box, Outcome]:
        enabled = super().charge()[1].accepted
        return super().judge_ticket(heard or not enabled, ticket)


@fault(breaks="box.wrong-entry.bound", kind=Kind.ISOLATION)
class RefusedTicketsAreCharged(ReferenceBox):
    """A refused ticket counts as a wrong entry."""

    def judge_ticket(self, heard: bool, ticket: model.Ticket) -> tuple[model.Box, Outcome]:
        state, outcome = super().judge_ticket(heard, ticket)
        charged = max(self.state.clock, state.arrival) + self.profile.keypad_refill
        return (state if outcome.accepted else replace(state, arrival=charged)), outcome
