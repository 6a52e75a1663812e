"""What is to be proved, as questions to a solver. Each has one right answer, and every solver is asked the same.

A subject is a theorem or an invariant; it stands or falls with its cases, one for each event. Of every case it is asked whether
the claim can fail (it must not: `unsat`), and whether what is said to be possible is (it must be: `sat`); of every subject,
whether its hypothesis and its conclusion ever hold together (`sat`), for of nothing anything can be proved.

A family is a function that yields subjects. `of_one_world` is the one of `theorems.py` and `invariants.py`; another family
gives its own cases, each with what is assumed, the claim, and words for a counterexample, and is proved in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

import z3
from lockproof.spec import counterexample
from lockproof.spec.invariants import INVARIANTS, Invariant
from lockproof.spec.profile import DEFAULT, legal
from lockproof.spec.symbolic import NO_EVENT, any_profile, case, symbol
from lockproof.spec.theorems import THEOREMS, Claim, Step, Theorem
from lockproof.spec.vocabulary import Outcome, every, no
from lockproof.spec.world import EVENTS, World, initial

THE_BEGINNING = "the beginning"
SOME_EVENT = "some event"
WITNESS = "witness"


class Expected(StrEnum):
    """The right answer: `unsat` where something must never happen, `sat` where it must be possible."""

    UNSAT = "unsat"
    SAT = "sat"


class Kind(StrEnum):
    INVARIANT = "invariant"
    THEOREM = "theorem"


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What is assumed, each assumption under a name. Cases on the same ground share it, and so does what a solver has read."""

    assumed: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One event: the ground it stands on and what is claimed of it.

    `tell` puts a counterexample into words; `wishes` are facts that would make it easier to read, the best first.
    """

    event: str
    ground: Ground
    claim: Claim
    tell: Callable[[z3.ModelRef], tuple[str, ...]] = counterexample.every_value
    wishes: Callable[[], Iterable[list[Any]]] = tuple


def _nothing(_: str) -> Iterator[Case]:
    return iter(())


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A theorem or an invariant. `sequels` are its cases one step after an event, for when that event breaks an invariant."""

    name: str
    sentence: str
    clauses: tuple[str, ...]
    kind: Kind
    cases: Callable[[], Iterable[Case]]
    sequels: Callable[[str], Iterable[Case]] = _nothing


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One way in which something can happen: facts, in a case."""

    case: Case
    facts: tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Obligation:
    """One question: can it happen in any of these ways? `question` is empty where it is whether the claim can fail."""

    subject: Subject
    event: str
    question: str
    expected: Expected
    ways: tuple[Way, ...]


Family = Callable[[], Iterable[Subject]]


def obligations(subject: Subject) -> Iterator[Obligation]:
    """All that is to be asked about a subject, always in the same order; a case is made when its turn comes."""
    cases = []
    for each in subject.cases():
        cases.append(each)
        claim = each.claim
        yield Obligation(subject, each.event, "", Expected.UNSAT, (Way(each, (claim.when, no(claim.then))),))
        for name, fact in claim.possible.items():
            yield Obligation(subject, each.event, name, Expected.SAT, (Way(each, (fact,)),))
    where = cases[0].event if len(cases) == 1 else SOME_EVENT
    ways = tuple(Way(each, (each.claim.when, each.claim.then)) for each in cases)
    yield Obligation(subject, where, WITNESS, Expected.SAT, ways)


def of_one_world() -> Iterator[Subject]:
    """The invariants, then the theorems, of any one world: each event from any world that the invariants allow."""
    before = symbol(World, "before")
    any_legal, default = OneWorld(before, any_profile()), OneWorld(before, DEFAULT)
    for name, holds in INVARIANTS.items():
        yield Subject(name, "", (), Kind.INVARIANT, partial(_cases_of_invariant, holds, any_legal))
    for theorem in THEOREMS.values():
        worlds = default if theorem.default_profile else any_legal
        about = (theorem.name, theorem.sentence, theorem.clauses, Kind.THEOREM)
        yield Subject(*about, partial(_cases_of_theorem, theorem, worlds), partial(_sequels, theorem, worlds))


class OneWorld:
    """The events as seen from one arbitrary world, each with its ground. A step is made when it is first asked for."""

    def __init__(self, before: World, profile: Any) -> None:
        self.before = before
        self.profile = profile
        self._legal = {"the profile is legal": legal(profile)}
        self._invariants = {name: holds(before, profile) for name, holds in INVARIANTS.items()}
        self._by_event: dict[str, tuple[Step, Ground]] = {}

    def of(self, event: str) -> tuple[Step, Ground]:
        if event not in self._by_event:
            found = case(event, self.before, self.profile)
            ground = Ground({**self._legal, **self._invariants, f"{counterexample.spoken(event)}: it can": found.assumed})
            self._by_event[event] = (found.step, ground)
        return self._by_event[event]

    def without_event(self, numbers: tuple[str, ...]) -> tuple[Step, Ground]:
        given = {name: z3.Int(f"given.{name}") for name in numbers}
        step = Step(NO_EVENT, self.before, self.before, Outcome(True), given, self.profile, z3.Int("any_instant"))
        return step, Ground(self._legal)

    def the_beginning(self) -> Ground:
        return Ground({**self._legal, "everything begins": initial(self.before, self.profile)})

    def wishes(self) -> Iterable[list[Any]]:
        return counterexample.wishes(self.before, self.profile)


def _cases_of_invariant(holds: Invariant, worlds: OneWorld) -> Iterator[Case]:
    before, profile = worlds.before, worlds.profile
    claim = Claim(True, holds(before, profile), possible={"a beginning": True})
    yield Case(
        THE_BEGINNING, worlds.the_beginning(), claim, lambda model: counterexample.words(model, None, before), worlds.wishes
    )
    for event in EVENTS:
        step, ground = worlds.of(event)
        yield Case(event, ground, Claim(True, holds(step.after, profile)), partial(_told, None, (step,)), worlds.wishes)


def _cases_of_theorem(theorem: Theorem, worlds: OneWorld) -> Iterator[Case]:
    steps = (worlds.of(event) for event in theorem.events) if theorem.events else [worlds.without_event(theorem.numbers)]
    for step, ground in steps:
        claim = theorem.claim(step)
        yield Case(step.event, ground, claim, partial(_told, claim, (step,)), worlds.wishes)


def _sequels(theorem: Theorem, worlds: OneWorld, event: str) -> Iterator[Case]:
    first, ground = worlds.of(event)
    for following in theorem.events:
        later = case(following, first.after, worlds.profile, tag="then ")
        claim = theorem.claim(later.step)
        both = partial(_told, None, (first, later.step))
        yield Case(following, ground, Claim(every(later.assumed, claim.when), claim.then), both, worlds.wishes)


def _told(claim: Claim | None, steps: tuple[Step, ...], model: z3.ModelRef) -> tuple[str, ...]:
    compared = counterexample.differences(model, claim) if claim else ()
    return (*compared, *(line for step in steps for line in counterexample.words(model, step, step.before)))
