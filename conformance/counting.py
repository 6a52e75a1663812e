"""How far work of many like parts is."""

from __future__ import annotations

import time

from lockproof.conformance.live_line import LiveLine
from rich.console import Console


class Counting(LiveLine):
    """Is told of each part as it is done; `parts` is what they are called. The live line goes on also while none is."""

    def __init__(self, console: Console, total: int, parts: str) -> None:
        super().__init__(console)
        self._total, self._parts = total, parts
        self._done, self._said = 0, ""
        self._started = self._last = time.monotonic()

    def __call__(self, said: str) -> None:
        """One more is done; `said` stands behind the count."""
        self._done, self._said, self._last = self._done + 1, said, time.monotonic()
        self._changed()

    def line(self) -> str:
        now = time.monotonic()
        words = [f"{self._done}/{self._total} {self._parts}", f"{now - self._started:.0f} s"]
        if self._done:
            whole = (self._last - self._started) / self._done * self._total
            words += [f"about {max(0.0, self._started + whole - now):.0f} s left", self._said]
        return "   ".join(words)
