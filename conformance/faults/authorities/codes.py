"""Faults in how One Day Codes are issued and shared."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from lockproof.conformance.faults import authority_fault
from lockproof.conformance.faults.authorities.remembering import AsksCode, Remembering, values
from lockproof.reference.authority import ReferenceAuthority
from lockproof.spec import civil
from lockproof.spec.model import authority as model
from lockproof.spec.observable import (
    Answer,
    CodeIndex,
    ReportKind,
    ReportLine,
    Role,
)
from lockproof.spec.profile import DAY, DEFAULT

CODE_LINES = (ReportKind.CODE_USED, ReportKind.CODE_REVOCATION_REFUSED)


# One Day Codes


@authority_fault(breaks="code.irrevocable")
class RevokesACode(Remembering):
    """Takes the revocation of a One Day Code."""

    def after_revoke(self, reference: str, by: str, now: int, answer: Answer) -> Answer:
        return Answer(True, reference=reference) if reference in self.codes else answer


@authority_fault(breaks="code.pin")
class NeedsNoPin(Remembering):
    """Takes every PIN for the right one."""

    def before_code(self, asked: AsksCode) -> AsksCode:
        return replace(asked, pin=self.pins[asked.by])


@authority_fault(breaks="code.pin")
class TakesAnybodysPin(Remembering):
    """Takes the PIN of any grantor for that of each."""

    def before_code(self, asked: AsksCode) -> AsksCode:
        return replace(asked, pin=self.pins[asked.by]) if asked.pin in self.pins.values() else asked


class _OwnPins(Remembering):
    """Looks at PINs by itself."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.arrivals: dict[str, int] = {}

    def whose(self, person: str) -> str:
        """For whom wrong ones are counted together."""
        return person

    def accepted(self, person: str) -> None:
        """The right one was entered."""

    def examined(self, asked: AsksCode) -> tuple[str, ...]:
        matches = asked.pin == self.pins[asked.by]
        key = self.whose(asked.by)
        self.arrivals[key], outcome = model.enter_pin(self.arrivals.get(key, 0), matches, asked.now, DEFAULT)
        if outcome.accepted:
            self.accepted(asked.by)
        return tuple(outcome.clauses())

    def generate_code(
        self, by: str, pin: str, box_id: bytes, date: str, name: str, role: Role, seller_permission: bool, now: int
    ) -> Answer:
        if against := self.examined(AsksCode(by, pin, box_id, date, name, role, seller_permission, now)):
            return Answer(False, against)
        return super().generate_code(by, pin, box_id, date, name, role, seller_permission, now)


@authority_fault(breaks="code.pin")
class BoundsNoPins(_OwnPins):
    """Looks at as many wrong PINs as somebody likes to try."""

    def examined(self, asked: AsksCode) -> tuple[str, ...]:
        return () if asked.pin == self.pins[asked.by] else ("code.pin",)


@authority_fault(breaks="code.pin")
class BoundsPinsOfAllTogether(_OwnPins):
    """Counts the wrong PINs of all grantors together, so that one can keep out another."""

    def whose(self, person: str) -> str:
        return ""


@authority_fault(breaks="code.pin")
class ForgetsWrongPinsAtARightOne(_OwnPins):
    """Begins to count anew whenever a right PIN is entered."""

    def accepted(self, person: str) -> None:
        self.arrivals[person] = 0


@authority_fault(breaks="code.record")
class MakesCodesForNobody(Remembering):
    """Needs no name of who will use the code."""

    def before_code(self, asked: AsksCode) -> AsksCode:
        return replace(asked, name=asked.name.strip() or "-")


@authority_fault(breaks="code.record")
class ForgetsTheName(Remembering):
    """Leaves the name of who used a code out of the report."""

    def report(self) -> tuple[ReportLine, ...]:
        return tuple(replace(line, detail="Agent ") if line.kind in CODE_LINES else line for line in super().report())


@authority_fault(breaks="code.date")
class CodesFifteenDaysAhead(Remembering):
    """Issues a code for the day after the last one that is near enough."""

    def made_with(self, given: dict[str, Any]) -> dict[str, Any]:
        profile = given["profile"]
        return {**given, "profile": replace(profile, code_days_ahead=profile.code_days_ahead + 1)}


@authority_fault(breaks="code.date")
class CodesForYesterday(Remembering):
    """Issues a code for a day that is over."""

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        over = asked.date < civil.date_at(asked.now, self.zone_of(asked.box_id)).isoformat()
        if answer.clauses != ("code.date",) or not over:
            return answer
        return ReferenceAuthority.generate_code(self, *values(replace(asked, now=asked.now - DAY)))


@authority_fault(breaks="code.date")
class TodayIsTheDateInUtc(Remembering):
    """Takes today for the date in UTC, which at the property it may not be any more, or not yet."""

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        today = dt.datetime.fromtimestamp(asked.now, dt.UTC).date().isoformat()
        return Answer(False, ("code.date",)) if answer.accepted and asked.date < today else answer


class _OtherDays(Remembering):
    """Names the day of a code otherwise."""

    def day(self, asked: AsksCode, code: CodeIndex) -> tuple[int, int]:
        raise NotImplementedError

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        if answer.code is None or answer.reference is None:
            return answer
        return self.code_of(asked, CodeIndex(*self.day(asked, answer.code), answer.code.index), answer.reference)


