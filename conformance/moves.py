"""What a bench can make happen to any box: the events of the model, held to what a scenario can say and a box can be asked.

A bench cannot see into a box or foretell what it will do, so what is left to chance in the model is settled here: clock,
timer and true time go on together, digits are those of our code or of none, and every nonce but the first has a name.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from lockproof.spec.profile import DAY, DEFAULT, HOUR, Profile
from lockproof.spec.theorems import Step
from lockproof.spec.traces import Moves
from lockproof.spec.vocabulary import Truth, either, every, implies, no, same
from lockproof.spec.world import World, initial

TODAY = "2027-03-02"
MIDNIGHT = 1_803_945_600  # of TODAY in UTC, the zone of every synthesized scenario: there each day has 24 hours
START = MIDNIGHT + 12 * HOUR  # when a scenario begins: noon
LONGEST_WAIT = 40 * DAY
FARTHEST_AHEAD = 8 * DAY  # that a window begins
SET_UP = ("challenge_is_made", "time_order_arrives")
"""The events by which the player sets up every scenario: a nonce, and the time for it."""

ENDS_WITH_ITS_DAY = replace(DEFAULT, code_ends_with_its_day=True)
PROFILES = (DEFAULT, ENDS_WITH_ITS_DAY)
"""The profiles that scenarios are synthesized for: the default, and the one that has the flag of the standard the other way."""


def begins(world: World, profile: Profile = DEFAULT) -> Truth:
    """A box from the factory, just provisioned; our code is for today or tomorrow."""
    today, tomorrow = MIDNIGHT, MIDNIGHT + DAY
    return every(
        initial(world, profile),
        same(world.true, START),
        same(world.authority, START),
        same(world.box.clock, 0),
        same(world.box.timer, 0),
        same(world.box.nonce, 0),
        same(world.box.nonce_at, 0),
        no(world.box.refused_while_disabled),
        either(same(world.code.day_start, today), same(world.code.day_start, tomorrow)),
        same(world.code.day_end, world.code.day_start + DAY),
    )


def _passes(step: Step) -> Truth:
    """The held clock is advanced: all clocks go on by as much."""
    given, before = step.given, step.before
    gone = given["true"] - before.true
    return every(
        gone >= 1,
        gone <= LONGEST_WAIT,
        same(given["clock"] - before.box.clock, gone),
        same(given["timer"] - before.box.timer, gone),
        same(given["authority"], given["true"]),
    )


def _falls_behind(step: Step) -> Truth:
    return every(step.given["clock"] < step.before.box.clock, step.given["clock"] >= step.before.box.clock - DAY)


def _cut(step: Step) -> Truth:
    """It keeps the refusals that were written. How many of the others it keeps is its own affair: here none."""
    given, before = step.given, step.before
    away = given["off_for"]
    return every(
        same(given["true"], before.true + away),
        same(given["authority"], given["true"]),
        same(given["clock"], before.box.clock + away),
        same(given["kept"], before.box.refusals_written),
        away <= LONGEST_WAIT,
    )


def _entered(step: Step) -> Truth:
    """Our code, our code with a digit wrong, or digits of none."""
    return every(implies(step.given["matches"], step.given["ours"]), _nothing(step.given["other"]))


def _fetched(step: Step) -> Truth:
    named = every(step.given["nonce"] >= FIRST_NAMED, step.given["nonce"] <= step.before.box.nonce)
    return every(named, step.before.ghosts.granted, same(step.given["remember"], step.outcome.accepted))


FIRST_NAMED = 2  # the first nonce went into the set-up


def _presented(step: Step) -> Truth:
    """Our ticket; a forgery made from it; or a genuine one for our grant that the authority would not issue any more."""
    given, other, before = step.given, step.given["other"], step.before
    forged = every(before.ghosts.issued, same(other, replace(before.ticket, authentic=False)), no(given["other_heard"]))
    minted = every(
        other.authentic,
        before.ghosts.granted,
        same(other.window_start, before.grant.window_start),
        same(other.window_end, before.grant.window_end),
        same(given["other_heard"], before.heard),
        either(same(other.nonce, 0), every(before.ghosts.ended, other.nonce >= FIRST_NAMED, other.nonce <= before.box.nonce)),
        before.box.nonce >= FIRST_NAMED,
    )
    ours = every(before.ghosts.issued, _nothing(other), no(given["other_heard"]))
    return either(every(given["ours"], ours), every(no(given["ours"]), either(forged, minted)))


def _granted(step: Step) -> Truth:
    given, now = step.given, step.before.true
    start, end = given["window_start"], given["window_end"]
    near = every(start >= now - FARTHEST_AHEAD, start <= now + FARTHEST_AHEAD, end >= start, end <= start + LONGEST_WAIT)
    return every(near, implies(no(given["assigned"]), given["by_grantor"]))


def _order_issued(step: Step) -> Truth:
    nonce = step.given["nonce"]
    return every(step.given["remember"], nonce >= FIRST_NAMED, nonce <= step.before.box.nonce)


def _heard(step: Step) -> Truth:
    """There is an order only for what has ended; a forgery is made from it."""
    return every(step.given["ours"], step.before.ghosts.ended)


def _time_ordered(step: Step) -> Truth:
    order, before = step.given["other"], step.before
    set_up = every(same(before.box.nonce, 1), same(before.box.mark, 0), same(order.nonce, 1), same(order.value, before.true))
    named = every(
        order.nonce >= FIRST_NAMED,
        order.nonce <= before.box.nonce,
        order.value >= before.true - DAY,
        order.value <= before.true + DAY,
        order.value >= before.box.mark - DAY,
    )
    another = either(every(set_up, order.authentic), named)
    return either(every(step.given["ours"], _nothing(order)), every(no(step.given["ours"]), another))


def _asked_for(step: Step) -> Truth:
    """The box is assigned unless we say so, which would end a grant; the right PIN, while it is looked at."""
    given, before = step.given, step.before
    looked_at = before.pin <= before.authority + step.profile.keypad_tolerance
    return every(
        given["pin_accepted"],
        looked_at,
        given["days_ahead"] >= -1,
        given["days_ahead"] <= LONGEST_WAIT // DAY,
        implies(no(given["assigned"]), every(no(before.ghosts.granted), given["by_grantor"])),
        implies(no(given["index_free"]), every(given["days_ahead"] > 1, given["days_ahead"] <= step.profile.code_days_ahead)),
    )


def _asked_for_at_last(step: Step) -> Truth:
    """As the last thing, also with a wrong PIN: what that costs is told by `pin_is_entered`."""
    given = {**step.given, "pin_accepted": True}
    looked_at = step.before.pin <= step.before.authority + step.profile.keypad_tolerance
    return every(looked_at, _asked_for(replace(step, given=given)))


def _nothing(state: Any) -> Truth:
    """What stands there does not matter, so it is nought."""
    kinds = typing.get_type_hints(type(state))
    return every(*(same(getattr(state, f.name), False if kinds[f.name] is bool else 0) for f in fields(state)))


def _always(_: Step) -> Truth:
    return True


EVENTS: dict[str, Callable[[Step], Truth]] = {
    "time_passes": _passes,
    "entry_is_made": _entered,
    "entry_is_charged": _always,
    "entry_is_decided": _entered,
    "challenge_is_made": _always,
    "grant_is_asked_for": _granted,
    "ticket_is_issued": _fetched,
    "ticket_is_presented": _presented,
    "grant_is_revoked": lambda step: step.before.ghosts.granted,
    "box_is_moved": _always,
    "revocation_is_heard": _heard,
    "time_order_arrives": _time_ordered,
    "time_order_is_issued": _order_issued,
    "clock_jumps": _falls_behind,
    "power_fails": _cut,
    "refusals_are_written": _always,
    "code_is_asked_for": _asked_for,
    "code_revocation_is_asked_for": _always,
    "pin_is_entered": _always,
    "entry_arrives": _always,
}
"""In the order in which a trace prefers them."""

AT_LAST: dict[str, Callable[[Step], Truth]] = {"code_is_asked_for": _asked_for_at_last}
"""What an event may be like as the last one, where that is more than in between."""

NEAR: dict[tuple[str, str], Callable[[Step], Any]] = {
    ("grant_is_asked_for", "window_start"): lambda step: step.before.true,
    ("grant_is_asked_for", "window_end"): lambda step: step.given["window_start"] + HOUR,
    ("time_order_arrives", "other value"): lambda step: step.before.true,
    ("time_order_arrives", "other authentic"): _always,
    ("ticket_is_issued", "registered"): _always,
    ("ticket_is_presented", "ours"): _always,
    ("grant_is_revoked", "by_grantor"): _always,
    ("revocation_is_heard", "authentic"): _always,
    ("code_revocation_is_asked_for", "by_grantor"): _always,
    ("pin_is_entered", "matches"): _always,
    **{("grant_is_asked_for", name): _always for name in ("recipient realtor", "by_grantor", "assigned", "email_named")},
    **{
        ("code_is_asked_for", name): _always
        for name in ("seller_permission", "by_grantor", "assigned", "pin_accepted", "named", "index_free", "let_in")
    },
}
"""What is asked for where it may be anything: the numbers that a person would say, and nothing that is forbidden."""


IN_PARTS = {"entry_is_charged", "entry_is_decided", "time_order_is_issued"}
"""Events by which the model tells in two what a bench does at once."""


def moves(profile: Profile, *, in_parts: bool = False) -> Moves:
    """The moves for a profile; `in_parts`: also those events of which a bench does two at once, nothing coming between."""
    events = {name: allowed for name, allowed in EVENTS.items() if in_parts or name not in IN_PARTS}
    if in_parts:
        events = {name: allowed if name in IN_PARTS else _undisturbed(allowed) for name, allowed in events.items()}
    return Moves(lambda world: begins(world, profile), events, NEAR)


def _undisturbed(allowed: Callable[[Step], Truth]) -> Callable[[Step], Truth]:
    """Nothing comes between the charge of an entry and its decision."""
    return lambda step: every(no(step.before.ghosts.entering), allowed(step))
