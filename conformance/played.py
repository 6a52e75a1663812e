"""What was done in a scenario, when, and what was seen: read from its records, for a report.

Nothing is judged here. What must be is the scenario's own expectation, which the model has agreed with, or what the finding
says; spans are what credentials mean (their day, their window), and what the profile makes of what was seen (an hour from first use).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from lockproof.conformance.journal import Record
from lockproof.conformance.running import Running
from lockproof.conformance.verdict import Finding
from lockproof.conformance.words import spoken
from lockproof.spec.civil import local_text
from lockproof.spec.observable import CutClass
from lockproof.spec.profile import Profile


class Kind(StrEnum):
    """What a moment was; each has a shape and a word."""

    OPENED = "opened"
    REFUSED = "refused"
    TAKEN = "taken"
    LOST = "no answer"
    POWER = "power"
    AUTHORITY = "authority"
    BENCH = "bench"
    LOOK = "look"


class Lane(StrEnum):
    """What a span is of."""

    DAY = "day"
    HOUR = "hour"
    WINDOW = "window"
    NONCE = "nonce"
    OFF = "off"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that was done, and what was seen of it. Instants are box time where the box said one, else the scenario's.

    `between`: where its clock ran, the least and the most that it can have shown, by the bench's own clock.
    """

    step: int
    kind: Kind
    at: int | None
    did: str
    saw: str
    must: str = ""
    shows: tuple[str, ...] = ()
    channel: str = ""
    about: str = ""  # the credential, by the name that the scenario gives it
    by_box: bool = False  # the box said this time
    between: tuple[int, int] | None = None
    times: int = 1  # so often in a row, the last one at `last`
    last: int | None = None
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to before `end`; not `sure` where it hangs on a command that had no answer. `until`: it was revoked then."""

    lane: Lane
    what: str
    start: int
    end: int
    clause: str = ""
    about: str = ""
    sure: bool = True
    until: int | None = None


@dataclass(slots=True)
class Played:
    """One scenario as it was played."""

    id: str
    story: str
    zone: str
    moments: list[Moment] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    logs: list[list[Record]] = field(default_factory=list, compare=False)  # the entries, each time that the log was read

    @property
    def wrong(self) -> Moment | None:
        return next((moment for moment in self.moments if moment.wrong), None)

    def before(self, wrong: Moment) -> Moment | None:
        """The last that was accepted before it: of the same credential, or else through the same channel."""
        accepted = [m for m in self.moments[: self.moments.index(wrong)] if m.kind in {Kind.OPENED, Kind.TAKEN}]
        same = [m for m in accepted if m.about == wrong.about and m.about] or [m for m in accepted if m.channel == wrong.channel]
        return same[-1] if same else None


def played(records: Sequence[Record], profile: Profile, finding: Finding | None = None, shown_at: int | None = None) -> Played:
    """Of one scenario: its records, its head first. `shown_at` is the index of the record that shows what was found."""
    reader = _Reader(records[0], profile, finding)
    for index, record in enumerate(records[1:], 1):
        reader.take(record, wrong=index == shown_at)
        if index == shown_at:
            break
    return reader.whole()


_DECISIONS = {"enter": Kind.OPENED, "present": Kind.OPENED, "revocation_order": Kind.TAKEN, "time_order": Kind.TAKEN}
_ASKED_FOR = {
    "challenge": "challenge",
    "read_clock": "read-clock",
    "provision": "assign",
}  # plumbing, unless the step is about it
_DONE_TO_IT = {"disturb_clock", "provision"}
_PLUMBING = {*_ASKED_FOR, "advance_clock", "hold_clock", "reset"}
ASKED = "ask the authority to "
_LONG = 300  # characters of what was looked at


class _Reader:
    """Goes through the records of a scenario and keeps what a person wants to see of them."""

    def __init__(self, head: Record, profile: Profile, finding: Finding | None) -> None:
        self._out = Played(str(head.get("id")), str(head.get("story", "")), str(head["zone"]))
        self._profile, self._finding = profile, finding
        self._running = Running.of(head["running"]) if head.get("running") else None
        self._step: Record = {}
        self._command: Record = {}
        self._checks: list[Moment] = []
        self._told = False  # something of this step stands there already
        self._at: int | None = None
        self._ahead = 0  # of its clock to the scenario's time, as it was seen last
        self._box = ""
        self._days: dict[Any, Span] = {}
        self._hours: dict[Any, Span] = {}
        self._windows: dict[str, Span] = {}
        self._heard: dict[str, int] = {}  # of which grant's end, and when
        self._nonces: list[int | None] = [None]  # when each was given; they are counted from 1
        self._unknown: int | None = None
        self._armed: Record | None = None
        self._offs: list[tuple[Span, int]] = []  # each without power, and after how many moments

    def take(self, record: Record, *, wrong: bool) -> None:
        if record["record"] != "bytes":  # whose time is the bench's
            self._at = record.get("at", self._at)
        match record["record"]:
            case "step":
                self._close_step()
                self._step = record
            case "command":
                self._command = record
            case "answer":
                self._answered(record, wrong=wrong)
            case "no-answer":
                self._lost(record, wrong=wrong)
            case "authority":
                said = "accepted" if record["answer"]["accepted"] else "refused"
                because = ", ".join(record["answer"]["clauses"])
                saw = f"{said} ({because})" if because else said
                self._add(Kind.AUTHORITY, f"{ASKED}{record['request']}", saw, wrong=wrong, must=self._of_authority())
            case "check":
                self._checked(record, wrong=wrong)
            case _:
                self._happened(record, wrong=wrong)

    def _happened(self, record: Record, *, wrong: bool) -> None:
        """What nobody did."""
        if record["record"] == "booted":
            if self._running:
                self._running.booted(0, 0)
            if self._step.get("step"):
                self._add(Kind.POWER, "nobody had cut the power", "the box booted of itself", wrong=wrong)
        elif record["record"] in {"given-up", "error"}:
            self._add(Kind.LOOK, "the scenario ended here", str(record["message"]), wrong=wrong)

    def whole(self) -> Played:
        self._close_step()
        if self._unknown is not None:
            self._known_again(self._at or self._unknown)
        self._out.spans += self._without_power()
        self._out.spans += [*self._days.values(), *self._hours.values()]
        self._out.spans += [replace(window, until=self._heard.get(grant)) for grant, window in self._windows.items()]
        self._out.spans.sort(key=lambda span: list(Lane).index(span.lane))
        self._out.moments = list(_in_a_row(self._out.moments))
        return self._out

    # What the box answered

    def _answered(self, record: Record, *, wrong: bool) -> None:
        name, value = self._command["name"], record["value"]
        between = self._measured(record)
        shown = value.get("box_time") if isinstance(value, dict) else None
        if name in _DECISIONS:
            self._decided(record, value, between, wrong=wrong)
        elif name == "read_log":
            self._out.logs.append(value["entries"])
            self._add(Kind.LOOK, "read the log", f"{len(value['entries'])} entries", wrong=wrong)
        elif name == "cut_power":
            self._cut(wrong=wrong)
        elif wrong or (name in _PLUMBING and self._is_asked_for(name)) or name not in _PLUMBING:
            told = isinstance(value, dict) and "box_time" in value
            saw = f"it shows {self._shown(shown)}" if told else "done"
            kind = Kind.BENCH if name in _DONE_TO_IT else Kind.LOOK
            self._add(kind, self._did(), saw, wrong=wrong, at=shown, between=between)
        if name == "challenge":
            self._nonces.append(None if self._command.get("at") is None else self._command["at"] + self._ahead)
        elif name == "provision":
            self._box = str(self._command["arguments"].get("box_id"))
        if isinstance(value, dict) and "box_time" in value:
            self._saw_time(shown)

    def _decided(self, record: Record, value: Record, between: tuple[int, int] | None, *, wrong: bool) -> None:
        name, accepted, at = self._command["name"], bool(value["accepted"]), value["box_time"]
        kind = _DECISIONS[name] if accepted else Kind.REFUSED
        saw = str(kind) + (f" ({value['reason']})" if value.get("reason") else "") + _seen_by(record)
        about = self._name() if name != "time_order" else ""
        if wrong or self._step.get("step"):
            self._add(kind, self._did(), saw, wrong=wrong, at=at, between=between, about=about, must=self._of_box())
        instant = at if at is not None else self._true()
        if name == "enter":
            self._entered(instant, accepted=accepted and not wrong)
        elif name == "present":
            self._presented(instant)
        elif name == "revocation_order" and accepted and instant is not None and self._command["meaning"].get("authentic"):
            self._heard.setdefault(str(self._command["meaning"].get("grant")), instant)

    def _lost(self, record: Record, *, wrong: bool) -> None:
        if self._running:
            armed = self._armed["off_for"] if self._armed else None
            self._running.unanswered(self._command, record, armed)
        if self._command["name"] == "enter":
            self._entered(self._true(), accepted=True, sure=False)
        saw = str(record.get("message", "no answer"))
        if self._armed and record.get("booted"):
            saw, off = f"no answer: power failed at write {self._armed['nth']}", int(self._armed["off_for"])
            self._off(off)
            self._armed = None
        self._add(Kind.LOST, self._did(), saw, wrong=wrong, about=self._name(), must="" if not wrong else self._of_box())

    def _cut(self, *, wrong: bool) -> None:
        given = self._command["arguments"]
        self._armed = given if given.get("nth") else None
        said = f"{self._did()} ({given.get('cut')})" if given.get("cut") != CutClass.NTH_WRITE else self._did()
        self._add(Kind.POWER, said, "done", wrong=wrong)
        if not self._armed:
            self._off(int(given.get("off_for", 0)))

    def _off(self, seconds: int) -> None:
        if seconds and (began := self._true()) is not None:
            self._offs.append((Span(Lane.OFF, f"no power for {spoken(seconds)}", began, began + seconds), len(self._out.moments)))

    def _without_power(self) -> Iterator[Span]:
        """As far as what the box did next by its own clock, which may have been set to an earlier time meanwhile."""
        for span, after in self._offs:
            following = next((m.at for m in self._out.moments[after:] if m.by_box and m.at is not None), span.end)
            if span.start < following:
                yield replace(span, end=min(span.end, following))

    def _checked(self, record: Record, *, wrong: bool) -> None:
        saw = _short(record.get("seen"))
        made = self._moment(Kind.LOOK, f"look at the {record['what']}", saw, wrong=wrong, must=self._must_be(record))
        if wrong:
            self._put(made)
        elif not self._told:
            self._checks.append(made)

    def _must_be(self, record: Record) -> str:
        expected = _short(record.get("expected"))
        return self._finding.must if self._finding and record.get("seen") != record.get("expected") else f"must be {expected}"

    # Spans

    def _entered(self, instant: int | None, *, accepted: bool, sure: bool = True) -> None:
        code = self._command["meaning"].get("code")
        if not code or instant is None:
            return
        key, name = (self._box, *code), self._name()
        self._days.setdefault(key, Span(Lane.DAY, f"day of {name}", code[0], code[1], "code.day", name))
        if not accepted or (key in self._hours and self._hours[key].sure) or ((*key, "unsure") in self._hours and not sure):
            return
        end = instant + self._profile.code_life
        end = min(end, code[1]) if self._profile.code_ends_with_its_day else end
        if instant < end:
            what = f"{name} from first use" if sure else f"{name}, if it was used here"
            key = key if sure else (*key, "unsure")
            self._hours[key] = Span(Lane.HOUR, what, instant, end, "code.expiry.after-first-use", name, sure)

    def _presented(self, instant: int | None) -> None:
        meaning, name = self._command["meaning"], self._name()
        start, end = meaning["window_start"], meaning["window_end"]
        if start < end:
            window = Span(Lane.WINDOW, f"window of {name}", start, end, "connect.window.bounds", name)
            self._windows.setdefault(str(meaning["grant"]), window)
        number = meaning.get("nonce") or 0
        given = self._nonces[number] if 0 < number < len(self._nonces) else None
        if given is not None and instant is not None and instant > given:
            end = given + self._profile.ticket_life
            nonce = Span(Lane.NONCE, f"nonce {number}", given, end, "connect.ticket", name)
            if nonce not in self._out.spans:
                self._out.spans.append(nonce)

    def _saw_time(self, shown: int | None) -> None:
        if shown is None and self._step.get("step") and self._unknown is None:
            self._unknown = self._true()
        elif shown is not None:
            if self._unknown is not None:
                self._known_again(shown)
            if self._command.get("at") is not None:
                self._ahead = shown - self._command["at"]

    def _known_again(self, instant: int) -> None:
        if self._unknown is not None and instant > self._unknown:
            self._out.spans.append(Span(Lane.UNKNOWN, "the box does not know the time", self._unknown, instant))
        self._unknown = None

    # Words and instants

    def _measured(self, record: Record) -> tuple[int, int] | None:
        """What its clock can have shown at this answer, if it ran."""
        running = self._running
        if running is None or "received" not in record or "sent" not in self._command:
            return None
        least, most = running.clock.shows(*running.instants(self._command, record))
        running.answered(self._command, record)
        return None if least is None or most is None else (least, most)

    def _true(self) -> int | None:
        at = self._command.get("at")
        return None if at is None else at + self._ahead

    def _did(self) -> str:
        return str(self._command.get("about") or self._command["name"])

    def _name(self) -> str:
        """What the scenario calls the credential."""
        given = self._step.get("arguments") or {}
        if given.get("code") == "wrong":
            return ""
        if "index" in given:
            return f"index {given['index']} of {given.get('day', 'today')}"
        named = given.get("code") or given.get("grant") or given.get("ticket") or given.get("digits") or ""
        return str(named)

    def _is_asked_for(self, name: str) -> bool:
        return self._step.get("verb") == _ASKED_FOR.get(name)

    def _of_box(self) -> str:
        expected = self._step.get("accepted")
        if self._step.get("asks") != "box" or expected is None or self._command["name"] not in self._step.get("decides", ()):
            return ""
        opens = self._command["name"] in {"enter", "present"}
        word = ("open" if opens else "take it") if expected else "refuse"
        because = ", ".join(self._step.get("because", ()))
        return f"must {word}" + (f" ({because})" if because else "")

    def _of_authority(self) -> str:
        expected = self._step.get("accepted") if self._step.get("asks") == "authority" else None
        return "" if expected is None else "must accept" if expected else "must refuse"

    def _shown(self, instant: int | None) -> str:
        return "no time" if instant is None else local_text(instant, self._out.zone) if instant >= 0 else str(instant)

    def _moment(self, kind: Kind, did: str, saw: str, *, wrong: bool, at: int | None = None, **more: Any) -> Moment:
        step = self._step
        if wrong and self._finding:
            did, saw, more["must"] = self._finding.did, self._finding.saw, self._finding.must
        instant = at if at is not None else None if self._at is None else self._at + self._ahead
        told = {"shows": tuple(step.get("shows", ())), "channel": str(step.get("channel", "")), "by_box": at is not None, **more}
        return Moment(int(step.get("step", 0)), kind, instant, did, saw, wrong=wrong, **told)

    def _add(self, kind: Kind, did: str, saw: str, *, wrong: bool, **more: Any) -> None:
        self._put(self._moment(kind, did, saw, wrong=wrong, **more))

    def _put(self, moment: Moment) -> None:
        self._told = True
        self._out.moments.append(moment)

    def _close_step(self) -> None:
        """What was looked at is told where nothing else was done; setting up is one line."""
        if not self._told and self._step:
            self._out.moments += self._checks
            if not self._checks and self._step["step"] == 0:
                done = "reset to the factory's state, provisioned, its clock set"
                self._add(Kind.LOOK, "set the box up", done, wrong=False)
            elif not self._checks and self._step.get("verb") != "wait":
                self._add(Kind.LOOK, str(self._step.get("verb", "")).replace("-", " "), "done", wrong=False)
        self._checks, self._told = [], False


def _in_a_row(moments: Iterable[Moment]) -> Iterator[Moment]:
    """The same done again and again with the same outcome is one, with how often."""
    last: Moment | None = None
    for moment in moments:
        if last is not None and _alike(last) == _alike(moment) and not moment.wrong:
            last = replace(last, times=last.times + 1, last=moment.at)
            continue
        if last is not None:
            yield last
        last = moment
    if last is not None:
        yield last


def _alike(moment: Moment) -> tuple[object, ...]:
    did = moment.did.rpartition(" ")[0] if moment.did.startswith("enter wrong ") else moment.did  # other digits every time
    return moment.step, moment.kind, did, moment.saw, moment.must, moment.wrong


def _seen_by(record: Record) -> str:
    if "reported" not in record:
        return ""
    differs = record["reported"] != record["value"]["accepted"]
    says = ("opened" if record["reported"] else "refused") if differs else ""
    return f" [{record.get('observed_by')}" + (f"; the box says: {says}]" if says else "]")


def _short(value: Any) -> str:
    text = "\n".join(value) if isinstance(value, list) and all(isinstance(each, str) for each in value) else str(value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"
