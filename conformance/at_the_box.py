"""What the player does at the box: what people enter and present, what reaches it, and looks at its clock and log."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from lockproof.conformance import words
from lockproof.conformance.at_the_authority import fetch_ticket, grant, is_for, revoke
from lockproof.conformance.forgeries import forge
from lockproof.conformance.outbox import Sent
from lockproof.conformance.scenario import FIRST_PROPERTY, ScenarioError, Step, outage
from lockproof.conformance.stage import Nonce, Stage, Ticket, Verbs, listed
from lockproof.hw_adapter.messages import Code, Command
from lockproof.reference.credentials import NONCE_BYTES, derive_keys, is_dead, open_revocation
from lockproof.spec import civil
from lockproof.spec.observable import BenchError, CodeIndex, CutClass, Decision, LogEntry, LogPage, PowerCut
from lockproof.spec.profile import Profile

NOT_FORESEEN = "16 bytes each, no two alike, and none follows from others"
MANY_NONCES = 8  # so many tell bytes that never change from chance

does = Verbs()


def new_nonce(stage: Stage) -> Nonce | None:
    value = stage.ask("challenge", "ask for a nonce", Command(Code.CHALLENGE))
    return None if value is None else stage.keep_nonce(value)


def set_clock(stage: Stage, value: int, nonce: Nonce | None = None, forged: str | None = None, *, to_take: bool = True) -> None:
    """The box is told that it is `value`; an order that it is to refuse for something else is not one of before the last decision."""
    ahead = value - stage.now
    told = value - (stage.pace.ahead if stage.pace and to_take else 0)  # so that it is `value` that the clock comes to show
    about = f"time order for {ahead:+d} s" + (f", {forged}" if forged else "")
    box_id, keys = stage.box_id, stage.keys

    def order_for(nonce: bytes) -> bytes:
        order = stage.authority.time_order(box_id, nonce, told)
        return forge(forged, order, keys) if forged else order

    def made(sent: Sent) -> Command:
        order = order_for(stage.nonces[-1])
        sent.fields["meaning"]["nonce"], sent.fields["arguments"]["order"] = len(stage.nonces), order
        return Command(Code.TIME_ORDER, order)

    def stands(decision: Decision) -> None:
        if decision.accepted:
            stage.ahead = ahead

    meaning = {"value": told, "meant": value, "nonce": 0, "authentic": not forged}
    if nonce is None and stage.runs_ahead:  # what follows is made ready while the nonce is on its way
        stage.command("challenge", "ask for a nonce", Command(Code.CHALLENGE), then=stage.keep_nonce)
        order = order_for(bytes(NONCE_BYTES))
        stage.command("time_order", about, Command(Code.TIME_ORDER, order), meaning, stands, made=made, order=order)
        return
    nonce = nonce or new_nonce(stage)
    if nonce is None:
        return
    order, meaning["nonce"] = order_for(nonce.value), nonce.number
    stage.command("time_order", about, Command(Code.TIME_ORDER, order), meaning, stands, order=order)


@does("enter")
def _enter(stage: Stage, step: Step) -> None:
    digits, index, about = _digits(stage, step)
    meaning = {"code": [index.day_start, index.day_end, index.index] if index else None}
    stage.command("enter", f"enter {about}", Command(Code.KEYPAD_ENTRY, digits), meaning, digits=digits)


def _digits(stage: Stage, step: Step) -> tuple[str, CodeIndex | None, str]:
    """The digits to enter, the live index that they belong to at this box, and how to speak of them."""
    given = step.arguments
    if "mistyped" in given:
        digits = _mistyped(_digits(stage, replace(step, arguments=_without(given, "mistyped")))[0], given["mistyped"])
        return digits, _owner(stage, digits), f"{given.get('code', 'digits')} with {given['mistyped']} {digits}"
    if given.get("code") == "wrong":
        digits = _wrong_digits(stage)
        return digits, None, f"wrong {digits}"
    if "code" in given:
        answer = stage.code(given["code"])
        digits = answer.digits or ""
        own = answer.code if _digits_of(stage)(answer.code or CodeIndex(0, 0, 0)) == digits else None
        return digits, own, f"{given['code']} {digits}"
    if "index" in given:
        index = CodeIndex(*stage.calendar.day(given.get("day", "today")), int(given["index"]))
        digits = _digits_of(stage)(index)
        live = _live(stage, index)
        not_live = "" if live == index else " (not live)"
        return digits, live, f"index {index.index} of {given.get('day', 'today')} {digits}{not_live}"
    return str(given["digits"]), _owner(stage, str(given["digits"])), str(given["digits"])


def _mistyped(digits: str, mistake: str) -> str:
    """The digits as somebody enters them who makes this mistake."""
    whole = {
        "a digit too many": digits + "0",
        "a digit too many in front": "1" + digits,
        "a digit too few": digits[:-1],
        "a nought before it": "0" + digits,
        "the first digit left out": digits[1:],
    }
    if mistake in whole:
        return whole[mistake]
    where, _, change = mistake.partition(" by ")
    place = len(digits) - 1 if where == "the last digit" else int(where.removeprefix("digit ")) - 1
    return (
        digits[:place] + "".join(str((int(d) + int(change or 1)) % 10) for d in digits[place : place + 1]) + digits[place + 1 :]
    )


def _without(given: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key != name}


def _digits_of(stage: Stage) -> Callable[[CodeIndex], str]:
    return lambda index: stage.days.digits_of(index, stage.profile) if stage.days else ""


def _live(stage: Stage, index: CodeIndex) -> CodeIndex | None:
    """The index itself, or, where it is not live, the live one that has its digits, if any."""
    assert stage.days is not None
    near = stage.days.near(stage.now, stage.profile)
    known = index.index < stage.profile.code_indices and _has_such_a_day(stage, index)
    if known and not is_dead(index, near, _digits_of(stage), stage.profile):
        return index
    return _owner(stage, _digits_of(stage)(index))


def _has_such_a_day(stage: Stage, index: CodeIndex) -> bool:
    """A zone table of the box, in force or still in service, has this day."""
    assert stage.days is not None
    day = (index.day_start, index.day_end)
    return any(
        civil.days_from_pairs(table.pairs, table.expiry, index.day_start) == day
        and (until is None or index.day_end + stage.profile.code_life <= until)
        for table, until in stage.days.zones
    )


def _owner(stage: Stage, digits: str) -> CodeIndex | None:
    """The live index that has these digits, if any."""
    assert stage.days is not None
    found = stage.days.indices_of(digits, stage.now, stage.profile)
    serving = [i for i in found if i.day_start <= stage.now < i.day_end + stage.profile.code_life]
    return next(iter(serving or found), None)


def _wrong_digits(stage: Stage) -> str:
    """Digits of no index that is near, live or dead; others every time."""
    assert stage.days is not None
    near = stage.days.near(stage.now, stage.profile)
    taken = {_digits_of(stage)(CodeIndex(*day, index)) for day in near for index in range(stage.profile.code_indices)}
    while True:
        stage.wrong_entries += 1
        drawn = hashlib.sha256(stage.box_id + f"{stage.seed} {stage.wrong_entries}".encode()).digest()
        digits = f"{int.from_bytes(drawn[:8], 'big') % 10**stage.profile.code_digits:0{stage.profile.code_digits}}"
        if digits not in taken:
            return digits


@does("challenge")
def _challenge(stage: Stage, step: Step) -> None:
    """The nonce is waited for where a later step needs it."""
    name, seen = step.arguments.get("as", ""), list[str]()
    stage.named_nonces.pop(name, None)

    def keep(value: bytes) -> None:
        stage.named_nonces[name] = stage.keep_nonce(value)
        seen.append(_seen_in(stage.nonces) or NOT_FORESEEN)

    stage.command("challenge", "ask for a nonce", Command(Code.CHALLENGE), then=keep)
    if seen or not stage.outbox.settled:  # else the power failed, as it was to
        stage.check_when_answered("nonces asked for so far", "connect.ticket", NOT_FORESEEN, lambda: seen[0])


def _seen_in(nonces: list[bytes]) -> str:
    """What is wrong with these nonces, in the order in which the box gave them; empty where nothing is (`connect.ticket`)."""
    numbers = [int.from_bytes(nonce, "big") for nonce in nonces]
    steps = [later - earlier for earlier, later in pairwise(numbers)]
    if wrong := [nonce for nonce in nonces if len(nonce) != NONCE_BYTES]:
        return f"one has {len(wrong[0])} bytes"
    if len(set(numbers)) < len(numbers):
        return "one came twice"
    if any(step == following for step, following in pairwise(steps)):
        return "three in a row are as far from each other, as if they were counted"
    same = sum(len(set(column)) == 1 for column in zip(*nonces, strict=True))
    if len(nonces) >= MANY_NONCES and same > NONCE_BYTES // 2:
        return f"{same} of their {NONCE_BYTES} bytes are the same in all {len(nonces)}"
    return ""


@does("present")
def _present(stage: Stage, step: Step) -> None:
    name = step.arguments["ticket"]
    if name not in stage.tickets:
        raise ScenarioError(step.where, f"{name} is no ticket, or none was issued", "let an earlier step fetch it")
    present_ticket(stage, name, stage.tickets[name], step.arguments.get("forged"))


def present_ticket(stage: Stage, name: str, ticket: Ticket, forged: str | None = None) -> None:
    message, meaning = ticket.message, ticket.meaning
    if forged:
        message, meaning = forge(forged, message, stage.keys), {**meaning, "authentic": False}
    about = f"present {name}" + (f", {forged}" if forged else "")
    stage.command("present", about, Command(Code.PRESENT_TICKET, message), meaning, ticket=message)


@does("connect")
def _connect(stage: Stage, step: Step) -> None:
    """What the app does: a nonce from the box, a ticket from the authority, the ticket to the box."""
    nonce = new_nonce(stage)
    if nonce is None:
        return
    ticket = fetch_ticket(stage, step.arguments["grant"], nonce)
    if ticket is not None:
        present_ticket(stage, step.arguments["grant"], ticket)


@does("deliver")
def _deliver(stage: Stage, step: Step) -> None:
    """A revocation order reaches the box; the authority is told when it was taken."""
    deliver(stage, step, step.arguments["grant"], step.arguments.get("forged"))


@does("end-another-grant")
def _end_another_grant(stage: Stage, step: Step) -> None:
    """A grant is made, revoked at once, and the box is told: one of many that nobody gives a name."""
    given = step.arguments
    name = f"another grant {len(stage.grants)}"
    grant(stage, replace(step, arguments={**given, "from": "now", "as": name}))
    revoke(stage, replace(step, arguments={"what": name, "by": given["by"]}))
    deliver(stage, step, name)


def deliver(stage: Stage, step: Step, name: str, forged: str | None = None) -> None:
    answer, meaning = stage.grant(name)
    order = stage.authority.revocation_order(answer.reference or "")
    if stage.judged and meaning["box"] == stage.box_id.hex():
        seen = order and open_revocation(stage.keys, order)
        stage.check(f"revocation order for {name}", "connect.revoke.bound", meaning["grant"], seen.hex() if seen else "none")
        if seen is None or seen.hex() != meaning["grant"]:
            return
    if order is None:
        raise ScenarioError(step.where, f"{name} has not ended, so there is no order to deliver", "revoke it in an earlier step")
    authentic = not forged and is_for(stage, order)
    if forged:
        order = forge(forged, order, stage.keys)
    about = f"revocation of {name}" + (f", {forged}" if forged else "")
    reference, now = answer.reference or "", stage.now

    def tell_the_authority(decision: Decision) -> None:
        if decision.accepted:
            stage.authority.revocation_delivered(reference, now)

    said = {"grant": meaning["grant"], "authentic": authentic}
    stage.command("revocation_order", about, Command(Code.REVOCATION_ORDER, order), said, tell_the_authority, order=order)


@does("set-clock")
def _set_clock(stage: Stage, step: Step) -> None:
    given = step.arguments
    value = stage.calendar.instant(given["to"], stage.spans) if "to" in given else stage.now
    value += words.seconds(given["ahead"]) if "ahead" in given else 0
    value -= words.seconds(given["behind"]) if "behind" in given else 0
    nonce = stage.nonce(given["nonce"]) if "nonce" in given else None
    set_clock(stage, value, nonce, given.get("forged"), to_take=step.accepted is not False)


@does("disturb-clock")
def _disturb_clock(stage: Stage, step: Step) -> None:
    """What the clock shows goes back, true time does not, and the box is not told (`box.clock.never-back`)."""
    seconds = words.seconds(step.arguments["back"])
    about = f"disturb the clock, {seconds} s back"
    stage.command("disturb_clock", about, Command(Code.CLOCK_DISTURB, seconds), seconds=seconds)
    stage.ahead -= seconds


@does("read-clock")
def _read_clock(stage: Stage, _: Step) -> None:
    stage.command("read_clock", "read the clock", Command(Code.CLOCK_READ))


@does("measure-clock")
def _measure_clock(stage: Stage, step: Step) -> None:
    """Look at it until its seconds, and those of the timer, are known as well as the line allows (`box.clock.accuracy`)."""
    if stage.pace is None:
        raise ScenarioError(step.where, "a clock that is held can't be measured", "write clock: runs at the top")
    stage.pace.reach(stage.now + stage.ahead, stage.look)
    began = stage.pace.now()
    stage.pace.measure_closely(stage.look)
    stage.now += math.ceil(stage.pace.now() - began) + 1  # for as long as that took, nothing else could be done


@does("cut")
def _cut(stage: Stage, step: Step) -> None:
    off, nth = outage(step.arguments.get("off", "0s"), stage.profile), int(step.arguments.get("at-write", 0))
    cut = PowerCut(cut_class(step, stage.profile, supply=stage.supply), off, nth)
    stage.off_for, stage.strikes_at = off, nth
    if nth:
        stage.armed_at = stage.hello().writes
    about = f"arm a power cut at write {nth}" if nth else f"cut the power for {off} s"
    stage.command("cut_power", about, Command(Code.POWER_CUT, cut), cut=cut.cut, off_for=off, nth=nth)
    stage.armed = bool(nth)
    if not nth:
        stage.now += off


def cut_class(step: Step, profile: Profile, *, supply: bool) -> CutClass:
    """How this step's power cut is made. A held clock stands still while the supply is off, so that only `off: 0s` is cut there."""
    if int(step.arguments.get("at-write", 0)):
        return CutClass.NTH_WRITE
    at_supply = supply and outage(step.arguments.get("off", "0s"), profile) == 0
    return CutClass.SUPPLY if at_supply else CutClass.RESET


