"""Judging a run again from its journal alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from lockproof.conformance import shapes
from lockproof.conformance.journal import Record
from lockproof.conformance.oracle import Oracle
from lockproof.conformance.planning import declared_profile
from lockproof.conformance.report import EXPLAINED
from lockproof.conformance.run import OVERWRITES, clause_results, not_played
from lockproof.conformance.verdict import Finding, RunResult, ScenarioResult, Verdict
from lockproof.spec.observable import BadInput

MANY = 8  # names in one line


def judge_again(path: Path, only: str = "") -> RunResult:
    """The verdicts of the run that the journal is of; `only` those of the scenario with this id, if one is given.

    Raises `BadInput` for a file that is no journal, and for a scenario that is not in it.
    """
    number = 0
    result = RunResult("", "", "", journal=str(path))
    head: Record | None = None
    judge: Oracle | None = None
    try:
        for number, record in enumerate(shapes.read(path), 1):  # noqa: B007 (told where it goes wrong)
            kind = record["record"]
            if kind == "run":
                head = record
                result.target, result.identity, result.firmware = (
                    head["target"],
                    head["hello"]["identity"],
                    head["hello"]["firmware"],
                )
                result.seed = head.get("seed", "")
                result.bench = head.get("bench", {})
                declared_profile(head["hello"])
            elif kind == "scenario":
                _close(judge, result)
                judge = _judge(record, _run_of(head, path))
            elif kind == "error" and (judge is None or judge.is_over):
                result.error = record["message"]
            elif judge is not None:
                judge.see(record)
        _close(judge, result)
        run = _run_of(head, path)
        judged = {each.id for each in result.scenarios}
        why = result.error or "the journal ends before it"
        planned = run.get("planned", {}).items()
        result.scenarios += [not_played(name, cited, why) for name, cited in planned if name not in judged]
        left_out = [
            ScenarioResult(name, Verdict.NOT_APPLICABLE, tuple(cited), message=why)
            for name, (why, cited) in run["left_out"].items()
        ]
        result.scenarios += left_out
        if only:
            result.scenarios = [each for each in result.scenarios if each.id == only] or _no_such(only, path, result)
            result.error = ""  # what ended the run is another matter, unless it ended this scenario, which then says so
        result.clauses = clause_results(result.scenarios, judged_authority=run["judged_authority"])
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(
            f"{path}:{number}: no record that can be judged ({type(error).__name__}: {error}); the file was changed or damaged"
        ) from error
    return result


def first_finding(scenario: Sequence[Record], head: Record) -> tuple[Finding, int] | None:
    """What was wrong in one scenario, and the index of the record that shows it; None where nothing was."""
    judge = _judge(scenario[0], head)
    for index, record in enumerate(scenario[1:], 1):
        judge.see(record)
        if judge.finding is not None:
            return judge.finding, index
    return None


def _no_such(name: str, path: Path, result: RunResult) -> NoReturn:
    known = [each.id for each in result.scenarios]
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(known[:MANY])}{' and more' if len(known) > MANY else ''}"
    raise BadInput(f"{path}: no scenario of this run is called {name}\n    {hint}")


def _run_of(head: Record | None, path: Path) -> Record:
    if head is None:
        raise BadInput(f"{path}: no run begins in it; name the journal.jsonl of a run")
    return head


def _judge(scenario: Record, head: Record) -> Oracle:
    hello: dict[str, Any] = head["hello"]
    profile = replace(declared_profile(hello), **scenario["profile"])
    return Oracle(
        scenario=scenario,
        profile=profile,
        gives_reasons=hello["gives_reasons"],
        log_capacity=hello["log_capacity"],
        log_overwrites=hello["log_when_full"] == OVERWRITES,
    )


def _close(judge: Oracle | None, result: RunResult) -> None:
    """What was played again, since it had decided nothing, counts as it came out last."""
    if judge is None or judge.scenario.get("shrinks"):
        return
    found = judge.result(explain=sum(each.finding is not None for each in result.scenarios) < EXPLAINED)
    if result.scenarios and result.scenarios[-1].id == found.id:
        found = replace(found, attempts=result.scenarios.pop().attempts + 1)
    result.scenarios.append(found)
