"""The player: plays a scenario on a bench, writes down everything that is sent and seen, and stops at the first contradiction.

A bench is an authority and a box. True time is the player's own; it moves only when a scenario says so, and box and
authority move with it. What a step expects is never sent to the box.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Protocol, TypeVar

from lockproof.conformance import words
from lockproof.conformance.cast import CAST
from lockproof.conformance.forgeries import forge
from lockproof.conformance.journal import Journal, Record
from lockproof.conformance.oracle import UNBOUNDED, ExactJudge, Judge
from lockproof.conformance.scenario import (
    DEFAULT_TODAY,
    FIRST_PROPERTY,
    WAIT,
    Scenario,
    ScenarioError,
    Step,
    calendar_of,
    outage,
)
from lockproof.conformance.verdict import ScenarioResult
from lockproof.reference.authority import Generator
from lockproof.reference.credentials import (
    NONCE_BYTES,
    BoxKeys,
    TicketClaims,
    derive_keys,
    interop_digits,
    is_dead,
    open_ticket,
    seal_ticket,
)
from lockproof.reference.days import Days, Zones
from lockproof.spec import civil
from lockproof.spec.observable import (
    Answer,
    Authority,
    BenchError,
    Box,
    CodeIndex,
    CutClass,
    Decision,
    LogEntry,
    NoAnswer,
    PowerCut,
    Provisioning,
    Role,
)
from lockproof.spec.profile import DEFAULT, Profile

BOX, OTHER_BOX = "box", "other-box"
NO_NONCE = 0  # the number of a nonce that the box never gave; those that it gave count from 1
NOT_FORESEEN = "16 bytes each, no two alike, and none follows from others"
MANY_NONCES = 8  # so many tell bytes that never change from chance

Made = TypeVar("Made")


class MakeAuthority(Protocol):
    def __call__(self) -> AbstractContextManager[Authority]: ...


class Watcher(Protocol):
    """Is told what is going on, as it happens."""

    def step(self, scenario: Scenario, number: int, step: Step) -> None: ...


@dataclass(frozen=True, slots=True)
class Nonce:
    number: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Ticket:
    message: bytes
    meaning: dict[str, Any]


@dataclass(slots=True)
class Stage:
    """One scenario being played: who and what there is, and what has been made so far."""

    scenario: Scenario
    box: Box
    authority: Authority
    journal: Journal
    judge: Judge
    calendar: words.Calendar
    now: int
    profile: Profile
    box_id: bytes
    keys: BoxKeys
    other_id: bytes
    seed: str  # wrong digits follow from it
    generator: Generator = interop_digits
    step: Step | None = None
    days: Days | None = None
    session: int = 0
    armed: bool = False
    off_for: int = 0
    wrong_entries: int = 0
    writes: int = 0  # of the box, when this was last looked at
    places: dict[str, str] = field(default_factory=dict)  # of boxes, where they are at another property than the first
    issued: set[tuple[str, CodeIndex]] = field(default_factory=set)
    codes: dict[str, Answer] = field(default_factory=dict)
    grants: dict[str, tuple[Answer, dict[str, Any]]] = field(default_factory=dict)
    nonces: list[bytes] = field(default_factory=list)  # every one that was asked for
    named_nonces: dict[str, Nonce] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    spans: dict[str, words.Span] = field(default_factory=dict)

    # What goes into the journal

    def write(self, record: str, **fields: Any) -> Record:
        line = self.journal.write(record, **fields)
        self.judge.see(line)
        return line

    def command(
        self, name: str, about: str, call: Callable[[], Made], meaning: Record | None = None, **arguments: Any
    ) -> Made | None:
        """Send one command; None where no answer came because the power was to fail."""
        self.write("command", name=name, about=about, at=self.now, arguments=arguments, meaning=meaning or {})
        try:
            value = call()
        except NoAnswer as error:
            if not self.armed:
                raise
            self.armed = False
            self._booted_anew()
            self.write("no-answer", message=str(error))
            self.now += self.off_for
            return None
        self.write("answer", value=value)
        return value

    def _booted_anew(self) -> None:
        """No answer is a power cut only if the box has booted since: its session tells."""
        before, self.session = self.session, self.box.hello().session
        if self.session == before:
            raise BenchError("no answer came, and the box has not booted since, so that no power cut explains it; check the line")

    def decide(self, name: str, about: str, call: Callable[[], Decision], meaning: Record, **arguments: Any) -> Decision | None:
        return self.command(name, about, call, meaning, **arguments)

    def answered(self, request: str, answer: Answer) -> Answer:
        told = {"accepted": answer.accepted, "clauses": answer.clauses, "reference": answer.reference}
        self.write("authority", request=request, at=self.now, answer=told)
        return answer

    def check(self, what: str, expected: Any, seen: Any) -> None:
        self.write("check", what=what, at=self.now, expected=expected, seen=seen)

    # Time

    def move_to(self, instant: int) -> None:
        if instant < self.now:
            raise ScenarioError(self._where(), "this step lies before the one above it", "put the steps in the order of time")
        if instant > self.now + words.LONGEST:
            raise ScenarioError(self._where(), "this step lies more than a hundred years ahead", "let less time pass")
        if instant > self.now:
            seconds = instant - self.now
            self.now = instant
            self.command("advance_clock", f"let {seconds} s pass", lambda: self.box.advance_clock(seconds), seconds=seconds)

    def _where(self) -> Any:
        return self.step.where if self.step else self.scenario.where

    # Names

    def box_named(self, arguments: dict[str, Any]) -> bytes:
        return self.other_id if arguments.get("at-box") == OTHER_BOX else self.box_id

    def code(self, name: str) -> Answer:
        if name not in self.codes:
            raise ScenarioError(self._where(), f"{name} is no code, or none was issued", "let an earlier step generate it")
        return self.codes[name]

    def grant(self, name: str) -> tuple[Answer, dict[str, Any]]:
        if name not in self.grants:
            raise ScenarioError(self._where(), f"{name} is no grant, or it was refused", "let an earlier step grant it")
        return self.grants[name]


@dataclass(slots=True)
class Player:
    """Plays scenarios on one box, each on a fresh authority."""

    box: Box
    make_authority: MakeAuthority
    journal: Journal
    today: str = DEFAULT_TODAY
    profile: Profile = DEFAULT
    gives_reasons: bool = True
    log_capacity: int = UNBOUNDED
    log_overwrites: bool = True
    watcher: Watcher | None = None
    seed: str = ""  # ids, secrets and wrong digits follow from it, so that no box can know them beforehand
    generator: Generator = interop_digits  # of the box's codes

    def play(self, scenario: Scenario) -> ScenarioResult:
        """Play one scenario to its end or its first contradiction. `BenchError` ends in the verdict `error`.

        Raises `ScenarioError` and `Contradiction` for a scenario that cannot be played.
        """
        started = time.perf_counter()
        profile = replace(self.profile, **scenario.profile)
        calendar = calendar_of(scenario.properties[0].zone, scenario.start, self.today)
        head = self.journal.write(
            "scenario",
            id=scenario.id,
            clauses=scenario.clauses,
            story=scenario.story,
            zone=calendar.zone,
            start=scenario.start,
            today=self.today,
            seed=self.seed,
            profile=scenario.profile,
            theorem=scenario.theorem,
        )
        judge = ExactJudge(head, profile, self.gives_reasons, self.log_capacity, self.log_overwrites)
        try:
            with self.make_authority() as authority:
                stage = self._stage(scenario, judge, authority, calendar, profile)
                self._play(stage)
        except BenchError as error:
            judge.see(self.journal.write("error", message=str(error)))
        result = judge.result()
        return replace(result, seconds=time.perf_counter() - started)

    def _stage(self, scenario: Scenario, judge: Judge, authority: Authority, calendar: words.Calendar, profile: Profile) -> Stage:
        salt = "" if scenario.secret else self.seed  # a secret that was searched for belongs to one box id
        seed = hashlib.sha256((salt + scenario.id).encode()).digest()
        box_id, other_id = seed[:16], hashlib.sha256(seed + b"other").digest()[:16]
        secret = scenario.secret or hashlib.sha256(seed + b"secret").digest()
        stage = Stage(
            scenario=scenario,
            box=self.box,
            authority=authority,
            journal=self.journal,
            judge=judge,
            calendar=calendar,
            now=calendar.instant(scenario.start),
            profile=profile,
            box_id=box_id,
            keys=derive_keys(box_id, secret),
            other_id=other_id,
            seed=salt + scenario.id,
            generator=self.generator,
        )
        self._people(stage)
        authority.add_box(box_id, secret, (CAST["owen"].person,))
        authority.add_box(other_id, hashlib.sha256(seed + b"other secret").digest(), (CAST["owen"].person,))
        return stage

    def _people(self, stage: Stage) -> None:
        for person in CAST.values():
            if person.person:
                stage.authority.add_person(person.person, person.name, person.pin, person.office)
            elif person.account:
                stage.authority.register_account(person.email, stage.now)
        for prop in stage.scenario.properties:
            stage.authority.add_property(prop.name, prop.address, prop.zone, CAST["joe"].person, CAST["joe"].office)

    def _play(self, stage: Stage) -> None:
        self._set_up(stage)
        for number, step in enumerate(stage.scenario.steps, 1):
            if stage.judge.finding or stage.judge.error:
                return
            if self.watcher:
                self.watcher.step(stage.scenario, number, step)
            stage.step = step
            try:
                self._step(stage, number, step)
            except words.WordsError as error:  # of words that hang on what earlier steps made
                raise ScenarioError(step.where, str(error)) from None
        if not (stage.judge.finding or stage.judge.error):
            stage.write("end", records=stage.judge.seen)

    def _step(self, stage: Stage, number: int, step: Step) -> None:
        self._begin(stage, number, step)
        for time_around in range(step.times):
            if time_around and step.every:
                stage.move_to(stage.now + words.seconds(step.every))
            if not stage.judge.finding:
                DO[step.verb](stage, step)

    def _set_up(self, stage: Stage) -> None:
        """As from the factory, then provisioned for the first property, the clock held and set."""
        stage.write("step", step=0, where=str(stage.scenario.where), verb="set-up", channel="clock", shows=(), at=stage.now)
        stage.command("reset", "reset to the factory's state", stage.box.reset)
        stage.command("hold_clock", "hold the clock", lambda: stage.box.hold_clock(True), held=True)
        told = stage.authority.assign(stage.box_id, FIRST_PROPERTY, stage.now)
        stage.authority.assign(stage.other_id, FIRST_PROPERTY, stage.now)
        assert told is not None
        provision(stage, told, new=True)
        set_clock(stage, stage.now)

    def _wait(self, stage: Stage, number: int, step: Step) -> None:
        """Time passes before the step: a control of its own, which shows nothing but that the clock goes on."""
        stage.write("step", step=number, where=str(step.where), verb="wait", channel="clock", shows=(), at=stage.now)
        if step.at is not None:
            stage.move_to(stage.calendar.instant(step.at, stage.spans))
        if step.after is not None:
            stage.move_to(stage.now + words.seconds(step.after))

    def _begin(self, stage: Stage, number: int, step: Step) -> None:
        if step.at is not None or step.after is not None:
            self._wait(stage, number, step)
        stage.write(
            "step",
            step=number,
            where=str(step.where),
            verb=step.verb,
            arguments=step.arguments,
            accepted=step.accepted,
            asks=step.asks,
            decides=DECIDES.get(step.verb, ()),
            because=step.because,
            shows=step.shows,
            channel=step.channel,
            at=stage.now,
        )


# Which commands of a step its expectation is about
DECIDES = {
    "enter": ("enter",),
    "present": ("present",),
    "connect": ("present",),
    "deliver": ("revocation_order",),
    "end-another-grant": ("revocation_order",),
    "set-clock": ("time_order",),
}

Do = Callable[[Stage, Step], None]
DO: dict[str, Do] = {}


def _do(verb: str) -> Callable[[Do], Do]:
    def register(function: Do) -> Do:
        DO[verb] = function
        return function

    return register


def provision(stage: Stage, told: Provisioning, *, new: bool) -> None:
    stage.command(
        "provision",
        "provision",
        lambda: stage.box.provision(told),
        new=new,
        box_id=told.box_id,
        secret=told.secret,
        zone=told.zone,
    )
    if new or stage.days is None:
        zones: Zones = [(told.zone, None)]
    else:
        zones = stage.days.replaced_by(told.zone, stage.now, stage.profile)
    stage.days = Days(stage.keys, zones, stage.generator(told.box_id, told.secret, stage.profile))


def new_nonce(stage: Stage) -> Nonce | None:
    value = stage.command("challenge", "ask for a nonce", stage.box.challenge)
    if value is None:
        return None
    stage.nonces.append(value)
    return Nonce(len(stage.nonces), value)


def set_clock(stage: Stage, value: int, nonce: Nonce | None = None, forged: str | None = None) -> None:
    nonce = nonce or new_nonce(stage)
    if nonce is None:
        return
    order = stage.authority.time_order(stage.box_id, nonce.value, value)
    if forged:
        order = forge(forged, order, stage.keys)
    meaning = {"value": value, "nonce": nonce.number, "authentic": not forged}
    about = f"time order for {value - stage.now:+d} s" + (f", {forged}" if forged else "")
    stage.decide("time_order", about, lambda: stage.box.time_order(order), meaning, order=order)


@_do(WAIT)
def _wait(_: Stage, __: Step) -> None:
    """The step's own time is all there is to it."""


