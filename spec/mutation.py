"""What becomes of a wrong change of the model: killed, equivalent, or surviving (`spec/mutants.py` makes them).

Killed: a theorem is violated on a trace from a beginning, run on the changed model with values; breaking an auxiliary invariant
alone does not count. Equivalent: no observation differs in any world within the proved invariants. Anything else survives.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from functools import cached_property, wraps
from itertools import chain
from multiprocessing import resource_tracker
from typing import Any

import z3
from lockproof.spec import counterexample
from lockproof.spec.invariants import INVARIANTS
from lockproof.spec.kills import Bank, Kill
from lockproof.spec.model import box as model
from lockproof.spec.mutants import DEFAULTS, MODEL, Mutant, functions_of, installed, place_of
from lockproof.spec.profile import DEFAULT, Profile, legal
from lockproof.spec.symbolic import NO_EVENT, any_profile, case, leaves, symbol
from lockproof.spec.theorems import THEOREMS, Step, Theorem
from lockproof.spec.traces import Moves, Search, Trace, TraceError, same_term
from lockproof.spec.vocabulary import Need, Outcome, Truth, either, every, no
from lockproof.spec.walks import walks
from lockproof.spec.world import EVENTS, World, initial

SECONDS_PER_QUESTION = 20
SECONDS_PER_MUTANT = 600  # before a worker counts as lost
WALKS = 300
LONGEST = 10  # events in a trace that the solver searches
WORKERS = 2


class Verdict(StrEnum):
    KILLED = "killed"
    EQUIVALENT = "equivalent"
    SURVIVED = "SURVIVED"


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one change. `theorems`: all that are violated; `kills`: those of them with a trace that was run.

    `lines`: of an equivalent change what was compared, of a survivor a world in which something differs.
    """

    mutant: Mutant
    verdict: Verdict
    theorems: tuple[str, ...] = ()
    kills: tuple[Kill, ...] = ()
    lines: tuple[str, ...] = ()
    seconds: float = 0.0


# All of them, by several processes


def judge_all(mutants: Sequence[Mutant]) -> Iterator[Judged]:
    """Judge them, in their order, each as soon as it is done. When nobody wants more, the workers are stopped at once."""
    with _ctrl_c_waits():  # what is blocked while a worker starts stays so for the worker; the one who waits for them ends them
        workers = multiprocessing.get_context("spawn").Pool(WORKERS, _start_worker)
    with workers:
        answers = workers.imap(_judge, mutants)
        for _ in mutants:
            yield answers.next(timeout=SECONDS_PER_MUTANT)


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):  # a system without signals like these
        yield
        return
    resource_tracker.ensure_running()  # now, for it lets Ctrl-C through when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_of_this_worker: list[Judge] = []


def _start_worker() -> None:
    _of_this_worker.append(Judge())


def _judge(mutant: Mutant) -> Judged:
    return _of_this_worker[0].judge(mutant)


# One after the other


