"""What may be true of a box where not everything about it is known: its state in terms, and what each command may come to.

The model is the one that `exact` runs and `spec.prove` proves; what is known stays a plain value, and what is not is a term of a
solver. So a scenario in which nothing is uncertain never makes a term.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from lockproof.conformance.journal import Record
from lockproof.spec.model import box as model
from lockproof.spec.observable import CodeIndex, CutClass, LogKind
from lockproof.spec.profile import Profile
from lockproof.spec.vocabulary import (
    Instant,
    Need,
    Number,
    Outcome,
    Seconds,
    Truth,
    choose,
    earlier,
    either,
    every,
    later,
    no,
    same,
)

NEVER_GIVEN = -1  # the number of a nonce that no box gave
_NEVER_USED = model.Code(0, 0, False, 0)


@dataclass(frozen=True, slots=True)
class Belief:
    """How the box may stand; `counted_from` and `counted_to`: the instants of the refusals that the newest log entry counts."""

    box: model.Box
    codes: Mapping[CodeIndex, model.Code] = field(default_factory=dict)
    heard: Mapping[str, Truth] = field(default_factory=dict)
    counted_from: Instant = 0
    counted_to: Instant = 0
    timer_began: Seconds = 0  # what the box's own timer showed where the model's showed 0

    def code(self, index: CodeIndex) -> model.Code:
        return self.codes.get(index) or model.Code(index.day_start, index.day_end, False, 0)


@dataclass(frozen=True, slots=True)
class Written:
    """An entry that the log has if `there`. `reasons`: for each clause, whether it may be given as the reason.

    A decision has its instant; counted refusals have any from `instant` to `latest`, or, if not `timed`, none.
    """

    there: Truth
    number: Number
    kind: LogKind
    accepted: Truth
    instant: Instant
    latest: Instant
    timed: Truth
    credential: CodeIndex | str | None
    or_none: Truth  # a box need not tell whose digits they were
    reasons: Mapping[str, Truth]
    count: Number = 1


@dataclass(frozen=True, slots=True)
class Course:
    """What one command comes to: the beliefs after each commit but the last, the belief after it, the outcome, what is logged."""

    on_the_way: tuple[Belief, ...]
    after: Belief
    outcome: Outcome
    written: tuple[Written, ...] = ()
    bounds: tuple[tuple[str, Instant], ...] = ()  # need's name -> the instant at which it turns
    reasons: Mapping[str, Truth] = field(default_factory=dict)


def merged(condition: Truth, then: Belief, otherwise: Belief) -> Belief:
    """`then` where the condition holds, else `otherwise`."""
    if condition is True or condition is False:
        return then if condition else otherwise
    codes = {i: choose(condition, then.code(i), otherwise.code(i)) for i in {**then.codes, **otherwise.codes}}
    heard = {
        g: choose(condition, then.heard.get(g, False), otherwise.heard.get(g, False)) for g in {**then.heard, **otherwise.heard}
    }
    return Belief(
        choose(condition, then.box, otherwise.box),
        codes,
        heard,
        choose(condition, then.counted_from, otherwise.counted_from),
        choose(condition, then.counted_to, otherwise.counted_to),
        choose(condition, then.timer_began, otherwise.timer_began),
    )


def enter(belief: Belief, meaning: Record, profile: Profile) -> Course:
    """Digits at the keypad: charged, then decided. `meaning["code"]` is the live index that they belong to, if any."""
    before = belief.box
    index = CodeIndex(*meaning["code"]) if meaning["code"] else None
    charged, charge = model.charge_entry(before, profile)
    code = belief.code(index) if index else _NEVER_USED
    decided, used, outcome = model.decide_entry(charged, code, index is not None, profile)
    examined = charge.accepted
    needs = (*charge.needs, *(replace(need, applies=every(examined, need.applies)) for need in outcome.needs))
    entitled = tuple(replace(need, holds=every(examined, need.holds)) for need in outcome.entitled_by)
    told = Outcome(every(examined, outcome.accepted), needs, entitled, logged=examined, counted=no(examined))
    codes = {**belief.codes, index: choose(examined, used, code)} if index else belief.codes
    after = _counting(belief, replace(belief, box=choose(examined, decided, charged), codes=codes), told)
    now = before.clock  # of the charge, where it is examined
    untold = cannot_tell(code if index else None, now, profile)
    reasons = _reasons(told.needs)
    for clause in ("code.digits", "code.day") if index else ():
        reasons[clause] = either(reasons.get(clause, False), every(examined, untold))
    entry = Written(examined, before.next_entry, LogKind.CODE, told.accepted, now, now, True, index, untold, reasons)
    day = choose(now < code.day_start, code.day_start, code.day_end)
    bounds = (
        ("keypad enabled", before.arrival - profile.keypad_tolerance),
        ("within its life", code.first_use + profile.code_life),
        ("ends with its day", code.day_end),
        ("within its day", day),
    )
    on_the_way = (replace(belief, box=charged),) if examined is not False else ()
    return Course(on_the_way, after, told, (*closed(belief, after, told), entry), bounds, reasons)


def present(belief: Belief, meaning: Record, profile: Profile) -> Course:
    """A ticket is held out to the box; `meaning["nonce"]` is what the model calls the nonce that it answers."""
    ticket = model.Ticket(meaning["window_start"], meaning["window_end"], meaning["nonce"], meaning["authentic"])
    before = belief.box
    state, outcome = model.present_ticket(before, belief.heard.get(meaning["grant"], False), ticket, profile)
    after = _counting(belief, replace(belief, box=state), outcome)
    reasons = _reasons(outcome.needs)
    now = before.clock
    entry = Written(
        outcome.logged,
        before.next_entry,
        LogKind.CONNECT,
        outcome.accepted,
        now,
        now,
        True,
        meaning["grant"],
        False,
        reasons,
    )
    fresh_until = now - before.timer + before.nonce_at + profile.ticket_life
    bounds = (
        ("window has begun", ticket.window_start),
        ("window is not over", ticket.window_end),
        ("answers the open nonce in time", fresh_until),
    )
    return Course((), after, outcome, (*closed(belief, after, outcome), entry), bounds, reasons)


def hear(belief: Belief, meaning: Record, _: Profile) -> Course:
    """A revocation order arrives."""
    grant = meaning["grant"]
    heard, outcome = model.hear_revocation(belief.heard.get(grant, False), meaning["authentic"])
    after = replace(belief, heard={**belief.heard, grant: heard})
    return Course((), after, outcome, reasons=_reasons(outcome.needs))


def take_time(belief: Belief, meaning: Record, profile: Profile) -> Course:
    """A time order arrives."""
    order = model.TimeOrder(meaning["value"], meaning["nonce"], meaning["authentic"])
    state, outcome = model.take_time_order(belief.box, order, profile)
    bounds = (("not before the last decision", belief.box.mark),)
    return Course((), replace(belief, box=state), outcome, (), bounds, _reasons(outcome.needs))


COURSES: Mapping[str, Callable[[Belief, Record, Profile], Course]] = {
    "enter": enter,
    "present": present,
    "revocation_order": hear,
    "time_order": take_time,
}


def makes_anew(command: Record) -> bool:
    """Whether the box that carries it out is another one afterwards."""
    return command["name"] == "reset" or (command["name"] == "provision" and bool(command["arguments"]["new"]))


def after_simple(belief: Belief, command: Record, kept: Callable[[], Number], profile: Profile) -> Belief:
    """A command that decides nothing was carried out; of a power cut `kept` says how many counted refusals had been written."""
    name, given, box = command["name"], command["arguments"], belief.box
    if makes_anew(command):  # which is no boot: the timer goes on
        return Belief(replace(model.new_box(box.clock, box.nonce), timer=box.timer), timer_began=belief.timer_began)
    if name == "cut_power" and given["cut"] != CutClass.NTH_WRITE:
        return without_power(belief, given["off_for"], kept(), profile)
    if name == "challenge":
        return replace(belief, box=model.challenge(box)[0])
    if name == "advance_clock":
        gone = given["seconds"]
        return replace(belief, box=replace(box, clock=box.clock + gone, timer=box.timer + gone))
    if name == "disturb_clock":  # the box is not told: timer, mark and what it knows stay
        return replace(belief, box=replace(box, clock=box.clock - given["seconds"]))
    if name == "read_log":
        return replace(belief, box=model.write_refusals(box)[0])
    return belief


def without_power(belief: Belief, off_for: Seconds, kept: Number, profile: Profile) -> Belief:
    """Power was away for `off_for` seconds; `kept` of the counted refusals had been written."""
    box = belief.box
    return replace(belief, box=model.lose_power(box, box.clock + off_for, off_for, kept, profile)[0], timer_began=0)


def still_open(belief: Belief) -> Written:
    """The entry of the refusals that are being counted, there if any are."""
    box = belief.box
    return _refusals(belief, box.refusals > 0)


def closed(before: Belief, after: Belief, outcome: Outcome) -> tuple[Written, ...]:
    """The entry of counted refusals that this outcome ends, if it does: a decision, or a count for another reason."""
    anew = every(outcome.counted, same(after.box.refusals, 1))
    there = every(either(outcome.logged, anew), before.box.refusals > 0)
    return () if there is False else (_refusals(before, there),)


def cannot_tell(code: model.Code | None, now: Instant, profile: Profile) -> Truth:
    """When its day and its hour are over a box may forget first use, and need not tell a code from junk, nor before its day."""
    if code is None:
        return True
    in_its_hour = every(code.used, now < code.first_use + profile.code_life)
    in_its_day = every(code.day_start <= now, now < code.day_end)
    return no(either(in_its_hour, in_its_day))


def _refusals(belief: Belief, there: Truth) -> Written:
    box = belief.box
    disabled = box.refused_while_disabled
    return Written(
        there,
        box.next_entry - 1,
        LogKind.REFUSALS,
        False,
        belief.counted_from,
        belief.counted_to,
        disabled,
        None,
        False,
        {"box.wrong-entry.bound": disabled, "box.ready": no(disabled)},
        box.refusals,
    )


def _counting(before: Belief, after: Belief, outcome: Outcome) -> Belief:
    """Between which instants the counted refusals lie, now that this one may be among them."""
    now = before.box.clock
    anew = same(after.box.refusals, 1)
    first = choose(anew, now, earlier(before.counted_from, now))
    last = choose(anew, now, later(before.counted_to, now))
    counted = outcome.counted
    return replace(
        after,
        counted_from=choose(counted, first, before.counted_from),
        counted_to=choose(counted, last, before.counted_to),
    )


def _reasons(needs: Iterable[Need]) -> dict[str, Truth]:
    found: dict[str, Truth] = {}
    for need in needs:
        found[need.clause] = either(found.get(need.clause, False), need.forbids)
    return found
