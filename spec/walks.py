"""Walks at random through the model, with values: from a beginning, whatever can happen, at and around every bound.

They find quickly what the solver would have to search for. A walk in a profile of small limits comes to every bound within a few
events. The same seed draws the same walks.
"""

from __future__ import annotations

import random
import typing
from collections.abc import Callable, Hashable
from dataclasses import is_dataclass, replace
from functools import cache
from typing import Any

from lockproof.spec.profile import DEFAULT, Profile
from lockproof.spec.traces import Moment, Trace
from lockproof.spec.vocabulary import Number, Truth
from lockproof.spec.world import EVENTS, World

SMALL = Profile(
    code_life=4,
    code_days_ahead=1,
    window_shortest=2,
    window_longest=5,
    ticket_life=3,
    keypad_burst=2,
    keypad_refill=3,
    holdover=2,
    clock_skew=2,
    timer_drift=1,
    authority_skew=1,
)
PROFILES = (SMALL, replace(SMALL, code_ends_with_its_day=True, clock_skew=6), DEFAULT)
EVENTS_IN_A_WALK = 40
TRIES = 4  # to draw arguments with which an event can happen


def walks(count: int, seed: int = 0) -> list[Trace]:
    """So many walks, each in one of the profiles in turn."""
    return [walk(random.Random(f"{seed} {number}"), PROFILES[number % len(PROFILES)]) for number in range(count)]  # noqa: S311


def walk(draw: random.Random, profile: Profile) -> Trace:
    start = world = beginning(draw, profile)
    moments: list[Moment] = []
    wanted = [*_SET_THE_CLOCK]
    while len(moments) < EVENTS_IN_A_WALK:
        moment = possible(wanted.pop(0), draw, world, profile)
        if moment is not None:
            _, world, _ = EVENTS[moment.event](world, profile, **moment.given)
            moments.append(moment)
        wanted = wanted or [*draw.choice(_STORIES)]
    return Trace(start, profile, tuple(moments))


def possible(event: str, draw: random.Random, world: World, profile: Any) -> Moment | None:
    """The event with arguments with which it can happen in this world, if a few tries find any."""
    for _ in range(TRIES):
        given = _arguments(event, draw, world, profile)
        premise, _, _ = EVENTS[event](world, profile, **given)
        if premise is True:
            return Moment(event, given)
    return None


_SET_THE_CLOCK = ("challenge_is_made", "time_order_is_issued", "time_order_arrives")
_HOLD_OUT_A_TICKET = ("challenge_is_made", "ticket_is_issued", "time_passes", "ticket_is_presented", "ticket_is_presented")
_STORIES = (
    *((event,) for event in EVENTS),
    *((("time_passes",), ("entry_is_made",), _HOLD_OUT_A_TICKET) * 5),
    *((_SET_THE_CLOCK, ("entry_is_charged", "time_passes", "entry_is_decided"), ("grant_is_asked_for", *_HOLD_OUT_A_TICKET)) * 3),
    ("entry_is_made",) * 6,
    ("pin_is_entered",) * 3,
    ("entry_is_made", "entry_arrives", "entry_arrives"),
    ("grant_is_revoked", "revocation_is_heard", *_HOLD_OUT_A_TICKET),
)


def beginning(draw: random.Random, profile: Any) -> World:
    """One of the initial worlds (`world.initial`)."""
    nothing: World = _nothing(World)
    now = draw.choice((0, 3, 10, 1_000_000))
    day_start = max(0, now + draw.choice((-profile.code_life, -2, 0, 1, 3)))
    length = draw.choice((2, 5, profile.code_life, 3 * profile.code_life, 86_400))
    code = replace(nothing.code, day_start=day_start, day_end=day_start + length)
    observer = max(0, now + draw.choice((-1, 0, 2, 5)))
    box = replace(nothing.box, clock=max(0, now + draw.choice((0, 0, 1, -2))), timer=draw.choice((0, 5)), next_entry=1)
    authority = now + draw.choice((0, profile.authority_skew))
    return replace(nothing, true=now, authority=authority, box=box, code=code, observer=observer)


def _nothing(kind: Any) -> Any:
    """0 and no, in all of it."""
    return _state(kind, _nothing) if is_dataclass(kind) else kind()


def _state(kind: Any, part: Callable[[Any], Any]) -> Any:
    return kind(**{name: part(of) for name, of in _kinds(kind).items()})


@cache
def _kinds(of: Hashable) -> dict[str, Any]:
    return typing.get_type_hints(of)


# Arguments


def _arguments(event: str, draw: random.Random, world: World, profile: Any) -> dict[str, Any]:
    hints = _kinds(EVENTS[event])
    drawn = {n: _any(kind, draw, world, profile) for n, kind in hints.items() if n not in {"world", "profile", "return"}}
    return drawn | (_LIKELY[event](draw, world, profile) if event in _LIKELY else {})


