"""What holds of many holds because it holds of one: theorems about several credentials at several boxes.

The first says that whatever happens in a town is, to one box with any one of its codes and grants and any one person, exactly
one event of the single world or nothing at all. So every theorem about the single world holds of all of them. The others are
said of the town itself: of digits and keys, which the single world does not know, and of what leaves another as it was.

A theorem is proved case by case: each event, at each box, seen from each box. The numbers of the observer's code, grant and
person are arbitrary.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import z3
from lockproof.spec import counterexample, obligations
from lockproof.spec import denotation as means
from lockproof.spec import world as single
from lockproof.spec.invariants import INVARIANTS
from lockproof.spec.model import authority
from lockproof.spec.model import box as model
from lockproof.spec.obligations import Ground, Kind, Subject
from lockproof.spec.profile import Profile, legal
from lockproof.spec.symbolic import any_profile, symbol
from lockproof.spec.theorems import Claim
from lockproof.spec.town import (
    EVENTS,
    Message,
    NumberedCode,
    NumberedGrant,
    Observer,
    Place,
    Reading,
    Seen,
    Size,
    Town,
    agrees,
    code_of,
    initial,
    is_live,
    items,
    keys_differ,
    pick,
    row,
    seen,
    verifies,
    view,
)
from lockproof.spec.vocabulary import Outcome, Truth, either, every, implies, no, same
from lockproof.spec.world import Ghosts, World


@dataclass(frozen=True, slots=True)
class Happened:
    """One event at one box of an arbitrary town."""

    event: str
    at: int
    before: Town
    after: Town
    outcome: Outcome
    given: dict[str, Any]
    profile: Any
    premise: Truth

    @property
    def here(self) -> Place:
        return _place(self.before, self.at)


@dataclass(frozen=True, slots=True)
class Case:
    """What is assumed, what is claimed of it (`then`, where `when`), and what of it must be able to happen."""

    event: str
    assumed: Truth
    when: Truth
    then: Truth
    possible: dict[str, Truth] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)  # what a counterexample tells


@dataclass(frozen=True, slots=True)
class TownTheorem:
    name: str
    sentence: str
    clauses: tuple[str, ...]
    cases: Callable[[Size, Any], Iterator[Case]]


TOWN_THEOREMS: dict[str, TownTheorem] = {}


def cases(theorem: TownTheorem, profile: Any, size: Size = Size()) -> Iterator[Case]:  # noqa: B008 (a value)
    """Everything to be proved of a town of that size for one theorem."""
    yield from theorem.cases(size, profile)


def theorem(
    *clauses: str,
) -> Callable[[Callable[[Size, Any], Iterator[Case]]], Callable[[Size, Any], Iterator[Case]]]:
    """A theorem about `clauses`: its name is the claim, its docstring the sentence."""

    def register(function: Callable[[Size, Any], Iterator[Case]]) -> Callable[[Size, Any], Iterator[Case]]:
        name = function.__name__
        TOWN_THEOREMS[name] = TownTheorem(name, (function.__doc__ or "").strip(), clauses, function)
        return function

    return register


# An arbitrary town


def any_town(size: Size) -> Town:
    """A town with terms for values."""
    pins = row([z3.Int(f"pin {i}") for i in range(size.people)])
    places = row([_any_place(size, f"box {i}") for i in range(size.boxes)])
    return Town(z3.Int("true time"), z3.Int("authority"), places, pins)


def _any_place(size: Size, name: str) -> Place:
    hints = {n: k for n, k in typing.get_type_hints(Place).items() if n not in {"codes", "grants"}}
    fields = {n: symbol(kind, f"{name} {n}") for n, kind in hints.items()}
    codes = row([symbol(NumberedCode, f"{name} code {i}") for i in range(size.codes)])
    grants = row([symbol(NumberedGrant, f"{name} grant {i}") for i in range(size.grants)])
    return Place(**fields, codes=codes, grants=grants)


def any_observer(size: Size, at: int) -> tuple[Observer, Truth]:
    """Somebody at that box with any of its codes and grants, and any person; and what is known of their numbers."""
    numbers = {name: z3.Int(f"observer {name}") for name in ("code", "grant", "person")}
    counts = {"code": size.codes, "grant": size.grants, "person": size.people}
    return Observer(at, **numbers), every(*(every(n >= 0, n < counts[name]) for name, n in numbers.items()))


def given_to(event: str, size: Size) -> dict[str, Any]:
    """Arbitrary arguments of an event."""
    hints = typing.get_type_hints(EVENTS[event])
    return {name: _any(name, kind, size) for name, kind in hints.items() if name not in {"town", "profile", "at", "return"}}


def _any(name: str, kind: Any, size: Size) -> Any:
    if name == "readings":
        return row([symbol(Reading, f"box {i} reading") for i in range(size.boxes)])
    return symbol(kind, f"given {name}")


def happened(event: str, at: int, size: Size, profile: Any) -> Happened:
    before, given = any_town(size), given_to(event, size)
    premise, after, outcome = EVENTS[event](before, profile, at, **given)
    roles = [no(every(g.consumer, g.realtor)) for n, g in given.items() if n == "recipient"]
    return Happened(event, at, before, after, outcome, given, profile, every(premise, *roles))


def _place(town: Town, at: int) -> Place:
    return items(town.places)[at]  # type: ignore[no-any-return]


def _everywhere(size: Size, profile: Any, events: tuple[str, ...] = ()) -> Iterator[tuple[Happened, Truth]]:
    """Each event at each box of a town in order, with what is assumed of it."""
    for event in events or tuple(EVENTS):
        for at in range(size.boxes):
            found = happened(event, at, size, profile)
            yield found, every(legal(profile), in_order(found.before), found.premise)


def in_order(town: Town) -> Truth:
    """What `what_is_assumed_of_a_town_is_proved_of_each_part` says of every box and code, and that keys differ."""
    parts = (_in_order(c.code, place.box) for place in items(town.places) for c in items(place.codes))
    return every(keys_differ(town), *parts)


def _in_order(code: model.Code, box: model.Box) -> Truth:
    used = every(code.day_start <= code.first_use, code.first_use < code.day_end, code.first_use <= box.mark)
    return every(code.day_start >= 0, code.day_start < code.day_end, implies(code.used, used))


def _invariant(world: World, profile: Any) -> Truth:
    return every(*(holds(world, profile) for holds in INVARIANTS.values()))


# Each part is a world of its own


@theorem("box.isolation", "connect.revoke.only-it", "code.digits", "box.authentic")
def every_step_of_a_town_is_a_step_of_one_or_leaves_it(size: Size, profile: Any) -> Iterator[Case]:
    """Seen from one box with any code and grant, what happens in a town is one event of the single world with the same outcome, or nothing."""
    ghosts, since = symbol(Ghosts, "ghosts"), z3.Int("since")
    for step, assumed in _everywhere(size, profile):
        for at in range(size.boxes):
            eye, numbered = any_observer(size, at)
            before = view(step.before, eye, ghosts, since)
            sight = seen(step.event, step.before, profile, step.at, step.given, eye)
            coupled = every(numbered, agrees(step.before, eye, ghosts), _invariant(before, profile))
            left = every(no(sight.theirs), _is_left(step, eye, before))
            then = left if sight.theirs is False else either(_is_that(step, eye, before, sight), left)
            possible: dict[str, Truth] = {"this event": sight.theirs if sight.theirs is not False else True}
            yield Case(_label(step, at), every(assumed, coupled), True, then, possible, _shown(step, eye))


def _is_that(step: Happened, eye: Observer, before: World, sight: Seen) -> Truth:
    """It is their event: it can happen to the single world, and comes to the same."""
    premise, after, outcome = single.EVENTS[sight.event](before, step.profile, **sight.given)
    kept = agrees(step.after, eye, after.ghosts)
    same_after = same(view(step.after, eye, after.ghosts, before.observer), after)
    return every(sight.theirs, premise, same_after, kept, _same_outcome(step.outcome, outcome))


def _is_left(step: Happened, eye: Observer, before: World) -> Truth:
    unchanged = same(view(step.after, eye, before.ghosts, before.observer), before)
    return every(unchanged, agrees(step.after, eye, before.ghosts))


def _same_outcome(one: Outcome, other: Outcome) -> Truth:
    alike = [(n.clause, n.name) for n in one.needs] == [(n.clause, n.name) for n in other.needs]
    forbids = (same(mine.forbids, theirs.forbids) for mine, theirs in zip(one.needs, other.needs, strict=False))
    rests = every(*(same(mine.holds, theirs.holds) for mine, theirs in zip(one.entitled_by, other.entitled_by, strict=True)))
    flags = (same(getattr(one, flag), getattr(other, flag)) for flag in ("accepted", "logged", "counted", "notified", "reported"))
    return every(alike, *forbids, *flags, implies(one.accepted, rests))


@theorem("box.isolation")
def a_town_begins_as_each_of_its_parts_does(size: Size, profile: Any) -> Iterator[Case]:
    """Where a town begins, each of its boxes with any of its credentials is a world that begins."""
    town = any_town(size)
    for at in range(size.boxes):
        eye, numbered = any_observer(size, at)
        place = _place(town, at)
        ghosts, since = symbol(Ghosts, "ghosts"), z3.Int("since")
        world = view(town, eye, ghosts, since)
        fresh = single.nothing_yet(ghosts, place.box)
        assumed = every(legal(profile), numbered, initial(town, profile), fresh, since >= 0)
        then = every(single.initial(world, profile), agrees(town, eye, ghosts))
        yield Case(f"the beginning, seen from box {at}", assumed, True, then)


@theorem("code.day", "box.isolation")
def what_is_assumed_of_a_town_is_proved_of_each_part(_size: Size, profile: Any) -> Iterator[Case]:
    """What the theorems about a town assume of each of its codes holds of any one of them in the single world, always."""
    world = symbol(World, "one")
    yield Case("any code", every(legal(profile), _invariant(world, profile)), True, _in_order(world.code, world.box))


# What leaves another as it was


@theorem("box.isolation", "code.irrevocable", "connect.revoke.only-it")
def no_event_of_one_credential_changes_another(size: Size, profile: Any) -> Iterator[Case]:
    """Nothing but its own accepted entry changes what is kept of a code, and nothing but its own events what is kept of a grant."""
    for step, assumed in _everywhere(size, profile):
        here, found = step.here, -1
        if step.event in {"entry_is_made", "entry_is_decided"}:
            now = here.box.clock if step.event == "entry_is_made" else here.box.mark
            found = code_of(here.codes, step.given["digits"], now, profile)
        named = step.given["message"].grant if step.event == "revocation_is_heard" else step.given.get("grant", -1)
        kept = []
        for at, (old, new) in enumerate(zip(items(step.before.places), items(step.after.places), strict=True)):
            for number, (one, then) in enumerate(zip(items(old.codes), items(new.codes), strict=True)):
                own = every(same(found, number), step.outcome.accepted) if at == step.at else False
                kept.append(either(own, same(one, then)))
            for number, (one, then) in enumerate(zip(items(old.grants), items(new.grants), strict=True)):
                own = either(same(named, number), step.event == "box_is_moved") if at == step.at else False
                kept.append(either(own, same(one, then)))
        yield Case(_label(step), assumed, True, every(*kept), shown=_shown(step))


@theorem("box.isolation")
def an_event_at_one_box_leaves_every_other_box(size: Size, profile: Any) -> Iterator[Case]:
    """Whatever happens at one box, all that another keeps stays as it was, but for the going on of its clock and timer."""
    for step, assumed in _everywhere(size, profile):
        kept = []
        for at, (old, new) in enumerate(zip(items(step.before.places), items(step.after.places), strict=True)):
            shown = replace(old, box=replace(old.box, clock=new.box.clock, timer=new.box.timer))
            kept.append(at == step.at or same(new, shown if step.event in {"time_passes", "power_fails"} else old))
        yield Case(_label(step), assumed, True, every(*kept), shown=_shown(step))


@theorem("connect.revoke.only-it", "box.isolation")
def revoking_one_grant_leaves_the_others__of_the_same_person_too(size: Size, profile: Any) -> Iterator[Case]:
    """After a revocation was asked for, or heard, any other grant's ticket is issued and opens exactly if it would have before."""
    for step, assumed in _everywhere(size, profile, ("grant_is_revoked", "revocation_is_heard")):
        ended = step.given["message"].grant if "message" in step.given else step.given["grant"]
        for at in range(size.boxes):
            eye, numbered = any_observer(size, at)
            place, then = _place(step.before, at), _place(step.after, at)
            one, other = pick(step.here.grants, ended), pick(place.grants, eye.grant)
            issued = (authority.issue_ticket(pick(p.grants, eye.grant).grant, registered=True)[1] for p in (place, then))
            opened = [_opens(town, at, _message(place, eye.grant), profile) for town in (step.before, step.after)]
            unchanged = every(same(pick(then.grants, eye.grant), other), same(*(o.accepted for o in issued)), same(*opened))
            another = no(same(ended, eye.grant)) if at == step.at else True
            overlap = every(one.grant.window_start < other.grant.window_end, other.grant.window_start < one.grant.window_end)
            both = every(another, numbered, same(one.account, other.account), one.grant.granted, other.grant.granted, overlap)
            possible = {"overlapping windows of the same person, and the other opens": every(both, opened[0])}
            told = every(assumed, numbered)
            shown = _shown(step, eye)
            yield Case(_label(step, at), told, another, unchanged, possible if size.grants > 1 else {}, shown)