# At the authority


@_do("grant")
def _grant(stage: Stage, step: Step) -> None:
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
            {"grant": grant.hex(), "window_start": start, "window_end": end, "account": to.email},
        )
        stage.spans[given["as"]] = (start, end)


@_do("generate")
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
    if not answer.accepted or answer.code is None:
        return
    _check_code(stage, answer.code, given)
    if "as" in given:
        stage.codes[given["as"]] = answer
        stage.spans[given["as"]] = (answer.code.day_start, answer.code.day_end)


def _check_code(stage: Stage, code: CodeIndex, given: dict[str, Any]) -> None:
    """The code is for the day that was asked for, at the property, and no other code of the box is in its place."""
    box = given.get("at-box", BOX)
    zone = next(place.zone for place in stage.scenario.properties if place.name == stage.places.get(box, FIRST_PROPERTY))
    day = civil.day_bounds(stage.calendar.date(given["day"]), zone)
    stage.check("day of the code", [day.start, day.end], [code.day_start, code.day_end])
    stage.check("number of codes issued before in its place", 0, int((box, code) in stage.issued))
    stage.issued.add((box, code))


@_do("revoke")
def _revoke(stage: Stage, step: Step) -> None:
    what = step.arguments["what"]
    answer = stage.codes[what] if what in stage.codes else stage.grant(what)[0]
    person = CAST[step.arguments["by"]].person
    stage.answered(f"revoke {what}", stage.authority.revoke(answer.reference or "", person, stage.now))


