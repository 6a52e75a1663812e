"""The operators make just the changes that they say; the judge names what violates each, and says when nothing does."""

from __future__ import annotations

import inspect
from dataclasses import replace

import pytest
from lockproof.spec import mutation
from lockproof.spec.invariants import INVARIANTS
from lockproof.spec.kills import Kill
from lockproof.spec.model import authority, box, limiter
from lockproof.spec.model.authority import Grant
from lockproof.spec.model.box import Box
from lockproof.spec.mutants import MODEL, Mutant, all_mutants, functions_of, installed, mutants_of
from lockproof.spec.mutation import Judge, Verdict
from lockproof.spec.profile import DEFAULT
from lockproof.spec.theorems import THEOREMS, Claim, Theorem
from lockproof.spec.vocabulary import (
    Instant,
    Need,
    Number,
    Outcome,
    Truth,
    choose,
    earlier,
    every,
    later,
    named,
    no,
    same,
    satisfied,
)
from lockproof.spec.walks import walks
from lockproof.spec.world import initial

# Operators, each on a small function


def made(function, operator):
    """What an operator makes of a function of one line: that line, each time."""
    return [mutant.source.splitlines()[-1].strip() for mutant in mutants_of(function) if mutant.operator == operator]


def whole(function):
    return {operator: made(function, operator) for operator in dict.fromkeys(mutant.operator for mutant in mutants_of(function))}


def less(a: Number, b: Number) -> Truth:
    return a < b


def test_a_comparison_becomes_every_other_one_and_its_bound_moves_by_one():
    assert whole(less) == {
        "relational": ["return a <= b", "return a > b", "return a >= b", "return same(a, b)", "return no(same(a, b))"],
        "boundary": ["return a < b + 1", "return a < b - 1"],
    }  # its negation is one of the comparisons already


def equal(a: Number, b: Number) -> Truth:
    return same(a, b)


def test_equal_numbers_are_compared_otherwise_too():
    assert whole(equal) == {
        "relational": ["return a < b", "return a <= b", "return a > b", "return a >= b", "return no(same(a, b))"],
        "boundary": ["return same(a, b + 1)", "return same(a, b - 1)"],
    }


def agree(a: Truth, b: Truth) -> Truth:
    return same(a, b)


def test_equal_truths_are_negated_and_not_compared():
    assert whole(agree) == {
        "negation": ["return no(same(a, b))", "return same(no(a), b)", "return same(a, no(b))"],
        "dropped": ["return a"],
    }


def both(a: Truth, b: Truth, c: Truth) -> Truth:
    return every(a, named("b, by name", b), no(c))


def test_and_becomes_or_and_each_part_is_left_out_or_negated():
    assert whole(both) == {
        "logical": [
            "return either(a, named('b, by name', b), no(c))",
            "return every(named('b, by name', b), no(c))",
            "return every(a, no(c))",
            "return every(a, named('b, by name', b))",
        ],
        "negation": [
            "return no(every(a, named('b, by name', b), no(c)))",
            "return every(no(a), named('b, by name', b), no(c))",
            "return every(a, named('b, by name', no(b)), no(c))",
            "return every(a, named('b, by name', b), c)",
        ],
        "dropped": ["return a"],
    }  # to negate what is negated already is to leave the negation out


def latest(a: Instant, b: Instant) -> Instant:
    return later(a, earlier(a, b))


def test_the_later_of_two_becomes_the_earlier_and_the_other_way_round():
    assert whole(latest) == {
        "logical": [
            "return earlier(a, earlier(a, b))",
            "return earlier(a, b)",
            "return a",
            "return later(a, later(a, b))",
            "return later(a, b)",
            "return later(a, a)",
        ],
    }


def bits(a: Number = 0) -> tuple[Number, Truth]:
    return a + 7, True