@authority_fault(breaks="time.day")
class DaysInUtc(_OtherDays):
    """Names a day by its bounds in UTC, wherever the property is."""

    def day(self, asked: AsksCode, code: CodeIndex) -> tuple[int, int]:
        day = civil.day_bounds(dt.date.fromisoformat(asked.date), "UTC")
        return day.start, day.end


@authority_fault(breaks="time.day")
class DaysOfTwentyFourHours(_OtherDays):
    """Takes every day to be 24 hours long."""

    def day(self, asked: AsksCode, code: CodeIndex) -> tuple[int, int]:
        return code.day_start, code.day_start + DAY


@authority_fault(breaks="time.day")
class DaysFromMidnight(_OtherDays):
    """Lets a day begin at 00:00, also where the clocks skip that, or show it twice."""

    def day(self, asked: AsksCode, code: CodeIndex) -> tuple[int, int]:
        zone, date = ZoneInfo(self.zone_of(asked.box_id)), dt.date.fromisoformat(asked.date)
        midnights = (dt.datetime.combine(day, dt.time(), zone) for day in (date, date + dt.timedelta(days=1)))
        start, end = (int(midnight.timestamp()) for midnight in midnights)
        return start, end


@authority_fault(breaks="time.day")
class DaysOfTheFirstProperty(_OtherDays):
    """Goes by the zone in which a box was first, wherever it hangs now."""

    def day(self, asked: AsksCode, code: CodeIndex) -> tuple[int, int]:
        day = civil.day_bounds(dt.date.fromisoformat(asked.date), next(iter(self.zones.values())))
        return day.start, day.end


@authority_fault(breaks="time.no-such-day")
class CodesForADayThatWasLeftOut(Remembering):
    """Issues a code for a date that the zone skipped: that of the day after it."""

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        if answer.clauses != ("time.no-such-day",):
            return answer
        after = dt.date.fromisoformat(asked.date) + dt.timedelta(days=1)
        return ReferenceAuthority.generate_code(self, *values(replace(asked, date=after.isoformat())))


class _OtherIndices(Remembering):
    """Gives out an index that the reference passes over."""

    def would_give(self, box_id: bytes, code: CodeIndex) -> bool:
        raise NotImplementedError

    def was_used(self, box_id: bytes, code: CodeIndex) -> bool:
        return any(each.box_id == box_id and each.entry.credential == code for each in self.events)

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        if answer.code is None or answer.reference is None:
            return answer
        for index in range(answer.code.index):
            code = replace(answer.code, index=index)
            if (asked.box_id, code) not in self.issued and self.would_give(asked.box_id, code):
                return self.code_of(asked, code, answer.reference)
        return answer


@authority_fault(breaks="code.index")
class IssuesADeadIndex(_OtherIndices):
    """Issues an index whose digits are those of another."""

    def would_give(self, box_id: bytes, code: CodeIndex) -> bool:
        return not self.was_used(box_id, code)


@authority_fault(breaks="code.index")
class IssuesAUsedIndex(_OtherIndices):
    """Issues an index that is known to have been used."""

    def would_give(self, box_id: bytes, code: CodeIndex) -> bool:
        return self.was_used(box_id, code)


@authority_fault(breaks="code.index")
class IssuesAnIndexTwice(Remembering):
    """Issues the first index of a day over and over."""

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        if answer.code is None or answer.reference is None:
            return answer
        days = [code for box_id, code in self.issued if (box_id, code.day_start) == (asked.box_id, answer.code.day_start)]
        return self.code_of(asked, min(days, default=answer.code), answer.reference)


@authority_fault(breaks="code.index")
class IssuesANinthCode(Remembering):
    """Issues a ninth code for a day, of an index that no box knows."""

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        if answer.clauses != ("code.index",):
            return answer
        day = civil.day_bounds(dt.date.fromisoformat(asked.date), self.zone_of(asked.box_id))
        return self.code_of(asked, CodeIndex(day.start, day.end, DEFAULT.code_indices), "the ninth")


@authority_fault(breaks="code.index")
class IssuesTheDigitsOfTheNextIndex(Remembering):
    """Issues an index, and the digits of the one after it."""

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        if answer.code is None or answer.reference is None:
            return answer
        following = self.code_of(asked, replace(answer.code, index=answer.code.index + 1), answer.reference)
        return replace(following, code=answer.code)


@authority_fault(breaks="code.share")
class SharesWithoutTheDigits(Remembering):
    """Shares the instructions without the code itself."""

    def share(self, code: str) -> str:
        return super().share(code).replace(self.digits[code], "from your agent")


@authority_fault(breaks="code.share")
class SharesWithoutTheDay(Remembering):
    """Shares a code without the day for which it is."""

    def share(self, code: str) -> str:
        return super().share(code).replace(self.codes[code].date, "the day")


@authority_fault(breaks="code.share")
class EmailsWithoutTheDigits(Remembering):
    """Leaves the digits out of the email, and not out of the text message."""

    def share_by_email(self, code: str, to: str) -> bytes:
        return super().share_by_email(code, to).replace(self.digits[code].encode(), b"from your agent")
