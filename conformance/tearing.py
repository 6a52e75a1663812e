"""A firmware whose power fails in the middle of its writes, hundreds of times: `python -m lockproof.conformance.tearing`.

The port kit's host port is told at which write to its store its power fails: half of the bytes are written, and it boots. Whole
scenarios are played meanwhile, and judged as on any box. A good firmware fails none of them, and one whose commits are not
whole, or whose first use is not durable, is caught (`box.power`, `box.first-use.durable`).

First a sweep: once for each write that a first use takes, and one more. Then any command of any scenario.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lockproof.conformance import scenario, suite
from lockproof.conformance.around import AroundBox
from lockproof.conformance.campaign import LONGEST
from lockproof.conformance.journal import Journal
from lockproof.conformance.planning import authority_for_a_bench
from lockproof.conformance.player import Player
from lockproof.conformance.run import play_until_it_decides
from lockproof.conformance.scenario import DEFAULT_TODAY, Scenario
from lockproof.conformance.targets import opened, target
from lockproof.conformance.verdict import ScenarioResult, Verdict
from lockproof.spec.observable import BadInput, BenchError, Box, Decision, PowerCut
from lockproof.spec.profile import DEFAULT

SWEPT = """\
id: power-fails-at-a-write-of-a-first-use
clauses: [box.first-use.durable, box.power]
story: The power fails at one of the writes that a first use takes. It was either used or it was not, and the log says which.
profile: {code_indices: at least 2}
steps:
  - {generate: {by: joe, day: today, as: anns-code}, authority: accepts}
  - {enter: {index: 1}, box: opens}
  - {at: "today 10:00:00", enter: anns-code, box: opens}
  - read-log: {}
    shows: box.power
  - cut: {}
  - {at: "today 10:59:59", enter: anns-code, box: opens, shows: box.power}
  - {after: 1s, enter: anns-code, box: refuses, because: code.expiry.after-first-use, shows: [box.first-use.durable, box.power]}
  - read-log: {}
    shows: box.power
"""
FIRST_USE = 2  # entry of that scenario
FARTHEST = 14  # writes to the store: a large commit, or two small ones
EVERY = 12  # commands to one in which power fails


class TornBox(AroundBox):
    """A host port, or its supply: before a command it may be told at which of the writes that follow its power fails."""

    def __init__(self, box: Box, state: Path) -> None:
        super().__init__(box)
        self._told = state / "tear"
        self.strikes: Callable[[str], int] = lambda _: 0
        self.failures = 0

    def enter(self, digits: str) -> Decision:
        with self._failing("enter"):
            return super().enter(digits)

    def present(self, ticket: bytes) -> Decision:
        with self._failing("present"):
            return super().present(ticket)

    def time_order(self, order: bytes) -> Decision:
        with self._failing("time order"):
            return super().time_order(order)

    def revocation_order(self, order: bytes) -> Decision:
        with self._failing("revocation order"):
            return super().revocation_order(order)

    def cut_power(self, cut: PowerCut) -> None:
        """The boot writes, too: what the last commit left to be done."""
        with self._failing("cut"):
            super().cut_power(cut)

    @contextmanager
    def _failing(self, command: str) -> Iterator[None]:
        write = self.strikes(command)
        if write:
            self._told.write_text(f"{write}\n", encoding="ascii")
        try:
            yield
        finally:
            self.failures += bool(write) and self._told.parent.exists() and not self._told.exists()
            self._told.unlink(missing_ok=True)


@dataclass(slots=True)
class Tally:
    """What became of the scenarios."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    failed: list[tuple[str, ScenarioResult]] = field(default_factory=list)  # where, and what failed there
    error: str = ""  # why one could not be played
    commands: int = 0
    first: dict[str, int] = field(default_factory=dict)  # by clause: after how many commands it failed first

    @property
    def exit_code(self) -> int:
        """0 where scenarios passed and none failed, 1 where one failed, 3 where one could not be played, or none decided anything."""
        return 1 if self.failed else 3 if self.error or not self.verdicts[Verdict.PASS] else 0

    def count(self, where: str, result: ScenarioResult) -> None:
        self.verdicts[result.verdict] += 1
        self.failed += [(where, result)] if result.finding else []
        self.commands += result.commands
        for clause in _clauses(result):
            self.first.setdefault(clause, self.commands)
        if result.verdict is Verdict.ERROR:
            self.error = f"{where}: {result.id}: {result.message}"

    def by_clause(self) -> dict[str, str]:
        """Where each clause that failed did so first."""
        return {clause: where for where, each in reversed(self.failed) for clause in _clauses(each)}

    def lines(self) -> Iterator[str]:
        yield ", ".join(f"{self.verdicts[verdict]} {verdict}" for verdict in Verdict if self.verdicts[verdict])
        if self.error:
            yield f"    stopped: {self.error}"
        for clause, times in Counter(clause for _, each in self.failed for clause in _clauses(each)).most_common():
            yield f"    {clause} failed {times} times"


