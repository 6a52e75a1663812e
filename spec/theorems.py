"""The theorems: what the standard promises, each a sentence, proved for every profile and for all time.

A theorem says something of one event in any world that the invariants allow: of the world before it, the outcome and the
world after it. `when` is its hypothesis and `then` its conclusion; a hypothesis that nothing satisfies proves nothing, so
each theorem must also have a witness.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from typing import Any

from lockproof.spec import denotation as means
from lockproof.spec import guessing
from lockproof.spec.model import box as model
from lockproof.spec.profile import Profile
from lockproof.spec.vocabulary import (
    Instant,
    Outcome,
    Seconds,
    Truth,
    choose,
    either,
    every,
    implies,
    no,
    same,
)
from lockproof.spec.world import EVENTS, World, box_begins, orders_are_good_enough


@dataclass(frozen=True, slots=True)
class Step:
    """One event in one world. `any_instant` is an instant about which nothing is known.

    For a theorem without an event nothing is known of the world, and `given` holds the theorem's own numbers.
    """

    event: str
    before: World
    after: World
    outcome: Outcome
    given: dict[str, Any]
    profile: Profile
    any_instant: Instant

    def entitled_before(self) -> Truth:
        return means.code_is_entitled(self.before, self.any_instant, self.profile)

    def entitled_after(self) -> Truth:
        return means.code_is_entitled(self.after, self.any_instant, self.profile)

    def reasons(self) -> means.Reasons:
        """What forbids the request, by the denotation; empty for an event that asks for nothing."""
        return REASONS[self.event](self) if self.event in REASONS else {}


@dataclass(frozen=True, slots=True)
class Claim:
    """`then` holds wherever `when` does.

    `compared` tells a counterexample apart: by name, what the model says and what the standard says. Each of `possible` can
    happen, by name: what was proved was proved of that, too.
    """

    when: Truth
    then: Truth
    compared: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    possible: dict[str, Truth] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Theorem:
    name: str
    sentence: str
    clauses: tuple[str, ...]
    events: tuple[str, ...]
    claim: Callable[[Step], Claim]
    default_profile: bool = False
    numbers: tuple[str, ...] = ()


THEOREMS: dict[str, Theorem] = {}
_PRESENTATIONS = ("entry_is_made", "ticket_is_presented")
_KEYPAD = ("entry_is_charged", "entry_is_decided", "entry_is_made")

REASONS: dict[str, Callable[[Step], means.Reasons]] = {
    "entry_is_made": lambda s: means.entry_reasons(s.before, s.profile, s.given["ours"], s.given["matches"], s.given["other"]),
    "entry_is_charged": lambda s: means.charge_reasons(s.before, s.profile),
    "entry_is_decided": lambda s: means.digits_reasons(
        s.before, s.profile, s.given["ours"], s.given["matches"], s.given["other"], s.before.ghosts.last_decision
    ),
    "ticket_is_presented": lambda s: means.ticket_reasons(
        s.before, s.profile, s.given["ours"], s.given["other"], s.given["other_heard"]
    ),
    "time_order_arrives": lambda s: means.time_order_reasons(s.before, s.profile, s.given["ours"], s.given["other"]),
    "ticket_is_issued": lambda s: means.issue_reasons(s.before, s.given["registered"]),
    "grant_is_asked_for": lambda s: means.grant_reasons(s.before, s.profile, s.given),
    "grant_is_revoked": lambda s: means.revocation_reasons(s.before, s.given["by_grantor"]),
    "revocation_is_heard": lambda s: {"box.authentic": no(s.given["authentic"])},
    "code_is_asked_for": lambda s: means.code_reasons(s.profile, s.given),
    "code_revocation_is_asked_for": lambda _: {"code.irrevocable": True},
    "pin_is_entered": lambda s: means.pin_reasons(s.before, s.profile, s.given),
}


def theorem(
    *clauses: str, events: tuple[str, ...] = tuple(EVENTS), default_profile: bool = False, numbers: tuple[str, ...] = ()
) -> Callable[[Callable[[Step], Claim | Truth]], Callable[[Step], Claim | Truth]]:
    """A theorem about `clauses`, to be proved for each of `events` (for all, if not said); with no event, of any `numbers`."""

    def register(function: Callable[[Step], Claim | Truth]) -> Callable[[Step], Claim | Truth]:
        def claim(step: Step) -> Claim:
            said = function(step)
            return said if isinstance(said, Claim) else Claim(True, said)

        THEOREMS[function.__name__] = Theorem(
            function.__name__, (function.__doc__ or "").strip(), clauses, events, claim, default_profile, numbers
        )
        return function

    return register


# Who gets in


@theorem(
    "code.day", "code.expiry.after-first-use", "code.digits", "box.ready", "box.wrong-entry.bound", events=("entry_is_made",)
)
def a_ready_box_opens_for_a_code_iff_entitled(step: Step) -> Claim:
    """A ready box with its keypad enabled opens for our code's digits exactly at the instants of its entitlement."""
    now = step.before.box.clock
    entitled = every(
        step.given["matches"],
        means.is_ready(step.before),
        means.is_enabled(step.before, step.profile),
        means.code_is_entitled(step.before, now, step.profile),
    )
    return Claim(step.given["ours"], same(step.outcome.accepted, entitled))


@theorem("connect.window.bounds", "connect.ticket", "connect.revoke.bound", "box.ready", events=("ticket_is_presented",))
def a_ready_box_opens_for_a_connect_ticket_iff_entitled(step: Step) -> Claim:
    """A ready box opens for our ticket exactly inside the window, for the live nonce, unless it has heard of the revocation."""
    before = step.before
    entitled = every(
        means.is_ready(before),
        means.window_holds(before.grant.window_start, before.grant.window_end, before.box.clock),
        means.ticket_is_live(before, before.ticket.nonce, step.profile),
        no(before.ghosts.heard),
    )
    return Claim(step.given["ours"], same(step.outcome.accepted, entitled))


@theorem("connect.account", "connect.property", "connect.revoke.bound", events=("ticket_is_issued",))
def a_ticket_is_issued_iff_granted(step: Step) -> Truth:
    """A ticket is issued exactly for a grant that was made and has not ended, to its registered account, whatever the window."""
    ghosts = step.before.ghosts
    return same(step.outcome.accepted, every(ghosts.granted, step.given["registered"], no(ghosts.ended)))


@theorem("connect.window.bounds", "connect.ticket", events=("ticket_is_issued",))
def a_ticket_says_what_was_granted(step: Step) -> Claim:
    """A ticket carries the window of its grant and the nonce it was asked for; nothing issued before changes."""
    ticket, grant = step.after.ticket, step.before.grant
    says = every(
        ticket.authentic,
        same(ticket.window_start, grant.window_start),
        same(ticket.window_end, grant.window_end),
        same(ticket.nonce, step.given["nonce"]),
    )
    issued = every(step.outcome.accepted, step.given["remember"])
    return Claim(True, either(every(issued, says), every(no(issued), same(ticket, step.before.ticket))))


@theorem("box.clock.never-back", "box.authentic", events=("time_order_arrives",))
def a_time_order_is_taken_iff_authentic_and_forward(step: Step) -> Truth:
    """A time order is taken, and sets nothing but clock and mark, exactly if authentic, for the live nonce and not before the last decision."""
    before, after = step.before, step.after
    order = _message(step)
    forward = no(order.value < before.ghosts.last_decision)
    taken = every(order.authentic, means.ticket_is_live(before, order.nonce, step.profile), forward)
    set_to = replace(before.box, clock=order.value, mark=order.value, time_known=True, nonce_open=False)
    ours = every(same(after.code, before.code), same(after.heard, before.heard))
    effect = every(same(after.box, set_to), means.is_ready(after), ours)
    return every(same(step.outcome.accepted, taken), either(every(taken, effect), every(no(taken), same(after, before))))


