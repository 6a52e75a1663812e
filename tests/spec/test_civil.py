"""Local civil time. Expected bounds were read off the transitions that `zdump -v` prints for the zone, not off this code."""

from __future__ import annotations

import datetime as dt
import struct
from functools import cache
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lockproof.spec import civil
from lockproof.spec.civil import (
    CivilError,
    Day,
    LocalTimeError,
    NoSuchDay,
    UnknownZone,
    date_at,
    day_bounds,
    days_from_pairs,
    local_instant,
    local_text,
    local_text_with_offset,
    tzdata_version,
    zone_pairs,
)

HOUR = 3600
DAY = 24 * HOUR
ALL_ZONES = sorted(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
ODD_ZONES = (
    "America/St_Johns",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Kwajalein",
    "America/Sao_Paulo",
    "America/Havana",
    "America/Asuncion",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Amman",
    "Asia/Kathmandu",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Monrovia",
    "Antarctica/Casey",
    "Antarctica/Troll",
    "Australia/Lord_Howe",
    "Europe/Dublin",
)
zones = st.one_of(st.sampled_from(ODD_ZONES), st.sampled_from(ALL_ZONES))
dates = st.dates(dt.date(1970, 1, 1), dt.date(2060, 12, 31))
instants = st.integers(0, 2_871_763_200)  # to the end of 2060


def utc(text: str) -> int:
    return int(dt.datetime.fromisoformat(text + "+00:00").timestamp())


@cache
def rules(zone: str) -> ZoneInfo:
    with files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data)


def wall(instant: int, zone: str) -> dt.datetime:
    return dt.datetime.fromtimestamp(instant, rules(zone))


@cache
def transitions(zone: str) -> list[tuple[int, int]]:
    """The changes of offset since 1970 listed in the second block of a TZif file (RFC 9636 section 3), as `(instant, offset)`."""
    data = files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()
    leaps, times, types, chars, indicators = _counts(data, 0)
    second = 44 + times * 5 + types * 6 + chars + leaps * 8 + indicators
    _, times, types, _, _ = _counts(data, second)
    begin = second + 44
    at = struct.unpack_from(f">{times}q", data, begin)
    kinds = data[begin + 8 * times : begin + 9 * times]
    offsets = [struct.unpack_from(">i", data, begin + 9 * times + 6 * kind)[0] for kind in range(types)]
    changes = [(instant, offsets[kind]) for instant, kind in zip(at, kinds, strict=True)]
    return [now for before, now in pairwise([(0, None), *changes]) if before[1] != now[1] and now[0] >= 0]


def _counts(data: bytes, at: int) -> tuple[int, int, int, int, int]:
    """Leap seconds, times, types, characters, and the size of the two kinds of indicators."""
    utc_indicators, standard_indicators, leaps, times, types, chars = struct.unpack_from(">6I", data, at + 20)
    return leaps, times, types, chars, utc_indicators + standard_indicators


# Days


