"""What every judge of a scenario shares: its records in their order, the scenario's own expectations, and the story of it.

A judge reads journal records only, so that any run can be judged again without the device. What a command may come to is
left to those that ask the model: `exact` runs it, `explaining` asks a solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from lockproof.conformance.journal import Record
from lockproof.conformance.verbs import AT_THE_AUTHORITY
from lockproof.conformance.verdict import Finding, ScenarioResult, Verdict
from lockproof.spec import clauses
from lockproof.spec.civil import CivilError, local_text
from lockproof.spec.clauses import Decider
from lockproof.spec.observable import BadInput, CodeIndex, LogKind
from lockproof.spec.profile import Profile
from lockproof.spec.vocabulary import Outcome

UNBOUNDED = 2**63  # of a log that never gets full
ACCURACY = "box.clock.accuracy"
OF_THE_LINE = frozenset({"bytes", "frame", "sent"})
"""Records of what passed on the line, `frame` in older journals: evidence for people; a judge looks at what it meant."""
_DONE_TO_IT = frozenset({"cut_power", "disturb_clock", "provision"})  # of whose answers nothing is told


class Contradiction(BadInput):
    """A scenario expects what the standard does not allow: `where` it stands, and what the model says instead."""

    def __init__(self, where: str, expected: str, says: str) -> None:
        super().__init__(
            f"{where}: the scenario expects that the {expected}, and the standard says otherwise: {says}"
            "\n    mend the expectation, or the steps before it"
        )


@dataclass(frozen=True, slots=True)
class Expected:
    """A log entry as the standard has it; `reasons` are the clauses any of which may be given.

    Counted refusals may have any instant from the earliest of them, `instant`, to the latest.
    """

    kind: LogKind
    accepted: bool
    instant: int | None
    credential: CodeIndex | str | None
    reasons: frozenset[str]
    count: int = 1
    or_none: bool = False  # a box need not tell whose digits they were
    latest: int | None = None


@dataclass(slots=True, kw_only=True)
class StoryJudge:
    """Sees the records of one scenario in order; what it asks the model is its own (`_see_answer`, `_see_no_answer`)."""

    scenario: Record
    profile: Profile
    gives_reasons: bool = True
    log_capacity: int = UNBOUNDED
    log_overwrites: bool = True
    authority: Record | None = None  # what the authority declares, where one is judged
    finding: Finding | None = None
    error: str = ""
    seen: int = 0
    measured: str = ""  # of a clock that runs
    _where: str = ""  # the scenario stands
    _step: Record = field(default_factory=dict)
    _command: Record = field(default_factory=dict)
    _armed: Record | None = None
    _epoch: int | None = None
    _epochs: set[int] = field(default_factory=set)  # of what the box was before
    _unanswered: bool = False
    _undecided: list[str] = field(default_factory=list)  # what was seen and shows nothing, and why
    _shown: list[str] = field(default_factory=list)
    _channels: set[str] = field(default_factory=set)
    _history: list[str] = field(default_factory=list)
    _steps: list[int] = field(default_factory=list)  # to which those lines belong
    _at: int | None = None  # when the last of what was done was done; a step may take a while
    _commands: int = 0
    _complete: bool = False
    _open: bool = False  # a command is out and has no answer yet
    _evidence: int = 0  # what was answered or looked at in this step
    _cuts: list[str] = field(default_factory=list)
    _observed_by: list[str] = field(default_factory=list)

    @property
    def undecided(self) -> bool:
        """Something was seen already that shows nothing."""
        return bool(self._undecided)

    @property
    def is_over(self) -> bool:
        """It is complete, or something was wrong: what is recorded after that is not of this scenario."""
        return self._complete or bool(self.finding or self.error)

    @property
    def may_decide(self) -> bool:
        """What shows nothing may show something if it is played again: an answer was lost, or something came in the wrong second."""
        return True

    def see(self, record: Record) -> None:
        """Take one record into account. Raises `Contradiction` for a scenario that the model contradicts."""
        kind = record["record"]
        if kind in OF_THE_LINE:
            return
        if self.finding is None and not self.error:
            self._at = record.get("at", self._at)
            self._in_order(kind)
        if self.finding is None and not self.error:
            getattr(self, "_see_" + kind.replace("-", "_"), _ignore)(record)
        self.seen += 1

    def result(self) -> ScenarioResult:
        scenario = self.scenario
        verdict = Verdict.FAIL if self.finding else Verdict.PASS
        message = self.error
        if self.error:
            verdict = Verdict.ERROR
        elif not self.finding and not self._complete:
            verdict, message = Verdict.ERROR, "the scenario was not played to its end"
        elif not self.finding and self._undecided:
            verdict, message = Verdict.INCONCLUSIVE, "; ".join(dict.fromkeys(self._undecided))
        return ScenarioResult(
            id=scenario["id"],
            verdict=verdict,
            clauses=tuple(scenario["clauses"]),
            shown=tuple(dict.fromkeys(self._shown)),
            channels=tuple(sorted(self._channels)),
            finding=self.finding,
            message=message,
            commands=self._commands,
            cuts=tuple(self._cuts),
            observed_by=tuple(dict.fromkeys(self._observed_by)),
            clock=str(scenario.get("clock", "")),
            measured=self.measured,
            where=self._where,
        )

    # Records

    def _in_order(self, kind: str) -> None:
        """A journal with holes decides nothing: a command has one answer, and a step that asks or shows has something to show."""
        answers = kind in {"answer", "no-answer"}
        if self._open and not answers and kind != "error":
            self.error = f"the journal is not whole: {kind} where the answer to {self._command['name']} must stand"
        elif answers and not self._open:
            self.error = f"the journal is not whole: an {kind} to no command"
        elif kind in {"step", "end"} and not self._evidence and (self._step.get("shows") or self._step.get("asks")):
            self.error = f"the journal is not whole: nothing was seen in step {self._step['step']}"
        self._open = kind == "command"
        if kind == "given-up":
            return
        self._evidence = 0 if kind == "step" else self._evidence + (answers or kind in {"authority", "check"})

    def _see_step(self, record: Record) -> None:
        self._passed()
        self._step, self._where = record, self._where or record["where"]

    def _see_end(self, record: Record) -> None:
        if record["records"] != self.seen:
            self.error = f"the journal is not whole: {self.seen} records of the scenario, {record['records']} were written"
            return
        self._passed()
        self._complete = True

    def _see_error(self, record: Record) -> None:
        self.error = record["message"]

    def _see_given_up(self, record: Record) -> None:
        """Answers were lost that could not be asked for again: nothing after them was played."""
        self._undecided.append(record["message"])
        self._complete = True

    def _see_command(self, record: Record) -> None:
        self._command = record
        self._commands += 1
        if record["name"] == "cut_power":
            self._cuts.append(record["arguments"]["cut"])
        if record["name"] in _DONE_TO_IT and self._step.get("step"):
            self._note(self._did(), "")

    def _see_authority(self, record: Record) -> None:
        expected, answer = self._step.get("accepted"), record["answer"]
        asked_of_box = self._step.get("asks") == "box"
        wanted = True if asked_of_box else expected
        did, saw = f"ask the authority to {record['request']}", _accepted_word(answer["accepted"])
        self._note(did, saw)
        because = () if asked_of_box else tuple(self._step.get("because", ()))
        given = tuple(answer["clauses"])
        if wanted is not None and answer["accepted"] != wanted:
            broken = because if answer["accepted"] else tuple(each for each in given if each in clauses.all_clauses())
            self._fail_of_authority(did, saw, f"must be {_accepted_word(wanted)}", broken)
        elif not answer["accepted"] and (must := self._other_reasons(because, given)):
            self._fail_of_authority(did, f"refused for {', '.join(given) or 'nothing'}", must, because)

    def _other_reasons(self, because: tuple[str, ...], given: tuple[str, ...]) -> str:
        """What must be said of a refusal and was not, empty where nothing is wrong.

        The reference names every clause that forbids it; one that is judged, and gives reasons, at least one, and no other.
        """
        if self.authority is None:
            wrong, told = because and set(because) != set(given), ", ".join(because)
        elif not self.authority["gives_reasons"]:
            return "must give no reason: the authority declares that it gives none" if given else ""
        else:
            wrong, told = because and not (given and set(given) <= set(because)), " or ".join(because)
        return f"must be refused for {told}" if wrong else ""

    def _see_check(self, record: Record) -> None:
        if record["seen"] != record["expected"]:
            did, saw = f"look at the {record['what']}", _short(record["seen"])
            self._note(did, saw)
            broken = (record["clause"],) if "clause" in record else ()  # older journals do not say
            must = f"must be {_short(record['expected'])}"
            if broken and not _of_authority(broken[0]):
                self._fail(did, saw, must, broken)
            else:
                self._fail_of_authority(did, saw, must, broken, looked=True)

    def _fail_of_authority(self, did: str, saw: str, must: str, contradicted: tuple[str, ...], *, looked: bool = False) -> None:
        """Where an authority is judged, what it did wrong is about no clause of a box, nor about what came from one.

        What was `looked` at is about its clause, wherever that was: whoever names a wrong day may still refuse as it must.
        """
        if self.authority is None:
            self._fail(did, saw, must, contradicted)
            return
        shown = tuple(clause for clause in self._step.get("shows", ()) if _of_authority(clause))
        shown += contradicted if looked else ()
        self._fail(did, saw, must, contradicted, tuple(dict.fromkeys(shown)), AT_THE_AUTHORITY)

    def _blame_the_authority(self, expected: str, says: str) -> bool:
        """The box did as it must, and the scenario, which holds with the reference, has it otherwise: what was issued is wrong."""
        if self.authority is None:
            return False
        must = f"the scenario has it that the {expected}; by what the authority issued, the box {says}"
        self._fail_of_authority(self._did(), "what the authority issued says otherwise", must, ())
        return True

    def _fail_clock(self, saw: int | None, must: int | None, contradicted: tuple[str, ...]) -> None:
        self._fail(self._did_read(), self._time(saw), f"box time must be {self._time(must)}", contradicted)

    def _fail_timer(self, saw: int, must: int) -> None:
        """Of a clock that is held: the timer beside it is as exact."""
        self._fail(self._did_read(), f"its timer shows {saw} s", f"its timer must show {must} s", (ACCURACY,))

    def _did_read(self) -> str:
        return f"read the clock after {self._command['name'].replace('_', ' ')}"

    # The log

    def _log_differs(self, log: Sequence[Expected], next_entry: int, value: Record) -> tuple[str, str] | None:
        entries = value["entries"]
        first = self._lost(len(log), len(entries))
        for number, (expected, entry) in enumerate(zip(log[first:], entries, strict=False), first + 1):
            if (wrong := self._entry_differs(number, expected, entry)) is not None:
                return wrong
        if len(entries) > len(log) or len(entries) < min(len(log), self.log_capacity):
            missing = f"; the first one missing: {self._told(log[len(entries)])}" if len(entries) < len(log) else ""
            return f"{len(entries)} entries", f"must be {len(log)} entries{missing}"
        if value["next_number"] != next_entry:
            return f"next number {value['next_number']}", f"must be next number {next_entry}"
        return None

    def _lost(self, written: int, kept: int) -> int:
        """How many of its oldest entries a full log has lost; it keeps at least as many as it declares (`box.log`)."""
        full = written > kept >= self.log_capacity
        return written - kept if full and self.log_overwrites else 0

    def _entry_differs(self, number: int, expected: Expected, entry: Record) -> tuple[str, str] | None:
        credential = CodeIndex(**entry["credential"]) if isinstance(entry["credential"], dict) else entry["credential"]
        told_none = expected.or_none and credential is None
        seen = (entry["number"], entry["kind"], entry["accepted"], None if told_none else credential, entry["count"])
        must = (number, expected.kind, expected.accepted, None if told_none else expected.credential, expected.count)
        timed = entry["instant"] == expected.instant
        if None not in (entry["instant"], expected.instant, expected.latest):
            timed = expected.instant <= entry["instant"] <= expected.latest
        reasoned = not self.gives_reasons or expected.accepted or entry["reason"] in expected.reasons
        if seen == must and timed and reasoned:
            return None
        told = Expected(
            entry["kind"],
            entry["accepted"],
            entry["instant"],
            credential,
            frozenset([entry["reason"]] if entry["reason"] else []),
            entry["count"],
        )
        return f"entry {entry['number']}: {self._told(told)}", f"entry {number} must be: {self._told(expected)}"

    def _told(self, entry: Expected) -> str:
        about = (
            f"code {entry.credential.index}"
            if isinstance(entry.credential, CodeIndex)
            else f"grant {str(entry.credential)[:8]}"
            if entry.credential
            else "no credential"
        )
        reasons = f", {' or '.join(sorted(entry.reasons))}" if entry.reasons and not entry.accepted else ""
        count = f", {entry.count} times" if entry.kind is LogKind.REFUSALS else ""
        return (
            f"{entry.kind}, {about}, {'opened' if entry.accepted else 'refused'} at {self._time(entry.instant)}{reasons}{count}"
        )

    # Words

    def _passed(self) -> None:
        """The step before this one came out right; where a power cut kept the box from answering, it shows nothing."""
        self._shown += () if self._unanswered else self._step.get("shows", ())
        self._unanswered = False
        if self._step.get("channel"):
            self._channels.add(self._step["channel"])

    def _fail(
        self,
        did: str,
        saw: str,
        must: str,
        contradicted: tuple[str, ...],
        shown: tuple[str, ...] | None = None,
        channel: str = "",
    ) -> None:
        """`shown`, `channel`: where it is not about what the step is there to show, or did not come through its channel."""
        self.finding = Finding(
            step=self._step.get("step", 0),
            where=self._step.get("where", ""),
            did=did,
            saw=saw,
            must=must,
            shown=tuple(self._step.get("shows", ())) if shown is None else shown,
            contradicted=contradicted,
            channel=channel or self._step.get("channel", ""),
            history=tuple(self._history),
            steps=tuple(self._steps),
        )

    def _note(self, did: str, saw: str) -> None:
        """One line of the story: when it was, what was done and, if anything was, seen."""
        self._history.append(f"{self._time(self._at)}   {did:<32} {saw}".rstrip())
        self._steps.append(self._step.get("step", 0))

    def _seen_by(self, record: Record) -> str:
        """Who saw it, where that is not the box itself, and what the box said, where that is something else."""
        self._observed_by += [record["observed_by"]] if "observed_by" in record else []
        if "reported" not in record:
            return ""
        differs = record["reported"] != record["value"]["accepted"]
        return f" [{record['observed_by']}" + (f"; the box says: {self._word(record['reported'])}]" if differs else "]")

    def _did(self) -> str:
        return str(self._command.get("about") or self._command["name"])

    def _must(self, outcome: Outcome, bounds: Iterable[tuple[str, int]], clock: int) -> str:
        """What the standard says; of a refusal also the bound that lies between, and how far from it the decision was."""
        turns = {name: f", bound {self._time(bound)}, margin {abs(clock - bound)} s" for name, bound in bounds}
        word = {"opens": "open", "takes it": "take it", "refuses": "refuse"}[self._word(outcome.accepted, future=True)]
        if outcome.accepted:
            needs = [n for n in outcome.entitled_by if n.holds]
            return f"must {word}: " + (", ".join(f"{n.name} ({n.clause})" for n in needs) or "nothing forbids it")
        told = [f"{_denied(need.name)} ({need.clause}{turns.get(need.name, '')})" for need in outcome.needs if need.forbids]
        return f"must {word}: " + ", ".join(told)

    def _word(self, accepted: bool, *, future: bool = False) -> str:
        opens = self._command["name"] in {"enter", "present"}
        if future:
            return ("opens" if opens else "takes it") if accepted else "refuses"
        return ("opened" if opens else "taken") if accepted else "refused"

    def _time(self, instant: int | None) -> str:
        """On the clock of the property; a box may also show what no calendar has."""
        if instant is None:
            return "unknown time"
        try:
            return local_text(instant, self.scenario["zone"]) if instant >= 0 else str(instant)
        except CivilError:
            return str(instant)


def _of_authority(clause: str) -> bool:
    """Not the box alone decides it."""
    known = clauses.all_clauses().get(clause)
    return known is None or known.decider is not Decider.BOX


def _ignore(_: Record) -> None:
    """Records that decide nothing: the run's head, frames, what was made."""


