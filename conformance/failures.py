"""What the page of a run says of one failure beside its story: the two steps that tell, the bounds, what passed on the line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lockproof.conformance import recording, report, unit_test
from lockproof.conformance.journal import Record
from lockproof.conformance.played import Moment, Played, Span
from lockproof.conformance.recording import Passed
from lockproof.conformance.verdict import Finding, RunResult, ScenarioResult
from lockproof.conformance.visible import visible
from lockproof.conformance.words import spoken
from lockproof.spec import clauses
from lockproof.spec.clauses import Clause
from lockproof.spec.observable import BadInput

WITH_FRAMES = 20  # failures of a box of which what passed on the line stands in the page
WITH_TESTS = 5  # and of which the unit test in C does
_REVOKED = "connect.revoke.bound"
_OF_THE_BOX = ("box.ready", "box.wrong-entry.bound")  # reasons that hang on no bound of what was presented
_MOST_FRAMES = 200
_MOST_NOISE = 4096  # bytes of what else came on the line


@dataclass(frozen=True, slots=True)
class Bound:
    """An instant at which something begins or ends, and how far from it the decision was; `turns` where it is what matters."""

    what: str
    instant: int
    margin: str
    turns: bool


@dataclass(slots=True)
class Failure:
    """Everything that is told of one."""

    anchor: str
    result: ScenarioResult
    finding: Finding
    played: Played
    clauses: list[Clause]  # those that the standard names, before others that the step was there to show
    wrong: Moment | None
    before: Moment | None
    bounds: list[Bound]
    again: str
    on_the_box: str
    history: list[tuple[str, bool]]  # a line of the story, and whether it contradicts others that are marked, too
    steps_before: int = 0
    alone: str = ""  # the command that plays the small one, which stands in a file
    frames: list[Passed] = field(default_factory=list)
    frames_left_out: int = 0
    noise: str = ""
    why_no_frames: str = ""
    test: str = ""
    why_no_test: str = ""
    export: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """A scenario that failed, as the journal has it: the records are its own, those of the line among them."""

    result: ScenarioResult
    finding: Finding
    played: Played
    head: Record
    records: list[Record]
    steps_before: int = 0  # up to where it was found, where it was made small after that

    @property
    def against(self) -> tuple[str, ...]:
        """The clauses that tell one kind of failure from another."""
        return self.finding.contradicted or self.finding.shown

    @property
    def hard_to_read(self) -> tuple[bool, bool, int, str]:
        """Least where the step was there to show it, in a scenario that people wrote, after few others."""
        shows = set(self.finding.contradicted) & set(self.finding.shown)
        synthesized = self.finding.where.startswith("vectors/")
        return not shows, synthesized, len(self.played.moments), self.result.id


def groups(failed: Sequence[Failed], run: RunResult, prefix: str) -> list[list[Failure]]:
    """Failures against the same clauses together, the one that is soonest understood first; most failures first."""
    kinds: dict[tuple[str, ...], list[Failed]] = {}
    for each in sorted(failed, key=lambda each: each.hard_to_read):
        kinds.setdefault(each.against, []).append(each)
    sorted_kinds = sorted(kinds.values(), key=len, reverse=True)
    order = [kind[0] for kind in sorted_kinds] + [each for kind in sorted_kinds for each in kind[1:]]
    told = {each.result.id: failure(run, each, number, f"{prefix}{number + 1}") for number, each in enumerate(order)}
    return [[told[each.result.id] for each in kind] for kind in sorted_kinds]


def failure(run: RunResult, failed: Failed, number: int, anchor: str) -> Failure:
    """Of the `number`th failure of a box that is told, counted from 0."""
    result, finding, played = failed.result, failed.finding, failed.played
    known, wrong = clauses.all_clauses(), played.wrong
    again = report.replay_command(run, result.id)
    on_the_box = report.how_on_the_box(run, result.id, finding.where)
    told = Failure(
        anchor,
        result,
        finding,
        played,
        [known[name] for name in dict.fromkeys((*finding.contradicted, *finding.shown)) if name in known],
        wrong,
        played.before(wrong) if wrong else None,
        list(_bounds(wrong, played.spans, finding)) if wrong else [],
        again,
        on_the_box if on_the_box.startswith("lockproof ") else f"{again} {on_the_box}",
        _history(finding),
        failed.steps_before,
        report.how_alone(run, result.id) if failed.steps_before else "",
        export=f"{again} --export-c {result.id}.c",
    )
    _of_the_line(told, failed.records, number)
    _unit_test(told, run, failed, number)
    return told


def _history(finding: Finding) -> list[tuple[str, bool]]:
    last = len(finding.history) - 1
    marked = {*finding.contradicting, last} if finding.contradicting else set()
    return [(line, number in marked) for number, line in enumerate(finding.history)]


def _bounds(wrong: Moment, spans: Sequence[Span], finding: Finding) -> Iterator[Bound]:
    """Where the spans of what was presented begin and end, and how far from there that was."""
    if not wrong.about or wrong.at is None:
        return
    of_the_box = any(f"({clause})" in finding.saw for clause in _OF_THE_BOX)
    for span in spans:
        if span.about != wrong.about:
            continue
        matters = not of_the_box and (span.clause in finding.clauses or span.clause in finding.must)
        ends = (("begins", span.start), ("ends", span.end))
        nearest = min(abs(wrong.at - instant) for _, instant in ends)
        for word, instant in ends:
            decides = matters and abs(wrong.at - instant) == nearest
            yield Bound(f"{span.what} {word}", instant, _margin(wrong.at - instant), decides)
        if span.until is not None:
            decides = _REVOKED in finding.clauses
            yield Bound(f"{span.about} is heard of as revoked", span.until, _margin(wrong.at - span.until), decides)


def _margin(after: int) -> str:
    if not after:
        return "at that very second"
    return f"{spoken(abs(after))} {'after' if after > 0 else 'before'} it"


# What passed on the line


def _of_the_line(told: Failure, records: Sequence[Record], number: int) -> None:
    if not any(record["record"] == "bytes" for record in records):
        told.why_no_frames = "no line was recorded: this box stood in the same process as the kit"
        return
    if number >= WITH_FRAMES:
        told.why_no_frames = f"only the first {WITH_FRAMES} failures have theirs here; those of this one: {told.again} --frames"
        return
    passed = list(recording.frames(records))
    told.frames, told.frames_left_out = passed[-_MOST_FRAMES:], max(0, len(passed) - _MOST_FRAMES)
    noise = b"\n".join(each.raw for each in passed if each.frame is None and each.direction == "in")
    told.noise = visible(noise[:_MOST_NOISE].decode("ascii", "backslashreplace"), None).strip()


def _unit_test(told: Failure, run: RunResult, failed: Failed, number: int) -> None:
    if number >= WITH_TESTS:
        told.why_no_test = f"only the first {WITH_TESTS} failures have theirs here; that of this one: {told.export}"
        return
    try:
        told.test, _ = unit_test.text_of(failed.records, failed.head, Path(run.journal), told.result.id)
    except BadInput as why:
        told.why_no_test = str(why).partition(": ")[2]
