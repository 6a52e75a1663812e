"""The wrong-entry bound: a generic cell rate algorithm with one durable integer (`box.wrong-entry.bound`).

`arrival` is the instant at which all that was charged will have been given back. The keypad of a box and the PIN of a
person at the authority are bounded by the same three lines.
"""

from __future__ import annotations

from lockproof.spec.profile import Profile
from lockproof.spec.vocabulary import Instant, Truth, choose, named


def enabled(arrival: Instant, now: Instant, profile: Profile) -> Truth:
    """One more wrong entry would stay within the bound."""
    return named("within the bound", arrival <= now + profile.keypad_tolerance)


def charged(arrival: Instant, now: Instant, profile: Profile) -> Instant:
    """One wrong entry more, from now."""
    idle = named("all that was charged is given back", arrival <= now)
    return choose(idle, now, arrival) + profile.keypad_refill  # type: ignore[no-any-return]


def refunded(arrival: Instant, profile: Profile) -> Instant:
    """The last charge taken back: to every later decision it is as if it had never been made."""
    return arrival - profile.keypad_refill
