"""The same decisions with something in between: what the frame theorems say changes nothing, or exactly so much.

A vector is played once more with a power cut, another code's use, somebody else's revocation and the like shortly before it
decides. Where the condition still decides, the answer must be what it was; where the disturbance takes its place (a power cut
forgets a nonce), the answer must be what the model says now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from lockproof.conformance import moves
from lockproof.conformance.moves import SET_UP
from lockproof.spec import coverage
from lockproof.spec.coverage import Decides, Goal
from lockproof.spec.model import box as model
from lockproof.spec.profile import DAY, Profile
from lockproof.spec.theorems import Step
from lockproof.spec.traces import Moment, Trace, TraceError
from lockproof.spec.world import EVENTS, World

Makes = Callable[[World], list[tuple[str, dict[str, Any]]]]
"""The events of a disturbance, each with its arguments, in the world in which it happens; none where it cannot."""

AT_THE_KEYPAD = ("entry_is_made",)
AT_THE_BOX = (*AT_THE_KEYPAD, "ticket_is_presented", "time_order_arrives")
NOTHING = model.Code(day_start=0, day_end=0, used=False, first_use=0)
ANOTHERS = model.Code(day_start=moves.MIDNIGHT, day_end=moves.MIDNIGHT + DAY, used=False, first_use=0)


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What it must not bring about is what `clauses` are about, by the event that decides.

    It comes before decisions `at` these events, and, if it may come `early`, also soon after the beginning. `with_a_new_nonce`:
    what is presented after it is for the newest nonce, for the one before is gone.
    """

    name: str
    clauses: Callable[[Step], tuple[str, ...]]
    makes: Makes
    at: tuple[str, ...] = AT_THE_BOX
    early: bool = False
    with_a_new_nonce: bool = False


@dataclass(frozen=True, slots=True)
class Disturbed:
    """A trace with a disturbance in it, and whether the condition still decides; if not, what the answer would be without it."""

    disturbance: Disturbance
    early: bool
    trace: Trace
    decides: bool
    without: Step


def _cut(world: World) -> list[tuple[str, dict[str, Any]]]:
    cut = _cut_again(0, True, world)
    return [(cut.event, cut.given)]


def _entry(**given: Any) -> tuple[str, dict[str, Any]]:
    return "entry_is_made", {"ours": False, "matches": False, "other": NOTHING, "remember": False, **given}


def _forward(world: World) -> list[tuple[str, dict[str, Any]]]:
    order = model.TimeOrder(value=world.box.clock + 1, nonce=world.box.nonce + 1, authentic=True)
    return [("challenge_is_made", {}), ("time_order_arrives", {"ours": False, "other": order})]


def _about(*clauses: str) -> Callable[[Step], tuple[str, ...]]:
    return lambda _: clauses


def _about_a_cut(step: Step) -> tuple[str, ...]:
    """A code that was used stays so, and no less of it."""
    used = step.event == "entry_is_made" and step.given["ours"] and step.before.ghosts.code_used
    return ("box.power", "box.first-use.durable", "code.irrevocable") if used else ("box.power",)


def _about_anothers_revocation(step: Step) -> tuple[str, ...]:
    ours = step.event == "entry_is_made" and step.given["ours"]
    return ("connect.revoke.only-it", "code.irrevocable") if ours else ("connect.revoke.only-it",)


DISTURBANCES = (
    Disturbance("a-power-cut", _about_a_cut, _cut, early=True),
    Disturbance(
        "a-power-cut-and-a-new-nonce",
        _about("box.power"),
        lambda world: [*_cut(world), ("challenge_is_made", {})] if world.ghosts.granted else [],
        at=("ticket_is_presented",),
        with_a_new_nonce=True,
    ),
    Disturbance(
        "its-own-use",
        _about("code.expiry.not-extended"),
        lambda world: [_entry(ours=True, matches=True)] if world.ghosts.code_used else [],
        at=AT_THE_KEYPAD,
        early=True,
    ),
    Disturbance(
        "an-early-use",
        _about("code.day"),
        lambda world: [] if world.ghosts.code_used else [_entry(ours=True, matches=True)],
        at=AT_THE_KEYPAD,
        early=True,
    ),
    Disturbance("anothers-use", _about("box.isolation"), lambda _: [_entry(matches=True, other=ANOTHERS)], early=True),
    Disturbance("a-wrong-entry", _about("box.isolation"), lambda _: [_entry()], at=AT_THE_KEYPAD),
    Disturbance("a-disabled-keypad", _about("box.wrong-entry.bound"), lambda _: [_entry()] * 6),
    Disturbance(
        "anothers-revocation",
        _about_anothers_revocation,
        lambda _: [("revocation_is_heard", {"ours": False, "authentic": True})],
    ),
    Disturbance("a-clock-set-forward", _about("box.clock.never-back"), _forward, at=AT_THE_KEYPAD),
)