def test_constants_move_by_one_truths_turn_round_and_sums_become_differences():
    assert made(bits, "constant") == ["return (a + 7, True)"] * 2 + [
        "return (a + 8, True)",
        "return (a + 6, True)",
        "return (a + 7, False)",
    ]
    defaults = [mutant.source.splitlines()[0] for mutant in mutants_of(bits)][:2]
    assert defaults == ["def bits(a: Number=1) -> tuple[Number, Truth]:", "def bits(a: Number=-1) -> tuple[Number, Truth]:"]
    assert made(bits, "arithmetic") == ["return (a - 7, True)"]
    assert made(bits, "dropped") == ["return (a, True)"]


def picked(a: Truth, b: Number, c: Number) -> Number:
    return choose(a, b, c)


def test_a_choice_is_made_the_other_way_round():
    assert whole(picked) == {
        "negation": ["return choose(no(a), b, c)"],
        "dropped": ["return b"],
        "swapped": ["return choose(a, c, b)"],
    }


def opened(state: Box, now: Instant) -> Box:
    return replace(state, mark=now, nonce_open=True)


def test_updates_are_left_out_one_by_one_and_all_together():
    assert made(opened, "dropped") == [
        "return replace(state, nonce_open=True)",
        "return replace(state, mark=now)",
        "return state",
    ]


def granted(grant: Grant, now: Instant) -> tuple[Grant, Outcome]:
    return Grant(True, now, now, revoked=False, moved=False, ended_at=0), Outcome(True, reported=grant.moved)


def test_what_is_made_anew_may_keep_what_was_there_before():
    dropped = [(mutant.before, mutant.after) for mutant in mutants_of(granted) if mutant.operator == "dropped"]
    assert dropped == [
        ("granted=True", "granted=grant.granted"),
        ("window_start=now", "window_start=grant.window_start"),
        ("window_end=now", "window_end=grant.window_end"),
        ("revoked=False", "revoked=grant.revoked"),
        ("moved=False", "moved=grant.moved"),
        ("ended_at=0", "ended_at=grant.ended_at"),
        ("reported=grant.moved", "reported=False"),
        ("Grant(True, now, now, revoked=False, moved=False, ended_at=0)", "grant"),
    ]


def asked(a: Truth, b: Truth) -> Outcome:
    needs = (Need("code.pin", "a", a, applies=b), Need("box.ready", "b", b))
    return Outcome(satisfied(needs), needs)


def test_needs_are_left_out_and_their_clauses_exchanged():
    changed = [(m.before, m.after) for m in mutants_of(asked) if m.operator in {"dropped", "clause"}]
    assert changed == [
        ("Need('code.pin', 'a', a, applies=b)", "(left out)"),
        ("Need('box.ready', 'b', b)", "(left out)"),
        ("applies=b", "applies=True"),
        ("code.pin", "box.ready"),
        ("box.ready", "box.authentic"),
        ("needs=needs", "needs=()"),
    ]
    assert made(asked, "negation")[-1] == "return Outcome(no(satisfied(needs)), needs)"


# The mutants of the model


def test_they_are_of_every_function_of_the_model_and_of_every_default():
    places = {mutant.place for mutant in all_mutants()}
    functions = {f"{module.__name__.rpartition('.')[2]}.{f.__name__}" for module in MODEL for f in functions_of(module)}
    assert places == functions | {"Profile.keypad_tolerance", "profile.defaults"}
    assert len(functions) == 28


def test_their_ids_are_the_same_each_time_and_say_what_was_changed():
    first, again = all_mutants(), all_mutants()
    assert [mutant.id for mutant in first] == [mutant.id for mutant in again]
    assert len({mutant.id for mutant in first}) == len(first)
    _, line = inspect.getsourcelines(limiter.refunded)
    ids = [mutant.id for mutant in mutants_of(limiter.refunded)]
    assert ids == [
        f"limiter.refunded, line {line + 2}, arithmetic: arrival - profile.keypad_refill  ->  arrival + profile.keypad_refill",
        f"limiter.refunded, line {line + 2}, dropped: arrival - profile.keypad_refill  ->  arrival",
    ]


def the_mutant(function, text):
    """The one mutant whose id ends so."""
    (found,) = (mutant for mutant in mutants_of(function) if mutant.id.endswith(text))
    return found


