"""Times as people type them at a property, `14:00`, `tomorrow 9:30`, `from 14:00 for 45 minutes`, and as they are told.

A local time that does not exist is refused; one that comes twice is asked about, or refused where nobody can be asked
(`time.local-refused`). Nothing is rounded.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import time
from collections.abc import Callable

from lockproof.conformance import words
from lockproof.reference.fields import is_instant
from lockproof.spec import civil
from lockproof.spec.observable import BadInput

Choose = Callable[[str, tuple[int, ...]], int | None]
"""Is told why a local time is not one instant, and which it may be; which one is meant, None where nobody says."""

_AS_TYPED = re.ASCII | re.IGNORECASE  # a phone begins with a capital letter
_TIME = re.compile(r"(?:(?P<day>\S.*?) )?(?P<hour>\d{1,2}):(?P<rest>\d\d(?::\d\d)?)(?P<offset>Z|[+-]\d\d:\d\d)?", _AS_TYPED)
_WINDOW = re.compile(r"(?:(?:from )?(?P<start>.+?))?(?:(?:^| )for (?P<length>.+)|(?:^| )(?:until|to) (?P<end>.+))", _AS_TYPED)
_PART = re.compile(r"(\d+) ?(days?|d|hours?|h|minutes?|min|m|seconds?|s)(?: |$|(?=\d))", _AS_TYPED)
_EXAMPLES = "such as 14:00, tomorrow 09:30, 2027-03-03 14:00 or 2027-11-07 01:30:00-04:00"


def now(at: str) -> int:
    """The present instant; or, with `at`, that one: a date, a time and an offset, or a Z."""
    if not at:
        return int(time.time())
    with contextlib.suppress(ValueError):
        found = dt.datetime.fromisoformat(at)
        if found.tzinfo is not None and not found.microsecond:
            if not is_instant(instant := int(found.timestamp())):
                raise BadInput(f"--at {at}: out of reach; name an instant from 1970 to 9999")
            return instant
    raise BadInput(f"--at {at}: name an instant with its offset, to the second, such as 2027-03-03T14:00:00-05:00")


def calendar(zone: str, instant: int) -> words.Calendar:
    """What words about time mean in a zone at an instant."""
    return words.Calendar(zone, civil.date_at(instant, zone))


def date(text: str, of: words.Calendar) -> str:
    """A local date, `YYYY-MM-DD`, from `tomorrow`, `in 3 days` or the date itself. Raises `BadInput`."""
    try:
        return of.date(text.strip().lower()).isoformat()
    except words.WordsError as error:
        raise BadInput(f"date: {error}") from None


def instant(text: str, of: words.Calendar, present: int, choose: Choose) -> int:
    """The instant that a text names. Raises `BadInput`."""
    if text.lower() == "now":
        return present
    found = _TIME.fullmatch(text)
    if found is None:
        raise BadInput(f"{text!r} names no time; write one {_EXAMPLES}")
    day, clock, offset = (found["day"] or "today").lower(), f"{found['hour']:0>2}:{found['rest']}", found["offset"] or ""
    try:
        if offset in {"Z", "z"}:
            return int(dt.datetime.fromisoformat(f"{of.date(day)}T{clock}+00:00").timestamp())
        return of.instant(f"{day} {clock}{offset}")
    except civil.LocalTimeError as error:
        chosen = choose(str(error), error.instants) if error.instants and not offset else None
        if chosen is None:
            raise BadInput(f"{text!r}: {error}") from None
        return chosen
    except (words.WordsError, civil.CivilError, ValueError) as error:
        raise BadInput(f"{text!r}: {error}") from None


def window(text: str, of: words.Calendar, present: int, choose: Choose) -> tuple[int, int]:
    """From when until when: `from 14:00 for 45 minutes`, `tomorrow 9:00 to 10:30`, `for 2 hours`. Raises `BadInput`.

    A time without a day is today's; the end of a window, that of the day on which it begins.
    """
    found = _WINDOW.fullmatch(" ".join(text.split()))
    if found is None:
        raise BadInput(f"window: {text!r} is none; write it as 'from 14:00 for 45 minutes' or 'tomorrow 14:00 until 16:00'")
    start = instant(found["start"], of, present, choose) if found["start"] else present
    if found["length"]:
        return start, start + length(found["length"])
    end = instant(found["end"], calendar(of.zone, start) if _is_bare(found["end"]) else of, present, choose)
    if end <= start:
        raise BadInput(
            f"window: {text!r} ends at {civil.local_text_with_offset(end, of.zone)}, not after it begins, at"
            f" {civil.local_text_with_offset(start, of.zone)}; name the day of its end, too"
        )
    return start, end


def length(text: str) -> int:
    """So many seconds: `45 minutes`, `1 hour 30 minutes`, `45m`, `2 days`. Raises `BadInput`."""
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text):
        raise BadInput(f"{text!r} is no length of time; write it as 45 minutes, 2 hours, 1h30m or 3 days")
    try:
        return sum(words.seconds(f"{number}{unit[0].lower()}") for number, unit in parts)
    except words.WordsError as error:
        raise BadInput(str(error)) from None


def told(at: int, zone: str) -> str:
    """What a clock in the zone shows, with its offset."""
    return civil.local_text_with_offset(at, zone)


def _is_bare(text: str) -> bool:
    found = _TIME.fullmatch(text)
    return found is not None and found["day"] is None