class Judge:
    """Knows the model as it should be; judges one change after the other."""

    def __init__(self, theorems: Mapping[str, Theorem] = THEOREMS, walked: int = WALKS) -> None:
        self._theorems = theorems
        before = symbol(World, "")
        self._any = _Real(before, any_profile(), theorems.values())
        self._default = _Real(before, DEFAULT, theorems.values())
        self._events = _events_that_call(self._any) | {
            "Profile.keypad_tolerance": (NO_EVENT,),
            f"profile.{DEFAULTS}": (NO_EVENT, *(event for event in EVENTS if self._default.says_something_of(event))),
        }
        self._bank = Bank(walks(walked), theorems.values(), self._any.speak_of_any_instant())

    def judge(self, mutant: Mutant) -> Judged:
        start = time.perf_counter()
        try:
            with installed(mutant):
                judged = self._judged(mutant, mutant.default_profile())
        except Exception as error:  # noqa: BLE001 (a theorem that cannot be asked about a wrong model is no reason to stop)
            judged = Judged(mutant, Verdict.SURVIVED, lines=(f"it could not be judged: {type(error).__name__}: {error}",))
        return replace(judged, seconds=time.perf_counter() - start)

    def _judged(self, mutant: Mutant, default: Any) -> Judged:
        events = self._events.get(mutant.place, ())
        differing = [event for event in events if self._any.differs(event, default)]
        if not events:
            return Judged(mutant, Verdict.SURVIVED, lines=("no event comes through this function",))
        if not differing:
            compared = ", ".join(event.replace("_", " ") for event in events)
            return Judged(mutant, Verdict.EQUIVALENT, lines=(f"no observation differs: {compared}",))
        violated = {name for real in (self._any, self._default) for event in events for name in real.violated(event, default)}
        kills = self._kills(events, violated, default)
        theorems = tuple(name for name in self._theorems if name in violated | kills.keys())
        if kills:
            return Judged(mutant, Verdict.KILLED, theorems, tuple(kills.values()))
        unreached = [f"violated within the invariants, but on no trace that was found: {', '.join(theorems)}"] if theorems else []
        return Judged(mutant, Verdict.SURVIVED, theorems, lines=(*unreached, *self._any.told(differing[0], default)))

    def _kills(self, events: tuple[str, ...], violated: set[str], default: Any) -> dict[str, Kill]:
        """A trace for each theorem that has one nearby. Where none has, one trace from farther away."""
        found: dict[str, Kill] = {}
        for kill in chain(self._without_event(violated, default), self._bank.kills(events, default)):
            if kill.theorem not in found and kill.happens(self._theorems):
                found[kill.theorem] = kill
        if not found:
            farther = chain(self._bank.later_kills(events, default), self._searched(events, violated, default))
            kill_found = next((kill for kill in farther if kill.happens(self._theorems)), None)
            return {kill_found.theorem: kill_found} if kill_found else {}
        return found

    def _without_event(self, violated: set[str], default: Any) -> Iterator[Kill]:
        for theorem in self._theorems.values():
            if not theorem.events and theorem.name in violated:
                yield from (self._default if theorem.default_profile else self._any).counterexample(theorem.name, default)

    def _searched(self, events: tuple[str, ...], violated: set[str], default: Any) -> Iterator[Kill]:
        """Traces of the unchanged model, the last event of which the changed model does wrong."""
        for theorem in (theorem for theorem in self._theorems.values() if theorem.name in violated):
            search = (self._default if theorem.default_profile else self._any).search(default)
            for event in (event for event in events if event in theorem.events):
                try:
                    trace = search.shortest(event, _Wrong(theorem))
                except TraceError:  # the changed model does not get there
                    continue
                if trace is not None:
                    yield Kill(theorem.name, trace)


@dataclass(frozen=True, slots=True)
class _Wrong:
    """The model as it stands now does this step, which comes from the unchanged one, so that the theorem is violated."""

    theorem: Theorem

    def __call__(self, step: Step) -> Truth:
        premise, after, outcome = EVENTS[step.event](step.before, step.profile, **step.given)
        claim = self.theorem.claim(replace(step, after=after, outcome=outcome))
        return every(premise, claim.when, no(claim.then))