def test_a_change_is_seen_by_all_who_call_and_is_gone_afterwards():
    state = replace(box.new_box(10), time_known=True)
    before = {module: dict(vars(module)) for module in MODEL}
    with installed(the_mutant(box.ready, "box.clock >= box.mark  ->  box.clock < box.mark")):
        assert box.ready(state) is False
        assert not box.charge_entry(state, DEFAULT)[1].accepted
        assert isinstance(box.challenge(state)[0], Box)
    assert box.charge_entry(state, DEFAULT)[1].accepted
    broken = pytest.raises(ZeroDivisionError)
    with broken, installed(the_mutant(limiter.refunded, "->  arrival")):
        assert limiter.refunded(5, DEFAULT) == 5
        raise ZeroDivisionError
    assert {module: dict(vars(module)) for module in MODEL} == before


def test_a_changed_default_is_a_profile_of_its_own():
    (mutant,) = (m for m in all_mutants() if m.after == "keypad_burst = 6")
    assert (mutant.before, mutant.default_profile().keypad_tolerance, DEFAULT.keypad_tolerance) == (
        "keypad_burst = 5",
        1500,
        1200,
    )
    assert mutant.default_profile().code_life == DEFAULT.code_life


# Walks


@pytest.fixture(scope="module")
def walked():
    return walks(90)


def test_on_walks_every_theorem_and_every_invariant_holds_with_values(walked):
    spoken_of = set()
    for walk in walked:
        assert initial(walk.start, walk.profile) is True
        for step in walk.steps():
            assert [name for name, holds in INVARIANTS.items() if holds(step.after, step.profile) is not True] == []
            for theorem in THEOREMS.values():
                if step.event in theorem.events and (not theorem.default_profile or step.profile is DEFAULT):
                    claim = theorem.claim(step)
                    assert claim.when is False or claim.then is True, theorem.name
                    spoken_of |= {theorem.name} if claim.when is True else set()
    assert len(spoken_of) > len(THEOREMS) * 3 // 4


def test_the_same_seed_walks_the_same_way(walked):
    assert walks(3) == walked[:3]
    assert walks(3, seed=1) != walked[:3]


# Judging


@pytest.fixture(scope="module")
def judge():
    return Judge()


@pytest.mark.parametrize(
    ("function", "text", "theorem"),
    [
        (box.within_life, "->  now <= code.first_use + profile.code_life", "a_ready_box_opens_for_a_code_iff_entitled"),
        (box._count_refusal, "->  named('a count of refusals is open', box.refusals > 0)", "every_decision_has_one_entry"),
    ],
)
def test_a_mutant_is_killed_by_a_named_theorem_on_a_trace_that_is_run(judge, function, text, theorem):
    mutant = the_mutant(function, text)
    judged = judge.judge(mutant)
    assert judged.verdict is Verdict.KILLED
    (kill,) = (kill for kill in judged.kills if theorem == kill.theorem)
    assert kill.theorem in judged.theorems
    assert initial(kill.trace.start, kill.trace.profile) is True
    with installed(mutant):
        assert kill.happens()
    assert not kill.happens()


def test_what_shows_only_later_is_followed():
    once = {"a_use_is_reported_once": THEOREMS["a_use_is_reported_once"]}
    judged = Judge(once, walked=90).judge(the_mutant(authority.receive_entry, "received=True  ->  received=receipt.received"))
    assert judged.verdict is Verdict.KILLED
    (kill,) = judged.kills
    assert [moment.event for moment in kill.trace.moments].count("entry_arrives") == 2


def test_where_no_walk_comes_the_solver_searches():
    mutant = the_mutant(box.hear_revocation, "either(heard, verifies)  ->  verifies")
    judged = Judge(walked=0).judge(mutant)
    assert judged.verdict is Verdict.KILLED
    (kill,) = judged.kills
    events = [moment.event for moment in kill.trace.moments]
    assert events == ["grant_is_asked_for", "grant_is_revoked", "revocation_is_heard", "revocation_is_heard"]
    assert kill.theorem == "what_was_heard_stays_heard"


