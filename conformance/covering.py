"""Which conditions of the model were seen both ways, and which decided alone, while something was played."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from lockproof.conformance import vector_files
from lockproof.conformance.itf import nothing
from lockproof.spec import coverage
from lockproof.spec.coverage import Decides, Goal, Occurrence
from lockproof.spec.profile import DEFAULT, Profile
from lockproof.spec.theorems import Step
from lockproof.spec.world import EVENTS, World

EVENTS_OF_A_BOX = ("entry_is_made", "ticket_is_presented", "revocation_is_heard", "time_order_arrives", "power_fails")

_TRIES = 5
"""How often it is tried which conditions decide alone where all of them came out alike: numbers hardly ever change that."""


@dataclass(slots=True)
class Covered:
    """A goal of `spec.coverage` is seen where its condition came out so, and decided where it alone decided what happened."""

    profile: Profile = DEFAULT
    seen: set[Goal] = field(default_factory=set)
    decided: set[Goal] = field(default_factory=set)
    _tried: Counter[tuple[Goal, ...]] = field(default_factory=Counter)

    def look(self, event: str, changes: Mapping[str, Any], given: dict[str, Any]) -> None:
        """This event happens in a world of which only `changes` matters."""
        before = replace(_nowhere(), **changes)
        _, after, outcome = EVENTS[event](before, self.profile, **given)
        step = Step(event, before, after, outcome, given, self.profile, any_instant=0)
        goals = tuple(Goal(occurrence, bool(holds)) for occurrence, holds in coverage.conditions(step))
        self.seen.update(goals)
        self._tried[goals] += 1
        if self._tried[goals] > _TRIES:
            return
        for goal in goals:
            if goal not in self.decided and coverage.reached(goal, Decides.WHAT_IS_KEPT, step, exactly=False):
                self.decided.add(goal)

    def told(self) -> str:
        """In a line: how many conditions came out both ways, and how many decided alone both ways."""
        wanted = wanted_goals(self.profile)
        places = dict.fromkeys(goal.occurrence for goal in wanted)

        def both(found: set[Goal]) -> int:
            return sum(all(goal in found for goal in wanted if goal.occurrence == place) for place in places)

        return f"{both(self.seen)} of {len(places)} conditions both ways, {both(self.decided)} deciding alone"

    def missed(self) -> list[str]:
        """Each goal that was not reached, in words: that never came out so, or never decided alone."""
        never = [goal for goal in wanted_goals(self.profile) if goal not in self.decided]
        return [f"{_said(goal)}: {'never decided alone' if goal in self.seen else 'never so'}" for goal in never]


def _said(goal: Goal) -> str:
    place = goal.occurrence
    nth = f" ({place.nth})" if place.nth > 1 else ""
    return f"{place.event.replace('_', ' ')}: {place.name}{nth}, {'holds' if goal.holds else 'fails'}"


@cache
def wanted_goals(profile: Profile = DEFAULT) -> tuple[Goal, ...]:
    """Those at a box of this profile that can be reached at all, as the packaged index of vectors has it."""
    index = json.loads((vector_files.FOLDER / vector_files.INDEX).read_text(encoding="utf-8"))
    needs = {name: vector["scenario"].get("profile", {}) for _, vector, _ in vector_files.read() for name in [vector["id"]]}
    return tuple(_wanted(index, {name for name, needed in needs.items() if _has(profile, needed)}))


def _has(profile: Profile, needed: Mapping[str, Any]) -> bool:
    """As far as a flag goes: numbers change no condition."""
    return all(getattr(profile, name) == value for name, value in needed.items() if isinstance(value, bool))


def _wanted(index: dict[str, Any], vectors: Container[str]) -> Iterator[Goal]:
    for each in index["conditions"]:
        if each["event"] in EVENTS_OF_A_BOX and each["vector"] in vectors:
            yield Goal(Occurrence(each["event"], each["function"], each["name"], each["occurrence"]), each["holds"])


@cache
def _nowhere() -> World:
    """A state in which every number is nought and every truth false."""
    found: World = nothing(World)
    return found
