"""The verdicts of a whole run again, from its journals, beside those that the run gave."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockproof.conformance.judging import judge_again
from lockproof.conformance.replaying import journals_of
from lockproof.conformance.report import REPORT
from lockproof.conformance.verdict import ClauseResult, RunResult, ScenarioResult
from lockproof.conformance.words import counted
from lockproof.spec.observable import BadInput


@dataclass(frozen=True, slots=True)
class Judged:
    """The results, one for each box; what is another verdict than the run gave, and how many were compared, None if it left none."""

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
    paths = journals_of(place)
    results = [judge_again(path) for path in paths]
    told = paths[0].parent.parent / REPORT if paths[0].parent != Path() else Path(REPORT)
    if not told.exists():
        return Judged(results, [], None)
    differences: list[str] = []
    compared = 0
    for result, said in _pairs(results, told):
        for kind, name, verdict, theirs in _verdicts(result, said):
            compared += 1
            if verdict != theirs:
                differences.append(f"{result.target}, {kind} {name}: {theirs or 'nothing'} then, {verdict or 'nothing'} now")
    return Judged(results, differences, compared)


def _pairs(results: list[RunResult], told: Path) -> Iterator[tuple[RunResult, Mapping[str, Any]]]:
    try:
        runs = {Path(each["journal"]).parent.name: each for each in json.loads(told.read_text(encoding="utf-8"))["runs"]}
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise BadInput(f"{told}: not the report of a run ({error}); take it away to judge the journals alone") from None
    for result in results:
        if (said := runs.get(Path(result.journal).resolve().parent.name)) is not None:
            yield result, said


def _verdicts(result: RunResult, said: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Kind, id, verdict now and verdict then; with a failed scenario's verdict the clauses that it names."""
    yield "the box", "", result.verdict, str(said.get("verdict", ""))
    for kind in ("scenarios", "clauses"):
        now: list[ScenarioResult] | list[ClauseResult] = getattr(result, kind)
        mine = {each.id: _told(each.verdict, getattr(each, "finding", None)) for each in now}
        theirs = {each["id"]: _told(each["verdict"], each.get("finding")) for each in said.get(kind, [])}
        for name in {**mine, **theirs}:
            yield kind[:-1], name, mine.get(name, ""), theirs.get(name, "")


def _told(verdict: str, finding: Any) -> str:
    if not finding:
        return str(verdict)
    step, where = (finding["step"], finding["where"]) if isinstance(finding, dict) else (finding.step, finding.where)
    return f"{verdict} at step {step} ({where})"
