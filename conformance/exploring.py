"""Exploring a box: scenarios grow (`explorer`), are played one after the other, and what fails is made small (`shrinking`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Protocol

from lockproof.conformance import ctrl_c
from lockproof.conformance.covering import Covered
from lockproof.conformance.growing import Bench
from lockproof.conformance.journal import Journal
from lockproof.conformance.options import Exploration
from lockproof.conformance.pace import ClockMode
from lockproof.conformance.planning import Timing, authority_for_a_bench, can_hold, declared_profile
from lockproof.conformance.player import Player, Stopped
from lockproof.conformance.run import play_until_it_decides
from lockproof.conformance.scenario import DEFAULT_TODAY, Scenario
from lockproof.conformance.shrinking import shrink
from lockproof.conformance.state_machine import FARTHEST, Explored, Reach, explored
from lockproof.conformance.targets import Target, opened
from lockproof.conformance.verdict import RunResult, ScenarioResult, Verdict
from lockproof.conformance.words import counted
from lockproof.spec.observable import OVERWRITES, BenchError, CutClass, Hello

HELD = Timing()


def reach_of(bench: Bench, hello: Hello, timing: Timing = HELD, *, aimed: bool = True) -> Reach:
    """What may be done to a box that declares this. A clock that is waited for is waited for only as long as one scenario may."""
    waited = timing.mode is ClockMode.WALL_CLOCK and timing.longest_wait is not None
    longest = (AT_ONCE_S if timing.in_all is not None else timing.longest_wait or 0) if waited else FARTHEST
    return Reach(
        bench,
        at_writes=CutClass.NTH_WRITE in hello.cut_classes,
        disturbs=hello.disturbs_clock,
        app="code-only" not in hello.classes,
        moves=can_hold(hello),
        longest=longest,
        aimed=aimed,
    )


class _Kept:
    """Scenarios that have grown for one box of several that declare the same."""

    def __init__(self, reach: Reach) -> None:
        self._grown: list[Explored] = []
        self._growing = explored(reach)

    def __iter__(self) -> Iterator[Explored]:
        for number in count():
            if number == len(self._grown):
                self._grown.append(next(self._growing))
            yield self._grown[number]


_again = cache(_Kept)


class OnExploring(Protocol):
    """Is told how an exploration goes."""

    def exploring(self, said: str, done: float) -> None:
        """How far it is, in words, and how much of it is done, from 0 to 1."""


def explore(
    player: Player,
    wanted: Exploration,
    reach: Reach,
    result: RunResult,
    progress: OnExploring,
    folder: Path | None,
    over: Callable[[ScenarioResult], str],
) -> None:
    """Explore the box of this player; what is found goes into `result`, as do those conditions of the model that were not reached.

    What is in `result` already, of a run that was stopped, is grown again and not played again. The first failure for each set of
    clauses is shrunk, and written to `folder`. `over` is told each result and says why nothing more can be played, if that is so.
    Raises `KeyboardInterrupt`, with what was found until then in `result`.
    """
    covered, began, steps, seen = Covered(reach.bench.profile), time.monotonic(), 0, set[tuple[str, ...]]()
    decided = {each.id for each in result.scenarios}
    growing = explored(reach, covered)
    try:
        for number in count(1):
            with ctrl_c.let_in():
                each = next(growing)
            steps += len(each.acts)
            if each.scenario.id in decided:
                continue
            played = _played(player, each.scenario, result)
            contradicted = played.finding.contradicted if played.finding else ()
            if played.finding and contradicted not in seen and len(seen) < MOST_SHRUNK:
                seen.add(contradicted)
                progress.exploring(f"making {played.id} small", _done(wanted, steps, began))
                with ctrl_c.let_in():
                    played = replace(played, shrunk=shrink(player, reach.bench, each, played, folder))
            result.scenarios.append(played)
            result.explored = f"explored {counted(steps, 'step')} in {counted(number, 'scenario')}; {covered.told()}"
            progress.exploring(result.explored, _done(wanted, steps, began))
            result.error = over(played) or result.error
            if result.error or _done(wanted, steps, began) >= 1:
                break
    finally:
        result.missed = covered.missed()


def _played(player: Player, scenario: Scenario, result: RunResult) -> ScenarioResult:
    with ctrl_c.held():  # but for playing, so that what was found is kept
        try:
            return play_until_it_decides(player, scenario)
        except Stopped as stopped:
            result.scenarios.append(stopped.result)
            raise KeyboardInterrupt from None


def _done(wanted: Exploration, steps: int, began: float) -> float:
    if wanted.steps:
        return steps / wanted.steps
    return (time.monotonic() - began) / (wanted.seconds or 1)


AT_ONCE_S = 60  # that an explored scenario may wait for a clock that is waited for, where nothing is said
MOST_SHRUNK = 5  # failures of one run


@dataclass(frozen=True, slots=True)
class Killed:
    """By which clauses a faulty box was found out, after how many commands to it, in which scenario; no clause if it never was."""

    clauses: tuple[str, ...]
    commands: int
    scenario: str = ""


def explore_until_killed(target: Target, steps: int, seed: str, *, aimed: bool = True, until: str = "") -> Killed:
    """Explore a box until a scenario fails, or this many steps were played: `Killed` says by which clauses, and when.

    With `until` it goes on until a failure names that clause; where none does, `Killed` is of the first failure.
    The same seed gives every box the same scenarios, as far as it declares the same, so that boxes can be compared; `aimed`: time is let
    go on to bounds of the model, and not just on. A failure is shrunk, in `commands` that do not count, since it is the smallest
    form that tells a code that a cut has ended from one whose hour is over. Nothing is written. Raises `BenchError` where no box answers.
    """
    with opened(target) as box:
        hello = box.hello()
        profile = declared_profile(asdict(hello))
        player = Player(
            box,
            authority_for_a_bench(profile),
            Journal(),
            DEFAULT_TODAY,
            profile,
            hello.gives_reasons,
            hello.log_capacity,
            hello.log_when_full == OVERWRITES,
            seed=seed,
            explain=MOST_SHRUNK if until else 1,
        )
        commands = taken = 0
        first, seen = Killed((), 0), set[tuple[str, ...]]()
        reach = reach_of(Bench(profile, DEFAULT_TODAY, seed), hello, aimed=aimed)
        for each in _again(reach):
            result = player.play(each.scenario)
            commands, taken = commands + result.commands, taken + len(each.acts)
            if result.finding is not None:
                named, found = dict.fromkeys(result.finding.clauses), result.finding.contradicted
                if until not in named and found not in seen and len(seen) < MOST_SHRUNK:
                    seen.add(found)
                    named |= dict.fromkeys(shrink(player, reach.bench, each, result, None).clauses)
                killed = Killed(tuple(named), commands, result.id)
                if not until or until in named:
                    return killed
                first = first if first.clauses else killed
            player.journal.records.clear()
            if result.verdict is Verdict.ERROR:
                raise BenchError(result.message)
            if taken >= steps:
                break
        return first if first.clauses else Killed((), commands)