@theorem(
    "connect.grantor",
    "connect.window.length",
    "connect.window.not-over",
    "connect.recipient-email",
    events=("grant_is_asked_for",),
)
def a_grant_is_made_iff_allowed(step: Step) -> Truth:
    """A Connect grant is made exactly where no clause forbids it, with the window that was asked for."""
    asked, grant = step.given, step.after.grant
    allowed = no(either(*means.grant_reasons(step.before, step.profile, asked).values()))
    as_asked = every(same(grant.window_start, asked["window_start"]), same(grant.window_end, asked["window_end"]))
    kept = same(grant, step.before.grant)
    made = every(grant.granted, as_asked, no(grant.revoked), no(grant.moved))
    return every(
        same(step.outcome.accepted, allowed),
        same(step.outcome.reported, allowed),
        either(every(allowed, made), every(no(allowed), kept)),
    )


@theorem(
    "code.grantor",
    "code.pin",
    "code.record",
    "code.date",
    "code.index",
    "eligibility.board",
    "eligibility.code-seller-permission",
    events=("code_is_asked_for",),
)
def a_code_is_issued_iff_allowed(step: Step) -> Truth:
    """A One Day Code is issued, and its issue reported, exactly where no clause forbids it."""
    allowed = no(either(*means.code_reasons(step.profile, step.given).values()))
    return every(same(step.outcome.accepted, allowed), same(step.outcome.reported, allowed))


@theorem("eligibility.consumer-never", "eligibility.connect-realtor", events=("grant_is_asked_for", "code_is_asked_for"))
def no_credential_for_a_consumer(step: Step) -> Claim:
    """Whatever else is asked or permitted, a consumer gets neither kind."""
    return Claim(step.given["recipient"].consumer, no(step.outcome.accepted))


@theorem(
    "connect.grantor",
    "connect.revoke.any-time",
    "code.grantor",
    events=("grant_is_asked_for", "code_is_asked_for", "grant_is_revoked"),
)
def only_grantors_issue_and_revoke(step: Step) -> Claim:
    """What is asked for by somebody who is not a grantor of the box changes nothing."""
    unchanged = every(no(step.outcome.accepted), same(step.after.grant, step.before.grant))
    return Claim(no(step.given["by_grantor"]), unchanged)


@theorem(
    "time.half-open", "code.day", "code.expiry.after-first-use", "connect.window.bounds", "connect.ticket", events=_PRESENTATIONS
)
def it_opens_at_its_first_instant_and_not_at_its_end(step: Step) -> Claim:
    """Where nothing else forbids it, the box opens at the instant at which a day or a window starts, and refuses at that of every end."""
    before, now, profile = step.before, step.before.box.clock, step.profile
    if step.event == "entry_is_made":
        asked = every(step.given["ours"], step.given["matches"], no(step.outcome.counted))
        starts = every(no(before.ghosts.code_used), same(now, before.code.day_start))
        ends = same(now, means.code_end(before, profile))
    else:
        live = means.ticket_is_live(before, before.ticket.nonce, profile)
        asked = every(step.given["ours"], means.is_ready(before), no(before.ghosts.heard))
        starts = every(live, same(now, before.grant.window_start), before.grant.window_start < before.grant.window_end)
        ends = either(same(now, before.grant.window_end), same(before.ghosts.nonce_age, profile.ticket_life))
    opens, refuses = every(asked, starts), every(asked, ends)
    then = every(implies(opens, step.outcome.accepted), implies(refuses, no(step.outcome.accepted)))
    return Claim(either(opens, refuses), then, possible={"the first instant": opens, "the end": refuses})


@theorem("box.ready", "box.wrong-entry.bound", "box.log", events=_PRESENTATIONS)
def an_entitled_presentation_is_refused_only_while_not_ready_or_disabled(step: Step) -> Claim:
    """What is entitled now and is refused was not looked at: the box was not ready, or its keypad disabled, and it is counted as such."""
    before, now = step.before, step.before.box.clock
    if step.event == "entry_is_made":
        entitled = every(step.given["ours"], step.given["matches"], means.code_is_entitled(before, now, step.profile))
        stopped = {"box.ready": no(means.is_ready(before)), "box.wrong-entry.bound": means.is_ready(before)}
    else:
        window = means.window_holds(before.grant.window_start, before.grant.window_end, now)
        live = means.ticket_is_live(before, before.ticket.nonce, step.profile)
        entitled = every(step.given["ours"], window, live, no(before.ghosts.heard))
        stopped = {"box.ready": no(means.is_ready(before))}
    needs = step.outcome.needs
    forbidden = {clause: either(*(need.forbids for need in needs if need.clause == clause)) for clause in stopped}
    others = (no(need.forbids) for need in needs if need.clause not in stopped)
    said = every(*(same(forbidden[clause], why) for clause, why in stopped.items()))
    return Claim(every(entitled, no(step.outcome.accepted)), every(step.outcome.counted, said, *others))


@theorem("box.wrong-entry.bound", "box.ready", "code.pin", events=("entry_is_made", "pin_is_entered"))
def while_disabled_right_and_wrong_are_answered_alike(step: Step) -> Claim:
    """What is not looked at is answered, and leaves everything, as it would have if it had been right instead of wrong."""
    turned: dict[str, Any] = {name: no(step.given[name]) for name in ("ours", "matches") if name in step.given}
    _, after, outcome = EVENTS[step.event](step.before, step.profile, **{**step.given, **turned})
    looked_at = means.pin_is_enabled(step.before, step.profile)
    if step.event == "entry_is_made":
        looked_at = every(means.is_ready(step.before), means.is_enabled(step.before, step.profile))
    answers = (same(one.forbids, other.forbids) for one, other in zip(step.outcome.needs, outcome.needs, strict=True))
    shown = (same(getattr(step.outcome, flag), getattr(outcome, flag)) for flag in ("accepted", "logged", "counted", "reported"))
    return Claim(no(looked_at), every(same(after, step.after), *answers, *shown))


@theorem("connect.available", events=("ticket_is_presented",))
def a_fresh_ticket_opens_inside_the_window(step: Step) -> Claim:
    """Inside the window, unrevoked, a ready box opens for a ticket whose nonce is younger, in true time, than a ticket's life less drift."""
    before = step.before
    fetched = every(before.ghosts.nonce_open, same(before.ticket.nonce, before.ghosts.nonce))
    young = before.true - before.ghosts.nonce_made + step.profile.timer_drift < step.profile.ticket_life
    inside = means.window_holds(before.grant.window_start, before.grant.window_end, before.box.clock)
    asked = every(step.given["ours"], means.is_ready(before), fetched, young, inside, no(before.ghosts.ended))
    return Claim(asked, step.outcome.accepted)


@theorem(
    "box.ready",
    "box.wrong-entry.bound",
    "box.authentic",
    "box.clock.never-back",
    "code.digits",
    "code.day",
    "code.expiry.after-first-use",
    "code.irrevocable",
    "code.grantor",
    "code.pin",
    "code.record",
    "code.date",
    "code.index",
    "connect.ticket",
    "connect.revoke.bound",
    "connect.revoke.any-time",
    "connect.window.bounds",
    "connect.window.length",
    "connect.window.not-over",
    "connect.account",
    "connect.property",
    "connect.grantor",
    "connect.recipient-email",
    "eligibility.consumer-never",
    "eligibility.connect-realtor",
    "eligibility.board",
    "eligibility.code-seller-permission",
    events=tuple(REASONS),
)
def the_reasons_are_exactly_the_clauses_violated(step: Step) -> Claim:
    """What is refused is refused for exactly the clauses that forbid it, and what none forbids is accepted."""
    reasons = step.reasons()
    needs = step.outcome.needs
    clauses = dict.fromkeys([*reasons, *(need.clause for need in needs)])
    compared = {
        f"the clause that differs: {clause}": (
            either(*(need.forbids for need in needs if need.clause == clause)),
            reasons.get(clause, False),
        )
        for clause in clauses
    }
    compared["what differs: accepted"] = (step.outcome.accepted, no(either(*reasons.values())))
    return Claim(True, _agree(compared), compared)


@theorem("box.power", "box.log", "connect.ticket", "connect.property", events=tuple(e for e in EVENTS if e not in REASONS))
def what_asks_for_nothing_is_accepted(step: Step) -> Truth:
    """Time, power, a challenge, the writing of refusals, a move of the box and the arrival of an entry are never refused."""
    return every(step.outcome.accepted, not step.outcome.needs)


