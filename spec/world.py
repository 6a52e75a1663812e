"""Everything that can happen around one box, one code, one grant, one ticket, one time order, one person's PIN and one log entry.

Each is an arbitrary one, and what is proved of an arbitrary one holds for all. Time is told three times: true time, which
nobody knows; the authority's clock; and the box's. A message is under way from the event that makes it until nobody holds it
out any more: it may arrive late, after a younger one, any number of times, or never.

Beside the model's state the world remembers, as ghosts, what was put in and what came out; nothing in the model reads a
ghost, and the denotation reads nothing else but what clocks show.

An event is a function of the world, the profile and its own arguments; its premise says when it can happen at all. The
environment's premises are the named assumptions of `chapters/assumptions.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from lockproof.spec.model import authority
from lockproof.spec.model import box as model
from lockproof.spec.model.authority import Grant, Receipt, Recipient
from lockproof.spec.profile import Profile
from lockproof.spec.vocabulary import (
    Instant,
    Number,
    Outcome,
    Seconds,
    Truth,
    choose,
    either,
    every,
    implies,
    no,
    same,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One arbitrary entry of the log, once it was written."""

    written: Truth
    connect: Truth
    opening: Truth


@dataclass(frozen=True, slots=True)
class Charges:
    """What was charged to one wrong-entry bound and not refunded, each charge one refill: of a keypad, or of a person's PIN.

    In seconds of the clock by which the bound counts, that of the box or that of the authority.
    """

    busy_start: Instant  # of the stretch in which something charged was still to be given back
    busy: Seconds  # in that stretch
    since: Seconds  # at or after the observer's instant


@dataclass(frozen=True, slots=True)
class Ghosts:
    """What was put in and what came out."""

    code_used: Truth
    first_use: Instant  # box time
    first_use_true: Instant
    last_decision: Instant  # box time
    time_known: Truth
    entering: Truth
    entered_true: Instant
    heard: Truth
    granted: Truth
    revoked: Truth
    moved: Truth
    ended: Truth
    ended_at: Instant  # true time
    ended_shown: Instant  # what the authority's clock showed then
    nonce: Number
    nonce_open: Truth
    nonce_age: Seconds  # by the box's timer
    nonce_made: Instant  # true time
    issued: Truth
    issued_at: Instant  # true time
    ticket_openings: Number
    order_issued: Truth
    order_issued_at: Instant  # true time
    order_takings: Number
    answers: Number  # tickets and time orders taken for the newest nonce
    keypad: Charges
    pin: Charges
    entries: Number
    run: Number  # refusals in the newest entry
    run_written: Number
    run_disabled: Truth
    received: Truth


@dataclass(frozen=True, slots=True)
class World:
    true: Instant
    authority: Instant  # what its clock shows
    box: model.Box
    code: model.Code
    heard: Truth
    grant: Grant
    ticket: model.Ticket
    order: model.TimeOrder
    pin: Instant  # how far the wrong-entry bound of one person's PIN is charged
    entry: Entry
    receipt: Receipt
    ghosts: Ghosts
    observer: Instant  # any instant from which charges are counted


@dataclass(frozen=True, slots=True)
class Happened:
    """An event that happened: what it needs to happen at all, the world after it, its outcome and its arguments."""

    name: str
    premise: Truth
    after: World
    outcome: Outcome
    given: dict[str, Any]


Event = Callable[..., tuple[Truth, World, Outcome]]
EVENTS: dict[str, Event] = {}
_SHOWN = ("logged", "counted", "notified", "reported")


def _event(function: Event) -> Event:
    EVENTS[function.__name__] = function
    return function


def initial(world: World, profile: Profile) -> Truth:
    """The worlds in which everything begins: a box just provisioned, nothing issued, granted, used or heard."""
    return every(
        box_begins(world.box),
        no(world.code.used),
        same(world.code.first_use, 0),
        no(world.heard),
        no(world.grant.granted),
        no(world.grant.revoked),
        no(world.grant.moved),
        no(world.entry.written),
        no(world.receipt.received),
        same(world.receipt.notifications, 0),
        same(world.receipt.lines, 0),
        world.code.day_start < world.code.day_end,
        world.code.day_start >= 0,
        world.observer >= 0,
        world.box.clock >= 0,
        world.authority >= 0,
        authority_is_accurate(world, profile),
        same(world.pin, 0),
        nothing_yet(world.ghosts, world.box),
    )


