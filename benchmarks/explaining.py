"""What it costs to judge by the solver instead of by the model, and how that grows with what is not known.

The same journals are judged both ways, all answers there; then one more and more of whose entries have no answer.
Run: python benchmarks/explaining.py
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from lockproof.conformance import suite
from lockproof.conformance.exact import ExactJudge
from lockproof.conformance.explaining import ExplainingJudge
from lockproof.conformance.journal import Journal, Record
from lockproof.conformance.planning import authority_for_a_bench
from lockproof.conformance.player import Player
from lockproof.conformance.scenario import Scenario, from_data
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import Decision, NoAnswer
from lockproof.spec.profile import DEFAULT

EVERY = 11  # of the packaged scenarios
ENTRIES = 80
LOST_OF_10 = (0, 1, 2, 4)
LENGTHS = (20, 40, 80)


class Loses(ReferenceBox):
    """So many of ten entries get no answer, half of them before they are carried out."""

    def __init__(self, of_ten: int) -> None:
        super().__init__()
        self.drawn, self.of_ten, self.lost = random.Random(of_ten), of_ten, 0

    def enter(self, digits: str) -> Decision:
        if self.drawn.randrange(10) >= self.of_ten:
            return super().enter(digits)
        self.lost += 1
        if self.drawn.randrange(2):
            super().enter(digits)
        raise NoAnswer("lost")


def records_of(scenario: Scenario, box: ReferenceBox) -> list[Record]:
    journal = Journal()
    Player(box, authority_for_a_bench(DEFAULT), journal).play(scenario)
    return journal.records


def judging(records: list[Record], judge: Callable[..., Any]) -> tuple[float, Any]:
    """Seconds, and the judge."""
    judged = judge(scenario=records[0], profile=DEFAULT)
    started = time.perf_counter()
    for record in records[1:]:
        judged.see(record)
    return time.perf_counter() - started, judged


def entries(count: int) -> Scenario:
    """A code entered again and again, wrong digits among them, until long after its hour; then the log."""
    steps: list[dict[str, Any]] = [{"generate": {"by": "joe", "day": "today", "as": "code"}, "authority": "accepts"}]
    for number in range(count):
        wrong = number % 5 == 4
        # the outcome of a wrong entry and of one after the hour is the same, so that losing some contradicts nothing
        late = (number + 1) * 5 >= 60 + 5
        step: dict[str, Any] = {
            "after": "5m",
            "enter": "wrong" if wrong else "code",
            "box": "refuses" if wrong or late else "opens",
        }
        if number == count - 1:
            step["shows"] = ["code.expiry.after-first-use" if not wrong else "code.digits"]
        steps.append(step)
    shown = steps[-1]["shows"]
    steps.append({"read-log": {}})
    story = {
        "id": "many-entries",
        "clauses": shown,
        "story": "Somebody comes back, often.",
        "start": "today 09:00",
        "steps": steps,
    }
    return from_data(story, "benchmark", 1)


def main() -> None:
    chosen = [each for each in suite.packaged() if not each.unsuitable(DEFAULT)][::EVERY]
    journals = [records_of(each, ReferenceBox()) for each in chosen]
    exact = sum(judging(each, ExactJudge)[0] for each in journals)
    solver = sum(judging(each, ExplainingJudge)[0] for each in journals)
    print(f"{len(journals)} scenarios, every answer there: by the model {exact * 1000 / len(journals):.2f} ms each,")
    print(f"    by the solver {solver * 1000 / len(journals):.2f} ms each, {solver / exact:.1f} times that")
    base = 0.0
    for length in LENGTHS:
        for lost in LOST_OF_10:
            box = Loses(lost)
            took, judge = judging(records_of(entries(length), box), ExplainingJudge)
            base = base or took
            told = f"{took * 1000:8.1f} ms   {took / base:7.1f} times the first   {judge.questions:4} questions"
            print(f"    {length:3} entries, {box.lost:2} without an answer: {told}   {judge.result().verdict}")


if __name__ == "__main__":
    main()
