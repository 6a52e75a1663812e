"""Judging a run again from its journal alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lockproof.conformance import journal as journals
from lockproof.conformance.oracle import ExactJudge
from lockproof.conformance.run import clause_results, declared_profile
from lockproof.conformance.verdict import RunResult, ScenarioResult, Verdict
from lockproof.spec.observable import BenchError


def judge_again(path: Path) -> RunResult:
    """The verdicts of the run that the journal is of. Raises `BenchError` for a file that is no journal."""
    records = list(journals.read(path))
    head = next((record for record in records if record.get("record") == "run"), None)
    if head is None:
        raise BenchError(f"{path}: no run begins in it; name the journal.jsonl of a run")
    hello = head["hello"]
    profile = declared_profile(hello)
    result = RunResult(head["target"], hello["identity"], hello["firmware"], journal=str(path))
    judge: ExactJudge | None = None
    for record in records:
        if record["record"] == "scenario":
            _close(judge, result)
            judge = ExactJudge(record, replace(profile, **record["profile"]), hello["gives_reasons"])
        elif judge is not None:
            judge.see(record)
    _close(judge, result)
    result.scenarios += [ScenarioResult(name, Verdict.NOT_APPLICABLE, (), message=why) for name, why in head["left_out"].items()]
    result.clauses = clause_results(result.scenarios, judged_authority=head["judged_authority"])
    return result


def _close(judge: ExactJudge | None, result: RunResult) -> None:
    if judge is not None:
        result.scenarios.append(judge.result())