@pytest.mark.parametrize(
    ("zone", "date", "start", "end"),
    [
        ("UTC", "1970-01-01", "1970-01-01 00:00:00", "1970-01-02 00:00:00"),
        ("America/Toronto", "2019-02-03", "2019-02-03 05:00:00", "2019-02-04 05:00:00"),
        ("America/Toronto", "2025-03-09", "2025-03-09 05:00:00", "2025-03-10 04:00:00"),  # 23 hours
        ("America/Toronto", "2025-11-02", "2025-11-02 04:00:00", "2025-11-03 05:00:00"),  # 25 hours
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04 03:00:00", "2018-11-05 02:00:00"),  # no midnight: starts at 01:00
        ("America/Sao_Paulo", "2018-02-17", "2018-02-17 02:00:00", "2018-02-18 03:00:00"),  # 24:00 becomes 23:00
        ("Asia/Beirut", "2024-03-31", "2024-03-30 22:00:00", "2024-03-31 21:00:00"),  # no midnight
        ("Asia/Beirut", "2024-10-26", "2024-10-25 21:00:00", "2024-10-26 22:00:00"),
        ("America/Havana", "2025-03-09", "2025-03-09 05:00:00", "2025-03-10 04:00:00"),  # no midnight
        ("America/Havana", "2025-11-02", "2025-11-02 04:00:00", "2025-11-03 05:00:00"),  # midnight twice, on one date
        ("America/St_Johns", "2007-11-03", "2007-11-03 02:30:00", "2007-11-04 03:30:00"),  # its last hour comes twice,
        ("America/St_Johns", "2007-11-04", "2007-11-04 03:30:00", "2007-11-05 03:30:00"),  # with a minute of this between
        ("America/St_Johns", "1988-04-03", "1988-04-03 03:30:00", "1988-04-04 01:30:00"),  # two hours forward
        ("America/St_Johns", "1988-10-29", "1988-10-29 01:30:00", "1988-10-30 03:30:00"),  # two hours back
        ("Pacific/Apia", "2011-12-29", "2011-12-29 10:00:00", "2011-12-30 10:00:00"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30 10:00:00", "2011-12-31 10:00:00"),
        ("Pacific/Kiritimati", "1995-01-01", "1994-12-31 10:00:00", "1995-01-01 10:00:00"),
        ("Pacific/Kwajalein", "1993-08-22", "1993-08-21 12:00:00", "1993-08-22 12:00:00"),
        ("Antarctica/Casey", "2010-03-04", "2010-03-03 13:00:00", "2010-03-04 16:00:00"),  # 02:00 becomes 23:00
        ("Antarctica/Casey", "2010-03-05", "2010-03-04 16:00:00", "2010-03-05 16:00:00"),
        ("Australia/Lord_Howe", "2025-04-06", "2025-04-05 13:00:00", "2025-04-06 13:30:00"),  # half an hour
        ("Africa/Monrovia", "1972-01-06", "1972-01-06 00:44:30", "1972-01-07 00:44:30"),  # an offset with seconds
        ("Africa/Monrovia", "1972-01-07", "1972-01-07 00:44:30", "1972-01-08 00:00:00"),
    ],
)
def test_a_day_is_known_to_the_second(zone: str, date: str, start: str, end: str) -> None:
    day = dt.date.fromisoformat(date)
    assert day_bounds(day, zone) == Day(day, utc(start), utc(end), zone, tzdata_version())


def test_a_few_bounds_as_bare_numbers() -> None:
    saturday = day_bounds(dt.date(2007, 11, 3), "America/St_Johns")
    assert (saturday.start, saturday.end) == (1194057000, 1194147000)
    casey = day_bounds(dt.date(2010, 3, 4), "Antarctica/Casey")
    assert (casey.start, casey.end) == (1267621200, 1267718400)


def test_rules_after_the_last_listed_change_are_followed() -> None:
    day = day_bounds(dt.date(2050, 11, 6), "America/New_York")
    assert (day.start, day.end) == (utc("2050-11-06 04:00:00"), utc("2050-11-07 05:00:00"))


@pytest.mark.parametrize(
    ("zone", "date", "next_date"),
    [
        ("Pacific/Apia", "2011-12-30", "2011-12-31"),
        ("Pacific/Kiritimati", "1994-12-31", "1995-01-01"),
        ("Pacific/Kwajalein", "1993-08-21", "1993-08-22"),
    ],
)
def test_a_date_of_no_length_is_refused(zone: str, date: str, next_date: str) -> None:
    with pytest.raises(NoSuchDay, match=rf"{date} was left out of the calendar of {zone}: .*{next_date} starts; choose another"):
        day_bounds(dt.date.fromisoformat(date), zone)


@pytest.mark.parametrize(
    ("instant", "shown", "date"),
    [
        ("2007-11-03 02:29:59", "2007-11-02 23:59:59", "2007-11-02"),
        ("2007-11-03 02:30:00", "2007-11-03 00:00:00", "2007-11-03"),
        ("2007-11-04 02:29:59", "2007-11-03 23:59:59", "2007-11-03"),
        ("2007-11-04 02:30:00", "2007-11-04 00:00:00", "2007-11-03"),  # the minute of Sunday that does not stay
        ("2007-11-04 02:30:59", "2007-11-04 00:00:59", "2007-11-03"),
        ("2007-11-04 02:31:00", "2007-11-03 23:01:00", "2007-11-03"),
        ("2007-11-04 03:29:59", "2007-11-03 23:59:59", "2007-11-03"),
        ("2007-11-04 03:30:00", "2007-11-04 00:00:00", "2007-11-04"),
    ],
)
def test_a_stretch_that_comes_twice_belongs_to_the_earlier_date(instant: str, shown: str, date: str) -> None:
    assert local_text(utc(instant), "America/St_Johns") == shown
    assert date_at(utc(instant), "America/St_Johns") == dt.date.fromisoformat(date)


def test_the_instant_after_a_skipped_date_is_in_the_next_one() -> None:
    assert date_at(utc("2011-12-30 09:59:59"), "Pacific/Apia") == dt.date(2011, 12, 29)
    assert date_at(utc("2011-12-30 10:00:00"), "Pacific/Apia") == dt.date(2011, 12, 31)


@settings(deadline=None)
@given(zones, dates)
def test_days_tile(zone: str, date: dt.date) -> None:
    try:
        day = day_bounds(date, zone)
    except NoSuchDay:
        before, after = day_bounds(date - dt.timedelta(1), zone), day_bounds(date + dt.timedelta(1), zone)
        assert before.end == after.start
        return
    assert day.start < day.end
    assert date_at(day.start - 1, zone) < date
    assert date_at(day.start, zone) == date
    assert date_at(day.end - 1, zone) == date
    assert date_at(day.end, zone) > date
    assert day_bounds(date_at(day.end, zone), zone).start == day.end


@settings(deadline=None)
@given(zones, instants)
def test_every_instant_is_in_the_day_of_its_date(zone: str, instant: int) -> None:
    day = day_bounds(date_at(instant, zone), zone)
    assert day.start <= instant < day.end


@settings(deadline=None)
@given(zones, dates)
def test_a_day_starts_where_its_wall_never_again_shows_an_earlier_date(zone: str, date: dt.date) -> None:
    try:
        start = day_bounds(date, zone).start
    except NoSuchDay as refusal:
        assert str(date) in str(refusal)  # noqa: PT017  (which dates those are is tested above)
        return
    assert wall(start - 1, zone).date() < date
    looked_at = {start, *(start + step * HOUR // 2 for step in range(150)), *(at for at, _ in transitions(zone))}
    assert all(wall(at, zone).date() >= date for at in looked_at if start <= at < start + 3 * DAY)


def test_around_every_change_of_offset_in_the_odd_zones_days_tile() -> None:
    for zone in ODD_ZONES:
        for at, _ in transitions(zone):
            dated = wall(at, zone).date()
            found = []
            for nearby in range(-2, 3):
                try:
                    found.append(day_bounds(dated + dt.timedelta(nearby), zone))
                except NoSuchDay:
                    continue
            assert all(one.end == next_one.start for one, next_one in pairwise(found)), (zone, at)
            assert found[0].start <= at < found[-1].end


def test_no_zone_has_changed_its_offset_twice_within_the_step_of_the_search() -> None:
    gaps = (later - earlier for zone in ALL_ZONES for (earlier, _), (later, _) in pairwise(transitions(zone)))
    assert min(gaps) > civil._STEP


@pytest.mark.parametrize("date", [dt.date.min, dt.date.max])
def test_the_ends_of_the_calendar_are_refused(date: dt.date) -> None:
    with pytest.raises(CivilError, match="outside the calendar"):
        day_bounds(date, "America/Toronto")


# Local times


@pytest.mark.parametrize(
    ("zone", "date", "time", "offset", "expected"),
    [
        ("America/Toronto", "2019-02-02", "19:00:00", None, "2019-02-03 00:00:00"),
        ("America/Toronto", "2025-03-09", "01:59:59", None, "2025-03-09 06:59:59"),
        ("America/Toronto", "2025-03-09", "03:00:00", None, "2025-03-09 07:00:00"),
        ("America/Toronto", "2025-11-02", "00:59:59", None, "2025-11-02 04:59:59"),
        ("America/Toronto", "2025-11-02", "01:00:00", -4 * HOUR, "2025-11-02 05:00:00"),
        ("America/Toronto", "2025-11-02", "01:00:00", -5 * HOUR, "2025-11-02 06:00:00"),
        ("America/Toronto", "2025-11-02", "02:00:00", None, "2025-11-02 07:00:00"),
        ("America/Toronto", "2025-11-02", "02:00:00", -5 * HOUR, "2025-11-02 07:00:00"),
        ("Africa/Monrovia", "1972-01-06", "23:59:59", None, "1972-01-07 00:44:29"),
        ("Pacific/Apia", "2011-12-31", "00:00:00", None, "2011-12-30 10:00:00"),
    ],
)
def test_a_local_time_names_one_instant(zone: str, date: str, time: str, offset: int | None, expected: str) -> None:
    given_offset = None if offset is None else dt.timedelta(seconds=offset)
    assert local_instant(dt.date.fromisoformat(date), dt.time.fromisoformat(time), zone, given_offset) == utc(expected)


@pytest.mark.parametrize("offset", [None, dt.timedelta(hours=-5), dt.timedelta(hours=-4)])
def test_a_local_time_that_does_not_exist_is_explained(offset: dt.timedelta | None) -> None:
    with pytest.raises(LocalTimeError) as refusal:
        local_instant(dt.date(2025, 3, 9), dt.time(2, 30), "America/Toronto", offset)
    assert str(refusal.value) == (
        "2025-03-09 02:30:00 does not exist in America/Toronto: clocks go from 2025-03-09 01:59:59-05:00 straight on to"
        " 2025-03-09 03:00:00-04:00; give one of these, or another time that exists"
    )


def test_a_local_time_on_a_skipped_date_does_not_exist() -> None:
    with pytest.raises(LocalTimeError, match=r"from 2011-12-29 23:59:59-10:00 straight on to 2011-12-31 00:00:00\+14:00"):
        local_instant(dt.date(2011, 12, 30), dt.time(12), "Pacific/Apia")


def test_a_local_time_that_comes_twice_is_explained() -> None:
    with pytest.raises(LocalTimeError) as refusal:
        local_instant(dt.date(2025, 11, 2), dt.time(1, 30), "America/Toronto")
    assert str(refusal.value) == (
        "2025-11-02 01:30:00 comes more than once in America/Toronto, as 2025-11-02 01:30:00-04:00 (2025-11-02 05:30:00Z) and"
        " as 2025-11-02 01:30:00-05:00 (2025-11-02 06:30:00Z); say which by giving its offset"
    )


@pytest.mark.parametrize(
    ("time", "offset"),
    [(dt.time(1, 30), -3 * HOUR), (dt.time(12), -4 * HOUR)],
)
def test_an_offset_that_is_not_in_force_is_refused(time: dt.time, offset: int) -> None:
    with pytest.raises(LocalTimeError, match=r"is not a time of America/Toronto: there it comes as .* give an offset"):
        local_instant(dt.date(2025, 11, 2), time, "America/Toronto", dt.timedelta(seconds=offset))


@pytest.mark.parametrize(
    ("time", "message"),
    [(dt.time(14, 19, 51, 1), "nothing is rounded"), (dt.time(14, 19, 51, tzinfo=dt.UTC), "give the time without it")],
)
def test_nothing_is_rounded_or_guessed(time: dt.time, message: str) -> None:
    with pytest.raises(LocalTimeError, match=message):
        local_instant(dt.date(2019, 2, 3), time, "America/Toronto")


@pytest.mark.parametrize(
    ("instant", "zone", "plain", "with_offset"),
    [
        ("2019-02-03 19:19:51", "America/Toronto", "2019-02-03 14:19:51", "2019-02-03 14:19:51-05:00"),
        ("2025-11-02 05:30:00", "America/Toronto", "2025-11-02 01:30:00", "2025-11-02 01:30:00-04:00"),
        ("2025-11-02 06:30:00", "America/Toronto", "2025-11-02 01:30:00", "2025-11-02 01:30:00-05:00"),
        ("1972-01-07 00:44:29", "Africa/Monrovia", "1972-01-06 23:59:59", "1972-01-06 23:59:59-00:44:30"),
        ("2025-01-01 00:00:00", "Asia/Kathmandu", "2025-01-01 05:45:00", "2025-01-01 05:45:00+05:45"),
    ],
)
def test_what_the_wall_shows(instant: str, zone: str, plain: str, with_offset: str) -> None:
    assert local_text(utc(instant), zone) == plain
    assert local_text_with_offset(utc(instant), zone) == with_offset


@settings(deadline=None)
@given(zones, instants)
def test_a_shown_time_with_its_offset_leads_back(zone: str, instant: int) -> None:
    shown = dt.datetime.fromisoformat(local_text_with_offset(instant, zone))
    assert int(shown.timestamp()) == instant
    assert local_instant(shown.date(), shown.time(), zone, shown.utcoffset()) == instant


# Zone tables


def test_a_table_begins_where_it_is_asked_to_and_holds_every_change() -> None:
    pairs = zone_pairs("America/Toronto", utc("2025-01-01 00:00:00"), utc("2026-01-01 00:00:00"))
    assert pairs == (
        (utc("2025-01-01 00:00:00"), -5 * HOUR),
        (utc("2025-03-09 07:00:00"), -4 * HOUR),
        (utc("2025-11-02 06:00:00"), -5 * HOUR),
    )


def test_a_change_at_the_end_of_a_table_is_outside_it() -> None:
    start, change = utc("2025-11-02 00:00:00"), utc("2025-11-02 06:00:00")
    assert zone_pairs("America/Toronto", start, change) == ((start, -4 * HOUR),)
    assert zone_pairs("America/Toronto", start, change + 1) == ((start, -4 * HOUR), (change, -5 * HOUR))
    assert zone_pairs("America/Toronto", change, change + 1) == ((change, -5 * HOUR),)


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(CivilError, match="a zone table from 7 to 7 would be empty"):
        zone_pairs("UTC", 7, 7)


@settings(deadline=None)
@given(zones, st.integers(0, 2_000_000_000), st.integers(1, 3 * 366 * DAY))
def test_a_table_holds_the_changes_that_the_rules_list(zone: str, start: int, length: int) -> None:
    listed = transitions(zone)
    listed_until = listed[-1][0] if listed else 0  # from there on the file holds a recurring rule and no list
    table = zone_pairs(zone, start, start + length)
    assert [change for change in table[1:] if change[0] <= listed_until] == [
        change for change in listed if start < change[0] < start + length
    ]


@settings(deadline=None)
@given(zones, instants, st.integers(1, 40 * DAY), st.integers(0, 40 * DAY))
def test_a_table_with_its_margins_gives_the_day(zone: str, instant: int, before: int, after: int) -> None:
    day = day_bounds(date_at(instant, zone), zone)
    expiry = day.end + 2 * DAY + after
    assert days_from_pairs(zone_pairs(zone, day.start - before, expiry), expiry, instant) == (day.start, day.end)


@settings(deadline=None)
@given(zones, instants, st.integers(-4 * DAY, 4 * DAY), st.integers(1, 6 * DAY))
def test_a_table_never_gives_a_wrong_day(zone: str, instant: int, begins: int, length: int) -> None:
    day = day_bounds(date_at(instant, zone), zone)
    start = instant + begins
    found = days_from_pairs(zone_pairs(zone, start, start + length), start + length, instant)
    assert found in (None, (day.start, day.end))


def test_a_table_gives_the_day_whose_last_hour_comes_twice() -> None:
    start, expiry = utc("2007-11-01 00:00:00"), utc("2007-11-09 00:00:00")
    pairs = zone_pairs("America/St_Johns", start, expiry)
    saturday = (utc("2007-11-03 02:30:00"), utc("2007-11-04 03:30:00"))
    sunday = (utc("2007-11-04 03:30:00"), utc("2007-11-05 03:30:00"))
    assert days_from_pairs(pairs, expiry, utc("2007-11-04 02:30:30")) == saturday
    assert days_from_pairs(pairs, expiry, utc("2007-11-04 03:29:59")) == saturday
    assert days_from_pairs(pairs, expiry, utc("2007-11-04 03:30:00")) == sunday


def test_a_table_must_begin_before_the_day() -> None:
    start, end, expiry = utc("2025-06-10 04:00:00"), utc("2025-06-11 04:00:00"), utc("2025-06-20 00:00:00")
    known = zone_pairs("America/Toronto", start - 1, expiry)
    unknown = zone_pairs("America/Toronto", start, expiry)
    assert days_from_pairs(known, expiry, start) == (start, end)
    assert days_from_pairs(unknown, expiry, start) is None
    assert days_from_pairs(unknown, expiry, end - 1) is None
    assert days_from_pairs(unknown, expiry, end) == (end, end + DAY)


def test_a_table_must_reach_a_day_past_the_last_midnight_read_as_utc() -> None:
    start, end = utc("2025-06-10 04:00:00"), utc("2025-06-11 04:00:00")
    enough = utc("2025-06-12 00:00:00")
    pairs = zone_pairs("America/Toronto", start - DAY, enough)
    assert days_from_pairs(pairs, enough, end - 1) == (start, end)
    assert days_from_pairs(pairs, enough - 1, end - 1) is None
    assert days_from_pairs(pairs, enough, end) is None


def test_outside_the_table_nothing_is_known() -> None:
    start, expiry = utc("2025-06-01 00:00:00"), utc("2025-06-30 00:00:00")
    pairs = zone_pairs("UTC", start, expiry)
    assert days_from_pairs(pairs, expiry, start - 1) is None
    assert days_from_pairs(pairs, expiry, expiry) is None
    assert days_from_pairs((), expiry, start) is None


# Zones


@pytest.mark.parametrize(
    ("zone", "hint"),
    [
        ("America/Torronto", "did you mean America/Toronto?"),
        ("america/toronto", "did you mean America/Toronto?"),
        ("America", "did you mean America/"),
        ("../zoneinfo/UTC", "a zone is named as in the IANA database|did you mean"),
        ("", "a zone is named as in the IANA database"),
    ],
)
def test_an_unknown_zone_is_refused_with_a_hint(zone: str, hint: str) -> None:
    with pytest.raises(UnknownZone, match=hint) as refusal:
        day_bounds(dt.date(2025, 1, 1), zone)
    assert f"no time zone is called {zone!r} (tzdata {tzdata_version()})" in str(refusal.value)


def test_the_version_is_that_of_the_rules_in_use() -> None:
    listed = files("tzdata").joinpath("zoneinfo", "tzdata.zi").read_text(encoding="utf-8").partition("\n")[0]
    assert listed == f"# version {tzdata_version()}"
