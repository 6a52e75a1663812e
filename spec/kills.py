"""Theorems violated by a changed model, each shown by a trace from a beginning that is run with values."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lockproof.spec.profile import DEFAULT
from lockproof.spec.symbolic import NO_EVENT
from lockproof.spec.theorems import THEOREMS, Step, Theorem
from lockproof.spec.traces import Trace, TraceError
from lockproof.spec.vocabulary import Outcome
from lockproof.spec.world import EVENTS, initial

LOOKS = 40  # at steps in which a change shows


@dataclass(frozen=True, slots=True)
class Kill:
    """A theorem violated by the last event of a trace. Of a theorem without an event: for its numbers, with no trace at all."""

    theorem: str
    trace: Trace
    numbers: dict[str, int] = field(default_factory=dict)

    def happens(self, theorems: Mapping[str, Theorem] = THEOREMS) -> bool:
        """Run again, with values, on the model as it stands now: is the theorem violated?"""
        theorem = theorems[self.theorem]
        if not theorem.events:
            start, profile = self.trace.start, self.trace.profile
            return violates(theorem, Step(NO_EVENT, start, start, Outcome(True), self.numbers, profile, 0))
        try:
            last = self.trace.last()
        except TraceError:
            return False
        begins = initial(self.trace.start, self.trace.profile) is True
        return begins and last.event in theorem.events and violates(theorem, last)


def violates(theorem: Theorem, step: Step) -> bool:
    claim = theorem.claim(step)
    return claim.when is True and claim.then is False


@dataclass(frozen=True, slots=True)
class _Place:
    """A step of a walk on the unchanged model, and what it showed."""

    number: int
    walk: Trace
    step: Step
    shown: tuple[Any, ...]


class Bank:
    """Walks on the unchanged model, step by step: a change shows where a step comes out otherwise."""

    def __init__(self, walked: Iterable[Trace], theorems: Iterable[Theorem], of_any_instant: Container[str]) -> None:
        self._theorems, self._of_any_instant = tuple(theorems), of_any_instant
        places = [_Place(number, w, step, _shown(step)) for w in walked for number, step in enumerate(w.steps())]
        self._places = sorted(places, key=lambda place: place.number)

    def kills(self, events: Container[str], default: Any) -> Iterator[Kill]:
        """Where the changed model comes out otherwise, after the fewest events first: all theorems that are violated there."""
        for place, step in self._differing(events, default):
            for theorem, instant in self._violated(step, default):
                yield Kill(theorem, _part(place, place.number + 1, step.profile, instant))

    def later_kills(self, events: Container[str], default: Any) -> Iterator[Kill]:
        """Where the changed model comes out otherwise: the theorems that are violated later in that walk."""
        for place, step in self._differing(events, default):
            walk = _part(place, None, step.profile, 0)
            for length, later in enumerate(_as_far_as_it_goes(walk), start=1):
                for theorem, instant in self._violated(later, default):
                    yield Kill(theorem, _part(place, length, step.profile, instant))

    def _differing(self, events: Container[str], default: Any) -> Iterator[tuple[_Place, Step]]:
        looks = 0
        for place in self._places:
            if place.step.event not in events:
                continue
            profile = default if place.step.profile is DEFAULT else place.step.profile
            premise, after, outcome = EVENTS[place.step.event](place.step.before, profile, **place.step.given)
            changed = replace(place.step, after=after, outcome=outcome, profile=profile)
            if premise is True and _shown(changed) != place.shown:
                yield place, changed
                looks += 1
                if looks == LOOKS:
                    return

    def _violated(self, step: Step, default: Any) -> Iterator[tuple[str, int]]:
        for theorem in self._theorems:
            if step.event not in theorem.events or (theorem.default_profile and step.profile is not default):
                continue
            for instant in _instants(step) if theorem.name in self._of_any_instant else (0,):
                if violates(theorem, replace(step, any_instant=instant)):
                    yield theorem.name, instant
                    break


def _part(place: _Place, length: int | None, profile: Any, instant: int) -> Trace:
    return replace(place.walk, moments=place.walk.moments[:length], profile=profile, any_instant=instant)


def _as_far_as_it_goes(walk: Trace) -> Iterator[Step]:
    """The walk on the changed model, up to an event that can't happen there."""
    try:
        yield from walk.steps()
    except TraceError:
        return


def _shown(step: Step) -> tuple[Any, ...]:
    """All that can be observed of a step, and the ghosts."""
    outcome = step.outcome
    flags = (outcome.accepted, outcome.logged, outcome.counted, outcome.notified, outcome.reported)
    return (step.after, flags, frozenset(outcome.clauses()), frozenset(outcome.because()))


def _instants(step: Step) -> tuple[int, ...]:
    """The instants at which an entitlement begins or ends, before the event or after it, and their neighbours."""
    code, life = step.before.code, step.profile.code_life
    used = [world.ghosts.first_use for world in (step.before, step.after)]
    bounds = (code.day_start, code.day_end, *used, *(first + life for first in used))
    return tuple(sorted({bound + near for bound in bounds for near in (-1, 0, 1)}))
