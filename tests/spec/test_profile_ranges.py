"""The legal range of every limit, in literal numbers: no proof notices a wider one, since it is what the proofs start from."""

from __future__ import annotations

from dataclasses import fields

import pytest
from lockproof.spec.profile import Profile, ProfileError

LEGAL = {
    "code_life": (1, 86_400),
    "code_ends_with_its_day": (0, 1),
    "code_days_ahead": (0, 365),
    "code_indices": (1, 8),
    "code_digits": (7, 9),
    "window_shortest": (1, None),
    "window_longest": (1, None),
    "ticket_life": (1, 3600),
    "keypad_burst": (1, 100),
    "keypad_refill": (1, 86_400),
    "refusals_written_every": (1, 86_400),
    "holdover": (0, None),
    "clock_skew": (0, 3600),
    "timer_drift": (0, 60),
    "authority_skew": (0, 60),
}


def test_the_legal_ranges_are_these():
    assert {limit.name: (limit.metadata["least"], limit.metadata["most"]) for limit in fields(Profile)} == LEGAL


@pytest.mark.parametrize("name", [name for name, (_, most) in LEGAL.items() if most not in {None, 1}])
def test_one_more_than_the_greatest_is_refused(name):
    with pytest.raises(ProfileError, match=f"{name}: {LEGAL[name][1] + 1} is not legal"):
        Profile(**{name: LEGAL[name][1] + 1})