class _Real:
    """Every event of the unchanged model from one arbitrary world: what can be observed of it, and what each theorem says."""

    def __init__(self, before: World, profile: Any, theorems: Iterable[Theorem]) -> None:
        self._before, self._profile = before, profile
        self._is_default = profile is DEFAULT
        self._theorems = [theorem for theorem in theorems if theorem.default_profile is self._is_default]
        self._worlds = _solver(legal(profile), *(holds(before, profile) for holds in INVARIANTS.values()))
        self._no_world = _solver(legal(profile))
        self._premises: dict[str, Truth] = {}
        self._observed: dict[str, dict[str, Any]] = {}
        self._wrong: dict[str, dict[str, Truth]] = {}
        for event in (NO_EVENT, *EVENTS):
            self._premises[event], step = self.step(event)
            self._observed[event] = observed(step, DEFAULT)
            self._wrong[event] = self._violations(step)

    def step(self, event: str, profile: Any = None) -> tuple[Truth, Step]:
        """What the event needs, and what the model as it stands now makes of it."""
        given = profile or self._profile
        if event == NO_EVENT:
            numbers = {name: z3.Int(name) for theorem in self._theorems for name in theorem.numbers}
            return True, Step(NO_EVENT, self._before, self._before, Outcome(True), numbers, given, z3.Int("any_instant"))
        found = case(event, self._before, given)
        return found.assumed, found.step

    def says_something_of(self, event: str) -> bool:
        return bool(self._wrong[event])

    def speak_of_any_instant(self) -> set[str]:
        """The theorems that do."""
        found = set()
        for event, wrong in self._wrong.items():
            another = replace(self.step(event)[1], any_instant=z3.Int("another instant"))
            found |= {name for name, term in self._violations(another).items() if not same_term(term, wrong[name])}
        return found

    def differs(self, event: str, default: Any) -> bool:
        """Is there a world in which the model as it stands now shows something else? Undecided counts as yes."""
        wrong, _ = self._differing(event, default)
        return wrong is not False and _ask(self._solver(event), wrong)[0] != "unsat"

    def told(self, event: str, default: Any) -> tuple[str, ...]:
        """What differs, in a world of small numbers, as `prove` tells of a counterexample."""
        wrong, differing = self._differing(event, default)
        _, step = self.step(event)
        for wish in (*counterexample.wishes(self._before, self._profile), []):
            _, found = _ask(self._solver(event), wrong, *wish)
            if found is not None:
                parts = counterexample.told_apart(found, differing, "the mutant")
                return (*parts, *(counterexample.words(found, step, self._before) if event != NO_EVENT else ()))
        return (f"the solver did not decide within {SECONDS_PER_QUESTION} s whether anything differs",)

    def _differing(self, event: str, default: Any) -> tuple[Truth, dict[str, tuple[Any, Any]]]:
        """That something differs, and what may: what it was and what it is now, by name."""
        premise, step = self.step(event)
        was, now = self._observed[event], observed(step, default)
        pairs = {name: (was.get(name, False), now.get(name, False)) for name in was | now}
        differing = {name: pair for name, pair in pairs.items() if not _same(*pair)}
        unequal = either(*(one != other for one, other in differing.values()))
        return every(either(premise, self._premises[event]), unequal), differing

    def violated(self, event: str, default: Any) -> list[str]:
        """The theorems that the model as it stands now violates by this event, in a world within the invariants."""
        premise, step = self.step(event, self._under(default))
        wrong = {n: term for n, term in self._violations(step).items() if not same_term(term, self._wrong[event][n])}
        names: list[str] = []
        while wrong:
            _, found = _ask(self._solver(event), premise, either(*wrong.values()))
            if found is None:
                break
            here = [name for name, term in wrong.items() if _is_true(found, term)]
            names += here
            wrong = {name: term for name, term in wrong.items() if name not in here}
        return names

    def counterexample(self, name: str, default: Any) -> Iterator[Kill]:
        """A theorem without an event, violated by numbers and a profile."""
        _, step = self.step(NO_EVENT, self._under(default))
        _, found = _ask(self._no_world, self._violations(step)[name])
        if found is not None:
            numbers = {n: int(found.eval(term, model_completion=True).as_long()) for n, term in step.given.items()}
            profile = default if self._is_default else _profile_of(found, self._profile)
            yield Kill(name, Trace(_ANY_START, profile, ()), numbers)

    def search(self, default: Any) -> Search:
        return Search(_moves(default), default, LONGEST) if self._is_default and default is not DEFAULT else self._search

    @cached_property
    def _search(self) -> Search:
        return Search(_moves(self._profile), self._profile, LONGEST)

    def _under(self, default: Any) -> Any:
        return default if self._is_default else self._profile

    def _solver(self, event: str) -> z3.Solver:
        return self._no_world if event == NO_EVENT else self._worlds

    def _violations(self, step: Step) -> dict[str, Truth]:
        here = [t for t in self._theorems if step.event in t.events or (step.event == NO_EVENT and not t.events)]
        claims = {theorem.name: theorem.claim(step) for theorem in here}
        return {name: every(claim.when, no(claim.then)) for name, claim in claims.items()}


