"""Verdicts in the words of ISO 9646, per step, scenario, clause and run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105 (a verdict)
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not-applicable"
    ERROR = "error"  # of harness or link, never of the box


ONLY_HELD = "only a clock that is held was judged"
NOT_EXERCISED = "not exercised:"
"""Begins a reason that lies in the bench and not in the standard: what was left out for it is inconclusive, never passed over."""


def is_left_out(reason: str) -> bool:
    """Why something was not played lies in what `--wait` says, or in what this box or its bench can't do; not in what the box is."""
    return reason.startswith((NOT_EXERCISED, ONLY_HELD))


@dataclass(frozen=True, slots=True)
class Finding:
    """What was wrong at one step: the clauses between what was seen and what the standard says, and the story of it.

    `shown` are the clauses that the step was there to show; `contradicted` are those that the standard itself names.
    `history` is what was presented and done in the scenario up to this one, a line each, which begins with date and time;
    `steps` are the steps to which those lines belong;
    `contradicting` are the places in it of those that cannot all be true, as few as possible, where that was asked.
    """

    step: int
    where: str
    did: str
    saw: str
    must: str
    shown: tuple[str, ...]
    contradicted: tuple[str, ...]
    channel: str
    history: tuple[str, ...] = ()
    contradicting: tuple[int, ...] = ()
    steps: tuple[int, ...] = ()

    @property
    def clauses(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.shown, *self.contradicted)))

    @property
    def is_control(self) -> bool:
        return not self.shown


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What was made of an explored scenario that failed: a file of fewer steps.

    It failed `failed` of the `played` times that it was played in the end; all that has cost the box so many `resets`.
    `clauses` are those that it shows.
    """

    file: str
    clauses: tuple[str, ...]
    steps: int
    before: int
    failed: int
    played: int
    resets: int


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """What became of one scenario. `shown` are clauses whose steps all came out right; `channels` are those that were used."""

    id: str
    verdict: Verdict
    clauses: tuple[str, ...]
    shown: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    finding: Finding | None = None
    message: str = ""
    seconds: float = 0.0
    commands: int = 0
    attempts: int = 1
    cuts: tuple[str, ...] = ()  # the class of each power cut, in order
    observed_by: tuple[str, ...] = ()  # who said whether the box opened: self-reported, operator, sensed
    clock: str = ""  # how it was dealt with: hold, advance, wall-clock
    measured: str = ""  # of a clock that ran
    where: str = ""  # it stands: file and line
    shrunk: Shrunk | None = None

    @property
    def left_out(self) -> bool:
        """It is about such boxes, and was not played."""
        return self.verdict is Verdict.NOT_APPLICABLE and is_left_out(self.message)


@dataclass(frozen=True, slots=True)
class ClauseResult:
    """What became of one clause: by which scenarios it was shown, or failed, or why nothing can be said."""

    id: str
    decider: str
    verdict: Verdict
    scenarios: tuple[str, ...] = ()
    reason: str = ""
    cuts: tuple[str, ...] = ()  # the classes of power cuts, and who told of openings, in those scenarios
    observed_by: tuple[str, ...] = ()
    clocks: tuple[str, ...] = ()  # how the clock was dealt with there


@dataclass(slots=True)
class RunResult:
    """What became of a run against one target."""

    target: str
    identity: str
    firmware: str
    scenarios: list[ScenarioResult] = field(default_factory=list)
    clauses: list[ClauseResult] = field(default_factory=list)
    error: str = ""
    journal: str = ""
    began: str = ""  # the instant, as ISO 8601 has it
    seed: str = ""
    kit: Mapping[str, str] = field(default_factory=dict)  # what it was judged by: `digests.kit`
    link: str = ""
    clock: str = ""  # how it was dealt with where it ran, and how it stood to what it was set to
    bench: dict[str, Any] = field(default_factory=dict)  # of the bench file, what this was reached with
    stopped: bool = False  # by Ctrl-C
    explored: str = ""  # how far it was explored, and which conditions of the model that has reached
    missed: list[str] = field(default_factory=list)  # those that it has not
    seconds: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """The worst that was found; a run of nothing is an error."""
        found = {result.verdict for result in self.scenarios} | {result.verdict for result in self.clauses}
        if Verdict.FAIL in found:
            return Verdict.FAIL
        nothing_ran = all(result.verdict is Verdict.NOT_APPLICABLE for result in self.scenarios)
        if self.error or Verdict.ERROR in found or nothing_ran:
            return Verdict.ERROR
        return Verdict.INCONCLUSIVE if Verdict.INCONCLUSIVE in found else Verdict.PASS

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]


EXIT_CODES = {
    Verdict.PASS: 0,
    Verdict.FAIL: 1,
    Verdict.ERROR: 3,
    Verdict.INCONCLUSIVE: 4,
    Verdict.NOT_APPLICABLE: 4,
}
"""Of the command: a run that says nothing of the box is not a pass."""