@does("become")
def _become(stage: Stage, _: Step) -> None:
    """The same hardware is made another box: new keys, nothing in it (`box.clock.never-back`, `box.log`)."""
    told = stage.authority.assign(stage.other_id, FIRST_PROPERTY, stage.now)
    assert told is not None
    stage.box_id, stage.other_id = stage.other_id, stage.box_id
    stage.keys = derive_keys(told.box_id, told.secret)
    stage.provision(told, new=True)


@does("wear")
def _wear(stage: Stage, step: Step) -> None:
    """How often the box has written since this was last asked, by its own count."""
    writes = stage.hello().writes
    done, stage.writes = writes - stage.writes, writes
    for bound, holds in (("at most", int.__le__), ("at least", int.__ge__)):
        wanted = step.arguments.get(bound.replace(" ", "-"))
        if wanted is not None:
            allowed = f"{bound} {wanted}"
            about = step.shows[0] if step.shows else "box.log"
            stage.check(
                "number of writes since the last look", about, allowed, allowed if holds(done, int(wanted)) else str(done)
            )


@does("read-log")
def _read_log(stage: Stage, _: Step) -> None:
    """The whole log, and its last entry once more, by its number."""
    entries = read_log(stage)[1]
    if entries and not stage.armed:
        last = entries[-1]
        again = [
            entry.number if entry == last else f"another {entry.number}"
            for entry in stage.again(lambda: stage.outbox.aside(Command(Code.READ_LOG, last.number))).entries
        ]
        stage.check(f"log from entry {last.number}", "box.log", [last.number], again)


