"""What the player does at the authority: grants, codes, tickets, and looks at what it tells people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from lockproof.conformance import words
from lockproof.conformance.cast import CAST
from lockproof.conformance.scenario import FIRST_PROPERTY, Step
from lockproof.conformance.stage import BOX, Nonce, Stage, Ticket, Verbs, listed
from lockproof.reference.credentials import TicketClaims, is_dead, open_ticket, seal_ticket
from lockproof.spec import civil
from lockproof.spec.observable import CodeIndex, Notification, ReportLine, Role

NO_NONCE = 0  # the number of a nonce that the box never gave; those that it gave count from 1

does = Verbs()


@does("grant")
def grant(stage: Stage, step: Step) -> None:
    given = step.arguments
    start = stage.calendar.instant(given["from"], stage.spans) if given["from"] != "now" else stage.now
    end = (
        stage.calendar.instant(given["until"], stage.spans)
        if "until" in given
        else start + words.seconds(given.get("for", "45m"))
    )
    to = CAST[given["to"]]
    role = Role(given["role"]) if "role" in given else to.role or Role.REALTOR
    answer = stage.answered(
        f"grant {given['to']} Connect access",
        stage.authority.grant_connect(CAST[given["by"]].person, stage.box_named(given), to.email, role, start, end, stage.now),
    )
    if answer.accepted and "as" in given:
        grant = bytes.fromhex(answer.reference or "")
        stage.grants[given["as"]] = (
            answer,
            {
                "grant": grant.hex(),
                "window_start": start,
                "window_end": end,
                "account": to.email,
                "box": stage.box_named(given).hex(),
            },
        )
        stage.spans[given["as"]] = (start, end)


@does("generate")
def _generate(stage: Stage, step: Step) -> None:
    given = step.arguments
    by, to = CAST[given["by"]], Role(given.get("role", "appraiser"))
    answer = stage.answered(
        f"generate a code for {given['day']}",
        stage.authority.generate_code(
            by.person,
            str(given.get("pin", by.pin)),
            stage.box_named(given),
            stage.calendar.date(given["day"]).isoformat(),
            str(given.get("name", "Ann (appraiser)")),
            to,
            given.get("seller-permission", True) is True,
            stage.now,
        ),
    )
    if (
        not answer.accepted or answer.code is None or stage.judge.finding
    ):  # of a code that there must not be, nothing is to be seen
        return
    _check_code(stage, answer.code, given)
    if stage.judged:
        stage.check("place of the code", "code.index", LIVE, _place(stage, answer.code, answer.digits or "", given))
    if "as" in given:
        stage.codes[given["as"]] = answer
        stage.spans[given["as"]] = (answer.code.day_start, answer.code.day_end)


def _check_code(stage: Stage, code: CodeIndex, given: dict[str, Any]) -> None:
    """The code is for the day that was asked for, at the property, and no other code of the box is in its place."""
    box = given.get("at-box", BOX)
    zone = next(place.zone for place in stage.scenario.properties if place.name == stage.places.get(box, FIRST_PROPERTY))
    day = civil.day_bounds(stage.calendar.date(given["day"]), zone)
    clause = "time.day" if stage.judged else "code.date"
    stage.check("day of the code", clause, [day.start, day.end], [code.day_start, code.day_end])
    stage.check("number of codes issued before in its place", "code.index", 0, int((box, code) in stage.issued))
    stage.issued.add((box, code))


LIVE = "a live index of its day, with the digits of that"


def _place(stage: Stage, code: CodeIndex, digits: str, given: dict[str, Any]) -> str:
    """What an authority that is judged gave out for a code. Those of the other box are not looked at: the bench plays with one."""
    number = stage.profile.code_indices
    if not 0 <= code.index < number:
        return f"index {code.index} of {number}, from 0"
    if given.get("at-box", BOX) != BOX or stage.days is None:
        return LIVE
    days, profile = stage.days, stage.profile

    def digits_of(index: CodeIndex) -> str:
        return days.digits_of(index, profile)

    if (stage.box_id, code) in stage.known_used:
        return f"index {code.index}, which is known to have been used"
    if is_dead(code, days.near(code.day_start, profile), digits_of, profile):
        return f"index {code.index}, which is dead"
    return LIVE if digits == digits_of(code) else f"index {code.index} with the digits {digits} and not {digits_of(code)}"


@does("revoke")
def revoke(stage: Stage, step: Step) -> None:
    what = step.arguments["what"]
    answer = stage.codes[what] if what in stage.codes else stage.grant(what)[0]
    person = CAST[step.arguments["by"]].person
    stage.answered(f"revoke {what}", stage.authority.revoke(answer.reference or "", person, stage.now))


@does("fetch")
def _fetch(stage: Stage, step: Step) -> None:
    given = step.arguments
    nonce = stage.nonce(given["nonce"])
    ticket = fetch_ticket(stage, given["grant"], nonce, given.get("account"))
    if ticket and "as" in given:
        stage.tickets[given["as"]] = ticket


def fetch_ticket(stage: Stage, name: str, nonce: Nonce, account: str | None = None) -> Ticket | None:
    answer, meaning = stage.grant(name)
    email = CAST[account].email if account else meaning["account"]
    found = stage.authority.issue_ticket(answer.reference or "", email, nonce.value, stage.now)
    stage.answered(f"issue a ticket for {name}", found)
    if not found.accepted or found.message is None:
        return None
    said = {key: meaning[key] for key in ("grant", "window_start", "window_end")}
    told = {}
    if claims := open_ticket(stage.keys, found.message):
        told = {"grant": claims.grant.hex(), "window_start": claims.window_start, "window_end": claims.window_end}
        told["nonce"] = claims.nonce.hex()
    if told or (stage.judged and meaning["box"] == stage.box_id.hex()):
        clause = "connect.available" if stage.judged else "connect.ticket"  # which of the two the maker of a ticket breaks
        stage.check(f"ticket for {name}", clause, {**said, "nonce": nonce.value.hex()}, told)
    return Ticket(found.message, {**said, "nonce": nonce.number, "authentic": is_for(stage, found.message)})


def is_for(stage: Stage, message: bytes) -> bool:
    return stage.box_id in message


@does("mint")
def _mint(stage: Stage, step: Step) -> None:
    """A genuine ticket that the authority would not issue any more: the bench has the keys."""
    _, meaning = stage.grant(step.arguments["grant"])
    nonce, grant = stage.nonce(step.arguments["nonce"]), bytes.fromhex(meaning["grant"])
    number, value = nonce.number, nonce.value
    altered = step.arguments.get("altered", "")
    if altered.endswith("of the nonce"):
        number, value = NO_NONCE, _with_another_byte(value, altered)
    elif altered:
        grant = _with_another_byte(grant, altered)
    start, end = meaning["window_start"], meaning["window_end"]
    said = {"grant": grant.hex(), "window_start": start, "window_end": end, "nonce": number, "authentic": True}
    message = seal_ticket(stage.keys, TicketClaims(grant, start, end, value))
    stage.tickets[step.arguments["as"]] = Ticket(message, said)


def _with_another_byte(text: bytes, which: str) -> bytes:
    place = 0 if which.startswith("first") else len(text) - 1
    return text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :]


@does("register")
def _register(stage: Stage, step: Step) -> None:
    stage.authority.register_account(CAST[step.arguments["person"]].email, stage.now)


@does("close-account")
def _close_account(stage: Stage, step: Step) -> None:
    stage.authority.close_account(CAST[step.arguments["person"]].email, stage.now)


@does("assign")
def _assign(stage: Stage, step: Step) -> None:
    stage.places[BOX] = step.arguments["property"]
    told = stage.authority.assign(stage.box_id, step.arguments["property"], stage.now)
    if told is not None:
        stage.provision(told, new=False)


@does("unassign")
def _unassign(stage: Stage, _: Step) -> None:
    stage.authority.assign(stage.box_id, None, stage.now)
    stage.places.pop(BOX, None)


@does("board")
def _board(stage: Stage, step: Step) -> None:
    stage.authority.set_barred(tuple(Role(role) for role in step.arguments["bars"]))


@does("owners")
def _owners(stage: Stage, step: Step) -> None:
    people = step.arguments["people"]
    stage.authority.set_owners(stage.box_id, tuple(CAST[name].person for name in people))


@does("agent")
def _agent(stage: Stage, step: Step) -> None:
    prop = step.arguments.get("property", FIRST_PROPERTY)
    stage.authority.set_agent(prop, CAST[step.arguments["person"]].person)


@does("report")
def _report(stage: Stage, step: Step) -> None:
    """The lines as they stand, or how many they are."""
    seen = [line.text() for line in stage.authority.report()]
    if "lines" in step.arguments:
        stage.check("report", "report.lines", [_dated(stage, line) for line in listed(step.arguments["lines"])], seen)
    if "count" in step.arguments:
        stage.check("number of lines in the report", "report.once", str(step.arguments["count"]), str(len(seen)))


@does("line")
def _line(stage: Stage, step: Step) -> None:
    """Both instants of a line of the report, counted from 1."""
    _check_instants(stage, step, "line", stage.authority.report())


@does("notification")
def _notification(stage: Stage, step: Step) -> None:
    """Both instants of a showing notification, counted from 1."""
    _check_instants(stage, step, "notification", stage.authority.notifications())


def _check_instants(stage: Stage, step: Step, what: str, told: Sequence[ReportLine | Notification]) -> None:
    number = int(step.arguments["number"])
    found = told[number - 1] if 0 < number <= len(told) else None
    for name in ("occurred", "received"):
        expected = stage.calendar.instant(step.arguments[name], stage.spans)
        stage.check(f"instant at which {what} {number} {name}", "report.late", expected, getattr(found, name, None))


@does("notifications")
def _notifications(stage: Stage, step: Step) -> None:
    found = stage.authority.notifications()
    stage.check("number of showing notifications", "connect.notify-once", str(step.arguments["count"]), str(len(found)))
    if "of" in step.arguments:
        names = {meaning["grant"]: name for name, (_, meaning) in stage.grants.items()}
        told = [names.get(notification.grant, notification.grant) for notification in found]
        stage.check("grants of the showing notifications", "connect.notify-once", listed(step.arguments["of"]), told)


@does("alerts")
def _alerts(stage: Stage, step: Step) -> None:
    seen = [f"{a.kind} {a.first}" if a.first == a.last else f"{a.kind} {a.first}-{a.last}" for a in stage.authority.alerts()]
    stage.check("alerts", "report.alerts", listed(step.arguments["kinds"]), seen)


@does("revocation")
def _revocation(stage: Stage, step: Step) -> None:
    stage.outbox.catch_up()  # the authority hears of an order that was taken when the box has said so
    answer, _ = stage.grant(step.arguments["what"])
    found = next((r for r in stage.authority.revocations() if r.grant == answer.reference), None)
    instants = (
        {} if found is None else {"requested": found.requested, "delivered": found.delivered, "effective-by": found.effective_by}
    )
    for name in ("requested", "delivered", "effective-by"):
        if name in step.arguments:
            said = step.arguments[name]
            expected = None if said == "not yet" else stage.calendar.instant(said, stage.spans)
            stage.check(f"instant at which the revocation was {name}", "connect.revoke.bound", expected, instants.get(name))


@does("share")
def _share(stage: Stage, step: Step) -> None:
    answer = stage.code(step.arguments["code"])
    by_email = step.arguments.get("by") == "email"
    reference = answer.reference or ""
    text = stage.authority.share_by_email(reference, "ann@example.org").decode() if by_email else stage.authority.share(reference)
    wanted = [_dated(stage, wanted).replace("DIGITS", answer.digits or "") for wanted in listed(step.arguments["contains"])]
    stage.check("message that shares the code", "code.share", wanted, [w for w in wanted if w in text])


@does("which")
def _which(stage: Stage, step: Step) -> None:
    advice = stage.authority.which(Role(step.arguments["role"]))
    stage.check(f"advice for a {step.arguments['role']}", "eligibility.advice", step.arguments["answer"], advice.recommendation)


def _dated(stage: Stage, text: str) -> str:
    """The text with the dates that its words in capitals stand for."""
    return re.sub(r"TODAY|TOMORROW|YESTERDAY|IN \d+ DAYS", lambda found: stage.calendar.date(found[0].lower()).isoformat(), text)
