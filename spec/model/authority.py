"""The authority: who is given what, who may take it back, and what is told to whom.

Facts about people and boxes (is this a grantor of that box, is the PIN right, is an index free) come in as truths; what
follows from them is decided here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lockproof.spec.model import limiter
from lockproof.spec.profile import Profile
from lockproof.spec.vocabulary import Instant, Need, Number, Outcome, Seconds, Truth, choose, either, every, named, no, satisfied


@dataclass(frozen=True, slots=True)
class Recipient:
    """What is known of the person who is to be let in. Nobody is both a REALTOR and a consumer."""

    consumer: Truth
    realtor: Truth


@dataclass(frozen=True, slots=True)
class Grant:
    """A Connect grant as the authority keeps it. `ended_at` is the instant at which it was first revoked or its box moved."""

    granted: Truth
    window_start: Instant
    window_end: Instant
    revoked: Truth
    moved: Truth  # its box was unassigned or reassigned
    ended_at: Instant


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the authority has made of one log entry of one box (key: box, log epoch, number)."""

    received: Truth
    notifications: Number
    lines: Number


# Connect


def grant_connect(
    grant: Grant,
    recipient: Recipient,
    window_start: Instant,
    window_end: Instant,
    by_grantor: Truth,
    assigned: Truth,
    email_named: Truth,
    now: Instant,
    profile: Profile,
) -> tuple[Grant, Outcome]:
    """A Connect grant is asked for, under an id of its own."""
    length: Seconds = window_end - window_start
    needs = (
        Need("eligibility.consumer-never", "recipient is no consumer", no(named("a consumer", recipient.consumer))),
        Need("eligibility.connect-realtor", "recipient is a REALTOR", named("a REALTOR", recipient.realtor)),
        Need("connect.grantor", "by a grantor", named("by a grantor", by_grantor)),
        Need("connect.grantor", "box assigned to a property", named("box assigned to a property", assigned)),
        Need("connect.recipient-email", "recipient named by email", named("recipient named by email", email_named)),
        Need("connect.window.length", "not too short", named("not too short", length >= profile.window_shortest)),
        Need("connect.window.length", "not too long", named("not too long", length <= profile.window_longest)),
        Need("connect.window.not-over", "window still to end", named("window still to end", now < window_end)),
    )
    granted = satisfied(needs)
    fresh = Grant(granted=True, window_start=window_start, window_end=window_end, revoked=False, moved=False, ended_at=0)
    return choose(granted, fresh, grant), Outcome(granted, needs, reported=granted)


def issue_ticket(grant: Grant, registered: Truth) -> tuple[Grant, Outcome]:
    """The app asks for a ticket at the box. Whatever the window: that is for the box to decide (`connect.window.bounds`)."""
    needs = (
        Need(
            "connect.account",
            "granted to this registered account",
            every(named("granted", grant.granted), named("to this registered account", registered)),
        ),
        Need("connect.property", "box still at that property", no(named("box moved", grant.moved))),
        Need("connect.revoke.bound", "not revoked", no(named("revoked", grant.revoked))),
    )
    return grant, Outcome(satisfied(needs), needs)


def revoke_grant(grant: Grant, by_grantor: Truth, now: Instant) -> tuple[Grant, Outcome]:
    """Revocation is asked for: before, during or after the window; a second one is accepted and adds no line."""
    needs = (
        Need("connect.revoke.any-time", "something was granted", named("granted", grant.granted)),
        Need("connect.revoke.any-time", "by a grantor", named("by a grantor", by_grantor)),
    )
    accepted = satisfied(needs)
    before = named("revoked before", grant.revoked)
    after = replace(grant, revoked=either(before, accepted), ended_at=_ended_at(grant, accepted, now))
    return after, Outcome(accepted, needs, reported=every(accepted, no(before)))


