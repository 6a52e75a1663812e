"""The search for traces: the shortest, the first of its kind, with the numbers nearest to what was asked, and true when it is run."""

from __future__ import annotations

from dataclasses import is_dataclass, replace
from functools import cache

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st
from lockproof.spec import symbolic, traces, world
from lockproof.spec.model import box
from lockproof.spec.profile import DAY, DEFAULT, HOUR
from lockproof.spec.symbolic import leaves, symbol
from lockproof.spec.theorems import Step
from lockproof.spec.traces import Moment, Moves, Search, Trace, TraceError, settle
from lockproof.spec.vocabulary import either, every, implies, no, same
from lockproof.spec.world import EVENTS, World

NOON = 1_800_000_000
NO_CODE = box.Code(0, 0, used=False, first_use=0)
THE_TIME = box.TimeOrder(NOON, 1, authentic=True)
SET_UP = ("challenge_is_made", "time_order_arrives")


def noughts(term):
    if is_dataclass(term):
        return type(term)(**{name: noughts(getattr(term, name)) for name in term.__dataclass_fields__})
    return False if z3.is_bool(term) else 0


def beginning() -> World:
    nothing = noughts(symbol(World, ""))
    code = box.Code(NOON - DAY // 2, NOON + DAY // 2, used=False, first_use=0)
    return replace(nothing, true=NOON, authority=NOON, box=box.new_box(0), code=code)


def begins(term: World):
    fixed = beginning()
    known = every(*(same(getattr(term, name), getattr(fixed, name)) for name in ("true", "authority", "box", "code")))
    return every(world.initial(term, DEFAULT), known)


def passes(step, *lengths):
    """All clocks go on, by one of these lengths."""
    given, before = step.given, step.before
    gone = given["true"] - before.true
    together = every(same(given["clock"] - before.box.clock, gone), same(given["timer"] - before.box.timer, gone))
    return every(together, same(given["authority"], given["true"]), either(*(same(gone, length) for length in lengths)))


def entered(step):
    given = step.given
    return every(implies(given["matches"], given["ours"]), same(given["other"], NO_CODE), no(given["remember"]))


def cut(step):
    given, before = step.given, step.before
    off = given["off_for"]
    gone = every(same(given["true"], before.true + off), same(given["authority"], given["true"]), same(given["kept"], 0))
    return every(gone, same(given["clock"], before.box.clock + off), same(off, DAY + 1))


FEW = {
    "time_passes": lambda step: passes(step, HOUR),
    "entry_is_made": entered,
    "challenge_is_made": lambda _: True,
    "time_order_arrives": lambda step: every(no(step.given["ours"]), same(step.given["other"], THE_TIME)),
    "power_fails": cut,
}
"""Moves so few that all of them can be tried: each has one form, and an entry three."""


def forms(now: World):
    """Every form of every event."""

    def clocks(gone):
        return {"true": now.true + gone, "authority": now.true + gone, "clock": now.box.clock + gone}

    yield Moment("time_passes", {**clocks(HOUR), "timer": now.box.timer + HOUR})
    for ours, matches in ((False, False), (True, False), (True, True)):
        yield Moment("entry_is_made", {"ours": ours, "matches": matches, "other": NO_CODE, "remember": False})
    yield Moment("challenge_is_made", {})
    yield Moment("time_order_arrives", {"ours": False, "other": THE_TIME})
    yield Moment("power_fails", {**clocks(DAY + 1), "off_for": DAY + 1, "kept": 0})


@cache
def tried():
    """For each question every shortest trace of up to five events, found by trying all of them with plain values."""
    level, found = [((), beginning())], {name: [] for name in QUESTIONS}
    for _ in range(5):
        following, still = [], [name for name in QUESTIONS if not found[name]]
        for moments, now in level:
            for moment in forms(now):
                premise, after, outcome = EVENTS[moment.event](now, DEFAULT, **moment.given)
                if not premise:
                    continue
                step, going = Step(moment.event, now, after, outcome, moment.given, DEFAULT, 0), (*moments, moment)
                following.append((going, after))
                for name in still:
                    last, wanted = QUESTIONS[name]
                    found[name] += [going] if moment.event == last and wanted(step) else []
        level = following
    return found


def first(found, events):
    """Of traces of one length that which is preferred: the order of the events, then the smallest numbers, no before yes."""
    order = list(events)

    def size(moment):
        return tuple((abs(value), value < 0) for name, value in moment.given.items() for value in leaves(value, name).values())

    def preferred(moments):
        return [order.index(m.event) for m in moments], [size(m) for m in moments]

    return min(found, key=preferred)


def used_again(step):
    return every(step.before.code.used, step.outcome.accepted)


def over(step):
    return every(step.before.code.used, step.given["matches"], no(step.outcome.accepted), step.outcome.logged)


def counted_twice(step):
    return every(step.outcome.counted, step.after.box.refusals >= 2)


def lost(step):
    return every(no(step.before.box.time_known), step.before.code.used)


def never(step):
    return every(step.outcome.accepted, no(step.given["matches"]))


QUESTIONS = {
    "a code is used again": ("entry_is_made", used_again),
    "a code is over": ("entry_is_made", over),
    "refusals are counted": ("entry_is_made", counted_twice),
    "the time is lost": ("entry_is_made", lost),
    "a second order is taken": ("time_order_arrives", lambda step: every(step.outcome.accepted, step.before.box.mark > 0)),
    "a code opens late": ("entry_is_made", lambda step: every(step.outcome.accepted, step.before.true >= NOON + 2 * HOUR)),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_shortest_trace_is_that_which_trying_all_of_them_gives(question):
    last, wanted = QUESTIONS[question]
    trace = Search(Moves(begins, FEW), DEFAULT, longest=4).shortest(last, wanted)
    found = tried()[question]
    assert (trace and trace.moments) == (first(found, FEW) if found else None)


def test_of_the_questions_some_have_a_trace_and_one_has_none_that_is_short_enough():
    lengths = {name: {len(moments) for moments in found} for name, found in tried().items()}
    assert lengths == {
        "a code is used again": {4},
        "a code is over": {5},
        "refusals are counted": {2},
        "the time is lost": {5},
        "a second order is taken": set(),
        "a code opens late": {5},
    }


def test_a_long_one_is_found_as_short_as_it_is():
    """Five wrong entries disable a keypad, and a right one between them saves nothing."""
    events = {name: FEW[name] for name in ("entry_is_made", *SET_UP)}

    def disabled(step):
        return every(step.outcome.counted, step.before.box.time_known)

    trace = Search(Moves(begins, events), DEFAULT, longest=7).shortest("entry_is_made", disabled)
    assert [m.event for m in trace.moments] == [*SET_UP, *["entry_is_made"] * 6]
    assert {m.given["matches"] for m in trace.moments[2:]} == {False}
    assert Search(Moves(begins, events), DEFAULT, longest=6).shortest("entry_is_made", disabled) is None


def test_what_comes_first_is_the_order_of_the_moves():
    """A refusal is counted whatever comes before it; the first of the moves does."""
    wanted = counted_twice
    for order in (FEW, dict(reversed(FEW.items()))):
        trace = Search(Moves(begins, order), DEFAULT).shortest("entry_is_made", wanted, begin_with=("entry_is_made",))
        assert len(trace.moments) == 2
    either_way = lambda step: step.before.true + step.before.box.nonce > NOON  # noqa: E731
    events = {name: FEW[name] for name in ("entry_is_made", "time_passes", "challenge_is_made")}
    before = {}
    for order in (events, dict(reversed(events.items()))):
        trace = Search(Moves(begins, order), DEFAULT).shortest("entry_is_made", either_way)
        before[next(iter(order))] = trace.moments[0].event
    assert before == {"entry_is_made": "time_passes", "challenge_is_made": "challenge_is_made"}


# The same question, the same trace


LOOSE = Moves(
    begins,
    {
        **FEW,
        "time_passes": lambda step: every(
            passes(step, step.given["true"] - step.before.true), step.given["true"] <= NOON + 9 * DAY
        ),
        "clock_jumps": lambda step: step.given["clock"] <= NOON + DAY,
    },
)
"""Moves that leave much to chance."""


def asked(search, name):
    last, wanted = QUESTIONS[name]
    return search.shortest(last, wanted, begin_with=SET_UP)


@pytest.fixture(scope="module")
def canonical():
    """Of each question what a search gives that was asked nothing before."""
    return {name: asked(Search(LOOSE, DEFAULT, 4), name) for name in QUESTIONS}


def test_a_search_gives_the_same_whatever_it_was_asked_before(canonical):
    search = Search(LOOSE, DEFAULT, 4)
    assert search.shortest("entry_is_made", never) is None
    for name in (*reversed(QUESTIONS), *QUESTIONS):
        assert asked(search, name) == canonical[name]


def test_the_canonical_ones_are_what_they_were_taken_for(canonical):
    assert [len(trace.moments) if trace else None for trace in canonical.values()] == [4, 5, 5, 5, None, 4]


@pytest.mark.parametrize("seed", [1, 97])
def test_whatever_the_solver_likes_best_the_trace_is_the_same(canonical, seed):
    z3.set_param("smt.random_seed", seed)
    z3.set_param("sat.random_seed", seed)
    try:
        search = Search(LOOSE, DEFAULT, 4)
        assert {name: asked(search, name) for name in QUESTIONS} == canonical
    finally:
        z3.set_param("smt.random_seed", 0)
        z3.set_param("sat.random_seed", 0)


# Numbers


def waits(near, wanted):
    """How long is waited between two entries of a code, if `near` seconds are asked for."""
    allowed = {**FEW, "time_passes": LOOSE.events["time_passes"]}
    moves = Moves(begins, allowed, {("time_passes", "true"): lambda step: step.before.true + near})
    events = [*SET_UP, "entry_is_made", "time_passes", "entry_is_made"]
    trace = settle(moves, DEFAULT, events, lambda steps: every(steps[2].outcome.accepted, wanted(steps[-1])))
    return trace.moments[3].given["true"] - NOON


@pytest.mark.parametrize(
    ("near", "wanted", "waited"),
    [
        (0, over, HOUR),
        (100, over, HOUR),
        (HOUR + 1, over, HOUR + 1),
        (0, used_again, 0),
        (HOUR - 1, used_again, HOUR - 1),
        (HOUR, used_again, HOUR - 1),
        (9999, used_again, HOUR - 1),
    ],
)
def test_a_number_is_as_near_as_can_be_to_what_was_asked(near, wanted, waited):
    assert waits(near, wanted) == waited


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, 10**10), min_size=1, max_size=4), st.integers(0, 10**10))
def test_the_nearest_of_a_few_and_of_two_as_near_the_greater(possible, near):
    moves = Moves(
        begins,
        {"clock_jumps": lambda step: either(*(same(step.given["clock"], value) for value in sorted(possible)))},
        {("clock_jumps", "clock"): lambda _: near},
    )
    (moment,) = settle(moves, DEFAULT, ["clock_jumps"], lambda _: True).moments
    assert moment.given["clock"] == min(possible, key=lambda value: (abs(value - near), value < near))


