"""Coverage of conditions: each occurrence found, turned alone, reached at its last second inside and its first outside."""

from __future__ import annotations

import operator
from dataclasses import fields, is_dataclass, replace
from typing import get_type_hints

import pytest
import z3
from lockproof.spec import coverage
from lockproof.spec.coverage import (
    PARTS,
    Decides,
    Goal,
    Occurrence,
    compares,
    conditions,
    goals,
    infeasible,
    occurrences,
    reached,
    states_differ,
    with_turned,
)
from lockproof.spec.model import box
from lockproof.spec.profile import DEFAULT
from lockproof.spec.symbolic import any_profile, case, symbol
from lockproof.spec.theorems import Step
from lockproof.spec.vocabulary import Need, Outcome, choose, either, every, named, no, satisfied
from lockproof.spec.world import EVENTS, World


def step_of(event: str) -> Step:
    return case(event, symbol(World, "before"), any_profile()).step


def noughts(term):
    if is_dataclass(term):
        return type(term)(**{f.name: noughts(getattr(term, f.name)) for f in fields(term)})
    return False if z3.is_bool(term) else 0


# Events made up for these tests: what they show is their conditions, and nothing else


@pytest.fixture
def made_up(monkeypatch):
    """Makes an event of a function from numbers and truths to an outcome, and a step of it with terms, or with values."""

    def make(function, *, premise=lambda *_: True):
        def event(world, _profile, **given):
            return premise(*given.values()), world, function(*given.values())

        hints = {name: kind for name, kind in get_type_hints(function).items() if name != "return"}
        event.__annotations__ = {"world": World, **hints}
        monkeypatch.setitem(EVENTS, "made_up", event)

        def step(**values):
            if not values:
                return step_of("made_up")
            world = noughts(symbol(World, "before"))
            return Step("made_up", world, world, function(*values.values()), values, DEFAULT, 0)

        return step

    return make


def occurrence(name, nth=1, function="decide"):
    return Occurrence("made_up", function, name, nth)


def all_values(truth, *terms, near=range(-40, 40)):
    """All values that the terms can have within the range, in order."""
    solver, found = z3.Solver(), []
    solver.add(truth, *(z3.And(term >= near.start, term < near.stop) for term in terms if z3.is_int(term)))
    while solver.check() == z3.sat:
        values = [solver.model().eval(term, model_completion=True) for term in terms]
        found.append(tuple(v.as_long() if z3.is_int(v) else z3.is_true(v) for v in values))
        solver.add(z3.Or(*(term != value for term, value in zip(terms, values, strict=True))))
    return sorted(found)


# Occurrences


def test_the_occurrences_of_a_power_cut():
    assert [found for found, _ in conditions(step_of("power_fails"))] == [
        Occurrence("power_fails", "lose_power", "refusals are counted"),
        Occurrence("power_fails", "lose_power", "none of them was written"),
        Occurrence("power_fails", "lose_power", "time known before"),
        Occurrence("power_fails", "lose_power", "away no longer than the holdover"),
        Occurrence("power_fails", "lose_power", "clock not behind the last decision"),
    ]


def test_the_occurrences_of_an_entry_tell_apart_what_has_one_name():
    found = [(o.function, o.name, o.nth) for o, _ in conditions(step_of("entry_is_made"))]
    assert found == [
        ("ready", "time known", 1),
        ("ready", "clock not behind the last decision", 1),
        ("enabled", "within the bound", 1),
        ("charged", "all that was charged is given back", 1),
        ("ready", "time known", 2),
        ("ready", "clock not behind the last decision", 2),
        ("count_refusal", "a count of refusals is open", 1),
        ("count_refusal", "for the same cause", 1),
        ("decide_entry", "digits of a live index", 1),
        ("decide_entry", "used before", 1),
        ("decide_entry", "codes end with their day", 1),
        ("within_day", "its day has begun", 1),
        ("within_day", "its day is not over", 1),
        ("decide_entry", "its day is not over", 1),
        ("within_life", "within its life", 1),
    ]