@theorem("box.isolation", "interop.message", "interop.code", "box.authentic")
def nothing_valid_here_is_entitled_there__with_digits_and_keys(size: Size, profile: Any) -> Iterator[Case]:
    """What opens or sets one box is refused by every other and changes nothing there, but for digits that are also theirs by chance."""
    for step, assumed in _everywhere(size, profile, ("entry_is_made", *_MESSAGES)):
        for origin in (at for at in range(size.boxes) if at != step.at):
            eye, numbered = any_observer(size, origin)
            from_there = replace(step, at=origin).here
            after = _place(step.after, step.at)
            if step.event == "entry_is_made":
                digits = step.given["digits"]
                foreign = same(digits, pick(from_there.codes, eye.code).digits)
                by_chance = either(*(same(digits, numbered.digits) for numbered in items(step.here.codes)))
                when = every(foreign, no(by_chance))
                kept = every(same(after.codes, step.here.codes), same(after.grants, step.here.grants))
            else:
                when, kept = verifies(step.given["message"], from_there), same(after, step.here)
            accepted = EVENTS[step.event](step.before, profile, origin, **step.given)[2].accepted
            possible = {"it is accepted at its own box": every(when, accepted)}
            label = f"{_label(step)}, from box {origin}"
            yield Case(label, every(assumed, numbered), when, every(no(step.outcome.accepted), kept), possible, _shown(step, eye))


