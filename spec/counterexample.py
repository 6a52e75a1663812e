"""What a solver found, in the domain's words: the world before, the event, its outcome, and what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import z3
from lockproof.spec.profile import DEFAULT, Profile
from lockproof.spec.symbolic import NO_EVENT, leaves
from lockproof.spec.theorems import Claim, Step
from lockproof.spec.vocabulary import Outcome
from lockproof.spec.world import World

SMALL = (-100_000, 1_000_000)  # numbers that are easy to read
QUIET, QUIETLY = {"0", "no"}, "all else 0 or no"
"""What a counterexample need not say of every field."""


def spoken(name: str) -> str:
    return name.replace("_", " ")


def wishes(before: World, profile: Any) -> Iterator[list[Any]]:
    """What makes a counterexample easy to read, the best first: the default profile and small numbers where they will do."""
    usual: list[Any] = []
    if not isinstance(profile, Profile):
        usual = [
            getattr(profile, name) == getattr(DEFAULT, name) for name in (*(f.name for f in fields(Profile)), "keypad_tolerance")
        ]
    numbers = [n for n in leaves(before).values() if isinstance(n, z3.ArithRef)]
    small = [z3.And(n >= SMALL[0], n <= SMALL[1]) for n in numbers]
    yield from ([*usual, *small], usual, small)


def where(shown: dict[str, Any], model: z3.ModelRef) -> tuple[str, ...]:
    """What is to be shown of a situation that is no step of one world, in a line."""
    told = {n: _value(model, t) for name, state in shown.items() for n, t in leaves(state, name).items()}
    return (_block("where", {n: v for n, v in told.items() if v not in QUIET}, QUIETLY),)


def words(model: z3.ModelRef, step: Step | None, before: World) -> tuple[str, ...]:
    """Line by line: profile, world before, the event with its arguments, its outcome, what changed. No step: the beginning."""

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
    lines.append(_block(f"then {spoken(step.event)}", loud, QUIETLY if loud != given else ""))
    lines.append(f"outcome: {_outcome(step.outcome, value)}")
    new = {n: value(t) for n, t in leaves(step.after).items() if not n.startswith("ghosts")}
    lines.append(_block("after, where it differs", {n: v for n, v in new.items() if v != old[n]}))
    return tuple(lines)


def differences(model: z3.ModelRef, claim: Claim) -> tuple[str, ...]:
    """Where the model and the standard were compared part by part: the parts in which they differ."""
    return told_apart(model, claim.compared, "the standard")


def told_apart(model: z3.ModelRef, compared: Mapping[str, tuple[Any, Any]], other: str) -> tuple[str, ...]:
    """By name, what the model says and what another says, where they differ."""
    shown = {name: (_value(model, said), _value(model, meant)) for name, (said, meant) in compared.items()}
    return tuple(f"{name}: the model says {said}, {other} {meant}" for name, (said, meant) in shown.items() if said != meant)


def every_value(model: z3.ModelRef) -> tuple[str, ...]:
    """All that the solver chose, by the names of the variables: for a claim that knows no better words."""
    values = {str(each): _value(model, each()) for each in model.decls()}
    return (_block("for", {n: v for n, v in sorted(values.items()) if v not in QUIET}, QUIETLY),)


def _value(model: z3.ModelRef, term: Any) -> str:
    found = model.eval(term, model_completion=True) if isinstance(term, z3.ExprRef) else term
    return {"True": "yes", "False": "no"}.get(str(found), str(found))


def _block(title: str, values: dict[str, str], rest: str = "") -> str:
    said = [f"{spoken(name)} {value}" for name, value in values.items()] + [rest] * bool(rest)
    return f"{title}: " + (", ".join(said) or "nothing")


def _outcome(outcome: Outcome, value: Callable[[Any], str]) -> str:
    if value(outcome.accepted) == "yes":
        return "accepted"
    against = [f"{need.clause} ({need.name})" for need in outcome.needs if value(need.forbids) == "yes"]
    return "refused: " + (", ".join(dict.fromkeys(against)) or "no clause says why")
