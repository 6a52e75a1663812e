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
from lockproof.conformance.run import OF_THE_END, OVERWRITES, clause_results, not_played
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
                head = _told_of(record, result)
            elif kind == "scenario":
                _close(judge, result)
                judge = _judge(record, _run_of(head, path))
            elif kind == "error" and (judge is None or judge.is_over):
                result.error = record["message"]
            elif kind == "over":
                _end_with(record, result)
            elif judge is not None:
                judge.see(record)
        _close(judge, result)
        if head is None and result.error:  # the box never said hello, and that is all there is to it
            return result
        run = _run_of(head, path)
        result.scenarios += _not_judged(run, result)
        _narrow(result, only, path)
        result.clauses = clause_results(result.scenarios, judged_authority=run["judged_authority"])
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(
            f"{path}:{number}: no record that can be judged ({type(error).__name__}: {error}); the file was changed or damaged"
        ) from error
    return result


def _told_of(head: Record, result: RunResult) -> Record:
    """The box and the run, as their journal begins."""
    hello = head["hello"]
    result.target, result.identity, result.firmware = head["target"], hello["identity"], hello["firmware"]
    for name in ("began", "seed", "kit", "spec"):
        setattr(result, name, head.get(name, ""))
    result.bench = head.get("bench", {})
    declared_profile(hello)
    return head


def _end_with(over: Record, result: RunResult) -> None:
    for name in OF_THE_END:
        setattr(result, name, over[name])


def _not_judged(run: Record, result: RunResult) -> list[ScenarioResult]:
    """Of scenarios that were planned, those that the journal does not have, and those that were left out."""
    judged = {each.id for each in result.scenarios}
    ended = result.error or "the journal ends before it"
    missing = [not_played(name, cited, ended) for name, cited in run.get("planned", {}).items() if name not in judged]
    left_out = run["left_out"].items()
    return missing + [ScenarioResult(name, Verdict.NOT_APPLICABLE, tuple(cited), message=why) for name, (why, cited) in left_out]


def first_finding(scenario: Sequence[Record], head: Record) -> tuple[Finding, int] | None:
    """What was wrong in one scenario, and the index of the record that shows it; None where nothing was."""
    judge = _judge(scenario[0], head)
    for index, record in enumerate(scenario[1:], 1):
        judge.see(record)
        if judge.finding is not None:
            return judge.finding, index
    return None


def _narrow(result: RunResult, only: str, path: Path) -> None:
    if only:
        result.scenarios = [each for each in result.scenarios if each.id == only] or _no_such(only, path, result)
        result.error = ""  # what ended the run is another matter, unless it ended this scenario, which then says so


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
    if judge is None:
        return
    found = judge.result(explain=sum(each.finding is not None for each in result.scenarios) < EXPLAINED)
    if result.scenarios and result.scenarios[-1].id == found.id:
        found = replace(found, attempts=result.scenarios.pop().attempts + 1)
    result.scenarios.append(found)
