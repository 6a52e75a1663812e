"""The journal: an append-only file of what was sent and seen, a JSON object a line, written before anything else happens.

A line is handed to the operating system as soon as it is made, so that a killed run keeps every step up to the kill; at the
end of a scenario, once a second at the most, also to the disk, so that a host that loses power keeps what came before. The oracle
reads nothing else.

Lines are chained: the last member of each, `chain`, is the SHA-256 of the chain of the line before it (of nothing, for the first) and
of this line without it. So a line that was changed, left out, put in or moved is found, and at which line; what is missing at
the end is not, unless somebody else keeps the last chain (as a statement does).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

from lockproof.conformance.locking import lock
from lockproof.conformance.whole_files import bounded
from lockproof.reference.chain import FIRST, chained, plain
from lockproof.spec.observable import BadInput, BenchError

Record = dict[str, Any]
_SYNC_S = 1.0
LARGEST = 2**32
"""Bytes of a journal file; a run of everything has a hundredth of that."""
_CHAINED = re.compile(rb',"chain":"([0-9a-f]{64})"\}\n\Z')
_as_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


class _End(NamedTuple):
    """Of what is written: the chain of the last line, and the offset behind it."""

    chain: bytes
    offset: int


class Journal:
    """Appends records: to a file, or, where there is none, to `records` in memory. Two at once never write to one file."""

    def __init__(self, path: Path | None = None) -> None:
        self.records: list[Record] = []
        self.began = dt.datetime.now(dt.UTC).isoformat()
        self._began = time.monotonic()
        self._on_disk = self._began
        self._file = -1
        self._written = self._wanted = _End(FIRST, 0)  # two where Ctrl-C came while a line was written
        if path is not None:
            self._open(path, os.O_CREAT | os.O_EXCL)

    @classmethod
    def go_on(cls, path: Path) -> Self:
        """The journal of a run that was stopped, to be gone on with. What a kill cut short at its end is cut off: it is no record.

        Raises `BadInput` for a file that is no journal or was changed, and `BenchError` where another run still writes to it.
        """
        journal = cls()
        journal._open(path, 0)
        try:
            reading = Reading(path)
            records = iter(reading)
            journal.began = str(next((r.get("began") for r in records if r["record"] == "run"), journal.began))
            for _ in records:
                pass
            os.ftruncate(journal._file, reading.end)
        except BaseException:
            journal.close()
            raise
        journal._written = journal._wanted = _End(reading.chain, reading.end)
        journal._began -= _seconds_since(journal.began)
        return journal

    def _open(self, path: Path, flags: int) -> None:
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_NONBLOCK", 0) | flags, 0o644)
            lock(self._file)
        except BlockingIOError:
            self.close()
            raise BenchError(f"{path}: another run is writing to it; wait for its end, or end it") from None
        except OSError as error:
            raise BenchError(
                f"{path}: no journal can be written there: {error.strerror}; name another folder with --out"
            ) from error

    def write(self, record: str, **fields: Any) -> Record:
        line: Record = {"record": record, **{name: plain(value) for name, value in fields.items()}}
        if self._file < 0:
            self.records.append(line)
        else:
            self._append(_as_json(line))
        return line

    def passed(self, direction: str, data: bytes) -> None:
        """Bytes on the line as they go "out" or come "in", with their instant in seconds since this journal began.

        It stands between the host and a line that does not wait: in a file it is one write, and nothing is kept in memory.
        """
        at = time.monotonic() - self._began
        if self._file < 0:
            self.write("bytes", at=round(at, 6), direction=direction, hex=data)
        else:
            self._append(f'{{"record":"bytes","at":{at:.6f},"direction":"{direction}","hex":"{data.hex()}"}}')

    def _append(self, text: str) -> None:
        body = text.encode(errors="backslashreplace")  # of a name that is no text, JSON has these escapes, too
        try:
            self._settle()
            chain = chained(self._written.chain, body)
            line = b'%b,"chain":"%b"}\n' % (body[:-1], chain.hex().encode())
            self._wanted = _End(chain, self._written.offset + len(line))
            _write_all(self._file, line)
        except OSError as error:
            with contextlib.suppress(OSError):  # half a line may be there, and another may follow when there is room again
                os.ftruncate(self._file, self._written.offset)
            raise _not_written(error) from error
        self._written = self._wanted

    def _settle(self) -> None:
        """The last line is whole, or is not there; where it was cut short it is cut off."""
        if self._wanted is self._written:
            return
        if os.fstat(self._file).st_size == self._wanted.offset:
            self._written = self._wanted
        else:
            os.ftruncate(self._file, self._written.offset)
            self._wanted = self._written

    def to_disk(self) -> None:
        """What is written so far is to outlive the host's power, give or take a second: a disk takes its time."""
        if self._file >= 0 and time.monotonic() - self._on_disk >= _SYNC_S:
            try:
                os.fsync(self._file)
            except OSError as error:
                raise _not_written(error) from error
            self._on_disk = time.monotonic()

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def read(path: Path) -> Iterator[Record]:
    """The records of a journal file; a last line that a kill cut short is left out. Raises `BadInput`."""
    return iter(Reading(path))


@dataclass(slots=True)
class Reading:
    """A journal file being read: `end` is the offset behind the last whole line read, and `chain` is the chain of that line."""

    path: Path
    end: int = 0
    chain: bytes = FIRST
    line: int = field(default=0, init=False)  # the number of the last one read

    def __iter__(self) -> Iterator[Record]:
        """The records, without their chains. Raises `BadInput` at the first line that is not what was written."""
        try:
            with bounded(self.path, LARGEST, "a journal, journal.jsonl of a run") as file:
                for raw in file:
                    if not raw.endswith(b"\n"):
                        return
                    self.line += 1
                    yield self._record_in(raw)
        except OSError as error:
            raise BadInput(f"{self.path}: {error.strerror}; name a journal.jsonl of a run") from error

    def _record_in(self, raw: bytes) -> Record:
        found = _CHAINED.search(raw)
        body = raw[: found.start()] + b"}" if found else raw
        record = _parsed(body)
        if record is None:
            raise BadInput(f"{self.path}:{self.line}: not a line of a journal; the file was changed or is another program's")
        chain = chained(self.chain, body)
        if found is None or found[1].decode() != chain.hex():
            what = "does not follow from the lines before it" if found else "has no chain"
            raise BadInput(
                f"{self.path}:{self.line}: this line {what}: it, or one before it, was changed, left out or put in;"
                " judge the journal as the run wrote it"
            )
        self.end += len(raw)
        self.chain = chain
        return record


def _parsed(line: bytes) -> Record | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and isinstance(record.get("record"), str) else None


def _seconds_since(began: str) -> float:
    try:
        return max(0.0, (dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(began)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _not_written(error: OSError) -> BenchError:
    return BenchError(f"the journal cannot be written: {error.strerror}; make room and run again")


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
