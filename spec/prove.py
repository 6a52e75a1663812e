"""Proves the theorems with z3, by induction over events, and puts what fails into the domain's words.

Every theorem is proved of every event it speaks of, in every world that the invariants allow, for every legal profile; the
invariants are proved of the initial worlds and kept by every event. An `unknown` is a failure. A theorem whose hypothesis
nothing satisfies is a failure too, and so is one that something said to be possible has fallen out of.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

import z3
from lockproof.spec import clauses
from lockproof.spec.invariants import INVARIANTS
from lockproof.spec.profile import DEFAULT, Profile, legal
from lockproof.spec.symbolic import NO_EVENT, any_profile, case, leaves, symbol
from lockproof.spec.theorems import THEOREMS, Claim, Step, Theorem
from lockproof.spec.vocabulary import Outcome, Truth, every, no
from lockproof.spec.world import EVENTS, World, initial

SECONDS_PER_QUESTION = 20
SMALL = (-100_000, 1_000_000)  # numbers that are easy to read in a counterexample


class Result(StrEnum):
    PROVED = "proved"
    FALSE = "FALSE"
    UNKNOWN = "unknown"
    VACUOUS = "vacuous"


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one theorem or invariant: its clauses, the event that breaks it, and a counterexample, line by line."""

    name: str
    sentence: str
    clauses: tuple[str, ...]
    result: Result
    seconds: float
    obligations: int
    event: str | None = None
    counterexample: tuple[str, ...] = ()
    witness: str | None = None


def prove(report: Callable[[Row], None] = lambda _: None, only: Container[str] | None = None) -> list[Row]:
    """Prove everything, or `only` what is named; `report` gets every row as it is done. Rows of invariants come first."""
    rows = []
    for row in _all_rows(only):
        report(row)
        rows.append(row)
    return rows


def _invariant(world: World, profile: Any) -> Truth:
    return every(*(holds(world, profile) for holds in INVARIANTS.values()))


def _all_rows(only: Container[str] | None) -> Iterator[Row]:
    before = symbol(World, "")
    before_any, before_default = _cases(before, any_profile()), _cases(before, DEFAULT)
    broken: list[tuple[str, str]] = []
    for name in (n for n in INVARIANTS if only is None or n in only):
        row = _prove_invariant(name, before, before_any)
        if row.result is not Result.PROVED and row.event in EVENTS:
            broken.append((name, row.event))
        yield row
    for theorem in (t for t in THEOREMS.values() if only is None or t.name in only):
        yield _prove_theorem(theorem, before_default if theorem.default_profile else before_any, broken)


class _Cases:
    """The events as seen from one arbitrary world, each with a solver that already holds all that is assumed.

    A case is made when it is first asked for.
    """

    def __init__(self, before: World, profile: Any) -> None:
        self.profile = profile
        self.before = before
        self.assumed = every(legal(profile), _invariant(before, profile))
        self._by_event: dict[str, tuple[Step, z3.Solver]] = {}

    def of(self, event: str) -> tuple[Step, z3.Solver]:
        if event not in self._by_event:
            found = case(event, self.before, self.profile)
            self._by_event[event] = (found.step, _solver(self.assumed, found.assumed))
        return self._by_event[event]

    def without_event(self, numbers: tuple[str, ...]) -> tuple[Step, z3.Solver]:
        given = {name: z3.Int(name) for name in numbers}
        step = Step(NO_EVENT, self.before, self.before, Outcome(True), given, self.profile, z3.Int("any_instant"))
        return step, _solver(legal(self.profile))

    def for_theorem(self, theorem: Theorem) -> Iterator[tuple[Step, z3.Solver]]:
        if not theorem.events:
            yield self.without_event(theorem.numbers)
        for event in theorem.events:
            yield self.of(event)


def _cases(before: World, profile: Any) -> _Cases:
    return _Cases(before, profile)


def _solver(*assumed: Any) -> z3.Solver:
    solver = z3.Solver()
    solver.set("timeout", SECONDS_PER_QUESTION * 1000)
    solver.add(*assumed)
    return solver