@_do("fetch")
def _fetch(stage: Stage, step: Step) -> None:
    given = step.arguments
    nonce = stage.named_nonces[given["nonce"]]
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
    if claims := open_ticket(stage.keys, found.message):
        told = {"grant": claims.grant.hex(), "window_start": claims.window_start, "window_end": claims.window_end}
        stage.check(f"ticket for {name}", {**said, "nonce": nonce.value.hex()}, {**told, "nonce": claims.nonce.hex()})
    return Ticket(found.message, {**said, "nonce": nonce.number, "authentic": _is_for(stage, found.message)})


def _is_for(stage: Stage, message: bytes) -> bool:
    return stage.box_id in message


@_do("mint")
def _mint(stage: Stage, step: Step) -> None:
    """A genuine ticket that the authority would not issue any more: the bench has the keys."""
    _, meaning = stage.grant(step.arguments["grant"])
    nonce, grant = stage.named_nonces[step.arguments["nonce"]], bytes.fromhex(meaning["grant"])
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


@_do("register")
def _register(stage: Stage, step: Step) -> None:
    stage.authority.register_account(CAST[step.arguments["person"]].email, stage.now)


@_do("close-account")
def _close_account(stage: Stage, step: Step) -> None:
    stage.authority.close_account(CAST[step.arguments["person"]].email, stage.now)


