"""Traces: what happened from the beginning, event by event, with plain values; and the search for a shortest one.

The search unrolls the model with terms, one depth after the other, and asks z3 for a world at the end of which something
wanted comes true. What it finds is made the first of its kind (fewest events, then the order of the moves, then the
smallest numbers), so that the same model gives the same trace whatever the solver likes best; and it is run with values, so
that no trace rests on the solver's word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import z3
from lockproof.spec.asking import asked
from lockproof.spec.profile import Profile, legal
from lockproof.spec.symbolic import case, leaves, symbol
from lockproof.spec.theorems import Step
from lockproof.spec.vocabulary import Truth, every
from lockproof.spec.world import EVENTS, World

SECONDS_PER_QUESTION = 60
Wanted = Callable[[Step], Any]
Allowed = Callable[[Step], Any]
"""What must hold, beside an event's premise, for the event to be a move."""


class TraceError(Exception):
    """The solver did not answer, or what it answered does not hold when it is run: a failure, never a result."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One event with its arguments, in plain values."""

    event: str
    given: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trace:
    """What happens from `start` on. `any_instant` is the instant that the wanted condition spoke of, if it spoke of one."""

    start: World
    profile: Profile
    moments: tuple[Moment, ...]
    any_instant: int = 0

    def steps(self) -> Iterator[Step]:
        """Run the model with values. Raises `TraceError` where an event could not happen."""
        world = self.start
        for moment in self.moments:
            premise, after, outcome = EVENTS[moment.event](world, self.profile, **moment.given)
            if premise is not True:
                raise TraceError(f"{moment.event} cannot happen there")
            yield Step(moment.event, world, after, outcome, moment.given, self.profile, self.any_instant)
            world = after

    def last(self) -> Step:
        *_, step = self.steps()
        return step


@dataclass(frozen=True, slots=True)
class Moves:
    """What may happen in a trace: the worlds in which it begins, and each event with what it needs beside its premise.

    The order of `events` is the order of preference among traces of one length. `near` says, by event and argument, to what
    a number is as near as can be, and what a truth is if it may; all others are as near to nought, or no.
    """

    begins: Callable[[World], Truth]
    events: Mapping[str, Allowed]
    near: Mapping[tuple[str, str], Callable[[Step], Any]] = field(default_factory=dict)


class Search:
    """Shortest traces over these moves, for one profile (values, or terms for any legal one).

    What was unrolled and learned for one question serves the next.
    """

    def __init__(self, moves: Moves, profile: Any, longest: int = 8) -> None:
        self.moves, self.profile, self.longest = moves, profile, longest
        self._events = tuple(moves.events)
        self._worlds = [symbol(World, "0")]
        self._choices: list[z3.ArithRef] = []
        self._last: dict[tuple[int, str], tuple[Any, Step]] = {}
        self._solver = z3.Solver()
        self._solver.set("timeout", SECONDS_PER_QUESTION * 1000)
        self._solver.add(legal(profile), moves.begins(self._worlds[0]))

    def shortest(
        self,
        event: str,
        wanted: Wanted,
        begin_with: Sequence[str] = (),
        end_with: Allowed | None = None,
        longest: int | None = None,
    ) -> Trace | None:
        """The first trace whose last event is `event` and whose last step is as wanted; None where none is short enough.

        `begin_with` are the events that come first. `end_with` stands in for what the moves allow `event` at the end. At most
        `longest` events come before the last.
        """
        for depth in range(len(begin_with), (self.longest if longest is None else longest) + 1):
            self._unroll(depth)
            allowed, step = self._last_step(depth, event, end_with)
            fixed = [self._choices[at] == self._events.index(name) for at, name in enumerate(begin_with)]
            chosen = self._first_choices(depth, [allowed, wanted(step), *fixed])
            if chosen is not None:
                return self._settled([*chosen, event], wanted, end_with)
        return None

    def _last_step(self, depth: int, event: str, end_with: Allowed | None) -> tuple[Any, Step]:
        if (depth, event) not in self._last:
            found = case(event, self._worlds[depth], self.profile, tag=f"{depth} last ")
            self._last[depth, event] = found.assumed, found.step
        premise, step = self._last[depth, event]
        return every(premise, (end_with or self.moves.events[event])(step)), step

    def _unroll(self, depth: int) -> None:
        while len(self._choices) < depth:
            number = len(self._choices)
            before, after, choice = self._worlds[-1], symbol(World, str(number + 1)), z3.Int(f"choice {number}")
            self._solver.add(choice >= 0, choice < len(self._events))
            steps = []
            for place, event in enumerate(self._events):
                found = case(event, before, self.profile, tag=f"{number} {event} ")
                self._solver.add(z3.Implies(choice == place, every(found.assumed, self.moves.events[event](found.step))))
                steps.append(found.step)
            old, new = leaves(before), leaves(after)
            changed = [leaves(step.after) for step in steps]
            for name, term in old.items():
                value = term
                for place, state in enumerate(changed):
                    if not same_term(state[name], term):
                        value = z3.If(choice == place, state[name], value)
                self._solver.add(new[name] == value)
            self._worlds.append(after)
            self._choices.append(choice)

    def _first_choices(self, depth: int, wanted: list[Any]) -> list[str] | None:
        """The events before the last, the first in the order of preference; None where it is impossible."""
        solver = self._solver
        solver.push()
        try:
            solver.add(*wanted)
            if not _sat(solver):
                return None
            for choice in self._choices[:depth]:
                likely = solver.model().eval(choice, model_completion=True).as_long()
                first = next((place for place in range(likely) if _can_be(solver, choice == place)), likely)
                solver.add(choice == first)
                _sat(solver)
            found = solver.model()
            return [self._events[found.eval(c, model_completion=True).as_long()] for c in self._choices[:depth]]
        finally:
            solver.pop()

    def _settled(self, events: list[str], wanted: Wanted, end_with: Allowed | None) -> Trace:
        """These events, with the smallest numbers with which they come to what is wanted."""
        found = settle(self.moves, self.profile, events, lambda steps: wanted(steps[-1]), end_with)
        if found is None:
            raise TraceError(f"no trace of {', '.join(events)} comes to what is wanted, although one was found")
        return found


