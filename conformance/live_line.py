"""A line that says what is going on: written over as it changes on a terminal, and now and then a line of its own elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

EVERY_WITHOUT_A_TERMINAL = 20.0  # seconds between two lines
_A_SECOND = 10  # so often a line on a terminal is drawn anew, also while nobody says anything


class LiveLine:
    """What it says is up to `line`. Without `live` a terminal is dealt with as anything else, since somebody is asked questions there."""

    def __init__(self, console: Console, *, live: bool = True) -> None:
        self._console = console
        shown = live and console.is_terminal
        self._live = Live(self, console=console, refresh_per_second=_A_SECOND, transient=True) if shown else None
        self._shown = time.monotonic()

    def line(self) -> str:
        """As things stand now."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def __rich__(self) -> Text:
        return Text(self.line(), overflow="ellipsis", no_wrap=True)

    def _changed(self) -> None:
        """Where there is no terminal, print it, if the last time is long enough ago."""
        now = time.monotonic()
        if self._live is None and now - self._shown >= EVERY_WITHOUT_A_TERMINAL:
            self._shown = now
            self._console.print(self.line(), highlight=False, markup=False, soft_wrap=True)
