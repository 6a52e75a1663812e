"""`lockproof replay`: what was recorded of a run, found again: its journal, its scenarios, the frames of one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from lockproof.conformance import journal as journals
from lockproof.conformance import recording, shapes, suite
from lockproof.conformance.journal import Record
from lockproof.conformance.recording import Passed
from lockproof.spec.observable import BadInput

JOURNAL = "journal.jsonl"
EXPLORED = "explored-"
"""Begins the id of a scenario that has grown while a box was explored."""


def journal_of(place: Path) -> Path:
    """The journal that is meant by a file, by the folder of one box, or by the folder of a run of one. Raises `BadInput`."""
    found = journals_of(place)
    if len(found) > 1:
        several = "\n    ".join(str(path.parent) for path in found)
        raise BadInput(f"{place}: a run of {len(found)} boxes; name one of them:\n    {several}")
    return found[0]


def journals_of(place: Path) -> list[Path]:
    """The journals of a run, of one or more boxes, by what `journal_of` may be given. Raises `BadInput` where there is none."""
    if not place.is_dir():
        return [place]
    found = [place / JOURNAL] if (place / JOURNAL).exists() else sorted(place.glob(f"*/{JOURNAL}"))
    if not found:
        raise BadInput(f"{place}: no {JOURNAL} in this folder; name the folder of a run, such as runs/0001")
    return found


def short_name(journal: Path) -> Path:
    """The shortest path by which `journal_of` finds it."""
    of_box = journal.parent
    return of_box.parent if len(list(of_box.parent.glob(f"*/{JOURNAL}"))) == 1 else of_box


def has_bytes(journal: Path) -> bool:
    """Whether there was a line to record: what passes first on one, hello, is then the first record there is."""
    try:
        return next(journals.read(journal), {}).get("record") == "bytes"
    except BadInput:
        return False


def frames_of(journal: Path, scenario: str, step: int | None = None) -> Iterator[Passed]:
    """What passed on the line in a scenario, or in one step of it (0 sets it up). Raises `BadInput` where nothing was recorded."""
    records = of_scenario(journal, scenario)
    if step is not None:
        told = list(_of_step(records, step))
        batches = {record["batch"] for record in told if record["record"] == "command"}
        records = list(recording.of_requests(records, batches.__contains__))
        if not told:
            raise BadInput(
                f"{journal}: {scenario} has no step {step} in this run; 0 sets it up, and the steps are counted from 1"
            )
    refuse_without_bytes(records, journal)
    return recording.frames(records)


def refuse_without_bytes(records: Iterable[Record], journal: Path) -> None:
    """Raises `BadInput` where no byte was recorded."""
    if not any(record["record"] == "bytes" for record in records):
        raise BadInput(
            f"{journal}: no bytes were recorded there; a box in this process has no line: judge it on one, such as --box pty:NAME"
        )


def of_scenario(journal: Path, scenario: str) -> list[Record]:
    """The records of one scenario, its head first; the last time, if it was played several times. Raises `BadInput`."""
    found: list[Record] = []
    current = None
    for record in journals.read(journal):
        if record["record"] == "scenario":
            current = None if record.get("shrinks") else record.get("id")
            found = [] if current == scenario else found
        if current == scenario:
            found.append(record)
    if not found:
        raise BadInput(f"{journal}: {scenario} was not played in this run   (what was: lockproof replay {short_name(journal)})")
    return found


def _of_step(records: Iterable[Record], step: int) -> Iterator[Record]:
    """From the step's own record to the next one's; letting time pass before a step is part of it, by its number."""
    inside = False
    for record in records:
        if record["record"] == "step":
            inside = record.get("step") == step
        if inside:
            yield record


def to_play_again(journal: Path, only: str) -> tuple[Record, list[Path], list[str]]:
    """The head of the run, the files of its scenarios if they are not the packaged ones, and their ids, or the one that is wanted.

    What was explored has no file and is left out.

    Raises `BadInput` where there is no such scenario, or its file is gone.
    """
    records = list(shapes.read(journal))
    head = next((record for record in records if record["record"] == "run"), None)
    if head is None or not all(isinstance(head.get(name), str) for name in ("today", "seed")):
        raise BadInput(f"{journal}: no run begins in it; name the {JOURNAL} of a run")
    places = {name: place for name, place in _places(records) if only in {"", name}}
    explored = {name for name, place in places.items() if name.startswith(EXPLORED) and not Path(place).is_file()}
    if explored and len(explored) == len(places):
        raise BadInput(
            f"{journal}: what was explored has no file, but for what was made small; play that, or explore again with the same seed:"
            f" lockproof run --explore … --seed {head['seed']}"
        )
    places = {name: place for name, place in places.items() if name not in explored}
    if not places:
        raise BadInput(
            f"{journal}: {only or 'no scenario'} was not played in this run; name one that was, or leave --scenario out"
        )
    packaged = {each.id: each.where.file for each in suite.packaged()}
    files = []
    for name, place in places.items():
        if packaged.get(name) == place:
            continue
        if not Path(place).is_file():
            raise BadInput(
                f"{place}: the scenario {name} was played from this file, and it is gone; put it back"
                f"\n    what was recorded can still be judged, without --box"
            )
        files.append(Path(place))
    return head, list(dict.fromkeys(files)), list(places)


def _places(records: Iterable[Record]) -> Iterator[tuple[str, str]]:
    """Each scenario that was played, and the file that it came from."""
    name = ""
    for record in records:
        if record["record"] == "scenario":
            name = str(record.get("id"))
        elif record["record"] == "step" and name:
            yield name, str(record.get("where")).rpartition(":")[0]
            name = ""
