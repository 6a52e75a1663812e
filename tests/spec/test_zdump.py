"""The bounds of days against an independent computation: the C library's, as `zdump` prints it, in every zone, 1970 to 2037.

What is compared with is not how `civil` finds a day, but what a day is (`time.day`): of the instants at which a clock may begin to
show a date, the last one just before which it still showed an earlier time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import shutil
import subprocess
from bisect import bisect_right
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lockproof.spec import civil

DAY = 86_400
FIRST, LAST = dt.date(1970, 1, 3), dt.date(2037, 12, 28)
EPOCH = dt.date(1970, 1, 1).toordinal()
EVERY_DAY = bool(os.environ.get("LOCKPROOF_EVERY_DAY"))  # also those on which nothing changes: nox -s zones
NO_LENGTH = {
    "Kwajalein": ("1993-08-21",),
    "Pacific/Apia": ("2011-12-30",),
    "Pacific/Enderbury": ("1994-12-31",),
    "Pacific/Fakaofo": ("2011-12-30",),
    "Pacific/Kiritimati": ("1994-12-31",),
}
_LINE = re.compile(r"\S+  (\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4}) UT = .* gmtoff=(-?\d+)")

IN_CI = bool({"CI", "LOCKPROOF_CI"} & os.environ.keys())

pytestmark = pytest.mark.skipif(not (IN_CI or shutil.which("zdump")), reason="this machine has no zdump (Debian: libc-bin)")


@cache
def folder() -> Path:
    with as_file(files("tzdata").joinpath("zoneinfo")) as found:
        return found


@cache
def zones() -> dict[str, tuple[str, ...]]:
    """One name of each set of rules, and all the names that share them."""
    alike: dict[str, list[str]] = {}
    for name in sorted(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()):
        alike.setdefault(hashlib.sha256((folder() / name).read_bytes()).hexdigest(), []).append(name)
    return {names[0]: tuple(names) for names in alike.values()}


@cache
def changes(zone: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """By the C library: the instants from which on another offset is in force, and the offsets, the first one from long before on."""
    place = folder() / zone
    instants, offsets = [-(10**12)], []
    for line in subprocess.run(
        ["zdump", "-v", "-c", "1969,2039", place], capture_output=True, text=True, check=True
    ).stdout.splitlines():
        if found := _LINE.fullmatch(line):
            at = int(dt.datetime.strptime(f"{found[1]} +0000", "%a %b %d %H:%M:%S %Y %z").timestamp())
            if not offsets:
                offsets.append(int(found[2]))
            elif int(found[2]) != offsets[-1]:
                instants.append(at)
                offsets.append(int(found[2]))
    if not offsets:
        told = subprocess.run(
            ["date", "-d", "@0", "+%::z"], env={"TZ": f":{place}"}, capture_output=True, text=True, check=True
        ).stdout
        hours, minutes, seconds = map(int, told[1:].split(":"))
        offsets.append((hours * 3600 + minutes * 60 + seconds) * (-1 if told.startswith("-") else 1))
    return tuple(instants), tuple(offsets)


def shown(at: int, zone: str) -> int:
    """What a clock shows, in seconds as if it were UTC."""
    instants, offsets = changes(zone)
    return at + offsets[bisect_right(instants, at) - 1]


def start(date: dt.date, zone: str) -> int:
    """The instant from which on no clock shows a time before the date, by looking at each at which that may begin."""
    midnight = (date.toordinal() - EPOCH) * DAY
    instants, offsets = changes(zone)
    near = [at for at in instants if abs(at - midnight) < 3 * DAY]
    candidates = {*near, *(midnight - offset for offset in offsets)}
    return max(at for at in candidates if shown(at - 1, zone) < midnight)


def days(zone: str) -> list[dt.date]:
    """Those around every change, and the first of each quarter; or all."""
    if EVERY_DAY:
        return [FIRST + dt.timedelta(days=number) for number in range((LAST - FIRST).days)]
    around = {dt.date.fromordinal(EPOCH + at // DAY + beside) for at in changes(zone)[0][1:] for beside in (-2, -1, 0, 1, 2)}
    quarters = {dt.date(year, month, 5) for year in range(1970, 2038) for month in (1, 4, 7, 10)}
    return sorted(each for each in around | quarters if FIRST <= each <= LAST)


def bounds(date: dt.date, zone: str) -> tuple[int, int] | None:
    try:
        day = civil.day_bounds(date, zone)
    except civil.NoSuchDay:
        return None
    return day.start, day.end


@pytest.mark.parametrize("part", range(8))
def test_every_day_of_every_zone_begins_and_ends_where_the_c_library_has_it(part):
    differ, left_out, odd = [], set(), 0
    for zone in list(zones())[part::8]:
        for date in days(zone):
            expected = (start(date, zone), start(date + dt.timedelta(days=1), zone))
            found = bounds(date, zone)
            if expected[0] == expected[1]:
                left_out.add((zone, date.isoformat()))
                expected = None
            elif expected[1] - expected[0] != DAY:
                odd += 1
            if found != expected:
                differ.append((zone, date.isoformat(), found, expected))
    assert differ == []
    assert odd > 1000, "days of another length are among them"
    assert left_out == {(zone, date) for zone in list(zones())[part::8] for date in NO_LENGTH.get(zone, ())}


def test_dates_of_no_length_are_those_that_history_knows():
    assert {name: dates for zone, dates in NO_LENGTH.items() for name in zones()[zone]} == {
        "Pacific/Apia": ("2011-12-30",),
        "Pacific/Fakaofo": ("2011-12-30",),
        "Pacific/Enderbury": ("1994-12-31",),
        "Pacific/Kanton": ("1994-12-31",),
        "Pacific/Kiritimati": ("1994-12-31",),
        "Kwajalein": ("1993-08-21",),
        "Pacific/Kwajalein": ("1993-08-21",),
    }


@given(st.data())
@settings(deadline=None)
def test_any_day_of_any_zone(data):
    zone = data.draw(st.sampled_from(list(zones())))
    date = data.draw(st.dates(FIRST, LAST))
    expected = (start(date, zone), start(date + dt.timedelta(days=1), zone))
    for name in zones()[zone]:
        assert bounds(date, name) == (None if expected[0] == expected[1] else expected)


@given(st.data())
@settings(deadline=None)
def test_any_instant_is_shown_as_the_c_library_shows_it(data):
    zone, at = data.draw(st.sampled_from(list(zones()))), data.draw(st.integers(0, 2_145_916_799))
    text = (dt.datetime(1970, 1, 1) + dt.timedelta(seconds=shown(at, zone))).isoformat(sep=" ")  # noqa: DTZ001
    assert civil.local_text(at, zone) == text


def test_a_day_that_is_wrong_by_a_second_is_found(monkeypatch):
    real = civil.day_bounds

    def wrong(date, zone):
        day = real(date, zone)
        return civil.Day(date, day.start, day.end + (date == dt.date(2007, 3, 11)), zone, day.tzdata)

    monkeypatch.setattr(civil, "day_bounds", wrong)
    assert bounds(dt.date(2007, 3, 11), "America/Toronto") != (
        start(dt.date(2007, 3, 11), "America/Toronto"),
        start(dt.date(2007, 3, 12), "America/Toronto"),
    )