def _clauses(result: ScenarioResult) -> tuple[str, ...]:
    return result.finding.clauses if result.finding else ()


@dataclass(slots=True)
class Tearing:
    """One box, on which scenarios are played while its power fails."""

    box: TornBox
    seed: int = 0
    tally: Tally = field(default_factory=Tally)

    def sweep(self, first: int = 1, *, until_one_fails: bool = False) -> int:
        """Power fails in the first write of a first use, in the second, and so on until there is none. How many there are.

        `first` begins with another; with `until_one_fails` it ends as soon as a scenario does.
        """
        swept = scenario.load(Path("power-fails-at-a-write-of-a-first-use.yaml"), SWEPT)
        write, before = first - 1, -1
        while self.box.failures > before and not (until_one_fails and self.tally.failed) and not self.tally.error:
            write, before = write + 1, self.box.failures
            self._play(swept, f"write {write}", _only_in_the_first_use(write))
        return write - 1

    def at_random(self, failures: int) -> None:
        """Scenarios, commands and writes drawn from the seed, until power has failed so often, or one could not be played."""
        drawn = random.Random(self.seed)  # noqa: S311 (to be repeated, not to be secret)
        fitting = [
            each
            for each in suite.packaged()
            if not (each.unsuitable(DEFAULT) or each.runs) and sum(step.times for step in each.steps) <= LONGEST
        ]
        while self.box.failures < failures and not self.tally.error:
            self._play(
                drawn.choice(fitting),
                f"seed {self.seed}, {self.box.failures} cuts",
                lambda _: drawn.randrange(EVERY) == 0 and drawn.randint(1, FARTHEST),
            )

    def _play(self, what: Scenario, where: str, strikes: Callable[[str], int]) -> None:
        self.box.strikes = strikes
        player = Player(self.box, authority_for_a_bench(DEFAULT), Journal(), DEFAULT_TODAY, DEFAULT, seed=where)
        self.tally.count(where, play_until_it_decides(player, what))


def _only_in_the_first_use(write: int) -> Callable[[str], int]:
    """Once: what is played again is played in peace."""
    entries = 0

    def strikes(command: str) -> int:
        nonlocal entries
        entries += command == "enter"
        return write if command == "enter" and entries == FIRST_USE else 0

    return strikes


@contextmanager
def tearing(name: str, seed: int = 0) -> Iterator[Tearing]:
    """`firmware`, or `firmware:NAME` with a fault, built and started. Raises `BadInput` for another box, and `BenchError`."""
    judged = target(name)
    if judged.board is None:
        raise BadInput(f"--box {name}: only the port kit's host port can be told to tear a write: firmware, or firmware:NAME")
    with opened(judged) as box:
        yield Tearing(TornBox(box, Path(judged.board.serial).parent), seed)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of the tally; 2 for a box that is no host port of the port kit, 3 where none can be had."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--box", default="firmware", help="firmware, or firmware:NAME with a fault")
    parser.add_argument("--cuts", type=int, default=500, help="how many, the sweep's included")
    parser.add_argument("--seed", type=int, default=0, help="where scenarios, commands and writes are drawn from")
    given, began = parser.parse_args(arguments), time.monotonic()
    try:
        with tearing(given.box, given.seed) as torn:
            writes = torn.sweep()
            torn.at_random(given.cuts)
    except (BadInput, BenchError) as error:
        sys.stderr.write(f"{error}\n")
        return 2 if isinstance(error, BadInput) else 3
    tally = torn.tally
    for where, each in tally.failed[:10]:
        assert each.finding is not None
        sys.stdout.write(f"FAIL  {where}: {each.id}, step {each.finding.step}: {each.finding.saw}; {each.finding.must}\n")
    told = (
        f"{given.box}: {torn.box.failures} power cuts in the middle of a write, {writes} of them one at each write of a first use"
    )
    sys.stdout.write("\n".join((f"{told}, {time.monotonic() - began:.0f} s", *tally.lines())) + "\n")
    return tally.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
