"""Which days the tables of a box can name, and which of them come before a day."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lockproof.reference.days import Days
from lockproof.reference.zone_tables import KeptTable, day_at, days_before, days_within, last_day_end, make_table
from lockproof.spec import civil
from lockproof.spec.observable import ZoneTable
from lockproof.spec.profile import DAY, DEFAULT, HOUR, Profile

ZONES = [
    "America/Toronto",
    "America/St_Johns",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "America/Havana",
    "UTC",
]


@given(st.sampled_from(ZONES), st.integers(500_000_000, 1_700_000_000))
def test_a_table_names_every_day_whose_codes_can_be_asked_for_and_the_days_before_them(zone: str, now: int) -> None:
    table = make_table(zone, now)
    at = civil.day_bounds(civil.date_at(now, zone), zone).start - DEFAULT.code_life - 1
    for _ in range(DEFAULT.code_days_ahead + 2):
        date = civil.date_at(at, zone)
        day = civil.day_bounds(date, zone)
        assert day_at(table, at) == (day.start, day.end)
        at = day.end


@given(st.sampled_from(ZONES), st.integers(500_000_000, 1_700_000_000), st.sampled_from([1, HOUR, DAY]))
def test_the_days_before_a_day_are_those_whose_service_reaches_it(zone: str, now: int, life: int) -> None:
    profile = Profile(code_life=life)
    today = civil.day_bounds(civil.date_at(now, zone), zone)
    bounds = (today.start, today.end)
    expected = {bounds}
    before = civil.day_bounds(civil.date_at(today.start - 1, zone), zone)
    while before.end + life >= today.start:
        expected.add((before.start, before.end))
        before = civil.day_bounds(civil.date_at(before.start - 1, zone), zone)
    assert days_before(bounds, [KeptTable(make_table(zone, now))], profile) == tuple(sorted(expected))


OVER_THE_DATE_LINE = ZoneTable(((1_773_701_273, -43_200), (1_773_701_274, 50_400)), 1_782_341_274)


def test_a_short_day_at_the_beginning_of_a_table_is_not_passed_over() -> None:
    """It starts with the table's second pair, lasts eleven hours, and its codes can make those of the next day dead."""
    first, second = (1_773_701_274, 1_773_741_600), (1_773_741_600, 1_773_828_000)
    assert list(days_within(OVER_THE_DATE_LINE, first[0] - 2 * DAY, first[1])) == [first, second]
    assert days_before(second, [KeptTable(OVER_THE_DATE_LINE)], DEFAULT) == (first, second)
    assert Days(None, [(OVER_THE_DATE_LINE, None)]).near(second[0] + 40_596, DEFAULT)[:2] == (first, second)


stretches = st.lists(
    st.tuples(st.sampled_from([1, 60, HOUR, 40_000, DAY, 3 * DAY]), st.integers(1 - DAY, DAY - 1)), min_size=1, max_size=6
)


@given(stretches, st.integers(-DAY, 6 * DAY), st.integers(0, 3 * DAY))
def test_the_days_within_a_time_are_those_that_its_instants_are_in(
    lengths: list[tuple[int, int]], first: int, length: int
) -> None:
    pairs, at = [], 0
    for lasts, offset in lengths:
        pairs.append((at, offset))
        at += lasts
    table, last = ZoneTable(tuple(pairs), at + 5 * DAY), first + length
    days = list(days_within(table, first, last))
    assert days == sorted(days)
    edges = {first, last, *(bound for day in days for bound in (*day, day[0] - 1, day[1] - 1)), *(utc for utc, _ in pairs)}
    within = {at for at in (*edges, *range(first, last, 5_000)) if first <= at <= last}
    assert {day for at in within if (day := day_at(table, at))} == set(days)


def day(date: str, zone: str = "America/Toronto") -> tuple[int, int]:
    found = civil.day_bounds(dt.date.fromisoformat(date), zone)
    return found.start, found.end


def test_days_of_two_zones_stand_in_one_order() -> None:
    now = day("2019-02-02")[0]
    tables = [KeptTable(make_table(zone, now)) for zone in ("America/Toronto", "America/Vancouver")]
    west = [day(date, "America/Vancouver") for date in ("2019-02-09", "2019-02-10")]
    assert days_before(west[1], tables, DEFAULT) == (west[0], day("2019-02-10"), west[1])


def test_a_table_that_was_replaced_counts_to_its_last_day() -> None:
    now = day("2019-02-02")[0] + 19 * HOUR
    table = make_table("America/Toronto", now)
    end = last_day_end(table, now, DEFAULT)
    assert end == day("2019-02-16")[1]
    west = day("2019-02-17", "America/Vancouver")
    assert days_before(west, [KeptTable(table)], DEFAULT) == (day("2019-02-17"), west)
    assert days_before(west, [KeptTable(table, end)], DEFAULT) == (west,)
    last = day("2019-02-16", "America/Vancouver")
    assert days_before(last, [KeptTable(table, end)], DEFAULT) == (day("2019-02-16"), last)


def test_a_day_that_a_table_cannot_tell_counts_24_hours() -> None:
    """As PROTOCOL.md has it for the box: today and fourteen days more."""
    table = make_table("America/Toronto", 10**9)
    assert last_day_end(table, 2 * 10**9, DEFAULT) == 2 * 10**9 + 15 * DAY


@pytest.mark.parametrize("pairs", [((0, 0),), ((100 * DAY, 0),), ((99 * DAY + 5, 0),)])
def test_a_table_that_begins_late_names_what_it_can(pairs: tuple[tuple[int, int], ...]) -> None:
    today = (100 * DAY, 101 * DAY)
    known = days_before(today, [KeptTable(ZoneTable(pairs, 200 * DAY))], DEFAULT)
    assert known == (((99 * DAY, 100 * DAY), today) if pairs == ((0, 0),) else (today,))
