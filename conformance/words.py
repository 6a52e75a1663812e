"""Durations and instants as people say them: `59m59s`, `tomorrow 14:19:51`, `1s before the end of ritas-grant`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from lockproof.spec import civil
from lockproof.spec.profile import DAY, HOUR, MINUTE

_UNITS = {"d": DAY, "h": HOUR, "m": MINUTE, "s": 1}
LONGEST = 36_525 * DAY  # a hundred years: no scenario waits longer
FIRST_DATE, LAST_DATE = dt.date(1971, 1, 1), dt.date(9000, 12, 31)
_DURATION = re.compile(r"(?:(\d{1,12})d)?(?:(\d{1,12})h)?(?:(\d{1,12})m)?(?:(\d{1,12})s)?", re.ASCII)
_SHIFTED = re.compile(r"(?P<duration>\S+) (?P<way>before|after) (?P<point>.+)")
_EDGE = re.compile(r"(?:the )?(?P<edge>first instant|last second|start|end) of (?P<what>\S.*)")
_LOCAL = re.compile(r"(?P<day>.+?) (?P<time>\d\d:\d\d(?::\d\d)?)(?P<offset>[+-]\d\d:\d\d)?", re.ASCII)
_DAY = re.compile(r"(?P<name>today|tomorrow|yesterday)|in (?P<ahead>\d{1,12}) days|(?P<date>\d{4}-\d\d-\d\d)", re.ASCII)

Span = tuple[int, int]


class WordsError(ValueError):
    """Words that name no time: what was read, and what can be written instead."""


def seconds(text: str) -> int:
    """A duration in seconds: `90s`, `59m59s`, `1h`, `7d`."""
    found = _DURATION.fullmatch(str(text))
    if not text or found is None:
        raise WordsError(f"{str(text)[:40]!r} is no duration; write it as 59m59s, 1h, 90s or 7d")
    total = sum(int(n or 0) * unit for n, unit in zip(found.groups(), _UNITS.values(), strict=True))
    if total > LONGEST:
        raise WordsError(f"{text!r} is too long; write at most {LONGEST // DAY}d, which is a hundred years")
    return total


def spoken(length: int) -> str:
    """A duration as people write it, what `seconds` reads: `59m59s`; `0s` for none."""
    parts = []
    for unit, size in _UNITS.items():
        count, length = divmod(length, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"


def counted(number: int, what: str) -> str:
    """So many of them: `1 reset`, `2 resets`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Calendar:
    """What words about time mean at one property: its zone, the date of today, and the spans that have names (grants, days)."""

    zone: str
    today: dt.date

    def date(self, text: str) -> dt.date:
        """A local date: `today`, `tomorrow`, `in 3 days`, `2019-02-03`."""
        found = _DAY.fullmatch(str(text))
        if found is None:
            raise WordsError(f"{text!r} is no day; write today, tomorrow, yesterday, in 3 days, or 2019-02-03")
        try:
            date = dt.date.fromisoformat(found["date"]) if found["date"] else self._relative(found["name"], found["ahead"])
        except ValueError as error:
            raise WordsError(f"{text!r} is no date: {error}") from None
        except OverflowError:
            date = dt.date.max
        if not FIRST_DATE <= date <= LAST_DATE:
            raise WordsError(f"{text!r} is out of reach; write a day from {FIRST_DATE} to {LAST_DATE}")
        return date

    def _relative(self, name: str | None, ahead: str | None) -> dt.date:
        return self.today + dt.timedelta(days=int(ahead) if ahead else {"today": 0, "tomorrow": 1, "yesterday": -1}[name or ""])

    def day(self, text: str) -> Span:
        """A day by its instants `[start, end)`."""
        bounds = civil.day_bounds(self.date(text), self.zone)
        return bounds.start, bounds.end

    def instant(self, text: str, spans: Mapping[str, Span] | None = None) -> int:
        """An instant: a local time, an edge of a day or of something in `spans`, or some time before or after one."""
        text = str(text)
        if shifted := _SHIFTED.fullmatch(text):
            distance = seconds(shifted["duration"])
            instant = self.instant(shifted["point"], spans) + (distance if shifted["way"] == "after" else -distance)
            if instant < 0:
                raise WordsError(f"{text!r} lies before 1970; write an instant from {FIRST_DATE} on")
            return instant
        if edge := _EDGE.fullmatch(text):
            start, end = (spans or {}).get(edge["what"]) or self.day(edge["what"])
            return {"first instant": start, "start": start, "last second": end - 1, "end": end}[edge["edge"]]
        if local := _LOCAL.fullmatch(text):
            time = _time(local["time"])
            return civil.local_instant(self.date(local["day"]), time, self.zone, _offset(local["offset"]))
        raise WordsError(
            f"{text!r} names no instant; write tomorrow 14:19:51, 2019-02-03 14:19:51, first instant of tomorrow,"
            " last second of today, end of a-grant, or 1s before the end of a-grant"
        )


def _time(text: str) -> dt.time:
    try:
        return dt.time.fromisoformat(text)
    except ValueError as error:
        raise WordsError(f"{text!r} is no time of day: {error}; write 00:00 to 23:59:59") from None


def _offset(text: str | None) -> dt.timedelta | None:
    if text is None:
        return None
    hours, minutes = text[1:].split(":")
    size = dt.timedelta(hours=int(hours), minutes=int(minutes))
    return -size if text.startswith("-") else size