@theorem("report.once", events=("grant_is_asked_for", "grant_is_revoked", "code_is_asked_for"))
def what_is_refused_is_not_reported(step: Step) -> Claim:
    """A refused request adds no line, but for a refused revocation of a code."""
    return Claim(no(step.outcome.accepted), no(step.outcome.reported))


# The life of a code


@theorem("code.expiry.not-extended")
def reuse_never_extends_a_code(step: Step) -> Claim:
    """Whatever happens, no instant joins the entitlement of a used code."""
    return Claim(every(step.before.ghosts.code_used, step.entitled_after()), step.entitled_before())


@theorem("code.irrevocable")
def nothing_but_first_use_shrinks_a_codes_entitlement(step: Step) -> Claim:
    """Whatever happens, an instant of entitlement is lost only by the code's own first use."""
    first_use = every(step.after.code.used, no(step.before.code.used), step.outcome.accepted)
    return Claim(every(step.entitled_before(), no(first_use)), step.entitled_after())


@theorem("code.expiry.after-first-use", "box.first-use.durable", events=("entry_is_made", "entry_is_decided"))
def first_use_is_recorded_when_it_happens(step: Step) -> Claim:
    """The first accepted entry of our code is its first use, at the instant of the decision; a later one leaves it so."""
    first = no(step.before.code.used)
    ours = every(step.given["ours"], step.outcome.accepted)
    instant = step.after.ghosts.last_decision
    recorded = every(step.after.code.used, either(every(first, same(step.after.code.first_use, instant)), no(first)))
    kept = either(first, same(step.after.code.first_use, step.before.code.first_use))
    return Claim(ours, every(recorded, kept))


@theorem("code.irrevocable", "box.isolation", "box.first-use.durable")
def only_its_own_accepted_entry_touches_a_code(step: Step) -> Claim:
    """No event but an accepted entry of the code's own digits changes what the box keeps of it; a power cut does not, either."""
    ours = every(step.given["ours"], step.outcome.accepted) if step.event in {"entry_is_made", "entry_is_decided"} else False
    return Claim(no(ours), same(step.after.code, step.before.code))


@theorem("code.expiry.after-first-use", "box.clock.accuracy", events=("entry_is_made",))
def a_used_code_is_over_in_true_time(step: Step) -> Claim:
    """In true time a code opens no later than its life after first use, plus twice the declared skew."""
    before = step.before
    again = every(step.given["ours"], step.outcome.accepted, before.ghosts.code_used)
    end = before.ghosts.first_use_true + step.profile.code_life + step.profile.clock_skew + step.profile.clock_skew
    return Claim(again, before.true < end)


@theorem("code.irrevocable", events=("code_revocation_is_asked_for",))
def a_code_is_never_revoked(step: Step) -> Truth:
    """Revoking a code is refused whoever asks, changes nothing, and is reported if a grantor asked."""
    refused = every(no(step.outcome.accepted), same(step.after, step.before))
    return every(refused, same(step.outcome.reported, step.given["by_grantor"]))


# The life of a grant


@theorem("connect.revoke.bound", events=("ticket_is_presented",))
def revocation_takes_effect_within_ticket_life(step: Step) -> Claim:
    """In true time nothing opens for a grant at or after its end plus a ticket's life plus the drift of the box's timer, heard or not."""
    before, profile = step.before, step.profile
    end = before.ghosts.ended_at + profile.ticket_life + profile.timer_drift
    opened = every(step.given["ours"], step.outcome.accepted, before.ghosts.ended)
    return Claim(opened, before.true < end, possible={"the last second": every(opened, same(before.true, end - 1))})


@theorem("connect.revoke.bound", events=("ticket_is_presented",))
def revocation_takes_effect_after_the_reported_instant(step: Step) -> Claim:
    """From the instant that the authority reports as the end, in true time, it takes the authority's skew more; by its own clock, twice."""
    before, profile = step.before, step.profile
    end = before.grant.ended_at + profile.ticket_life + profile.timer_drift + profile.authority_skew
    shown = end + profile.authority_skew
    opened = every(step.given["ours"], step.outcome.accepted, before.ghosts.ended)
    bounded = every(before.true < end, before.authority < shown)
    last = {
        "the last second in true time": same(before.true, end - 1),
        "the last second by the authority's clock": same(before.authority, shown - 1),
    }
    return Claim(opened, bounded, possible={name: every(opened, second) for name, second in last.items()})


@theorem("connect.revoke.bound", events=("ticket_is_presented",))
def a_box_that_heard_never_opens_again(step: Step) -> Claim:
    """A box that has heard of a revocation never opens for that grant again."""
    return Claim(every(step.given["ours"], step.before.ghosts.heard), no(step.outcome.accepted))


@theorem("connect.revoke.bound", "box.power")
def what_was_heard_stays_heard(step: Step) -> Claim:
    """Whatever happens, power cuts included, a box does not forget a revocation."""
    return Claim(step.before.heard, step.after.heard)


@theorem("connect.revoke.bound", events=("revocation_is_heard",))
def a_revocation_order_is_heard(step: Step) -> Claim:
    """An authentic order for our grant is taken at once, with or without the time, however often it comes."""
    heard = every(step.outcome.accepted, step.after.heard)
    return Claim(every(step.given["ours"], step.given["authentic"]), heard)


@theorem("connect.revoke.bound", events=("ticket_is_issued",))
def no_ticket_after_the_end(step: Step) -> Claim:
    """Once a grant is revoked, or its box was moved, no ticket is issued for it."""
    return Claim(step.before.ghosts.ended, no(step.outcome.accepted))


@theorem("connect.revoke.any-time", events=("grant_is_revoked",))
def any_grantor_revokes_at_any_time(step: Step) -> Claim:
    """A grantor's revocation is accepted before, during and after its window, a second one too; only the first is reported, with its instant."""
    before, after = step.before, step.after
    first = no(before.ghosts.revoked)
    ended_at = either(before.ghosts.ended, same(after.grant.ended_at, before.authority))
    done = every(step.outcome.accepted, after.grant.revoked, ended_at, same(step.outcome.reported, first))
    return Claim(every(step.given["by_grantor"], before.ghosts.granted), done)


@theorem("connect.revoke.any-time", "connect.property")
def an_ended_grant_stays_ended(step: Step) -> Claim:
    """Whatever happens, also when the box comes back, an ended grant stays ended, since the same instant."""
    before, after = step.before.grant, step.after.grant
    revoked = either(no(before.revoked), after.revoked)
    moved = either(no(before.moved), after.moved)
    return Claim(step.before.ghosts.ended, every(revoked, moved, same(after.ended_at, before.ended_at)))


@theorem("connect.property", events=("box_is_moved",))
def moving_the_box_ends_the_grant(step: Step) -> Claim:
    """Taking the box off the property ends what was granted for it there, now, unless it had ended before."""
    before, after = step.before, step.after
    since = either(before.ghosts.ended, same(after.grant.ended_at, before.authority))
    return Claim(before.ghosts.granted, every(after.grant.moved, since))


@theorem("connect.revoke.only-it", "box.isolation", events=("revocation_is_heard", "grant_is_revoked", "box_is_moved"))
def revoking_one_grant_leaves_the_others(step: Step) -> Claim:
    """What a box hears of another grant leaves ours as it was, and no revocation touches clock, keypad, log or any code."""
    box_untouched = every(same(step.after.box, step.before.box), same(step.after.code, step.before.code))
    another = no(step.given["ours"]) if step.event == "revocation_is_heard" else False
    return Claim(True, every(box_untouched, either(no(another), same(step.after.heard, step.before.heard))))


@theorem("connect.ticket", events=("ticket_is_presented",))
def a_refused_ticket_leaves_its_nonce_open(step: Step) -> Truth:
    """An opening consumes the nonce; a refused ticket leaves it as it was."""
    still_open = every(step.before.box.nonce_open, no(step.outcome.accepted))
    return every(same(step.after.box.nonce_open, still_open), same(step.after.box.nonce_at, step.before.box.nonce_at))


@theorem("connect.ticket", events=("challenge_is_made",))
def a_new_challenge_replaces_the_old(step: Step) -> Truth:
    """One nonce is open, the newest, from the instant of the challenge by the box's own timer; nothing else changes."""
    before = step.before.box
    return same(step.after.box, replace(before, nonce_open=True, nonce=before.nonce + 1, nonce_at=before.timer))


