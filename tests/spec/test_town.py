"""Several credentials at several boxes: proved for other sizes too, edits of it named, and a story run with values."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from lockproof.spec import prove, symbolic, town, town_theorems, world
from lockproof.spec.model import authority, box
from lockproof.spec.profile import DEFAULT
from lockproof.spec.town import EVENTS, Message, Size, items, row
from lockproof.spec.town_theorems import TOWN_THEOREMS, of_a_town
from lockproof.spec.vocabulary import either

PROJECTION = "every_step_of_a_town_is_a_step_of_one_or_leaves_it"
OTHERS = "no_event_of_one_credential_changes_another"
EQUAL_DIGITS = TOWN_THEOREMS["digits_in_service_are_of_one_code"]
THERE = "nothing_valid_here_is_entitled_there__with_digits_and_keys"


def result(name, size=Size()):  # noqa: B008 (a value)
    """By z3, of a town of that size."""
    (row,) = prove.prove(only={name}, second=False, families=(partial(of_a_town, size),))
    return row


@pytest.mark.parametrize(
    "size",
    [Size(2, 1, 1, 1), Size(2, 3, 1, 2), Size(2, 1, 3, 1), Size(3, 2, 2, 2)],
    ids=lambda size: str(size).removeprefix("Size"),
)
@pytest.mark.parametrize("name", TOWN_THEOREMS)
def test_a_town_of_another_size(name, size):
    row = result(name, size)
    assert row.result is prove.Result.BY_Z3, row.counterexample


def test_what_happens_in_a_town_is_what_happens_in_the_single_world():
    assert EVENTS.keys() == world.EVENTS.keys()


def test_every_event_at_every_box_is_seen_from_every_box():
    theorem = TOWN_THEOREMS[PROJECTION]
    labels = [case.event for case in town_theorems.cases(theorem, symbolic.any_profile())]
    assert sorted(labels) == sorted(
        f"{event} at box {at}, seen from box {eye}" for event in EVENTS for at in (0, 1) for eye in (0, 1)
    )


# Edits by hand


def put_first(states, _number, new):
    return row([new, *items(states)[1:]])


def put_everywhere(states, _number, new):
    return row([new for _ in items(states)])


@pytest.mark.parametrize(
    ("name", "edited", "named"),
    [
        ("verifies", lambda _message, _place: True, THERE),
        ("is_live", lambda _codes, _number, _profile: True, "digits_in_service_are_of_one_code"),
        ("is_live", lambda _codes, _number, _profile: True, "the_digits_of_a_code_that_is_over_open_nothing_near_it"),
        ("in_service", lambda _code, _now, _profile: True, "the_digits_of_a_live_code_open_iff_it_is_entitled"),
        ("near", lambda one, other, _profile: one.day_start == other.day_start, "digits_in_service_are_of_one_code"),
        (
            "near",
            lambda one, other, _profile: one.day_end == other.day_start,
            "the_digits_of_a_code_that_is_over_open_nothing_near_it",
        ),
        ("_first", lambda _truths, otherwise: otherwise, "the_digits_of_a_live_code_open_iff_it_is_entitled"),
        ("_heard", lambda place, _message, _other: items(place.grants)[0].heard, PROJECTION),
        ("_heard", lambda place, _message, _other: either(*(g.heard for g in items(place.grants))), PROJECTION),
    ],
)
def test_an_edit_of_the_town_is_named(monkeypatch, name, edited, named):
    monkeypatch.setattr(town, name, edited)
    if hasattr(town_theorems, name):
        monkeypatch.setattr(town_theorems, name, edited)
    assert result(named).result in {prove.Result.FALSE, prove.Result.VACUOUS}


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ("entry_is_decided", OTHERS),
        ("entry_is_made", OTHERS),
        ("grant_is_revoked", OTHERS),
        ("revocation_is_heard", OTHERS),
        ("ticket_is_issued", OTHERS),
        ("grant_is_revoked", "revoking_one_grant_leaves_the_others__of_the_same_person_too"),
        ("revocation_is_heard", "revoking_one_grant_leaves_the_others__of_the_same_person_too"),
        ("pin_is_entered", PROJECTION),
    ],
)
@pytest.mark.parametrize("put", [put_first, put_everywhere])
def test_the_state_of_the_wrong_credential_is_named(monkeypatch, event, named, put):
    """What is kept is kept of the first, or of all, instead of the one to which it happened."""
    real, put_right = EVENTS[event], town.put

    def edited(*given, **named):
        monkeypatch.setattr(
            town, "put", lambda states, number, new: (put_right if _is_places(states) else put)(states, number, new)
        )
        try:
            return real(*given, **named)
        finally:
            monkeypatch.setattr(town, "put", put_right)

    edited.__annotations__ = real.__annotations__
    edited.__wrapped__ = real
    monkeypatch.setitem(EVENTS, event, edited)
    row = result(named)
    assert row.result is prove.Result.FALSE
    assert row.event.startswith(event)


def _is_places(states):
    return isinstance(items(states)[0], town.Place)


def test_what_happens_at_the_wrong_box_is_named(monkeypatch):
    real = EVENTS["challenge_is_made"]
    monkeypatch.setitem(EVENTS, "challenge_is_made", lambda here, profile, at: real(here, profile, 1 - at))
    monkeypatch.setattr(
        town_theorems, "given_to", lambda event, size: {} if event == "challenge_is_made" else _given(event, size)
    )
    assert result("an_event_at_one_box_leaves_every_other_box").event == "challenge_is_made at box 0"


_given = town_theorems.given_to


def test_a_counterexample_in_a_town_is_told(monkeypatch):
    never = replace(EQUAL_DIGITS, cases=_equal_digits)
    monkeypatch.setitem(TOWN_THEOREMS, never.name, never)
    (line,) = result(never.name).counterexample
    assert line.startswith("where: ")
    assert "codes number 1 digits" in line


def _equal_digits(size, profile):
    for case in EQUAL_DIGITS.cases(size, profile):
        codes = items(case.shown["town"].places)[0].codes
        one, other = (code.digits for code in items(codes))
        yield replace(case, then=one == other)


def test_a_claim_about_what_cannot_happen_is_vacuous(monkeypatch):
    def impossible(size, profile):
        for case in EQUAL_DIGITS.cases(size, profile):
            yield replace(case, possible={"a day without end": False})

    changed = replace(EQUAL_DIGITS, cases=impossible)
    monkeypatch.setitem(TOWN_THEOREMS, changed.name, changed)
    row = result(changed.name)
    assert row.result is prove.Result.VACUOUS
    assert row.counterexample == ("nothing was proved of this, for it cannot happen: a day without end",)


# A story

NOON = 1_800_000_000
REALTOR = authority.Recipient(consumer=False, realtor=True)


def a_place(key, digits):
    known = replace(box.new_box(NOON), time_known=True)
    codes = [
        town.NumberedCode(box.Code(NOON - 100, NOON + 50_000, used=False, first_use=0), row_of_digits) for row_of_digits in digits
    ]
    nothing = authority.Grant(False, 0, 0, False, False, 0)
    grants = [town.NumberedGrant(nothing, 7, False, box.Ticket(0, 0, 0, authentic=False), False) for _ in range(2)]
    order, entry = box.TimeOrder(0, 0, authentic=False), world.Entry(False, False, False)
    return town.Place(known, key, row(codes), row(grants), order, False, entry, authority.Receipt(False, 0, 0), 0)


def happens(here, event, at, **given):
    premise, after, outcome = EVENTS[event](here, DEFAULT, at, **given)
    assert premise is True
    return after, outcome


def granted_and_fetched(here, number):
    asked = {"window_start": NOON, "window_end": NOON + 3600, "by_grantor": True, "assigned": True, "email_named": True}
    here, _ = happens(here, "grant_is_asked_for", 0, grant=number, recipient=REALTOR, **asked)
    nonce = items(here.places)[0].box.nonce
    here, outcome = happens(here, "ticket_is_issued", 0, grant=number, by=7, registered=True, nonce=nonce, remember=True)
    assert outcome.accepted
    return here, Message(key=1, grant=number, window_start=NOON, window_end=NOON + 3600, nonce=nonce, value=0)


def test_two_overlapping_grants_of_one_person_and_the_same_digits_at_another_box():
    here = town.Town(NOON, NOON, row([a_place(1, (1234, 5678)), a_place(2, (1234, 9999))]), row([0, 0]))
    here, _ = happens(here, "challenge_is_made", 0)
    here, first = granted_and_fetched(here, 0)
    here, second = granted_and_fetched(here, 1)
    here, _ = happens(here, "grant_is_revoked", 0, grant=0, by_grantor=True)
    here, _ = happens(here, "revocation_is_heard", 0, message=first)
    _, outcome = happens(here, "ticket_is_presented", 0, message=first, other_heard=False, remember=False)
    assert outcome.clauses() == ("connect.revoke.bound",)
    _, elsewhere = happens(here, "ticket_is_presented", 1, message=second, other_heard=False, remember=False)
    assert elsewhere.clauses() == ("box.authentic", "box.ready")[: len(elsewhere.clauses())]
    assert happens(here, "ticket_is_presented", 0, message=second, other_heard=False, remember=False)[1].accepted

    assert not happens(here, "entry_is_made", 1, digits=5678, remember=False)[1].accepted
    by_chance, outcome = happens(here, "entry_is_made", 1, digits=1234, remember=False)
    assert outcome.accepted
    assert [code.code.used for place in items(by_chance.places) for code in items(place.codes)] == [False, False, True, False]


def test_a_used_codes_digits_are_dead_on_the_next_day():
    today, tomorrow = box.Code(NOON - 100, NOON + 50_000, True, NOON), box.Code(NOON + 50_000, NOON + 136_400, False, 0)
    place = replace(a_place(1, ()), codes=row([town.NumberedCode(today, 1234), town.NumberedCode(tomorrow, 1234)]))
    place = replace(place, box=replace(place.box, clock=NOON + 60_000))
    here = town.Town(NOON, NOON, row([place]), row([0]))
    assert not happens(here, "entry_is_made", 0, digits=1234, remember=False)[1].accepted
    later = replace(tomorrow, day_start=NOON + 150_000, day_end=NOON + 236_400)
    far = replace(place, codes=row([town.NumberedCode(today, 1234), town.NumberedCode(later, 1234)]))
    far = replace(far, box=replace(place.box, clock=NOON + 150_000))
    assert happens(town.Town(NOON, NOON, row([far]), row([0])), "entry_is_made", 0, digits=1234, remember=False)[1].accepted