def _moves(profile: Any) -> Moves:
    """Whatever can happen, from a beginning."""
    return Moves(lambda world: initial(world, profile), dict.fromkeys(EVENTS, lambda _: True))


_ANY_START = walks(1)[0].start


def _events_that_call(real: _Real) -> dict[str, tuple[str, ...]]:
    """For each function of the model, by its place: the events that come through it."""
    calls: dict[str, set[str]] = {}
    now = NO_EVENT

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*given: Any, **more: Any) -> Any:
            calls.setdefault(place_of(function), set()).add(now)
            return function(*given, **more)

        return call

    with ExitStack() as restored:
        for module in MODEL:
            for function in functions_of(module):
                restored.callback(setattr, module, function.__name__, function)
                setattr(module, function.__name__, watched(function))
        for now in (NO_EVENT, *EVENTS):
            observed(real.step(now)[1], DEFAULT)
    return {place: tuple(event for event in (NO_EVENT, *EVENTS) if event in events) for place, events in calls.items()}


# What can be observed


def observed(step: Step, default: Any) -> dict[str, Any]:
    """All that an event shows, by name: the whole state after it but for the ghosts, and its outcome, clause by clause."""
    if step.event == NO_EVENT:
        return _observed_without_event(step.profile, default)
    after = {name: leaf for name, leaf in leaves(step.after).items() if not name.startswith("ghosts")}
    outcome = step.outcome
    flags = {name: getattr(outcome, name) for name in ("accepted", "logged", "counted", "notified", "reported")}
    against = {f"forbidden by {clause}": either(*truths) for clause, truths in _by_clause(outcome.needs, "forbids").items()}
    resting = {
        f"entitled by {clause}": every(outcome.accepted, either(*truths))
        for clause, truths in _by_clause(outcome.entitled_by, "holds").items()
    }
    return after | flags | against | resting


def _observed_without_event(profile: Any, default: Any) -> dict[str, Any]:
    """A new box, the tolerance as the profile computes it, and the default profile."""
    clock, nonce = z3.Int("clock"), z3.Int("nonce")
    boxes = leaves(model.new_box(clock, nonce), "new box") | leaves(model.new_box(clock), "new box without a nonce")
    computed = vars(Profile)["keypad_tolerance"].fget(profile)
    return boxes | {"keypad tolerance": computed} | {f"default {f.name}": getattr(default, f.name) for f in fields(Profile)}


def _by_clause(needs: Iterable[Need], what: str) -> dict[str, list[Truth]]:
    found: dict[str, list[Truth]] = {}
    for need in needs:
        found.setdefault(need.clause, []).append(getattr(need, what))
    return found


def _same(one: Any, other: Any) -> bool:
    """The same word for word."""
    return same_term(one, other) if isinstance(one, z3.ExprRef) or isinstance(other, z3.ExprRef) else bool(one == other)


# The solver


def _solver(*assumed: Any) -> z3.Solver:
    solver = z3.Solver()
    solver.set("timeout", SECONDS_PER_QUESTION * 1000)
    solver.add(*assumed)
    return solver


def _ask(solver: z3.Solver, *facts: Any) -> tuple[str, z3.ModelRef | None]:
    solver.push()
    solver.add(*facts)
    answer = str(solver.check())
    found = solver.model() if answer == "sat" else None
    solver.pop()
    return answer, found


def _is_true(found: z3.ModelRef, term: Any) -> bool:
    return term is True or (isinstance(term, z3.ExprRef) and z3.is_true(found.eval(term, model_completion=True)))


def _profile_of(found: z3.ModelRef, profile: Any) -> Profile:
    values = {f.name: found.eval(getattr(profile, f.name), model_completion=True) for f in fields(Profile)}
    return Profile(**{n: z3.is_true(v) if z3.is_bool(v) else v.as_long() for n, v in values.items()})