@_do("assign")
def _assign(stage: Stage, step: Step) -> None:
    stage.places[BOX] = step.arguments["property"]
    told = stage.authority.assign(stage.box_id, step.arguments["property"], stage.now)
    if told is not None:
        provision(stage, told, new=False)


@_do("unassign")
def _unassign(stage: Stage, _: Step) -> None:
    stage.authority.assign(stage.box_id, None, stage.now)
    stage.places.pop(BOX, None)


@_do("owners")
def _owners(stage: Stage, step: Step) -> None:
    people = step.arguments["people"]
    stage.authority.set_owners(stage.box_id, tuple(CAST[name].person for name in people))


@_do("agent")
def _agent(stage: Stage, step: Step) -> None:
    prop = step.arguments.get("property", FIRST_PROPERTY)
    stage.authority.set_agent(prop, CAST[step.arguments["person"]].person)


@_do("report")
def _report(stage: Stage, step: Step) -> None:
    """The lines as they stand, or how many they are."""
    seen = [line.text() for line in stage.authority.report()]
    if "lines" in step.arguments:
        stage.check("report", [_dated(stage, line) for line in _listed(step.arguments["lines"])], seen)
    if "count" in step.arguments:
        stage.check("number of lines in the report", str(step.arguments["count"]), str(len(seen)))