def test_of_two_as_near_the_greater():
    assert traces._nearest_to_nought(z3.Solver(), z3.IntVal(-3), -3) == -3
    either_way, solver = z3.Int("either way"), z3.Solver()
    solver.add(z3.Or(either_way == 3, either_way == -3))
    assert traces._nearest_to_nought(solver, either_way, -3) == 3


def test_a_truth_is_no_unless_yes_was_asked_for_and_can_be():
    def entry(near, allowed=lambda _: True):
        moves = Moves(begins, {"entry_is_made": allowed}, {("entry_is_made", name): lambda _: True for name in near})
        (moment,) = settle(moves, DEFAULT, ["entry_is_made"], lambda _: True).moments
        return {name: moment.given[name] for name in ("ours", "matches", "remember")}

    assert entry(()) == {"ours": False, "matches": False, "remember": False}
    assert entry(("matches", "remember")) == {"ours": False, "matches": True, "remember": True}
    assert entry(("matches", "ours"), entered) == {"ours": True, "matches": True, "remember": False}
    assert entry(("remember",), entered) == {"ours": False, "matches": False, "remember": False}
    assert entry((), lambda step: step.given["ours"]) == {"ours": True, "matches": False, "remember": False}


def test_a_trace_may_go_on_from_where_another_ends():
    moves = Moves(begins, FEW)
    trace = settle(moves, DEFAULT, [*SET_UP, "entry_is_made"], lambda steps: steps[-1].outcome.accepted)
    on = settle(moves, DEFAULT, ["time_passes", "entry_is_made"], lambda steps: over(steps[-1]), start=trace.last().after)
    assert on.start == trace.last().after
    assert on.moments[0].given["true"] == NOON + HOUR
    assert over(on.last()) is True
    assert settle(moves, DEFAULT, ["entry_is_made"], lambda steps: over(steps[-1]), start=trace.last().after) is None


