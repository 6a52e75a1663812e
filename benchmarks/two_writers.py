"""Two writers at one file of an authority, killed again and again: nothing that was answered is lost, and how quick that is.

Each writer asks for whatever can be asked for, drawn by a seed, and notes what it was answered in a file of its own, on the
disk, before it asks again. Now and then one of them is ended with SIGKILL, wherever it is, and begins where its notes end.
In the end the file is audited, with the heads of its history as they were noted on the way; every answer that was noted must
stand in the history, and every invariant must hold. Beside it, in the same run: two processes that insert one row a
transaction into a plain file of SQLite, as durably, and that note that as well.

`python benchmarks/two_writers.py --operations 10000 --kills 40 --seed 1`
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.history import Head, Record, as_json, fields_of
from lockproof.reference.invariants import INVARIANTS, broken
from lockproof.reference.pins import CHEAP
from lockproof.reference.store import Store, StoreError
from lockproof.spec.observable import BenchError, CodeIndex, LogEntry, LogKind, Role
from lockproof.spec.profile import DAY, HOUR

WRITERS = 2
SLICES = 20  # of plain inserts and of operations, one after the other, so that a disk that slows down slows down both
BEGAN = 1_549_152_000  # 2019-02-03T00:00:00Z
STEP = 20  # seconds between two requests of a writer
PIN = "4711"
PEOPLE, BOXES, PLACES = [f"person {n}" for n in range(5)], [bytes([n]) * 16 for n in range(4)], [f"place {n}" for n in range(4)]
ZONES = ("America/Toronto", "Europe/Berlin", "Pacific/Auckland", "America/St_Johns")
EMAILS = [f"agent{n}@example.org" for n in range(4)]
processes = multiprocessing.get_context("fork")


def settle(path: Path) -> None:
    with ReferenceAuthority(path, pin_cost=CHEAP) as authority:
        for number, person in enumerate(PEOPLE):
            authority.add_person(person, f"Agent {number}", PIN, f"Office {number % 2}" if number < 4 else None)
        for number, place in enumerate(PLACES):
            authority.add_property(place, f"{number} Main Street", ZONES[number], PEOPLE[number], f"Office {number % 2}")
        for number, box in enumerate(BOXES):
            authority.add_box(box, bytes([number + 1]) * 32, (PEOPLE[4],))
            authority.assign(box, PLACES[number], BEGAN)
        for email in EMAILS:
            authority.register_account(email, BEGAN)


# What is asked


@dataclass(slots=True)
class Drawing:
    """The request that is drawn for one number of one writer. Which grant or code it is about hangs on what is known by then."""

    seed: str
    writer: int
    grants: list[str] = field(default_factory=list)
    codes: list[tuple[str, str, CodeIndex]] = field(default_factory=list)  # its name, its box, its place

    def learn(self, note: dict[str, Any]) -> None:
        answered = note["answered"]
        if note["kind"] == "grant_connect" and answered and answered["accepted"]:
            self.grants.append(answered["reference"])
        if note["kind"] == "generate_code" and answered and answered["accepted"]:
            self.codes.append((answered["reference"], note["asked"]["box_id"], CodeIndex(**answered["code"])))

    def draw(self, number: int) -> tuple[str, dict[str, Any]]:
        chance = random.Random(f"{self.seed} {self.writer} {number}")
        names, weights = zip(*_WEIGHTS.items(), strict=True)
        kind = chance.choices(names, weights)[0]
        asked: dict[str, Any] = getattr(self, f"_{kind}")(chance, f"{self.writer} {number}")
        if kind in _WITH_AN_INSTANT:
            asked["now"] = BEGAN + number * STEP
        return kind, asked

    def _grant(self, chance: random.Random) -> str:
        return chance.choice(self.grants[-40:]) if self.grants and chance.random() < 0.98 else chance.randbytes(16).hex()

    def _code(self, chance: random.Random) -> tuple[str, str, CodeIndex]:
        return chance.choice(self.codes) if self.codes else ("code-none", BOXES[0].hex(), CodeIndex(0, DAY, 0))

    def _add_person(self, chance: random.Random, name: str) -> dict[str, Any]:
        return {"person": name, "name": f"Somebody {name}", "pin": PIN, "office": f"Office {chance.randrange(5)}"}

    def _set_pin(self, chance: random.Random, _: str) -> dict[str, Any]:
        return {"person": chance.choice(PEOPLE), "pin": PIN, "next_pin": PIN}

    def _add_property(self, chance: random.Random, name: str) -> dict[str, Any]:
        return {"prop": name, "address": f"{name} Side Street", "zone": chance.choice(ZONES), "agent": chance.choice(PEOPLE)}

    def _add_box(self, chance: random.Random, _: str) -> dict[str, Any]:
        return {"box_id": chance.randbytes(16), "secret": chance.randbytes(32), "owners": tuple(chance.sample(PEOPLE, 1))}

    def _set_owners(self, chance: random.Random, _: str) -> dict[str, Any]:
        return {"box_id": chance.choice(BOXES), "owners": tuple(chance.sample(PEOPLE, chance.randrange(3)))}

    def _set_barred(self, chance: random.Random, _: str) -> dict[str, Any]:
        return {"roles": tuple(chance.sample((Role.INSPECTOR, Role.PROFESSIONAL), chance.randrange(2)))}

    def _provisioning(self, chance: random.Random, _: str) -> dict[str, Any]:
        return {"box_id": chance.choice(BOXES)}

    def _set_agent(self, chance: random.Random, _: str) -> dict[str, Any]:
        return {"prop": chance.choice(PLACES), "agent": chance.choice(PEOPLE)}

    def _assign(self, chance: random.Random, _: str) -> dict[str, Any]:
        return {"box_id": chance.choice(BOXES), "prop": chance.choice([*PLACES, *PLACES, None])}

    def _register_account(self, chance: random.Random, name: str) -> dict[str, Any]:
        return {"email": chance.choice([*EMAILS, f"new.{name.replace(' ', '.')}@example.org"])}

    def _close_account(self, chance: random.Random, _: str) -> dict[str, Any]:
        return {"email": chance.choice(EMAILS)}

    def _grant_connect(self, chance: random.Random, name: str) -> dict[str, Any]:
        start = BEGAN + int(name.split()[1]) * STEP + chance.randrange(-HOUR, DAY)
        length = chance.choice([HOUR, HOUR, DAY, 7 * DAY, 1799])
        role = chance.choice([Role.REALTOR] * 9 + [Role.CONSUMER])
        who = {"by": chance.choice(PEOPLE), "box_id": chance.choice(BOXES), "email": chance.choice(EMAILS), "role": role}
        return {**who, "start": start, "end": start + length}

    def _issue_ticket(self, chance: random.Random, _: str) -> dict[str, Any]:
        return {"grant": self._grant(chance), "account": chance.choice(EMAILS), "nonce": chance.randbytes(16)}

    def _revoke(self, chance: random.Random, _: str) -> dict[str, Any]:
        reference = self._grant(chance) if chance.random() < 0.7 else self._code(chance)[0]
        return {"reference": reference, "by": chance.choice(PEOPLE)}

    def _revocation_delivered(self, chance: random.Random, _: str) -> dict[str, Any]:
        return {"grant": self._grant(chance)}

    def _generate_code(self, chance: random.Random, name: str) -> dict[str, Any]:
        today = BEGAN + int(name.split()[1]) * STEP
        date = time.strftime("%Y-%m-%d", time.gmtime(today + chance.randrange(-1, 16) * DAY))
        pin, role = chance.choice([PIN] * 7 + ["x"]), chance.choice([Role.APPRAISER, Role.INSPECTOR, Role.REALTOR, Role.CONSUMER])
        who = {"by": chance.choice(PEOPLE), "pin": pin, "box_id": chance.choice(BOXES), "name": f"Guest {name}", "role": role}
        return {**who, "date": date, "seller_permission": chance.random() < 0.9}

    def _receive(self, chance: random.Random, _: str) -> dict[str, Any]:
        box = chance.choice(BOXES)
        return {"box_id": box, "epoch": chance.randrange(2), "entries": tuple(self._entries(chance, box.hex()))}

    def _entries(self, chance: random.Random, box: str) -> Iterator[LogEntry]:
        """Late, twice and out of order, with gaps; of grants and codes of this box and of others, and of codes never issued."""
        for _ in range(chance.randrange(1, 5)):
            number, at, accepted = chance.randrange(1, 4000), BEGAN + chance.randrange(10 * DAY), chance.random() < 0.8
            if chance.random() < 0.5:
                yield LogEntry(number, LogKind.CONNECT, accepted, at, bytes.fromhex(self._grant(chance)))
            else:
                _, of, code = self._code(chance)
                yield LogEntry(number, LogKind.CODE, accepted, at, code if of == box else CodeIndex(BEGAN, BEGAN + DAY, 9))

    def _report(self, *_: Any) -> dict[str, Any]:
        return {}

    _revocations = _notifications = _alerts = _report

    def _share(self, chance: random.Random, _: str) -> dict[str, Any]:
        return {"code": self._code(chance)[0]}

    def _share_by_email(self, chance: random.Random, _: str) -> dict[str, Any]:
        return {"code": self._code(chance)[0], "to": chance.choice(EMAILS)}

    def _revocation_order(self, chance: random.Random, _: str) -> dict[str, Any]:
        return {"grant": self._grant(chance)}

    def _which(self, chance: random.Random, _: str) -> dict[str, Any]:
        return {"role": chance.choice(list(Role))}

    def _time_order(self, chance: random.Random, name: str) -> dict[str, Any]:
        return {"box_id": chance.choice(BOXES), "nonce": bytes(16), "value": BEGAN + int(name.split()[1])}


_WEIGHTS = {
    "add_person": 2,
    "add_property": 1,
    "add_box": 1,
    "set_owners": 3,
    "set_agent": 2,
    "set_barred": 1,
    "set_pin": 1,
    "assign": 5,
    "register_account": 5,
    "close_account": 3,
    "grant_connect": 20,
    "issue_ticket": 14,
    "revoke": 12,
    "revocation_delivered": 5,
    "generate_code": 13,
    "receive": 12,
    "report": 0.2,
    "revocations": 0.2,
    "notifications": 0.2,
    "alerts": 0.2,
    "share": 0.4,
    "share_by_email": 0.4,
    "revocation_order": 0.4,
    "which": 0.4,
    "provisioning": 0.4,
    "time_order": 0.4,
}
ONLY_TELL = {name for name, weight in _WEIGHTS.items() if weight < 1}
_WITH_AN_INSTANT = (
    _WEIGHTS.keys() - ONLY_TELL - {"add_person", "add_property", "add_box", "set_owners", "set_agent", "set_barred"}
)


# Notes


class Notes:
    """A file of notes, each on the disk before anything else is asked for. What a kill cut short is none."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        whole = path.read_bytes().rpartition(b"\n")
        os.ftruncate(self._file, len(whole[0]) + len(whole[1]))

    def add(self, note: dict[str, Any]) -> None:
        os.write(self._file, json.dumps(note).encode() + b"\n")
        os.fsync(self._file)