@_do("line")
def _line(stage: Stage, step: Step) -> None:
    """Both instants of a line of the report, counted from 1."""
    number = int(step.arguments["number"])
    lines = stage.authority.report()
    found = lines[number - 1] if 0 < number <= len(lines) else None
    for name in ("occurred", "received"):
        expected = stage.calendar.instant(step.arguments[name], stage.spans)
        stage.check(f"instant at which line {number} {name}", expected, getattr(found, name, None))


@_do("notifications")
def _notifications(stage: Stage, step: Step) -> None:
    found = stage.authority.notifications()
    stage.check("number of showing notifications", str(step.arguments["count"]), str(len(found)))
    if "of" in step.arguments:
        names = {meaning["grant"]: name for name, (_, meaning) in stage.grants.items()}
        told = [names.get(notification.grant, notification.grant) for notification in found]
        stage.check("grants of the showing notifications", _listed(step.arguments["of"]), told)


@_do("alerts")
def _alerts(stage: Stage, step: Step) -> None:
    seen = [f"{a.kind} {a.first}" if a.first == a.last else f"{a.kind} {a.first}-{a.last}" for a in stage.authority.alerts()]
    stage.check("alerts", _listed(step.arguments["kinds"]), seen)


@_do("revocation")
def _revocation(stage: Stage, step: Step) -> None:
    answer, _ = stage.grant(step.arguments["what"])
    found = next((r for r in stage.authority.revocations() if r.grant == answer.reference), None)
    instants = (
        {} if found is None else {"requested": found.requested, "delivered": found.delivered, "effective-by": found.effective_by}
    )
    for name in ("requested", "delivered", "effective-by"):
        if name in step.arguments:
            said = step.arguments[name]
            expected = None if said == "not yet" else stage.calendar.instant(said, stage.spans)
            stage.check(f"instant at which the revocation was {name}", expected, instants.get(name))


@_do("share")
def _share(stage: Stage, step: Step) -> None:
    answer = stage.code(step.arguments["code"])
    by_email = step.arguments.get("by") == "email"
    reference = answer.reference or ""
    text = stage.authority.share_by_email(reference, "ann@example.org").decode() if by_email else stage.authority.share(reference)
    wanted = [_dated(stage, wanted).replace("DIGITS", answer.digits or "") for wanted in _listed(step.arguments["contains"])]
    stage.check("message that shares the code", wanted, [w for w in wanted if w in text])


