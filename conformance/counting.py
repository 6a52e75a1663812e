"""How far work of many like parts is: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

EVERY_WITHOUT_A_TERMINAL = 20.0  # seconds between two lines


class Counting:
    """Is told of each part as it is done; `parts` is what they are called. The live line goes on also while none is."""

    def __init__(self, console: Console, total: int, parts: str) -> None:
        self._console, self._total, self._parts = console, total, parts
        self._live = Live(self, console=console, refresh_per_second=4, transient=True) if console.is_terminal else None
        self._done, self._said = 0, ""
        self._started = self._shown = self._last = time.monotonic()

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, said: str) -> None:
        """One more is done; `said` stands behind the count."""
        self._done, self._said, self._last = self._done + 1, said, time.monotonic()
        if self._live is None and self._last - self._shown >= EVERY_WITHOUT_A_TERMINAL:
            self._shown = self._last
            self._console.print(self._line(), highlight=False, markup=False, soft_wrap=True)

    def __rich__(self) -> Text:
        return Text(self._line(), overflow="ellipsis", no_wrap=True)

    def _line(self) -> str:
        now = time.monotonic()
        words = [f"{self._done}/{self._total} {self._parts}", f"{now - self._started:.0f} s"]
        if self._done:
            whole = (self._last - self._started) / self._done * self._total
            words += [f"about {max(0.0, self._started + whole - now):.0f} s left", self._said]
        return "   ".join(words)
