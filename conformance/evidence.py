"""What a run has left of one box, read and judged again for a statement: the parts, their digests, and what they show."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lockproof.conformance import comparing, digests, pics, reporting, suite
from lockproof.conformance.journal import LARGEST, Reading, Record
from lockproof.conformance.judging import judge_so_far, judged
from lockproof.conformance.pace import ClockMode
from lockproof.conformance.pics import Declaration
from lockproof.conformance.planning import profile_declared_in, why_not_asked
from lockproof.conformance.replaying import JOURNAL, journals_of
from lockproof.conformance.report import REPORT
from lockproof.conformance.scenario import WAIT, Scenario
from lockproof.conformance.toml_files import FileError
from lockproof.conformance.verdict import ONLY_HELD, RunResult, Verdict, is_left_out
from lockproof.conformance.whole_files import bounded
from lockproof.reference.chain import plain
from lockproof.spec.observable import BadInput, Hello

_LARGEST: Final = {JOURNAL: LARGEST, REPORT: comparing.LARGEST, reporting.PAGE: 2**28}  # bytes
_OF_A_BOOT: Final = {*pics.MAY_CHANGE, "identity"}
_STATED = ("today", "seed", "bench", "clock", "wait", "supply", "planned", "kit", "suite")
_OF_A_STEP = ("verb", "accepted", "asks", "because", "shows")


@dataclass(frozen=True, slots=True)
class Parts:
    """The files of a run of one box. Their names are fixed, so that no statement says what is opened."""

    journal: Path
    report: Path
    page: Path

    @classmethod
    def of(cls, run: Path) -> Parts:
        """Raises `BadInput` for what is no folder of a run of one box."""
        if not run.is_dir():
            raise BadInput(f"{run}: no folder; name the folder of a run, such as runs/0001")
        journals = journals_of(run)
        if len(journals) > 1:
            raise BadInput(f"{run}: a run of {len(journals)} boxes, and a statement is of one; judge it in a run of its own")
        parts = cls(journals[0], run / REPORT, run / reporting.PAGE)
        for path in (parts.journal.parent, parts.journal, parts.report, parts.page):
            if path != run and path.is_symlink():
                raise BadInput(f"{path}: a symbolic link, and a run has its files in its own folder; put the file there")
        return parts

    def digests(self) -> dict[str, str]:
        """By the name of each part, its SHA-256 in hex. Raises `BadInput` where one is missing, is no file or too large."""
        for path in (self.report, self.page):
            if not path.exists():
                raise BadInput(
                    f"{path.parent}: it has no {path.name}, which a run writes at its end; go on with it: lockproof resume {path.parent}"
                )
        return {path.name: _digest(path) for path in (self.journal, self.report, self.page)}


def _digest(path: Path) -> str:
    with bounded(path, _LARGEST[path.name], f"the {path.name} of a run") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(slots=True)
class _Step:
    """A step as it was played, and how often what decides it was asked."""

    record: Record
    asked: int = 0


@dataclass(slots=True)
class Evidence:
    """A run judged again: `head` is its `run` record, `chain` that of the last record, in hex.

    `names` are those as which the box answered, and those that it was given. `resumed` is what it said when the run was gone on
    with; of that, `strange` are the names that it was not known by. `played_again` are the scenarios that were, each with the reasons.
    `begun` is the first record of each scenario as it was played last, `steps` are its steps, by number.
    """

    parts: Parts
    digests: Mapping[str, str]
    result: RunResult
    head: Record = field(default_factory=dict)
    chain: str = ""
    records: int = 0
    names: set[str] = field(default_factory=set)
    resumed: list[Record] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    played_again: dict[str, list[str]] = field(default_factory=dict)
    begun: dict[str, Record] = field(default_factory=dict)
    steps: dict[str, dict[int, _Step]] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Path) -> Evidence:
        """Raises `BadInput` where a part is missing, or the journal was changed or is none."""
        parts = Parts.of(run)
        so_far = judge_so_far(parts.journal)
        found = cls(parts, parts.digests(), judged(so_far, parts.journal), played_again=so_far.played_again)
        reading = Reading(parts.journal)
        scenario, number = "", 0
        for record in reading:
            found._learn_names(record)
            match record:
                case {"record": "scenario", "shrinks": True}:  # which counts for nothing
                    scenario, number = "", 0
                case {"record": "scenario", "id": scenario}:
                    found.steps[scenario], found.begun[scenario], number = {}, record, 0
                case {"record": "step", "step": int(number)} if number and record.get("verb") != WAIT:
                    found.steps.setdefault(scenario, {})[number] = _Step(record)
                case {"record": "command", "name": str(name)} if number in (played := found.steps.get(scenario, {})):
                    played[number].asked += name in played[number].record.get("decides", ())
        found.chain, found.records = reading.chain.hex(), reading.line
        if not found.head:
            raise BadInput(f"{parts.journal}: the box never said hello in this run, and nothing can be stated of it")
        if missing := [name for name in _STATED if name not in found.head]:
            raise BadInput(
                f"{parts.journal}: its run does not say its {', '.join(missing)}; a lockproof of now has to judge the box"
            )
        return found

    def declaration(self) -> Declaration | None:
        """What the journal keeps of it, None where the run had none. Raises `FileError` for one that is not right in itself."""
        kept = self.head.get("pics")
        return pics.of_text(Path(kept["file"]), kept["text"]) if kept else None

    def against_the_declaration(self) -> Iterator[str]:
        """Why the declaration that the journal keeps can't be what the box was judged by, a line each."""
        kept = self.head.get("pics")
        if not kept:
            yield "the run has no declaration; judge the box with lockproof run --pics FILE"
            return
        if hashlib.sha256(kept["text"].encode(errors="surrogatepass")).hexdigest() != kept["sha256"]:
            yield "the declaration: its text does not have the digest that is recorded with it"
        try:
            declared = self.declaration()
            assert declared is not None
            yield from (f"the declaration: {each}" for each in pics.contradictions(declared, Hello(**self.head["hello"])))
        except (FileError, UnicodeError) as wrong:
            yield f"the declaration: {wrong}"
        except TypeError as wrong:
            yield f"the hello of the journal is none ({wrong})"

    def unnamed(self) -> Iterator[str]:
        """What the declaration does not say of whose box it is, a line each."""
        try:
            declared = self.declaration()
        except (FileError, UnicodeError):
            return  # which is told as what is wrong with it
        yield from declared.unnamed() if declared else ()

    def against_the_report(self) -> Iterator[str]:
        """Where report.json says otherwise than the journal, a line each."""
        try:
            (said,) = comparing.read(self.parts.report)
        except (BadInput, ValueError) as wrong:
            yield f"{REPORT}: {wrong}"
            return
        judged = comparing.side_of(self.result)
        yield from (
            f"{REPORT}: {name} is {said.about[name]!r:.80}, and the journal gives {value!r:.80}"
            for name, value in judged.about.items()
            if said.about[name] != value
        )
        if changes := list(comparing.changes_between(said, judged)):
            yield from (f"{REPORT}: {each}" for each in comparing.told(changes))

    def against_its_beginning(self) -> Iterator[str]:
        """Where the box that the run was gone on with is none that it can have begun with, a line each."""
        first = self.head["hello"]
        for hello in self.resumed:
            differ = sorted(name for name in {*first, *hello} - _OF_A_BOOT if first.get(name) != hello.get(name))
            if differ:
                yield f"it was gone on with another box, whose hello says otherwise: {', '.join(differ)}"

    def against_the_plan(self) -> Iterator[str]:
        """Packaged scenarios that were left out, and not for a reason that the plan of such a box has, a line each.

        What its bench could not do, or nobody waited for, stands in the way of a certificate by itself.
        """
        try:
            hello = Hello(**self.head["hello"])
        except TypeError:
            return  # it is none, which is said of the declaration
        for known in suite.packaged():
            if known.id in self.head["left_out"] and (wrong := self._not_as_planned(known, hello)):
                yield f"{known.id}: it was left out {wrong}"

    def _not_as_planned(self, known: Scenario, hello: Hello) -> str:
        head = self.head
        why, cited = head["left_out"][known.id]
        if cited != list(known.clauses):
            return "as one that cites other clauses"
        if why.startswith(ONLY_HELD):
            is_so = known.runs and head["clock"] == ClockMode.HOLD
        else:
            ours = {"reference": head["judged_authority"], "supply": head["supply"]}
            profile = profile_declared_in(head["hello"])
            is_so = is_left_out(why) or bool(why_not_asked(known, hello, profile, head["today"], **ours))
        return "" if is_so else f"({why}), and a box of this hello has to play it"

    def against_the_suite(self) -> Iterator[str]:
        """Scenarios that passed, and were not played as the packaged ones of their names are written, a line each."""
        packaged = {each.id: each for each in suite.packaged()}
        for result in self.result.scenarios:
            if result.verdict is Verdict.PASS:
                known = packaged.get(result.id)
                if known is None:
                    yield f"{result.id}: no packaged scenario is called so"
                elif wrong := self._not_as_written(known):
                    yield f"{result.id}: {wrong}, and the packaged scenario of that name is written otherwise"

    def _not_as_written(self, known: Scenario) -> str:
        begun = self.begun.get(known.id, {})
        if begun.get("clauses") != list(known.clauses):
            return "it cites other clauses"
        if begun.get("written") != digests.scenario(known):
            return "its steps, times or places are others"
        if wrong := self._judged_otherwise(known, begun):
            return wrong
        played = dict(self.steps.get(known.id, {}))
        for number, step in enumerate(known.steps, 1):
            if step.verb == WAIT:
                continue
            wanted = plain({"arguments": step.arguments, **{name: getattr(step, name) for name in _OF_A_STEP}})
            found = played.pop(number, None)
            if found is None:
                return f"step {number} is missing"
            if any(found.record.get(name) != value for name, value in wanted.items()):
                return f"step {number} is another"
            if step.times > 1 and found.record.get("decides") and found.asked < step.times:
                return f"step {number} was asked {found.asked} times"
        return "it has more steps" if played else ""

    def _judged_otherwise(self, known: Scenario, begun: Record) -> str:
        """Where a judge was told what follows neither from the scenario nor from what the run says of itself."""
        hello, running = self.head["hello"], begun.get("running")
        wanted = {
            "profile": plain(known.profile),
            "theorem": known.theorem,
            "clock": ClockMode.WALL_CLOCK if known.runs else self.head["clock"],
            **{name: self.head[name] for name in ("today", "seed")},
        }
        if differ := [name for name, value in wanted.items() if begun.get(name) != value]:
            return f"it was played with another {differ[0]}"
        if (running is None) != (wanted["clock"] == ClockMode.HOLD):
            return "it was played with a clock that ran, or was held, and is judged as if not"
        declared = {"drift_ppm": hello["drift_ppm"], "skew": hello["clock_skew"]}
        if running is not None and any(running[name] != value for name, value in declared.items()):
            return "it was played with a clock that is judged otherwise than the box declares"
        return ""

    def _learn_names(self, record: Record) -> None:
        match record:
            case {"record": "run", "hello": {"identity": name}}:
                self.head = self.head or record
            case {"record": "resumed", "hello": {"identity": name} as hello}:
                self.resumed.append(hello)
                self.strange += [] if name in self.names else [name]
            case {"record": "command", "name": "provision", "arguments": {"box_id": str(name)}}:
                pass
            case _:
                return
        self.names.add(name)