def test_the_profile_is_the_smallest_that_does_it_where_any_will_do():
    moves, profile = Moves(begins, FEW), symbolic.any_profile()
    trace = settle(
        moves, profile, [*SET_UP, "entry_is_made", "time_passes", "entry_is_made"], lambda steps: used_again(steps[-1])
    )
    assert (trace.profile.code_life, trace.profile.code_ends_with_its_day, trace.profile.holdover) == (HOUR + 1, False, 0)
    assert used_again(trace.last()) is True


# What is said of the first and of the last


def test_what_comes_first_can_be_said():
    search = Search(Moves(begins, FEW), DEFAULT)
    always = lambda _: True  # noqa: E731
    assert [m.event for m in search.shortest("entry_is_made", always).moments] == ["entry_is_made"]
    trace = search.shortest("entry_is_made", always, begin_with=("power_fails", "challenge_is_made"))
    assert [m.event for m in trace.moments] == ["power_fails", "challenge_is_made", "entry_is_made"]
    assert search.shortest("entry_is_made", lambda step: step.before.true > NOON + DAY, begin_with=SET_UP, longest=2) is None


def test_what_the_last_may_be_can_be_said():
    ours = {**FEW, "entry_is_made": lambda step: every(entered(step), step.given["ours"])}
    search = Search(Moves(begins, ours), DEFAULT)
    not_ours = lambda step: no(step.given["ours"])  # noqa: E731
    assert search.shortest("entry_is_made", not_ours) is None
    trace = search.shortest("entry_is_made", lambda step: every(not_ours(step), step.before.code.used), end_with=entered)
    assert [m.event for m in trace.moments] == [*SET_UP, "entry_is_made", "entry_is_made"]
    assert [m.given["ours"] for m in trace.moments[2:]] == [True, False]


