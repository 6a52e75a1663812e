"""The box: one pure function per event, one event per durable commit, so that a power cut can fall between any two.

A keypad entry is two commits: it is charged (`charge_entry`), then decided (`decide_entry`). Everything else is one.
Every function takes the old state and the event and returns the new state and the outcome; nothing here looks anything up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lockproof.spec.model import limiter
from lockproof.spec.profile import Profile
from lockproof.spec.vocabulary import (
    Instant,
    Need,
    Number,
    Outcome,
    Seconds,
    Truth,
    choose,
    either,
    every,
    named,
    no,
    same,
    satisfied,
)


@dataclass(frozen=True, slots=True)
class Box:
    """What one box is made of, apart from its credentials.

    `clock` and `timer` are hardware: the clock goes on without power for as long as the holdover, the timer counts from
    power-up. Nonce and `entering` are lost with the power. All else is durable.
    """

    clock: Instant
    timer: Seconds
    nonce: Number  # which of its nonces is the newest
    nonce_open: Truth
    nonce_at: Seconds  # on the timer
    entering: Truth  # an entry is charged and not yet decided
    time_known: Truth
    mark: Instant  # of the last decision
    arrival: Instant  # of the wrong-entry bound
    next_entry: Number  # the number that the next log entry gets
    refusals: Number  # counted in the newest log entry; 0 where that is a decided presentation
    refusals_written: Number  # how many of them a power cut can't take
    refused_while_disabled: Truth  # what they were refused for: disabled, or else not ready


@dataclass(frozen=True, slots=True)
class Code:
    """A One Day Code at a box: its day `[day_start, day_end)`, and its first use in box time."""

    day_start: Instant
    day_end: Instant
    used: Truth
    first_use: Instant


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket says. `authentic`: it verifies under this box's own keys."""

    window_start: Instant
    window_end: Instant
    nonce: Number
    authentic: Truth


@dataclass(frozen=True, slots=True)
class TimeOrder:
    """What a time order says."""

    value: Instant
    nonce: Number
    authentic: Truth


def new_box(clock: Instant, nonce: Number = 0) -> Box:
    """A box just provisioned: it does not know the time, and nothing has been decided."""
    return Box(
        clock=clock,
        timer=0,
        nonce=nonce,
        nonce_open=False,
        nonce_at=0,
        entering=False,
        time_known=False,
        mark=0,
        arrival=0,
        next_entry=1,
        refusals=0,
        refusals_written=0,
        refused_while_disabled=False,
    )


# Conditions


def ready(box: Box) -> Truth:
    """The box is certain of the time, and it is no earlier than its last decision."""
    return every(
        named("time known", box.time_known),
        named("clock not behind the last decision", box.clock >= box.mark),
    )


def nonce_answered(box: Box, nonce: Number, profile: Profile) -> Truth:
    """The nonce is the newest, still open, and by the box's own timer younger than a ticket's life."""
    return every(
        named("a nonce is open", box.nonce_open),
        named("the newest nonce", same(nonce, box.nonce)),
        named("within a ticket's life", box.timer < box.nonce_at + profile.ticket_life),
    )


def within_day(code: Code, now: Instant) -> Truth:
    return every(
        named("its day has begun", code.day_start <= now),
        named("its day is not over", now < code.day_end),
    )


def within_life(code: Code, now: Instant, profile: Profile) -> Truth:
    """From first use a code lives for `code_life` seconds, past midnight unless the profile ends it with its day."""
    return named("within its life", now < code.first_use + profile.code_life)


# One Day Code


def charge_entry(box: Box, profile: Profile) -> tuple[Box, Outcome]:
    """Digits were entered: charge them before they are looked at. Accepted means that they will be examined."""
    certain = ready(box)
    needs = (
        Need("box.ready", "certain of the time", certain),
        Need(
            "box.wrong-entry.bound",
            "keypad enabled",
            limiter.enabled(box.arrival, box.clock, profile),
            applies=certain,
        ),
    )
    examined = satisfied(needs)
    charged = replace(
        box, entering=True, mark=box.clock, arrival=limiter.charged(box.arrival, box.clock, profile)
    )  # box.wrong-entry.bound: durable before anything is compared
    refused = _count_refusal(box)
    return choose(examined, charged, refused), Outcome(examined, needs, counted=no(examined))


def decide_entry(box: Box, code: Code, matches: Truth, profile: Profile) -> tuple[Box, Code, Outcome]:
    """The charged digits are those of `code`, or, where `matches` is false, of no live index; decided at the instant of the charge."""
    now = box.mark
    live = named("digits of a live index", matches)
    used_before = named("used before", code.used)
    ends_with_its_day = named("codes end with their day", profile.code_ends_with_its_day)
    needs = (
        Need("code.digits", "digits of a live index", live),
        Need("code.day", "within its day", within_day(code, now), applies=every(live, no(used_before))),
        Need(
            "code.day",
            "ends with its day",
            named("its day is not over", now < code.day_end),
            applies=every(live, used_before, ends_with_its_day),
        ),
        Need(
            "code.expiry.after-first-use",
            "within its life",
            within_life(code, now, profile),
            applies=every(live, used_before),
        ),
    )
    accepted = satisfied(needs)
    entitled_by = (
        Need("code.day", "first use within its day", no(used_before)),
        Need("code.expiry.after-first-use", "used again within its life", used_before),
    )
    decided = replace(
        _log_decision(box),
        entering=False,
        arrival=choose(accepted, limiter.refunded(box.arrival, profile), box.arrival),
    )
    used = replace(
        code,
        used=either(used_before, accepted),
        first_use=choose(every(accepted, no(used_before)), now, code.first_use),  # code.expiry.not-extended
    )
    return decided, used, Outcome(accepted, needs, entitled_by, logged=True)


