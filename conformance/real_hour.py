"""One expiry that was waited for: a code that opened, and was refused sixty minutes later by a clock that nobody held or moved.

A clock that is held says nothing of how long an hour takes. A box in the kit's own process lives in virtual time, and never counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lockproof.conformance import journal as journals
from lockproof.conformance.evidence import Evidence
from lockproof.conformance.journal import Record
from lockproof.conformance.pace import ClockMode
from lockproof.conformance.targets import IN_PROCESS
from lockproof.conformance.verdict import Verdict
from lockproof.spec.profile import DEFAULT

CLAUSE: Final = "code.expiry.after-first-use"
_BY_COMMAND = {"advance_clock", "disturb_clock"}
_OF_A_SECOND = 1.0  # both entries lie somewhere in the second that the box tells
_PPM = 1e-6


@dataclass(frozen=True, slots=True)
class RealHour:
    """In which scenario; box time of first use and of the refusal; seconds between them by the bench's clock, rounded down."""

    scenario: str
    first_use: int
    refused: int
    bench_seconds: int


def find(evidence: Evidence) -> RealHour | None:
    """The first that the journal of a run has, in a scenario that passed."""
    if evidence.head["target"] == IN_PROCESS or evidence.head["target"].startswith("fault:"):
        return None
    passed = {each.id for each in evidence.result.scenarios if each.verdict is Verdict.PASS and CLAUSE in each.shown}
    try:
        found = (_in(records) for records in _last_plays(evidence.parts.journal, passed))
        return next((each for each in found if each), None)
    except (LookupError, TypeError):  # records that say less than those of a clock that runs
        return None


def why_not_of_the_same(main: Evidence, other: Evidence) -> Iterator[str]:
    """Why a run can't be taken for one of the same box and image as another, a line each."""
    of_a_boot = {"session", "reset_cause", "writes", "identity"}
    differ = sorted(
        name
        for name in {*main.head["hello"], *other.head["hello"]} - of_a_boot
        if main.head["hello"].get(name) != other.head["hello"].get(name)
    )
    if differ:
        yield f"its hello says otherwise: {', '.join(differ)}"
    if (main.head.get("pics") or {}).get("sha256") != (other.head.get("pics") or {}).get("sha256"):
        yield "it was judged by another declaration, or by none"
    if not (
        main.head["hello"]["identity"] in other.names or other.head["hello"]["identity"] in main.names
    ):  # the one begun later
        yield "the box answered under other names"


def _last_plays(path: Path, wanted: set[str]) -> Iterator[list[Record]]:
    """The records of each of these scenarios, as it was played last."""
    plays: dict[str, list[Record]] = {}
    records: list[Record] = []
    for record in journals.read(path):
        if record["record"] == "scenario":
            records = plays[record["id"]] = []
        elif record["record"] in {"resumed", "over"}:
            records = []
        records.append(record)
    return (each for name, each in plays.items() if name in wanted)


def _in(records: list[Record]) -> RealHour | None:
    begins = records[0]
    running = begins.get("running") or {}
    drift = running.get("bench_ppm", 0.0)  # of a bench in virtual time: 0
    named = {record.get("name") for record in records if record["record"] == "command"}
    if begins.get("clock") != ClockMode.WALL_CLOCK or drift <= 0 or named & _BY_COMMAND:
        return None
    least = DEFAULT.code_life * (1 - (drift + running.get("drift_ppm", 0.0)) * _PPM) - _OF_A_SECOND
    on_the_line = [record["at"] for record in records if record["record"] == "bytes"]
    if on_the_line and max(on_the_line) - min(on_the_line) < least:
        return None
    uses: dict[str, tuple[int, float]] = {}
    for command, answer, because in _entries(records):
        digits, value = command["arguments"]["digits"], answer["value"]
        if value["accepted"]:
            uses.setdefault(digits, (value["box_time"], answer["received"]))
        elif digits in uses and CLAUSE in because:
            box_time, received = uses[digits]
            took = command["sent"] - received
            if value["box_time"] - box_time >= DEFAULT.code_life and took >= least:
                return RealHour(begins["id"], box_time, value["box_time"], math.floor(took))
    return None


def _entries(records: list[Record]) -> Iterator[tuple[Record, Record, list[str]]]:
    """Each entry at the keypad with its answer, and the clauses for which the step expects a refusal."""
    command: Record = {}
    because: list[Any] = []
    for record in records:
        match record["record"]:
            case "step":
                because = record.get("because", [])
            case "command":
                command = record
            case "answer" if command.get("name") == "enter":
                if record["value"]["box_time"] is not None:
                    yield command, record, because
                command = {}
            case "answer":
                command = {}