def test_all_of_the_model_is_event_by_event_and_parts_are_covered_in_the_whole():
    of_events = {event: [each for each in occurrences() if each.event == event] for event in EVENTS}
    assert of_events["power_fails"] == [found for found, _ in conditions(step_of("power_fails"))]
    assert {event for event, found in of_events.items() if not found} == PARTS | {
        "time_passes",
        "clock_jumps",
        "refusals_are_written",
        "challenge_is_made",
        "time_order_is_issued",
    }
    for part in PARTS:
        names = {(o.function, o.name, o.nth) for o, _ in conditions(step_of(part))}
        assert names
        assert names <= {(o.function, o.name, o.nth) for o in of_events["entry_is_made"]}


def test_each_occurrence_is_a_goal_both_ways_and_no_two_have_one_id():
    found = list(goals())
    assert [goal.occurrence for goal in found[::2]] == [goal.occurrence for goal in found[1::2]] == list(occurrences())
    assert [goal.holds for goal in found[:4]] == [True, False, True, False]
    assert len({goal.id for goal in found}) == len(found)


def test_ids_are_words():
    assert Occurrence("entry_is_made", "ready", "time known", 2).id == "entry-is-made-ready-time-known-2"
    life = Occurrence("ticket_is_presented", "nonce_answered", "within a ticket's life")
    assert Goal(life, holds=True).id == "ticket-is-presented-nonce-answered-within-a-tickets-life-holds"
    assert Goal(life, holds=False).id == "ticket-is-presented-nonce-answered-within-a-tickets-life-fails"


# One turned round


def five(one: bool, two: bool, three: bool) -> Outcome:
    def twice():
        return named("a condition", one), named("a condition", two)

    accepted, logged = twice()
    return Outcome(
        accepted,
        logged=logged,
        counted=named("a condition", two),
        notified=named("another", three),
        reported=named("another", one),
    )


SHOWS = {
    Occurrence("made_up", "twice", "a condition", 1): "accepted",
    Occurrence("made_up", "twice", "a condition", 2): "logged",
    Occurrence("made_up", "five", "a condition", 1): "counted",
    Occurrence("made_up", "five", "another", 1): "notified",
    Occurrence("made_up", "five", "another", 2): "reported",
}


def test_every_call_is_an_occurrence_of_its_own(made_up):
    step = made_up(five)(one=True, two=False, three=False)
    truths = (True, False, False, False, True)
    assert conditions(step) == list(zip(SHOWS, truths, strict=True))


@pytest.mark.parametrize("turned", SHOWS, ids=lambda occurrence: occurrence.id)
def test_one_is_turned_and_only_that_one(made_up, turned):
    step = made_up(five)(one=True, two=False, three=False)
    before, after = step.outcome, with_turned(step, turned).outcome
    flags = list(SHOWS.values())
    assert [flag for flag in flags if getattr(before, flag) != getattr(after, flag)] == [SHOWS[turned]]
    assert step.outcome == five(one=True, two=False, three=False)


def test_an_occurrence_that_is_not_there_cannot_be_turned(made_up):
    with pytest.raises(ValueError, match="is not in list"):
        with_turned(made_up(five)(one=True, two=True, three=True), occurrence("another", 3, "five"))


# Reached


COMPARISONS = {
    "<": (operator.lt, 9, 10),
    "<=": (operator.le, 10, 11),
    ">=": (operator.ge, 10, 9),
    ">": (operator.gt, 11, 10),
}


@pytest.mark.parametrize("compare", COMPARISONS)
@pytest.mark.parametrize("turned", [False, True], ids=["as it is", "turned"])
def test_a_comparison_is_reached_at_the_last_second_inside_and_the_first_outside(made_up, compare, turned):
    """Also where what is wanted is that it does not hold."""
    compared, inside, outside = COMPARISONS[compare]

    def decide(now: int, end: int) -> Outcome:
        within = named("within", compared(now, end))
        return Outcome(no(within) if turned else within)

    step = made_up(decide)()
    now, end = step.given.values()
    for holds, at in ((True, inside), (False, outside)):
        goal = Goal(occurrence("within"), holds)
        assert compares(goal)
        exact = reached(goal, Decides.THE_ANSWER, step, exactly=True)
        assert all_values(every(exact, end == 10), now) == [(at,)]
        loose = reached(goal, Decides.THE_ANSWER, step, exactly=False)
        wanted = [(n,) for n in range(-40, 40) if compared(n, 10) is holds]
        assert all_values(every(loose, end == 10), now) == wanted


