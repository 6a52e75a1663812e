"""Several credentials at several boxes: what happens there is, seen from any one of each, what happens in the single `World`.

A town has boxes; each box has codes, which are entered as digits, and grants, whose tickets and orders are messages that name
the box by its key. How many there are of each is a parameter. An event happens at one box, to one credential, or to the clocks
of all; it calls the same functions of the model as the single world, but must itself find out whose digits were entered and
whose message was held out. `town_theorems` proves that this comes to the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, make_dataclass, replace
from functools import cache
from typing import Any

from lockproof.spec.model import authority
from lockproof.spec.model import box as model
from lockproof.spec.model.authority import Grant, Receipt, Recipient
from lockproof.spec.profile import Profile
from lockproof.spec.vocabulary import Instant, Number, Outcome, Seconds, Truth, choose, either, every, implies, no, same
from lockproof.spec.world import Entry, Ghosts, World, orders_are_good_enough

Row = Any  # states of one kind, numbered from 0, as one state


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each: codes and grants at every box, and people with a PIN."""

    boxes: int = 2
    codes: int = 2
    grants: int = 2
    people: int = 2


@dataclass(frozen=True, slots=True)
class NumberedCode:
    """A code of a box and its digits, as a number; a row of any other length than that of a code is the number of none."""

    code: model.Code
    digits: Number


@dataclass(frozen=True, slots=True)
class NumberedGrant:
    """A grant for a box, the account it is for, whether the box has heard of its end, and the ticket issued for it last."""

    grant: Grant
    account: Number
    heard: Truth
    ticket: model.Ticket
    issued: Truth


@dataclass(frozen=True, slots=True)
class Place:
    """One box with its credentials, its key, the time order made for it last, and one of its log entries."""

    box: model.Box
    key: Number
    codes: Row
    grants: Row
    order: model.TimeOrder
    order_issued: Truth
    entry: Entry
    receipt: Receipt
    nonce_made: Instant  # true time


@dataclass(frozen=True, slots=True)
class Town:
    true: Instant
    authority: Instant  # what its clock shows
    places: Row
    pins: Row


@dataclass(frozen=True, slots=True)
class Message:
    """A message that verifies under one key: a ticket or a revocation order for the grant of that number, or a time order."""

    key: Number
    grant: Number
    window_start: Instant
    window_end: Instant
    nonce: Number
    value: Instant


@dataclass(frozen=True, slots=True)
class Reading:
    """What a box's clock and timer show."""

    clock: Instant
    timer: Seconds


@dataclass(frozen=True, slots=True)
class Observer:
    """One of each: the box of that number, and of its codes, grants and of all people one, by numbers that may be terms."""

    at: int
    code: Number
    grant: Number
    person: Number


@dataclass(frozen=True, slots=True)
class Seen:
    """What the observer sees of an event: the event of the single world with its arguments, where it is theirs, else nothing."""

    event: str
    given: dict[str, Any]
    theirs: Truth = True


Step = tuple[Truth, Town, Outcome]
Event = Callable[..., Step]
EVENTS: dict[str, Event] = {}


def _event(function: Event) -> Event:
    EVENTS[function.__name__] = function
    return function


# Rows


def row(states: Sequence[Any]) -> Row:
    """States of one kind as one state, to be chosen and compared as such."""
    return _row_type(len(states))(*states)


@cache
def _row_type(length: int) -> type:
    return make_dataclass(f"Row{length}", [(f"number_{i}", Any) for i in range(length)], frozen=True, slots=True)


def items(states: Row) -> tuple[Any, ...]:
    """The states of a row, in order."""
    return tuple(getattr(states, f.name) for f in fields(states))


def pick(states: Row, number: Number) -> Any:
    """The state of that number; the last one where there is none."""
    *others, found = items(states)
    for i, state in reversed(list(enumerate(others))):
        found = choose(same(number, i), state, found)
    return found


def put(states: Row, number: Number, new: Any) -> Row:
    """The row with another state under that number, where there is one."""
    return row([choose(same(number, i), new, old) for i, old in enumerate(items(states))])


def _at(town: Town, at: int) -> Place:
    return items(town.places)[at]  # type: ignore[no-any-return]


def _with(town: Town, at: int, **changes: Any) -> Town:
    return replace(town, places=put(town.places, at, replace(_at(town, at), **changes)))


# The beginning