def nothing_yet(ghosts: Ghosts, box: model.Box) -> Truth:
    """Nothing was put in and nothing came out."""
    nothing = (ghosts.code_used, ghosts.time_known, ghosts.entering, ghosts.heard, ghosts.granted, ghosts.revoked, ghosts.moved)
    no_message = (ghosts.ended, ghosts.nonce_open, ghosts.issued, ghosts.order_issued, ghosts.received)
    zero = (ghosts.last_decision, ghosts.ticket_openings, ghosts.order_takings, ghosts.answers, ghosts.entries, ghosts.run)
    return every(
        *(no(truth) for truth in (*nothing, *no_message)),
        *(same(number, 0) for number in (*zero, ghosts.run_written)),
        *(same(charges, Charges(0, 0, 0)) for charges in (ghosts.keypad, ghosts.pin)),
        same(ghosts.nonce, box.nonce),
    )


def box_begins(box: model.Box) -> Truth:
    """A box that has neither the time nor a nonce, owes nothing, has decided nothing and logs from number 1."""
    nothing = (no(truth) for truth in (box.time_known, box.nonce_open, box.entering))
    zero = (same(number, 0) for number in (box.mark, box.arrival, box.refusals, box.refusals_written))
    return every(*nothing, *zero, same(box.next_entry, 1))


# Assumptions about the environment


def clock_is_accurate(world: World, profile: Profile) -> Truth:
    """`clock-within-skew`: a clock that the box may trust is within the declared skew of true time."""
    trusted = every(world.ghosts.time_known, world.box.clock >= world.ghosts.last_decision)
    return implies(trusted, _within(world.box.clock, world.true, profile.clock_skew))


def timer_is_accurate(world: World, profile: Profile) -> Truth:
    """`timer-within-drift`: over one ticket life the box's timer is within the declared drift of true time."""
    elapsed = world.true - world.ghosts.nonce_made
    short = either(world.ghosts.nonce_age <= profile.ticket_life, elapsed <= profile.ticket_life)
    return implies(every(world.ghosts.nonce_open, short), _within(world.ghosts.nonce_age, elapsed, profile.timer_drift))


def authority_is_accurate(world: World, profile: Profile) -> Truth:
    """`authority-clock`: the authority's clock is within the declared skew of true time."""
    return _within(world.authority, world.true, profile.authority_skew)


def orders_are_good_enough(profile: Profile) -> Truth:
    """A time order taken at the last second of its life still sets a clock within the declared skew of the box."""
    return profile.ticket_life + profile.timer_drift + profile.authority_skew <= profile.clock_skew


def _within(one: Instant, other: Instant, distance: Seconds) -> Truth:
    return every(one - other <= distance, other - one <= distance)


# Time and power


@_event
def time_passes(
    world: World, profile: Profile, true: Instant, authority: Instant, clock: Instant, timer: Seconds
) -> tuple[Truth, World, Outcome]:
    """True time, the authority's clock, the box's clock and its timer go on, each at its own pace."""
    age = world.ghosts.nonce_age + (timer - world.box.timer)
    after = replace(
        world,
        true=true,
        authority=authority,
        box=replace(world.box, clock=clock, timer=timer),
        ghosts=replace(world.ghosts, nonce_age=age),
    )
    forward = every(clock >= world.box.clock, timer >= world.box.timer, _goes_on(world, after, profile))
    return every(forward, clock_is_accurate(after, profile), timer_is_accurate(after, profile)), after, Outcome(True)


@_event
def clock_jumps(world: World, profile: Profile, clock: Instant) -> tuple[Truth, World, Outcome]:
    """The clock shows something else, also something earlier, and the box does not know."""
    after = replace(world, box=replace(world.box, clock=clock))
    return every(clock >= 0, clock_is_accurate(after, profile)), after, Outcome(True)


