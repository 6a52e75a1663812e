"""Faults that show when the power goes."""

from __future__ import annotations

from dataclasses import replace

from lockproof.conformance.faults import Kind, fault
from lockproof.reference.box import ReferenceBox
from lockproof.spec.model import box as model
from lockproof.spec.observable import CodeIndex, Decision


@fault(breaks="box.first-use.durable")
class FirstUseLostAtACut(ReferenceBox):
    """First uses are kept in memory that a power cut clears."""

    def recover(self, state: model.Box) -> model.Box:
        self.first_uses.clear()
        return super().recover(state)


@fault(breaks="box.first-use.durable")
class FirstUseWrittenALittleLater(ReferenceBox):
    """First use is written with the next commit, not with the decision."""

    def decide(self, charged: model.Box, index: CodeIndex | None) -> Decision:
        unused = index is not None and index not in self.first_uses
        decision = super().decide(charged, index)
        if unused and decision.accepted and index is not None:
            later = self.first_uses.pop(index)
            self._commit(self.state)
            self.first_uses[index] = later
        return decision


@fault(breaks="code.irrevocable", kind=Kind.PERSISTENCE)
class CutKillsUsedCodes(ReferenceBox):
    """A power cut ends the hour of every used code."""

    def recover(self, state: model.Box) -> model.Box:
        self.first_uses = dict.fromkeys(self.first_uses, 0)
        return super().recover(state)


@fault(breaks="box.power")
class CutRestartsTheHour(ReferenceBox):
    """After a power cut the hour of a used code begins again."""

    def recover(self, state: model.Box) -> model.Box:
        self.first_uses = dict.fromkeys(self.first_uses, self.clock())
        return super().recover(state)


@fault(breaks="box.clock.never-back", kind=Kind.PERSISTENCE)
class MarkLostAtACut(ReferenceBox):
    """The instant of the last decision is kept in memory only, so that a later order may set the clock back."""

    def recover(self, state: model.Box) -> model.Box:
        return replace(super().recover(state), mark=0)


@fault(breaks="box.log", kind=Kind.PERSISTENCE)
class LogStartsAgainAtACut(ReferenceBox):
    """Numbers start from 1 again after a power cut."""

    def recover(self, state: model.Box) -> model.Box:
        return replace(super().recover(state), next_entry=1)
