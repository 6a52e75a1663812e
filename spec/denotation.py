"""What people are entitled to, as sets of instants: over what was put in and what came out, never over the model's state.

This is the standard said a second time, independently of the model's guards. The theorems hold the two together. It may
read the world's ghosts, what clocks show (the box's, its timer, the authority's), the constants of a credential and the profile.
"""

from __future__ import annotations

from typing import Any

from lockproof.spec.profile import Profile
from lockproof.spec.vocabulary import Instant, Truth, choose, earlier, either, every, no, same
from lockproof.spec.world import Charges, World

Reasons = dict[str, Truth]  # clause id -> it forbids what was asked


def is_ready(world: World) -> Truth:
    """The time was set, has not been lost since, and the clock is not behind the last decision."""
    return every(world.ghosts.time_known, no(world.box.clock < world.ghosts.last_decision))


def is_enabled(world: World, profile: Profile) -> Truth:
    """The keypad, now: one more charge is within the bound."""
    return one_more_fits(world.ghosts.keypad, world.box.clock, profile)


def pin_is_enabled(world: World, profile: Profile) -> Truth:
    """The PIN of our person, now, by the authority's clock: one more charge is within the bound."""
    return one_more_fits(world.ghosts.pin, world.authority, profile)


def one_more_fits(charges: Charges, now: Instant, profile: Profile) -> Truth:
    """One more charge now fills no stretch of time, from the start of the busy period on, beyond burst and refill."""
    return no(charges.busy_start + charges.busy > now + profile.keypad_tolerance)


def code_end(world: World, profile: Profile) -> Instant:
    """The instant at which a code's entitlement is over, as things stand."""
    return _end(world.code.day_end, world.ghosts.code_used, world.ghosts.first_use, profile)


def code_is_entitled(world: World, instant: Instant, profile: Profile) -> Truth:
    """Unused: all of its day. Used: from first use until its end."""
    ghosts, code = world.ghosts, world.code
    return entitles(code.day_start, code.day_end, ghosts.code_used, ghosts.first_use, instant, profile)


def entitles(day_start: Instant, day_end: Instant, used: Truth, first_use: Instant, instant: Instant, profile: Profile) -> Truth:
    """A code of that day entitles at that instant."""
    begin = choose(used, first_use, day_start)
    return every(no(instant < begin), no(instant >= _end(day_end, used, first_use, profile)))


def _end(day_end: Instant, used: Truth, first_use: Instant, profile: Profile) -> Instant:
    hour = first_use + profile.code_life
    after_use = choose(profile.code_ends_with_its_day, earlier(hour, day_end), hour)
    return choose(used, after_use, day_end)  # type: ignore[no-any-return]


def window_holds(start: Instant, end: Instant, instant: Instant) -> Truth:
    return every(no(instant < start), no(instant >= end))


def ticket_is_live(world: World, nonce: Any, profile: Profile) -> Truth:
    """It answers the newest nonce, which nothing has consumed and no power cut forgotten, before a ticket life is over."""
    ghosts = world.ghosts
    return every(ghosts.nonce_open, same(nonce, ghosts.nonce), no(ghosts.nonce_age >= profile.ticket_life))


# Why not: for each kind of request, the clauses that forbid it


def entry_reasons(world: World, profile: Profile, ours: Truth, matches: Truth, other: Any) -> Reasons:
    """An entry of digits, made now."""
    looked_at = every(is_ready(world), is_enabled(world, profile))
    digits = digits_reasons(world, profile, ours, matches, other, world.box.clock)
    return charge_reasons(world, profile) | {clause: every(looked_at, forbids) for clause, forbids in digits.items()}


def charge_reasons(world: World, profile: Profile) -> Reasons:
    """Any digits at all, entered now."""
    ready, enabled = is_ready(world), is_enabled(world, profile)
    return {"box.ready": no(ready), "box.wrong-entry.bound": every(ready, no(enabled))}