# Messages under way: delayed, reordered, duplicated, never delivered


@theorem("connect.ticket", "connect.revoke.bound", events=("ticket_is_presented",))
def a_delayed_ticket_opens_within_a_ticket_life_of_its_issue(step: Step) -> Claim:
    """In true time a ticket opens less than a ticket's life and drift after it was issued, also if its grant ended meanwhile."""
    before, profile = step.before, step.profile
    opened = every(step.given["ours"], step.outcome.accepted)
    end = before.ghosts.issued_at + profile.ticket_life + profile.timer_drift
    overtaken = every(opened, before.ghosts.ended, before.ghosts.issued_at < before.ghosts.ended_at)
    possible = {"fetched before the end and delivered after it": every(overtaken, before.true > before.ghosts.ended_at)}
    return Claim(opened, before.true < end, possible=possible)


@theorem("box.clock.never-back", "box.clock.accuracy", events=("time_order_arrives",))
def a_delayed_time_order_is_at_most_so_far_behind(step: Step) -> Claim:
    """A time order that is taken is less than a ticket's life, drift and the authority's skew behind true time, and at most that skew ahead."""
    before, profile, value = step.before, step.profile, step.before.order.value
    behind = before.true - (profile.ticket_life + profile.timer_drift + profile.authority_skew)
    ahead = before.true + profile.authority_skew
    taken = every(step.given["ours"], step.outcome.accepted)
    set_to = same(step.after.box.clock, value)
    last = {"as far behind": same(value, behind + 1), "as far ahead": same(value, ahead)}
    return Claim(
        taken, every(set_to, behind < value, value <= ahead), possible={name: every(taken, far) for name, far in last.items()}
    )


@theorem("box.clock.never-back", "box.clock.accuracy", events=("time_order_arrives",))
def a_time_order_sets_the_clock_within_its_skew(step: Step) -> Claim:
    """Where a ticket's life, drift and the authority's skew fit into the box's skew, the authority's order leaves the clock within it."""
    taken = every(step.given["ours"], step.outcome.accepted, orders_are_good_enough(step.profile))
    skew = step.profile.clock_skew
    near = every(step.after.box.clock - step.after.true <= skew, step.after.true - step.after.box.clock <= skew)
    return Claim(taken, near)


@theorem("connect.ticket", "box.clock.never-back", events=("ticket_is_presented", "time_order_arrives"))
def an_overtaken_ticket_or_time_order_is_refused(step: Step) -> Claim:
    """Out of order: whatever answers another nonce than the newest is refused and leaves the newest as it was."""
    overtaken = no(same(_message(step).nonce, step.before.ghosts.nonce))
    kept = same(step.after.box.nonce_open, step.before.box.nonce_open)
    return Claim(overtaken, every(no(step.outcome.accepted), kept, same(step.after.box.nonce, step.before.box.nonce)))


@theorem("connect.ticket", events=("ticket_is_presented",))
def a_ticket_opens_once(step: Step) -> Claim:
    """Duplicated: the same ticket never opens twice."""
    return Claim(every(step.given["ours"], step.before.ghosts.ticket_openings >= 1), no(step.outcome.accepted))


@theorem("box.clock.never-back", events=("time_order_arrives",))
def a_time_order_is_taken_once(step: Step) -> Claim:
    """Duplicated: the same time order never sets the clock twice."""
    return Claim(every(step.given["ours"], step.before.ghosts.order_takings >= 1), no(step.outcome.accepted))


@theorem("connect.ticket", "box.clock.never-back")
def a_nonce_serves_one_message(step: Step) -> Claim:
    """Of all the tickets and time orders for one nonce at most one is ever taken, and it closes the nonce."""
    before, after = step.before, step.after
    taken = step.outcome.accepted if step.event in {"ticket_is_presented", "time_order_arrives"} else False
    first = either(no(taken), every(same(before.ghosts.answers, 0), no(after.box.nonce_open)))
    return Claim(True, every(first, after.ghosts.answers <= 1))


@theorem("connect.revoke.bound", events=("revocation_is_heard",))
def a_revocation_order_heard_again_changes_nothing(step: Step) -> Claim:
    """Duplicated, or late: an order for a grant of which the box has heard is accepted and leaves everything as it was."""
    again = every(step.given["ours"], step.given["authentic"], step.before.ghosts.heard)
    return Claim(again, every(step.outcome.accepted, same(step.after, step.before)))


@theorem(
    "connect.ticket",
    "connect.revoke.bound",
    "box.clock.never-back",
    "box.isolation",
    events=("ticket_is_issued", "time_order_is_issued", "grant_is_asked_for", "grant_is_revoked", "box_is_moved"),
)
def what_is_never_delivered_changes_nothing_at_the_box(step: Step) -> Truth:
    """Whatever the authority does, the box, its codes and what it has heard stay as they were until a message arrives."""
    before, after = step.before, step.after
    return every(same(after.box, before.box), same(after.code, before.code), same(after.heard, before.heard))


@theorem("box.clock.never-back", events=("time_order_is_issued",))
def a_time_order_says_the_authoritys_time(step: Step) -> Truth:
    """A time order carries what the authority's clock shows, and the nonce it was asked for; nothing issued before changes."""
    before, after, remember = step.before, step.after, step.given["remember"]
    says = every(after.order.authentic, same(after.order.value, before.authority), same(after.order.nonce, step.given["nonce"]))
    return either(every(remember, says), every(no(remember), same(after.order, before.order)))


# Clocks: true time, the authority's and the box's


@theorem("connect.window.bounds", "box.clock.accuracy", events=("ticket_is_presented",))
def a_connect_opening_is_within_the_widened_window(step: Step) -> Claim:
    """A Connect opening lies within the window, widened at both ends by the box's skew, and by the authority's clock also by its own."""
    before, skew = step.before, step.profile.clock_skew
    both = skew + step.profile.authority_skew
    inside = every(before.true >= before.grant.window_start - skew, before.true < before.grant.window_end + skew)
    shown = every(before.authority >= before.grant.window_start - both, before.authority < before.grant.window_end + both)
    return Claim(every(step.given["ours"], step.outcome.accepted), every(inside, shown))


@theorem("code.day", "code.expiry.after-first-use", "box.clock.accuracy", events=("entry_is_made", "entry_is_decided"))
def a_code_opening_is_within_the_widened_entitlement(step: Step) -> Claim:
    """In true time the entry of a code that opens is made from its day's start or first use to its end, widened by the skew at both."""
    before, skew = step.before, step.profile.clock_skew
    entered = before.true if step.event == "entry_is_made" else before.ghosts.entered_true
    begin = choose(before.ghosts.code_used, before.ghosts.first_use, before.code.day_start)
    inside = every(entered >= begin - skew, entered < means.code_end(before, step.profile) + skew)
    return Claim(every(step.given["ours"], step.outcome.accepted), inside)


@theorem("connect.window.not-over", events=("grant_is_asked_for",))
def a_granted_window_is_not_over_in_true_time(step: Step) -> Claim:
    """In true time a window that is granted ends no earlier than the authority's skew before now."""
    over = step.given["window_end"] + step.profile.authority_skew
    last = every(step.outcome.accepted, same(step.before.true, over - 1))
    return Claim(step.outcome.accepted, step.before.true < over, possible={"the last second": last})


@theorem("box.clock.accuracy", "time.box-time", events=("entry_is_made", "entry_is_charged", "ticket_is_presented"))
def a_decision_is_within_skew_of_true_time(step: Step) -> Claim:
    """Whatever is examined is decided in box time, which is then within the declared skew of true time."""
    before, after, skew = step.before, step.after, step.profile.clock_skew
    charged = step.outcome.accepted if step.event == "entry_is_charged" else False
    near = every(before.box.clock - before.true <= skew, before.true - before.box.clock <= skew)
    return Claim(either(step.outcome.logged, charged), every(near, same(after.ghosts.last_decision, before.box.clock)))