# Digits


@theorem("code.digits")
def digits_in_service_are_of_one_code(size: Size, profile: Any) -> Iterator[Case]:
    """At no instant are two live codes of one box with equal digits in service, so no entry can be taken for either."""
    town, now = any_town(size), z3.Int("now")
    codes, pairs, equal = _place(town, 0).codes, [], []
    for i, one in enumerate(items(codes)):
        for j, other in enumerate(items(codes)[:i]):
            both = every(same(one.digits, other.digits), is_live(codes, i, profile), is_live(codes, j, profile))
            pairs.append(no(every(both, _serves(one.code, now, profile), _serves(other.code, now, profile))))
            equal.append(both)
    assumed = every(legal(profile), in_order(town))
    possible = {"equal digits of two live codes": either(*equal)}
    yield Case("any instant", assumed, True, every(*pairs), possible if size.codes > 1 else {}, {"town": town, "now": now})


@theorem("code.digits", "code.index", "code.day", "code.expiry.after-first-use")
def the_digits_of_a_live_code_open_iff_it_is_entitled(size: Size, profile: Any) -> Iterator[Case]:
    """In its service a live code's digits are taken for it, whatever others there are, and open iff it is entitled; a dead one's never are."""
    for step, assumed in _everywhere(size, profile, ("entry_is_made",)):
        eye, numbered = any_observer(size, step.at)
        now, codes = step.here.box.clock, step.here.codes
        own = pick(codes, eye.code)
        code, found = own.code, code_of(codes, step.given["digits"], now, profile)
        entitled = means.entitles(code.day_start, code.day_end, code.used, code.first_use, now, profile)
        live = either(*(every(same(eye.code, i), is_live(codes, i, profile)) for i in range(size.codes)))
        serves = every(live, _serves(code, now, profile), same(own.digits, step.given["digits"]))
        examined, opened = no(step.outcome.counted), step.outcome.accepted
        taken = every(same(found, eye.code), same(opened, every(examined, entitled)))
        then = every(implies(serves, taken), implies(no(live), no(same(found, eye.code))))
        possible = {"a live code opens": every(serves, opened)} | ({"a dead code": no(live)} if size.codes > 1 else {})
        yield Case(_label(step), every(assumed, numbered), True, then, possible, _shown(step, eye))


