"""Local civil time: which two instants a day is, and what a clock on a property's wall shows (`time.*`).

Instants are whole seconds since 1970-01-01T00:00:00Z, offsets are whole seconds east of UTC, and every interval is
half-open, `[start, end)` (`time.half-open`). Zone rules come from the `tzdata` package and never from the machine, so that
the version that is recorded is the version that was used (`time.recorded`).

Where a day starts is one rule, for every zone and date (`time.day`): at the first instant from which on the local date is
never again an earlier one. It ends where the next date starts. So days tile the line of time: every instant is in exactly
one of them, also where a clock is put back across midnight and a stretch of dates comes twice. That stretch belongs whole
to the earlier date: a day is not cut in two, and nobody's day ends while the wall still shows its date.
"""

from __future__ import annotations

import datetime as dt
import importlib
from bisect import bisect_left
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo

Pairs = tuple[tuple[int, int], ...]
"""`(utc, offset)` pairs in order: each offset is in force from its instant to the next pair's."""

_DAY = 24 * 60 * 60
_STEP = _DAY // 2  # since 1970 no zone has changed its offset twice within a week
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_EPOCH_ORDINAL = dt.date(1970, 1, 1).toordinal()


class CivilError(ValueError):
    """Civil time that cannot be had: what was asked for, why not, and what to do."""


class UnknownZone(CivilError):  # noqa: N818  (reads as what is wrong)
    """A name that is no IANA time zone."""


class NoSuchDay(CivilError):  # noqa: N818  (the clause's own words: time.no-such-day)
    """A local date of no length (`time.no-such-day`)."""


