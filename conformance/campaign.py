"""Seeded runs of scenarios over hostile lines, in virtual time: what a bad line does to verdicts.

Against a box that conforms, no hostility may make a FAIL. Against one with a fault, a scenario that the fault breaks on a good
line may not pass the broken clause on a bad one. What the line keeps from being seen is inconclusive, never a verdict.

Run: python -m lockproof.conformance.campaign --runs 10000
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from lockproof.conformance import faults, suite
from lockproof.conformance.journal import Journal
from lockproof.conformance.pace import ClockMode, Pace
from lockproof.conformance.planning import authority_for_a_bench
from lockproof.conformance.player import Player
from lockproof.conformance.run import play_until_it_decides
from lockproof.conformance.scenario import DEFAULT_TODAY, Scenario
from lockproof.conformance.story import ACCURACY
from lockproof.conformance.verdict import ScenarioResult, Verdict
from lockproof.hw_adapter.bench_time import VirtualTime
from lockproof.hw_adapter.hostile import Hostility, Kind, alone, of_all_kinds
from lockproof.hw_adapter.virtual import hostile_box
from lockproof.reference.box import ReferenceBox
from lockproof.reference.hardware import Clock
from lockproof.spec.observable import BenchError, Box
from lockproof.spec.profile import DEFAULT

CONFORMING = "reference"
ALL_KINDS = "all at once"
LONGEST = 150  # commands, of scenarios that are chosen: a longer one takes minutes on a line that loses much of it
FAULTY_EVERY = 4  # one run in so many is of a faulty box


@dataclass(frozen=True, slots=True)
class Run:
    """One seeded run: the box, the scenario, the kind of hostility, and what came of it."""

    seed: int
    box: str
    breaks: str  # the clause that the box breaks, empty if it conforms
    scenario: str
    kind: str
    result: ScenarioResult

    @property
    def wrong(self) -> bool:
        """A FAIL of a box that conforms, or a pass of the clause that a faulty one breaks."""
        if not self.breaks:
            return self.result.verdict is Verdict.FAIL
        return self.result.verdict is Verdict.PASS and self.breaks in self.result.shown

    def told(self) -> str:
        found = self.result.finding
        what = f"{found.did}: {found.saw}; {found.must}" if found else self.result.message
        return f"seed {self.seed}: {self.box}, {self.scenario}, line: {self.kind}: {self.result.verdict}   {what}"


@dataclass(slots=True)
class Tally:
    """How many runs ended how, by kind of hostility."""

    by_kind: dict[tuple[str, bool], Counter[Verdict]] = field(default_factory=dict)
    wrong: list[Run] = field(default_factory=list)
    attempts: Counter[int] = field(default_factory=Counter)

    def count(self, run: Run) -> None:
        self.by_kind.setdefault((run.kind, bool(run.breaks)), Counter())[run.result.verdict] += 1
        self.attempts[run.result.attempts] += 1
        if run.wrong:
            self.wrong.append(run)

    def lines(self) -> Iterator[str]:
        verdicts = (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR)
        yield f"{'line':<14}{'box':<12}" + "".join(f"{verdict:>14}" for verdict in verdicts)
        for (kind, faulty), found in sorted(self.by_kind.items(), key=lambda item: (item[0][1], item[0][0])):
            box = "faulty" if faulty else "conforming"
            yield f"{kind:<14}{box:<12}" + "".join(f"{found[verdict]:>14}" for verdict in verdicts)
        yield "runs by how often they were played: " + ", ".join(f"{n}: {self.attempts[n]}" for n in sorted(self.attempts))


@dataclass(frozen=True, slots=True)
class Clockwork:
    """How the clock of every box is dealt with, and, where it runs, how wrong it is and says that it is."""

    mode: ClockMode = ClockMode.HOLD
    drift_ppm: float = 0.0
    offset: int = 0  # seconds
    declared_ppm: int = 20

    @property
    def lies(self) -> bool:
        """It drifts more than it declares, so that no box with it conforms."""
        return self.mode is not ClockMode.HOLD and abs(self.drift_ppm) > self.declared_ppm


HELD = Clockwork()


def campaign(seeds: Sequence[int], clockwork: Clockwork = HELD) -> Iterator[Run]:
    """One run for each seed, which chooses box, scenario and line."""
    for seed in seeds:
        yield play(seed, clockwork)


def play(seed: int, clockwork: Clockwork = HELD) -> Run:
    """The run of this seed, always the same."""
    drawn = random.Random(seed)  # noqa: S311 (to be repeated, not to be secret)
    kind = drawn.choice([*Kind, ALL_KINDS])
    line = of_all_kinds(seed) if kind == ALL_KINDS else alone(Kind(kind), seed)
    name, scenario, breaks = CONFORMING, drawn.choice(_scenarios()), ""
    if drawn.randrange(FAULTY_EVERY) == 0:
        name, breaks, scenario = drawn.choice(_caught(clockwork.mode))
    make = ReferenceBox if name == CONFORMING else faults.named(name).make
    if clockwork.lies:
        name, breaks = f"{name}, lying", breaks or ACCURACY
    return Run(seed, name, breaks, scenario.id, kind, played(scenario, line, make, seed, clockwork))


def played(
    scenario: Scenario, line: Hostility, make: Callable[..., ReferenceBox], seed: int, clockwork: Clockwork = HELD
) -> ScenarioResult:
    """What becomes of a scenario on a box of this class, at the end of this line."""

    def new_box(time: VirtualTime) -> Box:
        box = make(":memory:", DEFAULT, Clock(time.now, clockwork.drift_ppm, clockwork.offset))
        box.drift_ppm = clockwork.declared_ppm
        return box

    try:
        box, time = hostile_box(new_box, line)
        pace = Pace(clockwork.mode, box.hello(), time)
        player = Player(
            box,
            authority_for_a_bench(DEFAULT),
            Journal(),
            DEFAULT_TODAY,
            DEFAULT,
            seed=str(seed),
            pace=pace,
            clock=clockwork.mode,
        )
        return play_until_it_decides(player, scenario)
    except BenchError as error:
        return ScenarioResult(scenario.id, Verdict.ERROR, scenario.clauses, message=str(error))


@cache
def _scenarios() -> tuple[Scenario, ...]:
    """Those of the default profile that do not take too long."""
    fitting = (each for each in suite.packaged() if not each.unsuitable(DEFAULT))
    return tuple(each for each in fitting if sum(step.times for step in each.steps) <= LONGEST)


@cache
def _caught(mode: ClockMode) -> tuple[tuple[str, str, Scenario], ...]:
    """Faulty boxes with a scenario in which the clause that they break fails on a good line.

    Where the clock runs, it is the campaign that says how, and not a fault of it.
    """
    if mode is not ClockMode.HOLD:
        return tuple(each for each in _caught(ClockMode.HOLD) if each[1] != ACCURACY)
    found = []
    for fault in faults.all_faults().values():
        if not fault.breaks:
            continue
        for scenario in _scenarios():
            if fault.breaks in scenario.clauses:
                result = played(scenario, Hostility(), fault.make, 0)
                if result.finding and fault.breaks in result.finding.clauses:
                    found.append((fault.name, fault.breaks, scenario))
                    break
    return tuple(found)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where nothing was wrong, else 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--out", type=Path, help="also write a line for each run to this file")
    parser.add_argument("--clock", type=ClockMode, default=ClockMode.HOLD, help=f"one of {', '.join(ClockMode)}")
    parser.add_argument("--drift", type=float, default=0.0, help="of a clock that runs, in ppm")
    parser.add_argument("--off", type=int, default=0, help="seconds by which a clock that runs is ahead of what it is set to")
    parser.add_argument("--declares", type=int, default=20, help="the drift that the box declares, in ppm")
    given = parser.parse_args(arguments)
    clockwork = Clockwork(given.clock, given.drift, given.off, given.declares)
    tally = Tally()
    out = given.out.open("w", encoding="utf-8") if given.out else None
    for number, run in enumerate(campaign(range(given.first, given.first + given.runs), clockwork), 1):
        tally.count(run)
        if out:
            out.write(run.told() + "\n")
        if run.wrong:
            sys.stdout.write(f"WRONG  {run.told()}\n")
        if number % 500 == 0:
            sys.stdout.write(f"{number}/{given.runs} runs, {len(tally.wrong)} wrong\n")
            sys.stdout.flush()
    if out:
        out.close()
    sys.stdout.write("\n".join(tally.lines()) + f"\n{given.runs} runs, {len(tally.wrong)} wrong\n")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