def initial(town: Town, profile: Profile) -> Truth:
    """Boxes just provisioned, each with a key of its own; nothing issued, granted, used or heard."""
    nearby = every(town.authority - town.true <= profile.authority_skew, town.true - town.authority <= profile.authority_skew)
    unpinned = (same(pin, 0) for pin in items(town.pins))
    return every(town.authority >= 0, nearby, keys_differ(town), *unpinned, *(_begins(place) for place in items(town.places)))


def _begins(place: Place) -> Truth:
    codes = (
        every(no(c.code.used), same(c.code.first_use, 0), c.code.day_start >= 0, c.code.day_start < c.code.day_end)
        for c in items(place.codes)
    )
    grants = (
        every(*(no(truth) for truth in (g.grant.granted, g.grant.revoked, g.grant.moved, g.heard, g.issued)))
        for g in items(place.grants)
    )
    fresh = model.new_box(place.box.clock, place.box.nonce)
    nothing = every(no(place.order_issued), no(place.entry.written), no(place.receipt.received))
    told = every(same(place.receipt.notifications, 0), same(place.receipt.lines, 0))
    return every(same(place.box, fresh), place.box.clock >= 0, nothing, told, *codes, *grants)


def keys_differ(town: Town) -> Truth:
    """`keys-secret`: no two boxes share a key."""
    keys = [place.key for place in items(town.places)]
    return every(*(no(same(one, other)) for i, one in enumerate(keys) for other in keys[:i]))


# Whose digits, whose message


def verifies(message: Message, place: Place) -> Truth:
    """It was made under this box's own key (`mac-unforgeable`)."""
    return same(message.key, place.key)


def is_live(codes: Row, number: int, profile: Profile) -> Truth:
    """No code that comes before it, by day start, day end and number, and is in service together with it has its digits (`code.digits`)."""
    this = items(codes)[number]
    before = (
        every(
            same(other.digits, this.digits), _comes_before(other.code, i, this.code, number), near(other.code, this.code, profile)
        )
        for i, other in enumerate(items(codes))
        if i != number
    )
    return no(either(*before))


def near(one: model.Code, other: model.Code, profile: Profile) -> Truth:
    """The services of two codes overlap or adjoin: the service of a code is its day and a code's life after it."""
    return every(one.day_start <= other.day_end + profile.code_life, other.day_start <= one.day_end + profile.code_life)


def in_service(code: model.Code, now: Instant, profile: Profile) -> Truth:
    """The instant lies in its day or in a code's life after it."""
    return every(code.day_start <= now, now < code.day_end + profile.code_life)


def code_of(codes: Row, digits: Number, now: Instant, profile: Profile) -> Number:
    """The number of the live code whose digits these are, one in service if there is one; -1 where there is none."""
    theirs = [every(same(c.digits, digits), is_live(codes, i, profile)) for i, c in enumerate(items(codes))]
    serving = [every(hit, in_service(c.code, now, profile)) for hit, c in zip(theirs, items(codes), strict=True)]
    return _first(serving, _first(theirs, -1))


def _first(truths: Sequence[Truth], otherwise: Number) -> Number:
    number = otherwise
    for i, truth in reversed(list(enumerate(truths))):
        number = choose(truth, i, number)
    return number


def _comes_before(one: model.Code, number: int, other: model.Code, than: int) -> Truth:
    ends = either(one.day_end < other.day_end, every(same(one.day_end, other.day_end), number < than))
    return either(one.day_start < other.day_start, every(same(one.day_start, other.day_start), ends))


NO_CODE = model.Code(0, 0, used=False, first_use=0)


def _code_found(place: Place, digits: Number, now: Instant, profile: Profile) -> tuple[Number, model.Code]:
    number = code_of(place.codes, digits, now, profile)
    return number, choose(number >= 0, pick(place.codes, number).code, NO_CODE)


def ticket_of(message: Message, place: Place) -> model.Ticket:
    """What a message says to this box as a ticket."""
    return model.Ticket(message.window_start, message.window_end, message.nonce, authentic=verifies(message, place))


def order_of(message: Message, place: Place) -> model.TimeOrder:
    """What a message says to this box as a time order."""
    return model.TimeOrder(message.value, message.nonce, authentic=verifies(message, place))


def _is_ticket_of(message: Message, place: Place, number: Number) -> Truth:
    """The message is the ticket that was issued last for the grant of that number."""
    held = pick(place.grants, number)
    return every(same(message.grant, number), held.issued, same(ticket_of(message, place), held.ticket))


def _is_order_of(message: Message, place: Place) -> Truth:
    return every(place.order_issued, same(order_of(message, place), place.order))