@theorem("box.clock.accuracy", "connect.revoke.bound")
def clocks_differ_by_no_more_than_both_skews(step: Step) -> Claim:
    """Whatever happens, the clock of a ready box and that of the authority differ by no more than their skews together."""
    after, both = step.after, step.profile.clock_skew + step.profile.authority_skew
    near = every(after.box.clock - after.authority <= both, after.authority - after.box.clock <= both)
    return Claim(means.is_ready(after), near)


@theorem("connect.revoke.bound", "code.date")
def the_authoritys_clock_never_goes_back(step: Step) -> Truth:
    """Nothing sets the authority's clock back, and nothing but time moves it."""
    before, after = step.before.authority, step.after.authority
    return after >= before if step.event in {"time_passes", "power_fails"} else same(after, before)


# What is told


@theorem("code.notify-never")
def one_day_code_never_notifies(step: Step) -> Claim:
    """Whatever happens, an entry about a One Day Code has raised no notification."""
    return Claim(every(step.after.entry.written, no(step.after.entry.connect)), same(step.after.receipt.notifications, 0))


@theorem("connect.notify-once")
def a_received_connect_opening_notifies_once(step: Step) -> Claim:
    """However often it arrives, a Connect opening raises one notification once received, and none before."""
    after = step.after
    opening = every(after.entry.written, after.entry.connect, after.entry.opening)
    count = after.receipt.notifications
    exact = either(every(after.ghosts.received, same(count, 1)), every(no(after.ghosts.received), same(count, 0)))
    return Claim(opening, exact)


@theorem("code.notify-never", "connect.notify-once")
def only_an_arrival_notifies(step: Step) -> Truth:
    """Whatever happens, nothing but the first arrival of a Connect opening raises a notification."""
    entry = step.before.entry
    first = every(no(step.before.ghosts.received), entry.connect, entry.opening)
    return same(step.outcome.notified, first if step.event == "entry_arrives" else False)


@theorem("report.once", "code.irrevocable")
def only_what_is_to_be_told_is_reported(step: Step) -> Truth:
    """Only a code, a grant, its first revocation, a grantor's attempt to revoke a code and an opening's first arrival add a line."""
    return same(step.outcome.reported, _TOLD[step.event](step) if step.event in _TOLD else False)


@theorem("connect.notify-once", "report.once", events=("entry_arrives",))
def an_arrival_tells_what_it_counts(step: Step) -> Truth:
    """One notification or line more is raised exactly when one more is counted."""
    before, after, outcome = step.before.receipt, step.after.receipt, step.outcome
    notified = after.notifications - before.notifications
    line = after.lines - before.lines
    one_or_none = every(either(same(notified, 0), same(notified, 1)), either(same(line, 0), same(line, 1)))
    return every(one_or_none, same(outcome.notified, notified >= 1), same(outcome.reported, line >= 1))


@theorem("connect.notify-once", "report.once")
def what_has_arrived_stays_received(step: Step) -> Truth:
    """Whatever arrives is received, a refusal too, and whatever was received is not forgotten."""
    arrived = either(step.before.receipt.received, step.event == "entry_arrives")
    return same(step.after.receipt.received, arrived)


@theorem("connect.notify-once")
def a_refusal_notifies_and_reports_nothing(step: Step) -> Claim:
    """Whatever happens, a refusal raises no notification and no line of use."""
    refused = every(step.after.entry.written, no(step.after.entry.opening))
    return Claim(refused, every(same(step.after.receipt.notifications, 0), same(step.after.receipt.lines, 0)))


@theorem("report.once")
def a_use_is_reported_once(step: Step) -> Claim:
    """However often it arrives, a use stands in the report once after it was received, and not before."""
    after = step.after
    used = every(after.entry.written, after.entry.opening)
    lines = after.receipt.lines
    exact = either(every(after.ghosts.received, same(lines, 1)), every(no(after.ghosts.received), same(lines, 0)))
    return Claim(used, exact)


@theorem("box.log", events=(*_KEYPAD, "ticket_is_presented"))
def every_decision_has_one_entry(step: Step) -> Truth:
    """A decided presentation gets the next number; a refusal that examined nothing is counted; all else writes nothing."""
    before, after, outcome = step.before.box, step.after.box, step.outcome
    goes_on = every(before.refusals > 0, same(before.refused_while_disabled, means.is_ready(step.before)))
    logged = every(same(after.next_entry, before.next_entry + 1), same(after.refusals, 0), same(after.refusals_written, 0))
    longer = every(same(after.refusals, before.refusals + 1), same(after.refusals_written, before.refusals_written))
    new_run = every(same(after.refusals, 1), same(after.refusals_written, 0))
    counted = every(
        same(after.refused_while_disabled, means.is_ready(step.before)),
        either(
            every(goes_on, same(after.next_entry, before.next_entry), longer),
            every(no(goes_on), same(after.next_entry, before.next_entry + 1), new_run),
        ),
    )
    nothing = same(_log(after), _log(before))
    return either(
        every(outcome.logged, no(outcome.counted), logged),
        every(outcome.counted, no(outcome.logged), counted),
        every(no(outcome.logged), no(outcome.counted), nothing),
    )


@theorem("box.log")
def only_presentations_are_logged_or_counted(step: Step) -> Truth:
    """A charge is counted if it is refused, a decision is logged, and what is no presentation is neither logged nor counted."""
    logged, counted = step.outcome.logged, step.outcome.counted
    if step.event == "entry_is_charged":
        return every(no(logged), same(counted, no(step.outcome.accepted)))
    if step.event == "entry_is_decided":
        return every(logged, no(counted))
    return True if step.event in _PRESENTATIONS else every(no(logged), no(counted))


@theorem("box.log")
def nothing_but_presentations_writing_and_power_touches_the_log(step: Step) -> Truth:
    """Orders, challenges, time and the authority leave the log and its count of refusals as they were."""
    touches = {*_KEYPAD, "ticket_is_presented", "refusals_are_written", "power_fails"}
    return True if step.event in touches else same(_log(step.after.box), _log(step.before.box))


@theorem("box.log", events=("entry_is_made", "ticket_is_presented"))
def what_is_examined_is_logged(step: Step) -> Truth:
    """An examined presentation is logged; one refused while disabled or not ready is counted; one that does not verify is neither."""
    ready = means.is_ready(step.before)
    if step.event == "entry_is_made":
        examined = every(ready, means.is_enabled(step.before, step.profile))
        return every(same(step.outcome.logged, examined), same(step.outcome.counted, no(examined)))
    genuine = either(
        every(step.given["ours"], step.before.ticket.authentic), every(no(step.given["ours"]), step.given["other"].authentic)
    )
    return every(same(step.outcome.logged, every(genuine, ready)), same(step.outcome.counted, every(genuine, no(ready))))


# The box


@theorem("box.clock.never-back")
def decisions_never_go_back_in_time(step: Step) -> Truth:
    """Whatever happens to the clock, no decision is made at an instant before an earlier decision."""
    return every(step.after.box.mark >= step.before.box.mark, step.after.ghosts.last_decision >= step.before.ghosts.last_decision)


@theorem("box.clock.never-back", events=("entry_is_made", "ticket_is_presented", "time_order_arrives"))
def a_decision_commits_its_instant(step: Step) -> Claim:
    """Whatever is decided is decided at the clock's instant, and that instant is committed with it."""
    decided = either(step.outcome.logged, step.outcome.accepted)
    return Claim(decided, same(step.after.box.mark, step.after.box.clock))


@theorem("code.expiry.after-first-use", "connect.window.bounds", events=_PRESENTATIONS)
def ended_entitlement_never_returns(step: Step) -> Claim:
    """Once anything was decided at or after the end of an entitlement, it opens nothing any more."""
    before = step.before
    end = means.code_end(before, step.profile) if step.event == "entry_is_made" else before.grant.window_end
    return Claim(every(step.given["ours"], before.ghosts.last_decision >= end), no(step.outcome.accepted))


@theorem("box.clock.never-back")
def only_a_time_order_makes_the_time_known(step: Step) -> Claim:
    """A box that does not know the time goes on not knowing it, over power cuts too, until it takes a time order."""
    taken = step.outcome.accepted if step.event == "time_order_arrives" else False
    return Claim(every(no(step.before.ghosts.time_known), no(taken)), no(step.after.box.time_known))


