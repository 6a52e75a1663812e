"""A trace of the model told as a scenario: the steps that make it happen on any bench, and what must be seen of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from lockproof.conformance import moves
from lockproof.conformance.words import seconds, spoken
from lockproof.spec.model import authority
from lockproof.spec.profile import DAY, DEFAULT
from lockproof.spec.theorems import Step
from lockproof.spec.traces import Trace

Line = dict[str, Any]
"""One step of a scenario, as it stands in a file."""

ZONE, NOON = "UTC", "today 12:00:00"
GRANT, CODE, CONTROL_GRANT, CONTROL_CODE = "ritas-grant", "anns-code", "control-grant", "control-code"
ANOTHERS_CODE = "anothers-code"
WRONG_PIN = "0000"
FORGED = "tag all zero"
FAR = 13  # days ahead, of codes that nobody enters
FAR_DAY = f"in {FAR} days"
MOST_CODES = DEFAULT.code_indices


@dataclass(frozen=True, slots=True)
class Answer:
    """What must be answered to a request, and for what exactly it is refused."""

    accepted: bool
    clauses: tuple[str, ...]


def by_the_model(step: Step) -> Answer:
    return Answer(bool(step.outcome.accepted), step.outcome.clauses())


def by_the_standard(step: Step) -> Answer:
    """As the denotation has it, whatever the model says: for a trace in which the two differ."""
    against = tuple(clause for clause, forbids in step.reasons().items() if forbids)
    return Answer(not against, against)


class CannotTell(Exception):  # noqa: N818  (reads as what it is)
    """No bench can make this happen: which event, and why not."""


@dataclass(slots=True)
class Teller:
    """Tells one trace, step by step; `lines` grows. What has been made so far, and how many lines and notifications there are."""

    answer: Callable[[Step], Answer] = by_the_model
    lines: list[Line] = field(default_factory=list)
    waited: int = 0  # seconds, before the next line
    fetched: int = 0
    minted: int = 0
    report: int = 0
    notifications: int = 0
    unsent: list[bool] = field(default_factory=list)  # openings not yet uploaded: with a Connect grant or not

    # What a trace says

    def tell(self, step: Step) -> None:
        TELL[step.event](self, step)

    def add(self, line: Line) -> Line:
        if self.waited:
            line = {"after": spoken(self.waited), **line}
            self.waited = 0
        self.lines.append(line)
        return line

    def box(self, step: Step, line: Line, word: str) -> None:
        """A line whose outcome is the box's; a refusal is for exactly these reasons."""
        said = self.answer(step)
        self.add({**line, "box": word if said.accepted else "refuses", **_because(said)})

    def authority(self, step: Step, line: Line, *, beside: Sequence[str] = ()) -> None:
        said = self.answer(step)
        self.add({**line, "authority": "accepts" if said.accepted else "refuses", **_because(said, beside)})
        self.report += bool(step.outcome.reported)

    # What stands beside it

    def controls_before(self, step: Step) -> None:
        """Where the last step is refused: something of its kind that is accepted, before anything else happens."""
        told = _CONTROL_BEFORE.get(step.event)
        if told is not None:
            told(self)

    def controls_after(self, step: Step, accepted: bool) -> None:
        """Something of the last step's kind that comes out the other way, after everything else."""
        told = (_CONTROL_AFTER if accepted else _AFTER_REFUSED).get(step.event)
        if told is not None:
            self.add(told(self))

    def look(self, step: Step) -> None:
        """What else may be seen once it is over."""
        if step.event in {"entry_is_made", "ticket_is_presented", "power_fails", "time_order_arrives", "revocation_is_heard"}:
            self.add({"read-clock": {}})
            self.add({"read-log": {}})
        elif step.event in {"grant_is_revoked", "box_is_moved"}:
            if step.after.ghosts.ended:
                self.add({"revocation": {"what": GRANT, "requested": instant(step.after.grant.ended_at)}})
            self.count()
        elif step.event in {"grant_is_asked_for", "code_is_asked_for", "code_revocation_is_asked_for", "pin_is_entered"}:
            self.count()
        elif self.waited or step.event in {"challenge_is_made", "time_order_is_issued"}:
            self.add({"read-clock": {}})

    def count(self) -> None:
        self.add({"notifications": self.notifications})
        self.add({"report": {"count": self.report}})

    def upload(self) -> None:
        self.add({"upload": {}})
        self.notifications += sum(self.unsent)
        self.report += len(self.unsent)
        self.unsent = []