@_event
def power_fails(
    world: World, profile: Profile, true: Instant, authority: Instant, clock: Instant, off_for: Seconds, kept: Number
) -> tuple[Truth, World, Outcome]:
    """Power fails, at any moment, also between the charge of an entry and its decision, and comes back."""
    state, outcome = model.lose_power(world.box, clock, off_for, kept, profile)
    ghosts = world.ghosts
    known = every(ghosts.time_known, no(off_for > profile.holdover), no(clock < ghosts.last_decision))
    vanished = every(ghosts.run > 0, kept <= 0)
    after = replace(
        world,
        true=true,
        authority=authority,
        box=state,
        ghosts=replace(
            ghosts,
            time_known=known,
            entering=False,
            nonce_open=False,
            entries=choose(vanished, ghosts.entries - 1, ghosts.entries),
            run=kept,
            run_written=kept,
        ),
    )
    possible = every(clock >= 0, off_for >= 0, ghosts.run_written <= kept, kept <= ghosts.run)
    return every(possible, _goes_on(world, after, profile), clock_is_accurate(after, profile)), after, outcome


def _goes_on(before: World, after: World, profile: Profile) -> Truth:
    """Neither true time nor the authority's clock goes back, and the one stays near the other."""
    forward = every(after.true >= before.true, after.authority >= before.authority)
    return every(forward, authority_is_accurate(after, profile))


@_event
def refusals_are_written(world: World, profile: Profile) -> tuple[Truth, World, Outcome]:  # noqa: ARG001 (events are alike)
    """The count of refusals becomes durable."""
    state, outcome = model.write_refusals(world.box)
    return True, replace(world, box=state, ghosts=replace(world.ghosts, run_written=world.ghosts.run)), outcome


# At the keypad


@_event
def entry_is_charged(world: World, profile: Profile) -> tuple[Truth, World, Outcome]:
    """Digits are entered, and charged before they are looked at."""
    state, outcome = model.charge_entry(world.box, profile)
    return no(world.ghosts.entering), _after_charge(replace(world, box=state), world, outcome, profile), outcome


@_event
def entry_is_decided(
    world: World, profile: Profile, ours: Truth, matches: Truth, other: model.Code, remember: Truth
) -> tuple[Truth, World, Outcome]:
    """The charged digits are those of our code, of another, or of none."""
    after, outcome = _decide(world, profile, ours, matches, other, remember)
    return world.ghosts.entering, after, outcome


@_event
def entry_is_made(
    world: World, profile: Profile, ours: Truth, matches: Truth, other: model.Code, remember: Truth
) -> tuple[Truth, World, Outcome]:
    """Charge and decision together, with no power cut between; it shows whatever either of them shows."""
    state, charge = model.charge_entry(world.box, profile)
    charged = _after_charge(replace(world, box=state), world, charge, profile)
    decided, decision = _decide(charged, profile, ours, matches, other, remember)
    examined = charge.accepted
    outcome = Outcome(
        accepted=every(examined, decision.accepted),
        needs=(*charge.needs, *(replace(need, applies=every(examined, need.applies)) for need in decision.needs)),
        entitled_by=decision.entitled_by,
        **{flag: either(getattr(charge, flag), every(examined, getattr(decision, flag))) for flag in _SHOWN},
    )
    return no(world.ghosts.entering), choose(examined, decided, charged), outcome


def _after_charge(after: World, before: World, outcome: Outcome, profile: Profile) -> World:
    ghosts = _seen(before)
    charged = replace(
        ghosts,
        entering=True,
        entered_true=before.true,
        last_decision=before.box.clock,
        keypad=_charged(ghosts.keypad, before.box.clock, before.observer, profile),
    )
    return replace(after, ghosts=choose(outcome.accepted, charged, _counted(ghosts, ghosts.time_known)))