# The environment, as for the single world


def _clock_is_accurate(place: Place, true: Instant, profile: Profile) -> Truth:
    gap = place.box.clock - true
    trusted = every(place.box.time_known, place.box.clock >= place.box.mark)
    return implies(trusted, every(gap <= profile.clock_skew, gap >= 0 - profile.clock_skew))


def _timer_is_accurate(place: Place, true: Instant, profile: Profile) -> Truth:
    age, elapsed = place.box.timer - place.box.nonce_at, true - place.nonce_made
    short = either(age <= profile.ticket_life, elapsed <= profile.ticket_life)
    near_enough = every(age - elapsed <= profile.timer_drift, elapsed - age <= profile.timer_drift)
    return implies(every(place.box.nonce_open, short), near_enough)


def _goes_on(before: Town, after: Town, profile: Profile) -> Truth:
    forward = every(after.true >= before.true, after.authority >= before.authority)
    gap = after.authority - after.true
    return every(forward, gap <= profile.authority_skew, gap >= 0 - profile.authority_skew)


def _read(place: Place, reading: Reading) -> Place:
    return replace(place, box=replace(place.box, clock=reading.clock, timer=reading.timer))


def _reads_on(before: Place, after: Place, true: Instant, profile: Profile) -> Truth:
    forward = every(after.box.clock >= before.box.clock, after.box.timer >= before.box.timer)
    return every(forward, _clock_is_accurate(after, true, profile), _timer_is_accurate(after, true, profile))


# Time and power


@_event
def time_passes(town: Town, profile: Profile, at: int, true: Instant, authority: Instant, readings: Row) -> Step:  # noqa: ARG001
    """Time goes on everywhere."""
    before, shown = items(town.places), items(readings)
    places = [_read(place, reading) for place, reading in zip(before, shown, strict=True)]
    after = replace(town, true=true, authority=authority, places=row(places))
    on = (_reads_on(old, new, true, profile) for old, new in zip(before, places, strict=True))
    return every(_goes_on(town, after, profile), *on), after, Outcome(True)


@_event
def clock_jumps(town: Town, profile: Profile, at: int, clock: Instant) -> Step:
    """The clock of one box shows something else."""
    place = _at(town, at)
    after = replace(place, box=replace(place.box, clock=clock))
    return every(clock >= 0, _clock_is_accurate(after, town.true, profile)), _with(town, at, box=after.box), Outcome(True)


@_event
def power_fails(
    town: Town, profile: Profile, at: int, true: Instant, authority: Instant, readings: Row, off_for: Seconds, kept: Number
) -> Step:
    """Power fails at one box; elsewhere time goes on."""
    before, shown = items(town.places), items(readings)
    places = [_read(place, reading) for place, reading in zip(before, shown, strict=True)]
    on = [_reads_on(old, new, true, profile) for i, (old, new) in enumerate(zip(before, places, strict=True)) if i != at]
    state, outcome = model.lose_power(before[at].box, shown[at].clock, off_for, kept, profile)
    places[at] = replace(before[at], box=state)
    after = replace(town, true=true, authority=authority, places=row(places))
    possible = every(shown[at].clock >= 0, off_for >= 0, before[at].box.refusals_written <= kept, kept <= before[at].box.refusals)
    here = _clock_is_accurate(places[at], true, profile)
    return every(_goes_on(town, after, profile), possible, here, *on), after, outcome


@_event
def refusals_are_written(town: Town, profile: Profile, at: int) -> Step:  # noqa: ARG001
    """One box makes its count of refusals durable."""
    state, outcome = model.write_refusals(_at(town, at).box)
    return True, _with(town, at, box=state), outcome


# At the keypad


@_event
def entry_is_charged(town: Town, profile: Profile, at: int) -> Step:
    """Digits are entered at one box, and charged before they are looked at."""
    place = _at(town, at)
    state, outcome = model.charge_entry(place.box, profile)
    return no(place.box.entering), _with(town, at, box=state), outcome


@_event
def entry_is_decided(town: Town, profile: Profile, at: int, digits: Number, remember: Truth) -> Step:
    """The digits that were charged at one box are looked at."""
    place = _at(town, at)
    after, outcome = _decide(place, digits, remember, profile)
    return place.box.entering, replace(town, places=put(town.places, at, after)), outcome


