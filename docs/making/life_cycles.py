"""The two life cycles: what the model does, tried from every state at every instant at which something may change.

The states are not listed here: they are what comes of trying. A state for which there is no name, or a change for which there
are no words, ends the making of the pages.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lockproof.spec.model import authority, box
from lockproof.spec.profile import DAY, HOUR, Profile
from lockproof.spec.vocabulary import Outcome, watched
from making.markdown import lasting
from making.rooms import NotPublished

NOON = 1_804_075_200  # some instant
OPENS, REFUSES = "opens", "refuses"


@dataclass(frozen=True, slots=True)
class State:
    """One state of a life cycle: its name, what happens in it, and where it stands in the picture, in columns and rows."""

    name: str
    says: str
    column: float
    row: float
    kind: str = ""  # how it is drawn: open, ended


@dataclass(frozen=True, slots=True)
class Edge:
    """From one state to another, or to itself."""

    start: str
    end: str
    labels: tuple[str, ...]


@dataclass(slots=True)
class LifeCycle:
    """What was found: states by their name in the order of the picture, edges, and how many situations were tried."""

    title: str
    about: str
    states: dict[str, State]
    edges: list[Edge]
    tried: int


@dataclass(frozen=True, slots=True)
class _Code:
    code: box.Code
    now: int


@dataclass(frozen=True, slots=True)
class _Grant:
    grant: authority.Grant
    heard: bool
    now: int


Successors = Iterator[tuple[str, Any]]


@dataclass(slots=True)
class _Found:
    keys: dict[Any, Hashable] = field(default_factory=dict)
    edges: dict[tuple[Hashable, Hashable], dict[str, None]] = field(default_factory=dict)


def _explored(starts: list[Any], key: Callable[[Any], Hashable], successors: Callable[[Any], Successors]) -> _Found:
    """Everything that can be reached, situations of one key together."""
    found, waiting = _Found(), list(starts)
    while waiting:
        situation = waiting.pop()
        if situation in found.keys:
            continue
        found.keys[situation] = key(situation)
        for label, after in successors(situation):
            waiting.append(after)
            found.edges.setdefault((key(situation), key(after)), {})[label] = None
    return found


def _told(found: _Found, states: Mapping[Hashable, State], title: str, about: str) -> LifeCycle:
    unnamed = set(found.keys.values()) - set(states)
    missing = set(states) - set(found.keys.values())
    if unnamed or missing:
        raise NotPublished(
            f"{title}: the model reaches states that have no name ({sorted(map(str, unnamed))}), or does not reach"
            f" those that have one ({[states[key].name for key in missing]}); see docs/making/life_cycles.py"
        )
    edges = [
        Edge(states[start].name, states[end].name, labels)
        for (start, end), words in found.edges.items()
        if (labels := tuple(word for word in words if word))
    ]
    order = [state.name for state in states.values()]
    edges.sort(key=lambda edge: (order.index(edge.start), order.index(edge.end)))
    return LifeCycle(title, about, {state.name: state for state in states.values()}, edges, len(found.keys))


# One Day Code


def of_a_code(profile: Profile) -> LifeCycle:
    """A code at a ready box: time passes from bound to bound, and at each its digits are entered or not."""
    day = (NOON, NOON + DAY)
    unused = box.Code(day_start=day[0], day_end=day[1], used=False, first_use=0)

    def entered(at: _Code) -> tuple[box.Code, Outcome, dict[str, bool]]:
        ready = _ready_box(at.now)
        charged, charge = box.charge_entry(ready, profile)
        if not charge.accepted:
            raise NotPublished("a ready box with nothing charged does not look at an entry")
        holds: dict[str, bool] = {}
        with watched(holds.setdefault):
            _, after, outcome = box.decide_entry(charged, at.code, True, profile)
        return after, outcome, holds

    def key(at: _Code) -> Hashable:
        _, outcome, holds = entered(at)
        return at.code.used, outcome.accepted, holds.get("its day has begun", True)

    def successors(at: _Code) -> Successors:
        after, outcome, _ = entered(at)
        said = f"its digits: {OPENS if outcome.accepted else REFUSES}"
        because = f" ({', '.join(outcome.clauses())})" if not outcome.accepted else ""
        yield said + because, _Code(after, at.now)
        bounds = [day[0], day[0] + HOUR, day[1] - profile.code_life // 2, day[1] - 1, day[1]]
        bounds += [at.code.first_use + profile.code_life] if at.code.used else []
        later = [bound for bound in bounds if bound > at.now]
        if later:
            then = _Code(at.code, min(later))
            changed = key(then) != key(at)
            yield _code_words(entered(at)[2], entered(then)[2], profile) if changed else "", then

    begin = [_Code(unused, day[0] - HOUR)]
    ends = "its day, or " if profile.code_ends_with_its_day else ""
    states: dict[Hashable, State] = {
        (False, False, False): State("Not yet", "its day has not begun", 0, 0),
        (False, True, True): State("Unused", "any instant of its day will do", 1, 0, "open"),
        (True, True, True): State("In its hour", f"opens for {lasting(profile.code_life)} from first use", 2, 0, "open"),
        (True, False, True): State("Expired", f"{ends}its hour is over, for ever", 3, 0, "ended"),
        (False, False, True): State("Missed", "its day is over, for ever", 1, 1, "ended"),
    }
    found = _explored(begin, key, successors)
    return _told(found, states, "The life of a One Day Code", "No request, no loss of a role and no power cut leads anywhere.")


def _ready_box(now: int) -> box.Box:
    fresh, _ = box.take_time_order(
        box.challenge(box.new_box(now))[0], box.TimeOrder(value=now, nonce=1, authentic=True), Profile()
    )
    return fresh


def _code_words(before: Mapping[str, bool], after: Mapping[str, bool], profile: Profile) -> str:
    words = {
        ("its day has begun", True): "its day begins",
        ("its day is not over", False): "its day ends",
        ("within its life", False): f"{lasting(profile.code_life)} are over",
    }
    turned = [words[name, truth] for name, truth in after.items() if (name, truth) in words and before.get(name) != truth]
    if not turned:
        raise NotPublished(f"a code changes its state, and there are no words for why: {before} to {after}")
    return turned[-1]


# Connect grant


def of_a_grant(profile: Profile) -> LifeCycle:
    """A grant, at the authority and at a ready box: asked for, revoked, its box moved, the order heard; a ticket fetched and presented."""
    window = (NOON, NOON + profile.window_shortest)
    nothing = authority.Grant(granted=False, window_start=0, window_end=0, revoked=False, moved=False, ended_at=0)
    visitor = authority.Recipient(consumer=False, realtor=True)

    def presented(at: _Grant) -> tuple[bool, Outcome]:
        """Whether the authority issues a ticket, and what the box says to one that was fetched just before."""
        _, issue = authority.issue_ticket(at.grant, True)
        ready, _ = box.challenge(_ready_box(at.now))
        start, end = (at.grant.window_start, at.grant.window_end) if at.grant.granted else window
        ticket = box.Ticket(window_start=start, window_end=end, nonce=ready.nonce, authentic=True)
        return issue.accepted, box.present_ticket(ready, at.heard, ticket, profile)[1]

    def key(at: _Grant) -> Hashable:
        issued, shown = presented(at)
        over = "window is not over" in {need.name for need in shown.needs if need.forbids}
        return (at.grant.granted, issued, shown.accepted, over) if issued else (at.grant.granted, issued, at.heard)

    def successors(at: _Grant) -> Successors:
        grant, now = at.grant, at.now
        if not grant.granted:
            asked = (*window, True, True, True, now, profile)
            yield "a grantor grants it", _Grant(authority.grant_connect(grant, visitor, *asked)[0], at.heard, now)
            return
        issued, shown = presented(at)
        if issued:
            because = f" ({', '.join(shown.clauses())})" if not shown.accepted else ""
            yield f"a fresh ticket: {OPENS if shown.accepted else REFUSES}{because}", at
        elif at.heard:
            yield f"a ticket in hand: {REFUSES}", at
        else:
            yield "no ticket is issued", at
        yield "a grantor revokes it", _Grant(authority.revoke_grant(grant, True, now)[0], at.heard, now)
        yield "its box is moved", _Grant(authority.move_box(grant, now)[0], at.heard, now)
        if authority.ended(grant):
            yield "the box hears of it", _Grant(grant, box.hear_revocation(at.heard, True)[0], now)
        later = [bound for bound in window if bound > now]
        if later:
            then = _Grant(grant, at.heard, min(later))
            turned = "its window begins" if then.now == window[0] else "its window ends"
            yield turned if key(then) != key(at) else "", then

    life = lasting(profile.ticket_life)
    states: dict[Hashable, State] = {
        (False, False, False): State("Not granted", "no ticket is issued", 0, 0),
        (True, True, False, False): State("Before its window", "tickets are issued, the box refuses", 1, 0),
        (True, True, True, False): State("In its window", "a fresh ticket opens", 2, 0, "open"),
        (True, True, False, True): State("Window over", "tickets are issued, the box refuses", 3, 0, "ended"),
        (True, False, False): State("Ended, not heard", f"a ticket in hand is good for {life} at most", 2, 1),
        (True, False, True): State("Ended, heard", "the box refuses, for ever", 3, 1, "ended"),
    }
    found = _explored([_Grant(nothing, False, at) for at in (NOON - HOUR, NOON)], key, successors)
    return _told(
        found, states, "The life of a Connect grant", "Moving the box to another property ends a grant as revoking it does."
    )
