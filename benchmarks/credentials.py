"""Proof time against the number of credentials: a town of two boxes with 1, 2, 4 and 8 codes and as many grants at each."""

from __future__ import annotations

import time
from functools import partial

from lockproof.spec.prove import Result, prove
from lockproof.spec.town import Size
from lockproof.spec.town_theorems import of_a_town

COUNTS = (1, 2, 4, 8)


def seconds_for(count: int) -> tuple[float, int]:
    """Seconds and obligations for all theorems about a town with so many codes and grants at each of two boxes."""
    start, obligations = time.perf_counter(), 0
    for row in prove(families=(partial(of_a_town, Size(boxes=2, codes=count, grants=count)),)):
        assert row.result is Result.PROVED, f"{row.name} with {count} codes and grants: {row.result}"
        obligations += row.obligations
    return time.perf_counter() - start, obligations


if __name__ == "__main__":
    smallest = None
    for count in COUNTS:
        seconds, obligations = seconds_for(count)
        smallest = smallest or seconds
        print(
            f"{count} codes and {count} grants at each box   {obligations:4} obligations {seconds:6.2f} s   {seconds / smallest:.1f} times"
        )