@_event
def entry_is_made(town: Town, profile: Profile, at: int, digits: Number, remember: Truth) -> Step:
    """Digits are entered at one box, charged and looked at."""
    place = _at(town, at)
    state, charge = model.charge_entry(place.box, profile)
    charged = replace(place, box=state)
    decided, decision = _decide(charged, digits, remember, profile)
    examined = charge.accepted
    outcome = Outcome(
        accepted=every(examined, decision.accepted),
        needs=(*charge.needs, *(replace(need, applies=every(examined, need.applies)) for need in decision.needs)),
        entitled_by=decision.entitled_by,
        logged=every(examined, decision.logged),
        counted=charge.counted,
    )
    after = choose(examined, decided, charged)
    return no(place.box.entering), replace(town, places=put(town.places, at, after)), outcome


def _decide(place: Place, digits: Number, remember: Truth, profile: Profile) -> tuple[Place, Outcome]:
    number, code = _code_found(place, digits, place.box.mark, profile)
    state, used, outcome = model.decide_entry(place.box, code, number >= 0, profile)
    codes = put(place.codes, number, replace(pick(place.codes, number), code=used))
    after = replace(place, box=state, codes=codes)
    return _remember(after, remember, outcome.logged, connect=False, opening=outcome.accepted), outcome


def _remember(place: Place, remember: Truth, logged: Truth, connect: Truth, opening: Truth) -> Place:
    ours = every(remember, logged, no(place.entry.written))
    return replace(place, entry=choose(ours, Entry(written=True, connect=connect, opening=opening), place.entry))


# At the app


@_event
def challenge_is_made(town: Town, profile: Profile, at: int) -> Step:  # noqa: ARG001
    """One box makes a fresh nonce."""
    state, outcome = model.challenge(_at(town, at).box)
    return True, _with(town, at, box=state, nonce_made=town.true), outcome


@_event
def ticket_is_issued(
    town: Town,
    profile: Profile,  # noqa: ARG001 (events are alike)
    at: int,
    grant: Number,
    by: Number,
    registered: Truth,
    nonce: Number,
    remember: Truth,
) -> Step:
    """An account asks for a ticket for a grant at one box."""
    place = _at(town, at)
    held = pick(place.grants, grant)
    state, outcome = authority.issue_ticket(held.grant, every(registered, same(by, held.account)))
    fresh = model.Ticket(window_start=state.window_start, window_end=state.window_end, nonce=nonce, authentic=True)
    kept = every(outcome.accepted, remember)
    after = replace(held, grant=state, ticket=choose(kept, fresh, held.ticket), issued=either(held.issued, kept))
    premise = every(_is_one(place.grants, grant), nonce <= place.box.nonce)
    return premise, _with(town, at, grants=put(place.grants, grant, after)), outcome


@_event
def ticket_is_presented(town: Town, profile: Profile, at: int, message: Message, other_heard: Truth, remember: Truth) -> Step:
    """A message is held out to one box as a ticket, whichever box and grant it names."""
    place = _at(town, at)
    state, outcome = model.present_ticket(place.box, _heard(place, message, other_heard), ticket_of(message, place), profile)
    after = _remember(replace(place, box=state), remember, outcome.logged, connect=True, opening=outcome.accepted)
    return no(place.box.entering), replace(town, places=put(town.places, at, after)), outcome


def _heard(place: Place, message: Message, other_heard: Truth) -> Truth:
    """The box has heard of the end of the grant that the message names; `other_heard` says so of one that has no number here."""
    known = pick(place.grants, message.grant).heard
    return choose(_is_one(place.grants, message.grant), known, other_heard)  # type: ignore[no-any-return]


def _is_one(states: Row, number: Number) -> Truth:
    return every(number >= 0, number < len(items(states)))


@_event
def grant_is_asked_for(
    town: Town,
    profile: Profile,
    at: int,
    grant: Number,
    recipient: Recipient,
    window_start: Instant,
    window_end: Instant,
    by_grantor: Truth,
    assigned: Truth,
    email_named: Truth,
) -> Step:
    """A grant for one box is asked for, under a number that no grant has yet."""
    place = _at(town, at)
    held = pick(place.grants, grant)
    state, outcome = authority.grant_connect(
        held.grant, recipient, window_start, window_end, by_grantor, assigned, email_named, town.authority, profile
    )
    premise = every(_is_one(place.grants, grant), no(held.grant.granted))
    return premise, _with(town, at, grants=put(place.grants, grant, replace(held, grant=state))), outcome