@theorem("code.digits", "code.index", "code.expiry.after-first-use")
def the_digits_of_a_code_that_is_over_open_nothing_near_it(size: Size, profile: Any) -> Iterator[Case]:
    """Once a live code is over its digits open nothing, on its own day or on one whose service overlaps or adjoins its own."""
    for step, assumed in _everywhere(size, profile, ("entry_is_made",)):
        eye, numbered = any_observer(size, step.at)
        now, digits, codes = step.here.box.clock, step.given["digits"], step.here.codes
        code = pick(codes, eye.code).code
        live = every(*(implies(same(eye.code, i), is_live(codes, i, profile)) for i in range(size.codes)))
        hour_over = every(code.used, now >= code.first_use + profile.code_life)
        day_over = every(either(no(code.used), profile.code_ends_with_its_day), now >= code.day_end)
        when = every(live, same(digits, pick(codes, eye.code).digits), either(hour_over, day_over))
        opens = pick(codes, code_of(codes, digits, now, profile)).code
        far = either(opens.day_start > code.day_end + profile.code_life, code.day_start > opens.day_end + profile.code_life)
        possible = {"a code far from it opens": every(when, step.outcome.accepted)} if size.codes > 1 else {}
        then = either(no(step.outcome.accepted), far)
        yield Case(_label(step), every(assumed, numbered), when, then, possible, _shown(step, eye))


