"""The model, run with values: exact instants, exact clauses."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lockproof.spec.model import authority, box
from lockproof.spec.profile import DEFAULT, Profile, ProfileError

NOW = 1_800_000_000
CODE = box.Code(NOW, NOW + 86_400, used=False, first_use=0)


def set_box(clock: int = NOW) -> box.Box:
    """A box that knows the time."""
    state, _ = box.challenge(box.new_box(clock))
    state, outcome = box.take_time_order(state, box.TimeOrder(clock, state.nonce, authentic=True), DEFAULT)
    assert outcome.accepted
    return state


def enter(state: box.Box, code: box.Code, *, matches: bool = True, profile: Profile = DEFAULT):
    state, charge = box.charge_entry(state, profile)
    if not charge.accepted:
        return state, code, charge
    return box.decide_entry(state, code, matches, profile)


def at(state: box.Box, clock: int) -> box.Box:
    return replace(state, clock=clock, timer=state.timer + clock - state.clock)


@pytest.mark.parametrize(
    ("after", "clauses"),
    [(0, ()), (3599, ()), (3600, ("code.expiry.after-first-use",)), (86_399, ("code.expiry.after-first-use",))],
)
def test_a_code_lives_an_hour_from_first_use(after, clauses):
    state, code, first = enter(set_box(), CODE)
    assert first.accepted
    assert first.because() == ("code.day",)
    _, _, outcome = enter(at(state, NOW + after), code)
    assert outcome.clauses() == clauses
    assert outcome.because() == (() if clauses else ("code.expiry.after-first-use",))


def test_the_hour_goes_on_past_midnight_unless_the_profile_ends_it():
    state, code, _ = enter(at(set_box(), NOW + 86_399), CODE)
    later = at(state, NOW + 86_399 + 3_599)
    assert enter(later, code)[2].accepted
    strict = replace(DEFAULT, code_ends_with_its_day=True)
    assert enter(later, code, profile=strict)[2].clauses() == ("code.day",)
    assert enter(at(later, later.clock + 1), code, profile=strict)[2].clauses() == ("code.day", "code.expiry.after-first-use")


@pytest.mark.parametrize(("clock", "opens"), [(NOW - 1, False), (NOW, True), (NOW + 86_399, True), (NOW + 86_400, False)])
def test_first_use_is_possible_in_its_day_and_at_no_other_instant(clock, opens):
    _, code, outcome = enter(set_box(clock), CODE)
    assert (outcome.accepted, code.used) == (opens, opens)
    assert outcome.clauses() == (() if opens else ("code.day",))


def test_the_sixth_wrong_entry_is_not_looked_at_until_one_refill_after_the_first():
    state = set_box()
    for _ in range(5):
        state, _, outcome = enter(state, CODE, matches=False)
        assert outcome.clauses() == ("code.digits",)
    for clock, clauses in ((NOW, ("box.wrong-entry.bound",)), (NOW + 299, ("box.wrong-entry.bound",)), (NOW + 300, ())):
        _, _, outcome = enter(at(state, clock), CODE)
        assert outcome.clauses() == clauses


def test_an_accepted_entry_costs_nothing():
    state = set_box()
    for _ in range(50):
        state, _, outcome = enter(state, CODE)
        assert outcome.accepted
    assert state.arrival <= NOW


@given(st.lists(st.tuples(st.integers(0, 700), st.booleans()), min_size=1, max_size=60), st.integers(1, 6), st.integers(1, 400))
def test_wrong_entries_in_any_stretch_of_time_stay_within_the_bound(entries, burst, refill):
    profile = replace(DEFAULT, keypad_burst=burst, keypad_refill=refill)
    state, code, wrong = set_box(), CODE, []
    for wait, right in entries:
        state = at(state, state.clock + wait)
        state, code, outcome = enter(state, code, matches=right, profile=profile)
        if outcome.logged and not outcome.accepted:
            wrong.append(state.clock)
    for i, begin in enumerate(wrong):
        for j, end in enumerate(wrong[i:], i):
            assert j - i + 1 <= burst + (end - begin) // refill


@given(st.lists(st.integers(1, 900), min_size=1, max_size=40), st.integers(1, 6), st.integers(1, 400))
def test_the_bound_is_exact(waits, burst, refill):
    """An entry is refused without a look only where looking at it would break the bound for some stretch of time."""
    profile = replace(DEFAULT, keypad_burst=burst, keypad_refill=refill)
    state, wrong = set_box(), []
    for wait in waits:
        state = at(state, state.clock + wait)
        after, _, outcome = enter(state, CODE, matches=False, profile=profile)
        full = any(len(wrong[i:]) + 1 > burst + (state.clock - begin) // refill for i, begin in enumerate(wrong)) or burst < 1
        assert outcome.logged != full
        if outcome.logged:
            wrong.append(state.clock)
        state = after
    assert all(one <= other for one, other in pairwise(wrong))


def test_a_ticket_opens_once_within_its_life_by_the_boxs_own_timer():
    state, _ = box.challenge(set_box())
    ticket = box.Ticket(NOW, NOW + 3600, state.nonce, authentic=True)
    late = at(state, NOW + 60)
    assert box.present_ticket(late, heard=False, ticket=ticket, profile=DEFAULT)[1].clauses() == ("connect.ticket",)
    used, outcome = box.present_ticket(at(state, NOW + 59), heard=False, ticket=ticket, profile=DEFAULT)
    assert outcome.accepted
    assert box.present_ticket(used, heard=False, ticket=ticket, profile=DEFAULT)[1].clauses() == ("connect.ticket",)


def test_a_refused_ticket_names_every_clause_that_forbids_it():
    ticket = box.Ticket(NOW + 10, NOW + 20, nonce=-1, authentic=True)
    _, outcome = box.present_ticket(set_box(), heard=True, ticket=ticket, profile=DEFAULT)
    assert outcome.clauses() == ("connect.ticket", "connect.revoke.bound", "connect.window.bounds")


def test_a_forged_ticket_changes_nothing():
    state, _ = box.challenge(set_box())
    forged = box.Ticket(NOW, NOW + 3600, state.nonce, authentic=False)
    after, outcome = box.present_ticket(state, heard=False, ticket=forged, profile=DEFAULT)
    assert (after, outcome.clauses(), outcome.logged, outcome.counted) == (state, ("box.authentic",), False, False)


@pytest.mark.parametrize(("off_for", "known"), [(86_400, True), (86_401, False)])
def test_exactly_the_holdover_is_still_known(off_for, known):
    state, _ = box.lose_power(set_box(), NOW + off_for, off_for, 0, DEFAULT)
    assert state.time_known is known
    _, outcome = box.charge_entry(state, DEFAULT)
    assert outcome.clauses() == (() if known else ("box.ready",))


def test_a_box_that_does_not_know_the_time_stays_so_over_another_cut():
    state, _ = box.lose_power(set_box(), NOW + 86_401, 86_401, 0, DEFAULT)
    state, _ = box.lose_power(state, NOW + 86_402, 1, 0, DEFAULT)
    assert not state.time_known


def test_a_clock_found_behind_the_mark_makes_the_time_unknown_for_good():
    state, _, _ = enter(set_box(), CODE)
    state, outcome = box.charge_entry(replace(state, clock=NOW - 1), DEFAULT)
    assert outcome.clauses() == ("box.ready",)
    assert box.charge_entry(replace(state, clock=NOW + 1), DEFAULT)[1].clauses() == ("box.ready",)


@pytest.mark.parametrize(("value", "taken"), [(NOW - 1, False), (NOW, True), (NOW + 10**6, True)])
def test_a_time_order_never_goes_below_the_mark(value, taken):
    state, _ = box.challenge(set_box())
    after, outcome = box.take_time_order(state, box.TimeOrder(value, state.nonce, authentic=True), DEFAULT)
    assert outcome.accepted is taken
    assert after.clock == (value if taken else NOW)


def test_refusals_without_a_look_are_one_run_per_reason():
    state = set_box()
    for _ in range(5):
        state, _, _ = enter(state, CODE, matches=False)
    number = state.next_entry
    for count in (1, 2, 3):
        state, _ = box.charge_entry(state, DEFAULT)
        assert (state.next_entry, state.refusals, state.refused_while_disabled) == (number + 1, count, True)
    state, _ = box.lose_power(state, NOW + 86_401, 86_401, 3, DEFAULT)
    state, _ = box.charge_entry(state, DEFAULT)
    assert (state.next_entry, state.refusals, state.refused_while_disabled) == (number + 2, 1, False)


REALTOR, CONSUMER, OTHER = (authority.Recipient(consumer=c, realtor=r) for c, r in ((False, True), (True, False), (False, False)))
NO_GRANT = authority.Grant(False, 0, 0, False, False, 0)


def ask_grant(**changes):
    asked = {
        "recipient": REALTOR,
        "window_start": NOW,
        "window_end": NOW + 1800,
        "by_grantor": True,
        "assigned": True,
        "email_named": True,
        "now": NOW,
    }
    return authority.grant_connect(NO_GRANT, **{**asked, **changes}, profile=DEFAULT)


@pytest.mark.parametrize(
    ("changes", "clauses"),
    [
        ({}, ()),
        ({"recipient": CONSUMER}, ("eligibility.consumer-never", "eligibility.connect-realtor")),
        ({"recipient": OTHER}, ("eligibility.connect-realtor",)),
        ({"by_grantor": False}, ("connect.grantor",)),
        ({"assigned": False}, ("connect.grantor",)),
        ({"email_named": False}, ("connect.recipient-email",)),
        ({"window_end": NOW + 1799}, ("connect.window.length",)),
        ({"window_end": NOW + 604_800}, ()),
        ({"window_end": NOW + 604_801}, ("connect.window.length",)),
        ({"window_start": NOW - 3600, "window_end": NOW}, ("connect.window.not-over",)),
        ({"window_start": NOW - 3600, "window_end": NOW + 1}, ()),
    ],
)
def test_a_grant_is_refused_for_exactly_its_reasons(changes, clauses):
    grant, outcome = ask_grant(**changes)
    assert outcome.clauses() == clauses
    assert grant.granted is (clauses == ())


def test_a_second_revocation_is_accepted_and_not_reported():
    grant, _ = ask_grant()
    grant, first = authority.revoke_grant(grant, by_grantor=True, now=NOW + 5)
    grant, second = authority.revoke_grant(grant, by_grantor=True, now=NOW + 9)
    assert (first.accepted, first.reported, second.accepted, second.reported) == (True, True, True, False)
    assert grant.ended_at == NOW + 5


@pytest.mark.parametrize("by_grantor", [True, False])
def test_a_code_is_never_revoked(by_grantor):
    outcome = authority.revoke_code(by_grantor)
    assert (outcome.clauses(), outcome.reported) == (("code.irrevocable",), by_grantor)


@given(st.booleans(), st.booleans(), st.integers(1, 5))
def test_an_entry_tells_once_however_often_it_arrives(connect, opening, times):
    receipt = authority.Receipt(False, 0, 0)
    for _ in range(times):
        receipt, _ = authority.receive_entry(receipt, connect, opening)
    assert (receipt.notifications, receipt.lines) == (int(connect and opening), int(opening))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"code_life": 0},
            "code_life: 0 is not legal; from first use to the end of a code: 1 to 86400 s (code.expiry.after-first-use)",
        ),
        ({"code_digits": 6}, "code_digits: 6 is not legal; digits of a code: 7 to 9 digits (code.digits)"),
        (
            {"code_life": True},
            "code_life: True is not legal; from first use to the end of a code: 1 to 86400 s (code.expiry.after-first-use)",
        ),
        (
            {"window_longest": 60},
            "window_shortest: 1800 s is more than window_longest, 60 s (connect.window.length); make the longest window at least as long as the shortest",  # noqa: E501 (one message)
        ),
    ],
)
def test_an_illegal_profile_says_what_is_legal(change, message):
    with pytest.raises(ProfileError) as error:
        Profile(**change)
    assert str(error.value) == message