def test_a_trace_that_does_not_begin_at_a_beginning_kills_nothing(judge):
    mutant = the_mutant(box.challenge, "nonce_open=True  ->  (left out)")
    (kill,) = (k for k in judge.judge(mutant).kills if k.theorem == "a_new_challenge_replaces_the_old")
    later_on = replace(kill.trace, start=replace(kill.trace.start, box=replace(kill.trace.start.box, mark=-1)))
    with installed(mutant):
        assert kill.happens()
        assert not Kill(kill.theorem, later_on).happens()


def test_a_change_that_shows_nowhere_is_equivalent(judge):
    judged = judge.judge(the_mutant(limiter.charged, "arrival <= now  ->  arrival < now"))
    assert (judged.verdict, judged.theorems, judged.kills) == (Verdict.EQUIVALENT, (), ())
    assert judged.lines == ("no observation differs: entry is charged, entry is made, pin is entered",)


def test_a_change_that_breaks_nothing_but_an_invariant_is_not_killed():
    """Without the theorems, though every invariant stays."""
    judged = Judge(theorems={}, walked=3).judge(the_mutant(box.ready, "box.clock >= box.mark  ->  box.clock < box.mark"))
    assert judged.verdict is Verdict.SURVIVED


def test_without_its_theorem_a_mutant_survives_and_what_differs_is_told():
    left = {name: theorem for name, theorem in THEOREMS.items() if name != "a_written_count_survives_a_cut"}
    judged = Judge(left, walked=30).judge(the_mutant(box.write_refusals, "refusals_written=box.refusals  ->  (left out)"))
    assert (judged.verdict, judged.theorems, judged.kills) == (Verdict.SURVIVED, (), ())
    assert judged.lines[0].startswith("box refusals_written: the model says ")
    assert judged.lines[1].startswith("before: ")
    assert judged.lines[2].startswith("then refusals are written: ")


def test_a_default_without_its_theorem_survives():
    left = {name: theorem for name, theorem in THEOREMS.items() if name != "the_default_profile_is_the_text__what_is_declared"}
    (mutant,) = (m for m in all_mutants() if m.after == "holdover = 86401")
    judged = Judge(left, walked=3).judge(mutant)
    assert (judged.verdict, judged.lines) == (
        Verdict.SURVIVED,
        ("default holdover: the model says 86400, the mutant 86401",),
    )


def test_a_function_through_which_nothing_comes_is_no_equivalent(judge):
    judged = judge.judge(replace(the_mutant(limiter.refunded, "->  arrival"), function="forgotten", source=""))
    assert (judged.verdict, judged.lines) == (Verdict.SURVIVED, ("no event comes through this function",))


def test_a_theorem_that_cannot_be_asked_about_a_wrong_model_is_told():
    def claim(step):
        return Claim(True, {need.clause: need for need in step.outcome.needs}["box.ready"].applies)

    rash = Theorem("rash", "", (), ("entry_is_charged",), claim)
    judged = Judge({"rash": rash}, walked=3).judge(the_mutant(box.charge_entry, "clause: box.ready  ->  box.authentic"))
    assert (judged.verdict, judged.lines) == (Verdict.SURVIVED, ("it could not be judged: KeyError: 'box.ready'",))
    assert box.charge_entry(box.new_box(1), DEFAULT)[1].clauses() == ("box.ready",)


def test_several_processes_say_what_one_says(judge):
    mutants = [*mutants_of(limiter.charged)[:3], *mutants_of(box.write_refusals)]
    by_several = list(mutation.judge_all(mutants))
    assert [replace(each, seconds=0) for each in by_several] == [replace(judge.judge(each), seconds=0) for each in mutants]


# Changes by hand, that no operator makes


def by_hand(function, old, new):
    source = inspect.getsource(function)
    assert source.count(old) == 1
    owner = function.__module__.rpartition(".")[2]
    return Mutant(owner, function.__name__, "by hand", 0, old, new, source.replace(old, new))


