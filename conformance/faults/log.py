"""Faults in what is written down."""

from __future__ import annotations

from dataclasses import replace

from lockproof.conformance.faults import fault
from lockproof.reference.box import ReferenceBox
from lockproof.spec.model import box as model
from lockproof.spec.observable import CodeIndex, Decision, LogEntry, LogKind, LogPage
from lockproof.spec.vocabulary import Outcome


class _ReadsOtherEntries(ReferenceBox):
    """Tells of its log something else than what happened."""

    def told(self, entry: LogEntry) -> LogEntry | None:
        raise NotImplementedError

    def read_log(self, from_number: int) -> LogPage:
        page = super().read_log(from_number)
        told = tuple(entry for entry in map(self.told, page.entries) if entry is not None)
        return replace(page, entries=told)


@fault(breaks="box.log")
class RefusalsAreNotLogged(_ReadsOtherEntries):
    """Only openings are written down."""

    def told(self, entry: LogEntry) -> LogEntry | None:
        return entry if entry.accepted else None


@fault(breaks="box.log")
class LogEntryMissing(_ReadsOtherEntries):
    """Every third entry is lost."""

    def told(self, entry: LogEntry) -> LogEntry | None:
        return None if entry.number % 3 == 0 else entry


@fault(breaks="box.log")
class LogRenumbered(ReferenceBox):
    """Refusals leave a gap in the numbers."""

    def decide(self, charged: model.Box, index: CodeIndex | None) -> Decision:
        decision = super().decide(charged, index)
        if not decision.accepted:
            self._commit(replace(self.state, next_entry=self.state.next_entry + 1))
        return decision


@fault(breaks="box.log")
class RefusalLoggedAsOpening(_ReadsOtherEntries):
    """Every presentation is written down as an opening."""

    def told(self, entry: LogEntry) -> LogEntry | None:
        return replace(entry, accepted=True, reason=None) if entry.kind is not LogKind.REFUSALS else entry


@fault(breaks="box.log")
class CodeLoggedAsConnect(_ReadsOtherEntries):
    """The use of a code is written down as a Connect opening, so that a showing would be notified."""

    def told(self, entry: LogEntry) -> LogEntry | None:
        return replace(entry, kind=LogKind.CONNECT) if entry.kind is LogKind.CODE else entry


@fault(breaks="box.log")
class LogInAnotherTime(_ReadsOtherEntries):
    """Instants are written down in local time."""

    def told(self, entry: LogEntry) -> LogEntry | None:
        return entry if entry.instant is None else replace(entry, instant=entry.instant - 5 * 3600)


@fault(breaks="box.log")
class WrongCodeInTheLog(_ReadsOtherEntries):
    """Every use is written down as one of the day's first code."""

    def told(self, entry: LogEntry) -> LogEntry | None:
        code = entry.credential
        return replace(entry, credential=replace(code, index=0)) if isinstance(code, CodeIndex) else entry


@fault(breaks="box.log")
class UnseenRefusalsAreNotCounted(_ReadsOtherEntries):
    """A run of refusals is written down without its count."""

    def told(self, entry: LogEntry) -> LogEntry | None:
        return replace(entry, count=1)


@fault(breaks="box.log")
class CountDatedWhenItIsWritten(ReferenceBox):
    """A count of refusals is written down with the instant of the writing, later than the last of them."""

    def _refusals_entry(self) -> LogEntry:
        entry = super()._refusals_entry()
        return entry if entry.instant is None else replace(entry, instant=self.clock())


@fault(breaks="box.log")
class ForgedTicketsAreLogged(ReferenceBox):
    """A ticket that does not verify fills the log."""

    def judge_ticket(self, heard: bool, ticket: model.Ticket) -> tuple[model.Box, Outcome]:
        state, outcome = super().judge_ticket(heard, ticket)
        if ticket.authentic:
            return state, outcome
        logged = replace(state, next_entry=state.next_entry + 1, refusals=0, refusals_written=0)
        return logged, replace(outcome, logged=True)
