"""Scenarios from the proof model: for every named condition, the pair of traces in which it alone decides.

Each is found by the solver, at the last second inside and the first outside where the condition compares numbers, carried on
until what it decides can be seen, run with values, and told as a scenario. What cannot happen at all is proved so and listed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import product
from typing import Any

from lockproof.conformance import moves
from lockproof.conformance.disturbances import AT_THE_BOX, disturbed
from lockproof.conformance.moves import AT_LAST, PROFILES, SET_UP
from lockproof.conformance.telling import CannotTell, Line, told
from lockproof.conformance.workers import mapped
from lockproof.spec import coverage
from lockproof.spec.coverage import Decides, Goal
from lockproof.spec.profile import DEFAULT
from lockproof.spec.symbolic import leaves
from lockproof.spec.theorems import Step
from lockproof.spec.traces import Search, Trace, settle
from lockproof.spec.vocabulary import Outcome, Truth, no, same
from lockproof.spec.world import EVENTS, World

LONGEST = 12
"""Events before the last one. No condition needs more; one that does is open, and that is an error."""


@dataclass(frozen=True, slots=True)
class Vector:
    """A scenario in which one condition decides.

    `decides` is what comes out otherwise if it is turned round; `exactly`: a comparison, by one second. `moment` is the number
    of the event of which the condition is (from 0, the set-up included); what shows it may come later. `shows` are the clauses
    that this is about, the first of which names the file that it stands in.
    """

    goal: Goal
    decides: Decides
    exactly: bool
    trace: Trace
    moment: int
    shows: tuple[str, ...]
    steps: tuple[Line, ...]
    disturbed: str = ""  # by what, where something comes between that must change nothing, or just so much
    still_decides: bool = True

    status = "covered"
    reason = ""

    @property
    def id(self) -> str:
        return self.goal.id + (f"-after-{self.disturbed}" if self.disturbed else "")

    @property
    def profile(self) -> dict[str, Any]:
        """What it needs of a profile beside the default."""
        return {name: value for name, value in leaves(self.trace.profile).items() if value != getattr(DEFAULT, name)}

    @property
    def last(self) -> Step:
        return self.trace.last()


@dataclass(frozen=True, slots=True)
class Infeasible:
    """No world within the proved invariants, of any legal profile, reaches the goal: the solver's answer is `unsat`."""

    goal: Goal

    status = "infeasible"
    reason = "no world within the proved invariants, of any legal profile, reaches it"


@dataclass(frozen=True, slots=True)
class Unplayable:
    """It can happen in the model, and no bench can ask for it, or see it: why not."""

    goal: Goal
    reason: str

    status = "not playable"


@dataclass(frozen=True, slots=True)
class Open:
    """Neither a trace nor a proof that there is none: a failure."""

    goal: Goal
    reason: str

    status = "open"


Found = Vector | Infeasible | Unplayable | Open

_NO_REFERENCE = "the authority is asked by a grant's reference, and what was never granted has none"
NOBODY_CAN_ASK = {
    ("ticket_is_issued", "granted", False): _NO_REFERENCE,
    ("grant_is_revoked", "granted", False): _NO_REFERENCE,
    (
        "box_is_moved",
        "granted",
        False,
    ): "a box moved before anything was granted leaves no trace: a grant made later begins afresh",
}
"""Of (event, condition, holds): what the interface of authority and box leaves no way to ask, or to see."""


def synthesize(report: Callable[[Found], None] = lambda _: None, workers: int | None = None) -> list[Found]:
    """A vector for each goal, or why there is none, in the order of the model, then the same disturbed; `report` gets each goal's.

    By `workers` processes, as many as there are processors if not said; what is found does not depend on how many.
    """
    goals = list(coverage.goals())
    found = []
    for each in mapped(find, goals, workers, chunk=4):
        report(each)
        found.append(each)
    return [*found, *_distinct(new for each in found if isinstance(each, Vector) for new in disturbed_vectors(each))]


def _distinct(vectors: Iterable[Vector]) -> list[Vector]:
    """Without those that come to the same steps as one before."""
    kept: dict[str, Vector] = {}
    for each in vectors:
        kept.setdefault(repr([{**step, "shows": ()} for step in each.steps]), each)
    return list(kept.values())


@cache
def _searches() -> tuple[Search, ...]:
    """One for each profile, kept by each process: what was unrolled for one goal serves the next."""
    return tuple(Search(moves.moves(profile), profile, LONGEST) for profile in PROFILES)


def find(goal: Goal) -> Found:
    """What there is for one goal."""
    if coverage.infeasible(goal, exactly=False):
        return Infeasible(goal)
    occurrence = goal.occurrence
    if reason := NOBODY_CAN_ASK.get((occurrence.event, occurrence.name, goal.holds)):
        return Unplayable(goal, reason)
    for decides in Decides:
        if coverage.infeasible(goal, decides, exactly=False):
            continue
        exactly = coverage.compares(goal) and not coverage.infeasible(goal, decides, exactly=True)
        for search in _searches():
            trace = search.shortest(
                occurrence.event,
                partial(coverage.reached, goal, decides, exactly=exactly),
                begin_with=SET_UP,
                end_with=AT_LAST.get(occurrence.event),
            )
            if trace is not None:
                return _vector(goal, decides, trace, exactly=exactly)
    return Open(goal, f"no trace of up to {LONGEST} events reaches it")


