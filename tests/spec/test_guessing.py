"""The daily guess probability: computed, exact where it can be counted, carried by theorems, and what the page says."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from importlib.resources import files

import pytest
from lockproof.spec import guessing, prove, theorems, town_theorems
from lockproof.spec.guessing import LONGEST_DAY, entries_within
from lockproof.spec.model import limiter
from lockproof.spec.profile import DEFAULT


def test_the_page_says_what_is_computed():
    page = " ".join((files("lockproof.spec") / "chapters" / "decisions.md").read_text(encoding="utf-8").split())
    found = guessing.guessing(DEFAULT)
    assert f"`{found.entries} * {found.codes} * {guessing.preimages(8)} / 2^31`" in page
    said = re.search(
        r"examines at most (\d+) entries: (\d+) by the box's clock.*?against (\d+) indices.*?less than 1 in ([\d,]+)", page
    )
    entries, by_the_clock, codes, one_in = (int(number.replace(",", "")) for number in said.groups())
    assert (entries, by_the_clock, codes) == (found.entries, entries_within(LONGEST_DAY, DEFAULT), found.codes)
    assert Fraction(1, one_in + 3) < found.bound < Fraction(1, one_in)
    assert "two sets of days are live, and it at most doubles" in page
    assert guessing.guessing(DEFAULT, zone_tables=2).bound == 2 * found.bound


def test_the_page_says_why_six_digits_are_too_few_however_they_are_made():
    page = " ".join((files("lockproof.spec") / "chapters" / "decisions.md").read_text(encoding="utf-8").split())
    found = guessing.guessing(DEFAULT)
    assert f"`{found.entries} * {found.codes} / 10^6`, which is more than 1 in 205 on a day" in page
    assert Fraction(1, 205) < Fraction(found.entries * found.codes, 10**6) < Fraction(1, 204)
    assert all(guessing.likeliest_row(digits) >= Fraction(1, 10**digits) for digits in range(1, 17))


def test_the_bound_of_the_default_profile():
    found = guessing.guessing(DEFAULT)
    assert (found.entries, found.codes, found.row) == (305, 16, Fraction(22, 2**31))
    assert found.bound == Fraction(305 * 16 * 22, 2**31)
    assert str(found) == (
        "a day of guessing opens with a probability of at most 305 entries * 16 codes * 22 / 2^31, which is 1 in 20,002"
    )


@pytest.mark.parametrize("digits", [7, 8, 9])
def test_the_share_of_a_row(digits):
    assert guessing.preimages(digits) == {7: 215, 8: 22, 9: 3}[digits]
    assert (guessing.preimages(digits) - 1) * 10**digits < 2**31 <= guessing.preimages(digits) * 10**digits


@pytest.mark.parametrize("digits", [1, 2, 3])
@pytest.mark.parametrize("bits", [4, 7, 10, 13])
def test_every_row_in_miniature(monkeypatch, digits, bits):
    """Every value of a truncation to fewer bits, counted by its row."""
    monkeypatch.setattr(guessing, "TRUNCATED", 2**bits)
    counted = Counter(value % 10**digits for value in range(2**bits))
    assert max(counted.values()) == guessing.preimages(digits)
    assert guessing.likeliest_row(digits) == Fraction(max(counted.values()), 2**bits)


@pytest.mark.parametrize("burst", [1, 2, 5])
@pytest.mark.parametrize("refill", [1, 2, 7])
@pytest.mark.parametrize("seconds", [1, 2, 7, 8, 14, 15, 50])
def test_the_entries_of_a_stretch_are_exactly_so_many(burst, refill, seconds):
    """Somebody who enters wrong digits whenever the keypad looks at them."""
    profile = replace(DEFAULT, keypad_burst=burst, keypad_refill=refill)
    arrival, examined = 0, 0
    for now in range(1000, 1000 + seconds):
        while limiter.enabled(arrival, now, profile):
            arrival, examined = limiter.charged(arrival, now, profile), examined + 1
    assert examined == entries_within(seconds, profile)


@pytest.mark.parametrize("ends", [False, True])
@pytest.mark.parametrize("life", [1, 2, 5, 6, 7, 8, 11, 12])
def test_the_days_in_service_in_miniature(monkeypatch, life, ends):
    """Days of five seconds, one after the other, each with codes first used at every instant of it."""
    monkeypatch.setattr(guessing, "SHORTEST_DAY", 5)
    profile = replace(DEFAULT, code_life=life, code_ends_with_its_day=ends)
    most = 0
    for now in range(50, 55):
        entitled = set()
        for day in range(12):
            start, end = 5 * day, 5 * day + 5
            hours = [range(first, min(first + life, end) if ends else first + life) for first in range(start, end)]
            if any(now in hour for hour in (range(start, end), *hours)):
                entitled.add(day)
        most = max(most, len(entitled))
    assert guessing.days_in_service(profile) == most


def test_the_bound_is_no_more_than_certainty():
    careless = replace(DEFAULT, keypad_burst=100, keypad_refill=1, code_digits=7, code_life=86_400)
    assert guessing.guessing(careless).bound == min(1, (100 + 90_179) * 24 * Fraction(215, 2**31))
    assert guessing.guessing(careless, zone_tables=2**20).bound == 1


def test_every_factor_is_carried_by_theorems():
    named = {name for names in guessing.CARRIED_BY.values() for name in names}
    assert named <= theorems.THEOREMS.keys() | town_theorems.TOWN_THEOREMS.keys()
    assert {row.result for row in prove.prove(only=named)} == {prove.Result.PROVED}


@pytest.mark.parametrize("wrong", [lambda digits: 2**31 // 10**digits, lambda digits: -(-(2**31) // 10**digits) + 1])
def test_another_share_is_named(monkeypatch, wrong):
    monkeypatch.setattr(guessing, "preimages", wrong)
    (row,) = prove.prove(only={"no_row_of_digits_has_more_than_its_share"})
    assert row.result in {prove.Result.FALSE, prove.Result.VACUOUS}
