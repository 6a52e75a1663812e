"""A situation at one box: what happens to it, when, and what the model's functions say to each in its turn.

This is what the page "Try it" asks. It is written in the words of the model, so that `javascript.py` prints it with the functions that
it calls; it puts what happens in order and lets time pass between, and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lockproof.spec.model import authority, box
from lockproof.spec.model.authority import Grant, Recipient
from lockproof.spec.model.box import Box, Code, Ticket, TimeOrder
from lockproof.spec.profile import Profile
from lockproof.spec.vocabulary import Instant, Number, Outcome, Seconds, Truth, every, no

BOX, AUTHORITY, NOBODY = "box", "authority", "nobody"


@dataclass(frozen=True, slots=True)
class Situation:
    """What happens, nothing of it before `known_from`. What has a truth before it happens only where that holds.

    `begins` and `ends` are the window of the grant, or the day of the code.
    """

    connect: Truth  # a Connect grant, or else a One Day Code
    known_from: Instant  # the box gets to know the time, and the grantor has given what is to be given
    begins: Instant
    ends: Instant
    uses: Truth
    used_at: Instant
    revokes: Truth
    revoked_at: Instant
    hears: Truth
    heard_at: Instant
    sets_back: Truth
    back_at: Instant
    back_by: Seconds
    by_order: Truth  # a time order says the earlier time, or else the clock itself fails
    cuts: Truth
    cut_at: Instant
    off_for: Seconds
    wrong: Number  # so many entries of other digits, in the second of the presentation and before it
    fetched_before: Seconds  # the ticket, before it is presented
    presented_at: Instant


@dataclass(frozen=True, slots=True)
class Happening:
    """One of them, at its instant."""

    kind: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Step:
    """What one of them came to. `box_time` is what the clock shows then; the box is certain of it or not (`certain`)."""

    kind: str
    at: Instant
    box_time: Instant
    certain: Truth
    by: str  # who decided it
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Played:
    """Everything so far. `told` is each step in its order, `answer` the last presentation."""

    now: Instant
    box: Box
    code: Code
    grant: Grant
    granting: Outcome
    issued: Outcome
    fetched: Truth  # a nonce was made to fetch a ticket for
    heard: Truth
    ticket: Ticket
    told: tuple[Step, ...]


def play(situation: Situation, profile: Profile) -> tuple[Played, Step]:
    """All that happens, in order, and the presentation that was asked about."""
    played = _begun(situation, profile)
    for happening in sorted(_happenings(situation), key=_instant):
        played = _happened(_passed(played, happening.at), happening.kind, situation, profile)
    return played, _presented(played)


def _instant(happening: Happening) -> Instant:
    return happening.at


def _presented(played: Played) -> Step:
    (presented,) = tuple(step for step in played.told if step.kind == "presented")
    return presented


def _begun(situation: Situation, profile: Profile) -> Played:
    """A box that has taken a time order, and the grantor's grant; the code needs none but its digits."""
    fresh, _ = box.challenge(box.new_box(situation.known_from))
    order = TimeOrder(value=situation.known_from, nonce=fresh.nonce, authentic=True)
    ready, _ = box.take_time_order(fresh, order, profile)
    nothing = Grant(granted=False, window_start=0, window_end=0, revoked=False, moved=False, ended_at=0)
    visitor = Recipient(consumer=False, realtor=True)
    grant, granting = authority.grant_connect(
        nothing, visitor, situation.begins, situation.ends, True, True, True, situation.known_from, profile
    )
    return Played(
        now=situation.known_from,
        box=ready,
        code=Code(day_start=situation.begins, day_end=situation.ends, used=False, first_use=0),
        grant=grant,
        granting=granting,
        issued=Outcome(False),
        fetched=False,
        heard=False,
        ticket=Ticket(window_start=0, window_end=0, nonce=0, authentic=False),
        told=(),
    )


def _happenings(situation: Situation) -> tuple[Happening, ...]:
    """Of what happens in one second, what stands first here comes first."""
    every_one = (
        Happening("power", situation.cut_at + situation.off_for),
        Happening("revoked", situation.revoked_at),
        Happening("heard", situation.heard_at),
        Happening("set back", situation.back_at),
        Happening("used", situation.used_at),
        Happening("fetched", situation.presented_at - situation.fetched_before),
        Happening("wrong", situation.presented_at),
        Happening("presented", situation.presented_at),
    )
    return tuple(happening for happening in every_one if _happens(happening.kind, situation))


def _happens(kind: str, situation: Situation) -> Truth:
    if kind == "power":
        return situation.cuts
    if kind == "revoked":
        return situation.revokes
    if kind == "heard":
        return every(situation.connect, situation.revokes, situation.hears)
    if kind == "set back":
        return situation.sets_back
    if kind == "used":
        return situation.uses
    if kind == "fetched":
        return situation.connect
    return True


