"""About how long a run will take: by the time that its rehearsal took, by how fast the box answers, and by what it declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lockproof.conformance.pace import ClockMode
from lockproof.conformance.words import spoken
from lockproof.spec.observable import SELF_REPORTED, Hello

if TYPE_CHECKING:
    from lockproof.conformance.planning import Plan, Timing
    from lockproof.conformance.targets import Target

# Measured over all packaged scenarios, in process, on a pseudo-terminal and on the port kit's host port.
_TO_REHEARSAL = (1.1, 2.2)  # what the kit itself takes to play and to judge, as a multiple of the rehearsal
_TO_HELLO = (
    0.25,
    1.0,
)  # what a request takes, as a multiple of the first hello, which is the longest of answers, and wakes the box
_REQUESTS = 0.35  # for a command, where several may travel in one
_AIMING_S = (0.02, 0.15)  # for a command, where it must hit its second of a clock that runs
_BY_EYE_S = (3.0, 10.0)  # for a presentation, where somebody at the terminal is asked what the box did
_BY_SENSOR_S = 0.2  # for a presentation, beyond the delay of its sensor: a program before and after
_BY_SUPPLY_S = 0.2  # for a cut at the supply, beyond the time that it is off: two programs, and a line that is opened again


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds: `least` if all goes quickly and the box boots and resets in no time, `most` if it needs all that it declares."""

    least: float
    most: float

    def __str__(self) -> str:
        least, most = (spoken(_rounded(seconds)) for seconds in (self.least, self.most))
        return f"about {least}" if least == most else f"about {least} to {most}"


def estimate(plan: Plan, hello: Hello, target: Target, timing: Timing, round_trip: float, *, together: bool) -> Estimate:
    """For a plan that was rehearsed; `round_trip` is how long hello took, in seconds, `together` whether commands travel in batches."""
    requests = plan.commands * (max(_REQUESTS, 1 / hello.batch_limit) if together else 1)
    power = target.board.power if target.board else None
    runs = timing.mode is not ClockMode.HOLD and timing.longest_wait is not None
    whole = plan.waits + (plan.cuts * (power.minimum_off + _BY_SUPPLY_S) if power is not None and plan.supply else 0.0)
    least, most = (
        whole
        + plan.rehearsed * work
        + requests * round_trip * line
        + plan.commands * aiming * runs
        + plan.presentations * looking
        for work, line, aiming, looking in zip(_TO_REHEARSAL, _TO_HELLO, _AIMING_S, _looked_at(target), strict=True)
    )
    declared = 0.0 if target.time.ppm == 0 else (plan.cuts * hello.boot_ms + plan.resets * hello.reset_ms) / 1000
    return Estimate(least, most + declared)


def _looked_at(target: Target) -> tuple[float, float]:
    """What it takes to know of one presentation whether the box opened, in seconds."""
    if target.board is None or target.board.observation.by == SELF_REPORTED:
        return 0.0, 0.0
    if target.asks_the_operator:
        return _BY_EYE_S
    return (target.board.observation.delay + _BY_SENSOR_S,) * 2


def _rounded(seconds: float) -> int:
    """To what such an estimate is worth: seconds, then five of them, then minutes."""
    for below, step in ((20, 1), (180, 5), (3600, 60)):
        if seconds < below:
            return max(1, round(seconds / step) * step)
    return round(seconds / 300) * 300
