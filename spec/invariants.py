"""What always holds between the model's state and what was put in and came out: the ladder on which the theorems stand.

None of these is a claim of the standard. Each is proved of the initial worlds and kept by every event.
"""

from __future__ import annotations

from collections.abc import Callable

from lockproof.spec.profile import Profile
from lockproof.spec.vocabulary import Instant, Truth, either, every, implies, no, same
from lockproof.spec.world import Charges, World, authority_is_accurate, clock_is_accurate, timer_is_accurate

Invariant = Callable[[World, Profile], Truth]
INVARIANTS: dict[str, Invariant] = {}


def _invariant(function: Invariant) -> Invariant:
    INVARIANTS[function.__name__] = function
    return function


@_invariant
def mark_is_the_last_decision(world: World, profile: Profile) -> Truth:
    _ = profile
    return same(world.box.mark, world.ghosts.last_decision)


@_invariant
def time_known_agrees(world: World, profile: Profile) -> Truth:
    """Whether the time is known is found out at power-up and at presentations only; it may be lost and not yet found so."""
    _ = profile
    return same(world.box.time_known, world.ghosts.time_known)


@_invariant
def entering_agrees(world: World, profile: Profile) -> Truth:
    charged = every(world.box.arrival - profile.keypad_refill >= world.box.mark, world.ghosts.keypad.busy_start <= world.box.mark)
    paid = world.ghosts.keypad.busy_start + world.ghosts.keypad.busy - profile.keypad_refill >= world.box.mark
    counted = implies(world.box.mark >= world.observer, world.ghosts.keypad.since >= profile.keypad_refill)
    return every(same(world.box.entering, world.ghosts.entering), implies(world.box.entering, every(charged, paid, counted)))


@_invariant
def first_use_agrees(world: World, profile: Profile) -> Truth:
    _ = profile
    used = every(
        same(world.code.first_use, world.ghosts.first_use),
        world.code.first_use <= world.box.mark,
        world.code.day_start <= world.code.first_use,
        world.code.first_use < world.code.day_end,
    )
    return every(same(world.code.used, world.ghosts.code_used), implies(world.code.used, used))


@_invariant
def first_use_is_within_skew(world: World, profile: Profile) -> Truth:
    gap = world.ghosts.first_use - world.ghosts.first_use_true
    near = every(gap <= profile.clock_skew, gap >= 0 - profile.clock_skew)
    return implies(world.ghosts.code_used, near)


@_invariant
def entry_under_way_is_within_skew(world: World, profile: Profile) -> Truth:
    """An entry is charged at an instant at which the clock is trusted; that instant is the one of its decision."""
    gap = world.box.mark - world.ghosts.entered_true
    return implies(world.ghosts.entering, every(gap <= profile.clock_skew, gap >= 0 - profile.clock_skew))


@_invariant
def environment_is_as_assumed(world: World, profile: Profile) -> Truth:
    return every(*(holds(world, profile) for holds in (authority_is_accurate, clock_is_accurate, timer_is_accurate)))


@_invariant
def grant_agrees(world: World, profile: Profile) -> Truth:
    ghosts, grant = world.ghosts, world.grant
    shown = every(
        same(grant.ended_at, ghosts.ended_shown),
        ghosts.ended_shown <= world.authority,
        ghosts.ended_shown - ghosts.ended_at <= profile.authority_skew,
        ghosts.ended_at - ghosts.ended_shown <= profile.authority_skew,
    )
    return every(
        same(grant.granted, ghosts.granted),
        same(grant.revoked, ghosts.revoked),
        same(grant.moved, ghosts.moved),
        same(ghosts.ended, either(ghosts.revoked, ghosts.moved)),
        same(world.heard, ghosts.heard),
        implies(ghosts.heard, ghosts.ended),
        implies(ghosts.ended, every(shown, ghosts.ended_at <= world.true, ghosts.granted)),
    )


@_invariant
def nonce_agrees(world: World, profile: Profile) -> Truth:
    _ = profile
    ghosts = world.ghosts
    return every(
        same(world.box.nonce, ghosts.nonce),
        same(world.box.nonce_open, ghosts.nonce_open),
        implies(ghosts.nonce_open, same(world.box.timer - world.box.nonce_at, ghosts.nonce_age)),
        implies(ghosts.nonce_open, every(ghosts.nonce_age >= 0, ghosts.nonce_made <= world.true)),
    )


@_invariant
def ticket_is_as_granted(world: World, profile: Profile) -> Truth:
    _ = profile
    ghosts, ticket = world.ghosts, world.ticket
    newest = every(ghosts.nonce_open, same(ticket.nonce, ghosts.nonce))
    held = every(
        ticket.authentic,
        ghosts.granted,
        same(ticket.window_start, world.grant.window_start),
        same(ticket.window_end, world.grant.window_end),
        ticket.nonce <= ghosts.nonce,
        ghosts.issued_at <= world.true,
        implies(ghosts.ended, ghosts.issued_at <= ghosts.ended_at),
        implies(newest, ghosts.nonce_made <= ghosts.issued_at),
    )
    once = every(ghosts.ticket_openings <= 1, implies(ghosts.ticket_openings >= 1, no(newest)))
    return every(ghosts.ticket_openings >= 0, implies(ghosts.issued, every(held, once)))