def instant(of: int) -> str:
    """An instant of a scenario in words: `tomorrow 14:19:51`, relative to the day on which it begins, in UTC."""
    days, rest = divmod(of - moves.MIDNIGHT, DAY)
    time = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    if days < -1:
        return f"{spoken(-(of - moves.MIDNIGHT))} before today 00:00:00"
    return f"{day(days)} {time}"


def day(ahead: int) -> str:
    """A day in words, so many days from the one on which the scenario begins."""
    return {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(ahead, f"in {ahead} days")


def _day_from(step: Step, ahead: int) -> str:
    """A day in words, so many days from the one on which the step is taken."""
    return day((step.before.true - moves.MIDNIGHT) // DAY + ahead)


def _because(said: Answer, beside: Sequence[str] = ()) -> Line:
    return {} if said.accepted else {"because": list(dict.fromkeys((*said.clauses, *beside)))}


Tell = Callable[[Teller, Step], None]
TELL: dict[str, Tell] = {}


def _tells(event: str) -> Callable[[Tell], Tell]:
    def register(function: Tell) -> Tell:
        TELL[event] = function
        return function

    return register


# Time and power


@_tells("time_passes")
def _time(teller: Teller, step: Step) -> None:
    teller.waited += step.after.true - step.before.true


@_tells("clock_jumps")
def _clock(teller: Teller, step: Step) -> None:
    teller.add({"disturb-clock": {"back": spoken(step.before.box.clock - step.after.box.clock)}})


@_tells("power_fails")
def _power(teller: Teller, step: Step) -> None:
    off, holdover = step.given["off_for"], step.profile.holdover
    longer = f"{spoken(off - holdover)} longer than " if off > holdover else ""
    told = f"{longer}the holdover" if off >= holdover else spoken(off)  # the holdover is what a box declares, whatever that is
    teller.add({"cut": {"off": told} if off else {}})


@_tells("refusals_are_written")
def _written(teller: Teller, _: Step) -> None:
    teller.add({"read-log": {}})


# At the box


@_tells("entry_is_made")
def _entry(teller: Teller, step: Step) -> None:
    digits: Any = CODE if step.given["ours"] else "wrong"
    if step.given["matches"] and not step.given["ours"]:
        digits = ANOTHERS_CODE
    if step.given["ours"] and not step.given["matches"]:
        digits = {"code": CODE, "mistyped": "the last digit"}
    teller.box(step, {"enter": digits}, "opens")
    teller.unsent += [False] if step.outcome.accepted else []


@_tells("entry_is_charged")
def _charge(teller: Teller, step: Step) -> None:
    """Digits of none: that they were charged, nobody sees; what becomes of them is told when they are decided, if ever."""
    said = teller.answer(step)
    teller.box(step, {"enter": "wrong"}, "opens")
    teller.lines[-1].update({"box": "refuses", "because": list(said.clauses) or ["code.digits"]})


@_tells("entry_is_decided")
def _decide(teller: Teller, step: Step) -> None:
    charged = teller.lines.pop()
    teller.waited = seconds(charged.get("after", "0s"))
    _entry(teller, step)


@_tells("time_order_is_issued")
def _issue_order(_: Teller, __: Step) -> None:
    """An order that is held back shows nowhere; it is told where it arrives."""


@_tells("challenge_is_made")
def _challenge(teller: Teller, step: Step) -> None:
    teller.add({"challenge": _nonce(step.after.box.nonce)})


@_tells("ticket_is_presented")
def _ticket(teller: Teller, step: Step) -> None:
    other = step.given["other"]
    line: Line = {"present": f"ticket-{teller.fetched}"}
    if not step.given["ours"] and not other.authentic:
        line = {"present": {"ticket": f"ticket-{teller.fetched}", "forged": FORGED}}
    elif not step.given["ours"]:
        teller.minted += 1
        minted = f"minted-ticket-{teller.minted}"
        nonce = {"nonce": _nonce(other.nonce)} if other.nonce else {"nonce": _nonce(step.before.box.nonce), "altered": ALTERED}
        teller.add({"mint": {"grant": GRANT, **nonce, "as": minted}})
        line = {"present": minted}
    teller.box(step, line, "opens")
    teller.unsent += [True] if step.outcome.accepted else []


ALTERED = "last byte of the nonce"


@_tells("revocation_is_heard")
def _revocation(teller: Teller, step: Step) -> None:
    forged = {} if step.given["authentic"] else {"forged": FORGED}
    if not step.given["ours"]:
        teller.box(step, {"end-another-grant": {"by": "joe", "to": "ralph"}}, "takes")
        teller.report += 2  # granted, and revoked
        return
    teller.box(step, {"deliver": {"grant": GRANT, **forged} if forged else GRANT}, "takes")


@_tells("time_order_arrives")
def _time_order(teller: Teller, step: Step) -> None:
    order = step.before.order if step.given["ours"] else step.given["other"]
    forged = {} if order.authentic else {"forged": FORGED}
    teller.box(step, {"set-clock": {"to": instant(order.value), "nonce": _nonce(order.nonce), **forged}}, "takes")


def _nonce(number: int) -> str:
    return f"nonce-{number - moves.FIRST_NAMED + 1}"


# At the authority


@_tells("grant_is_asked_for")
def _grant(teller: Teller, step: Step) -> None:
    given = step.given
    asked: Line = {
        "by": _grantor(given),
        "to": "rita" if given["email_named"] else "ivan",
        "role": _role(given["recipient"]),
        "from": instant(given["window_start"]),
        "until": instant(given["window_end"]),
    }
    _unassigned(teller, step, {"grant": {**asked, **({"as": GRANT} if teller.answer(step).accepted else {})}})


@_tells("code_is_asked_for")
def _code(teller: Teller, step: Step) -> None:
    given, wanted = step.given, _day_from(step, step.given["days_ahead"])
    asked: Line = {"by": _grantor(given), "day": wanted, "role": _role(given["recipient"])}
    asked |= {} if given["seller_permission"] else {"seller-permission": False}
    asked |= {} if given["named"] else {"name": ""}
    asked |= {} if given["pin_accepted"] else {"pin": WRONG_PIN}
    if not given["index_free"]:
        others = {"by": "joe", "day": wanted}
        teller.add({"generate": others, "times": MOST_CODES, "authority": "accepts"})
        teller.report += MOST_CODES
    if not given["let_in"]:
        teller.add({"board": {"bars": [asked["role"]]}})
    _unassigned(teller, step, {"generate": asked})
    if not given["let_in"]:
        teller.add({"board": {"bars": []}})


def _unassigned(teller: Teller, step: Step, line: Line) -> None:
    """A box that is to be without a property is so for this one request."""
    if not step.given["assigned"]:
        teller.add({"unassign": {}})
    teller.authority(step, line)
    if not step.given["assigned"]:
        teller.add({"assign": "home"})


def _grantor(given: dict[str, Any]) -> str:
    """Without a property the owner alone is a grantor."""
    return "sam" if not given["by_grantor"] else "joe" if given["assigned"] else "owen"


def _role(recipient: authority.Recipient) -> str:
    return "consumer" if recipient.consumer else "realtor" if recipient.realtor else "contractor"


@_tells("ticket_is_issued")
def _fetch(teller: Teller, step: Step) -> None:
    asked = {"grant": GRANT, "nonce": _nonce(step.given["nonce"])}
    if teller.answer(step).accepted:
        teller.fetched += 1
        asked["as"] = f"ticket-{teller.fetched}"
    if not step.given["registered"]:
        asked["account"] = "ralph"
    teller.authority(step, {"fetch": asked})


@_tells("grant_is_revoked")
def _revoke(teller: Teller, step: Step) -> None:
    teller.authority(step, {"revoke": {"what": GRANT, "by": "joe" if step.given["by_grantor"] else "sam"}})


@_tells("box_is_moved")
def _move(teller: Teller, _: Step) -> None:
    teller.add({"unassign": {}})
    teller.add({"assign": "home"})


@_tells("code_revocation_is_asked_for")
def _revoke_code(teller: Teller, step: Step) -> None:
    teller.authority(step, {"revoke": {"what": CODE, "by": "joe" if step.given["by_grantor"] else "sam"}})


@_tells("pin_is_entered")
def _pin(teller: Teller, step: Step) -> None:
    """There is no other way to enter a PIN than to ask for a code."""
    asked = {"by": "joe", "day": _day_from(step, FAR), **({} if step.given["matches"] else {"pin": WRONG_PIN})}
    teller.authority(step, {"generate": asked}, beside=("code.pin",))
    teller.report += bool(step.outcome.accepted)


@_tells("entry_arrives")
def _arrives(teller: Teller, _: Step) -> None:
    teller.upload()
    teller.count()


# Controls


def _control_code(teller: Teller) -> None:
    teller.add({"generate": {"by": "joe", "day": "today", "as": CONTROL_CODE}, "authority": "accepts"})
    teller.report += 1


def _control_entry(teller: Teller) -> None:
    _control_code(teller)
    teller.add({"enter": CONTROL_CODE, "box": "opens"})
    teller.unsent.append(False)


def _control_grant(teller: Teller) -> None:
    asked = {"by": "joe", "to": "ralph", "from": "now", "for": "1h", "as": CONTROL_GRANT}
    teller.add({"grant": asked, "authority": "accepts"})
    teller.report += 1


def _control_ticket(teller: Teller) -> None:
    _control_grant(teller)
    teller.add({"connect": CONTROL_GRANT, "box": "opens"})
    teller.unsent.append(True)


def _control_fetch(teller: Teller) -> None:
    _control_grant(teller)
    teller.add({"challenge": "control-nonce"})
    teller.add({"fetch": {"grant": CONTROL_GRANT, "nonce": "control-nonce"}, "authority": "accepts"})


_CONTROL_BEFORE: dict[str, Callable[[Teller], None]] = {
    "entry_is_made": _control_entry,
    "entry_is_charged": _control_entry,
    "entry_is_decided": _control_entry,
    "ticket_is_presented": _control_ticket,
    "ticket_is_issued": _control_fetch,
    "time_order_arrives": lambda teller: _ignore(teller.add({"set-clock": {}, "box": "takes"})),
    "grant_is_asked_for": _control_grant,
    "grant_is_revoked": _control_grant,
    "code_is_asked_for": _control_code,
    "code_revocation_is_asked_for": _control_grant,
    "pin_is_entered": _control_code,
}

_CONTROL_AFTER: dict[str, Callable[[Teller], Line]] = {
    "entry_is_decided": lambda _: {"enter": "wrong", "box": "refuses"},
    "entry_is_made": lambda _: {"enter": "wrong", "box": "refuses"},
    "ticket_is_presented": lambda teller: {"present": _forged(teller), "box": "refuses"},
    "ticket_is_issued": lambda _: {"fetch": {"grant": GRANT, "nonce": "nonce-1", "account": "nora"}, "authority": "refuses"},
    "time_order_arrives": lambda _: {"set-clock": {"ahead": "1s", "forged": FORGED}, "box": "refuses"},
    "revocation_is_heard": lambda _: {"deliver": {"grant": GRANT, "forged": FORGED}, "box": "refuses"},
    "grant_is_asked_for": lambda _: {"grant": {"by": "sam", "to": "rita", "from": "now", "for": "1h"}, "authority": "refuses"},
    "grant_is_revoked": lambda _: {"revoke": {"what": GRANT, "by": "sam"}, "authority": "refuses"},
    "code_is_asked_for": lambda _: {"generate": {"by": "sam", "day": "today"}, "authority": "refuses"},
    "pin_is_entered": lambda _: {"generate": {"by": "joe", "day": FAR_DAY, "pin": WRONG_PIN}, "authority": "refuses"},
}


def _ignore(_: object) -> None:
    """Told for its effect."""


def _forged(teller: Teller) -> Line:
    name = f"ticket-{teller.fetched}" if teller.fetched else f"minted-ticket-{teller.minted}"
    return {"ticket": name, "forged": FORGED}


_AFTER_REFUSED: dict[str, Callable[[Teller], Line]] = {
    "grant_is_revoked": lambda _: {"revoke": {"what": CONTROL_GRANT, "by": "joe"}, "authority": "accepts"},
    "code_revocation_is_asked_for": lambda _: {"revoke": {"what": CONTROL_GRANT, "by": "joe"}, "authority": "accepts"},
    "revocation_is_heard": lambda _: {"deliver": GRANT, "box": "takes"},
}
"""Controls for what is refused that come after it."""


def told(
    trace: Trace, *, shows: Sequence[str], in_answer: bool = True, answer: Callable[[Step], Answer] = by_the_model
) -> list[Line]:
    """The steps of a scenario in which the trace happens.

    Its last moment shows `shows`: by its own answer, or, if not `in_answer`, by what is seen when it is looked for. What must
    be answered is what `answer` says. Raises `CannotTell`.
    """
    teller, steps = Teller(answer), list(trace.steps())
    if tuple(step.event for step in steps[: len(moves.SET_UP)]) != moves.SET_UP:
        raise CannotTell("the trace does not begin as every scenario is set up")
    shown, before = steps[-1], steps[:-1]
    accepted = answer(shown).accepted and shown.event != "entry_is_charged"  # what is told of a charge is digits of none
    if any(_uses_our_code(step) for step in steps):
        _issue_our_code(teller, steps[0])
    needs_control = in_answer and not any(
        step.event == shown.event and answer(step).accepted != accepted for step in before[len(moves.SET_UP) :]
    )
    if any(_uses_anothers_code(step) for step in steps):
        teller.add({"generate": {"by": "joe", "day": "today", "as": ANOTHERS_CODE}, "authority": "accepts"})
        teller.report += 1
    if needs_control and not accepted:
        teller.controls_before(shown)
    for step in steps[len(moves.SET_UP) :]:
        if step.event not in TELL:
            raise CannotTell(f"no bench can make happen that {step.event.replace('_', ' ')}")
        teller.tell(step)
    if in_answer:
        _mark(_answer(teller.lines), shows)
    teller.look(shown)
    if needs_control:
        teller.controls_after(shown, accepted)
    elif not in_answer:
        _mark(_look(teller.lines, shows), shows)
    return teller.lines


def _issue_our_code(teller: Teller, first: Step) -> None:
    ahead = (first.before.code.day_start - moves.MIDNIGHT) // DAY
    teller.add({"generate": {"by": "joe", "day": day(ahead), "as": CODE}, "authority": "accepts"})
    teller.report += 1


def _uses_our_code(step: Step) -> bool:
    return step.event == "code_revocation_is_asked_for" or (
        step.event in {"entry_is_made", "entry_is_decided"} and step.given["ours"]
    )


def _uses_anothers_code(step: Step) -> bool:
    return step.event == "entry_is_made" and bool(step.given["matches"]) and not step.given["ours"]


def _answer(lines: list[Line]) -> Line:
    """The last line that has an outcome."""
    return next(line for line in reversed(lines) if "box" in line or "authority" in line)


LOOKS = ("read-log", "read-clock", "notifications", "report", "revocation")


def _look(lines: list[Line], shows: Sequence[str]) -> Line:
    """The last line that looks at what the clauses are about."""
    wanted = {
        "box.log": "read-log",
        "report.once": "report",
        "connect.notify-once": "notifications",
        "code.notify-never": "notifications",
        "connect.property": "revocation",
        "connect.revoke.any-time": "revocation",
    }
    preferred = [wanted[clause] for clause in shows if clause in wanted] + list(LOOKS)
    for verb in preferred:
        for line in reversed(lines):
            if verb in line:
                return line
    raise CannotTell("nothing can be seen of it")


def _mark(line: Line, shows: Sequence[str]) -> None:
    line["shows"] = list(shows)
