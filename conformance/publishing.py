"""Writes the synthesized scenarios: one JSON file for each clause, in a language-neutral form (`vectors/schema.json`).

They are made by `lockproof scenarios synthesize` and not by hand; `--check` says whether they are what the model gives now.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from lockproof.conformance import moves
from lockproof.conformance.synthesis import Found, Vector
from lockproof.conformance.telling import NOON, ZONE
from lockproof.conformance.vector_files import FOLDER, INDEX, SCHEMA, VERSION, Json
from lockproof.spec import clauses
from lockproof.spec.coverage import Goal
from lockproof.spec.observable import BadInput
from lockproof.spec.theorems import Step

TITLE = "lockproof vectors"
"""How the title of the schema begins, in whatever version."""


def written_out(found: Iterable[Found]) -> dict[str, str]:
    """Name and text of every file: one for each clause, and the index, which says of every condition what became of it."""
    found = list(found)
    vectors = [each for each in found if isinstance(each, Vector)]
    made = {each.id for each in vectors}
    by_clause: dict[str, list[Vector]] = {}
    for each in vectors:
        by_clause.setdefault(each.shows[0], []).append(each)
    texts = {
        f"{clause}.json": _text(
            {
                "$schema": SCHEMA,
                "version": VERSION,
                "clause": clause,
                "sentence": clauses.clause(clause).sentence,
                "zone": ZONE,
                "begins": moves.START,
                "vectors": [_vector(each, made) for each in sorted(by_clause[clause], key=lambda each: each.id)],
            }
        )
        for clause in sorted(by_clause)
    }
    return {**texts, INDEX: _text(_index([each for each in found if not (isinstance(each, Vector) and each.disturbed)]))}


def stale(found: Iterable[Found], folder: Path = FOLDER) -> list[str]:
    """What is not as the model gives it now: `missing`, `differs` or `left over`, with the name of the file."""
    wanted = _files(found)
    kept = {path.name for path in folder.glob("*.json")}
    wrong = [f"{name}: missing" for name in sorted(wanted.keys() - kept)]
    wrong += [f"{name}: left over" for name in sorted(kept - wanted.keys()) if _is_ours(folder / name)]
    return wrong + [f"{name}: differs" for name in sorted(wanted.keys() & kept) if _text_of(folder / name) != wanted[name]]


def write(found: Iterable[Found], folder: Path) -> int:
    """Write them all, take away what is left over from before, and say how many files there are.

    Raises `BadInput`, and writes nothing, where one of them would take the place of a file that is none of ours.
    """
    wanted = _files(found)
    for name in wanted:
        if (folder / name).exists() and not _is_ours(folder / name):
            raise BadInput(f"{folder / name}: no file of vectors, so it stays; take it away, or name another folder with --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in wanted.items():  # whole or not at all: what stood there stays until what takes its place is written
            part = folder / f"{name}.part"
            part.write_text(text, encoding="utf-8")
            part.replace(folder / name)
        for path in folder.glob("*.json"):
            if path.name not in wanted and _is_ours(path):
                path.unlink()
    except OSError as error:
        raise BadInput(f"{folder}: the vectors cannot be written: {error.strerror}; name another folder with --out") from None
    return len(wanted)


def _files(found: Iterable[Found]) -> dict[str, str]:
    """All that a folder of vectors holds: what is written out, and the schema that it is written by."""
    return {**written_out(found), SCHEMA: (FOLDER / SCHEMA).read_text(encoding="utf-8")}


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _is_ours(path: Path) -> bool:
    """A file of vectors or their schema, of whatever version; anything else in the folder is somebody's."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    if not isinstance(found, dict) or path.is_symlink():
        return False
    return found.get("$schema") == SCHEMA or (path.name == SCHEMA and str(found.get("title")).startswith(TITLE))


def _text(value: Json) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _vector(each: Vector, made: set[str]) -> Json:
    goal = each.goal
    other = Goal(goal.occurrence, not goal.holds).id
    return {
        "id": each.id,
        "clauses": list(each.shows),
        "condition": _condition(goal),
        "decides": str(each.decides),
        "at_the_bound": each.exactly,
        "pair": other if other in made and not each.disturbed else None,
        "disturbed_by": each.disturbed or None,
        "still_decides": each.still_decides,
        "profile": each.profile,
        "code": {"day_start": each.trace.start.code.day_start, "day_end": each.trace.start.code.day_end},
        "expected": _expected(each.last),
        "trace": [{"event": step.event, "given": _plain(step.given), **_expected(step)} for step in each.trace.steps()],
        "decided_at": each.moment,
        "scenario": scenario_of(each),
    }


def scenario_of(each: Vector) -> Json:
    """The vector as a scenario file has it."""
    profile = {"profile": {name: _said(value) for name, value in each.profile.items()}} if each.profile else {}
    return {
        "id": each.id,
        "clauses": list(each.shows),
        "story": _story(each),
        "zone": ZONE,
        "start": NOON,
        **profile,
        "steps": list(each.steps),
    }


def _story(each: Vector) -> str:
    occurrence = each.goal.occurrence
    place = occurrence.function.replace("_", " ")
    where = occurrence.event.replace("_", " ")
    by = ", by one second" if each.exactly else ""
    later = "" if each.moment == len(each.trace.moments) - 1 else " What it comes to shows later."
    holds = "holds" if each.goal.holds else "does not hold"
    if each.disturbed:
        comes = each.disturbed.replace("-", " ").removeprefix("early ")
        still = "still " if each.still_decides else "no longer alone "
        return f"{comes.capitalize()} comes first. When {where}, whether '{occurrence.name}' ({place}) {still}decides {each.decides}."
    return f"When {where}, '{occurrence.name}' ({place}) {holds}{by}, and alone decides {each.decides}.{later}"


def _said(value: object) -> object:
    return value if isinstance(value, bool | int) else str(value)


def _condition(goal: Goal) -> Json:
    occurrence = goal.occurrence
    return {
        "event": occurrence.event,
        "function": occurrence.function,
        "name": occurrence.name,
        "occurrence": occurrence.nth,
        "holds": goal.holds,
    }


def _expected(step: Step) -> Json:
    outcome = step.outcome
    return {
        "accepted": outcome.accepted,
        "refused_for": list(outcome.clauses()),
        "because_of": list(outcome.because()),
        "notified": outcome.notified,
        "reported": outcome.reported,
    }


def _index(found: Sequence[Found]) -> Json:
    """Every condition, both ways round: by which vector it is covered, or why by none."""
    return {
        "$schema": SCHEMA,
        "version": VERSION,
        "conditions": [
            {
                **_condition(each.goal),
                "vector": each.goal.id if isinstance(each, Vector) else None,
                "status": each.status,
                "reason": each.reason,
            }
            for each in found
        ],
    }


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return value