def _passed(played: Played, at: Instant) -> Played:
    """Time goes by, for the clock and for the timer alike."""
    by = at - played.now
    passed = replace(played.box, clock=played.box.clock + by, timer=played.box.timer + by)
    return replace(played, now=at, box=passed)


def _powered(situation: Situation, at: Instant) -> Truth:
    return no(every(situation.cuts, situation.cut_at <= at, at < situation.cut_at + situation.off_for))


def _happened(played: Played, kind: str, situation: Situation, profile: Profile) -> Played:
    if kind == "revoked":
        return _revoked(played, situation)
    if not _powered(situation, played.now):
        return _told(played, kind, NOBODY, Outcome(False))
    if kind == "power":
        return _power_returns(played, situation, profile)
    if kind == "heard":
        return _heard(played)
    if kind == "set back":
        return _set_back(played, situation, profile)
    if kind == "fetched":
        return _fetched(played)
    if kind == "wrong":
        return _wrong_entries(played, situation, profile)
    if kind == "used" and situation.connect:
        return _ticket(_fetched(played), kind, profile)
    return _ticket(played, kind, profile) if situation.connect else _entry(played, kind, True, profile)


def _told(played: Played, kind: str, by: str, outcome: Outcome) -> Played:
    step = Step(kind=kind, at=played.now, box_time=played.box.clock, certain=box.ready(played.box), by=by, outcome=outcome)
    return replace(played, told=(*played.told, step))


def _revoked(played: Played, situation: Situation) -> Played:
    if not situation.connect:
        return _told(played, "revoked", AUTHORITY, authority.revoke_code(True))
    grant, outcome = authority.revoke_grant(played.grant, True, played.now)
    return _told(replace(played, grant=grant), "revoked", AUTHORITY, outcome)


def _heard(played: Played) -> Played:
    """The order reaches the box, once there is one."""
    if not authority.ended(played.grant):
        return _told(played, "heard", NOBODY, Outcome(False))
    heard, outcome = box.hear_revocation(played.heard, True)
    return _told(replace(played, heard=heard), "heard", BOX, outcome)


def _set_back(played: Played, situation: Situation, profile: Profile) -> Played:
    earlier = played.box.clock - situation.back_by
    if not situation.by_order:
        return _told(replace(played, box=replace(played.box, clock=earlier)), "set back", NOBODY, Outcome(True))
    asked, _ = box.challenge(played.box)
    order = TimeOrder(value=earlier, nonce=asked.nonce, authentic=True)
    after, outcome = box.take_time_order(asked, order, profile)
    return _told(replace(played, box=after), "set back", BOX, outcome)


def _power_returns(played: Played, situation: Situation, profile: Profile) -> Played:
    """Its clock went on meanwhile; of the counted refusals those that were written are left."""
    after, outcome = box.lose_power(played.box, played.box.clock, situation.off_for, played.box.refusals_written, profile)
    return _told(replace(played, box=after), "power", NOBODY, outcome)


def _fetched(played: Played) -> Played:
    """The app asks the box for a nonce and the authority for a ticket that answers it."""
    asked, _ = box.challenge(played.box)
    grant, issued = authority.issue_ticket(played.grant, True)
    ticket = Ticket(window_start=grant.window_start, window_end=grant.window_end, nonce=asked.nonce, authentic=True)
    after = replace(played, box=asked, grant=grant, issued=issued, fetched=True, ticket=ticket)
    return _told(after, "fetched", AUTHORITY, issued)


def _ticket(played: Played, kind: str, profile: Profile) -> Played:
    """What was fetched is presented. Where nothing was issued, whoever refused that has decided."""
    if not played.fetched:
        return _told(played, kind, NOBODY, Outcome(False))
    if not played.granting.accepted:
        return _told(played, kind, AUTHORITY, played.granting)
    if not played.issued.accepted:
        return _told(played, kind, AUTHORITY, played.issued)
    after, outcome = box.present_ticket(played.box, played.heard, played.ticket, profile)
    return _told(replace(played, box=after), kind, BOX, outcome)


def _wrong_entries(played: Played, situation: Situation, profile: Profile) -> Played:
    after = played
    for _ in range(situation.wrong):
        after = _entry(after, "wrong", False, profile)
    return after


def _entry(played: Played, kind: str, matches: Truth, profile: Profile) -> Played:
    """Digits at the keypad: charged, and then decided if they are looked at."""
    charged, charge = box.charge_entry(played.box, profile)
    if not charge.accepted:
        return _told(replace(played, box=charged), kind, BOX, charge)
    decided, code, decision = box.decide_entry(charged, played.code, matches, profile)
    both = replace(decision, needs=(*charge.needs, *decision.needs))  # as the world of the proofs has it (`entry_is_made`)
    return _told(replace(played, box=decided, code=code), kind, BOX, both)