def move_box(grant: Grant, now: Instant) -> tuple[Grant, Outcome]:
    """The grant's box is unassigned or reassigned; the grant stays ended when it comes back (`connect.property`)."""
    granted = named("granted", grant.granted)
    after = replace(grant, moved=either(grant.moved, granted), ended_at=_ended_at(grant, granted, now))
    return after, Outcome(True)


def ended(grant: Grant) -> Truth:
    """A revocation order goes to the box for a grant that is ended, for whichever reason."""
    return either(named("revoked", grant.revoked), named("box moved", grant.moved))


def _ended_at(grant: Grant, ends: Truth, now: Instant) -> Instant:
    return choose(every(ends, no(ended(grant))), now, grant.ended_at)  # type: ignore[no-any-return]


# One Day Code


def generate_code(
    recipient: Recipient,
    seller_permission: Truth,
    by_grantor: Truth,
    assigned: Truth,
    pin_accepted: Truth,
    has_name: Truth,
    days_ahead: Number,
    index_free: Truth,
    let_in: Truth,
    profile: Profile,
) -> Outcome:
    """A One Day Code is asked for, for the day `days_ahead` calendar days after today."""
    needs = (
        Need("eligibility.consumer-never", "recipient is no consumer", no(named("a consumer", recipient.consumer))),
        Need(
            "eligibility.code-seller-permission",
            "seller's written permission, or a REALTOR",
            either(named("seller's written permission", seller_permission), named("a REALTOR", recipient.realtor)),
        ),
        Need("eligibility.board", "of a kind that the board lets in", named("of a kind that the board lets in", let_in)),
        Need("code.grantor", "by a grantor", named("by a grantor", by_grantor)),
        Need("code.grantor", "box assigned to a property", named("box assigned to a property", assigned)),
        Need("code.pin", "the right PIN", named("PIN accepted", pin_accepted)),
        Need("code.record", "a name is recorded", named("a name is recorded", has_name)),
        Need("code.date", "today or later", named("today or later", days_ahead >= 0)),
        Need("code.date", "not too far ahead", named("not too far ahead", days_ahead <= profile.code_days_ahead)),
        Need("code.index", "an index is free", named("an index is free", index_free)),
    )
    issued = satisfied(needs)
    return Outcome(issued, needs, reported=issued)


def revoke_code(by_grantor: Truth) -> Outcome:
    """Revocation of a One Day Code is asked for: always refused; a grantor's request is reported as refused."""
    return Outcome(False, (Need("code.irrevocable", "can be revoked", False),), reported=named("by a grantor", by_grantor))


def enter_pin(arrival: Instant, matches: Truth, now: Instant, profile: Profile) -> tuple[Instant, Outcome]:
    """A PIN is entered; wrong ones are bounded as wrong entries at a keypad are. `arrival` is kept per person."""
    examined = limiter.enabled(arrival, now, profile)
    needs = (
        Need("box.wrong-entry.bound", "PIN entry enabled", examined),
        Need("code.pin", "the right PIN", named("the right PIN", matches), applies=examined),
    )
    accepted = satisfied(needs)
    charged = limiter.charged(arrival, now, profile)
    return choose(every(examined, no(accepted)), charged, arrival), Outcome(accepted, needs)


# What comes back from boxes


def receive_entry(receipt: Receipt, connect: Truth, opening: Truth) -> tuple[Receipt, Outcome]:
    """A log entry of a box arrives, perhaps not for the first time.

    An opening is reported once, and notified once if it was with a Connect grant; a refusal is neither, a One Day Code is
    never notified (`connect.notify-once`, `code.notify-never`, `report.once`).
    """
    reported = every(no(named("received before", receipt.received)), named("an opening", opening))
    notified = every(reported, named("with a Connect grant", connect))
    after = Receipt(
        received=True,
        notifications=choose(notified, receipt.notifications + 1, receipt.notifications),
        lines=choose(reported, receipt.lines + 1, receipt.lines),
    )
    return after, Outcome(True, notified=notified, reported=reported)
