"""Judging a run again from its journal alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from lockproof.conformance import journal as journals
from lockproof.conformance.journal import Record
from lockproof.conformance.oracle import ExactJudge
from lockproof.conformance.run import OVERWRITES, clause_results, declared_profile
from lockproof.conformance.verdict import RunResult, ScenarioResult, Verdict
from lockproof.spec.observable import BadInput


def judge_again(path: Path) -> RunResult:
    """The verdicts of the run that the journal is of. Raises `BadInput` for a file that is no journal."""
    number = 0
    result = RunResult("", "", "", journal=str(path))
    head: Record | None = None
    judge: ExactJudge | None = None
    try:
        for number, record in enumerate(journals.read(path), 1):  # noqa: B007 (told where it goes wrong)
            kind = record["record"]
            if kind == "run":
                head = record
                result.target, result.identity, result.firmware = (
                    head["target"],
                    head["hello"]["identity"],
                    head["hello"]["firmware"],
                )
                result.bench = head.get("bench", {})
                declared_profile(head["hello"])
            elif kind == "scenario":
                _close(judge, result)
                judge = _judge(record, _run_of(head, path))
            elif judge is not None:
                judge.see(record)
        _close(judge, result)
        run = _run_of(head, path)
        left_out = [
            ScenarioResult(name, Verdict.NOT_APPLICABLE, tuple(cited), message=why)
            for name, (why, cited) in run["left_out"].items()
        ]
        result.scenarios += left_out
        result.clauses = clause_results(result.scenarios, judged_authority=run["judged_authority"])
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(
            f"{path}:{number}: no record that can be judged ({type(error).__name__}: {error}); the file was changed or damaged"
        ) from error
    return result


def _run_of(head: Record | None, path: Path) -> Record:
    if head is None:
        raise BadInput(f"{path}: no run begins in it; name the journal.jsonl of a run")
    return head


def _judge(scenario: Record, head: Record) -> ExactJudge:
    hello: dict[str, Any] = head["hello"]
    profile = replace(declared_profile(hello), **scenario["profile"])
    return ExactJudge(scenario, profile, hello["gives_reasons"], hello["log_capacity"], hello["log_when_full"] == OVERWRITES)


def _close(judge: ExactJudge | None, result: RunResult) -> None:
    if judge is not None:
        result.scenarios.append(judge.result())
