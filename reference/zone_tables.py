"""Which days the zone tables of a box can name, and until when an old table counts (`code.index`, `code.digits`).

The authority and the box find by this which days can hold an index of equal digits; see `credentials.is_dead`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from lockproof.spec import civil
from lockproof.spec.observable import ZoneTable
from lockproof.spec.profile import DAY, HOUR, Profile

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


def days_before(day: tuple[int, int], tables: Iterable[KeptTable], profile: Profile) -> tuple[tuple[int, int], ...]:
    """The days, the day itself among them, whose service can reach it and that begin no later, in order."""
    found = {other for kept in tables for other in _walk(kept, day[0] - profile.code_life - 1, day[0])}
    return tuple(sorted(found | {day}))


def _walk(kept: KeptTable, first: int, last: int) -> Iterator[tuple[int, int]]:
    at = max(first, kept.table.pairs[0][0])
    while at <= last:
        day = day_at(kept.table, at)
        if day is None:
            at += HOUR  # no day is shorter
            continue
        if kept.last_day_end is None or day[1] <= kept.last_day_end:
            yield day
        at = day[1]