def disturbed(goal: Goal, trace: Trace) -> Iterator[Disturbed]:
    """The trace with each disturbance a second before its last event, and with each soon after it begins."""
    plain, seen = trace.last(), set()
    for disturbance in (each for each in DISTURBANCES if plain.event in each.at):
        for early in (False, True) if disturbance.early else (False,):
            found = _with(disturbance, trace, early=early)
            if found is None or (disturbance.name, repr(found.moments)) in seen:
                continue
            seen.add((disturbance.name, repr(found.moments)))
            step = found.last()
            decides = coverage.reached(goal, Decides.THE_ANSWER, step, exactly=False) is True
            if (
                decides or step.outcome.accepted != plain.outcome.accepted
            ):  # a box that gives no reasons shows no other difference
                yield Disturbed(disturbance, early, found, decides, plain)


Beat = Callable[[World], Moment]
"""An event as it happens in whatever world it comes to: what passes, passes on every clock from where that stands."""


def _with(disturbance: Disturbance, trace: Trace, *, early: bool) -> Trace | None:
    """The trace with the disturbance in it; None where it cannot be, or where something else then cannot happen any more."""
    beats = [_beat(step) for step in trace.steps()]
    place = len(SET_UP) + 1 if early else len(beats) - 1
    before, after = beats[:place], beats[place:]
    waited = list(trace.steps())[place - 1]
    if not after:
        return None
    if not early and waited.event == "time_passes" and _gone(waited) > 1:
        before = [*before[:-1], partial(_passing, _gone(waited) - 1)]
        after = [partial(_passing, 1), *after]
    try:
        world, happened = _play(before, trace.start, trace.profile)
        made = [Moment(*each) for each in disturbance.makes(world)]
        world, disturbing = _play([partial(_same, each) for each in made], world, trace.profile, freely=True)
        if disturbance.with_a_new_nonce:
            after = [*after[:-1], _with_the_newest_nonce(after[-1])]
        _, happening = _play(after, world, trace.profile, freely=disturbance.with_a_new_nonce)
    except TraceError:
        return None
    return replace(trace, moments=(*happened, *disturbing, *happening)) if made else None


def _with_the_newest_nonce(beat: Beat) -> Beat:
    """A genuine ticket for our grant that answers the newest nonce, in place of the one that did not live to see it."""

    def presents(world: World) -> Moment:
        moment = beat(world)
        if moment.event != "ticket_is_presented" or not (moment.given["ours"] or moment.given["other"].authentic):
            raise TraceError("no genuine ticket is presented there")
        grant = world.grant
        ticket = model.Ticket(grant.window_start, grant.window_end, world.box.nonce, authentic=True)
        return Moment(moment.event, {**moment.given, "ours": False, "other": ticket, "other_heard": world.heard})

    return presents


def _gone(step: Step) -> int:
    return int(step.given["true"] - step.before.true)


def _beat(step: Step) -> Beat:
    before = step.before.box
    if step.event == "time_passes":
        return partial(_passing, _gone(step))
    if step.event == "power_fails":
        return partial(_cut_again, step.given["off_for"], step.given["kept"] == before.refusals)
    if step.event == "clock_jumps":
        return partial(_behind, before.clock - step.given["clock"])
    return partial(_same, Moment(step.event, step.given))


def _same(moment: Moment, _: World) -> Moment:
    return moment


def _passing(seconds: int, world: World) -> Moment:
    box = world.box
    clocks = {"true": world.true, "authority": world.authority, "clock": box.clock, "timer": box.timer}
    return Moment("time_passes", {name: shows + seconds for name, shows in clocks.items()})


def _cut_again(off_for: int, all_kept: bool, world: World) -> Moment:
    clocks = {"true": world.true, "authority": world.authority, "clock": world.box.clock}
    kept = world.box.refusals if all_kept else 0
    return Moment("power_fails", {**{name: shows + off_for for name, shows in clocks.items()}, "off_for": off_for, "kept": kept})


def _behind(seconds: int, world: World) -> Moment:
    return Moment("clock_jumps", {"clock": world.box.clock - seconds})


def _play(beats: Sequence[Beat], world: World, profile: Profile, *, freely: bool = False) -> tuple[World, list[Moment]]:
    """The world after these events, and the events; `freely`: also those that no trace of a condition needs. Raises `TraceError`."""
    moments = []
    for beat in beats:
        moment = beat(world)
        premise, after, outcome = EVENTS[moment.event](world, profile, **moment.given)
        step = Step(moment.event, world, after, outcome, moment.given, profile, 0)
        if premise is not True or not (freely or moves.EVENTS[moment.event](step)):
            raise TraceError(f"{moment.event} cannot happen there")
        world = after
        moments.append(moment)
    return world, moments
