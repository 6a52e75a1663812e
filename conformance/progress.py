"""How a run goes, as it goes."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

from lockproof.conformance import certifiable
from lockproof.conformance.live_line import LiveLine
from lockproof.conformance.planning import Plan
from lockproof.conformance.run import OnProgress
from lockproof.conformance.scenario import Scenario, Step
from lockproof.conformance.targets import Target
from lockproof.conformance.verdict import ScenarioResult, Verdict, is_left_out
from lockproof.conformance.visible import visible
from lockproof.conformance.words import counted, spoken
from lockproof.spec.observable import Hello
from rich.console import Console

_WORTH_TELLING = 2.0  # seconds of waiting


def told(plan: Plan) -> str:
    """What is played, what is not, and what it costs."""
    left_out = sum(is_left_out(why) for why in plan.left_out.values())
    without = ((len(plan.left_out) - left_out, "not applicable"), (left_out, "left out"))
    return (
        ", ".join([counted(len(plan.selected), "scenario"), *(f"{number} {why}" for number, why in without if number)])
        + f", {counted(plan.commands, 'command')}; about {counted(plan.writes, 'write')}, {counted(plan.cuts, 'power cut')},"
        + f" {counted(plan.resets, 'reset')}"
        + (f"; {spoken(plan.waits)} of waiting for its clock" if plan.waits else "")
    )


def told_waits(plan: Plan) -> Iterator[str]:
    """Where its clock is waited for: what a shorter or longer wait would give."""
    if not plan.offers:
        return
    why = f", so that all together wait no longer than {spoken(plan.in_all)}" if plan.in_all else ""
    yield f"its clock is waited for, in no scenario longer than {spoken(plan.longest_wait)}{why}; --wait chooses:"
    for offer in plan.offers:
        mark = ">" if offer.scenarios == len(plan.selected) else " "
        in_all = f"{spoken(offer.in_all)} of waiting" if offer.in_all else "no waiting"
        yield f"  {mark} --wait {spoken(offer.wait):<8} {counted(offer.scenarios, 'scenario')}, {in_all}"


def told_beginning(target: Target, hello: Hello, plan: Plan) -> Iterator[str]:
    """What is said of a run before it begins, and of one that is only planned."""
    who = f"{plan.authority}, beside {hello.firmware}" if plan.authority else hello.firmware
    yield visible(f"{target.name}: {who}, {hello.identity}")
    yield f"    plan: {told(plan)}"
    yield from (f"    {line}" for line in told_waits(plan))
    if target.board:
        cuts = "at the supply where they take no time of its clock" if plan.supply else "by the box itself"
        yield f"    power cuts {cuts}; openings {target.board.observation.by}"
    if plan.estimate and plan.selected:
        yield f"    time: {plan.estimate}, an estimate"
    yield from (f"    {line}" for line in certifiable.before_a_run(plan.not_certifiable))


class Progress(LiveLine, OnProgress):
    """A live line while a run goes on; without a terminal, a line at its beginning and one for whatever does not pass."""

    def __init__(self, console: Console, *, live: bool = True) -> None:
        super().__init__(console, live=live)
        self._total = self._number = self._decided = 0
        self._who = self._about = self._left = self._explored = ""
        self._started = self._began_exploring = time.monotonic()

    def begins(self, target: Target, hello: Hello, plan: Plan, decided: int) -> None:
        self._total, self._number, self._decided, self._started = len(plan.selected), decided, decided, time.monotonic()
        self._explored = ""
        self._who = visible(f"{target.name}   {plan.authority or hello.firmware}")
        for line in told_beginning(target, hello, plan):
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)
        if decided:
            self._console.print(f"    going on: {decided} of {len(plan.selected)} are decided", highlight=False, markup=False)

    def step(self, scenario: Scenario, number: int, step: Step | Any) -> None:
        if self._explored:  # which is said of that
            return
        gone = time.monotonic() - self._started
        done = self._number - self._decided
        left = gone / done * (self._total - self._number) if done else 0.0
        self._about, self._left = f"{scenario.id}, step {number}: {step.verb}", f"about {left:.0f} s left"
        self._changed()

    def waiting(self, seconds: float) -> None:
        if seconds >= _WORTH_TELLING:
            self._left = f"waiting for its clock, {spoken(math.ceil(seconds))}"
            self._changed()

    def exploring(self, said: str, done: float) -> None:
        if not self._explored:
            self._began_exploring = time.monotonic()
        self._explored = said
        gone = time.monotonic() - self._began_exploring
        self._left = f"about {gone / done - gone:.0f} s left" if 0 < done < 1 else ""
        self._changed()

    def line(self) -> str:
        if self._explored:
            return f"{self._who}   {self._explored}   {self._left}" if self._live else f"    {self._explored}   {self._left}"
        told = f"{self._number + 1}/{self._total}   {self._about}   {self._left}"
        return f"{self._who}   {told}" if self._live else f"    {told}"

    def done(self, result: ScenarioResult) -> None:
        self._number += 1
        if self._live is None and result.verdict is not Verdict.PASS:
            self._console.print(f"    {result.verdict}: {result.id}", highlight=False, markup=False)