def settle(
    moves: Moves,
    profile: Any,
    events: Sequence[str],
    wanted: Callable[[Sequence[Step]], Any],
    end_with: Allowed | None = None,
    start: World | None = None,
) -> Trace | None:
    """The first trace of just these events, from `start` if it is given, whose steps are as wanted; None where there is none.

    Raises `TraceError` where its steps are not as wanted when they are run.
    """
    solver = z3.Solver()
    solver.set("timeout", SECONDS_PER_QUESTION * 1000)
    first = symbol(World, "0") if start is None else start
    solver.add(legal(profile), *([moves.begins(first)] if start is None else []))
    world, steps = first, []
    for number, event in enumerate(events):
        found = case(event, world, profile, tag=f"{number} ")
        allowed = end_with if end_with and number == len(events) - 1 else moves.events[event]
        solver.add(found.assumed, allowed(found.step))
        steps.append(found.step)
        world = simplified(found.step.after)
    solver.add(wanted(steps))
    if not _sat(solver):
        return None
    terms: list[tuple[Any, Any]] = [] if isinstance(profile, Profile) else [(term, 0) for term in vars(profile).values()]
    terms += [(term, 0) for term in (*leaves(first).values(), steps[-1].any_instant)]
    for step in steps:
        for name, given in step.given.items():
            for path, term in leaves(given, name).items():
                near = moves.near.get((step.event, path))
                terms.append((term, near(step) if near else 0))
    values = _smallest(solver, [(term, near) for term, near in terms if isinstance(term, z3.ExprRef)])

    def value(state: Any) -> Any:
        return valued(state, values)

    trace = Trace(
        value(first),
        profile
        if isinstance(profile, Profile)
        else Profile(**{f.name: value(getattr(profile, f.name)) for f in fields(Profile)}),
        tuple(Moment(step.event, {name: value(given) for name, given in step.given.items()}) for step in steps),
        value(steps[-1].any_instant),
    )
    if wanted(list(trace.steps())) is not True:
        raise TraceError(f"{', '.join(events)}: it is not as wanted when it is run")
    return trace


def valued(state: Any, values: Mapping[int, Any]) -> Any:
    """A state of terms with the value of each term (by its id) in its place."""
    if is_dataclass(state) and not isinstance(state, type):
        return type(state)(**{f.name: valued(getattr(state, f.name), values) for f in fields(state)})
    return values[state.get_id()] if isinstance(state, z3.ExprRef) else state


def simplified(state: Any) -> Any:
    """A state of terms, each made as short as z3 can; values stay values, and what has become one becomes a Python value."""
    if is_dataclass(state) and not isinstance(state, type):
        return type(state)(**{f.name: simplified(getattr(state, f.name)) for f in fields(state)})
    if not isinstance(state, z3.ExprRef):
        return state
    short = z3.simplify(state)
    if z3.is_int_value(short):
        return short.as_long()
    return True if z3.is_true(short) else False if z3.is_false(short) else short


def same_term(one: Any, other: Any) -> bool:
    """The same term, or the same value."""
    if isinstance(one, z3.ExprRef) and isinstance(other, z3.ExprRef):
        return bool(one.eq(other))
    return one is other


def _smallest(solver: z3.Solver, terms: Sequence[tuple[z3.ExprRef, Any]]) -> dict[int, Any]:
    """A value for each variable, one after the other: the number that is nearest, and no rather than yes if not said otherwise."""
    values: dict[int, Any] = {}
    for term, near in terms:
        if term.get_id() in values:
            continue
        found = solver.model().eval(term, model_completion=True)
        if z3.is_bool(term):
            value: Any = bool(near) if z3.is_true(found) == bool(near) or _can_be(solver, term == bool(near)) else not near
            solver.add(term == value)
        else:
            nought = solver.model().eval(near, model_completion=True).as_long() if isinstance(near, z3.ExprRef) else near
            value = nought + _nearest_to_nought(solver, term - nought, found.as_long() - nought)
            solver.add(term == value)
        values[term.get_id()] = value
        if not _sat(solver):
            raise TraceError(f"{term} was {value} and then was not")
    return values


def _nearest_to_nought(solver: z3.Solver, term: Any, known: int) -> int:
    """The value nearest to nought that the term can have, `known` being one of its values; of two as near the positive one."""
    distance = abs(known)
    low = 0
    while low < distance:
        middle = (low + distance) // 2
        if _can_be(solver, term <= middle, term >= -middle):
            distance = min(middle, abs(solver.model().eval(term, model_completion=True).as_long()))
        else:
            low = middle + 1
    return distance if distance == 0 or _can_be(solver, term == distance) else -distance


def _can_be(solver: z3.Solver, *facts: Any) -> bool:
    """Whether these facts are possible; the solver's last model then has them."""
    answer = asked(solver, *facts, within_s=SECONDS_PER_QUESTION)
    if answer == z3.unknown:
        raise TraceError(f"the solver did not decide within {SECONDS_PER_QUESTION} s")
    return bool(answer == z3.sat)


def _sat(solver: z3.Solver) -> bool:
    return _can_be(solver)
