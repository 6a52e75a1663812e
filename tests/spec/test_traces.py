"""The bounds are reached: traces from the beginning, run with values, in which the last instant that a theorem leaves comes true."""

from __future__ import annotations

from dataclasses import replace

import pytest
import z3
from lockproof.spec import symbolic, world
from lockproof.spec.invariants import INVARIANTS
from lockproof.spec.model import authority, box
from lockproof.spec.profile import DEFAULT
from lockproof.spec.world import EVENTS, World

NOON = 1_800_000_000
REALTOR = authority.Recipient(consumer=False, realtor=True)


class Trace:
    """A world from its beginning on. Every event must be possible, and every invariant must hold after it."""

    def __init__(self, profile=DEFAULT):
        self.profile = profile
        begun = filled(symbolic.symbol(World, ""))
        fresh = replace(begun, box=box.new_box(NOON), code=box.Code(NOON, NOON + 86_400, used=False, first_use=0))
        self.world = replace(fresh, true=NOON, authority=NOON)
        assert world.initial(self.world, profile) is True
        self.outcome = None

    def happens(self, event, **given):
        premise, self.world, self.outcome = EVENTS[event](self.world, self.profile, **given)
        assert premise is True, event
        assert [name for name, holds in INVARIANTS.items() if holds(self.world, self.profile) is not True] == []
        return self.outcome

    def passes(self, true=0, authority=0, clock=0, timer=0):
        now = self.world
        readings = {"clock": now.box.clock + clock, "timer": now.box.timer + timer}
        self.happens("time_passes", true=now.true + true, authority=now.authority + authority, **readings)

    def knows_the_time(self):
        self.happens("challenge_is_made")
        self.happens("time_order_is_issued", nonce=1, remember=True)
        assert self.happens("time_order_arrives", ours=True, other=self.world.order).accepted
        return self

    def present(self):
        given = {"other": self.world.ticket, "other_heard": False, "remember": False}
        return self.happens("ticket_is_presented", ours=True, **given)


def filled(term):
    if hasattr(term, "__dataclass_fields__"):
        return type(term)(**{name: filled(getattr(term, name)) for name in term.__dataclass_fields__})
    return False if z3.is_bool(term) else 0


def granted():
    trace = Trace().knows_the_time()
    asked = {"recipient": REALTOR, "window_start": NOON, "window_end": NOON + 3600}
    assert trace.happens("grant_is_asked_for", **asked, by_grantor=True, assigned=True, email_named=True).accepted
    return trace


@pytest.mark.parametrize(("slow_timer", "opens"), [(59, True), (60, False)])
def test_the_last_second_after_a_revocation(slow_timer, opens):
    """Fetched and revoked in one second, by an authority that is slow and then fast, at a box whose timer is slow."""
    trace = granted()
    trace.passes(true=100, authority=99, clock=100, timer=100)
    trace.happens("challenge_is_made")
    assert trace.happens("ticket_is_issued", nonce=2, registered=True, remember=True).accepted
    trace.happens("grant_is_revoked", by_grantor=True)
    assert trace.world.grant.ended_at == NOON + 99
    assert not trace.happens("ticket_is_issued", nonce=2, registered=True, remember=True).accepted
    trace.passes(true=60, authority=62, clock=60, timer=slow_timer)
    assert trace.present().accepted is opens
    ended, life, drift, skew = NOON + 100, DEFAULT.ticket_life, DEFAULT.timer_drift, DEFAULT.authority_skew
    assert trace.world.true == ended + life + drift - 1
    assert trace.world.authority == trace.world.grant.ended_at + life + drift + 2 * skew - 1


def test_after_the_last_second_no_timer_is_slow_enough():
    trace = granted()
    trace.happens("challenge_is_made")
    trace.happens("ticket_is_issued", nonce=2, registered=True, remember=True)
    trace.passes(true=61, authority=61, clock=61, timer=60)
    assert trace.present().clauses() == ("connect.ticket",)
    premise, *_ = EVENTS["time_passes"](trace.world, DEFAULT, NOON + 62, NOON + 62, NOON + 62, 59)
    assert premise is False


@pytest.mark.parametrize(("late", "taken"), [(59, True), (60, False)])
def test_a_time_order_as_far_behind_as_it_can_be(late, taken):
    trace = Trace()
    trace.passes(true=100, authority=99, clock=0, timer=100)
    trace.happens("challenge_is_made")
    trace.happens("time_order_is_issued", nonce=1, remember=True)
    trace.passes(true=60, authority=60, clock=0, timer=late)
    assert trace.happens("time_order_arrives", ours=True, other=trace.world.order).accepted is taken
    if taken:
        behind = DEFAULT.ticket_life + DEFAULT.timer_drift + DEFAULT.authority_skew
        assert trace.world.box.clock == trace.world.true - behind + 1
        assert not trace.happens("time_order_arrives", ours=True, other=trace.world.order).accepted


def test_an_order_for_a_nonce_before_the_newest_comes_too_late():
    trace = Trace().knows_the_time()
    trace.happens("challenge_is_made")
    trace.happens("time_order_is_issued", nonce=2, remember=True)
    overtaken = trace.world.order
    trace.happens("challenge_is_made")
    trace.happens("time_order_is_issued", nonce=3, remember=True)
    assert trace.happens("time_order_arrives", ours=False, other=overtaken).clauses() == ("box.clock.never-back",)
    assert trace.happens("time_order_arrives", ours=True, other=overtaken).accepted


def test_a_person_has_the_burst_and_one_more_after_each_refill():
    trace, looked_at = Trace(), 0
    for _ in range(DEFAULT.keypad_burst + 3):
        outcome = trace.happens("pin_is_entered", matches=False)
        looked_at += outcome.clauses() == ("code.pin",)
    assert looked_at == DEFAULT.keypad_burst
    assert trace.happens("pin_is_entered", matches=True).clauses() == ("box.wrong-entry.bound",)
    trace.passes(true=299, authority=299)
    assert not trace.happens("pin_is_entered", matches=True).accepted
    trace.passes(true=1, authority=1)
    assert trace.happens("pin_is_entered", matches=True).accepted


def test_the_default_profile_has_room_for_the_age_of_a_time_order():
    assert world.orders_are_good_enough(DEFAULT)
    assert not world.orders_are_good_enough(replace(DEFAULT, clock_skew=61))
