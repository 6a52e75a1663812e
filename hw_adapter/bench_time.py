"""The time in which a bench lives: the clock of this machine, or one that moves only when somebody waits.

Units: seconds; `ppm` is how far the clock may go wrong, in parts of a million.
"""

from __future__ import annotations

import time
from typing import Protocol


class BenchTime(Protocol):
    """The bench's own clock."""

    ppm: float

    def now(self) -> float:
        """Seconds since some instant."""

    def sleep(self, seconds: float) -> None: ...


class RealTime:
    """The clock of this machine. Crystals of such machines are wrong by some tens of parts in a million."""

    ppm = 50.0

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class VirtualTime:
    """Seconds since it was made. It stands still until somebody waits, and no clock goes wrong in it but those that are made to."""

    ppm = 0.0

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += max(0.0, seconds)

    def sleep_until(self, instant: float) -> None:
        """Does nothing for an instant that is over."""
        self._now = max(self._now, instant)