@_do("which")
def _which(stage: Stage, step: Step) -> None:
    advice = stage.authority.which(Role(step.arguments["role"]))
    stage.check(f"advice for a {step.arguments['role']}", step.arguments["answer"], advice.recommendation)


# At the box


@_do("enter")
def _enter(stage: Stage, step: Step) -> None:
    digits, index, about = _digits(stage, step)
    meaning = {"code": [index.day_start, index.day_end, index.index] if index else None}
    stage.decide("enter", f"enter {about}", lambda: stage.box.enter(digits), meaning, digits=digits)


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
        return digits, _live(stage, index), f"index {index.index} of {given.get('day', 'today')} {digits}"
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


@_do("challenge")
def _challenge(stage: Stage, step: Step) -> None:
    nonce = new_nonce(stage)
    if nonce is None:
        return
    if "as" in step.arguments:
        stage.named_nonces[step.arguments["as"]] = nonce
    stage.check("nonces asked for so far", NOT_FORESEEN, _seen_in(stage.nonces) or NOT_FORESEEN)


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


@_do("present")
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
    stage.decide("present", about, lambda: stage.box.present(message), meaning, ticket=message)


@_do("connect")
def _connect(stage: Stage, step: Step) -> None:
    """What the app does: a nonce from the box, a ticket from the authority, the ticket to the box."""
    nonce = new_nonce(stage)
    if nonce is None:
        return
    ticket = fetch_ticket(stage, step.arguments["grant"], nonce)
    if ticket is not None:
        present_ticket(stage, step.arguments["grant"], ticket)


@_do("deliver")
def _deliver(stage: Stage, step: Step) -> None:
    """A revocation order reaches the box; the authority is told when it was taken."""
    deliver(stage, step, step.arguments["grant"], step.arguments.get("forged"))


@_do("end-another-grant")
def _end_another_grant(stage: Stage, step: Step) -> None:
    """A grant is made, revoked at once, and the box is told: one of many that nobody gives a name."""
    given = step.arguments
    grant = f"another grant {len(stage.grants)}"
    _grant(stage, replace(step, arguments={**given, "from": "now", "as": grant}))
    _revoke(stage, replace(step, arguments={"what": grant, "by": given["by"]}))
    deliver(stage, step, grant)


def deliver(stage: Stage, step: Step, name: str, forged: str | None = None) -> None:
    answer, meaning = stage.grant(name)
    order = stage.authority.revocation_order(answer.reference or "")
    if order is None:
        raise ScenarioError(step.where, f"{name} has not ended, so there is no order to deliver", "revoke it in an earlier step")
    authentic = not forged and _is_for(stage, order)
    if forged:
        order = forge(forged, order, stage.keys)
    about = f"revocation of {name}" + (f", {forged}" if forged else "")
    decision = stage.decide(
        "revocation_order",
        about,
        lambda: stage.box.revocation_order(order),
        {"grant": meaning["grant"], "authentic": authentic},
        order=order,
    )
    if decision and decision.accepted:
        stage.authority.revocation_delivered(answer.reference or "", stage.now)


@_do("set-clock")
def _set_clock(stage: Stage, step: Step) -> None:
    given = step.arguments
    value = stage.calendar.instant(given["to"], stage.spans) if "to" in given else stage.now
    value += words.seconds(given["ahead"]) if "ahead" in given else 0
    value -= words.seconds(given["behind"]) if "behind" in given else 0
    nonce = stage.named_nonces[given["nonce"]] if "nonce" in given else None
    set_clock(stage, value, nonce, given.get("forged"))


