"""How likely a stranger at the keypad guesses a code within a day: a bound, in exact fractions, computed from the profile.

A guess opens if its digits are those of a code in service. So the probability is at most the number of entries that the box
examines, times the number of codes in service at any one instant, times the probability of the likeliest row of digits: the
bound of a union, which asks for no independence and holds for one who chooses each guess by what came of those before. It
rests on `digits-spread`. Each factor is carried by theorems, which `CARRIED_BY` names.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from lockproof.spec.profile import HOUR, Profile
from lockproof.spec.vocabulary import Number, Seconds

TRUNCATED = 2**31
"""How many values dynamic truncation has (RFC 4226, section 5.3)."""

SHORTEST_DAY, LONGEST_DAY = 23 * HOUR, 25 * HOUR

CARRIED_BY = {
    "entries": (
        "wrong_entries_stay_within_the_bound",
        "burst_and_refill_bound_the_count",
        "an_entry_is_examined_iff_ready_and_enabled",
        "a_decision_is_within_skew_of_true_time",
    ),
    "codes": (
        "a_ready_box_opens_for_a_code_iff_entitled",
        "at_any_instant_the_codes_of_few_days_are_in_service",
        "digits_in_service_are_of_one_code",
        "the_default_profile_is_the_text__digits_and_indices",
    ),
    "row": ("no_row_of_digits_has_more_than_its_share",),
}


@dataclass(frozen=True, slots=True)
class Guessing:
    """The factors of the bound, and the bound: for a day of `LONGEST_DAY`, and a box with so many zone tables in service."""

    entries: int
    codes: int
    row: Fraction

    @property
    def bound(self) -> Fraction:
        return min(Fraction(1), self.entries * self.codes * self.row)

    def __str__(self) -> str:
        return (
            f"a day of guessing opens with a probability of at most {self.entries} entries * {self.codes} codes"
            f" * {self.row * TRUNCATED} / 2^31, which is 1 in {int(1 / self.bound):,}"
        )


def guessing(profile: Profile, zone_tables: int = 1) -> Guessing:
    """The bound for a profile. While days of two zone tables are in service, twice as many codes are."""
    entries = entries_within(LONGEST_DAY + 2 * profile.clock_skew, profile)
    return Guessing(entries, codes_in_service(profile, zone_tables), likeliest_row(profile.code_digits))


def entries_within(seconds: Seconds, profile: Profile) -> Number:
    """The most wrong entries that are examined in so many seconds by the box's clock (`box.wrong-entry.bound`).

    Seconds are counted as instants: the last of them is one less than `seconds` after the first. A day of true time is longer by
    twice the skew for a box whose clock is first set back and then forward. The entry that opens counts as one of them, since
    it, too, is examined only where one more wrong one would be within the bound.
    """
    return profile.keypad_burst + (seconds - 1) // profile.keypad_refill


def days_in_service(profile: Profile) -> Number:
    """Of how many days, none shorter than `SHORTEST_DAY`, codes can be entitled at one instant: the day, and those whose hours go on."""
    if profile.code_ends_with_its_day:
        return 1
    return 1 + -((1 - profile.code_life) // SHORTEST_DAY)


def codes_in_service(profile: Profile, zone_tables: int = 1) -> Number:
    """How many codes at most are entitled at one instant; the box cannot know which of its indices were issued."""
    return profile.code_indices * days_in_service(profile) * zone_tables


def likeliest_row(digits: Number) -> Fraction:
    """The probability of the likeliest row of digits: 2^31 is no multiple of a power of ten, so truncation favours some."""
    return Fraction(preimages(digits), TRUNCATED)


def preimages(digits: Number) -> Number:
    """The most values of dynamic truncation that have one row of digits: `ceil(2^31 / 10^digits)`."""
    rows: int = 10**digits
    return -(-TRUNCATED // rows)