def test_what_compares_nothing_has_no_bound(made_up):
    def decide(truth: bool, one: int) -> Outcome:
        return Outcome(named("a truth", truth), logged=named("equal", one == 3))

    step = made_up(decide)()
    one = step.given["one"]
    for name in ("a truth", "equal"):
        assert not compares(Goal(occurrence(name), holds=True))
    goal = Goal(occurrence("equal"), holds=False)
    found = all_values(reached(goal, Decides.WHAT_IS_KEPT, step, exactly=True), one, near=range(1, 6))
    assert found == [(1,), (2,), (4,), (5,)]


def masks(first: bool, second: bool, third: bool) -> Outcome:
    """`first and second, or third`."""
    return Outcome(either(every(named("first", first), named("second", second)), named("third", third)))


ALONE = {
    ("first", True): [(True, True, False)],
    ("first", False): [(False, True, False)],
    ("second", True): [(True, True, False)],
    ("second", False): [(True, False, False)],
    ("third", True): [(False, False, True), (False, True, True), (True, False, True)],
    ("third", False): [(False, False, False), (False, True, False), (True, False, False)],
}


@pytest.mark.parametrize(("name", "holds"), ALONE)
def test_a_condition_that_others_mask_is_not_reached(made_up, name, holds):
    step = made_up(masks)
    goal = Goal(occurrence(name, function="masks"), holds)
    terms = step()
    assert all_values(reached(goal, Decides.THE_ANSWER, terms, exactly=False), *terms.given.values()) == ALONE[name, holds]
    for values in ((a, b, c) for a in (False, True) for b in (False, True) for c in (False, True)):
        with_values = step(**dict(zip(terms.given, values, strict=True)))
        assert reached(goal, Decides.THE_ANSWER, with_values, exactly=False) is (values in ALONE[name, holds])


def test_a_need_that_does_not_apply_masks_its_condition(made_up):
    def decide(early: bool, late: bool) -> Outcome:
        open_ = named("open", early)
        needs = (Need("code.day", "open", open_), Need("code.index", "free", named("free", late), applies=open_))
        return Outcome(satisfied(needs), needs)

    step = made_up(decide)
    free = Goal(occurrence("free"), holds=False)
    assert reached(free, Decides.THE_ANSWER, step(early=True, late=False), exactly=False) is True
    for decides in Decides:
        assert reached(free, decides, step(early=False, late=False), exactly=False) is False


def told(one: bool, two: bool, three: bool) -> Outcome:
    needs = (Need("code.day", "never", False), Need("code.index", "free", named("a reason", one)))
    return Outcome(False, needs, notified=named("a notification", two), logged=named("a log entry", three))


@pytest.mark.parametrize(
    ("name", "decided"),
    [
        ("a reason", {Decides.WHAT_IS_TOLD, Decides.WHAT_IS_KEPT}),
        ("a notification", {Decides.WHAT_IS_TOLD, Decides.WHAT_IS_KEPT}),
        ("a log entry", {Decides.WHAT_IS_KEPT}),
    ],
)
def test_the_answer_what_is_told_and_what_is_kept_are_told_apart(made_up, name, decided):
    step = made_up(told)(one=True, two=True, three=True)
    goal = Goal(occurrence(name, function="told"), holds=True)
    assert {decides for decides in Decides if reached(goal, decides, step, exactly=False)} == decided


def test_a_second_need_of_a_clause_that_forbids_already_tells_nothing_new(made_up):
    def decide(one: bool, two: bool) -> Outcome:
        needs = (Need("code.day", "begun", named("begun", one)), Need("code.day", "not over", named("not over", two)))
        return Outcome(False, needs)

    step = made_up(decide)
    goal = Goal(occurrence("not over"), holds=False)
    assert reached(goal, Decides.WHAT_IS_TOLD, step(one=False, two=False), exactly=False) is False
    assert reached(goal, Decides.WHAT_IS_TOLD, step(one=True, two=False), exactly=False) is True