@_event
def grant_is_revoked(town: Town, profile: Profile, at: int, grant: Number, by_grantor: Truth) -> Step:  # noqa: ARG001
    """Somebody asks for the revocation of one grant for one box."""
    place = _at(town, at)
    held = pick(place.grants, grant)
    state, outcome = authority.revoke_grant(held.grant, by_grantor, town.authority)
    after = _with(town, at, grants=put(place.grants, grant, replace(held, grant=state)))
    return _is_one(place.grants, grant), after, outcome


@_event
def box_is_moved(town: Town, profile: Profile, at: int) -> Step:  # noqa: ARG001
    """One box is taken off its property, or given to another: every grant for it ends."""
    place = _at(town, at)
    moved = [replace(held, grant=authority.move_box(held.grant, town.authority)[0]) for held in items(place.grants)]
    return True, _with(town, at, grants=row(moved)), Outcome(True)


@_event
def revocation_is_heard(town: Town, profile: Profile, at: int, message: Message) -> Step:  # noqa: ARG001
    """A message reaches one box as a revocation order, whichever box and grant it names; one that verifies names an ended grant."""
    place = _at(town, at)
    held = pick(place.grants, message.grant)
    known = _is_one(place.grants, message.grant)
    heard, outcome = model.hear_revocation(every(known, held.heard), verifies(message, place))
    after = _with(town, at, grants=put(place.grants, message.grant, replace(held, heard=heard)))
    return implies(every(verifies(message, place), known), authority.ended(held.grant)), after, outcome


@_event
def time_order_is_issued(town: Town, profile: Profile, at: int, nonce: Number, remember: Truth) -> Step:  # noqa: ARG001
    """A time order is made for one box."""
    place = _at(town, at)
    fresh = model.TimeOrder(value=town.authority, nonce=nonce, authentic=True)
    after = _with(town, at, order=choose(remember, fresh, place.order), order_issued=either(place.order_issued, remember))
    return nonce <= place.box.nonce, after, Outcome(True)


@_event
def time_order_arrives(town: Town, profile: Profile, at: int, message: Message) -> Step:
    """A message reaches one box as a time order, whichever box it names."""
    place = _at(town, at)
    state, outcome = model.take_time_order(place.box, order_of(message, place), profile)
    after = replace(place, box=state)
    proved = every(_is_order_of(message, place), orders_are_good_enough(profile))
    accurate = either(proved, _clock_is_accurate(after, town.true, profile))
    return every(no(place.box.entering), accurate), _with(town, at, box=state), outcome


# At the authority


@_event
def code_is_asked_for(
    town: Town,
    profile: Profile,
    at: int,  # noqa: ARG001 (events are alike)
    recipient: Recipient,
    seller_permission: Truth,
    by_grantor: Truth,
    assigned: Truth,
    pin_accepted: Truth,
    named: Truth,
    days_ahead: Number,
    index_free: Truth,
    let_in: Truth,
) -> Step:
    """A code for one box is asked for."""
    outcome = authority.generate_code(
        recipient, seller_permission, by_grantor, assigned, pin_accepted, named, days_ahead, index_free, let_in, profile
    )
    return True, town, outcome


@_event
def code_revocation_is_asked_for(town: Town, profile: Profile, at: int, by_grantor: Truth) -> Step:  # noqa: ARG001
    """Somebody asks for the revocation of a code of one box."""
    return True, town, authority.revoke_code(by_grantor)


@_event
def pin_is_entered(town: Town, profile: Profile, at: int, person: Number, matches: Truth) -> Step:  # noqa: ARG001
    """A PIN is entered for one person, for a code of whichever box."""
    arrival, outcome = authority.enter_pin(pick(town.pins, person), matches, town.authority, profile)
    return _is_one(town.pins, person), replace(town, pins=put(town.pins, person, arrival)), outcome


@_event
def entry_arrives(town: Town, profile: Profile, at: int) -> Step:  # noqa: ARG001
    """One box's log entry reaches the authority, for the first time or again."""
    place = _at(town, at)
    receipt, outcome = authority.receive_entry(place.receipt, place.entry.connect, place.entry.opening)
    return place.entry.written, _with(town, at, receipt=receipt), outcome


# The town as one observer has it


