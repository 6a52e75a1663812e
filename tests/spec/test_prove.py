"""The prover proves what holds, and says which theorem, event and world break what does not."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import fields, is_dataclass, replace
from functools import wraps
from importlib.resources import files
from types import SimpleNamespace

import pytest
import z3
from lockproof.spec import denotation, obligations, prove, symbolic, theorems, world
from lockproof.spec.invariants import INVARIANTS
from lockproof.spec.model import authority, box, limiter
from lockproof.spec.profile import DEFAULT, Profile, ProfileError, legal
from lockproof.spec.vocabulary import Need, Outcome, satisfied

# That everything is proved, by both solvers, is asked once, of `lockproof prove` itself: tests/conformance/test_command.py.


def failed(only: Collection[str] | None = None) -> dict[str, prove.Row]:
    return {row.name: row for row in prove.prove(only=only, second=False) if row.result is not prove.Result.BY_Z3}


def test_the_revocation_test_taken_out_of_the_authority(monkeypatch):
    def issue_ticket(grant, registered):
        needs = (Need("connect.account", "granted", grant.granted), Need("connect.account", "registered", registered))
        needs = (*needs, Need("connect.property", "box still at that property", z3.Not(grant.moved)))
        return grant, Outcome(satisfied(needs), needs)

    monkeypatch.setattr(authority, "issue_ticket", issue_ticket)
    rows = failed()
    assert {"a_ticket_is_issued_iff_granted", "no_ticket_after_the_end"} <= set(rows)
    row = rows["no_ticket_after_the_end"]
    assert (row.result, row.event) == (prove.Result.FALSE, "ticket_is_issued")
    assert any(line.startswith("before: ") and "grant revoked yes" in line for line in row.counterexample)
    assert "outcome: accepted" in row.counterexample


def test_the_revocation_test_taken_out_of_the_box(monkeypatch):
    real = box.present_ticket
    monkeypatch.setattr(box, "present_ticket", lambda state, _heard, ticket, profile: real(state, False, ticket, profile))
    row = failed()["a_box_that_heard_never_opens_again"]
    assert (row.result, row.event) == (prove.Result.FALSE, "ticket_is_presented")


OF_THE_DEFAULT = {name for name, theorem in theorems.THEOREMS.items() if theorem.default_profile}


@pytest.mark.parametrize(
    ("change", "theorem"),
    [
        ({"code_life": 3660}, "the_default_profile_is_the_text__sixty_minutes"),
        ({"code_ends_with_its_day": True}, "the_default_profile_is_the_text__sixty_minutes"),
        ({"window_shortest": 1801}, "the_default_profile_is_the_text__thirty_minutes_to_several_days"),
        ({"window_longest": 604_801}, "the_default_profile_is_the_text__thirty_minutes_to_several_days"),
        ({"ticket_life": 61}, "the_default_profile_is_the_text__a_minute_for_a_ticket"),
        ({"code_days_ahead": 15}, "the_default_profile_is_the_text__fourteen_days_ahead"),
        ({"keypad_burst": 6}, "the_default_profile_is_the_text__five_entries"),
        ({"keypad_refill": 299}, "the_default_profile_is_the_text__five_entries"),
        ({"code_digits": 7}, "the_default_profile_is_the_text__digits_and_indices"),
    ],
)
def test_another_default_is_not_the_text(monkeypatch, change, theorem):
    monkeypatch.setattr(obligations, "DEFAULT", replace(DEFAULT, **change))
    assert set(failed(OF_THE_DEFAULT)) == {theorem}


def test_another_default_breaks_nothing_that_is_proved_of_any_profile(monkeypatch):
    other = {
        "code_life": 3660,
        "ticket_life": 61,
        "code_days_ahead": 15,
        "keypad_burst": 6,
        "keypad_refill": 299,
        "code_digits": 7,
    }
    monkeypatch.setattr(obligations, "DEFAULT", replace(DEFAULT, **other))
    names = set(failed())
    assert {"the_default_profile_is_the_text__sixty_minutes", "the_default_profile_is_the_text__five_entries"} <= names
    assert names <= OF_THE_DEFAULT


def test_an_update_that_only_a_later_step_shows_names_the_theorem_it_breaks(monkeypatch):
    real = box.decide_entry

    def forgets_first_use(state, code, matches, profile):
        decided, used, outcome = real(state, code, matches, profile)
        return decided, replace(used, used=code.used), outcome

    monkeypatch.setattr(box, "decide_entry", forgets_first_use)
    rows = failed()
    assert rows["first_use_agrees"].event in {"entry_is_decided", "entry_is_made"}
    row = rows["a_ready_box_opens_for_a_code_iff_entitled"]
    assert row.counterexample[0].startswith("after it, first_use_agrees no longer holds, and then: entry is made")


def test_a_solver_that_does_not_know_has_not_proved(monkeypatch):
    monkeypatch.setattr(prove, "_ask", lambda *_: ("unknown", None))
    assert {row.result for row in prove.prove(second=False)} == {prove.Result.UNKNOWN}


def test_a_theorem_about_nothing_is_not_proved(monkeypatch):
    nothing = theorems.Theorem("nothing", "", ("code.day",), ("entry_is_made",), lambda _: theorems.Claim(False, True))
    monkeypatch.setitem(theorems.THEOREMS, "nothing", nothing)
    assert failed()["nothing"].result is prove.Result.VACUOUS


def test_a_theorem_about_a_clause_that_nothing_knows_is_not_proved(monkeypatch):
    about = replace(theorems.THEOREMS["a_ticket_opens_once"], clauses=("code.expiry.after-first-used",))
    monkeypatch.setitem(theorems.THEOREMS, "a_ticket_opens_once", about)
    row = failed()["a_ticket_opens_once"]
    assert row.counterexample[0].startswith(
        "no clause is called code.expiry.after-first-used\n    did you mean code.expiry.after-first-use?"
    )


def test_every_theorem_says_a_sentence_and_names_clauses_and_events():
    for theorem in theorems.THEOREMS.values():
        assert theorem.sentence.endswith(".")
        assert len(set(theorem.clauses)) == len(theorem.clauses) > 0
        assert set(theorem.events) <= set(world.EVENTS)


# Edits by hand, and the theorem that names each


def result(name):
    (row,) = prove.prove(only={name}, second=False)
    return row


def outcome_with(module, name, **other):
    """An edit: the function as it is, but with something else in its outcome; `None` stands for the opposite."""
    real = getattr(module, name)

    def edited(*given, **named):
        said = real(*given, **named)
        *states, outcome = said if isinstance(said, tuple) else (said,)
        changes = {flag: z3.Not(getattr(outcome, flag)) if value is None else value for flag, value in other.items()}
        outcome = replace(outcome, **changes)
        return (*states, outcome) if states else outcome

    return module, name, edited


def state_with(module, name, change):
    """An edit: the function as it is, but `change` made to the state that it returns."""
    real = getattr(module, name)

    def edited(*given, **named):
        state, *rest = real(*given, **named)
        return change(state, *rest), *rest

    return module, name, edited


ANSWERING = {
    authority: (
        "grant_connect",
        "issue_ticket",
        "revoke_grant",
        "move_box",
        "generate_code",
        "revoke_code",
        "enter_pin",
        "receive_entry",
    ),
    box: (
        "charge_entry",
        "decide_entry",
        "challenge",
        "present_ticket",
        "hear_revocation",
        "take_time_order",
        "lose_power",
        "write_refusals",
    ),
}
ALL = [(module, name) for module, names in ANSWERING.items() for name in names]
SHOWN = {
    "notified": "only_an_arrival_notifies",
    "reported": "only_what_is_to_be_told_is_reported",
    "logged": "only_presentations_are_logged_or_counted",
}
PRESENTED = {"charge_entry", "decide_entry", "present_ticket"}
ASKS_NOTHING = {"move_box", "receive_entry", "challenge", "lose_power", "write_refusals"}
ANOTHER = (Need("code.day", "another clause", True),)

EDITS = [
    *(
        (outcome_with(module, name, **dict.fromkeys(SHOWN, True)), *SHOWN.values())
        for module, name in ALL
        if name not in PRESENTED
    ),
    *((outcome_with(box, name, notified=True, reported=True), *list(SHOWN.values())[:2]) for name in sorted(PRESENTED)),
    *(
        (outcome_with(module, name, counted=True), "only_presentations_are_logged_or_counted")
        for module, name in ALL
        if name not in PRESENTED
    ),
    (outcome_with(box, "charge_entry", logged=True), "only_presentations_are_logged_or_counted"),
    (outcome_with(box, "charge_entry", counted=True), "only_presentations_are_logged_or_counted"),
    (outcome_with(box, "decide_entry", logged=False), "only_presentations_are_logged_or_counted"),
    (outcome_with(box, "decide_entry", counted=True), "only_presentations_are_logged_or_counted"),
    (outcome_with(box, "present_ticket", logged=True), "what_is_examined_is_logged"),
    (outcome_with(box, "present_ticket", counted=True), "what_is_examined_is_logged"),
    *(
        (outcome_with(module, name, accepted=False), "what_asks_for_nothing_is_accepted")
        for module, name in ALL
        if name in ASKS_NOTHING
    ),
    *(
        (outcome_with(module, name, accepted=None), "the_reasons_are_exactly_the_clauses_violated")
        for module, name in ALL
        if name not in {*ASKS_NOTHING, "revoke_code"}
    ),
    *(
        (outcome_with(module, name, entitled_by=ANOTHER), "what_is_accepted_says_what_entitles_it")
        for module, name in ALL
        if name != "revoke_code"
    ),
    *(
        (outcome_with(box, name, entitled_by=()), "what_is_accepted_says_what_entitles_it")
        for name in ("decide_entry", "present_ticket", "hear_revocation", "take_time_order")
    ),
    *(
        (state_with(box, name, change), "nothing_but_presentations_writing_and_power_touches_the_log")
        for name in ("take_time_order", "challenge")
        for change in (
            lambda state, *_: replace(state, next_entry=state.next_entry + 1),
            lambda state, *_: replace(state, refusals=0),
            lambda state, *_: replace(state, refusals_written=0),
            lambda state, *_: replace(state, refused_while_disabled=True),
        )
    ),
    *(
        (state_with(box, name, lambda state, *_: replace(state, timer=0)), "the_hardware_is_set_by_nothing_else")
        for name in ("take_time_order", "challenge", "charge_entry", "decide_entry", "present_ticket", "write_refusals")
    ),
    (
        state_with(box, "take_time_order", lambda state, *_: replace(state, arrival=0)),
        "a_time_order_is_taken_iff_authentic_and_forward",
    ),
    (state_with(box, "challenge", lambda state, *_: replace(state, arrival=0)), "a_new_challenge_replaces_the_old"),
    (state_with(box, "write_refusals", lambda state, *_: replace(state, nonce_open=False)), "a_written_count_survives_a_cut"),
    (
        state_with(box, "lose_power", lambda state, *_: replace(state, refused_while_disabled=True)),
        "a_cut_leaves_entitlement_before_or_after",
    ),
]


def test_the_edits_are_of_every_function_that_answers():
    for module, names in ANSWERING.items():
        answering = {n for n, f in vars(module).items() if "Outcome" in str(getattr(f, "__annotations__", {}).get("return", ""))}
        assert answering == set(names)


@pytest.mark.parametrize(
    ("edit", "named"), [pytest.param(edit, set(named), id=f"{edit[1]}-{named[0]}") for edit, *named in EDITS]
)
def test_an_edit_by_hand_is_named(monkeypatch, edit, named):
    monkeypatch.setattr(*edit)
    assert {row.name for row in prove.prove(only=named, second=False) if row.result is prove.Result.FALSE} == named


def test_digits_that_do_not_match_open_nothing(monkeypatch):
    real = box.decide_entry
    monkeypatch.setattr(box, "decide_entry", lambda state, code, _matches, profile: real(state, code, True, profile))
    row = result("nothing_valid_here_is_entitled_there")
    assert (row.result, row.event) == (prove.Result.FALSE, "entry_is_made")


def test_a_ticket_that_does_not_verify_opens_nothing(monkeypatch):
    real = box.present_ticket
    genuine = lambda state, heard, ticket, profile: real(state, heard, replace(ticket, authentic=True), profile)  # noqa: E731
    monkeypatch.setattr(box, "present_ticket", genuine)
    row = result("nothing_valid_here_is_entitled_there")
    assert (row.result, row.event) == (prove.Result.FALSE, "ticket_is_presented")


def test_the_clause_that_differs_is_named(monkeypatch):
    real = authority.grant_connect

    def and_consumers(grant, recipient, *asked):
        after, outcome = real(grant, recipient, *asked)
        needs = tuple(need for need in outcome.needs if need.clause != "eligibility.consumer-never")
        return after, replace(outcome, needs=needs, accepted=satisfied(needs))

    monkeypatch.setattr(authority, "grant_connect", and_consumers)
    row = result("the_reasons_are_exactly_the_clauses_violated")
    assert row.event == "grant_is_asked_for"
    assert row.counterexample[0] == "the clause that differs: eligibility.consumer-never: the model says no, the standard yes"


def test_the_row_of_the_reasons_carries_the_clauses_of_all_reasons():
    cases = obligations.OneWorld(symbolic.symbol(world.World, ""), symbolic.any_profile())
    clauses = {clause for event in theorems.REASONS for clause in cases.of(event)[0].reasons()}
    assert set(theorems.THEOREMS["the_reasons_are_exactly_the_clauses_violated"].clauses) == clauses


@pytest.mark.parametrize(
    "change",
    [
        {"time_known": True},
        {"nonce_open": True},
        {"entering": True},
        {"mark": 1},
        {"arrival": -1},
        {"next_entry": 0},
        {"refusals": 1},
        {"refusals_written": 1},
        {"refused_while_disabled": True},
        {"timer": 1},
        {"nonce_at": 1},
        {"clock": 0},
        {"nonce": 0},
    ],
)
def test_another_beginning_is_named(monkeypatch, change):
    monkeypatch.setattr(*state_with_new_box(change))
    row = result("a_new_box_starts_with_nothing")
    (name,) = change
    assert row.result is prove.Result.FALSE
    assert row.counterexample[0].startswith(f"what differs: {name}: the model says ")


def state_with_new_box(change):
    real = box.new_box
    return box, "new_box", lambda clock, nonce=0: replace(real(clock, nonce), **change)


# Edits of what is compared with what, and of what is kept


def called_with(module, name, change):
    """An edit: the function as it is, but called with other arguments."""
    real = getattr(module, name)
    return module, name, lambda *given, **named: real(*change(*given, **named))


def by_the_clock(state, nonce, profile):
    return replace(state, timer=state.clock), nonce, profile


def first_use_moved(decided, used, outcome):
    return decided, replace(used, first_use=z3.If(outcome.accepted, decided.mark, used.first_use)), outcome


def used_by_any_match(real):
    def decide_entry(state, code, matches, profile):
        decided, used, outcome = real(state, code, matches, profile)
        return decided, replace(used, used=z3.Or(code.used, matches)), outcome

    return decide_entry


RULES = [
    # swapped arguments
    (called_with(limiter, "enabled", lambda arrival, now, profile: (now, arrival, profile)), "wrong_pins_stay_within_the_bound"),
    (
        called_with(limiter, "enabled", lambda arrival, now, profile: (now, arrival, profile)),
        "wrong_entries_stay_within_the_bound",
    ),
    (
        called_with(authority, "receive_entry", lambda receipt, connect, opening: (receipt, opening, connect)),
        "a_refusal_notifies_and_reports_nothing",
    ),
    (
        called_with(box, "within_day", lambda code, now: (replace(code, day_start=code.day_end, day_end=code.day_start), now)),
        "a_ready_box_opens_for_a_code_iff_entitled",
    ),
    # the wrong clock, the wrong instant
    (called_with(box, "nonce_answered", by_the_clock), "revocation_takes_effect_within_ticket_life"),
    (called_with(box, "nonce_answered", by_the_clock), "a_delayed_time_order_is_at_most_so_far_behind"),
    (
        (box, "within_life", lambda code, now, profile: now < code.day_start + profile.code_life),
        "a_ready_box_opens_for_a_code_iff_entitled",
    ),
    (
        (box, "within_life", lambda code, now, profile: now < code.first_use + profile.ticket_life),
        "a_used_code_is_over_in_true_time",
    ),
    (
        called_with(box, "charge_entry", lambda state, profile: (replace(state, clock=state.mark), profile)),
        "a_ready_box_opens_for_a_code_iff_entitled",
    ),
    (
        called_with(
            authority, "grant_connect", lambda *given: (*given[:-2], given[2], given[-1])
        ),  # now is taken to be when the window starts
        "a_granted_window_is_not_over_in_true_time",
    ),
    # the wrong field
    (
        (box, "ready", lambda state: z3.And(state.time_known, state.clock >= state.arrival)),
        "an_entry_is_examined_iff_ready_and_enabled",
    ),
    ((box, "ready", lambda state: state.clock >= state.mark), "only_a_time_order_makes_the_time_known"),
    (
        called_with(box, "nonce_answered", lambda state, _nonce, profile: (state, state.nonce, profile)),
        "an_overtaken_ticket_or_time_order_is_refused",
    ),
    (
        (box, "nonce_answered", lambda state, nonce, _profile: z3.And(state.nonce_open, nonce == state.nonce)),
        "a_ready_box_opens_for_a_connect_ticket_iff_entitled",
    ),
    # two rules exchanged
    (
        called_with(authority, "issue_ticket", lambda grant, registered: (replace(grant, moved=False), registered)),
        "no_ticket_after_the_end",
    ),
    (
        called_with(authority, "revoke_grant", lambda grant, by, now: (replace(grant, moved=False, revoked=False), by, now)),
        "an_ended_grant_stays_ended",
    ),
    # a case that is missing
    (
        state_with(box, "lose_power", lambda state, *_: replace(state, nonce_open=True)),
        "a_cut_leaves_entitlement_before_or_after",
    ),
    (state_with(box, "lose_power", lambda state, *_: replace(state, arrival=0)), "wrong_entries_stay_within_the_bound"),
    (state_with(box, "lose_power", lambda state, *_: replace(state, mark=0)), "decisions_never_go_back_in_time"),
    (
        called_with(box, "lose_power", lambda state, clock, _off, *rest: (state, clock, 0, *rest)),
        "the_time_survives_the_holdover",
    ),
    (state_with(box, "take_time_order", lambda state, *_: replace(state, nonce_open=True)), "a_time_order_is_taken_once"),
    (
        state_with(box, "present_ticket", lambda state, *_: replace(state, nonce_open=False)),
        "a_refused_ticket_leaves_its_nonce_open",
    ),
    (called_with(box, "hear_revocation", lambda _heard, authentic: (False, authentic)), "what_was_heard_stays_heard"),
    # state kept of the wrong instant, or of something that did not happen
    ((box, "decide_entry", used_by_any_match(box.decide_entry)), "only_its_own_accepted_entry_touches_a_code"),
    (
        (box, "decide_entry", lambda *given, real=box.decide_entry: first_use_moved(*real(*given))),
        "first_use_is_recorded_when_it_happens",
    ),
    (
        (limiter, "charged", lambda _arrival, now, profile: now + profile.keypad_refill),
        "a_wrong_entry_costs_one_charge_and_a_right_one_none",
    ),
    ((limiter, "charged", lambda _arrival, now, profile: now + profile.keypad_refill), "a_wrong_pin_costs_one_charge"),
    (
        (limiter, "refunded", lambda arrival, profile: arrival - profile.keypad_tolerance),
        "a_wrong_entry_costs_one_charge_and_a_right_one_none",
    ),
    (
        (authority, "enter_pin", lambda arrival, *given, real=authority.enter_pin: (arrival, real(arrival, *given)[1])),
        "wrong_pins_stay_within_the_bound",
    ),
]


@pytest.mark.parametrize(("edit", "named"), [pytest.param(edit, named, id=f"{edit[1]}-{named}") for edit, named in RULES])
def test_an_edit_of_a_rule_is_named(monkeypatch, edit, named):
    monkeypatch.setattr(*edit)
    found = prove.prove(only={named, *INVARIANTS}, second=False)
    assert named in {row.name for row in found if row.result is prove.Result.FALSE}


BY_AUTHORITY = {
    "grant_is_asked_for": "a_grant_is_made_iff_allowed",
    "grant_is_revoked": "any_grantor_revokes_at_any_time",
    "box_is_moved": "moving_the_box_ends_the_grant",
    "time_order_is_issued": "a_time_order_says_the_authoritys_time",
    "pin_is_entered": "a_pin_is_accepted_iff_enabled_and_right",
}


@pytest.mark.parametrize(("event", "named"), BY_AUTHORITY.items())
@pytest.mark.parametrize("clock", [lambda before: before.true, lambda before: before.box.clock])
def test_an_event_of_the_authority_by_another_clock_is_named(monkeypatch, event, named, clock):
    real = world.EVENTS[event]

    @wraps(real)
    def edited(before, profile, **given):
        premise, after, outcome = real(replace(before, authority=clock(before)), profile, **given)
        return premise, replace(after, authority=before.authority), outcome

    monkeypatch.setitem(world.EVENTS, event, edited)
    assert (result(named).result, result(named).event) == (prove.Result.FALSE, event)


@pytest.mark.parametrize("bound", ["ticket_life", "timer_drift", "authority_skew"])
def test_a_bound_in_true_time_needs_each_of_its_parts(monkeypatch, bound):
    """The bound of a revocation is exact: with one part of it less, an opening breaks it."""
    real = theorems.THEOREMS["revocation_takes_effect_after_the_reported_instant"]

    def without(step):
        parts = vars(step.profile) | {bound: 0}
        return real.claim(replace(step, profile=SimpleNamespace(**parts)))

    monkeypatch.setitem(theorems.THEOREMS, real.name, replace(real, claim=without))
    assert result(real.name).result is prove.Result.FALSE


# The profile


@pytest.mark.parametrize(
    "tolerance",
    [
        lambda profile: (profile.keypad_burst - 1) * 300,
        lambda profile: 4 * profile.keypad_refill,
        lambda profile: profile.keypad_burst * profile.keypad_refill,
    ],
)
def test_another_tolerance_is_named(monkeypatch, tolerance):
    monkeypatch.setattr(Profile, "keypad_tolerance", property(tolerance))
    assert result("the_tolerance_is_burst_less_one_refills").result is prove.Result.FALSE


@pytest.mark.parametrize("more", [lambda p: p.keypad_burst * p.keypad_refill, lambda p: (p.keypad_burst - 1) * 86_400])
def test_a_tolerance_that_lets_too_many_entries_through_is_named(monkeypatch, more):
    monkeypatch.setattr(Profile, "keypad_tolerance", property(more))
    assert result("burst_and_refill_bound_the_count").result is prove.Result.FALSE


LIMITS = [
    ("code_life", 3600, 1, 86_400, "code.expiry.after-first-use"),
    ("code_ends_with_its_day", False, 0, 1, "code.day"),
    ("code_days_ahead", 14, 0, 365, "code.date"),
    ("code_indices", 8, 1, 8, "code.index"),
    ("code_digits", 8, 7, 9, "code.digits"),
    ("window_shortest", 1800, 1, None, "connect.window.length"),
    ("window_longest", 604_800, 1, None, "connect.window.length"),
    ("ticket_life", 60, 1, 3600, "connect.ticket"),
    ("keypad_burst", 5, 1, 100, "box.wrong-entry.bound"),
    ("keypad_refill", 300, 1, 86_400, "box.wrong-entry.bound"),
    ("refusals_written_every", 600, 1, 86_400, "box.log"),
    ("holdover", 86_400, 0, None, "box.clock.never-back"),
    ("clock_skew", 90, 0, 3600, "box.clock.accuracy"),
    ("timer_drift", 1, 0, 60, "connect.revoke.bound"),
    ("authority_skew", 1, 0, 60, "connect.revoke.bound"),
]


def test_the_limits_their_ranges_and_their_clauses():
    assert [(f.name, f.default, f.metadata["least"], f.metadata["most"], f.metadata["clause"]) for f in fields(Profile)] == LIMITS


def with_value(name, value):
    values = {f.name: f.default for f in fields(Profile)} | {name: value}
    return SimpleNamespace(**values, keypad_tolerance=0)


RANGES = [(name, least, most) for name, _, least, most, _ in LIMITS if name != "code_ends_with_its_day"]


@pytest.mark.parametrize(
    ("name", "value"), [(name, end) for name, least, most in RANGES for end in (least - 1, most and most + 1) if end is not None]
)
def test_beyond_its_range_a_limit_is_refused(name, value):
    assert not legal(with_value(name, value))
    with pytest.raises(ProfileError, match=name):
        Profile(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, end) for name, *ends in RANGES for end in ends if end is not None and name != "window_longest"],
)
def test_at_the_ends_of_its_range_a_limit_is_legal(name, value):
    assert legal(with_value(name, value))
    assert getattr(Profile(**{name: value}), name) == value


def test_the_shortest_window_is_no_longer_than_the_longest():
    assert legal(with_value("window_shortest", 604_800))
    assert not legal(with_value("window_shortest", 604_801))
    assert Profile(window_shortest=604_800).window_shortest == 604_800
    with pytest.raises(ProfileError, match="window_shortest: 604801 s is more than window_longest, 604800 s"):
        Profile(window_shortest=604_801)


@pytest.mark.parametrize("name", [name for name, *_ in RANGES])
def test_a_range_proved_narrower_than_the_standard_is_named(monkeypatch, name):
    real = legal
    monkeypatch.setattr(
        obligations, "legal", lambda profile: z3.And(real(profile), getattr(profile, name) == getattr(DEFAULT, name))
    )
    row = result("every_limit_is_proved_over_its_whole_range")
    assert row.result is prove.Result.VACUOUS
    assert row.counterexample[0].startswith("nothing was proved of this, for it cannot happen: every limit at its ")


@pytest.mark.parametrize("event", world.EVENTS)
def test_an_event_that_assumes_a_value_of_the_profile_is_named(monkeypatch, event):
    real = world.EVENTS[event]

    @wraps(real)
    def assuming(before, profile, **given):
        premise, after, outcome = real(before, profile, **given)
        return z3.And(premise, profile.code_life == 3600), after, outcome

    monkeypatch.setitem(world.EVENTS, event, assuming)
    row = result("every_limit_is_proved_over_its_whole_range")
    assert (row.result, row.event) == (prove.Result.VACUOUS, event)


# What the denotation reads

READABLE = {
    "": {"true", "authority", "box", "code", "grant", "ticket", "order", "ghosts"},
    "box": {"clock", "timer"},
    "code": {"day_start", "day_end"},
    "grant": {"window_start", "window_end"},
}


class Guarded:
    """A state of which only some fields may be read."""

    def __init__(self, state, name=""):
        self._state, self._name = state, name

    def __getattr__(self, field):
        if field not in READABLE[self._name]:
            raise AssertionError(f"the denotation reads {self._name}.{field}")
        value = getattr(self._state, field)
        return Guarded(value, field) if is_dataclass(value) and field in READABLE else value


def test_the_guard_is_not_blind():
    guarded = Guarded(symbolic.symbol(world.World, ""))
    for forbidden in (lambda: guarded.box.mark, lambda: guarded.code.used, lambda: guarded.heard, lambda: guarded.grant.revoked):
        with pytest.raises(AssertionError, match="the denotation reads"):
            forbidden()


def test_what_is_guarded_as_a_whole():
    parts = {f.name for f in fields(world.World)}
    assert parts - READABLE[""] == {"heard", "pin", "entry", "receipt", "observer"}


@pytest.mark.parametrize("event", theorems.REASONS)
def test_the_reasons_read_nothing_of_the_models_state(event):
    before = symbolic.symbol(world.World, "")
    step, _ = obligations.OneWorld(before, symbolic.any_profile()).of(event)
    guarded = replace(step, before=Guarded(before), after=None, outcome=None)
    assert guarded.reasons().keys() == step.reasons().keys()


def test_entitlement_reads_nothing_of_the_models_state():
    guarded, profile, instant = Guarded(symbolic.symbol(world.World, "")), symbolic.any_profile(), z3.Int("instant")
    for said in (
        denotation.is_ready(guarded),
        denotation.is_enabled(guarded, profile),
        denotation.code_is_entitled(guarded, instant, profile),
        denotation.ticket_is_live(guarded, z3.Int("nonce"), profile),
        denotation.window_holds(guarded.grant.window_start, guarded.grant.window_end, instant),
    ):
        assert z3.is_bool(said)


def test_the_assumptions_that_events_name_are_named():
    chapter = (files("lockproof.spec") / "chapters" / "assumptions.md").read_text()
    for function in (*world.EVENTS.values(), world.clock_is_accurate, world.timer_is_accurate):
        for name in re.findall(r"`([a-z-]+-[a-z-]+)`", function.__doc__):
            assert f"**{name}**" in chapter
