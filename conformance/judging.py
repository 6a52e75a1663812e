"""Judging a run again from its journal alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from lockproof.conformance import journal as journals
from lockproof.conformance import shapes
from lockproof.conformance.journal import Record
from lockproof.conformance.oracle import Oracle
from lockproof.conformance.planning import declared_profile
from lockproof.conformance.replaying import journals_of
from lockproof.conformance.report import EXPLAINED
from lockproof.conformance.run import OF_THE_END, clause_results, not_played, who_is_judged
from lockproof.conformance.story import OF_THE_LINE
from lockproof.conformance.verdict import Finding, RunResult, ScenarioResult, Verdict
from lockproof.spec.observable import OVERWRITES, BadInput

MANY = 8  # names in one line
_BROKEN_OFF = "it was broken off"


def judged_anew(place: Path) -> list[RunResult]:
    """The verdict on each box of a run, in the order in which they were judged; `place` is its folder, that of one box, or a journal.

    Raises `BadInput`.
    """
    return [judge_again(journal) for journal in sorted(journals_of(place), key=_began)]


def _began(journal: Path) -> tuple[str, str]:
    records = (record for record in journals.read(journal) if record["record"] in {"run", "over"})
    return str(next(records, {}).get("began", "")), str(journal)


@dataclass(slots=True)
class SoFar:
    """What a journal says of a run, up to where it ends."""

    head: Record = field(default_factory=dict)
    scenarios: list[ScenarioResult] = field(default_factory=list)  # that were played, each as it came out last
    error: str = ""  # what ended the run
    over: Record | None = None  # what it says of itself at its end
    played_again: dict[str, list[str]] = field(default_factory=dict)  # by scenario: why it was, once for each time
    tries: int = 0  # of the scenario played last: how often it was played to an end
    booted: bool = False  # the box has booted of itself
    cut: bool = False  # the last that is recorded of the box is that its power was to be cut
    identities: set[str] = field(default_factory=set)  # as which it may answer: what it said, and box ids it was given since
    any_identity: bool = False  # it may have been reset, and be nobody in particular (PROTOCOL.md, as after a line that was away)

    def result(self, path: Path) -> RunResult:
        """With what was planned and not played, and what was left out."""
        result = RunResult("", *(who_is_judged(self.head) if self.head else ("", "")), journal=str(path))
        told = self.over or {**self.head, "clock": ""}  # there it is how the clock was to be dealt with, here what was made of it
        for name in OF_THE_END:
            setattr(result, name, told.get(name, getattr(result, name)))
        result.error = result.error or self.error
        played = {each.id for each in self.scenarios}
        why = result.error or "the journal ends before it"
        planned = self.head.get("planned", {}).items()
        missing = [not_played(name, cited, why) for name, cited in planned if name not in played]
        left_out = [
            ScenarioResult(name, Verdict.NOT_APPLICABLE, tuple(cited), message=why)
            for name, (why, cited) in self.head.get("left_out", {}).items()
        ]
        result.scenarios = [*self.scenarios, *missing, *left_out]
        return result

    @property
    def is_over(self) -> bool:
        """Everything that was planned was played."""
        return self.over is not None and not self.over["error"]


def judge_again(path: Path, only: str = "") -> RunResult:
    """The verdicts of the run that the journal is of; `only` those of the scenario with this id, if one is given.

    Raises `BadInput` for a file that is no journal or was changed, and for a scenario that is not in it.
    """
    return judged(judge_so_far(path), path, only)


def judged(so_far: SoFar, path: Path, only: str = "") -> RunResult:
    """The same, where it was read already."""
    result = so_far.result(path)
    if result.error and not so_far.head:  # the box never said hello, and that is all there is to it
        return result
    _run_of(so_far.head, path)
    if only:
        result.scenarios = [each for each in result.scenarios if each.id == only] or _no_such(only, path, result)
        result.error = ""  # what ended the run is another matter, unless it ended this scenario, which then says so
    deciders = {"judged_authority": so_far.head["judged_authority"], "judged_box": so_far.head.get("judged_box", True)}
    result.clauses = clause_results(result.scenarios, **deciders)
    return result


def judge_so_far(path: Path) -> SoFar:
    """Judge what is there, be it nothing yet. Raises `BadInput` for a file that is no journal or was changed."""
    number, so_far = 0, SoFar()
    judge: Oracle | None = None
    try:
        for number, record in enumerate(shapes.read(path), 1):
            kind = record["record"]
            if kind == "run":
                _begin(so_far, record, f"{path}:{number}")
            elif kind in _BETWEEN_SCENARIOS:
                _close(judge, so_far)
                judge = _judge(record, _run_of(so_far.head, path)) if kind == "scenario" else None
                so_far.over = record if kind == "over" else None
                so_far.error = ""
            elif kind == "error" and (judge is None or judge.is_over):
                so_far.error = record["message"]
            elif judge is not None:
                judge.see(record)
            _keep_track(so_far, record)
        _close(judge, so_far)
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(
            f"{path}:{number}: no record that can be judged ({type(error).__name__}: {error}); the file was changed or damaged"
        ) from error
    return so_far


_BETWEEN_SCENARIOS = ("scenario", "resumed", "over")


def first_finding(scenario: Sequence[Record], head: Record) -> tuple[Finding, int] | None:
    """What was wrong in one scenario, and the index of the record that shows it; None where nothing was."""
    judge = _judge(scenario[0], head)
    for index, record in enumerate(scenario[1:], 1):
        judge.see(record)
        if judge.finding is not None:
            return judge.finding, index
    return None


def _begin(so_far: SoFar, head: Record, where: str) -> None:
    if so_far.head:
        raise BadInput(f"{where}: a second run begins in it; the file was changed, or put together")
    so_far.head = head
    declared_profile(head["hello"])


def _keep_track(so_far: SoFar, record: Record) -> None:
    """Of the box itself."""
    kind, name = record["record"], record.get("name")
    so_far.booted |= kind == "booted"
    if kind in {"run", "resumed"}:
        so_far.identities, so_far.any_identity = {record["hello"]["identity"]}, False
    elif kind == "scenario":
        so_far.any_identity = True  # a reset may be on its way; what was carried out is written down when it is answered
    elif kind == "command":
        so_far.cut = name == "cut_power"
        so_far.any_identity |= name == "reset"
        if name == "provision":
            so_far.identities.add(record["arguments"]["box_id"])
            so_far.any_identity = False
    elif kind not in OF_THE_LINE:
        so_far.cut = False


def _no_such(name: str, path: Path, result: RunResult) -> NoReturn:
    known = [each.id for each in result.scenarios]
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(known[:MANY])}{' and more' if len(known) > MANY else ''}"
    raise BadInput(f"{path}: no scenario of this run is called {name}\n    {hint}")


def _run_of(head: Record, path: Path) -> Record:
    if not head:
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
        authority=head.get("authority"),
    )


def _close(judge: Oracle | None, so_far: SoFar) -> None:
    """What was played again, since it had decided nothing or was broken off, counts as it came out last; a failure stays."""
    if judge is None or judge.scenario.get("shrinks"):
        return
    found = judge.result(explain=sum(each.finding is not None for each in so_far.scenarios) < EXPLAINED)
    again = bool(so_far.scenarios) and so_far.scenarios[-1].id == found.id
    if again and so_far.scenarios[-1].finding is None:
        before = so_far.scenarios.pop()
        so_far.played_again.setdefault(found.id, []).append(before.message or _BROKEN_OFF)
    so_far.tries = so_far.tries * again + judge.is_over
    so_far.scenarios.append(replace(found, attempts=max(so_far.tries, 1)))
