"""The verdicts of a whole run again, from its journals, beside those that the run gave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lockproof.conformance import comparing
from lockproof.conformance.judging import judged_anew
from lockproof.conformance.report import REPORT
from lockproof.conformance.verdict import RunResult
from lockproof.conformance.words import counted


@dataclass(frozen=True, slots=True)
class Judged:
    """The results, one for each box; what is another verdict than the run gave; how many were compared, None if it left none."""

    results: list[RunResult]
    differences: list[str]
    compared: int | None

    def told(self) -> Iterator[str]:
        if self.compared is None:
            yield f"the run has left no {REPORT} to compare with"
        elif self.differences:
            yield f"not what the run itself said, as {REPORT} has it:"
            yield from (f"    {each}" for each in self.differences)
        else:
            yield f"the same {counted(self.compared, 'verdict')} as the run itself gave"


def judge_run(place: Path) -> Judged:
    """Raises `BadInput` where there is no journal, or one that was changed, or a report that can't be read."""
    results = judged_anew(place)
    folder = place if (place / REPORT).exists() else Path(results[0].journal).parent.parent
    if not (folder / REPORT).exists():
        return Judged(results, [], None)
    said = comparing.read(folder / REPORT)
    differences: list[str] = []
    compared = 0
    for side in map(comparing.side_of, results):
        theirs = next((each for each in said if each.about["target"] == side.about["target"]), None)
        if theirs is None:
            differences.append(f"{side.about['target']}: not there")
            continue
        said.remove(theirs)
        compared += 1 + len(side.clauses) + len(side.scenarios)
        changes = list(comparing.changes_between(theirs, side))
        differences += comparing.told(changes) if changes else []
    return Judged(results, differences, compared)
