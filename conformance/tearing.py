"""A firmware whose power fails in the middle of its writes, hundreds of times: `python -m lockproof.conformance.tearing`.

The port kit's host port dies as it is told, in the middle of the Nth write to its store, half of the bytes written, and is
started again on what it kept. Whole scenarios are played meanwhile, and judged as on any box: a good firmware fails none of
them, and one whose commits are not whole, or whose first use is not durable, is caught (`box.power`, `box.first-use.durable`).

First a sweep: once for each write that a first use takes, the boot before it included. Then writes at random.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lockproof.conformance import scenario, suite
from lockproof.conformance.bench import Board
from lockproof.conformance.run import run
from lockproof.conformance.scenario import Scenario
from lockproof.conformance.targets import target
from lockproof.conformance.verdict import RunResult, ScenarioResult, Verdict
from lockproof.spec.profile import DEFAULT

SWEPT = """\
id: power-fails-at-a-write-of-a-first-use
clauses: [box.first-use.durable, box.power]
story: The power comes back, a code is entered, and the power goes again at one of the writes that this takes.
steps:
  - {generate: {by: joe, day: today, as: anns-code}, authority: accepts}
  - cut: {}
  - {at: "today 10:00:00", enter: anns-code, box: opens}
  - read-log: {}
    shows: box.power
  - cut: {}
  - {at: "today 10:59:59", enter: anns-code, box: opens, shows: box.power}
  - {after: 1s, enter: anns-code, box: refuses, because: code.expiry.after-first-use, shows: [box.first-use.durable, box.power]}
  - read-log: {}
    shows: box.power
"""
SWEEP = 40
"""Writes of the store that are swept: those of a boot, of a first use, and of the first look at the log."""
LONGEST = 60  # steps of a scenario that is played at random
FARTHEST = 300  # writes of the store from a power-up to where the power may fail
_LOOK_S = 0.01


@dataclass(slots=True)
class Tally:
    """What became of the scenarios, and how often the power failed of itself."""

    cuts: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    failed: list[tuple[str, ScenarioResult]] = field(default_factory=list)  # where, and what failed there

    def count(self, where: str, result: RunResult) -> None:
        """Raises `RuntimeError` where the run could not be played at all."""
        if result.error:
            raise RuntimeError(f"{where}: {result.error}")
        for each in result.scenarios:
            self.verdicts[each.verdict] += 1
            self.failed += [(where, each)] if each.finding else []

    def lines(self) -> Iterator[str]:
        yield f"{self.cuts} power cuts in the middle of a write; " + ", ".join(
            f"{self.verdicts[verdict]} {verdict}" for verdict in Verdict if self.verdicts[verdict]
        )
        for clause, times in Counter(clause for _, each in self.failed for clause in _clauses(each)).most_common():
            yield f"    {clause} failed {times} times"


def _clauses(result: ScenarioResult) -> tuple[str, ...]:
    return result.finding.clauses if result.finding else ()


def sweep(box: str, tally: Tally) -> None:
    """A power cut at each of the first writes behind a power-up, one of which is that of a first use."""
    swept = scenario.load(Path("power-fails-at-a-write-of-a-first-use.yaml"), SWEPT)
    for write in range(1, SWEEP + 1):
        _play(box, [swept], [0, write], f"write {write}", tally)


def at_random(box: str, cuts: int, seed: int, tally: Tally) -> None:
    """Scenarios and writes drawn from the seed, until power has failed so often."""
    drawn = random.Random(seed)  # noqa: S311 (to be repeated, not to be secret)
    fitting = [each for each in suite.written() if not each.unsuitable(DEFAULT) and len(each.steps) <= LONGEST and not each.runs]
    while tally.cuts < cuts:
        chosen = drawn.sample(fitting, 5)
        _play(box, chosen, [drawn.randint(1, FARTHEST) for _ in range(200)], f"seed {seed}, {tally.cuts} cuts", tally)


def _play(box: str, scenarios: Sequence[Scenario], writes: Sequence[int], where: str, tally: Tally) -> None:
    """Power fails at these writes, each counted from the power-up before it; 0 for one after which it does not."""
    judged = target(box)
    assert judged.board is not None
    with failing(judged.board, writes) as failed:
        result = run(judged, scenarios, rehearse=False)
    tally.cuts += len(failed)
    tally.count(where, result)


@contextmanager
def failing(board: Board, writes: Sequence[int]) -> Iterator[list[float]]:
    """A host port that is told at each power-up at which write its power fails. Where it has, it comes back; given are the instants."""
    assert board.power is not None
    state, on, failed, over = Path(board.serial).parent, board.power.on, list[float](), threading.Event()
    state.mkdir(parents=True)
    (state / "tear").write_text("".join(f"{write}\n" for write in writes), encoding="utf-8")

    def watch() -> None:
        while not over.wait(_LOOK_S):
            if (state / "torn").exists() and (state / "ended").exists():
                (state / "torn").unlink()
                failed.append(time.monotonic())
                subprocess.run(on.words, cwd=on.folder, check=True)  # noqa: S603 (our own script)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield failed
    finally:
        over.set()
        watching.join()
        with contextlib.suppress(OSError):
            state.rmdir()


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where nothing failed, else 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--box", default="firmware", help="firmware, or firmware:NAME with a fault")
    parser.add_argument("--cuts", type=int, default=500, help="how many, the sweep's included")
    parser.add_argument("--seed", type=int, default=0, help="where scenarios and writes are drawn from")
    given = parser.parse_args(arguments)
    began, tally = time.monotonic(), Tally()
    sweep(given.box, tally)
    at_random(given.box, given.cuts, given.seed, tally)
    for where, each in tally.failed[:10]:
        assert each.finding is not None
        sys.stdout.write(f"FAIL  {where}: {each.id}, step {each.finding.step}: {each.finding.saw}; {each.finding.must}\n")
    sys.stdout.write("\n".join((f"{given.box}, {time.monotonic() - began:.0f} s", *tally.lines())) + "\n")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