# Connect


def challenge(box: Box) -> tuple[Box, Outcome]:
    """A fresh nonce; it replaces the one that was open (`connect.ticket`)."""
    return replace(box, nonce=box.nonce + 1, nonce_open=True, nonce_at=box.timer), Outcome(True)


def present_ticket(box: Box, heard: Truth, ticket: Ticket, profile: Profile) -> tuple[Box, Outcome]:
    """A ticket is held out to the box, which has or has not `heard` that its grant was ended."""
    authentic = named("ticket verifies", ticket.authentic)
    certain = ready(box)
    needs = (
        Need("box.authentic", "ticket verifies", authentic),
        Need("box.ready", "certain of the time", certain),
        Need(
            "connect.ticket",
            "answers the open nonce in time",
            nonce_answered(box, ticket.nonce, profile),
            applies=authentic,
        ),
        Need("connect.revoke.bound", "not heard of as revoked", no(named("heard of as revoked", heard)), applies=authentic),
        Need(
            "connect.window.bounds",
            "window has begun",
            named("window has begun", ticket.window_start <= box.clock),
            applies=every(authentic, certain),
        ),
        Need(
            "connect.window.bounds",
            "window is not over",
            named("window is not over", box.clock < ticket.window_end),
            applies=every(authentic, certain),
        ),
    )
    accepted = satisfied(needs)
    entitled_by = (Need("connect.available", "inside the window, unrevoked, ticket fetched in time", True),)
    decides = every(authentic, certain)
    decided = replace(_log_decision(box), mark=box.clock, nonce_open=choose(accepted, False, box.nonce_open))
    counts = every(authentic, no(certain))
    after = choose(decides, decided, choose(counts, _count_refusal(box), box))
    return after, Outcome(accepted, needs, entitled_by, logged=decides, counted=counts)


def hear_revocation(heard: Truth, authentic: Truth) -> tuple[Truth, Outcome]:
    """A revocation order arrives; it needs no nonce and no time, and twice is as good as once (`connect.revoke.bound`)."""
    verifies = named("order verifies", authentic)
    needs = (Need("box.authentic", "order verifies", verifies),)
    entitled_by = (Need("connect.revoke.bound", "an order that verifies", True),)
    return either(heard, verifies), Outcome(satisfied(needs), needs, entitled_by)


# Clock, power and log


def take_time_order(box: Box, order: TimeOrder, profile: Profile) -> tuple[Box, Outcome]:
    """The only way to set the clock, and the only way out of not knowing the time (`box.clock.never-back`)."""
    authentic = named("order verifies", order.authentic)
    forward = named("not before the last decision", order.value >= box.mark)
    needs = (
        Need("box.authentic", "order verifies", authentic),
        Need(
            "box.clock.never-back",
            "answers the open nonce in time",
            nonce_answered(box, order.nonce, profile),
            applies=authentic,
        ),
        Need("box.clock.never-back", "not before the last decision", forward, applies=authentic),
    )
    taken = satisfied(needs)
    entitled_by = (Need("box.clock.never-back", "a fresh order that goes forward", True),)
    set_to = replace(box, clock=order.value, time_known=True, mark=order.value, nonce_open=False)
    return choose(taken, set_to, box), Outcome(taken, needs, entitled_by)


def lose_power(box: Box, clock: Instant, off_for: Seconds, kept: Number, profile: Profile) -> tuple[Box, Outcome]:
    """Power fails for `off_for` seconds, after which the clock shows `clock`; `kept` of the counted refusals were written.

    What is not durable is gone: the nonce, an entry charged and not decided, refusals counted and not written.
    """
    unwritten = every(named("refusals are counted", box.refusals > 0), named("none of them was written", same(kept, 0)))
    known = every(
        named("time known before", box.time_known),
        named("away no longer than the holdover", off_for <= profile.holdover),
        named("clock not behind the last decision", clock >= box.mark),
    )
    after = replace(
        box,
        clock=clock,
        timer=0,
        nonce_open=False,
        entering=False,
        time_known=known,
        next_entry=choose(unwritten, box.next_entry - 1, box.next_entry),
        refusals=kept,
        refusals_written=kept,
    )
    return after, Outcome(True)


def write_refusals(box: Box) -> tuple[Box, Outcome]:
    """The count of refusals is written: before the log is read, and otherwise when ten minutes have passed (`box.log`)."""
    return replace(box, refusals_written=box.refusals), Outcome(True)


def _log_decision(box: Box) -> Box:
    """One entry for this decision; it closes a count of refusals."""
    return replace(box, next_entry=box.next_entry + 1, refusals=0, refusals_written=0)


def _count_refusal(box: Box) -> Box:
    """Not examined, so not charged and not decided: one more in the count. A time found to be unknown stays unknown."""
    disabled = ready(box)
    goes_on = every(
        named("a count of refusals is open", box.refusals > 0),
        named("for the same cause", same(box.refused_while_disabled, disabled)),
    )
    return replace(
        box,
        time_known=disabled,  # certain, or found not to be
        next_entry=choose(goes_on, box.next_entry, box.next_entry + 1),
        refusals=choose(goes_on, box.refusals + 1, 1),
        refusals_written=choose(goes_on, box.refusals_written, 0),
        refused_while_disabled=disabled,
    )
