"""Coverage of conditions: masking MC/DC per named occurrence of a condition in the model, over outcome and state.

An occurrence is one call of `named` while an event runs. It alone decides in a situation if the event comes out otherwise
when this one truth, and no other, is turned round. Of each occurrence two situations are wanted, one in which it holds and
one in which it does not; where it compares two numbers, at the last second inside and at the first outside.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any

import z3
from lockproof.spec.asking import asked
from lockproof.spec.invariants import INVARIANTS
from lockproof.spec.profile import legal
from lockproof.spec.symbolic import any_profile, case, leaves, symbol
from lockproof.spec.theorems import Step
from lockproof.spec.vocabulary import Outcome, Truth, either, every, no, same, watched
from lockproof.spec.world import EVENTS, World

SHOWN = ("accepted", "notified", "reported")
WRITTEN = ("logged", "counted")
PARTS = {"entry_is_charged", "entry_is_decided"}
"""Events that are run as parts of `entry_is_made`, so that their conditions are covered there."""

SECONDS_PER_QUESTION = 60


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """A condition at one place: the event, the function of the model, its name, and which of several in that event it is."""

    event: str
    function: str
    name: str
    nth: int = 1

    @property
    def id(self) -> str:
        words = f"{self.event} {self.function} {self.name}" + (f" {self.nth}" if self.nth > 1 else "")
        return "-".join("".join(c if c.isalnum() else " " for c in words.replace("'", "").lower()).split())


@dataclass(frozen=True, slots=True)
class Goal:
    """An occurrence that holds, or does not, and alone decides."""

    occurrence: Occurrence
    holds: bool

    @property
    def id(self) -> str:
        return f"{self.occurrence.id}-{'holds' if self.holds else 'fails'}"


def conditions(step: Step) -> list[tuple[Occurrence, Truth]]:
    """Every named condition of the event, in the order in which the model comes to them."""
    found: list[tuple[Occurrence, Truth]] = []
    seen: dict[tuple[str, str], int] = {}

    def note(name: str, truth: Any) -> Any:
        function = sys._getframe(2).f_code.co_name.strip("_")  # noqa: SLF001 (the function that names the condition)
        seen[function, name] = seen.get((function, name), 0) + 1
        found.append((Occurrence(step.event, function, name, seen[function, name]), truth))
        return truth

    _run_watched(step, note)
    return found


def with_turned(step: Step, occurrence: Occurrence) -> Step:
    """The same event with this one condition the other way round."""
    place, at = [each for each, _ in conditions(step)].index(occurrence), -1

    def turn(_: str, truth: Any) -> Any:
        nonlocal at
        at += 1
        return no(truth) if at == place else truth

    after, outcome = _run_watched(step, turn)
    return replace(step, after=after, outcome=outcome)


def _run_watched(step: Step, watcher: Any) -> tuple[World, Outcome]:
    with watched(watcher):
        _, after, outcome = EVENTS[step.event](step.before, step.profile, **step.given)
    return after, outcome


@cache
def occurrences() -> tuple[Occurrence, ...]:
    """All of the model, event by event."""
    before, profile = symbol(World, "before"), any_profile()
    return tuple(each for event in EVENTS if event not in PARTS for each, _ in conditions(case(event, before, profile).step))


def goals() -> Iterator[Goal]:
    for occurrence in occurrences():
        yield Goal(occurrence, True)
        yield Goal(occurrence, False)


class Decides(StrEnum):
    """What comes out otherwise when the condition is turned round; the first that can be is looked for."""

    THE_ANSWER = "the answer"  # accepted or refused
    WHAT_IS_TOLD = "what is told"  # a reason, a notification, a line of the report
    WHAT_IS_KEPT = "what is kept"  # the log, or anything else of the state


def reached(goal: Goal, decides: Decides, step: Step, *, exactly: bool) -> Truth:
    """At this step the condition is as wanted and alone decides; `exactly`: a comparison by one second."""
    truth = dict(conditions(step))[goal.occurrence]
    turned = with_turned(step, goal.occurrence)
    differs = {
        Decides.THE_ANSWER: lambda: no(same(step.outcome.accepted, turned.outcome.accepted)),
        Decides.WHAT_IS_TOLD: lambda: outcomes_differ(step.outcome, turned.outcome),
        Decides.WHAT_IS_KEPT: lambda: either(
            outcomes_differ(step.outcome, turned.outcome, (*SHOWN, *WRITTEN)), states_differ(step.after, turned.after)
        ),
    }[decides]()
    return every(truth if goal.holds else no(truth), differs, at_the_bound(truth, goal.holds) if exactly else True)


def compares(goal: Goal) -> bool:
    """The condition compares two numbers, so that it has a last second inside and a first outside."""
    step = case(goal.occurrence.event, symbol(World, "before"), any_profile()).step
    return _sides(dict(conditions(step))[goal.occurrence]) is not None


def at_the_bound(truth: Any, holds: bool) -> Truth:
    """A comparison holds, or fails, by as little as can be."""
    sides = _sides(truth)
    if sides is None:
        return True
    less, more, strictly = sides  # less < more, or less <= more
    if holds:
        return same(less + 1, more) if strictly else same(less, more)
    return same(less, more) if strictly else same(less, more + 1)


def _sides(truth: Any) -> tuple[Any, Any, bool] | None:
    if not isinstance(truth, z3.BoolRef) or truth.num_args() != 2:  # noqa: PLR2004 (two sides)
        return None
    one, other = truth.arg(0), truth.arg(1)
    if not z3.is_int(one):
        return None
    return {
        z3.Z3_OP_LT: (one, other, True),
        z3.Z3_OP_LE: (one, other, False),
        z3.Z3_OP_GT: (other, one, True),
        z3.Z3_OP_GE: (other, one, False),
    }.get(truth.decl().kind())


def forbidding(outcome: Outcome) -> dict[str, Truth]:
    """Clause by clause, whether it forbids what was asked."""
    found: dict[str, Truth] = {}
    for need in outcome.needs:
        found[need.clause] = either(found.get(need.clause, False), need.forbids)
    return found


def outcomes_differ(one: Outcome, other: Outcome, shown: tuple[str, ...] = SHOWN) -> Truth:
    """Something that is shown, or a clause that forbids it, is not the same."""
    clauses, others = forbidding(one), forbidding(other)
    flags = (_not_same(getattr(one, name), getattr(other, name)) for name in shown)
    return either(*flags, *(_not_same(truth, others[clause]) for clause, truth in clauses.items()))


def states_differ(one: World, other: World) -> Truth:
    """Something that the model keeps is not the same; ghosts are no part of it."""
    theirs = _kept(other)
    return either(*(_not_same(value, theirs[name]) for name, value in _kept(one).items()))


def _kept(world: World) -> dict[str, Any]:
    return {name: value for name, value in leaves(world).items() if not name.startswith("ghosts")}


def _not_same(one: Any, other: Any) -> Truth:
    return no(same(one, other))


def infeasible(goal: Goal, decides: Decides = Decides.WHAT_IS_KEPT, *, exactly: bool) -> bool:
    """No world that the invariants allow, of any legal profile, reaches the goal. Raises `TimeoutError` for an undecided one."""
    before, profile = symbol(World, "before"), any_profile()
    found = case(goal.occurrence.event, before, profile)
    solver = z3.Solver()
    solver.set("timeout", SECONDS_PER_QUESTION * 1000)
    solver.add(legal(profile), *(holds(before, profile) for holds in INVARIANTS.values()))
    solver.add(found.assumed, reached(goal, decides, found.step, exactly=exactly))
    answer = asked(solver, within_s=SECONDS_PER_QUESTION)
    if answer == z3.unknown:
        raise TimeoutError(f"{goal.id}: the solver did not decide within {SECONDS_PER_QUESTION} s")
    return bool(answer == z3.unsat)