@theorem("box.clock.never-back", events=(*_PRESENTATIONS, "power_fails"))
def a_clock_found_behind_is_not_trusted_again(step: Step) -> Claim:
    """A clock found behind the last decision, at a presentation or at power-up, makes the time unknown."""
    behind = step.after.box.clock < step.before.ghosts.last_decision
    found = True
    if step.event == "ticket_is_presented":
        found = either(
            every(step.given["ours"], step.before.ticket.authentic), every(no(step.given["ours"]), step.given["other"].authentic)
        )
    return Claim(every(behind, found), no(step.after.box.time_known))


@theorem("box.clock.never-back", "box.power", events=("power_fails",))
def the_time_survives_the_holdover(step: Step) -> Claim:
    """After a cut no longer than the holdover, the clock not behind, the box knows the time if it did before; else it does not."""
    in_time = every(step.given["off_for"] <= step.profile.holdover, no(step.given["clock"] < step.before.ghosts.last_decision))
    return Claim(True, same(step.after.box.time_known, every(step.before.ghosts.time_known, in_time)))


@theorem("box.wrong-entry.bound", events=("entry_is_charged", "entry_is_made"))
def an_entry_is_examined_iff_ready_and_enabled(step: Step) -> Truth:
    """An entry is examined exactly if the box is ready and one more wrong entry stays within the bound."""
    examined = every(means.is_ready(step.before), means.is_enabled(step.before, step.profile))
    return same(no(step.outcome.counted), examined)


@theorem("box.wrong-entry.bound")
def wrong_entries_stay_within_the_bound(step: Step) -> Truth:
    """From any instant on, the wrong entries examined, each worth one refill, never exceed the time gone by plus the burst."""
    return _within_bound(step, step.after.ghosts.keypad.since, step.after.ghosts.last_decision)


@theorem("code.pin", "box.wrong-entry.bound")
def wrong_pins_stay_within_the_bound(step: Step) -> Truth:
    """From any instant on, one person's wrong PINs examined, each worth one refill, never exceed the time gone by plus the burst."""
    return _within_bound(step, step.after.ghosts.pin.since, step.after.authority)


@theorem("box.wrong-entry.bound", events=("entry_is_made",))
def a_wrong_entry_costs_one_charge_and_a_right_one_none(step: Step) -> Claim:
    """A wrong entry moves the bound by one refill from now or from where it stood; an accepted one leaves it as if never charged."""
    before, after, refill = step.before.box, step.after.box, step.profile.keypad_refill
    idle = before.arrival <= before.clock
    from_now = same(after.arrival, before.clock + refill)
    from_there = same(after.arrival, before.arrival + refill)
    wrong = either(every(idle, from_now), every(no(idle), from_there))
    as_before = either(same(after.arrival, before.arrival), every(idle, after.arrival <= before.clock))
    return Claim(step.outcome.logged, either(every(step.outcome.accepted, as_before), every(no(step.outcome.accepted), wrong)))


@theorem("box.wrong-entry.bound", events=("entry_is_charged",))
def a_charge_is_durable_before_the_digits_are_compared(step: Step) -> Claim:
    """When the digits are looked at, one refill more has been charged already."""
    before, after, refill = step.before.box, step.after.box, step.profile.keypad_refill
    idle = before.arrival <= before.clock
    charged = either(
        every(idle, same(after.arrival, before.clock + refill)), every(no(idle), same(after.arrival, before.arrival + refill))
    )
    return Claim(step.outcome.accepted, every(charged, after.entering))


@theorem("box.wrong-entry.bound", "box.log", events=("entry_is_made", "entry_is_charged", "ticket_is_presented"))
def a_refusal_without_a_look_changes_nothing_but_its_count(step: Step) -> Claim:
    """While disabled or not ready nothing is charged, no instant is committed, no code and no nonce is touched."""
    before, after = step.before, step.after
    same_box = every(same(after.box.arrival, before.box.arrival), same(after.box.mark, before.box.mark))
    same_nonce = every(same(after.box.nonce_open, before.box.nonce_open), same(after.box.nonce, before.box.nonce))
    same_entry = same(after.box.entering, before.box.entering)
    return Claim(step.outcome.counted, every(same_box, same_nonce, same_entry, same(after.code, before.code)))


@theorem("box.wrong-entry.bound", events=("ticket_is_presented",))
def a_ticket_is_neither_charged_nor_stopped(step: Step) -> Truth:
    """Tickets leave the wrong-entry bound as it was."""
    return same(step.after.box.arrival, step.before.box.arrival)


@theorem("box.wrong-entry.bound", events=("entry_is_charged",))
def an_emptied_keypad_is_enabled_again_after_refill(step: Step) -> Claim:
    """However the bound was used up, one refill after the last decision a ready box examines an entry again."""
    before = step.before
    waited = before.box.clock >= before.ghosts.last_decision + step.profile.keypad_refill
    return Claim(every(means.is_ready(before), waited), step.outcome.accepted)


@theorem(
    "box.authentic",
    "interop.message",
    "box.isolation",
    events=("ticket_is_presented", "time_order_arrives", "revocation_is_heard"),
)
def what_does_not_verify_changes_nothing(step: Step) -> Claim:
    """A ticket or an order that does not verify under the box's own keys, such as another box's, opens nothing and changes nothing."""
    if step.event == "revocation_is_heard":
        forged = no(step.given["authentic"])
    else:
        forged = every(no(step.given["ours"]), no(step.given["other"].authentic))
    unchanged = every(same(step.after.box, step.before.box), same(step.after.code, step.before.code))
    return Claim(forged, every(no(step.outcome.accepted), unchanged, same(step.after.heard, step.before.heard)))


@theorem("box.isolation", "interop.message", events=_PRESENTATIONS)
def nothing_valid_here_is_entitled_there(step: Step) -> Claim:
    """Another box's digits and tickets open nothing, but by the chance of `digits-spread`; forged MACs are assumed away (`mac-unforgeable`)."""
    another = every(no(step.given["ours"]), no(step.given["other"].authentic)) if step.event == "ticket_is_presented" else False
    foreign = no(step.given["matches"]) if step.event == "entry_is_made" else another
    before, after = step.before, step.after
    kept = every(same(after.code, before.code), same(after.heard, before.heard), same(after.grant, before.grant))
    nonce = every(same(after.box.nonce_open, before.box.nonce_open), same(after.box.nonce, before.box.nonce))
    return Claim(foreign, every(no(step.outcome.accepted), kept, nonce))


@theorem("box.power", "box.first-use.durable", events=("power_fails",))
def a_cut_leaves_entitlement_before_or_after(step: Step) -> Truth:
    """A cut, also one between charge and decision, leaves all but the nonce as the last commit left it."""
    before, after = step.before.box, step.after.box
    durable = every(same(after.mark, before.mark), same(after.arrival, before.arrival), same(after.nonce, before.nonce))
    volatile = every(no(after.nonce_open), no(after.entering), same(after.timer, 0), same(after.clock, step.given["clock"]))
    credentials = every(same(step.after.code, step.before.code), same(step.after.heard, step.before.heard))
    log = every(
        same(after.refusals, step.given["kept"]),
        same(after.refusals_written, step.given["kept"]),
        same(after.refused_while_disabled, before.refused_while_disabled),
    )
    gone = every(step.before.box.refusals > 0, same(step.given["kept"], 0))
    number = either(
        every(gone, same(after.next_entry, before.next_entry - 1)), every(no(gone), same(after.next_entry, before.next_entry))
    )
    return every(durable, volatile, credentials, log, number)


@theorem("box.log", events=("refusals_are_written",))
def a_written_count_survives_a_cut(step: Step) -> Truth:
    """Writing the count of refusals makes all of it durable and changes nothing else."""
    return same(step.after.box, replace(step.before.box, refusals_written=step.before.box.refusals))


@theorem("box.isolation", "box.power")
def the_hardware_is_set_by_nothing_else(step: Step) -> Claim:
    """Only time, power and a time order move the clock; only time and power the timer; only a challenge makes a nonce."""
    timed = {"time_passes", "power_fails"}
    clocked = {*timed, "clock_jumps", "time_order_arrives"}
    clock = True if step.event in clocked else same(step.after.box.clock, step.before.box.clock)
    timer = True if step.event in timed else same(step.after.box.timer, step.before.box.timer)
    nonce = True if step.event == "challenge_is_made" else same(step.after.box.nonce, step.before.box.nonce)
    return Claim(True, every(clock, timer, nonce))


