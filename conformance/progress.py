"""How a run goes, as it goes."""

from __future__ import annotations

import math
import time
from typing import Any

from lockproof.conformance.live_line import LiveLine
from lockproof.conformance.planning import Plan
from lockproof.conformance.run import OnProgress
from lockproof.conformance.scenario import Scenario, Step
from lockproof.conformance.targets import Target
from lockproof.conformance.verdict import ScenarioResult, Verdict
from lockproof.conformance.words import spoken
from lockproof.spec.observable import Hello
from rich.console import Console

_WORTH_TELLING = 2.0  # seconds of waiting


class Progress(LiveLine, OnProgress):
    """A live line while a run goes on; without a terminal, a line at its beginning and one for whatever does not pass."""

    def __init__(self, console: Console, *, live: bool = True) -> None:
        super().__init__(console, live=live)
        self._total = self._number = 0
        self._who = self._about = self._left = ""
        self._started = time.monotonic()

    def begins(self, target: Target, hello: Hello, plan: Plan) -> None:
        self._total, self._number, self._started = len(plan.selected), 0, time.monotonic()
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
        gone = time.monotonic() - self._started
        left = gone / self._number * (self._total - self._number) if self._number else 0.0
        self._about, self._left = f"{scenario.id}, step {number}: {step.verb}", f"about {left:.0f} s left"
        self._changed()

    def waiting(self, seconds: float) -> None:
        if seconds >= _WORTH_TELLING:
            self._left = f"waiting for its clock, {spoken(math.ceil(seconds))}"
            self._changed()

    def line(self) -> str:
        told = f"{self._number + 1}/{self._total}   {self._about}   {self._left}"
        return f"{self._who}   {told}" if self._live else f"    {told}"

    def done(self, result: ScenarioResult) -> None:
        self._number += 1
        if self._live is None and result.verdict is not Verdict.PASS:
            self._console.print(f"    {result.verdict}: {result.id}", highlight=False, markup=False)
