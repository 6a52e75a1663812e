"""Traces told as scenarios: each kind of event in the exact words of a step, with what stands before, after and beside it."""

from __future__ import annotations

import datetime as dt
from dataclasses import is_dataclass, replace

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st
from lockproof.conformance import moves, telling
from lockproof.conformance.moves import MIDNIGHT, SET_UP, START, TODAY
from lockproof.conformance.scenario import from_data
from lockproof.conformance.telling import TELL, Answer, CannotTell, Teller, by_the_standard, instant, told
from lockproof.conformance.verdict import Verdict
from lockproof.conformance.words import LONGEST, Calendar, seconds, spoken
from lockproof.spec.model import authority, box
from lockproof.spec.profile import DAY, DEFAULT, HOUR
from lockproof.spec.symbolic import symbol
from lockproof.spec.traces import Moment, Trace
from lockproof.spec.world import EVENTS, World

REALTOR = authority.Recipient(consumer=False, realtor=True)
CONTRACTOR = authority.Recipient(consumer=False, realtor=False)
CONSUMER = authority.Recipient(consumer=True, realtor=False)
NO_CODE = box.Code(0, 0, used=False, first_use=0)
NO_TICKET = box.Ticket(0, 0, 0, authentic=False)
NO_ORDER = box.TimeOrder(0, 0, authentic=False)


def noughts(term):
    if is_dataclass(term):
        return type(term)(**{name: noughts(getattr(term, name)) for name in term.__dataclass_fields__})
    return False if z3.is_bool(term) else 0


class Story:
    """A trace that grows, event by event, from the set-up of every scenario on; each must be a move that a bench can make."""

    def __init__(self, ahead=0, profile=DEFAULT):
        start = noughts(symbol(World, ""))
        day = MIDNIGHT + ahead * DAY
        code = box.Code(day, day + DAY, used=False, first_use=0)
        self.start = replace(start, true=START, authority=START, box=box.new_box(0), code=code)
        assert moves.begins(self.start, profile) is True
        self.profile, self.moments, self.now = profile, [], self.start
        self.happens("challenge_is_made")
        self.happens("time_order_arrives", ours=False, other=box.TimeOrder(START, 1, authentic=True))

    def happens(self, event, **given):
        moment = Moment(event, given)
        *_, step = Trace(self.now, self.profile, (moment,)).steps()
        allowed = moves.AT_LAST.get(event, moves.EVENTS[event])
        assert allowed(step) is True, event
        self.moments.append(moment)
        self.now = step.after
        return self

    @property
    def trace(self):
        return Trace(self.start, self.profile, tuple(self.moments))

    # What happens

    def waits(self, length):
        now = self.now
        later = {"true": now.true + length, "authority": now.true + length}
        return self.happens("time_passes", **later, clock=now.box.clock + length, timer=now.box.timer + length)

    def falls_behind(self, length):
        return self.happens("clock_jumps", clock=self.now.box.clock - length)

    def loses_power(self, length, kept=0):
        now = self.now
        later = {"true": now.true + length, "authority": now.true + length}
        return self.happens("power_fails", **later, clock=now.box.clock + length, off_for=length, kept=kept)

    def enters(self, *, ours=True, matches=None):
        matches = ours if matches is None else matches
        return self.happens("entry_is_made", ours=ours, matches=matches, other=NO_CODE, remember=False)

    def challenges(self):
        return self.happens("challenge_is_made")

    def grants(self, start=START, end=START + HOUR, to=REALTOR, **other):
        given = {"by_grantor": True, "assigned": True, "email_named": True, **other}
        return self.happens("grant_is_asked_for", recipient=to, window_start=start, window_end=end, **given)

    def fetches(self, nonce=2, *, registered=True, accepted=True):
        return self.happens("ticket_is_issued", nonce=nonce, registered=registered, remember=accepted)

    def presents(self, other=None):
        given = {
            "other": other or NO_TICKET,
            "other_heard": bool(other and other.authentic and self.now.heard),
            "remember": False,
        }
        return self.happens("ticket_is_presented", ours=other is None, **given)

    def revokes(self, *, by_grantor=True):
        return self.happens("grant_is_revoked", by_grantor=by_grantor)

    def hears(self, *, authentic=True):
        return self.happens("revocation_is_heard", ours=True, authentic=authentic)

    def orders(self, value, nonce=2, *, authentic=True):
        return self.happens("time_order_arrives", ours=False, other=box.TimeOrder(value, nonce, authentic=authentic))

    def asks_for_a_code(self, to=CONTRACTOR, days_ahead=0, **other):
        yes = ("seller_permission", "by_grantor", "assigned", "pin_accepted", "named", "index_free", "let_in")
        return self.happens("code_is_asked_for", recipient=to, days_ahead=days_ahead, **(dict.fromkeys(yes, True) | other))

    def enters_a_pin(self, *, right=True):
        return self.happens("pin_is_entered", matches=right)


