"""Theorems told as scenarios: a shortest trace on which a theorem says something, and one on which a broken model breaks it.

A theorem of which no bench can show anything (it speaks of true time that no bench can see, say) says so. The trace of a theorem
that holds is played to see that what was proved does happen; that of one that fails expects what the standard says, so that a
model that breaks it is seen to fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from lockproof.conformance import moves
from lockproof.conformance.moves import AT_LAST, PROFILES, SET_UP
from lockproof.conformance.telling import NOON, ZONE, Answer, CannotTell, by_the_model, by_the_standard, told
from lockproof.spec.profile import DEFAULT
from lockproof.spec.symbolic import leaves
from lockproof.spec.theorems import REASONS, Step, Theorem
from lockproof.spec.traces import Search, Trace
from lockproof.spec.vocabulary import Truth, either, every, no, same

LONGEST = 9
"""Events before the last one."""


@dataclass(frozen=True, slots=True)
class Told:
    """A theorem and the scenario that shows it, or the reason why no bench can show it."""

    theorem: Theorem
    trace: Trace | None = None
    scenario: dict[str, Any] | None = None
    reason: str = ""


def witness(theorem: Theorem) -> Told:
    """A shortest trace whose last step the theorem speaks of, and of which it is true."""
    if not theorem.events:
        return Told(theorem, reason="it speaks of numbers alone, and of no event")
    trace = _shortest(theorem.events, partial(_holds, theorem))
    if trace is None:
        return Told(theorem, reason=f"no bench makes happen in {LONGEST} events what it speaks of")
    return _told(theorem, trace)


def counterexample(theorem: Theorem) -> Told:
    """A shortest trace on which the model breaks the theorem, expecting what the standard says.

    Where the model answers as the standard does although what it keeps or tells is wrong, a shortest trace is looked for on
    which it does not; where there is none either, the trace shows the theorem broken to nobody but the prover.
    """
    trace = _shortest(theorem.events, partial(_broken, theorem))
    if trace is None:
        return Told(theorem, reason=f"no bench makes happen in {LONGEST} events what breaks it")
    wrong = next(_wrong_answers(trace), None)
    if wrong is None:
        trace = _shortest(REASONS, _answered_wrongly) or trace
        wrong = next(_wrong_answers(trace), len(trace.moments) - 1)
    cut_off = replace(trace, moments=trace.moments[: wrong + 1])
    found = _told(theorem, cut_off, by_the_standard)
    if found.scenario is None:
        return found
    return replace(found, scenario={**found.scenario, "id": f"{found.scenario['id']}-is-broken", "theorem": theorem.name})


def _holds(theorem: Theorem, step: Step) -> Truth:
    claim = theorem.claim(step)
    return every(claim.when, claim.then)


def _broken(theorem: Theorem, step: Step) -> Truth:
    claim = theorem.claim(step)
    return every(claim.when, no(claim.then))


def _answered_wrongly(step: Step) -> Truth:
    """Accepted although a clause forbids it, or refused although none does."""
    return no(same(step.outcome.accepted, no(either(*step.reasons().values()))))


def _wrong_answers(trace: Trace) -> Iterator[int]:
    for number, step in enumerate(trace.steps()):
        if step.event in REASONS and _answered_wrongly(step):
            yield number


@cache
def _searches() -> tuple[Search, ...]:
    return tuple(Search(moves.moves(profile, in_parts=True), profile, LONGEST) for profile in PROFILES)


def _shortest(events: Iterable[str], wanted: Callable[[Step], Truth]) -> Trace | None:
    """Of the traces that end with one of these events, the shortest; of equally long ones that of the first event."""
    found: Trace | None = None
    for search in _searches():
        for event in (event for event in search.moves.events if event in events):
            longest = LONGEST if found is None else len(found.moments) - 2
            nearer = search.shortest(event, wanted, begin_with=SET_UP, end_with=AT_LAST.get(event), longest=longest)
            found = nearer or found
        if found is not None:
            return found
    return None


def _told(theorem: Theorem, trace: Trace, answer: Callable[[Step], Answer] = by_the_model) -> Told:
    step = trace.last()
    shows = [clause for clause in theorem.clauses if clause in answer(step).clauses] or [theorem.clauses[0]]
    try:
        steps = told(trace, shows=shows, in_answer=step.event in REASONS, answer=answer)
    except CannotTell as reason:
        return Told(theorem, trace, reason=str(reason))
    profile = {name: value for name, value in leaves(trace.profile).items() if value != getattr(DEFAULT, name)}
    scenario: dict[str, Any] = {
        "id": "-".join(theorem.name.replace("_", " ").split()),
        "clauses": shows,
        "story": theorem.sentence,
        "zone": ZONE,
        "start": NOON,
        **({"profile": profile} if profile else {}),
        "steps": steps,
    }
    return Told(theorem, trace, scenario)
