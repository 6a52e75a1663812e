"""Faults in what a One Day Code is entitled to."""

from __future__ import annotations

from dataclasses import replace

from lockproof.conformance.faults import Kind, fault
from lockproof.reference.box import ReferenceBox
from lockproof.spec.model import box as model
from lockproof.spec.observable import CodeIndex, Decision, Provisioning
from lockproof.spec.profile import DAY, DEFAULT, MINUTE
from lockproof.spec.vocabulary import Outcome


class _JudgesAnotherCode(ReferenceBox):
    """Judges a code that is not quite the one that was entered."""

    def altered(self, code: model.Code, now: int) -> model.Code:
        raise NotImplementedError

    def judge_entry(self, charged: model.Box, code: model.Code, matches: bool) -> tuple[model.Box, model.Code, Outcome]:
        state, used, outcome = super().judge_entry(charged, self.altered(code, charged.mark), matches)
        return state, replace(used, day_start=code.day_start, day_end=code.day_end), outcome


class _AnotherProfile(ReferenceBox):
    """Decides by a limit that is not the standard's."""

    changes: dict[str, int | bool]

    def judge_entry(self, charged: model.Box, code: model.Code, matches: bool) -> tuple[model.Box, model.Code, Outcome]:
        return model.decide_entry(charged, code, matches, replace(self.profile, **self.changes))  # type: ignore[arg-type]


@fault(breaks="code.expiry.after-first-use")
class ExpiresOneSecondEarly(_AnotherProfile):
    """The hour is one second too short."""

    changes = {"code_life": DEFAULT.code_life - 1}


@fault(breaks="code.expiry.after-first-use")
class ExpiresOneSecondLate(_AnotherProfile):
    """The hour is one second too long: the end counts in."""

    changes = {"code_life": DEFAULT.code_life + 1}


@fault(breaks="code.expiry.after-first-use")
class ExpiresAfterSixtyOneMinutes(_AnotherProfile):
    """The hour is rounded up to the next minute."""

    changes = {"code_life": DEFAULT.code_life + MINUTE}


@fault(breaks="code.expiry.after-first-use")
class ExpiresAtMidnight(_AnotherProfile):
    """A used code also ends with its day."""

    changes = {"code_ends_with_its_day": True}


@fault(breaks="code.expiry.after-first-use")
class NeverExpires(_JudgesAnotherCode):
    """A code opens all of its day, however often: its first use is kept and not looked at."""

    def altered(self, code: model.Code, now: int) -> model.Code:
        return replace(code, used=False) if code.day_start <= now < code.day_end else code


@fault(breaks="code.expiry.after-first-use")
class OpensOnce(_JudgesAnotherCode):
    """A code is dead after its first use, not an hour later."""

    def altered(self, code: model.Code, now: int) -> model.Code:
        return replace(code, first_use=now - DAY) if code.used else code


@fault(breaks="code.expiry.not-extended")
class ReentryRestartsTheHour(ReferenceBox):
    """Every accepted entry counts as first use."""

    def judge_entry(self, charged: model.Box, code: model.Code, matches: bool) -> tuple[model.Box, model.Code, Outcome]:
        state, used, outcome = super().judge_entry(charged, code, matches)
        return state, replace(used, first_use=charged.mark) if outcome.accepted else used, outcome


@fault(breaks="code.day")
class EarlyEntryStartsTheHour(ReferenceBox):
    """A genuine code that is entered before its day counts as used from the start of its day."""

    def decide(self, charged: model.Box, index: CodeIndex | None) -> Decision:
        decision = super().decide(charged, index)
        if index and charged.mark < index.day_start:
            self.first_uses[index] = index.day_start
        return decision