def _decide(
    world: World, profile: Profile, ours: Truth, matches: Truth, other: model.Code, remember: Truth
) -> tuple[World, Outcome]:
    code = choose(ours, world.code, other)
    state, used, outcome = model.decide_entry(world.box, code, matches, profile)
    ghosts, opened = world.ghosts, outcome.accepted
    first = every(ours, opened, no(ghosts.code_used))
    refunded = _refunded(ghosts.keypad, ghosts.last_decision, world.observer, profile)
    seen = replace(
        _logged(ghosts),
        entering=False,
        code_used=either(ghosts.code_used, first),
        first_use=choose(first, ghosts.last_decision, ghosts.first_use),
        first_use_true=choose(first, ghosts.entered_true, ghosts.first_use_true),
        keypad=choose(opened, refunded, ghosts.keypad),
    )
    after = replace(world, box=state, code=choose(ours, used, world.code), ghosts=seen)
    return _remember(after, remember, outcome.logged, connect=False, opening=opened), outcome


# At the app


@_event
def challenge_is_made(world: World, profile: Profile) -> tuple[Truth, World, Outcome]:  # noqa: ARG001 (events are alike)
    """The box makes a fresh nonce."""
    state, outcome = model.challenge(world.box)
    number = world.ghosts.nonce + 1
    ghosts = replace(world.ghosts, nonce=number, nonce_open=True, nonce_age=0, nonce_made=world.true, answers=0)
    return True, replace(world, box=state, ghosts=ghosts), outcome


@_event
def ticket_is_issued(
    world: World,
    profile: Profile,  # noqa: ARG001 (events are alike)
    nonce: Number,
    registered: Truth,
    remember: Truth,
) -> tuple[Truth, World, Outcome]:
    """A ticket is asked for our grant and becomes our ticket, if we choose; it answers a nonce that exists (`nonce-fresh`)."""
    grant, outcome = authority.issue_ticket(world.grant, registered)
    ours = every(outcome.accepted, remember)
    fresh = model.Ticket(window_start=grant.window_start, window_end=grant.window_end, nonce=nonce, authentic=True)
    ghosts = replace(
        world.ghosts,
        issued=either(world.ghosts.issued, ours),
        issued_at=choose(ours, world.true, world.ghosts.issued_at),
        ticket_openings=choose(ours, 0, world.ghosts.ticket_openings),
    )
    after = replace(world, grant=grant, ticket=choose(ours, fresh, world.ticket), ghosts=ghosts)
    return nonce <= world.ghosts.nonce, after, outcome


@_event
def ticket_is_presented(
    world: World, profile: Profile, ours: Truth, other: model.Ticket, other_heard: Truth, remember: Truth
) -> tuple[Truth, World, Outcome]:
    """Our ticket is held out to the box, or any other: of another grant, an old one, a forged one."""
    ticket = choose(ours, world.ticket, other)
    heard = choose(ours, world.heard, other_heard)
    state, outcome = model.present_ticket(world.box, heard, ticket, profile)
    ghosts, opened = world.ghosts, outcome.accepted
    seen, judged = _seen(world), every(ticket.authentic, _trusts_time(world))
    decided = replace(
        _logged(seen),
        last_decision=world.box.clock,
        nonce_open=every(ghosts.nonce_open, no(opened)),
        ticket_openings=ghosts.ticket_openings + choose(every(ours, opened), 1, 0),
        answers=ghosts.answers + choose(opened, 1, 0),
    )
    unready = choose(ticket.authentic, _counted(seen, False), ghosts)
    after = replace(world, box=state, ghosts=choose(judged, decided, unready))
    premise = every(no(ghosts.entering), implies(ours, ghosts.issued))
    return premise, _remember(after, remember, outcome.logged, connect=True, opening=opened), outcome


@_event
def grant_is_asked_for(
    world: World,
    profile: Profile,
    recipient: Recipient,
    window_start: Instant,
    window_end: Instant,
    by_grantor: Truth,
    assigned: Truth,
    email_named: Truth,
) -> tuple[Truth, World, Outcome]:
    """Our grant is asked for; nobody is both a REALTOR and a consumer."""
    grant, outcome = authority.grant_connect(
        world.grant, recipient, window_start, window_end, by_grantor, assigned, email_named, world.authority, profile
    )
    ghosts = replace(world.ghosts, granted=either(world.ghosts.granted, outcome.accepted))
    return no(world.ghosts.granted), replace(world, grant=grant, ghosts=ghosts), outcome


