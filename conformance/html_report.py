"""The page of a run: one HTML file that needs nothing but itself, made from the results and the journals they are of.

The same journals give the same bytes. It opens from disk, allows neither network nor any script but its own, and whatever a
box or a scenario says in it is text.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from lockproof.conformance import certifiable, digests, recording, report
from lockproof.conformance import journal as journals
from lockproof.conformance.failures import Failed, Failure, groups
from lockproof.conformance.journal import Record
from lockproof.conformance.judging import first_finding
from lockproof.conformance.pace import AIMED_AT
from lockproof.conformance.planning import declared_profile
from lockproof.conformance.played import Kind, Moment, Played, played
from lockproof.conformance.timeline import SYMBOLS, picture
from lockproof.conformance.verdict import ClauseResult, Finding, RunResult, ScenarioResult, Verdict
from lockproof.conformance.visible import visible
from lockproof.conformance.whole_files import write_over
from lockproof.conformance.words import counted, spoken
from lockproof.spec import clauses
from lockproof.spec.civil import local_text
from lockproof.spec.observable import BadInput
from markupsafe import Markup

MARKS = {
    Verdict.PASS: "\u2713",
    Verdict.FAIL: "\u2717",
    Verdict.INCONCLUSIVE: "?",
    Verdict.NOT_APPLICABLE: "\u2013",
    Verdict.ERROR: "!",
}
"""A verdict is told by a sign and a word, never by a colour alone."""
_SEEN = {Kind.OPENED: "o", Kind.REFUSED: "r", Kind.TAKEN: "o", Kind.LOST: "l"}
_PLAIN_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_PAGE = "report.html"
TIMELINE_STYLE = "timeline.css"
"""Of the pictures, whose colours are the variables that `report.css` begins with."""
_DIGITS = 12  # of a digest, for people
_CERTIFIES = "certifies the box"


@dataclass(slots=True)
class Body:
    """What was played of a scenario, on the boxes on which it went alike, line by line."""

    boxes: list[str]
    seen: Played
    picture: Markup


@dataclass(slots=True)
class Scene:
    """One scenario, and what became of it on each box on which it was played."""

    id: str
    anchor: str
    story: str
    clauses: tuple[str, ...]
    results: dict[str, ScenarioResult] = field(default_factory=dict)
    bodies: list[Body] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        return worst(result.verdict for result in self.results.values())


@dataclass(slots=True)
class BoxPage:
    """What the page says of one box."""

    name: str
    result: RunResult
    head: Record
    sentence: str
    facts: list[tuple[str, str]]
    failures: list[list[Failure]] = field(default_factory=list)  # those of one kind together

    @property
    def failed(self) -> dict[str, Failure]:
        return {each.result.id: each for kind in self.failures for each in kind}

    @property
    def brief(self) -> str:
        """What a reader wants to know first."""
        told = dict(self.facts)
        clock = f"clock: {told['clock']}"
        return " · ".join(
            filter(None, [told.get("firmware"), clock, told.get("begun"), told.get("took"), f"seed {self.result.seed}"])
        )

    @property
    def undecided(self) -> Mapping[str, Sequence[str]]:
        return report.why_undecided(self.result)

    @property
    def certifies(self) -> str:
        """Whether such a run can certify the box, empty where it failed and nobody would ask."""
        told = dict(self.facts).get(_CERTIFIES, "")
        return told if self.result.verdict in {Verdict.PASS, Verdict.INCONCLUSIVE} else ""

    @property
    def open_clauses(self) -> list[ClauseResult]:
        return [row for row in self.result.clauses if row.verdict is Verdict.INCONCLUSIVE]

    @property
    def errors(self) -> Mapping[str, Sequence[str]]:
        return _by_reason(each for each in self.result.scenarios if each.verdict is Verdict.ERROR)

    @property
    def not_applicable(self) -> Mapping[str, Sequence[str]]:
        return _by_reason(each for each in self.result.scenarios if each.verdict is Verdict.NOT_APPLICABLE and not each.left_out)

    @property
    def left_out(self) -> Mapping[str, Sequence[str]]:
        return _by_reason(each for each in self.result.scenarios if each.left_out)

    @property
    def selected(self) -> int:
        return sum(each.verdict is not Verdict.NOT_APPLICABLE for each in self.result.scenarios)


def write(path: Path, results: Sequence[RunResult]) -> None:
    """Write the page of a run, whose journals are read. Raises `OSError`."""
    write_over(path, page(results).encode(errors="backslashreplace"))


def page(results: Sequence[RunResult]) -> str:
    """The page, from results and the journals that they name."""
    environment = _environment()
    book = _Book()
    boxes = [book.read(result, name) for result, name in zip(results, _names(results), strict=True)]
    known, reached = (
        clauses.all_clauses(),
        [box for box in boxes if box.result.scenarios],
    )  # of the others there is no more to say
    rows = [
        (known[cells[0].id], dict(zip((box.name for box in reached), cells, strict=True)))
        for cells in zip(*(box.result.clauses for box in reached), strict=True)
    ]
    style, script = _file(TIMELINE_STYLE) + _file("report.css"), _file("report.js")
    counts = Counter(scene.verdict for scene in book.scenes.values())
    return environment.get_template(_PAGE).render(
        boxes=boxes,
        scenes=sorted(book.scenes.values(), key=lambda scene: _ORDER.index(scene.verdict)),
        failures={box.name: box.failed for box in boxes},
        anchors={name: scene.anchor for name, scene in book.scenes.items()},
        picture_of=book.picture,
        rows=sorted(rows, key=lambda row: _ORDER.index(worst(cell.verdict for cell in row[1].values()))),
        counts={verdict: counts[verdict] for verdict in _ORDER if counts[verdict]},
        verdict=worst(result.verdict for result in results),
        style=Markup(style),  # noqa: S704 (our own files)
        script=Markup(script),  # noqa: S704 (our own files)
        policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'",
        symbols=SYMBOLS,
        other_text=any(box.result.kit.get("spec", "") not in {"", digests.kit()["spec"]} for box in boxes),
        timing_helps=report.TIMING_HELPS,
        aimed_at=AIMED_AT,
    )


_ORDER = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.NOT_APPLICABLE)


def worst(verdicts: Iterator[Verdict]) -> Verdict:
    return min(verdicts, key=_ORDER.index, default=Verdict.ERROR)


class _Book:
    """Goes through the journals, and keeps of each scenario what the page shows of it."""

    def __init__(self) -> None:
        self.scenes: dict[str, Scene] = {}
        self._boxes = 0
        self._pictures = 0

    def read(self, result: RunResult, name: str) -> BoxPage:
        """What the journal of a result says of its box. Raises `BadInput`."""
        try:
            return self._read(result, name)
        except (LookupError, TypeError, AttributeError, ValueError) as wrong:
            raise BadInput(
                f"{result.journal}: no record of a run ({type(wrong).__name__}: {wrong}); the file was changed or damaged"
            ) from wrong

    def _read(self, result: RunResult, name: str) -> BoxPage:
        head: Record = {}
        outcomes = {each.id: each for each in result.scenarios}
        failed: list[Failed] = []
        self._boxes += 1
        for head, plays in scenarios_of(Path(result.journal)):
            if outcome := outcomes.get(plays[0][0]["id"]):
                failed += self._add(name, outcome, head, plays)
        head = head or _head_of(Path(result.journal))
        told = groups(failed, result, f"f{self._boxes}-")
        return BoxPage(name, result, head, _sentence(result), list(_facts(result, head)), told)

    def _add(self, box: str, outcome: ScenarioResult, head: Record, plays: Sequence[list[Record]]) -> Iterator[Failed]:
        records, found = _as_told(plays, outcome, head)
        profile = replace(declared_profile(head["hello"]), **records[0]["profile"])
        made_small = bool(records[0].get("shrinks"))
        finding = found[0] if found and made_small else outcome.finding
        seen = played(records, profile, finding, found[1] if found else None)
        scene = self.scenes.setdefault(outcome.id, self._scene(outcome, seen))
        scene.results[box] = outcome
        if finding:
            before = outcome.finding.step if outcome.finding and made_small else 0
            yield Failed(outcome, finding, seen, head, records, before)
            return
        alike = next((body for body in scene.bodies if body.seen == seen), None)
        if alike:
            alike.boxes.append(box)
        else:
            scene.bodies.append(Body([box], seen, self.picture(seen)))

    def _scene(self, outcome: ScenarioResult, seen: Played) -> Scene:
        anchor = f"s-{outcome.id}" if _PLAIN_ID.fullmatch(outcome.id) else f"s.{len(self.scenes)}"
        return Scene(outcome.id, anchor, seen.story, outcome.clauses)

    def picture(self, seen: Played) -> Markup:
        self._pictures += 1
        return picture(seen, f"p{self._pictures}")


def scenarios_of(journal: Path) -> Iterator[tuple[Record, list[list[Record]]]]:
    """The head of the run with the records of each scenario, each time that it was played."""
    head: Record = {}
    plays: list[list[Record]] = []
    for record in journals.read(journal):
        kind = record["record"]
        if kind == "run":
            head = record
        elif kind == "scenario":
            if plays and plays[0][0]["id"] != record["id"]:
                yield head, plays
                plays = []
            plays.append([record])
        elif plays and kind not in {"over", "resumed"}:
            plays[-1].append(record)
    if plays:
        yield head, plays


def _as_told(
    plays: Sequence[list[Record]], outcome: ScenarioResult, head: Record
) -> tuple[list[Record], tuple[Finding, int] | None]:
    """The play that is shown, and what was wrong in it: the last, and of a failure that was made small the last that failed."""
    for records in reversed(plays if outcome.finding else ()):
        if (found := first_finding(records, head)) or not records[0].get("shrinks"):
            return records, found
    return plays[-1], None


def _head_of(journal: Path) -> Record:
    """The head of a run in which nothing was played, and what was last said of it."""
    told: Record = {}
    for record in journals.read(journal):
        if record["record"] in {"run", "over"}:
            told = {**record, **told}
    return told


def _names(results: Sequence[RunResult]) -> list[str]:
    """What boxes are called in the page: no two alike."""
    names: list[str] = []
    for result in results:
        again = sum(name == result.target or name.startswith(f"{result.target} (") for name in names)
        names.append(f"{result.target} ({again + 1})" if again else result.target)
    return names


def _by_reason(results: Iterator[ScenarioResult]) -> Mapping[str, Sequence[str]]:
    reasons: dict[str, list[str]] = {}
    for result in results:
        reasons.setdefault(result.message, []).append(result.id)
    return reasons


# What is said of a box


def _sentence(result: RunResult) -> str:
    """The verdict, in one."""
    broken = sum(row.verdict is Verdict.FAIL for row in result.clauses)
    failed = sum(each.verdict is Verdict.FAIL for each in result.scenarios)
    decided = failed + sum(each.verdict is Verdict.PASS for each in result.scenarios)
    played_of = sum(each.verdict is not Verdict.NOT_APPLICABLE for each in result.scenarios)
    shown = sum(row.verdict is Verdict.PASS for row in result.clauses)
    match result.verdict:
        case Verdict.FAIL:
            seen = f"seen in {failed} of {counted(played_of, 'scenario')}"
            return f"It does not do what the standard says: it breaks {counted(broken, 'clause')}, {seen}."
        case Verdict.ERROR:
            return f"It was not judged to the end, by no fault that was seen of it: {_first_line(result.error) or _why(result)}."
        case Verdict.INCONCLUSIVE:
            still = sum(row.verdict is Verdict.INCONCLUSIVE for row in result.clauses)
            return (
                f"Nothing wrong was seen, but not everything was decided: {decided} of {counted(result_count(result), 'scenario')}"
                f" {_is(decided)} decided, {counted(still, 'clause')} {_is(still)} still open."
            )
        case _:
            return (
                f"It did what the standard says in all {counted(played_of, 'scenario')} that were played;"
                f" {counted(shown, 'clause')} {'has' if shown == 1 else 'have'} been shown by that."
            )


def result_count(result: RunResult) -> int:
    """Scenarios that are about such a box, left out or not."""
    return sum(each.verdict is not Verdict.NOT_APPLICABLE or each.left_out for each in result.scenarios)


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _first_line(text: str) -> str:
    return (text.splitlines() or [""])[0].rstrip(".")


def _why(result: RunResult) -> str:
    return next((_first_line(each.message) for each in result.scenarios if each.verdict is Verdict.ERROR), "nothing was played")


def _facts(result: RunResult, head: Record) -> Iterator[tuple[str, str]]:
    hello: Record = head.get("hello") or {}
    if hello:
        yield "firmware", result.firmware
        yield "identity", result.identity
        yield "declares", _declared(hello)
        pics = head.get("pics")
        yield (
            "declaration",
            f"{pics['file']}, SHA-256 {pics['sha256'][:_DIGITS]}…" if pics else "none (PICS; lockproof run --pics)",
        )
        reasons = certifiable.why_not(result, head) + ([] if pics else ["it was not judged by a declaration"])
        yield _CERTIFIES, f"no: {'; '.join(reasons)}" if reasons else "yes, with lockproof certify"
    yield from _bench_facts(result)
    clocks = sorted({each.clock for each in result.scenarios if each.clock})
    measured = next((each.measured for each in reversed(result.scenarios) if each.measured), "")
    how = result.clock.removeprefix("clock: ") or " and ".join(clocks)
    yield "clock", "; ".join(filter(None, (how, measured))) or "not used"
    began, judged_by = result.began, f"lockproof {result.kit.get('version', '')}, standard {result.kit.get('spec', '')[:_DIGITS]}"
    told = {
        "begun": began[:19].replace("T", " ") + (" UTC" if began.endswith("+00:00") else began[19:]),
        "took": f"{result.seconds:.1f} s" + (", stopped by Ctrl-C" if result.stopped else "") if result.seconds else "",
        "line": result.link,
        "seed": result.seed,
        "today is called": str(head.get("today", "")),
        "judged by": judged_by if result.kit else "",
        "journal": result.journal,
    }
    yield from ((name, value) for name, value in told.items() if value)


def _bench_facts(result: RunResult) -> Iterator[tuple[str, str]]:
    """What the box was reached with."""
    bench = result.bench
    for name, key in (("box of the bench", "id"), ("serial number", "serial"), ("bench file", "file"), ("notes", "notes")):
        if bench.get(key):
            yield name, str(bench[key])
    seen = sorted({by for scenario in result.scenarios for by in scenario.observed_by}) or [str(bench.get("observation", ""))]
    if any(seen):
        yield "openings are told by", " and ".join(seen)
    cuts = Counter(cut for scenario in result.scenarios for cut in scenario.cuts)
    supply = f"; a supply that is off for {bench['supply']['minimum_off']} s at least" if bench.get("supply") else ""
    yield "power cuts", (", ".join(f"{count} {cut}" for cut, count in sorted(cuts.items())) or "none") + supply
    if budget := bench.get("budget"):
        yield "budget", ", ".join(f"{budget.get(name) or 'any number of'} {name}" for name in ("writes", "cuts"))


def _declared(hello: Record) -> str:
    """What a reader of verdicts wants to know of a hello."""

    def told(name: str) -> str:
        value = hello.get(name)
        return " and ".join(map(str, value)) if isinstance(value, list) and value else str(value or "none")

    holdover = hello.get("holdover")
    return (
        f"protocol {hello.get('protocol')}, classes {told('classes')}, clock modes {told('clock_modes')}, power cuts {told('cut_classes')},"
        f" openings {told('observation')}, holdover {spoken(holdover) if isinstance(holdover, int) and holdover >= 0 else holdover},"
        f" drift {hello.get('drift_ppm')} ppm, log of {hello.get('log_capacity')}, last reset by {hello.get('reset_cause')}"
    )


# Rendering


@cache
def _file(name: str) -> str:
    return files("lockproof.conformance").joinpath("templates", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_file),
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "counted": counted,
        "whole": _whole,
        "prose": _prose,
        "as_json": lambda value: json.dumps(value, ensure_ascii=False),
    }
    environment.globals |= {"marks": MARKS, "when": _when, "whenever": _whenever, "lines": _lines, "said": recording.said}
    return environment


def _shown(value: Any) -> Any:
    """Whatever is no markup of ours is text, and fit to be seen."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _whole(text: str) -> Markup:
    """A long text, with nothing left out."""
    return Markup("{}").format(visible(text, None))


def _prose(text: str) -> Markup:
    """Text of the standard, in which backquotes mark what is code."""
    told = [
        (Markup("<code>{}</code>") if number % 2 else Markup("{}")).format(part) for number, part in enumerate(text.split("`"))
    ]
    return Markup("").join(told)


def _when(instant: int | None, zone: str) -> str:
    return "unknown" if instant is None else local_text(instant, zone) if instant >= 0 else str(instant)


def _whenever(instant: int | None, zone: str) -> Markup:
    """Date and time of day, neither of which is broken."""
    return Markup(" ").join(Markup('<span class="nb">{}</span>').format(part) for part in _when(instant, zone).split(" "))


def _lines(seen: Played) -> Iterator[tuple[Moment, str, str, str]]:
    """Each moment with its date, where it is another than in the line above, its time of day, and the class of what was seen."""
    last = ""
    for moment in seen.moments:
        date, _, clock = _when(moment.at, seen.zone).rpartition(" ")
        yield moment, "" if date == last else date, clock, "x" if moment.wrong else _SEEN.get(moment.kind, "k")
        last = date