def between(outcomes: Iterable[Outcome], reason: str | None) -> tuple[str, ...]:
    """The clauses by which the standard decides otherwise than the box did, and the one that the box wrongly gives as its reason."""
    found = [clause for outcome in outcomes for clause in (*outcome.clauses(), *outcome.because())]
    if reason is not None and reason in clauses.all_clauses():
        found.append(reason)
    return tuple(dict.fromkeys(found))


def wrong_time(must: int | None, saw: int | None) -> tuple[str, ...]:
    """The clause between two box times: one says when the time is unknown, the other how right a known one must be."""
    return ("box.clock.never-back",) if None in (must, saw) else (ACCURACY,)


_VERIFIES = " verifies"


def _denied(need: str) -> str:
    """That a need does not hold, in words: `not within its life`, and of `not heard of as revoked` the other way round."""
    if need.endswith(_VERIFIES):
        return f"the {need.removesuffix(_VERIFIES)} does not verify"
    return need.removeprefix("not ") if need.startswith("not ") else f"not {need}"


def _accepted_word(accepted: bool) -> str:
    return "accepted" if accepted else "refused"


def _short(value: Any) -> str:
    text = "\n".join(value) if isinstance(value, list) and all(isinstance(v, str) for v in value) else str(value)
    return text or "nothing"
