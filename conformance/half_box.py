"""A box whose firmware is half finished, spoken to over the kit's own link: the last command that was tried, and what became of it.

While its clock can't be held yet, it is taken for one that stands still, if it goes as a clock may: what is decided within the
seconds that a scenario takes counts as decided at the scenario's one instant.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from lockproof.hw_adapter.adapter import SerialBox
from lockproof.hw_adapter.channel import Channel
from lockproof.hw_adapter.messages import Code, Command, Result, Status
from lockproof.spec.observable import BenchError, ClockReading, CutClass, Decision, LogEntry, LogPage, NoAnswer


class Unanswered(BenchError):  # noqa: N818  (reads as what happened)
    """No answer came, and no power cut was to take it. What is tried ends with it."""


@dataclass(frozen=True, slots=True)
class _Still:
    """The instant at which a clock counts as standing, and since when by the host's clock, in seconds."""

    instant: int
    since: float
    skew: int


class HalfBox(SerialBox):
    """`tried` is the command sent last, `status` what it was answered with, `wrong` what came instead of an answer.

    `late` are the commands that were answered only when they had been sent again.
    """

    def __init__(
        self, channel: Channel, name: str, now: Callable[[], float] = time.monotonic, sending: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__(channel, name, now=now)
        self.tried: Command | None = None
        self.status: Status | None = None
        self.wrong: BenchError | None = None
        self.late: list[Code] = []
        self._time = now
        self._sending = sending
        self._armed = False
        self._still: _Still | None = None

    @contextmanager
    def taken_as_held(self, instant: int, skew: int) -> Iterator[None]:
        """Nobody holds the clock meanwhile, and box times of these seconds count as `instant`, that of the scenario."""
        self._still = _Still(instant, self._time(), skew)
        try:
            yield
        finally:
            self._still = None

    def begin(self, commands: Sequence[Command]) -> Callable[[], list[Result]]:
        if self._still and [command.code for command in commands] == [Code.CLOCK_HOLD]:
            return lambda: [Result(Status.OK, ClockReading(None, 0, held=True))]
        self._sending()
        self.tried, self.status, self.wrong = commands[-1], None, None
        try:
            finish = super().begin(commands)
        except BenchError as wrong:
            self.wrong = wrong
            raise
        return lambda: self._finished(finish, commands)

    def _finished(self, finish: Callable[[], list[Result]], commands: Sequence[Command]) -> list[Result]:
        sent_again = self.counters.resent
        try:
            results = finish()
        except NoAnswer as silence:
            if self._armed:
                self._armed = False
                raise
            self.wrong = silence
            raise Unanswered(str(silence)) from silence
        except BenchError as wrong:
            self.wrong = wrong
            raise
        if self.counters.resent > sent_again:
            self.late.append(Code(commands[-1].code))
        self.status = next((each.status for each in results if each.status is not Status.OK), Status.OK)
        cut = commands[-1].argument
        if commands[-1].code == Code.POWER_CUT and self.status is Status.OK:
            self._armed = cut.cut is CutClass.NTH_WRITE and cut.nth > 0
        return [replace(each, value=self._as_if_held(each.value)) for each in results]

    def _as_if_held(self, value: Any) -> Any:
        if isinstance(value, Decision):
            return replace(value, box_time=self._instant(value.box_time))
        if isinstance(value, LogPage):
            return replace(value, entries=tuple(map(self._entry, value.entries)))
        return value

    def _entry(self, entry: LogEntry) -> LogEntry:
        return replace(entry, instant=self._instant(entry.instant))

    def _instant(self, shown: int | None) -> int | None:
        if self._still is None or shown is None:
            return shown
        gone = shown - self._still.instant
        most = math.ceil(self._time() - self._still.since) + self._still.skew
        return self._still.instant if -self._still.skew <= gone <= most else shown