@fault(breaks="code.day")
class DayInUtc(_JudgesAnotherCode):
    """The day runs from midnight to midnight in UTC."""

    def altered(self, code: model.Code, now: int) -> model.Code:
        start = (code.day_start + DAY // 2) // DAY * DAY
        return replace(code, day_start=start, day_end=start + DAY)


@fault(breaks="code.day")
class DayOfTwentyFourHours(_JudgesAnotherCode):
    """A day is 24 hours from its midnight, also where clocks change."""

    def altered(self, code: model.Code, now: int) -> model.Code:
        return replace(code, day_end=code.day_start + DAY)


@fault(breaks="code.day")
class DayStartsOneSecondLate(_JudgesAnotherCode):
    """The first instant of the day is not in it."""

    def altered(self, code: model.Code, now: int) -> model.Code:
        return replace(code, day_start=code.day_start + 1)


@fault(breaks="code.day")
class DayEndsOneSecondLate(_JudgesAnotherCode):
    """The end of the day is in it."""

    def altered(self, code: model.Code, now: int) -> model.Code:
        return replace(code, day_end=code.day_end + 1)


@fault(breaks="code.day")
class OpensTheDayBefore(_JudgesAnotherCode):
    """A code opens from the moment it can be told, a day early."""

    def altered(self, code: model.Code, now: int) -> model.Code:
        return replace(code, day_start=code.day_start - DAY)


@fault(breaks="code.digits")
class NinthIndexOpens(ReferenceBox):
    """Accepts one index more than a day has."""

    def index_of(self, digits: str, now: int) -> CodeIndex | None:
        ninths = (CodeIndex(*day, self.profile.code_indices) for day in self.days.near(now, self.profile))
        found = (index for index in ninths if self.days.digits_of(index, self.profile) == digits)
        return next(found, None) or super().index_of(digits, now)


@fault(breaks="code.digits")
class DeadIndexOpens(ReferenceBox):
    """Takes the index of today that has the digits, dead or not."""

    def index_of(self, digits: str, now: int) -> CodeIndex | None:
        days = [day for day in self.days.near(now, self.profile) if day[0] <= now < day[1]]
        indices = [CodeIndex(*day, index) for day in days for index in range(self.profile.code_indices)]
        today = [index for index in indices if self.days.digits_of(index, self.profile) == digits]
        return today[0] if today else super().index_of(digits, now)


@fault(breaks="code.digits")
class LastDigitIgnored(ReferenceBox):
    """Compares all digits but the last."""

    def index_of(self, digits: str, now: int) -> CodeIndex | None:
        tried = (super(LastDigitIgnored, self).index_of(digits[:-1] + last, now) for last in "0123456789")
        return next((index for index in tried if index), None)


@fault(breaks="code.irrevocable")
class RevocationKillsCodes(ReferenceBox):
    """An order that ends a grant makes today's codes void as well."""

    def judge_entry(self, charged: model.Box, code: model.Code, matches: bool) -> tuple[model.Box, model.Code, Outcome]:
        return super().judge_entry(charged, code, matches and not self.heard)


@fault(breaks="code.irrevocable", kind=Kind.ZONE)
class ReassignmentForgetsTheOldZone(ReferenceBox):
    """A box given to another property knows the days of the new zone only."""

    def index_of(self, digits: str, now: int) -> CodeIndex | None:
        kept, self.days.zones = self.days.zones, self.days.zones[-1:]
        try:
            return super().index_of(digits, now)
        finally:
            self.days.zones = kept


@fault(breaks="code.irrevocable", kind=Kind.ZONE)
class AnUntrustedClockEndsTables(ReferenceBox):
    """When a zone comes, those of before are dropped that are over by the clock, and nobody asks whether it is to be trusted."""

    def provision(self, provisioning: Provisioning) -> None:
        self.days.zones = [(table, until) for table, until in self.days.zones if until is None or until > self.clock()]
        super().provision(provisioning)


@fault(breaks="box.isolation")
class OneFirstUseForAll(ReferenceBox):
    """There is room for one first use: that of the newest code pushes out the one before."""

    def decide(self, charged: model.Box, index: CodeIndex | None) -> Decision:
        decision = super().decide(charged, index)
        if index in self.first_uses:
            self.first_uses = {index: self.first_uses[index]}
        return decision


@fault(breaks="box.isolation")
class UseOfOneCodeUsesAll(ReferenceBox):
    """The hour of a code begins when any code of its day is first used."""

    def code_at(self, index: CodeIndex) -> model.Code:
        same_day = [use for used, use in self.first_uses.items() if used.day_start == index.day_start]
        code = super().code_at(index)
        return replace(code, used=True, first_use=min(same_day)) if same_day else code