def lines_of(story: Story, number: int | None = None) -> list[dict[str, object]]:
    """What is told of the last event alone, or of the last few."""
    teller, steps = Teller(), list(story.trace.steps())[len(SET_UP) :]
    for step in steps[: -(number or 1)]:
        teller.tell(step)
    before = len(teller.lines)
    for step in steps[-(number or 1) :]:
        teller.tell(step)
    return teller.lines[before:]


def connect():
    return Story().challenges().grants()


def with_a_ticket():
    return connect().fetches()


ASKED = {"by": "joe", "to": "rita", "role": "realtor", "from": "today 12:00:00", "until": "today 13:00:00"}
CODE = {"by": "joe", "day": "today", "role": "contractor"}
FORGED = "tag all zero"


def minted_without_a_nonce(now):
    return box.Ticket(now.grant.window_start, now.grant.window_end, 0, authentic=True)


TOLD = {
    # at the keypad
    "our code": (lambda: Story().enters(), [{"enter": "anns-code", "box": "opens"}]),
    "our code, too early": (
        lambda: Story(ahead=1).enters(),
        [{"enter": "anns-code", "box": "refuses", "because": ["code.day"]}],
    ),
    "our code, mistyped": (
        lambda: Story().enters(matches=False),
        [{"enter": {"code": "anns-code", "mistyped": "the last digit"}, "box": "refuses", "because": ["code.digits"]}],
    ),
    "digits of none": (
        lambda: Story().enters(ours=False),
        [{"enter": "wrong", "box": "refuses", "because": ["code.digits"]}],
    ),
    "digits of none, looked at in two": (
        lambda: (
            Story()
            .waits(7)
            .happens("entry_is_charged")
            .happens("entry_is_decided", ours=False, matches=False, other=NO_CODE, remember=False)
        ),
        [{"after": "7s", "enter": "wrong", "box": "refuses", "because": ["code.digits"]}],
        3,
    ),
    "our code, looked at in two": (
        lambda: (
            Story()
            .waits(61)
            .happens("entry_is_charged")
            .happens("entry_is_decided", ours=True, matches=True, other=NO_CODE, remember=False)
        ),
        [{"after": "1m1s", "enter": "anns-code", "box": "opens"}],
        3,
    ),
    "a charge of which nothing comes": (
        lambda: Story().happens("entry_is_charged"),
        [{"enter": "wrong", "box": "refuses", "because": ["code.digits"]}],
    ),
    "a charge that is refused": (
        lambda: Story().falls_behind(1).happens("entry_is_charged"),
        [{"enter": "wrong", "box": "refuses", "because": ["box.ready"]}],
    ),
    # time and power
    "a wait": (lambda: Story().waits(HOUR - 1).enters(), [{"after": "59m59s", "enter": "anns-code", "box": "opens"}]),
    "two waits": (
        lambda: Story().waits(60).waits(DAY).enters(ours=False),
        [{"after": "1d1m", "enter": "wrong", "box": "refuses", "because": ["code.digits"]}],
        3,
    ),
    "a wait and nothing after it": (lambda: Story().waits(60), []),
    "a clock that falls behind": (lambda: Story().falls_behind(61), [{"disturb-clock": {"back": "1m1s"}}]),
    "a cut": (lambda: Story().loses_power(0), [{"cut": {}}]),
    "a cut of a second less than the holdover": (lambda: Story().loses_power(DAY - 1), [{"cut": {"off": "23h59m59s"}}]),
    "a cut of the holdover": (lambda: Story().loses_power(DAY), [{"cut": {"off": "the holdover"}}]),
    "a cut of a second more": (lambda: Story().loses_power(DAY + 1), [{"cut": {"off": "1s longer than the holdover"}}]),
    "a cut of a day more": (lambda: Story().loses_power(2 * DAY), [{"cut": {"off": "1d longer than the holdover"}}]),
    "counted refusals are written": (lambda: Story().happens("refusals_are_written"), [{"read-log": {}}]),
    # at the app
    "a nonce": (lambda: Story().challenges(), [{"challenge": "nonce-1"}]),
    "a third nonce": (lambda: Story().challenges().challenges().challenges(), [{"challenge": "nonce-3"}]),
    "our ticket": (lambda: with_a_ticket().presents(), [{"present": "ticket-1", "box": "opens"}]),
    "our ticket again": (
        lambda: with_a_ticket().presents().presents(),
        [{"present": "ticket-1", "box": "refuses", "because": ["connect.ticket"]}],
    ),
    "our ticket forged": (
        lambda: (story := with_a_ticket()).presents(replace(story.now.ticket, authentic=False)),
        [{"present": {"ticket": "ticket-1", "forged": FORGED}, "box": "refuses", "because": ["box.authentic"]}],
    ),
    "a ticket for no nonce": (
        lambda: (story := connect()).presents(minted_without_a_nonce(story.now)),
        [
            {
                "mint": {
                    "grant": "ritas-grant",
                    "nonce": "nonce-1",
                    "altered": "last byte of the nonce",
                    "as": "minted-ticket-1",
                }
            },
            {"present": "minted-ticket-1", "box": "refuses", "because": ["connect.ticket"]},
        ],
    ),
    "a second one, for a nonce, of a grant that has ended": (
        lambda: (
            (story := connect().revokes())
            .presents(minted_without_a_nonce(story.now))
            .presents(replace(minted_without_a_nonce(story.now), nonce=2))
        ),
        [
            {"mint": {"grant": "ritas-grant", "nonce": "nonce-1", "as": "minted-ticket-2"}},
            {"present": "minted-ticket-2", "box": "opens"},
        ],
    ),
    "a revocation": (lambda: connect().revokes().hears(), [{"deliver": "ritas-grant", "box": "takes"}]),
    "a revocation forged": (
        lambda: connect().revokes().hears(authentic=False),
        [{"deliver": {"grant": "ritas-grant", "forged": FORGED}, "box": "refuses", "because": ["box.authentic"]}],
    ),
    "a time order": (
        lambda: Story().challenges().orders(START + 60),
        [{"set-clock": {"to": "today 12:01:00", "nonce": "nonce-1"}, "box": "takes"}],
    ),
    "a time order that goes back": (
        lambda: Story().challenges().orders(START - 1),
        [
            {
                "set-clock": {"to": "today 11:59:59", "nonce": "nonce-1"},
                "box": "refuses",
                "because": ["box.clock.never-back"],
            }
        ],
    ),
    "a time order forged": (
        lambda: Story().challenges().orders(START, authentic=False),
        [
            {
                "set-clock": {"to": "today 12:00:00", "nonce": "nonce-1", "forged": FORGED},
                "box": "refuses",
                "because": ["box.authentic"],
            }
        ],
    ),
    "a time order held back": (
        lambda: (
            Story()
            .challenges()
            .happens("time_order_is_issued", nonce=2, remember=True)
            .waits(59)
            .happens("time_order_arrives", ours=True, other=NO_ORDER)
        ),
        [{"after": "59s", "set-clock": {"to": "today 12:00:00", "nonce": "nonce-1"}, "box": "takes"}],
        3,
    ),
    # at the authority
    "a grant": (lambda: Story().grants(), [{"grant": {**ASKED, "as": "ritas-grant"}, "authority": "accepts"}]),
    "a grant to a consumer, by nobody's agent, over another window": (
        lambda: Story().grants(START - DAY, START - 1, CONSUMER, by_grantor=False, email_named=False),
        [
            {
                "grant": {
                    "by": "sam",
                    "to": "ivan",
                    "role": "consumer",
                    "from": "yesterday 12:00:00",
                    "until": "today 11:59:59",
                },
                "authority": "refuses",
                "because": [
                    "eligibility.consumer-never",
                    "eligibility.connect-realtor",
                    "connect.grantor",
                    "connect.recipient-email",
                    "connect.window.not-over",
                ],
            }
        ],
    ),
    "a grant to a contractor": (
        lambda: Story().grants(to=CONTRACTOR),
        [
            {
                "grant": {**ASKED, "role": "contractor"},
                "authority": "refuses",
                "because": ["eligibility.connect-realtor"],
            }
        ],
    ),
    "a grant of a box without a property": (
        lambda: Story().grants(assigned=False),
        [
            {"unassign": {}},
            {"grant": {**ASKED, "by": "owen"}, "authority": "refuses", "because": ["connect.grantor"]},
            {"assign": "home"},
        ],
    ),
    "a ticket is fetched": (
        lambda: connect().fetches(),
        [{"fetch": {"grant": "ritas-grant", "nonce": "nonce-1", "as": "ticket-1"}, "authority": "accepts"}],
    ),
    "a second ticket": (
        lambda: connect().fetches().challenges().fetches(3),
        [{"fetch": {"grant": "ritas-grant", "nonce": "nonce-2", "as": "ticket-2"}, "authority": "accepts"}],
    ),
    "a ticket for another account": (
        lambda: connect().fetches(registered=False, accepted=False),
        [
            {
                "fetch": {"grant": "ritas-grant", "nonce": "nonce-1", "account": "ralph"},
                "authority": "refuses",
                "because": ["connect.account"],
            }
        ],
    ),
    "a ticket that comes too late": (
        lambda: connect().revokes().fetches(accepted=False),
        [
            {
                "fetch": {"grant": "ritas-grant", "nonce": "nonce-1"},
                "authority": "refuses",
                "because": ["connect.revoke.bound"],
            }
        ],
    ),
    "a grant is revoked": (
        lambda: connect().revokes(),
        [{"revoke": {"what": "ritas-grant", "by": "joe"}, "authority": "accepts"}],
    ),
    "a grant is to be revoked by a stranger": (
        lambda: connect().revokes(by_grantor=False),
        [
            {
                "revoke": {"what": "ritas-grant", "by": "sam"},
                "authority": "refuses",
                "because": ["connect.revoke.any-time"],
            }
        ],
    ),
    "the box is moved": (lambda: connect().happens("box_is_moved"), [{"unassign": {}}, {"assign": "home"}]),
    "a code": (lambda: Story().asks_for_a_code(), [{"generate": CODE, "authority": "accepts"}]),
    "a code for nobody, without permission, by a stranger with a wrong PIN, for yesterday": (
        lambda: Story().asks_for_a_code(
            days_ahead=-1, seller_permission=False, by_grantor=False, pin_accepted=False, named=False
        ),
        [
            {
                "generate": {
                    "by": "sam",
                    "day": "yesterday",
                    "role": "contractor",
                    "seller-permission": False,
                    "name": "",
                    "pin": "0000",
                },
                "authority": "refuses",
                "because": [
                    "eligibility.code-seller-permission",
                    "code.grantor",
                    "code.pin",
                    "code.record",
                    "code.date",
                ],
            }
        ],
    ),
    "a code where no index is free": (
        lambda: Story().asks_for_a_code(days_ahead=2, index_free=False),
        [
            {"generate": {"by": "joe", "day": "in 2 days"}, "times": 8, "authority": "accepts"},
            {
                "generate": {"by": "joe", "day": "in 2 days", "role": "contractor"},
                "authority": "refuses",
                "because": ["code.index"],
            },
        ],
    ),
    "a code for a box without a property": (
        lambda: Story().asks_for_a_code(REALTOR, 1, assigned=False),
        [
            {"unassign": {}},
            {
                "generate": {"by": "owen", "day": "tomorrow", "role": "realtor"},
                "authority": "refuses",
                "because": ["code.grantor"],
            },
            {"assign": "home"},
        ],
    ),
    "a code is to be revoked": (
        lambda: Story().happens("code_revocation_is_asked_for", by_grantor=True),
        [{"revoke": {"what": "anns-code", "by": "joe"}, "authority": "refuses", "because": ["code.irrevocable"]}],
    ),
    "a code is to be revoked by a stranger": (
        lambda: Story().happens("code_revocation_is_asked_for", by_grantor=False),
        [{"revoke": {"what": "anns-code", "by": "sam"}, "authority": "refuses", "because": ["code.irrevocable"]}],
    ),
    "a PIN": (
        lambda: Story().enters_a_pin(),
        [{"generate": {"by": "joe", "day": "in 13 days"}, "authority": "accepts"}],
    ),
    "a wrong PIN": (
        lambda: Story().enters_a_pin(right=False),
        [
            {
                "generate": {"by": "joe", "day": "in 13 days", "pin": "0000"},
                "authority": "refuses",
                "because": ["code.pin"],
            }
        ],
    ),
    "a right PIN that is not looked at": (
        lambda: [story := Story(), *(story.enters_a_pin(right=False) for _ in range(5)), story.enters_a_pin()][-1],
        [
            {
                "generate": {"by": "joe", "day": "in 13 days"},
                "authority": "refuses",
                "because": ["box.wrong-entry.bound", "code.pin"],
            }
        ],
    ),
    "an entry of the log arrives": (
        lambda: Story().happens("entry_is_made", ours=True, matches=True, other=NO_CODE, remember=True).happens("entry_arrives"),
        [{"upload": {}}, {"notifications": 0}, {"report": {"count": 1}}],
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_what_happens_is_told_in_just_these_words(case):
    make, lines, *number = TOLD[case]
    assert lines_of(make(), *number) == lines


def test_every_event_has_its_words():
    assert set(TELL) == set(EVENTS) == set(moves.EVENTS)
    told_of = {moment.event for make, *_ in TOLD.values() for moment in make().moments}
    assert told_of == set(EVENTS)


# What stands before, after and beside


def scenario(lines):
    shown = list(dict.fromkeys(clause for line in lines for clause in line.get("shows", ())))
    return {"id": "a-trace", "clauses": shown, "story": "A trace.", "zone": "UTC", "start": "today 12:00:00", "steps": lines}


def plays(lines, play):
    result = play(from_data(scenario(lines), "a-trace", 1))
    assert (result.finding, result.message, result.verdict) == (None, "", Verdict.PASS)


OURS = {"generate": {"by": "joe", "day": "today", "as": "anns-code"}, "authority": "accepts"}
CONTROL_CODE = {"generate": {"by": "joe", "day": "today", "as": "control-code"}, "authority": "accepts"}
CONTROL_GRANT = {
    "grant": {"by": "joe", "to": "ralph", "from": "now", "for": "1h", "as": "control-grant"},
    "authority": "accepts",
}
LOOKS = [{"read-clock": {}}, {"read-log": {}}]


def counts(notifications, report):
    return [{"notifications": notifications}, {"report": {"count": report}}]


def test_an_opening_is_followed_by_a_refusal(play):
    lines = told(Story().enters().trace, shows=["code.day"])
    shown = {"enter": "anns-code", "box": "opens", "shows": ["code.day"]}
    assert lines == [OURS, shown, *LOOKS, {"enter": "wrong", "box": "refuses"}]
    plays(lines, play)


def test_a_refusal_comes_after_an_opening(play):
    lines = told(Story().enters(ours=False).trace, shows=["code.digits"])
    shown = {"enter": "wrong", "box": "refuses", "because": ["code.digits"], "shows": ["code.digits"]}
    assert lines == [CONTROL_CODE, {"enter": "control-code", "box": "opens"}, shown, *LOOKS]
    plays(lines, play)


def test_where_one_of_the_other_kind_is_there_already_nothing_is_added(play):
    lines = told(Story().enters().waits(HOUR).enters().trace, shows=["code.expiry.after-first-use"])
    assert lines == [
        OURS,
        {"enter": "anns-code", "box": "opens"},
        {
            "after": "1h",
            "enter": "anns-code",
            "box": "refuses",
            "because": ["code.expiry.after-first-use"],
            "shows": ["code.expiry.after-first-use"],
        },
        *LOOKS,
    ]
    plays(lines, play)


CONTROLS = {
    "a ticket opens": (
        lambda: with_a_ticket().presents(),
        "connect.available",
        [],
        [{"present": {"ticket": "ticket-1", "forged": FORGED}, "box": "refuses"}],
    ),
    "a minted one is refused": (
        lambda: (story := connect()).presents(minted_without_a_nonce(story.now)),
        "connect.ticket",
        [CONTROL_GRANT, {"connect": "control-grant", "box": "opens"}],
        [],
    ),
    "a ticket is issued": (
        lambda: connect().fetches(),
        "connect.account",
        [],
        [{"fetch": {"grant": "ritas-grant", "nonce": "nonce-1", "account": "nora"}, "authority": "refuses"}],
    ),
    "a ticket is not issued": (
        lambda: connect().revokes().fetches(accepted=False),
        "connect.revoke.bound",
        [
            CONTROL_GRANT,
            {"challenge": "control-nonce"},
            {"fetch": {"grant": "control-grant", "nonce": "control-nonce"}, "authority": "accepts"},
        ],
        [],
    ),
    "an order is taken": (
        lambda: Story().challenges().orders(START),
        "box.clock.never-back",
        [],
        [{"set-clock": {"ahead": "1s", "forged": FORGED}, "box": "refuses"}],
    ),
    "an order is refused": (
        lambda: Story().challenges().orders(START - 1),
        "box.clock.never-back",
        [{"set-clock": {}, "box": "takes"}],
        [],
    ),
    "a revocation is heard": (
        lambda: connect().revokes().hears(),
        "connect.revoke.bound",
        [],
        [{"deliver": {"grant": "ritas-grant", "forged": FORGED}, "box": "refuses"}],
    ),
    "a forged one is not": (
        lambda: connect().revokes().hears(authentic=False),
        "box.authentic",
        [],
        [{"deliver": "ritas-grant", "box": "takes"}],
    ),
    "a grant": (
        lambda: Story().grants(),
        "connect.grantor",
        [],
        [{"grant": {"by": "sam", "to": "rita", "from": "now", "for": "1h"}, "authority": "refuses"}],
    ),
    "no grant": (lambda: Story().grants(by_grantor=False), "connect.grantor", [CONTROL_GRANT], []),
    "revoked": (
        lambda: connect().revokes(),
        "connect.revoke.any-time",
        [],
        [{"revoke": {"what": "ritas-grant", "by": "sam"}, "authority": "refuses"}],
    ),
    "not revoked": (
        lambda: connect().revokes(by_grantor=False),
        "connect.revoke.any-time",
        [CONTROL_GRANT],
        [{"revoke": {"what": "control-grant", "by": "joe"}, "authority": "accepts"}],
    ),
    "a code": (
        lambda: Story().asks_for_a_code(),
        "code.grantor",
        [],
        [{"generate": {"by": "sam", "day": "today"}, "authority": "refuses"}],
    ),
    "no code": (lambda: Story().asks_for_a_code(by_grantor=False), "code.grantor", [CONTROL_CODE], []),
    "a code stays": (
        lambda: Story().happens("code_revocation_is_asked_for", by_grantor=True),
        "code.irrevocable",
        [OURS, CONTROL_GRANT],
        [{"revoke": {"what": "control-grant", "by": "joe"}, "authority": "accepts"}],
    ),
    "a PIN": (
        lambda: Story().enters_a_pin(),
        "code.pin",
        [],
        [{"generate": {"by": "joe", "day": "in 13 days", "pin": "0000"}, "authority": "refuses"}],
    ),
    "a wrong PIN": (lambda: Story().enters_a_pin(right=False), "code.pin", [CONTROL_CODE], []),
    "our code looked at in two": (
        lambda: (
            Story()
            .happens("entry_is_charged")
            .happens("entry_is_decided", ours=True, matches=True, other=NO_CODE, remember=False)
        ),
        "code.day",
        [OURS],
        [{"enter": "wrong", "box": "refuses"}],
    ),
}


@pytest.mark.parametrize("case", CONTROLS)
def test_beside_what_is_shown_stands_something_of_its_kind_that_comes_out_the_other_way(case, play):
    make, clause, before, after = CONTROLS[case]
    lines = told(make().trace, shows=[clause])
    assert lines[: len(before)] == before
    assert lines[len(lines) - len(after) :] == after
    (shown,) = [line for line in lines if "shows" in line]
    assert shown["shows"] == [clause]
    plays(lines, play)


def test_what_is_looked_for_shows_and_not_the_answer(play):
    story = connect().fetches().happens("ticket_is_presented", ours=True, other=NO_TICKET, other_heard=False, remember=True)
    lines = told(story.happens("entry_arrives").trace, shows=["connect.notify-once"], in_answer=False)
    assert lines[-3:] == [{"upload": {}}, {"notifications": 1, "shows": ["connect.notify-once"]}, {"report": {"count": 2}}]
    assert [line for line in lines if "shows" in line] == lines[-2:-1]
    plays(lines, play)


@pytest.mark.parametrize(
    ("clause", "line"),
    [
        ("report.once", {"report": {"count": 2}, "shows": ["report.once"]}),
        ("connect.notify-once", {"notifications": 0, "shows": ["connect.notify-once"]}),
        (
            "connect.revoke.any-time",
            {
                "revocation": {"what": "ritas-grant", "requested": "today 12:00:00"},
                "shows": ["connect.revoke.any-time"],
            },
        ),
    ],
)
def test_each_clause_is_looked_for_where_it_shows(clause, line, play):
    lines = told(connect().revokes().trace, shows=[clause], in_answer=False)
    assert [each for each in lines if "shows" in each] == [line]
    plays(lines, play)


def test_where_nothing_can_be_seen_nothing_is_told():
    with pytest.raises(CannotTell, match="nothing can be seen of it"):
        told(Story().falls_behind(1).trace, shows=["box.log"], in_answer=False)
    with pytest.raises(CannotTell, match="the trace does not begin as every scenario is set up"):
        told(replace(Story().enters().trace, moments=Story().enters().moments[1:]), shows=["code.day"])


def test_what_was_counted_before_is_counted_on():
    """Two codes and a grant in the report, and what our opening adds once it is uploaded."""
    story = Story().asks_for_a_code().happens("entry_is_made", ours=True, matches=True, other=NO_CODE, remember=True)
    lines = told(story.grants().happens("entry_arrives").trace, shows=["report.once"], in_answer=False)
    assert lines[-3:] == [{"upload": {}}, {"notifications": 0}, {"report": {"count": 4}, "shows": ["report.once"]}]


def test_by_the_standard_it_is_told_whatever_the_model_says(monkeypatch):
    trace = Story().enters().waits(HOUR).enters().trace
    honest = told(trace, shows=["code.expiry.after-first-use"])
    life = lambda code, now, profile: now <= code.first_use + profile.code_life  # noqa: E731
    monkeypatch.setattr(box, "within_life", life)
    assert told(trace, shows=["code.expiry.after-first-use"])[2]["box"] == "opens"
    assert told(trace, shows=["code.expiry.after-first-use"], answer=by_the_standard) == honest


def test_an_answer_that_is_accepted_has_no_reasons():
    assert telling._because(Answer(True, ("code.day",))) == {}
    assert telling._because(Answer(False, ("code.day", "code.day")), ("code.pin",)) == {"because": ["code.day", "code.pin"]}


# Instants and durations in words


CALENDAR = Calendar("UTC", dt.date.fromisoformat(TODAY))


@settings(deadline=None)
@given(st.integers(MIDNIGHT - 50 * 365 * DAY, MIDNIGHT + 90 * 365 * DAY))
def test_an_instant_is_read_as_it_was_told(moment):
    assert CALENDAR.instant(instant(moment)) == moment


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (-2 * DAY, "2d before today 00:00:00"),
        (-DAY - 1, "1d1s before today 00:00:00"),
        (-DAY, "yesterday 00:00:00"),
        (-1, "yesterday 23:59:59"),
        (0, "today 00:00:00"),
        (DAY - 1, "today 23:59:59"),
        (DAY, "tomorrow 00:00:00"),
        (2 * DAY + 3661, "in 2 days 01:01:01"),
    ],
)
def test_instants_in_words(offset, words):
    assert instant(MIDNIGHT + offset) == words
    assert CALENDAR.instant(words) == MIDNIGHT + offset


@settings(deadline=None)
@given(st.integers(0, LONGEST))
def test_a_duration_is_read_as_it_was_told(length):
    assert seconds(spoken(length)) == length


@pytest.mark.parametrize(
    ("length", "words"), [(0, "0s"), (1, "1s"), (60, "1m"), (HOUR - 1, "59m59s"), (DAY, "1d"), (DAY + HOUR + 61, "1d1h1m1s")]
)
def test_durations_in_words(length, words):
    assert spoken(length) == words