def _ask(solver: z3.Solver, *facts: Any) -> tuple[str, z3.ModelRef | None]:
    """`sat`, `unsat` or `unknown`, and a model of small numbers where there is one."""
    solver.push()
    solver.add(*facts)
    answer = str(solver.check())
    model = solver.model() if answer == "sat" else None
    solver.pop()
    return answer, model


def _prove_invariant(name: str, before: World, cases: _Cases) -> Row:
    holds, start = INVARIANTS[name], time.perf_counter()

    def row(result: Result, event: str | None = None, lines: tuple[str, ...] = ()) -> Row:
        return Row(name, "", (), result, time.perf_counter() - start, 1 + len(EVENTS), event, lines)

    answer, model = _ask(_solver(legal(cases.profile), initial(before, cases.profile)), no(holds(before, cases.profile)))
    if answer != "unsat":
        return row(_failure(answer), "the beginning", _words(model, None, before))
    for event in EVENTS:
        step, solver = cases.of(event)
        answer, _ = _ask(solver, no(holds(step.after, cases.profile)))
        if answer != "unsat":
            model = _small(solver, step, no(holds(step.after, cases.profile))) if answer == "sat" else None
            return row(_failure(answer), event, _words(model, step, before))
    if _ask(_solver(legal(cases.profile), initial(before, cases.profile)))[0] != "sat":
        return row(Result.VACUOUS, "the beginning", ("no initial world exists",))
    return row(Result.PROVED)


def _prove_theorem(theorem: Theorem, cases: _Cases, broken: list[tuple[str, str]]) -> Row:
    start, witness = time.perf_counter(), None

    def row(result: Result, event: str | None = None, lines: tuple[str, ...] = ()) -> Row:
        seconds = time.perf_counter() - start
        obligations = max(1, len(theorem.events))
        return Row(theorem.name, theorem.sentence, theorem.clauses, result, seconds, obligations, event, lines, witness)

    for unknown in (c for c in theorem.clauses if c not in clauses.all_clauses()):
        return row(Result.UNKNOWN, None, (str(clauses.UnknownClause(unknown, clauses.all_clauses())),))
    for step, solver in cases.for_theorem(theorem):
        claim = theorem.claim(step)
        answer, _ = _ask(solver, claim.when, no(claim.then))
        if answer != "unsat":
            model = _small(solver, step, every(claim.when, no(claim.then))) if answer == "sat" else None
            return row(_failure(answer), step.event, (*_differences(model, claim), *_words(model, step, step.before)))
        if witness is None and _ask(solver, claim.when, claim.then)[0] == "sat":
            witness = step.event
        for name, fact in claim.possible.items():
            if _ask(solver, fact)[0] != "sat":
                return row(Result.VACUOUS, step.event, (f"nothing was proved of this, for it cannot happen: {name}",))
    for invariant, event in broken:
        found = _broken_by(theorem, cases, event)
        if found is not None:
            then, lines = found
            return row(Result.FALSE, event, (f"after it, {invariant} no longer holds, and then: {then}", *lines))
    return row(Result.PROVED if witness else Result.VACUOUS)


def _broken_by(theorem: Theorem, cases: _Cases, event: str) -> tuple[str, tuple[str, ...]] | None:
    """The theorem fails one step after an event that breaks an invariant: that step and the counterexample."""
    first, solver = cases.of(event)
    for following in theorem.events:
        later = case(following, first.after, cases.profile, tag="then ")
        claim = theorem.claim(later.step)
        wrong = every(later.assumed, claim.when, no(claim.then))
        if _ask(solver, wrong)[0] == "sat":
            model = _small(solver, first, wrong)
            return _spoken(following), (*_words(model, first, first.before), *_words(model, later.step, first.after))
    return None


def _failure(answer: str) -> Result:
    return Result.FALSE if answer == "sat" else Result.UNKNOWN


