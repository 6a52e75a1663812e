"""What `lockproof scenarios synthesize` shows: each condition as it is found, then how many are covered and by how many vectors."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from lockproof.conformance import publishing
from lockproof.conformance.counting import Counting
from lockproof.conformance.synthesis import Found, Open, Vector, synthesize
from lockproof.conformance.vector_files import FOLDER
from lockproof.spec import coverage
from rich.console import Console


def synthesize_and_tell(console: Console, folder: Path | None = None, *, check: bool = False) -> int:
    """Make the vectors; write them, or, to `check`, compare them with what is packaged. Returned is the exit code.

    0: written, or as packaged; 1: stale, or a condition is open.
    """
    begin = time.perf_counter()
    with Counting(console, sum(1 for _ in coverage.goals()), "goals") as count:
        found = synthesize(lambda each: count(each.goal.id))
    _show(console, found, time.perf_counter() - begin)
    still_open = [each for each in found if isinstance(each, Open)]
    if still_open:
        return 1
    where = folder or FOLDER
    if not check:
        _say(console, f"{publishing.write(found, where)} files written to {where}")
        return 0
    stale = publishing.stale(found, where)
    for wrong in stale:
        _say(console, f"stale: {wrong}")
    _say(console, "make them anew with lockproof scenarios synthesize" if stale else "the vectors are what the model gives")
    return 1 if stale else 0


def _show(console: Console, found: list[Found], seconds: float) -> None:
    for each in found:
        if not isinstance(each, Vector):
            _say(console, f"{each.status}: {each.goal.id}\n    {each.reason}")
    vectors = [each for each in found if isinstance(each, Vector)]
    goals = [each for each in found if not (isinstance(each, Vector) and each.disturbed)]
    counts = Counter(each.status for each in goals)
    told = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
    exact = sum(each.exactly for each in vectors if not each.disturbed)
    _say(
        console,
        f"{len({each.goal.occurrence for each in found})} conditions, each both ways: {told};"
        f" {len(goals) - len(found) + len(vectors)} vectors, {exact} at a bound by one second, and"
        f" {len(found) - len(goals)} more with something between; {seconds:.0f} s",
    )


def _say(console: Console, words: str) -> None:
    console.print(words, highlight=False, markup=False, soft_wrap=True)
