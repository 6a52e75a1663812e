"""Which days the zone tables of a box can name, and until when an old table counts (`code.index`, `code.digits`).

The authority and the box find by this which days can hold an index of equal digits; see `credentials.is_dead`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from lockproof.spec import civil
from lockproof.spec.observable import ZoneTable
from lockproof.spec.profile import DAY, Profile

BEFORE = 5 * DAY  # a table begins before every day whose service can reach the day in which it is made
AFTER = 400 * DAY


@dataclass(frozen=True, slots=True)
class KeptTable:
    """A zone table of a box. Once replaced it counts only for days that end at `last_day_end` or earlier; None: in force."""

    table: ZoneTable
    last_day_end: int | None = None


def make_table(zone: str, now: int) -> ZoneTable:
    """What a box is told about its zone at `now`: from five days before to 400 days after. Raises `civil.CivilError`."""
    return ZoneTable(pairs=civil.zone_pairs(zone, now - BEFORE, now + AFTER), expiry=now + AFTER)


@lru_cache(maxsize=1 << 12)
def day_at(table: ZoneTable, instant: int) -> tuple[int, int] | None:
    """The day by its bounds, None where the table does not name it (`time.day`)."""
    return civil.days_from_pairs(table.pairs, table.expiry, instant)


def last_day_end(table: ZoneTable, now: int, profile: Profile) -> int:
    """The end of the last day that a table replaced at `now` can have served: that of a code as far ahead as codes go.

    A day that the table cannot tell counts 24 hours, for the authority as for the box.
    """
    end = now
    for _ in range(profile.code_days_ahead + 1):
        day = day_at(table, end)
        end = day[1] if day else end + DAY
    return end


def days_within(table: ZoneTable, first: int, last: int) -> Iterator[tuple[int, int]]:
    """The days of a table that hold an instant from `first` to `last`, in order.

    Found by their dates, and not by going through the instants: a table may have days of a second. No offset is a day or more, so a
    date is one away from that of UTC at most.
    """
    for midnight in range((first // DAY - 1) * DAY, (last // DAY + 2) * DAY, DAY):
        day = _day_of(table, midnight)
        if day and day[0] <= last and first < day[1]:
            yield day


def days_before(day: tuple[int, int], tables: Iterable[KeptTable], profile: Profile) -> tuple[tuple[int, int], ...]:
    """The days, the day itself among them, whose service can reach it and that begin no later, in order."""
    found = {
        other
        for kept in tables
        for other in days_within(kept.table, day[0] - profile.code_life - 1, day[0])
        if kept.last_day_end is None or other[1] <= kept.last_day_end
    }
    return tuple(sorted(found | {day}))


@lru_cache(maxsize=1 << 12)
def _day_of(table: ZoneTable, midnight: int) -> tuple[int, int] | None:
    return civil.day_of_pairs(table.pairs, table.expiry, midnight)
