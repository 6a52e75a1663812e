"""Model steps per second against the same logic written out by hand in one function: what one readable model costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from lockproof.spec.model import box as model
from lockproof.spec.profile import DEFAULT

ENTRIES = 20_000
START = 1_800_000_000


def by_the_model() -> int:
    """Opens counted, so that both ways can be seen to say the same."""
    state, _ = model.challenge(model.new_box(START))
    state, _ = model.take_time_order(state, model.TimeOrder(START, state.nonce, authentic=True), DEFAULT)
    code, opened = model.Code(START, START + 86_400, used=False, first_use=0), 0
    for entry in range(ENTRIES):
        state, charge = model.charge_entry(state, DEFAULT)
        if charge.accepted:
            state, code, outcome = model.decide_entry(state, code, entry % 3 != 0, DEFAULT)
            opened += outcome.accepted
        if entry % 7 == 0:
            state = _later(state)
    return opened


def _later(state: model.Box) -> model.Box:
    return replace(state, clock=state.clock + 1)


def by_hand() -> int:
    """The same entries, with every rule written out in place and nothing said about why."""
    clock = mark = START
    arrival, used, first_use, next_entry, refusals, opened = 0, False, 0, 1, 0, 0
    for entry in range(ENTRIES):
        if clock >= mark and arrival <= clock + 1200:
            mark = clock
            arrival = max(clock, arrival) + 300
            alive = clock < first_use + 3600 if used else START <= clock < START + 86_400
            if entry % 3 != 0 and alive:
                arrival -= 300
                if not used:
                    used, first_use = True, clock
                opened += 1
            next_entry, refusals = next_entry + 1, 0
        else:
            next_entry += refusals == 0
            refusals += 1
        if entry % 7 == 0:
            clock += 1
    return opened


def best_of(function: Callable[[], int], times: int = 3) -> tuple[float, int]:
    """Seconds of the quickest of several runs, and what it returned."""
    found = 0
    quickest = float("inf")
    for _ in range(times):
        begin = time.perf_counter()
        found = function()
        quickest = min(quickest, time.perf_counter() - begin)
    return quickest, found


if __name__ == "__main__":
    (hand, one), (read, other) = best_of(by_hand), best_of(by_the_model)
    assert one == other, "the two ways must open alike"
    print(f"by hand    {ENTRIES / hand:12,.0f} entries/s")
    print(f"the model  {ENTRIES / read:12,.0f} entries/s   two steps each   {read / hand:.1f} times the time by hand")
