"""The journal: an append-only file of what was sent and seen, a JSON object a line, written before anything else happens.

A line is handed to the operating system as soon as it is made, so that a killed run keeps every step up to the kill. The
oracle reads nothing else.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from lockproof.spec.observable import BadInput, BenchError

Record = dict[str, Any]
_PLAIN_ALREADY = frozenset({str, int, bool, float, type(None)})
_as_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


class Journal:
    """Appends records: to a file, or, where there is none, to `records` in memory."""

    def __init__(self, path: Path | None = None) -> None:
        self.records: list[Record] = []
        self.began = dt.datetime.now(dt.UTC).isoformat()
        self._began = time.monotonic()
        self._file = -1
        if path is not None:
            try:
                self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
            except OSError as error:
                raise BenchError(
                    f"{path}: no journal can be written there: {error.strerror}; name another folder with --out"
                ) from error

    def write(self, record: str, **fields: Any) -> Record:
        line: Record = {"record": record, **{name: _plain(value) for name, value in fields.items()}}
        if self._file < 0:
            self.records.append(line)
        else:
            _write_all(self._file, (_as_json(line) + "\n").encode())
        return line

    def passed(self, direction: str, data: bytes) -> None:
        """Bytes on the line as they go "out" or come "in", with their instant in seconds since this journal began.

        It stands between the host and a line that does not wait: in a file it is one write, and nothing is kept in memory.
        """
        at = time.monotonic() - self._began
        if self._file < 0:
            self.write("bytes", at=round(at, 6), direction=direction, hex=data)
        else:
            line = f'{{"record":"bytes","at":{at:.6f},"direction":"{direction}","hex":"{data.hex()}"}}\n'
            _write_all(self._file, line.encode())

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def read(path: Path) -> Iterator[Record]:
    """The records of a journal file; a last line that a kill cut short is left out. Raises `BadInput`."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if (record := _record_in(line)) is not None:
                    yield record
                elif not line.endswith(b"\n"):
                    return
                elif line.strip():
                    raise BadInput(f"{path}:{number}: not a line of a journal; the file was changed or is another program's")
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; name a journal.jsonl of a run") from error


def _record_in(line: bytes) -> Record | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and isinstance(record.get("record"), str) else None


def _write_all(file: int, data: bytes) -> None:
    try:
        while data:
            data = data[os.write(file, data) :]
    except OSError as error:
        raise BenchError(f"the journal cannot be written: {error.strerror}; make room and run again") from error


def _plain(value: Any) -> Any:
    """The value as JSON has it. Some records are made while the line waits for the next request, so that this is quick."""
    kind = type(value)
    if kind in _PLAIN_ALREADY:
        return value
    if kind is bytes:
        return value.hex()
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return {each.name: _plain(getattr(value, each.name)) for each in fields(value)} if is_dataclass(value) else value
