"""Every limit and duration of the standard, named, with its clause and its legal range."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from lockproof.spec.observable import BadInput
from lockproof.spec.vocabulary import Number, Seconds, Truth, every

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class ProfileError(BadInput):
    """A profile that the standard does not allow: which value, its legal range, and its clause."""


def _limit(default: Any, clause: str, unit: str, least: int, most: int | None, why: str) -> Any:
    return field(default=default, metadata={"clause": clause, "unit": unit, "least": least, "most": most, "why": why})


@dataclass(frozen=True, slots=True)
class Profile:
    """The default is the text of the source; other profiles are legal where the clauses leave room."""

    code_life: Seconds = _limit(60 * MINUTE, "code.expiry.after-first-use", "s", 1, DAY, "from first use to the end of a code")
    code_ends_with_its_day: Truth = _limit(
        False, "code.day", "yes/no", 0, 1, "the other reading of the source: a used code also ends at midnight"
    )
    code_days_ahead: Number = _limit(14, "code.date", "days", 0, 365, "how far ahead a code may be generated, inclusive")
    code_indices: Number = _limit(8, "code.index", "codes", 1, 8, "codes per box and day")
    code_digits: Number = _limit(8, "code.digits", "digits", 7, 9, "digits of a code")
    window_shortest: Seconds = _limit(30 * MINUTE, "connect.window.length", "s", 1, None, "the shortest Connect window")
    window_longest: Seconds = _limit(7 * DAY, "connect.window.length", "s", 1, None, "the longest Connect window")
    ticket_life: Seconds = _limit(60, "connect.ticket", "s", 1, HOUR, "from a nonce to the last ticket or time order for it")
    keypad_burst: Number = _limit(5, "box.wrong-entry.bound", "entries", 1, 100, "wrong entries examined at once")
    keypad_refill: Seconds = _limit(5 * MINUTE, "box.wrong-entry.bound", "s", 1, DAY, "seconds that give one wrong entry back")
    refusals_written_every: Seconds = _limit(10 * MINUTE, "box.log", "s", 1, DAY, "refusals are written down at most this often")
    holdover: Seconds = _limit(DAY, "box.clock.never-back", "s", 0, None, "declared: how long the clock runs without power")
    clock_skew: Seconds = _limit(90, "box.clock.accuracy", "s", 0, HOUR, "declared: box time against true time, either way")
    timer_drift: Seconds = _limit(1, "connect.revoke.bound", "s", 0, MINUTE, "declared: the box's timer over one ticket life")
    authority_skew: Seconds = _limit(
        1, "connect.revoke.bound", "s", 0, MINUTE, "declared: the authority's clock against true time, either way"
    )

    def __post_init__(self) -> None:
        for limit in fields(self):
            _check(limit.name, getattr(self, limit.name), **limit.metadata)
        if self.window_shortest > self.window_longest:
            raise ProfileError(
                f"window_shortest: {self.window_shortest} s is more than window_longest, {self.window_longest} s"
                " (connect.window.length); make the longest window at least as long as the shortest"
            )

    @property
    def keypad_tolerance(self) -> Seconds:
        """How far charges may run ahead of the clock before the keypad is disabled (`box.wrong-entry.bound`)."""
        return (self.keypad_burst - 1) * self.keypad_refill


@dataclass(frozen=True, slots=True)
class ProfileOfOwnCodes(Profile):
    """Of a box of class core, whose codes are its maker's own: they may be longer, and not shorter (decisions.md, "How long a code is")."""

    code_digits: Number = _limit(
        8,
        "code.digits",
        "digits",
        7,
        15,
        "digits of a code of its maker's own, since fewer are guessed too soon however they are made",
    )


def _check(name: str, value: Any, clause: str, unit: str, least: int, most: int | None, why: str) -> None:
    whole = isinstance(value, bool) if unit == "yes/no" else isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        legal = f"at least {least}" if most is None else f"{least} to {most}"
        raise ProfileError(f"{name}: {value!r} is not legal; {why}: {legal} {unit} ({clause})")


def legal(profile: Any) -> Truth:
    """The constraints of a profile as a truth, for values and terms alike; `keypad_tolerance` counts as a value of its own."""
    bounds = [
        every(getattr(profile, limit.name) >= limit.metadata["least"], getattr(profile, limit.name) <= limit.metadata["most"])
        if limit.metadata["most"] is not None
        else getattr(profile, limit.name) >= limit.metadata["least"]
        for limit in fields(Profile)
        if limit.metadata["unit"] != "yes/no"
    ]
    return every(*bounds, profile.window_shortest <= profile.window_longest, profile.keypad_tolerance >= 0)


DEFAULT = Profile()


def profile_of(said: Iterable[str]) -> Profile:
    """The default profile with some values changed, each said as `NAME=VALUE`. Raises `ProfileError`."""
    known = {limit.name: limit.metadata["unit"] for limit in fields(Profile)}
    changes: dict[str, Any] = {}
    for text in said:
        name, _, value = text.partition("=")
        if name not in known:
            raise ProfileError(f"{text!r}: the profile has no {name}; it has {', '.join(known)}")
        words = {"yes": True, "no": False} if known[name] == "yes/no" else {}
        if value not in words and not value.isdigit():
            raise ProfileError(f"{text!r}: write {name}= and then {'yes or no' if words else 'a whole number'} ({known[name]})")
        changes[name] = words[value] if value in words else int(value)
    return Profile(**changes)