@theorem("code.pin", "box.wrong-entry.bound", events=("pin_is_entered",))
def a_pin_is_accepted_iff_enabled_and_right(step: Step) -> Truth:
    """A PIN is looked at while one more wrong one stays within the bound, and accepted exactly if it is then right."""
    return same(step.outcome.accepted, every(means.pin_is_enabled(step.before, step.profile), step.given["matches"]))


@theorem("code.pin", "box.wrong-entry.bound", events=("pin_is_entered",))
def a_wrong_pin_costs_one_charge(step: Step) -> Truth:
    """A wrong PIN that was looked at moves the person's bound by one refill; a right one, or one not looked at, leaves it."""
    before, after, refill = step.before.pin, step.after.pin, step.profile.keypad_refill
    now = step.before.authority
    wrong = every(means.pin_is_enabled(step.before, step.profile), no(step.given["matches"]))
    idle = before <= now
    charged = either(every(idle, same(after, now + refill)), every(no(idle), same(after, before + refill)))
    return either(every(wrong, charged), every(no(wrong), same(after, before)))


@theorem("code.pin", "box.isolation")
def only_a_pin_that_is_entered_is_charged(step: Step) -> Truth:
    """Nothing but a PIN entered for this person moves the bound of this person's PIN, and a PIN moves nothing else."""
    before, after = step.before, step.after
    if step.event != "pin_is_entered":
        return same(after.pin, before.pin)
    return same(after, replace(before, pin=after.pin, ghosts=replace(before.ghosts, pin=after.ghosts.pin)))


@theorem("code.pin", "box.wrong-entry.bound", events=("pin_is_entered",))
def a_used_up_pin_is_enabled_again_after_refill(step: Step) -> Claim:
    """However the bound was used up, one refill by the authority's clock after a PIN was entered a right one is accepted."""
    after = step.after
    return Claim(True, after.pin <= step.before.authority + step.profile.keypad_refill + step.profile.keypad_tolerance)


@theorem("box.wrong-entry.bound", "box.power", events=("entry_is_made", "entry_is_decided"))
def a_decided_entry_is_over(step: Step) -> Claim:
    """Once decided, an entry is not decided again."""
    return Claim(step.outcome.logged, no(step.after.box.entering))


@theorem("code.day", "code.expiry.after-first-use", "connect.available", "connect.revoke.bound", "box.clock.never-back")
def what_is_accepted_says_what_entitles_it(step: Step) -> Claim:
    """What is accepted names the clause it rests on: a first use the day, a later one the hour, tickets and orders theirs, all else none."""
    if step.event in {"entry_is_made", "entry_is_decided"}:
        used = choose(step.given["ours"], step.before.ghosts.code_used, step.given["other"].used)
        due = {"code.day": no(used), "code.expiry.after-first-use": used}
    else:
        due = {_RESTS_ON[step.event]: True} if step.event in _RESTS_ON else {}
    clauses = dict.fromkeys([*due, *(need.clause for need in step.outcome.entitled_by)])
    compared = {
        f"the clause that differs: {clause}": (
            either(*(need.holds for need in step.outcome.entitled_by if need.clause == clause)),
            due.get(clause, False),
        )
        for clause in clauses
    }
    return Claim(step.outcome.accepted, _agree(compared), compared)


@theorem("box.ready", "box.log", "box.clock.never-back", events=(), numbers=("clock", "nonce"))
def a_new_box_starts_with_nothing(step: Step) -> Claim:
    """A box just provisioned does not know the time, owes nothing, has decided nothing and logs from number 1: a beginning as assumed."""
    clock, nonce = step.given["clock"], step.given["nonce"]
    fresh = model.new_box(clock, nonce)
    nothing: dict[str, Any] = dict.fromkeys(("time_known", "nonce_open", "entering", "refused_while_disabled"), False)
    zero = dict.fromkeys(("mark", "arrival", "refusals", "refusals_written", "timer", "nonce_at"), 0)
    literal = {**nothing, **zero, "next_entry": 1, "clock": clock, "nonce": nonce}
    compared = {f"what differs: {f.name}": (getattr(fresh, f.name), literal[f.name]) for f in fields(fresh)}
    return Claim(True, every(_agree(compared), box_begins(fresh)), compared)


# The profile


@theorem("box.wrong-entry.bound", events=())
def the_tolerance_is_burst_less_one_refills(step: Step) -> Claim:
    """How far charges may run ahead is one refill less than the burst, never less than nothing, for every legal burst and refill."""
    burst, refill, tolerance = step.profile.keypad_burst, step.profile.keypad_refill, _tolerance(step.profile)
    compared = {"what differs: keypad_tolerance": (tolerance, (burst - 1) * refill)}
    return Claim(True, every(_agree(compared), tolerance >= 0), compared)


@theorem("box.wrong-entry.bound", "code.pin", events=(), numbers=("seconds", "entries", "refills"))
def burst_and_refill_bound_the_count(step: Step) -> Claim:
    """What stays within the time gone by plus the burst, at one refill for each entry, is at most `burst + floor(seconds / refill)` entries."""
    burst, refill = step.profile.keypad_burst, step.profile.keypad_refill
    seconds, entries, refills = (step.given[name] for name in ("seconds", "entries", "refills"))
    divided = every(seconds >= 0, refill * refills <= seconds, seconds < refill * refills + refill)
    charged = entries * refill <= seconds + _tolerance(step.profile) + refill
    return Claim(every(divided, entries >= 1, charged), entries <= burst + refills)


@theorem(
    "code.digits",
    "code.day",
    events=(),
    numbers=("instant", *(f"{e}_{n}" for n in (1, 2, 3, 4) for e in ("start", "first", "end"))),
)
def at_any_instant_the_codes_of_few_days_are_in_service(step: Step) -> Claim:
    """Of days of 23 hours or more that follow each other, codes of no more than `days_in_service` are entitled at one instant."""
    number, profile = step.given, step.profile
    days = [(number[f"start_{n}"], number[f"first_{n}"], number[f"end_{n}"]) for n in (1, 2, 3, 4)]
    long = (end - start >= guessing.SHORTEST_DAY for start, _, end in days)
    follow = (one[2] <= other[0] for one, other in pairwise(days))

    def entitled(day: tuple[Instant, Instant, Instant]) -> Truth:
        start, first, end = day
        used = means.entitles(start, end, True, first, number["instant"], profile)
        unused = means.entitles(start, end, False, first, number["instant"], profile)
        return either(unused, every(start <= first, first < end, used))

    two, three = every(entitled(days[0]), entitled(days[1])), every(entitled(days[0]), entitled(days[2]))
    two_at_most = no(three)
    one_at_most = no(two)
    short = profile.code_life <= guessing.SHORTEST_DAY + 1
    bounded = every(
        implies(profile.code_ends_with_its_day, one_at_most),
        implies(short, two_at_most),
        no(every(entitled(days[0]), entitled(days[3]))),
    )
    return Claim(every(*long, *follow), bounded, possible={"codes of two days": two, "codes of three": three})


@theorem("code.digits", "interop.code", "box.isolation", events=(), numbers=("value", "row", "quotient"))
def no_row_of_digits_has_more_than_its_share(step: Step) -> Claim:
    """No row of digits has more of the 2^31 values of truncation than `ceil(2^31 / 10^digits)`, each by its own quotient; one has as many."""
    value, digits_row, quotient = (step.given[name] for name in ("value", "row", "quotient"))
    when, then, possible = [], [], {}
    for digits in (7, 8, 9):
        rows = 10**digits
        truncated = every(value >= 0, value < guessing.TRUNCATED, same(value, digits_row + rows * quotient))
        its_row = every(same(step.profile.code_digits, digits), truncated, digits_row >= 0, digits_row < rows)
        when.append(its_row)
        then.append(every(its_row, quotient >= 0, quotient < guessing.preimages(digits)))
        possible[f"as many, of {digits} digits"] = every(its_row, same(quotient, guessing.preimages(digits) - 1))
    return Claim(either(*when), either(*then), possible=possible)