def view(town: Town, eye: Observer, ghosts: Ghosts, since: Instant) -> World:
    """The single world of one box, one of its codes and grants and one person; `ghosts` is what happened to them so far."""
    place, held = _at(town, eye.at), pick(_at(town, eye.at).grants, eye.grant)
    return World(
        true=town.true,
        authority=town.authority,
        box=place.box,
        code=pick(place.codes, eye.code).code,
        heard=held.heard,
        grant=held.grant,
        ticket=held.ticket,
        order=place.order,
        pin=pick(town.pins, eye.person),
        entry=place.entry,
        receipt=place.receipt,
        ghosts=ghosts,
        observer=since,
    )


def agrees(town: Town, eye: Observer, ghosts: Ghosts) -> Truth:
    """What the town itself keeps of the past is what happened to the observer's own."""
    place = _at(town, eye.at)
    issued = every(
        same(pick(place.grants, eye.grant).issued, ghosts.issued),
        same(place.order_issued, ghosts.order_issued),
    )
    return every(issued, implies(ghosts.nonce_open, same(place.nonce_made, ghosts.nonce_made)))


def seen(event: str, town: Town, profile: Profile, at: int, given: dict[str, Any], eye: Observer) -> Seen:
    """What an event at the box of number `at` is to the observer; most are what they are at one's own box, and nothing elsewhere."""
    if event in {"time_passes", "power_fails"}:
        return _time_seen(event, at, given, eye)
    if event == "pin_is_entered":
        return Seen(event, {"matches": given["matches"]}, same(given["person"], eye.person))
    if at != eye.at:
        return Seen(event, given, theirs=False)
    translate = _TRANSLATED.get(event)
    return translate(_at(town, at), profile, given, eye) if translate else Seen(event, given)


def _time_seen(event: str, at: int, given: dict[str, Any], eye: Observer) -> Seen:
    reading = items(given["readings"])[eye.at]
    now = {"true": given["true"], "authority": given["authority"], "clock": reading.clock}
    if event == "power_fails" and at == eye.at:
        return Seen(event, {**now, "off_for": given["off_for"], "kept": given["kept"]})
    return Seen("time_passes", {**now, "timer": reading.timer})


def _digits_seen(event: str, now: Callable[[Place], Instant]) -> Callable[..., Seen]:
    def translate(place: Place, profile: Profile, given: dict[str, Any], eye: Observer) -> Seen:
        number, code = _code_found(place, given["digits"], now(place), profile)
        whose = {"ours": same(number, eye.code), "matches": number >= 0, "other": code}
        return Seen(event, {**whose, "remember": given["remember"]})

    return translate


def _issue_seen(place: Place, _: Profile, given: dict[str, Any], eye: Observer) -> Seen:
    registered = every(given["registered"], same(given["by"], pick(place.grants, given["grant"]).account))
    asked = {"nonce": given["nonce"], "registered": registered, "remember": given["remember"]}
    return Seen("ticket_is_issued", asked, same(given["grant"], eye.grant))


def _grant_seen(event: str) -> Callable[..., Seen]:
    def translate(_place: Place, _: Profile, given: dict[str, Any], eye: Observer) -> Seen:
        return Seen(event, {n: v for n, v in given.items() if n != "grant"}, same(given["grant"], eye.grant))

    return translate


def _ticket_seen(place: Place, _: Profile, given: dict[str, Any], eye: Observer) -> Seen:
    message = given["message"]
    whose = {"ours": _is_ticket_of(message, place, eye.grant), "other": ticket_of(message, place)}
    heard = _heard(place, message, given["other_heard"])
    return Seen("ticket_is_presented", {**whose, "other_heard": heard, "remember": given["remember"]})


def _revocation_seen(place: Place, _: Profile, given: dict[str, Any], eye: Observer) -> Seen:
    message = given["message"]
    return Seen("revocation_is_heard", {"ours": same(message.grant, eye.grant), "authentic": verifies(message, place)})


def _order_seen(place: Place, _: Profile, given: dict[str, Any], __: Observer) -> Seen:
    message = given["message"]
    return Seen("time_order_arrives", {"ours": _is_order_of(message, place), "other": order_of(message, place)})


_TRANSLATED: dict[str, Callable[..., Seen]] = {
    "entry_is_made": _digits_seen("entry_is_made", lambda place: place.box.clock),
    "entry_is_decided": _digits_seen("entry_is_decided", lambda place: place.box.mark),
    "ticket_is_issued": _issue_seen,
    "grant_is_asked_for": _grant_seen("grant_is_asked_for"),
    "grant_is_revoked": _grant_seen("grant_is_revoked"),
    "ticket_is_presented": _ticket_seen,
    "revocation_is_heard": _revocation_seen,
    "time_order_arrives": _order_seen,
}