@_do("disturb-clock")
def _disturb_clock(stage: Stage, step: Step) -> None:
    """What the clock shows goes back, true time does not, and the box is not told (`box.clock.never-back`)."""
    seconds = words.seconds(step.arguments["back"])
    about = f"disturb the clock, {seconds} s back"
    stage.command("disturb_clock", about, lambda: stage.box.disturb_clock(seconds), seconds=seconds)


@_do("read-clock")
def _read_clock(stage: Stage, _: Step) -> None:
    stage.command("read_clock", "read the clock", stage.box.read_clock)


@_do("cut")
def _cut(stage: Stage, step: Step) -> None:
    off, nth = outage(step.arguments.get("off", "0s"), stage.profile), int(step.arguments.get("at-write", 0))
    cut = PowerCut(CutClass.NTH_WRITE if nth else CutClass.RESET, off, nth)
    stage.off_for = off
    about = f"arm a power cut at write {nth}" if nth else f"cut the power for {off} s"
    stage.command("cut_power", about, lambda: stage.box.cut_power(cut), cut=cut.cut, off_for=off, nth=nth)
    stage.armed = bool(nth)
    if nth:
        stage.session = stage.box.hello().session
    if not nth:
        stage.now += off


@_do("become")
def _become(stage: Stage, _: Step) -> None:
    """The same hardware is made another box: new keys, nothing in it (`box.clock.never-back`, `box.log`)."""
    told = stage.authority.assign(stage.other_id, FIRST_PROPERTY, stage.now)
    assert told is not None
    stage.box_id, stage.other_id = stage.other_id, stage.box_id
    stage.keys = derive_keys(told.box_id, told.secret)
    provision(stage, told, new=True)


@_do("wear")
def _wear(stage: Stage, step: Step) -> None:
    """How often the box has written since this was last asked, by its own count."""
    writes = stage.box.hello().writes
    done, stage.writes = writes - stage.writes, writes
    for bound, holds in (("at most", int.__le__), ("at least", int.__ge__)):
        wanted = step.arguments.get(bound.replace(" ", "-"))
        if wanted is not None:
            allowed = f"{bound} {wanted}"
            stage.check("number of writes since the last look", allowed, allowed if holds(done, int(wanted)) else str(done))


@_do("read-log")
def _read_log(stage: Stage, _: Step) -> None:
    """The whole log, and its last entry once more, by its number."""
    entries = read_log(stage)[1]
    if entries and not stage.armed:
        last = entries[-1]
        again = [
            entry.number if entry == last else f"another {entry.number}" for entry in stage.box.read_log(last.number).entries
        ]
        stage.check(f"log from entry {last.number}", [last.number], again)


def read_log(stage: Stage) -> tuple[int, tuple[LogEntry, ...]]:
    """The whole log, page by page, as one command of the journal."""

    def pages() -> dict[str, Any]:
        entries: list[LogEntry] = []
        page = stage.box.read_log(1)
        entries += page.entries
        while page.more:
            if not page.entries:
                raise BenchError("the log says that there is more, and gives nothing; check read-log in the firmware")
            page = stage.box.read_log(page.next_number)
            entries += page.entries
        return {"epoch": page.epoch, "entries": tuple(entries), "next_number": page.next_number}

    found = stage.command("read_log", "read the log", pages)
    return (found["epoch"], found["entries"]) if found else (0, ())


@_do("upload")
def _upload(stage: Stage, step: Step) -> None:
    """What the box logged reaches the authority: in another order, several times, or with numbers missing, if so said."""
    epoch, entries = read_log(stage)
    without = {int(number) for number in _listed(step.arguments.get("without", []))}
    sent = [entry for entry in entries if entry.number not in without]
    if step.arguments.get("order") == "reversed":
        sent.reverse()
    for _ in range(int(step.arguments.get("times", 1))):
        stage.authority.receive(stage.box_id, epoch, tuple(sent), stage.now)


def _dated(stage: Stage, text: str) -> str:
    """The text with the dates that its words in capitals stand for."""
    return re.sub(r"TODAY|TOMORROW|YESTERDAY|IN \d+ DAYS", lambda found: stage.calendar.date(found[0].lower()).isoformat(), text)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