@_invariant
def order_is_as_issued(world: World, profile: Profile) -> Truth:
    ghosts, order = world.ghosts, world.order
    newest = every(ghosts.nonce_open, same(order.nonce, ghosts.nonce))
    held = every(
        order.authentic,
        order.nonce <= ghosts.nonce,
        ghosts.order_issued_at <= world.true,
        order.value - ghosts.order_issued_at <= profile.authority_skew,
        ghosts.order_issued_at - order.value <= profile.authority_skew,
        implies(newest, ghosts.nonce_made <= ghosts.order_issued_at),
    )
    once = every(ghosts.order_takings <= 1, implies(ghosts.order_takings >= 1, no(newest)))
    return every(ghosts.order_takings >= 0, implies(ghosts.order_issued, every(held, once)))


@_invariant
def a_nonce_was_answered_once(world: World, profile: Profile) -> Truth:
    _ = profile
    ghosts = world.ghosts
    return every(ghosts.answers >= 0, ghosts.answers <= 1, implies(ghosts.answers >= 1, no(ghosts.nonce_open)))


@_invariant
def keypad_charges_are_the_busy_period(world: World, profile: Profile) -> Truth:
    return _busy_period(world.box.arrival, world.ghosts.keypad, world.ghosts.last_decision, profile)


@_invariant
def pin_charges_are_the_busy_period(world: World, profile: Profile) -> Truth:
    return _busy_period(world.pin, world.ghosts.pin, world.authority, profile)


def _busy_period(arrival: Instant, charges: Charges, last: Instant, profile: Profile) -> Truth:
    """What is charged is what the busy stretch has, or all was given back by the `last` instant that counts."""
    paid_back = charges.busy_start + charges.busy
    idle = every(arrival <= last, paid_back <= last)
    within = arrival <= last + profile.keypad_tolerance + profile.keypad_refill
    return every(charges.busy >= 0, charges.busy_start <= last, either(same(arrival, paid_back), idle), within)


@_invariant
def keypad_charges_since_the_observer_are_bounded(world: World, profile: Profile) -> Truth:
    return _since_observer(world.box.arrival, world.ghosts.keypad, world.ghosts.last_decision, world.observer, profile)


@_invariant
def pin_charges_since_the_observer_are_bounded(world: World, profile: Profile) -> Truth:
    return _since_observer(world.pin, world.ghosts.pin, world.authority, world.observer, profile)


def _since_observer(arrival: Instant, charges: Charges, last: Instant, observer: Instant, profile: Profile) -> Truth:
    since = every(
        last >= observer,
        observer + charges.since <= arrival,
        charges.since <= last - observer + profile.keypad_tolerance + profile.keypad_refill,
    )
    return every(charges.since >= 0, implies(charges.since > 0, since))


@_invariant
def log_agrees(world: World, profile: Profile) -> Truth:
    _ = profile
    ghosts, state = world.ghosts, world.box
    run = every(same(state.refusals, ghosts.run), same(state.refusals_written, ghosts.run_written))
    counts = every(ghosts.run_written >= 0, ghosts.run_written <= ghosts.run, implies(ghosts.run > 0, ghosts.entries > 0))
    cause = implies(ghosts.run > 0, same(state.refused_while_disabled, ghosts.run_disabled))
    return every(same(state.next_entry, ghosts.entries + 1), ghosts.entries >= 0, run, counts, cause)


@_invariant
def receipt_agrees(world: World, profile: Profile) -> Truth:
    _ = profile
    receipt, entry = world.receipt, world.entry
    lines = implies(no(receipt.received), every(same(receipt.lines, 0), same(receipt.notifications, 0)))
    got = every(
        entry.written,
        implies(entry.opening, same(receipt.lines, 1)),
        implies(no(entry.opening), same(receipt.lines, 0)),
        implies(every(entry.opening, entry.connect), same(receipt.notifications, 1)),
        implies(no(every(entry.opening, entry.connect)), same(receipt.notifications, 0)),
    )
    return every(same(receipt.received, world.ghosts.received), lines, implies(receipt.received, got))


@_invariant
def instants_are_not_negative(world: World, profile: Profile) -> Truth:
    """The day lies after 1970 and ends after it begins; nothing was decided, and the authority asked nothing, before 1970."""
    _ = profile
    day = every(world.code.day_start >= 0, world.code.day_start < world.code.day_end)
    return every(day, world.ghosts.last_decision >= 0, world.observer >= 0, world.authority >= 0)