class LocalTimeError(CivilError):
    """A local time that does not exist, or that comes twice and carries no offset (`time.local-refused`).

    `instants`: those that it may be, in order, where it comes more than once.
    """

    def __init__(self, message: str, instants: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.instants = instants


@dataclass(frozen=True, slots=True)
class Day:
    """A local date in a zone as the instants `[start, end)`, with the version of the rules it was found by (`time.day`)."""

    date: dt.date
    start: int
    end: int
    zone: str
    tzdata: str


@lru_cache(maxsize=4096)
def day_bounds(date: dt.date, zone: str) -> Day:
    """The day that `date` is in `zone`, exact to the second (`time.day`).

    Raises `NoSuchDay` for a date of no length, `UnknownZone`, and `CivilError` at the ends of the calendar.
    """
    midnight = _midnight(date)
    start, end = _start_of(midnight, zone), _start_of(midnight + _DAY, zone)
    if start == end:
        raise NoSuchDay(
            f"{date} was left out of the calendar of {zone}: the day before it ends at {_utc_text(start)}, where"
            f" {date_at(start, zone)} starts; choose another date"
        )
    return Day(date, start, end, zone, tzdata_version())


def date_at(instant: int, zone: str) -> dt.date:
    """The date of the day that `instant` is in.

    It is the date on the wall, except in a stretch that comes twice: there it is the earlier date (`time.day`).
    """
    midnight = (instant + _offset(instant, zone)) // _DAY * _DAY
    while _start_of(midnight, zone) > instant:
        midnight -= _DAY
    return dt.date.fromordinal(_EPOCH_ORDINAL + midnight // _DAY)


def local_instant(date: dt.date, time: dt.time, zone: str, offset: dt.timedelta | None = None) -> int:
    """The instant at which a clock in `zone` shows `date` and `time`; where it does so twice, `offset` says which.

    Raises `LocalTimeError` for a time that does not exist, that comes twice and has no offset, that has another offset, or
    that is not in whole seconds (`time.local-refused`). Nothing is rounded.
    """
    _refuse_unless_plain(time)
    shown = _midnight(date) + time.hour * 3600 + time.minute * 60 + time.second
    pairs = zone_pairs(zone, shown - _DAY, shown + _DAY)
    candidates = [
        shown - there
        for (begin, there), end in zip(pairs, _ends(pairs, shown + _DAY), strict=True)
        if begin <= shown - there < end
    ]
    wanted = [at for at in candidates if offset is None or dt.timedelta(seconds=shown - at) == offset]
    if len(wanted) == 1:
        return wanted[0]
    if not candidates:
        raise LocalTimeError(_explain_gap(shown, zone, pairs))
    raise LocalTimeError(_explain_choice(shown, zone, candidates, offset), tuple(sorted(candidates)))


def local_text(instant: int, zone: str) -> str:
    """What a clock in `zone` shows at `instant`, `YYYY-MM-DD HH:MM:SS`: the first field of a report line (`report.lines`)."""
    return _shown(instant + _offset(instant, zone))


def local_text_with_offset(instant: int, zone: str) -> str:
    """The same with the offset in force, `YYYY-MM-DD HH:MM:SS+HH:MM`, which no two instants share."""
    offset = _offset(instant, zone)
    return _shown(instant + offset) + _offset_text(offset)


@lru_cache(maxsize=1024)
def zone_pairs(zone: str, start: int, end: int) -> Pairs:
    """The offsets of `zone` over `[start, end)`: the table that a box gets. The first pair stands at `start`.

    A box can name a day if its table begins before the day and reaches two days past its end (see `days_from_pairs`).
    Raises `CivilError` where `[start, end)` is empty or leaves the calendar, and `UnknownZone`.
    """
    if start >= end:
        raise CivilError(f"a zone table from {start} to {end} would be empty; let it end after it starts")
    pairs = [(start, _offset(start, zone))]
    at = start
    while at < end - 1:
        ahead, (_, before) = min(at + _STEP, end - 1), pairs[-1]
        if _offset(ahead, zone) == before:
            at = ahead
            continue
        at = _first_change(zone, at + 1, ahead, before)
        pairs.append((at, _offset(at, zone)))
    return tuple(pairs)


def days_from_pairs(pairs: Pairs, expiry: int, instant: int) -> tuple[int, int] | None:
    """The day `[start, end)` that `instant` is in, by a zone table alone: what a box computes (`time.day`, `code.day`).

    The table says nothing before its first pair nor at or after `expiry`. None where it cannot know a bound:

    - `instant` lies outside the table;
    - nothing in the table lies before the day: its true start may be earlier than the table, or the same stretch of dates
      may just have come for the first time;
    - the table ends less than 24 hours after the midnight, read as UTC, that ends the day: every offset is less than a day,
      so only from there on is it certain that no clock will be put back before that midnight. Reaching two days past the
      end of a day is always enough.

    A box to which a day is None has no live index in it: it refuses (`code.digits`).
    """
    if not pairs or not pairs[0][0] <= instant < expiry:
        return None
    offset = next(there for begin, there in reversed(pairs) if begin <= instant)
    midnight = (instant + offset) // _DAY * _DAY
    start = _day_start(pairs, expiry, midnight)
    while start is not None and start > instant:
        midnight -= _DAY
        start = _day_start(pairs, expiry, midnight)
    end = _day_start(pairs, expiry, midnight + _DAY)
    return None if start is None or end is None else (start, end)


def day_of_pairs(pairs: Pairs, expiry: int, midnight: int) -> tuple[int, int] | None:
    """The day `[start, end)` of the local date that begins at `midnight`, counted as if it were UTC, by a zone table alone.

    None where the table cannot know a bound, as in `days_from_pairs`, or leaves the date out.
    """
    start, end = (_day_start(pairs, expiry, each) for each in (midnight, midnight + _DAY))
    return None if start is None or end is None or start == end else (start, end)


@lru_cache(maxsize=1)
def tzdata_version() -> str:
    """The release of the IANA zone rules in use, such as `2025b`: recorded with what is issued (`time.recorded`)."""
    return str(importlib.import_module("tzdata").IANA_VERSION)


# Where a day starts


def _day_start(pairs: Pairs, expiry: int, midnight: int) -> int | None:
    """The first instant from which on no clock shows a time before `midnight` (local, counted as if it were UTC).

    None where the table cannot know it. A stretch with one offset shows earlier times up to `midnight - offset`, or to its
    own end if that comes first; the last stretch that shows any decides.
    """
    if expiry < midnight + _DAY:
        return None
    ends = _ends(pairs, expiry)
    earlier_until = (
        min(end, midnight - offset) for (begin, offset), end in zip(pairs, ends, strict=True) if begin + offset < midnight
    )
    return max(earlier_until, default=None)


@lru_cache(maxsize=8192)
def _start_of(midnight: int, zone: str) -> int:
    """The same from the rules of a zone. Offsets are less than a day, so a day on either side holds every candidate."""
    expiry = midnight + _DAY
    start = _day_start(zone_pairs(zone, midnight - _DAY, expiry), expiry, midnight)
    assert start is not None
    return start


def _ends(pairs: Pairs, expiry: int) -> tuple[int, ...]:
    return (*(begin for begin, _ in pairs[1:]), expiry)


def _midnight(date: dt.date) -> int:
    return (date.toordinal() - _EPOCH_ORDINAL) * _DAY


# Zones


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    if name not in _zone_names():
        near = get_close_matches(name, _zone_names(), n=1)
        hint = f"did you mean {near[0]}?" if near else "a zone is named as in the IANA database, such as America/Toronto"
        raise UnknownZone(f"no time zone is called {name!r} (tzdata {tzdata_version()})\n    {hint}")
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)


def _offset(instant: int, zone: str) -> int:
    """Seconds east of UTC in force at `instant`."""
    try:
        offset = (_EPOCH + dt.timedelta(seconds=instant)).astimezone(_zone(zone)).utcoffset()
    except OverflowError:
        raise CivilError(f"{instant} s is outside the calendar; instants are seconds since 1970, in years 1 to 9999") from None
    assert offset is not None
    return offset // dt.timedelta(seconds=1)


def _first_change(zone: str, start: int, end: int, before: int) -> int:
    """The first instant in `[start, end]` with another offset than `before`; `end` has another, and none comes back."""
    return start + bisect_left(range(start, end), True, key=lambda at: _offset(at, zone) != before)


# Words


def _shown(local: int) -> str:
    return (_EPOCH + dt.timedelta(seconds=local)).replace(tzinfo=None).isoformat(sep=" ")


def _utc_text(instant: int) -> str:
    return _shown(instant) + "Z"


def _offset_text(offset: int) -> str:
    size = dt.timedelta(seconds=abs(offset))
    hours, minutes, seconds = str(size).split(":")
    return f"{'-' if offset < 0 else '+'}{int(hours):02}:{minutes}" + (f":{seconds}" if seconds != "00" else "")


def _refuse_unless_plain(time: dt.time) -> None:
    if time.microsecond:
        raise LocalTimeError(f"{time} has a fraction of a second; give whole seconds (nothing is rounded)")
    if time.tzinfo is not None:
        raise LocalTimeError(f"{time} carries a zone of its own; give the time without it, and the offset apart")


def _explain_gap(shown: int, zone: str, pairs: Pairs) -> str:
    at, before, after = next(
        (at, before, after) for (_, before), (at, after) in pairwise(pairs) if at + before <= shown < at + after
    )
    last = _shown(at - 1 + before) + _offset_text(before)
    first = _shown(at + after) + _offset_text(after)
    return (
        f"{_shown(shown)} does not exist in {zone}: clocks go from {last} straight on to {first};"
        " give one of these, or another time that exists"
    )


def _explain_choice(shown: int, zone: str, candidates: list[int], offset: dt.timedelta | None) -> str:
    ways = " and as ".join(f"{_shown(shown)}{_offset_text(shown - at)} ({_utc_text(at)})" for at in sorted(candidates))
    if offset is None:
        return f"{_shown(shown)} comes more than once in {zone}, as {ways}; say which by giving its offset"
    given = _offset_text(offset // dt.timedelta(seconds=1))
    return f"{_shown(shown)}{given} is not a time of {zone}: there it comes as {ways}; give an offset that is in force, or none"