def test_there_is_none_where_nothing_is_short_enough_or_nothing_at_all():
    search = Search(Moves(begins, FEW), DEFAULT, longest=4)
    assert search.shortest("entry_is_made", over, longest=3) is None
    assert len(search.shortest("entry_is_made", over, longest=4).moments) == 5
    assert search.shortest("entry_is_made", over, begin_with=SET_UP, longest=1) is None
    assert search.shortest("entry_is_made", never) is None
    assert settle(Moves(begins, FEW), DEFAULT, [*SET_UP, "entry_is_made"], lambda steps: never(steps[-1])) is None


# What does not hold when it is run


def test_what_cannot_happen_is_no_trace():
    decided = Moment("entry_is_decided", {"ours": True, "matches": True, "other": NO_CODE, "remember": False})
    charged = Moment("entry_is_charged", {})
    with pytest.raises(TraceError, match="entry_is_decided cannot happen there"):
        Trace(beginning(), DEFAULT, (decided,)).last()
    time = (Moment("challenge_is_made", {}), Moment("time_order_arrives", {"ours": False, "other": THE_TIME}))
    assert Trace(beginning(), DEFAULT, (*time, charged, decided)).last().outcome.accepted is True


def test_what_is_not_as_wanted_when_it_is_run_is_no_trace():
    """A tolerance is a number of its own to the solver, and a product to a profile."""
    profile = symbolic.any_profile()
    with pytest.raises(TraceError, match="challenge_is_made: it is not as wanted when it is run"):
        settle(Moves(begins, FEW), profile, ["challenge_is_made"], lambda steps: steps[-1].profile.keypad_tolerance == 7)


def test_a_solver_that_does_not_know_has_found_nothing(monkeypatch):
    search = Search(Moves(begins, FEW), DEFAULT)
    monkeypatch.setattr(z3.Solver, "check", lambda *_: z3.unknown)
    with pytest.raises(TraceError, match="the solver did not decide within 60 s"):
        search.shortest("entry_is_made", over)


@pytest.mark.parametrize("answered", range(2, 12))
def test_a_question_without_an_answer_leaves_nothing_behind(monkeypatch, answered):
    search = Search(Moves(begins, FEW), DEFAULT, longest=4)
    wanted = search.shortest("entry_is_made", used_again)
    check, left = z3.Solver.check, [answered]

    def gives_up(solver, *facts):
        left[0] -= 1
        return check(solver, *facts) if left[0] >= 0 else z3.unknown

    with monkeypatch.context() as patched:
        patched.setattr(z3.Solver, "check", gives_up)
        with pytest.raises(TraceError, match="did not decide"):
            search.shortest("entry_is_made", over)
    assert search.shortest("entry_is_made", used_again) == wanted
    assert search.shortest("entry_is_made", counted_twice).moments[0].event == "entry_is_made"
