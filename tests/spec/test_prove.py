"""The prover proves what holds, and says which theorem, event and world break what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import z3
from lockproof.spec import prove, theorems, world
from lockproof.spec.model import authority, box
from lockproof.spec.profile import DEFAULT, Profile
from lockproof.spec.vocabulary import Need, Outcome, satisfied


def failed() -> dict[str, prove.Row]:
    return {row.name: row for row in prove.prove() if row.result is not prove.Result.PROVED}


def test_everything_is_proved_and_has_a_witness():
    rows = prove.prove()
    assert {row.name for row in rows if row.result is not prove.Result.PROVED} == set()
    assert {row.name for row in rows if row.name in theorems.THEOREMS and row.witness is None} == set()
    assert sum(row.name in theorems.THEOREMS for row in rows) == len(theorems.THEOREMS)


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
    monkeypatch.setattr(prove, "DEFAULT", replace(DEFAULT, **change))
    assert set(failed()) == {theorem}


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
    assert {row.result for row in prove.prove()} == {prove.Result.UNKNOWN}


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


def test_the_bound_in_seconds_is_the_bound_in_entries():
    burst, refill, seconds, entries, refills = z3.Ints("burst refill seconds entries refills")
    solver = z3.Solver()
    solver.add(z3.Not(prove.burst_and_refill_bound_the_count(burst, refill, seconds, entries, refills)))
    assert solver.check() == z3.unsat


def test_every_theorem_says_a_sentence_and_names_clauses_and_events():
    for theorem in theorems.THEOREMS.values():
        assert theorem.sentence.endswith(".")
        assert theorem.clauses
        assert set(theorem.events) <= set(world.EVENTS)


def test_the_tolerance_is_burst_less_one_refills():
    assert Profile(keypad_burst=3, keypad_refill=7).keypad_tolerance == 14