@_event
def grant_is_revoked(world: World, profile: Profile, by_grantor: Truth) -> tuple[Truth, World, Outcome]:  # noqa: ARG001
    """Somebody asks for the revocation of our grant."""
    grant, outcome = authority.revoke_grant(world.grant, by_grantor, world.authority)
    ends = outcome.accepted
    ghosts = replace(_ended(world, ends), revoked=either(world.ghosts.revoked, ends))
    return True, replace(world, grant=grant, ghosts=ghosts), outcome


@_event
def box_is_moved(world: World, profile: Profile) -> tuple[Truth, World, Outcome]:  # noqa: ARG001 (events are alike)
    """The box is taken off its property, or given to another."""
    grant, outcome = authority.move_box(world.grant, world.authority)
    ghosts = replace(_ended(world, world.ghosts.granted), moved=either(world.ghosts.moved, world.ghosts.granted))
    return True, replace(world, grant=grant, ghosts=ghosts), outcome


@_event
def revocation_is_heard(world: World, profile: Profile, ours: Truth, authentic: Truth) -> tuple[Truth, World, Outcome]:  # noqa: ARG001
    """A revocation order reaches the box; an authentic one for our grant exists only once that has ended (`mac-unforgeable`)."""
    heard, outcome = model.hear_revocation(choose(ours, world.heard, False), authentic)
    reached = every(ours, authentic)
    ghosts = replace(world.ghosts, heard=either(world.ghosts.heard, reached))
    after = replace(world, heard=choose(ours, heard, world.heard), ghosts=ghosts)
    return implies(reached, world.ghosts.ended), after, outcome


@_event
def time_order_is_issued(
    world: World,
    profile: Profile,  # noqa: ARG001 (events are alike)
    nonce: Number,
    remember: Truth,
) -> tuple[Truth, World, Outcome]:
    """A time order is made, and becomes our time order, if we choose; it answers a nonce that exists (`nonce-fresh`)."""
    fresh = model.TimeOrder(value=world.authority, nonce=nonce, authentic=True)
    ghosts = replace(
        world.ghosts,
        order_issued=either(world.ghosts.order_issued, remember),
        order_issued_at=choose(remember, world.true, world.ghosts.order_issued_at),
        order_takings=choose(remember, 0, world.ghosts.order_takings),
    )
    after = replace(world, order=choose(remember, fresh, world.order), ghosts=ghosts)
    return nonce <= world.ghosts.nonce, after, Outcome(True)


@_event
def time_order_arrives(world: World, profile: Profile, ours: Truth, other: model.TimeOrder) -> tuple[Truth, World, Outcome]:
    """Our time order reaches the box, or any other: an old one, a forged one, a younger one.

    That ours sets a clock within its skew is proved, where the profile leaves room for the age of an order; of any other,
    and of a profile that does not, it is assumed (`clock-within-skew`).
    """
    state, outcome = model.take_time_order(world.box, choose(ours, world.order, other), profile)
    ghosts, value = world.ghosts, choose(ours, world.order.value, other.value)
    takings = ghosts.order_takings + choose(ours, 1, 0)
    taken = replace(
        ghosts, time_known=True, last_decision=value, nonce_open=False, order_takings=takings, answers=ghosts.answers + 1
    )
    after = replace(world, box=state, ghosts=choose(outcome.accepted, taken, ghosts))
    accurate = either(every(ours, orders_are_good_enough(profile)), clock_is_accurate(after, profile))
    return every(no(ghosts.entering), implies(ours, ghosts.order_issued), accurate), after, outcome


# One Day Code at the authority


@_event
def code_is_asked_for(
    world: World,
    profile: Profile,
    recipient: Recipient,
    seller_permission: Truth,
    by_grantor: Truth,
    assigned: Truth,
    pin_accepted: Truth,
    named: Truth,
    days_ahead: Number,
    index_free: Truth,
    let_in: Truth,
) -> tuple[Truth, World, Outcome]:
    """A code is asked for."""
    outcome = authority.generate_code(
        recipient, seller_permission, by_grantor, assigned, pin_accepted, named, days_ahead, index_free, let_in, profile
    )
    return True, world, outcome