def digits_reasons(world: World, profile: Profile, ours: Truth, matches: Truth, other: Any, instant: Instant) -> Reasons:
    """Digits that are looked at, decided at `instant`."""
    used = choose(ours, world.ghosts.code_used, other.used)
    first_use = choose(ours, world.ghosts.first_use, other.first_use)
    day_start = choose(ours, world.code.day_start, other.day_start)
    day_end = choose(ours, world.code.day_end, other.day_end)
    outside = either(instant < day_start, instant >= day_end)
    day_over = every(profile.code_ends_with_its_day, used, instant >= day_end)
    return {
        "code.digits": no(matches),
        "code.day": every(matches, either(every(no(used), outside), day_over)),
        "code.expiry.after-first-use": every(matches, used, instant >= first_use + profile.code_life),
    }


def ticket_reasons(world: World, profile: Profile, ours: Truth, other: Any, other_heard: Truth) -> Reasons:
    """A ticket, presented now."""
    ticket = choose(ours, world.ticket, other)
    heard = choose(ours, world.ghosts.heard, other_heard)
    window = window_holds(ticket.window_start, ticket.window_end, world.box.clock)
    return {
        "box.authentic": no(ticket.authentic),
        "box.ready": no(is_ready(world)),
        "connect.ticket": every(ticket.authentic, no(ticket_is_live(world, ticket.nonce, profile))),
        "connect.revoke.bound": every(ticket.authentic, heard),
        "connect.window.bounds": every(ticket.authentic, is_ready(world), no(window)),
    }


def time_order_reasons(world: World, profile: Profile, ours: Truth, other: Any) -> Reasons:
    """A time order, arriving now."""
    order = choose(ours, world.order, other)
    backward = order.value < world.ghosts.last_decision
    stale = no(ticket_is_live(world, order.nonce, profile))
    return {
        "box.authentic": no(order.authentic),
        "box.clock.never-back": every(order.authentic, either(stale, backward)),
    }


def issue_reasons(world: World, registered: Truth) -> Reasons:
    """A ticket asked for, now."""
    ghosts = world.ghosts
    return {
        "connect.account": either(no(ghosts.granted), no(registered)),
        "connect.property": ghosts.moved,
        "connect.revoke.bound": ghosts.revoked,
    }


def grant_reasons(world: World, profile: Profile, asked: Any) -> Reasons:
    """A Connect grant asked for, now; `asked` has the arguments of `grant_is_asked_for`."""
    length = asked["window_end"] - asked["window_start"]
    return {
        "eligibility.consumer-never": asked["recipient"].consumer,
        "eligibility.connect-realtor": no(asked["recipient"].realtor),
        "connect.grantor": either(no(asked["by_grantor"]), no(asked["assigned"])),
        "connect.recipient-email": no(asked["email_named"]),
        "connect.window.length": either(length < profile.window_shortest, length > profile.window_longest),
        "connect.window.not-over": world.authority >= asked["window_end"],
    }


def code_reasons(profile: Profile, asked: Any) -> Reasons:
    """A One Day Code asked for; `asked` has the arguments of `code_is_asked_for`."""
    ahead = asked["days_ahead"]
    return {
        "eligibility.consumer-never": asked["recipient"].consumer,
        "eligibility.code-seller-permission": every(no(asked["seller_permission"]), no(asked["recipient"].realtor)),
        "eligibility.board": no(asked["let_in"]),
        "code.grantor": either(no(asked["by_grantor"]), no(asked["assigned"])),
        "code.pin": no(asked["pin_accepted"]),
        "code.record": no(asked["named"]),
        "code.date": either(ahead < 0, ahead > profile.code_days_ahead),
        "code.index": no(asked["index_free"]),
    }


def pin_reasons(world: World, profile: Profile, asked: Any) -> Reasons:
    """A PIN entered, now."""
    enabled = pin_is_enabled(world, profile)
    return {"box.wrong-entry.bound": no(enabled), "code.pin": every(enabled, no(asked["matches"]))}


def revocation_reasons(world: World, by_grantor: Truth) -> Reasons:
    """Revocation of our grant asked for, now."""
    return {"connect.revoke.any-time": either(no(world.ghosts.granted), no(by_grantor))}
