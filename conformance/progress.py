"""What is going on: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import time
from types import TracebackType
from typing import Any, Self

from lockproof.conformance.run import OnProgress, Plan
from lockproof.conformance.scenario import Scenario, Step
from lockproof.conformance.targets import Target
from lockproof.conformance.verdict import ScenarioResult, Verdict
from lockproof.conformance.words import spoken
from lockproof.spec.observable import Hello
from rich.console import Console
from rich.live import Live
from rich.text import Text

EVERY_WITHOUT_A_TERMINAL = 30.0
_WORTH_TELLING = 2.0  # seconds
EVERY = 0.1  # seconds between two looks of the live line


class Progress(OnProgress):
    """A live line while a run goes on; without a terminal, a line at its beginning and one for whatever does not pass."""

    def __init__(self, console: Console, *, live: bool = True) -> None:
        """Without `live` there is none on a terminal either: somebody is asked questions there."""
        self._console = console
        shown = live and console.is_terminal
        self._live = Live(console=console, refresh_per_second=10, transient=True) if shown else None
        self._total = self._number = 0
        self._who = self._about = ""
        self._started = self._shown = 0.0

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def begins(self, target: Target, hello: Hello, plan: Plan) -> None:
        self._total, self._number, self._started = len(plan.selected), 0, time.monotonic()
        self._shown = self._started
        self._who = f"{target.name}   {hello.firmware}"
        left_out = f", {len(plan.left_out)} not applicable" if plan.left_out else ""
        self._console.print(
            f"{target.name}: {hello.firmware}, {hello.identity}\n"
            f"    plan: {self._total} scenarios{left_out}, {plan.commands} commands;"
            f" about {plan.writes} writes, {plan.cuts} power cuts, {plan.resets} resets"
            + (f"; {spoken(plan.waits)} of waiting for its clock" if plan.waits and target.time.ppm else ""),
            highlight=False,
            markup=False,
        )
        if target.board:
            cuts = (
                "at the supply where they take no time of its clock"
                if target.cuts_supply(hello.holdover)
                else "by the box itself"
            )
            by = target.board.observation.by
            self._console.print(f"    power cuts {cuts}; openings {by}", highlight=False, markup=False)

    def step(self, scenario: Scenario, number: int, step: Step | Any) -> None:
        about = self._about = f"{scenario.id}, step {number}: {step.verb}"
        now = time.monotonic()
        if now - self._shown < (EVERY if self._live else EVERY_WITHOUT_A_TERMINAL):
            return
        self._shown = now
        gone = now - self._started
        left = gone / self._number * (self._total - self._number) if self._number else 0.0
        if self._live is None:
            self._console.print(
                f"    {self._number + 1}/{self._total}   {about}   about {left:.0f} s left", highlight=False, markup=False
            )
            return
        self._live.update(
            Text(
                f"{self._who}   {self._number + 1}/{self._total}   {about}   {left:.0f} s left", overflow="ellipsis", no_wrap=True
            )
        )

    def waiting(self, seconds: float) -> None:
        now = time.monotonic()
        if seconds < _WORTH_TELLING or now - self._shown < (EVERY if self._live else EVERY_WITHOUT_A_TERMINAL):
            return
        self._shown = now
        told = f"{self._number + 1}/{self._total}   {self._about}   waiting for its clock, {spoken(math.ceil(seconds))}"
        if self._live is None:
            self._console.print(f"    {told}", highlight=False, markup=False)
        else:
            self._live.update(Text(f"{self._who}   {told}", overflow="ellipsis", no_wrap=True))

    def done(self, result: ScenarioResult) -> None:
        self._number += 1
        if self._live is None and result.verdict is not Verdict.PASS:
            self._console.print(f"    {result.verdict}: {result.id}", highlight=False, markup=False)