@_event
def code_revocation_is_asked_for(world: World, profile: Profile, by_grantor: Truth) -> tuple[Truth, World, Outcome]:  # noqa: ARG001
    """Somebody asks for the revocation of a code."""
    return True, world, authority.revoke_code(by_grantor)


@_event
def pin_is_entered(world: World, profile: Profile, matches: Truth) -> tuple[Truth, World, Outcome]:
    """Our person's PIN is entered at the authority; it was looked at unless it was refused for the bound."""
    arrival, outcome = authority.enter_pin(world.pin, matches, world.authority, profile)
    looked_at = no(either(*(need.forbids for need in outcome.needs if need.clause == "box.wrong-entry.bound")))
    charged = _charged(world.ghosts.pin, world.authority, world.observer, profile)
    pins = choose(every(looked_at, no(outcome.accepted)), charged, world.ghosts.pin)
    return True, replace(world, pin=arrival, ghosts=replace(world.ghosts, pin=pins)), outcome


# What comes back


@_event
def entry_arrives(world: World, profile: Profile) -> tuple[Truth, World, Outcome]:  # noqa: ARG001 (events are alike)
    """Our log entry reaches the authority, for the first time or again (`log-unaltered`)."""
    receipt, outcome = authority.receive_entry(world.receipt, world.entry.connect, world.entry.opening)
    after = replace(world, receipt=receipt, ghosts=replace(world.ghosts, received=True))
    return world.entry.written, after, outcome


# Ghosts


def _trusts_time(world: World) -> Truth:
    return every(world.ghosts.time_known, no(world.box.clock < world.ghosts.last_decision))


def _seen(world: World) -> Ghosts:
    """A presentation finds out whether the time is known."""
    return replace(world.ghosts, time_known=_trusts_time(world))


def _charged(charges: Charges, now: Instant, observer: Instant, profile: Profile) -> Charges:
    """One charge more, now: in the busy stretch, or, where all was given back, as the first of a new one."""
    idle, one = charges.busy_start + charges.busy <= now, profile.keypad_refill
    return Charges(
        busy_start=choose(idle, now, charges.busy_start),
        busy=choose(idle, 0, charges.busy) + one,
        since=charges.since + choose(now >= observer, one, 0),
    )


def _refunded(charges: Charges, at: Instant, observer: Instant, profile: Profile) -> Charges:
    """The newest charge taken back, which was made `at`."""
    one = profile.keypad_refill
    return replace(charges, busy=charges.busy - one, since=charges.since - choose(at >= observer, one, 0))


def _logged(ghosts: Ghosts) -> Ghosts:
    return replace(ghosts, entries=ghosts.entries + 1, run=0, run_written=0)


def _counted(ghosts: Ghosts, disabled: Truth) -> Ghosts:
    goes_on = every(no(ghosts.run <= 0), same(ghosts.run_disabled, disabled))
    return replace(
        ghosts,
        entries=ghosts.entries + choose(goes_on, 0, 1),
        run=choose(goes_on, ghosts.run, 0) + 1,
        run_written=choose(goes_on, ghosts.run_written, 0),
        run_disabled=disabled,
    )


def _ended(world: World, ends: Truth) -> Ghosts:
    first = every(ends, no(world.ghosts.ended))
    return replace(
        world.ghosts,
        ended=either(world.ghosts.ended, ends),
        ended_at=choose(first, world.true, world.ghosts.ended_at),
        ended_shown=choose(first, world.authority, world.ghosts.ended_shown),
    )


def _remember(world: World, remember: Truth, logged: Truth, connect: Truth, opening: Truth) -> World:
    """From now on this decision's entry is our entry, if we choose so and have none yet."""
    ours = every(remember, logged, no(world.entry.written))
    entry = Entry(written=True, connect=connect, opening=opening)
    return replace(world, entry=choose(ours, entry, world.entry))