def _vector(goal: Goal, decides: Decides, trace: Trace, *, exactly: bool) -> Found:
    """Carry the trace on until a difference can be seen, and tell it."""
    moment = len(trace.moments) - 1
    step = trace.last()
    turned = coverage.with_turned(step, goal.occurrence)
    seen = _seen(step.event, step.outcome, turned.outcome)
    in_answer = bool(seen)
    if not seen and (seen := _seen_later(step.after, turned.after)):
        pass
    elif not seen:
        carried = _carried_on(trace, turned.after)
        if carried is None:
            return Open(goal, "what it decides is kept, and nothing that is done afterwards shows it")
        trace, seen = carried
        in_answer = True
    seen = (*seen, *(clause for clause in ALSO.get(goal.occurrence.name, ()) if clause not in seen))
    try:
        lines = told(trace, shows=seen, in_answer=in_answer and seen[0] not in TOLD_LATER)
    except CannotTell as reason:
        return Unplayable(goal, str(reason))
    return Vector(goal, decides, exactly, trace, moment, seen, tuple(lines))


ALSO = {"clock not behind the last decision": ("box.clock.never-back",)}
"""Clauses that a condition is about beside that of the need which it is part of."""

TOLD_LATER = {"report.once", "connect.notify-once", "code.notify-never", "box.log"}
"""Clauses about what is written or told: to be looked for, and not in the answer itself."""


def disturbed_vectors(vector: Vector) -> list[Vector]:
    """The vector with each disturbance in it, where the condition decides the answer of a box."""
    if vector.decides is not Decides.THE_ANSWER or vector.goal.occurrence.event not in AT_THE_BOX:
        return []
    found = []
    for each in disturbed(vector.goal, vector.trace):
        step = each.trace.last()
        between = vector.shows if each.decides else _seen(step.event, step.outcome, each.without.outcome)
        shows = tuple(dict.fromkeys((*between, *each.disturbance.clauses(step))))
        name = f"{'early-' if each.early else ''}{each.disturbance.name}"
        with contextlib.suppress(CannotTell):
            lines = tuple(told(each.trace, shows=shows))
            moment = len(each.trace.moments) - 1
            found.append(Vector(vector.goal, vector.decides, False, each.trace, moment, shows, lines, name, each.decides))
    return found


def _seen(event: str, one: Outcome, other: Outcome) -> tuple[str, ...]:
    """The clauses between two answers to the same event; empty where nothing that is answered or told differs."""
    mine, theirs = coverage.forbidding(one), coverage.forbidding(other)
    clauses = [clause for clause in mine if mine[clause] != theirs[clause]]
    if event == "pin_is_entered":  # a PIN's own clause: that of the bound is the box's
        clauses = ["code.pin"] if clauses else []
    if one.notified != other.notified:
        clauses.append("connect.notify-once" if one.notified else "code.notify-never")
    if one.reported != other.reported and event not in ASKED:
        clauses.append("report.once")
    if not clauses and one.reported != other.reported:
        clauses.append("report.once")
    return tuple(dict.fromkeys(clauses))


ASKED = {"grant_is_asked_for", "code_is_asked_for", "grant_is_revoked"}
"""Requests whose line in the report follows from their being accepted."""


def _seen_later(one: World, other: World) -> tuple[str, ...]:
    """The clauses by which two states differ to somebody who reads the log or the reported instants."""
    mine, theirs = one.box, other.box
    log = ("next_entry", "refusals", "refused_while_disabled")
    if any(getattr(mine, name) != getattr(theirs, name) for name in log):
        return ("box.log",)
    if one.grant.granted and one.grant.ended_at != other.grant.ended_at:
        return ("connect.property" if one.grant.moved else "connect.revoke.any-time",)
    return ()


def _carried_on(trace: Trace, turned: World) -> tuple[Trace, tuple[str, ...]] | None:
    """The shortest way on from the end of the trace after which the state and the turned one answer differently."""
    start, profile = trace.last().after, trace.profile
    for apart in (_answers_differ, coverage.outcomes_differ):
        for events in _ways_on():
            there = settle(moves.moves(profile), profile, events, partial(_come_apart, apart, turned), start=start)
            if there is not None:
                carried = replace(trace, moments=(*trace.moments, *there.moments))
                step = carried.last()
                return carried, _seen(step.event, step.outcome, _elsewhere(there.steps(), turned))
    return None


def _come_apart(apart: Callable[[Outcome, Outcome], Truth], turned: World, steps: Sequence[Step]) -> Truth:
    return apart(steps[-1].outcome, _elsewhere(steps, turned))


def _answers_differ(one: Outcome, other: Outcome) -> Truth:
    """What a box shows that gives no reasons."""
    return no(same(one.accepted, other.accepted))


ANSWERED = (
    "entry_is_made",
    "ticket_is_presented",
    "time_order_arrives",
    "ticket_is_issued",
    "grant_is_revoked",
    "code_is_asked_for",
    "pin_is_entered",
    "grant_is_asked_for",
)


def _ways_on() -> Iterator[tuple[str, ...]]:
    """Events by which a difference in what is kept may come out, the shortest first; the bound comes out only after many."""
    for last in ANSWERED:
        yield (last,)
    yield from product(EVENTS_BETWEEN, ANSWERED)
    for repeated in ("entry_is_made", "pin_is_entered"):
        for times in (4, 5, 6):
            yield (repeated,) * times
            yield ("time_passes", *(repeated,) * times)
    for first, second, last in product(EVENTS_BETWEEN, EVENTS_BETWEEN, ANSWERED):
        yield first, second, last


EVENTS_BETWEEN = tuple(event for event in moves.EVENTS if event not in moves.IN_PARTS | {"refusals_are_written", "entry_arrives"})


def _elsewhere(steps: Iterable[Step], world: World) -> Outcome:
    """The outcome of the last of these events in another world, which need not be one that can be."""
    outcome = Outcome(True)
    for step in steps:
        _, world, outcome = EVENTS[step.event](world, step.profile, **step.given)
    return outcome