@theorem(*dict.fromkeys(limit.metadata["clause"] for limit in fields(Profile)))
def every_limit_is_proved_over_its_whole_range(step: Step) -> Claim:
    """Whatever happens can happen with every limit of the profile at its least, and with every limit at its greatest."""
    least = {limit.name: limit.metadata["least"] for limit in fields(Profile)}
    most = {limit.name: _UNLIMITED if limit.metadata["most"] is None else limit.metadata["most"] for limit in fields(Profile)}
    return Claim(
        True,
        True,
        possible={"every limit at its least": _at(step.profile, least), "every limit at its greatest": _at(step.profile, most)},
    )


# The numbers of the source


@theorem("code.expiry.after-first-use", "code.day", events=("entry_is_made",), default_profile=True)
def the_default_profile_is_the_text__sixty_minutes(step: Step) -> Claim:
    """With the default profile a used code opens while 3600 seconds from its first use are not over, whatever the day, and then never."""
    code, now = step.before.code, step.before.box.clock
    looked_at = every(step.given["ours"], step.given["matches"], no(step.outcome.counted), step.before.ghosts.code_used)
    return Claim(looked_at, same(step.outcome.accepted, now - code.first_use < 3600))  # noqa: PLR2004 (the source's own number)


@theorem("connect.window.length", events=("grant_is_asked_for",), default_profile=True)
def the_default_profile_is_the_text__thirty_minutes_to_several_days(step: Step) -> Claim:
    """With the default profile a window of 1800 to 604800 seconds is granted where nothing else forbids it, and no other."""
    asked = step.given
    length = asked["window_end"] - asked["window_start"]
    others = [need.forbids for need in step.outcome.needs if need.clause != "connect.window.length"]
    legal = every(length >= 1800, length <= 604800)  # noqa: PLR2004 (the source's own numbers)
    return Claim(no(either(*others)), same(step.outcome.accepted, legal))


@theorem("connect.ticket", "connect.revoke.bound", events=("ticket_is_presented",), default_profile=True)
def the_default_profile_is_the_text__a_minute_for_a_ticket(step: Step) -> Claim:
    """With the default profile an otherwise good ticket opens while 60 seconds by the box's timer are not over."""
    before = step.before
    others = [need.forbids for need in step.outcome.needs if need.clause != "connect.ticket"]
    answers = every(before.ghosts.nonce_open, same(before.ticket.nonce, before.ghosts.nonce))
    good = every(step.given["ours"], answers, no(either(*others)))
    return Claim(good, same(step.outcome.accepted, before.ghosts.nonce_age < 60))  # noqa: PLR2004 (semantics' number)


@theorem("code.date", events=("code_is_asked_for",), default_profile=True)
def the_default_profile_is_the_text__fourteen_days_ahead(step: Step) -> Claim:
    """With the default profile a code is for today or for one of the next 14 days."""
    others = [need.forbids for need in step.outcome.needs if need.clause != "code.date"]
    ahead = step.given["days_ahead"]
    return Claim(no(either(*others)), same(step.outcome.accepted, every(ahead >= 0, ahead <= 14)))  # noqa: PLR2004


@theorem("box.wrong-entry.bound", events=("entry_is_charged",), default_profile=True)
def the_default_profile_is_the_text__five_entries(step: Step) -> Claim:
    """With the default profile the sixth wrong entry in a row is not examined until 300 seconds after the first."""
    before = step.before
    five = every(means.is_ready(before), same(before.ghosts.keypad.busy, 5 * step.profile.keypad_refill))
    waited = before.box.clock - before.ghosts.keypad.busy_start >= 300  # noqa: PLR2004 (semantics' numbers: 5 entries, 5 minutes)
    return Claim(five, same(step.outcome.accepted, waited))


@theorem("code.index", "code.digits", "box.log", events=(), default_profile=True)
def the_default_profile_is_the_text__digits_and_indices(step: Step) -> Truth:
    """The default profile has codes of 8 digits, 8 of them a day, and writes refusals down every 600 seconds."""
    profile = step.profile
    digits = every(same(profile.code_digits, 8), same(profile.code_indices, 8))
    return every(digits, same(profile.refusals_written_every, 600))


# What wrong changes of the model have asked for (`lockproof prove --mutants`)


@theorem("connect.ticket", events=(), numbers=("clock",))
def a_new_box_has_made_no_nonce(step: Step) -> Truth:
    """A box just provisioned, of which nothing else is said, counts its nonces from nought."""
    return same(model.new_box(step.given["clock"]).nonce, 0)


@theorem("connect.revoke.any-time", "connect.property", events=("grant_is_asked_for",))
def a_new_grant_has_not_ended(step: Step) -> Claim:
    """A grant just made is not revoked, its box has not moved, and there is no instant of its end."""
    grant = step.after.grant
    return Claim(step.outcome.accepted, every(no(grant.revoked), no(grant.moved), same(grant.ended_at, 0)))


@theorem("code.expiry.not-extended")
def a_box_counts_the_hour_from_the_first_use(step: Step) -> Claim:
    """Whatever happens, what a box keeps as the first use of a used code is the first of its uses."""
    kept = every(step.after.code.used, same(step.after.code.first_use, step.before.ghosts.first_use))
    return Claim(step.before.ghosts.code_used, kept)


@theorem("box.clock.never-back", "box.clock.accuracy", "connect.revoke.bound", events=(), default_profile=True)
def the_default_profile_is_the_text__what_is_declared(step: Step) -> Truth:
    """The default profile declares a clock that runs 86400 seconds without power, at most 90 off; a timer and an authority at most 1 off."""
    profile = step.profile
    clock = every(same(profile.holdover, 86_400), same(profile.clock_skew, 90))
    return every(clock, same(profile.timer_drift, 1), same(profile.authority_skew, 1))


# What the theorems share

_UNLIMITED = 10**9  # s; stands for any value of a limit that has no greatest one

_TOLD: dict[str, Callable[[Step], Truth]] = {
    "grant_is_asked_for": lambda s: s.outcome.accepted,
    "code_is_asked_for": lambda s: s.outcome.accepted,
    "grant_is_revoked": lambda s: every(s.outcome.accepted, no(s.before.ghosts.revoked)),
    "code_revocation_is_asked_for": lambda s: s.given["by_grantor"],
    "entry_arrives": lambda s: every(no(s.before.ghosts.received), s.before.entry.opening),
}

_RESTS_ON = {
    "ticket_is_presented": "connect.available",
    "revocation_is_heard": "connect.revoke.bound",
    "time_order_arrives": "box.clock.never-back",
}


def _agree(compared: dict[str, tuple[Any, Any]]) -> Truth:
    return every(*(same(said, meant) for said, meant in compared.values()))


def _message(step: Step) -> Any:
    """The ticket or the time order that is held out to the box."""
    ours = step.before.ticket if step.event == "ticket_is_presented" else step.before.order
    return choose(step.given["ours"], ours, step.given["other"])


def _within_bound(step: Step, spent: Seconds, now: Instant) -> Truth:
    """What was charged since the observer's instant is no more than the time gone by since, and the burst."""
    room = now - step.after.observer + step.profile.keypad_tolerance + step.profile.keypad_refill
    return either(spent <= 0, spent <= room)


@dataclass(frozen=True, slots=True)
class _Log:
    next_entry: Any
    refusals: Any
    refusals_written: Any
    refused_while_disabled: Any


def _log(box: model.Box) -> _Log:
    return _Log(box.next_entry, box.refusals, box.refusals_written, box.refused_while_disabled)


def _tolerance(profile: Profile) -> Seconds:
    """As the profile computes it; the prover's own profile has it as a value, which keeps everything else linear."""
    return vars(Profile)["keypad_tolerance"].fget(profile)  # type: ignore[no-any-return]


def _at(profile: Profile, values: dict[str, int]) -> Truth:
    yes_or_no = {limit.name for limit in fields(Profile) if limit.metadata["unit"] == "yes/no"}
    limits = (same(getattr(profile, name), bool(value) if name in yes_or_no else value) for name, value in values.items())
    return every(*limits, same(profile.keypad_tolerance, (values["keypad_burst"] - 1) * values["keypad_refill"]))
