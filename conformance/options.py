"""What may stand in the options of a run, by whichever command they are given."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from lockproof.conformance import words
from lockproof.conformance.pace import ClockMode
from lockproof.conformance.suite import Suite
from lockproof.spec.observable import BadInput


@dataclass(frozen=True, slots=True)
class Exploration:
    """How far a box is explored: for so many steps, or for so many seconds of the wall clock. `aimed`: time is let go on to bounds, and
    not just on.
    """

    steps: int | None = None
    seconds: int | None = None
    aimed: bool = True


FIRST_YEAR, LAST_YEAR = 2000, 2100  # of the days that scenarios may call today


def suite(name: str) -> Suite:
    """Raises `BadInput`."""
    if name not in list(Suite):
        raise BadInput(f"--suite {name}: write written, synthesized, all or none")
    return Suite(name)


def clock_mode(text: str) -> ClockMode | None:
    """The mode of that name, None if none is named. Raises `BadInput`."""
    if text and text not in list(ClockMode):
        raise BadInput(f"--clock {text}: write {', '.join(ClockMode)}")
    return ClockMode(text) if text else None


def duration(option: str, text: str) -> int | None:
    """In seconds, None if it is not given. Raises `BadInput`."""
    try:
        return words.seconds(text) if text else None
    except words.WordsError as error:
        raise BadInput(f"{option}: {error}") from None


def exploration(text: str, *, aimed: bool = True) -> Exploration | None:
    """`2000` steps, or a duration such as `10m`; None for nothing. Raises `BadInput`."""
    if not text:
        return None
    try:
        found = Exploration(int(text), None, aimed) if text.isdecimal() else Exploration(None, words.seconds(text), aimed)
    except words.WordsError as error:
        raise BadInput(f"--explore: {error}; or a number of steps, such as 2000") from None
    if not (found.steps or found.seconds):
        raise BadInput(f"--explore {text}: that is not at all; write a number of steps, such as 2000, or a duration, such as 10m")
    return found


def date(text: str) -> str:
    """Raises `BadInput`."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"--today {text}: no date; write it as 2027-03-02") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadInput(f"--today {text}: choose a date from {FIRST_YEAR} to {LAST_YEAR}")
    return day.isoformat()


def new_folder(out: Path) -> Path:
    """The next numbered folder below `out`; two runs at once never share one. Raises `BadInput`."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        number = max((int(p.name) for p in out.iterdir() if p.name.isdigit()), default=0)
        while True:
            number += 1
            try:
                (out / f"{number:04}").mkdir()
            except FileExistsError:
                continue
            return out / f"{number:04}"
    except OSError as error:
        raise BadInput(f"{out}: no run can be kept there: {error.strerror}; name another folder with --out") from None