def _any(kind: Any, draw: random.Random, world: World, profile: Any) -> Any:
    if is_dataclass(kind):
        return _state(kind, lambda part: _any(part, draw, world, profile))
    return draw.random() < 0.75 if kind is Truth else near(draw, world, profile)  # noqa: PLR2004 (most is as it should be)


def near(draw: random.Random, world: World, profile: Any) -> Number:
    """A number at, or one off, one that matters here."""
    numbers = (
        *(world.authority, world.box.clock, world.box.clock, world.box.clock, world.box.mark, world.observer),
        *(world.code.day_start, world.code.day_end, world.code.first_use + profile.code_life),
        *(world.grant.window_start, world.grant.window_end, world.box.arrival, world.box.arrival - profile.keypad_tolerance),
        *(world.box.clock + profile.keypad_tolerance, world.box.clock - profile.code_life, world.box.clock - profile.ticket_life),
    )
    return draw.choice(numbers) + draw.choice((0, 0, 0, 1, -1, 2))


def _time(draw: random.Random, world: World, profile: Any) -> dict[str, Any]:
    seconds = max(0, draw.choice((0, 1, 1, 2, 3, profile.ticket_life - 1, near(draw, world, profile) - world.box.clock)))
    true, shown, clock, timer = (seconds + draw.choice((0, 0, 0, 0, 0, 0, 1, -1)) for _ in range(4))
    box = world.box
    return {
        "true": world.true + true,
        "authority": world.authority + shown,
        "clock": box.clock + clock,
        "timer": box.timer + timer,
    }


def _cut(draw: random.Random, world: World, profile: Any) -> dict[str, Any]:
    off = draw.choice((0, 1, profile.holdover, profile.holdover + 1))
    clock = draw.choice((world.box.clock + off, world.box.clock + off, near(draw, world, profile)))
    kept = draw.randint(world.ghosts.run_written, world.ghosts.run)
    return {"true": world.true + off, "authority": world.authority + off, "clock": clock, "off_for": off, "kept": kept}


def _grant(draw: random.Random, world: World, profile: Any) -> dict[str, Any]:
    """As often as not one that must be granted."""
    shortest, longest = profile.window_shortest, profile.window_longest
    if draw.random() < 0.5:  # noqa: PLR2004
        start = max(near(draw, world, profile), world.authority - shortest + 1)
        allowed = dict.fromkeys(("by_grantor", "assigned", "email_named"), True)
        return allowed | {
            "window_start": start,
            "window_end": start + draw.choice((shortest, longest)),
            "recipient": _person(True),
        }
    start, realtor = near(draw, world, profile), draw.random() < 0.8  # noqa: PLR2004
    end = start + draw.choice((shortest, longest, shortest - 1, longest + 1))
    return {"window_start": start, "window_end": end, "recipient": _person(realtor, consumer=draw.random() < 0.5)}  # noqa: PLR2004


def _person(realtor: bool, *, consumer: bool = False) -> Any:
    recipient = _kinds(EVENTS["grant_is_asked_for"])["recipient"]
    return recipient(realtor=realtor, consumer=consumer and not realtor)


def _code(draw: random.Random, world: World, profile: Any) -> dict[str, Any]:
    ahead = draw.choice((0, 1, profile.code_days_ahead, -1, profile.code_days_ahead + 1))
    return {"days_ahead": ahead, "recipient": _grant(draw, world, profile)["recipient"]}


def _presented(draw: random.Random, world: World, profile: Any) -> dict[str, Any]:
    other = _any(_kinds(EVENTS["ticket_is_presented"])["other"], draw, world, profile)
    start, end = world.box.clock + draw.choice((-2, -1, 0, 0, 1)), world.box.clock + draw.choice((0, 1, 1, 3))
    return {"other": replace(other, nonce=_nonce(draw, world), window_start=start, window_end=end)}


def _nonce(draw: random.Random, world: World) -> Number:
    return world.ghosts.nonce + draw.choice((0, 0, 0, 0, -1, 1))


def _order(draw: random.Random, world: World, profile: Any) -> dict[str, Any]:
    kind = _kinds(EVENTS["time_order_arrives"])["other"]
    skew = profile.clock_skew
    value = draw.choice((world.true, world.true, world.true + skew, world.true - skew, near(draw, world, profile)))
    return {"other": kind(value=value, nonce=_nonce(draw, world), authentic=draw.random() < 0.9)}  # noqa: PLR2004


def _jump(draw: random.Random, world: World, profile: Any) -> dict[str, Any]:
    return {"clock": draw.choice((world.box.mark - 1, world.box.mark, near(draw, world, profile), world.true))}


_LIKELY: dict[str, Callable[[random.Random, World, Any], dict[str, Any]]] = {
    "time_passes": _time,
    "clock_jumps": _jump,
    "power_fails": _cut,
    "grant_is_asked_for": _grant,
    "code_is_asked_for": _code,
    "ticket_is_issued": lambda draw, world, _: {"nonce": _nonce(draw, world)},
    "time_order_is_issued": lambda draw, world, _: {"nonce": _nonce(draw, world)},
    "ticket_is_presented": _presented,
    "time_order_arrives": _order,
}