def read_log(stage: Stage) -> tuple[int, tuple[LogEntry, ...]]:
    """The whole log, page by page, as one command of the journal."""

    def whole(page: LogPage) -> dict[str, Any]:
        entries = [*page.entries]
        while page.more:
            if not page.entries:
                raise BenchError("the log says that there is more, and gives nothing; check read-log in the firmware")
            page = stage.outbox.aside(Command(Code.READ_LOG, page.next_number))
            entries += page.entries
        return {"epoch": page.epoch, "entries": tuple(entries), "next_number": page.next_number}

    found = stage.ask("read_log", "read the log", Command(Code.READ_LOG, 1), whole)
    return (found["epoch"], found["entries"]) if found else (0, ())


@does("upload")
def _upload(stage: Stage, step: Step) -> None:
    """What the box logged reaches the authority: in another order, several times, or with numbers missing, if so said."""
    epoch, entries = read_log(stage)
    without = {int(number) for number in listed(step.arguments.get("without", []))}
    sent = [entry for entry in entries if entry.number not in without]
    stage.known_used |= {(stage.box_id, e.credential) for e in sent if e.accepted and isinstance(e.credential, CodeIndex)}
    if step.arguments.get("order") == "reversed":
        sent.reverse()
    for _ in range(int(step.arguments.get("times", 1))):
        stage.authority.receive(stage.box_id, epoch, tuple(sent), stage.now)