@dataclass(slots=True)
class Reading:
    """Notes as they come."""

    path: Path
    at: int = 0
    lines: int = 0

    def count(self) -> int:
        """How many there are so far, unread."""
        with suppress(FileNotFoundError), self.path.open("rb") as file:
            file.seek(self.at)
            found = file.read()
            self.at, self.lines = self.at + len(found), self.lines + found.count(b"\n")
        return self.lines

    def new(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(self.at)
            whole = file.read().rpartition(b"\n")[0]
        self.at += len(whole) + 1 if whole else 0
        return [json.loads(line) for line in whole.splitlines()]


def notes_of(folder: Path, writer: int) -> Path:
    return folder / f"writer-{writer}.jsonl"


# Writers


def write(folder: Path, writer: int, count: int, seed: str) -> None:
    """Asks for what is left of so many requests."""
    drawing, readings = Drawing(seed, writer), [Reading(notes_of(folder, each)) for each in range(WRITERS)]
    notes, done = Notes(notes_of(folder, writer)), 0
    with ReferenceAuthority(folder / "authority.sqlite", pin_cost=CHEAP) as authority:
        for each in range(WRITERS):
            known = readings[each].new()
            done = len(known) if each == writer else done
            for note in known:
                drawing.learn(note)
        for number in range(done, count):
            for note in (note for reading in readings for note in reading.new()):
                drawing.learn(note)
            notes.add(asked(authority, *drawing.draw(number)))


def asked(authority: ReferenceAuthority, kind: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """One request, as it is noted: in the words of the history."""
    answer, error = None, None
    try:
        answer = getattr(authority, kind)(**arguments)
    except BenchError as refused:
        error = f"{type(refused).__name__}: {refused}"
    told = json.loads(fields_of(arguments, None if kind in ONLY_TELL else answer, []))
    return {"kind": kind, "asked": told["asked"], "answered": told["answered"], "error": error}


def insert(folder: Path, writer: int, count: int, length: int) -> None:
    """As many rows, one a transaction, into a plain file, and each is noted."""
    notes, text = Notes(folder / f"plain-{writer}.jsonl"), "x" * length
    plain = sqlite3.connect(folder / "plain.sqlite", isolation_level=None, timeout=60)
    plain.execute("PRAGMA synchronous = EXTRA")
    for number in range(count):
        plain.execute("BEGIN IMMEDIATE")
        plain.execute("INSERT INTO plain (text) VALUES (?)", (text,))
        plain.execute("COMMIT")
        notes.add({"number": number})
    plain.close()


def in_processes(work: Callable[..., None], *arguments: Any) -> list[Any]:
    started = [processes.Process(target=work, args=(arguments[0], writer, *arguments[1:])) for writer in range(WRITERS)]
    for process in started:
        process.start()
    return started


@dataclass(slots=True)
class Plain:
    """Plain inserts, a slice of them at a time, for as many bytes as a record has."""

    folder: Path
    length: int = 440
    inserts: int = 0
    seconds: float = 0.0

    def run(self, count: int) -> None:
        with closing(sqlite3.connect(self.folder / "plain.sqlite")) as plain:
            plain.execute("CREATE TABLE IF NOT EXISTS plain (number INTEGER PRIMARY KEY, text TEXT)")
        begin = time.perf_counter()
        for process in in_processes(insert, self.folder, count // WRITERS, self.length):
            process.join()
        self.seconds += time.perf_counter() - begin
        self.inserts += count // WRITERS * WRITERS


@dataclass(slots=True)
class Campaign:
    """Two writers at work, and who ends them."""

    folder: Path
    operations: int
    kills: int
    seed: str
    killed: int = 0
    seconds: float = 0.0
    heads: list[Head] = field(default_factory=list)

    def run(self, slices: int = 1, before_each: Callable[[], None] = lambda: None) -> None:
        settle(self.folder / "authority.sqlite")
        chance = random.Random(self.seed)
        when = sorted(chance.randrange(self.operations * 95 // 100) for _ in range(self.kills))
        notes = [Reading(notes_of(self.folder, writer)) for writer in range(WRITERS)]
        for part in range(1, slices + 1):
            before_each()
            begin = time.perf_counter()
            self._write_until(self.operations // WRITERS * part // slices, when, notes, chance)
            self.seconds += time.perf_counter() - begin

    def _write_until(self, share: int, when: list[int], notes: list[Reading], chance: random.Random) -> None:
        writers = in_processes(write, self.folder, share, self.seed)
        while any(process.is_alive() for process in writers):
            if when and sum(reading.count() for reading in notes) >= when[0]:
                del when[0]
                time.sleep(chance.random() * 0.03)
                victim = chance.randrange(WRITERS)
                self.killed += self._kill(writers[victim])
                if not self.killed % 5:
                    self._note_the_head()
                writers[victim] = processes.Process(target=write, args=(self.folder, victim, share, self.seed))
                writers[victim].start()
            time.sleep(0.005)
        if any(process.exitcode for process in writers):
            sys.exit("a writer ended by itself")

    def _kill(self, process: Any) -> bool:
        """Whether it was at work."""
        alive = bool(process.is_alive())
        process.kill()
        process.join()
        return alive

    def _note_the_head(self) -> None:
        """In a process of its own: who has a file open must not fork."""
        head, other = processes.Pipe(duplex=False)
        looking = processes.Process(target=_tell_the_head, args=(self.folder, other))
        looking.start()
        self.heads.append(Head.of(head.recv()))
        looking.join()


def _tell_the_head(folder: Path, to: Any) -> None:
    with ReferenceAuthority(folder / "authority.sqlite", pin_cost=CHEAP) as authority:
        to.send(str(authority.head()))


# What became of it


@dataclass(slots=True)
class Outcome:
    """What is wrong, if anything, and how much there was."""

    wrong: list[str]
    records: int
    notes: list[dict[str, Any]]
    length: int  # of a record, on average
    audited: float  # seconds

    @property
    def written(self) -> int:
        """Operations that left a record."""
        return sum(note["error"] is None and note["kind"] not in ONLY_TELL for note in self.notes)


def looked_at(folder: Path, heads: list[Head], operations: int) -> Outcome:
    notes = [note for writer in range(WRITERS) for note in Reading(notes_of(folder, writer)).new()]
    wrong = [] if len(notes) == operations else [f"{operations} operations, and {len(notes)} notes"]
    with ReferenceAuthority(folder / "authority.sqlite", pin_cost=CHEAP) as authority:
        begin = time.perf_counter()
        wrong += [f"audit: {finding}" for finding in authority.audit(heads[-1] if heads else None).findings]
        audited = time.perf_counter() - begin
        records = list(authority.history())
    digests = {record.number: record.digest for record in records}
    wrong += [f"head {head} is gone" for head in heads if digests.get(head.number) != head.digest]
    wrong += lost(notes, records)
    with closing(Store(folder / "authority.sqlite")) as store:
        wrong += [f"broken: {name}" for name in broken(store)]
    length = sum(len(as_json([record.asked, record.answered, record.changed])) for record in records) // len(records)
    return Outcome(wrong, len(records), notes, length, audited)


def lost(notes: list[dict[str, Any]], records: list[Record]) -> list[str]:
    """What was answered and noted and stands in no record of its own."""
    kept = Counter(as_json([record.kind, record.asked, record.answered]) for record in records)
    wanted = Counter(
        as_json([note["kind"], note["asked"], note["answered"]])
        for note in notes
        if note["error"] is None and note["kind"] not in ONLY_TELL
    )
    held = [f"held up: {note['error']}" for note in notes if (note["error"] or "").startswith(StoreError.__name__)]
    return [f"lost: {each}" for each in (wanted - kept).elements()] + held


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--folder", type=Path, help="where; a folder for it alone, else one that goes afterwards")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as made:
        folder = Path(made)
        campaign = Campaign(folder, given.operations // WRITERS * WRITERS, given.kills, given.seed)
        plain = Plain(folder)
        campaign.run(SLICES, lambda: plain.run(max(WRITERS, given.operations // SLICES // 4)))
        outcome = looked_at(folder, campaign.heads, campaign.operations)
        tell(campaign, outcome, plain.inserts / plain.seconds, (folder / "authority.sqlite").stat().st_size)
    for each in outcome.wrong[:20]:
        print(f"WRONG  {each}")
    return 1 if outcome.wrong else 0


def tell(campaign: Campaign, outcome: Outcome, plain: float, size: int) -> None:
    notes, rate = outcome.notes, outcome.written / campaign.seconds
    refused = sum(bool(note["answered"]) and note["answered"].get("accepted") is False for note in notes)
    errors = sum(note["error"] is not None for note in notes)
    print(
        f"seed {campaign.seed}: {len(notes)} operations by {WRITERS} writers in {campaign.seconds:.1f} s, killed {campaign.killed} times"
    )
    print(
        f"answered    {len(notes) - errors} ({refused} refused), {errors} could not be asked; {outcome.written} of them left a record"
    )
    print(f"history     {outcome.records} records of {outcome.length} bytes on average; the file has {size / 1e6:.1f} MB")
    print(f"found       {len(outcome.wrong)} wrong by an audit ({outcome.audited:.1f} s), notes and {len(INVARIANTS)} invariants")
    print(f"authority   {len(notes) / campaign.seconds:8.1f} operations/s, {rate:.1f} of them that write")
    print(f"plain       {plain:8.1f} inserts/s (synchronous=EXTRA, one a transaction, {WRITERS} writers, noted as well)")
    print(f"ratio       {rate / plain:8.2f}")


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