# What the theorems share

_MESSAGES = ("ticket_is_presented", "time_order_arrives", "revocation_is_heard")


def _serves(code: model.Code, now: Any, profile: Any) -> Truth:
    """It is its day, or a code's life after it is not over."""
    return no(either(now < code.day_start, now >= code.day_end + profile.code_life))


def _label(step: Happened, seen_from: int | None = None) -> str:
    """The event as a counterexample names it."""
    eye = f", seen from box {seen_from}" if seen_from is not None else ""
    return f"{step.event} at box {step.at}{eye}"


def _shown(step: Happened, eye: Observer | None = None) -> dict[str, Any]:
    numbers = {f"observer's {name}": getattr(eye, name) for name in ("code", "grant", "person")} if eye else {}
    return {"town": step.before, **step.given, **numbers}


def _message(place: Place, number: Any) -> Message:
    """The ticket issued last for a grant of this box."""
    ticket = pick(place.grants, number).ticket
    return Message(place.key, number, ticket.window_start, ticket.window_end, ticket.nonce, value=0)


def _opens(town: Town, at: int, ticket: Message, profile: Profile) -> Truth:
    return EVENTS["ticket_is_presented"](town, profile, at, ticket, False, False)[2].accepted


# To be asked of solvers


def of_a_town(size: Size = Size()) -> Iterator[Subject]:  # noqa: B008 (a value)
    """The theorems about a town of that size, as questions to solvers."""
    for each in TOWN_THEOREMS.values():
        yield Subject(each.name, each.sentence, each.clauses, Kind.THEOREM, partial(_questions, each, size))


def _questions(theorem: TownTheorem, size: Size) -> Iterator[obligations.Case]:
    for found in cases(theorem, any_profile(), size):
        ground = Ground({"a town as it can be": found.assumed})
        claim = Claim(found.when, found.then, possible=found.possible)
        yield obligations.Case(found.event, ground, claim, partial(counterexample.where, found.shown))
