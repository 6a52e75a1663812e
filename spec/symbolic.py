"""The model with terms for values: an arbitrary world, an arbitrary legal profile, and what one event makes of them."""

from __future__ import annotations

import typing
from dataclasses import dataclass, fields, is_dataclass
from types import SimpleNamespace
from typing import Any

import z3
from lockproof.spec.profile import Profile
from lockproof.spec.theorems import Step
from lockproof.spec.vocabulary import every, no
from lockproof.spec.world import EVENTS, World

NO_EVENT = "nothing happens"  # where a theorem without an event is proved


def symbol(kind: Any, name: str) -> Any:
    """An arbitrary value of a type: a z3 variable, or a state made of them."""
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{f.name: symbol(hints[f.name], f"{name}.{f.name}") for f in fields(kind)})  # type: ignore[operator]
    return z3.Bool(name) if kind is bool else z3.Int(name)


def any_profile() -> Any:
    """An arbitrary legal profile; the tolerance of the keypad is a parameter of its own, which keeps everything linear."""
    hints = typing.get_type_hints(Profile)
    names = {f.name: symbol(hints[f.name], f"profile.{f.name}") for f in fields(Profile)}
    return SimpleNamespace(**names, keypad_tolerance=z3.Int("profile.keypad_tolerance"))


@dataclass(frozen=True, slots=True)
class Case:
    """One event in an arbitrary world: what is assumed, and the step."""

    assumed: Any
    step: Step


def case(event: str, before: World, profile: Any, *, tag: str = "") -> Case:
    function = EVENTS[event]
    hints = typing.get_type_hints(function)
    names = [n for n in hints if n not in {"world", "profile", "return"}]
    given = {n: symbol(hints[n], f"{tag}{event}.{n}") for n in names}
    premise, after, outcome = function(before, profile, **given)
    roles = [g for n, g in given.items() if n == "recipient"]
    sane = every(*(no(every(r.consumer, r.realtor)) for r in roles))
    step = Step(event, before, after, outcome, given, profile, z3.Int("any_instant"))
    return Case(every(premise, sane), step)


def leaves(state: Any, name: str = "") -> dict[str, Any]:
    """Every field of a state that is no state itself, by its path in words."""
    if is_dataclass(state):
        parts = [leaves(getattr(state, f.name), f"{name} {f.name}".strip()) for f in fields(state)]
        return {n: leaf for part in parts for n, leaf in part.items()}
    return {name: state}