BY_HAND = {
    "the arguments of the bound exchanged": (
        by_hand(
            box.charge_entry,
            "limiter.enabled(box.arrival, box.clock, profile)",
            "limiter.enabled(box.clock, box.arrival, profile)",
        ),
        "an_entry_is_examined_iff_ready_and_enabled",
    ),
    "decided by the clock, not at the instant of the charge": (
        by_hand(box.decide_entry, "now = box.mark", "now = box.clock"),
        "the_reasons_are_exactly_the_clauses_violated",
    ),
    "the day of a code begins when it was used": (
        by_hand(box.within_day, "code.day_start <= now", "code.first_use <= now"),
        "a_ready_box_opens_for_a_code_iff_entitled",
    ),
    "the window of a ticket is held against the timer": (
        by_hand(box.present_ticket, "box.clock < ticket.window_end", "box.timer < ticket.window_end"),
        "a_ready_box_opens_for_a_connect_ticket_iff_entitled",
    ),
    "the mark is the end of the window": (
        by_hand(box.present_ticket, "mark=box.clock", "mark=ticket.window_end"),
        "a_decision_commits_its_instant",
    ),
    "a second challenge while a nonce is open is not answered": (
        by_hand(
            box.challenge,
            "return replace(box, nonce=box.nonce + 1, nonce_open=True, nonce_at=box.timer), Outcome(True)",
            "fresh = replace(box, nonce=box.nonce + 1, nonce_open=True, nonce_at=box.timer)\n"
            "    return choose(box.nonce_open, box, fresh), Outcome(True)",
        ),
        "a_new_challenge_replaces_the_old",
    ),
    "the box forgets a revocation that it hears for the third time": (
        by_hand(box.hear_revocation, "either(heard, verifies)", "no(same(heard, verifies))"),
        "what_was_heard_stays_heard",
    ),
    "a new box has decided something, just now": (by_hand(box.new_box, "mark=0", "mark=clock"), "a_new_box_starts_with_nothing"),
    "the shortest window and the longest exchanged": (
        by_hand(
            authority.grant_connect,
            'named("not too short", length >= profile.window_shortest)),\n'
            '        Need("connect.window.length", "not too long", named("not too long", length <= profile.window_longest)),',
            'named("not too short", length >= profile.window_longest)),\n'
            '        Need("connect.window.length", "not too long", named("not too long", length <= profile.window_shortest)),',
        ),
        "a_grant_is_made_iff_allowed",
    ),
    "as many days ahead as there are codes a day": (
        by_hand(authority.generate_code, "days_ahead <= profile.code_days_ahead", "days_ahead <= profile.code_indices"),
        "a_code_is_issued_iff_allowed",
    ),
    "day and hour exchanged in what entitles": (
        by_hand(
            box.decide_entry,
            'Need("code.day", "first use within its day", no(used_before)),\n'
            '        Need("code.expiry.after-first-use", "used again within its life", used_before),',
            'Need("code.expiry.after-first-use", "first use within its day", no(used_before)),\n'
            '        Need("code.day", "used again within its life", used_before),',
        ),
        "what_is_accepted_says_what_entitles_it",
    ),
    "a cut gives back what was charged": (
        by_hand(box.lose_power, "entering=False,", "entering=False,\n        arrival=0,"),
        "a_cut_leaves_entitlement_before_or_after",
    ),
    "a revocation of a code by a grantor is accepted": (
        by_hand(authority.revoke_code, "Outcome(False, (Need", "Outcome(by_grantor, (Need"),
        "a_code_is_never_revoked",
    ),
    "a move ends what was never granted": (
        by_hand(authority.move_box, "moved=either(grant.moved, granted)", "moved=True"),
        "the_reasons_are_exactly_the_clauses_violated",
    ),
    "wrong PINs are charged as long as the keypad tolerates": (
        by_hand(limiter.charged, "profile.keypad_refill", "profile.keypad_tolerance"),
        "a_wrong_pin_costs_one_charge",
    ),
}


@pytest.mark.parametrize("change", BY_HAND)
def test_a_change_by_hand_is_killed_by_a_named_theorem(judge, change):
    mutant, theorem = BY_HAND[change]
    judged = judge.judge(mutant)
    assert judged.verdict is Verdict.KILLED
    assert theorem in judged.theorems
    assert judged.kills