def test_ghosts_are_not_kept():
    world = noughts(symbol(World, ""))
    assert states_differ(world, world) is False
    assert states_differ(world, replace(world, ghosts=symbol(World, "another").ghosts)) is False
    assert states_differ(world, replace(world, pin=1)) is True
    assert states_differ(world, replace(world, box=replace(world.box, refused_while_disabled=True))) is True


# Infeasible


@pytest.mark.parametrize(("premise", "impossible"), [(0, {False}), (-1, set())])
def test_what_cannot_be_is_infeasible_and_what_can_is_not(made_up, premise, impossible):
    def decide(number: int) -> Outcome:
        return Outcome(named("no less than nought", number >= 0))

    made_up(decide, premise=lambda number: number >= premise)
    found = {h for h in (True, False) if infeasible(Goal(occurrence("no less than nought"), h), exactly=True)}
    assert found == impossible


def test_what_can_be_but_not_by_one_is_infeasible_exactly(made_up):
    def decide(number: int) -> Outcome:
        return Outcome(named("small", number < 10))

    made_up(decide, premise=lambda number: either(number == 8, number == 12))
    for holds in (True, False):
        goal = Goal(occurrence("small"), holds)
        assert not infeasible(goal, exactly=False)
        assert infeasible(goal, exactly=True)


def test_what_is_always_masked_is_infeasible(made_up):
    def decide(one: bool) -> Outcome:
        return Outcome(either(named("one", one), named("the same", one)))

    made_up(decide)
    assert not infeasible(Goal(occurrence("one"), holds=False), exactly=False)
    assert infeasible(Goal(occurrence("one"), holds=True), exactly=False)


def test_what_shows_only_in_what_is_kept_does_not_decide_the_answer(made_up):
    made_up(told)
    goal = Goal(occurrence("a log entry", function="told"), holds=True)
    found = {decides: infeasible(goal, decides, exactly=False) for decides in Decides}
    assert found == {Decides.THE_ANSWER: True, Decides.WHAT_IS_TOLD: True, Decides.WHAT_IS_KEPT: False}


READY = Occurrence("ticket_is_presented", "ready", "time known", 2)
"""Asked again by `_count_refusal`, which is heard only where the box is not ready: there it cannot hold and alone decide."""


def test_a_condition_of_the_model_that_can_never_alone_decide_one_way():
    assert infeasible(Goal(READY, holds=True), exactly=False)
    assert not infeasible(Goal(READY, holds=False), exactly=False)


def test_it_can_once_the_model_is_another(monkeypatch):
    """A count that asks of a box that was found ready, too."""
    real = box.present_ticket

    def counts_always(state, heard, ticket, profile):
        after, outcome = real(state, heard, ticket, profile)
        counted = box._count_refusal(state)
        return choose(outcome.accepted, after, replace(after, refusals=counted.refusals, time_known=counted.time_known)), outcome

    monkeypatch.setattr(box, "present_ticket", counts_always)
    third = replace(READY, nth=3)
    assert not infeasible(Goal(third, holds=True), exactly=False)
    assert not infeasible(Goal(third, holds=False), exactly=False)


def test_what_an_invariant_rules_out_is_infeasible(monkeypatch):
    goal = Goal(Occurrence("power_fails", "lose_power", "refusals are counted"), holds=True)
    assert not infeasible(goal, exactly=True)
    never_counted = lambda world, _: world.box.refusals <= 0  # noqa: E731
    monkeypatch.setattr(coverage, "INVARIANTS", {**coverage.INVARIANTS, "never_counted": never_counted})
    assert infeasible(goal, exactly=True)


def test_a_solver_that_does_not_know_has_proved_nothing(monkeypatch):
    monkeypatch.setattr(z3.Solver, "check", lambda *_: z3.unknown)
    with pytest.raises(TimeoutError, match="ticket-is-presented-ready-time-known-2-holds: the solver did not decide within 60 s"):
        infeasible(Goal(READY, holds=True), exactly=False)