def _small(solver: z3.Solver, step: Step, wrong: Any) -> z3.ModelRef:
    """A counterexample that is easy to read: the default profile and small numbers where they will do."""
    profile = step.profile
    usual: list[Any] = []
    if not isinstance(profile, Profile):
        usual = [
            getattr(profile, name) == getattr(DEFAULT, name) for name in (*(f.name for f in fields(Profile)), "keypad_tolerance")
        ]
    numbers = [n for n in leaves(step.before).values() if isinstance(n, z3.ArithRef)]
    small = [z3.And(n >= SMALL[0], n <= SMALL[1]) for n in numbers]
    for wish in ([*usual, *small], usual, small, []):
        answer, model = _ask(solver, wrong, *wish)
        if answer == "sat" and model is not None:
            return model
    raise AssertionError("a counterexample was found and then not found again")


# Words


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _words(model: z3.ModelRef | None, step: Step | None, before: World) -> tuple[str, ...]:
    """The counterexample, line by line: profile, world before, the event with its arguments, its outcome, what changed."""
    if model is None:
        return (f"the solver did not decide within {SECONDS_PER_QUESTION} s",)

    def value(term: Any) -> str:
        return _value(model, term)

    old = {n: value(t) for n, t in leaves(before).items() if not n.startswith("ghosts")}
    lines = (
        [_block("before", {n: v for n, v in old.items() if v not in QUIET}, QUIETLY)]
        if step is None or step.event != NO_EVENT
        else []
    )
    if step is None:
        return tuple(lines)
    if not isinstance(step.profile, Profile):
        unusual = {n: value(t) for n, t in vars(step.profile).items()}
        usual = {f.name: str(getattr(DEFAULT, f.name)) for f in fields(Profile)}
        changed = {
            n: v for n, v in unusual.items() if n in usual and v not in {usual[n], {"True": "yes", "False": "no"}.get(usual[n])}
        }
        if changed:
            lines.insert(0, _block("profile, where it is not the default", changed))
    given = {n: v for name, term in step.given.items() for n, v in ((k, value(t)) for k, t in leaves(term, name).items())}
    if step.event == NO_EVENT:
        return (*lines, _block("for", given))
    loud = {n: v for n, v in given.items() if v not in QUIET}
    lines.append(_block(f"then {_spoken(step.event)}", loud, QUIETLY if loud != given else ""))
    lines.append(f"outcome: {_outcome(step.outcome, value)}")
    new = {n: value(t) for n, t in leaves(step.after).items() if not n.startswith("ghosts")}
    lines.append(_block("after, where it differs", {n: v for n, v in new.items() if v != old[n]}))
    return tuple(lines)


def _differences(model: z3.ModelRef | None, claim: Claim) -> tuple[str, ...]:
    """Where the model and the standard were compared part by part: the parts in which they differ."""
    if model is None:
        return ()
    shown = {name: (_value(model, said), _value(model, meant)) for name, (said, meant) in claim.compared.items()}
    return tuple(f"{name}: the model says {said}, the standard {meant}" for name, (said, meant) in shown.items() if said != meant)


def _value(model: z3.ModelRef, term: Any) -> str:
    found = model.eval(term, model_completion=True) if isinstance(term, z3.ExprRef) else term
    return {"True": "yes", "False": "no"}.get(str(found), str(found))


QUIET, QUIETLY = {"0", "no"}, "all else 0 or no"
"""What a counterexample need not say of every field."""


def _block(title: str, values: dict[str, str], rest: str = "") -> str:
    said = [f"{_spoken(name)} {value}" for name, value in values.items()] + [rest] * bool(rest)
    return f"{title}: " + (", ".join(said) or "nothing")


def _outcome(outcome: Outcome, value: Callable[[Any], str]) -> str:
    if value(outcome.accepted) == "yes":
        return "accepted"
    against = [f"{need.clause} ({need.name})" for need in outcome.needs if value(need.forbids) == "yes"]
    return "refused: " + (", ".join(dict.fromkeys(against)) or "no clause says why")
