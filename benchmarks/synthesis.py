"""Synthesis time by event, and how finding a trace grows with the number of credentials in the model.

A synthesized trace is about one credential of each kind, since a town is proved to be such a world to each of them; so that it
does not grow with their number. What it would cost without that proof is the second table: the same trace of five events (a code
is used, and refused in the first second after its hour), looked for in a town of two boxes with 1, 2, 4 and 8 codes and grants each.
"""

from __future__ import annotations

import time
from collections import defaultdict

import z3
from lockproof.conformance.synthesis import find
from lockproof.spec.coverage import goals
from lockproof.spec.profile import DEFAULT
from lockproof.spec.symbolic import symbol
from lockproof.spec.town import EVENTS, Message, Reading, Size, Town, initial, row
from lockproof.spec.town_theorems import any_town, in_order

COUNTS = (1, 2, 4, 8)
HERE = 0  # the box at which it happens


def by_event() -> None:
    """Every goal, in one process."""
    seconds: dict[str, float] = defaultdict(float)
    counts: dict[str, int] = defaultdict(int)
    for goal in goals():
        start = time.perf_counter()
        find(goal)
        seconds[goal.occurrence.event] += time.perf_counter() - start
        counts[goal.occurrence.event] += 1
    least = min(seconds[event] / counts[event] for event in seconds)
    for event in sorted(seconds, key=lambda event: -seconds[event]):
        each = seconds[event] / counts[event]
        print(
            f"{event:30} {counts[event]:3} goals {seconds[event]:6.1f} s   {each:5.2f} s each   {each / least:5.1f} times the least"
        )
    print(f"{'all':30} {sum(counts.values()):3} goals {sum(seconds.values()):6.1f} s")


def in_a_town(count: int) -> float:
    """Seconds to find the five events in a town with so many codes and grants at each of two boxes."""
    size = Size(boxes=2, codes=count, grants=count)
    start, solver = time.perf_counter(), z3.Solver()
    town: Town = any_town(size)
    solver.add(initial(town, DEFAULT), in_order(town))
    digits = z3.Int("digits")
    outcome = None
    for number, (event, given) in enumerate(
        [
            ("challenge_is_made", {}),
            ("time_order_arrives", {"message": symbol(Message, "order")}),
            ("entry_is_made", {"digits": digits, "remember": False}),
            ("time_passes", _clocks(size)),
            ("entry_is_made", {"digits": digits, "remember": False}),
        ]
    ):
        premise, town, outcome = EVENTS[event](town, DEFAULT, HERE, **given)
        solver.add(premise, *([outcome.accepted] if number < 4 else [z3.Not(outcome.accepted)]))
    assert outcome is not None
    expired = [need.forbids for need in outcome.needs if need.clause == "code.expiry.after-first-use"]
    solver.add(z3.Or(*expired))
    assert solver.check() == z3.sat, f"no such trace with {count} codes"
    return time.perf_counter() - start


def _clocks(size: Size) -> dict[str, object]:
    readings = row([symbol(Reading, f"box {number} then") for number in range(size.boxes)])
    return {"true": z3.Int("true time then"), "authority": z3.Int("authority time then"), "readings": readings}


if __name__ == "__main__":
    by_event()
    smallest = None
    for count in COUNTS:
        seconds = in_a_town(count)
        smallest = smallest or seconds
        print(
            f"five events in a town, {count} codes and {count} grants at each box   {seconds:6.2f} s   {seconds / smallest:.1f} times"
        )
