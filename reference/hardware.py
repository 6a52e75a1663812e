"""What a box is built on: a clock and a timer that run, can be held and advanced, and a store that can lose power mid-write."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lockproof.spec.observable import BenchError, NoAnswer


class PowerLost(NoAnswer):
    """The armed power cut struck: the write that had begun, and all after it, did not happen."""


class StoreError(BenchError):
    """The file can't serve as the store of a box: which, what was seen, what to do."""


_MEMORY = ":memory:"
_MAGIC = b"SQLite format 3\0"
_SMALLEST_DATABASE = 512  # bytes
_BUSY_TIMEOUT = 10.0  # seconds that another program may have the file
_TOO_LARGE = 2**63  # for a column of SQLite and an integer of the protocol
LATEST = _TOO_LARGE - 1  # instant that a clock can show and a store can hold
_TABLES = (
    "CREATE TABLE cell (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    "CREATE TABLE log (number INTEGER PRIMARY KEY, entry TEXT NOT NULL) STRICT",
)
_THE_OLDEST = "DELETE FROM log WHERE number <= (SELECT max(number) FROM log) - ?"
_THE_NEWEST = "DELETE FROM log WHERE number NOT IN (SELECT number FROM log ORDER BY number LIMIT ?)"
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
_NAME_ANOTHER = "name a file that a box made, or a new one"
_OTHERWISE = f"put a copy back in its place, or {_NAME_ANOTHER}"


class Clock:
    """A clock and a timer, in whole seconds. Held, they stand still but for `advance`; released, they run as the host's do.

    A running one gains `drift_ppm` microseconds in every second, and shows `offset` seconds more than it was last set to. A held
    one is exact.
    """

    def __init__(self, host: Callable[[], float] = time.monotonic, drift_ppm: float = 0.0, offset: int = 0) -> None:
        self._host = host
        self.drift_ppm = drift_ppm
        self.offset = offset
        self._since = host()
        self._clock, self._clock_part = 0, 0.0  # whole seconds, and what has gone of the next one
        self._timer, self._timer_part = 0, 0.0
        self.held = False

    def read(self) -> tuple[int, int]:
        """What clock and timer show."""
        now = self._host()
        gone = 0.0 if self.held else (now - self._since) * (1 + self.drift_ppm / 1_000_000)
        self._since = now
        self._clock, self._clock_part = _gone_on(self._clock, self._clock_part + gone)
        self._timer, self._timer_part = _gone_on(self._timer, self._timer_part + gone)
        return min(self._clock, LATEST), self._timer

    def hold(self, held: bool) -> None:
        self.read()
        self.held = held
        self._clock_part = self._timer_part = 0.0

    def set(self, clock: int) -> None:
        self.read()
        self._clock, self._clock_part = clock + (0 if self.held else self.offset), 0.0

    def advance(self, seconds: int) -> None:
        self._clock += seconds
        self._timer += seconds

    def fall_behind(self, seconds: int) -> None:
        """The clock shows so much less from now on; the timer goes on as if nothing had been."""
        self._clock -= seconds

    def restart(self, off_for: int) -> None:
        """Power was away for `off_for` seconds: the clock went on, the timer starts again."""
        self.read()
        self._clock += off_for
        self._timer, self._timer_part = 0, 0.0


def _gone_on(whole: int, part: float) -> tuple[int, float]:
    more = math.floor(part)
    return whole + more, part - more


class Store:
    """Non-volatile memory on one SQLite file: every commit is one transaction and counts as one write.

    `arm(n)`: power fails as the nth write from now begins. Where its log is full, the oldest entry goes, or, if it `keeps_oldest`,
    the new one is not kept.
    """

    APPLICATION = 0x4C50_4258  # "LPBX"

    def __init__(self, path: str | Path, log_capacity: int, *, keeps_oldest: bool = False, alone: bool = False) -> None:
        """Raises `StoreError` for a file, or a place, in which no box can keep anything; what is not ours is left as it is.

        `alone`: nobody else opens the file until it is closed. A box keeps in mind what is in it, so that of two at one file
        each would undo what the other has kept.
        """
        self._path = os.fspath(path)
        self._armed = 0
        self._log_capacity = log_capacity
        self._beyond = _THE_NEWEST if keeps_oldest else _THE_OLDEST
        if self._path != _MEMORY:
            _check_place(Path(self._path))
        with self._explained():
            self._db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=_BUSY_TIMEOUT)
        try:
            if alone:
                self._be_alone()
            self._open()
            with self.reading("count of writes"):
                self.writes = whole(self.cell("writes", 0))
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self, what: str) -> Iterator[None]:
        """Whatever goes wrong inside comes out as `StoreError`: what is kept under `what` is damaged."""
        try:
            with self._explained():
                yield
        except _UNREADABLE as wrong:
            why = f"no {wrong}" if isinstance(wrong, KeyError) else str(wrong)
            raise StoreError(
                f"{self._path}: the {what} of the box that is kept there can't be read: {why}; {_OTHERWISE}"
            ) from wrong

    def cell(self, name: str, default: Any) -> Any:
        row = self._db.execute("SELECT value FROM cell WHERE name = ?", (name,)).fetchone()
        return default if row is None else json.loads(row[0])

    def commit(self, cells: dict[str, Any], entries: Iterable[tuple[int, Any]] = (), *, clear_log: bool = False) -> None:
        """One write: all of it, or, if power fails as it begins, nothing."""
        if self._armed:
            self._armed -= 1
            if not self._armed:
                raise PowerLost("power was cut as a write began; the command may have been carried out in part")
        writes = self.writes + 1
        with self._written(), self._db:
            self._db.execute("BEGIN")
            if clear_log:
                self._db.execute("DELETE FROM log")
            self._db.executemany(
                "INSERT OR REPLACE INTO cell VALUES (?, ?)",
                [(name, json.dumps(value)) for name, value in {**cells, "writes": writes}.items()],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO log VALUES (?, ?)", [(number, json.dumps(entry)) for number, entry in entries]
            )
            self._db.execute(self._beyond, (self._log_capacity,))
        self.writes = writes

    @contextmanager
    def _written(self) -> Iterator[None]:
        """Around a write; one that fails has kept nothing."""
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(
                f"{self._path}: nothing could be written to it: {_in_a_line(error)}; make room and see to its rights, then repeat it"
            ) from error

    def entries(self, from_number: int, most: int) -> list[tuple[int, Any]]:
        rows = self._db.execute("SELECT number, entry FROM log WHERE number >= ? ORDER BY number LIMIT ?", (from_number, most))
        return [(number, json.loads(entry)) for number, entry in rows]

    def arm(self, nth: int) -> None:
        self._armed = nth

    def close(self) -> None:
        self._db.close()

    def _be_alone(self) -> None:
        with self._explained():
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("BEGIN EXCLUSIVE")  # and what is locked so stays locked
            self._db.execute("COMMIT")

    def _open(self) -> None:
        """Make the tables in a new file; in any other they must be there as they were made, and whole."""
        with self._explained():
            self._db.execute("PRAGMA synchronous = FULL")
            owner = self._db.execute("PRAGMA application_id").fetchone()[0]
            tables = {row[0] for row in self._db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
            if owner not in {0, self.APPLICATION} or (tables and not owner):
                raise StoreError(f"{self._path}: an SQLite file of another program, left as it is; {_NAME_ANOTHER}")
            if not tables:
                make = "".join(f"{table};" for table in _TABLES)
                self._db.executescript(f"BEGIN IMMEDIATE; PRAGMA application_id = {self.APPLICATION}; {make} COMMIT")
            elif tables != set(_TABLES):
                raise StoreError(
                    f"{self._path}: its tables are not those that a box makes; it was left as it is; {_NAME_ANOTHER}"
                )
            elif (found := self._db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise StoreError(f"{self._path}: the file is damaged ({found.splitlines()[-1]}); {_OTHERWISE}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
                raise StoreError(
                    f"{self._path}: somebody else stands at that box, for {_BUSY_TIMEOUT:.0f} seconds now; repeat it when they are done"
                ) from error
            raise StoreError(f"{self._path}: no store for a box: {_in_a_line(error)}; {_NAME_ANOTHER}") from error


def whole(value: Any) -> int:
    """A whole number of the store as it is. Raises ValueError for anything else, and for what no counter or clock can show."""
    if type(value) is not int or not -_TOO_LARGE <= value < _TOO_LARGE:
        raise ValueError(f"{value!r:.40} stands where a whole number belongs")
    return value


def _in_a_line(error: Exception) -> str:
    """What SQLite says, without the content that it quotes, which may hold a secret and any byte."""
    said = str(error).partition(" with text ")[0]
    return "".join(each if each.isprintable() else "?" for each in said)


def _check_place(path: Path) -> None:
    """Before SQLite sees it: a file of a few bytes it would take for an empty one, and write over it."""
    if path.is_dir():
        raise StoreError(f"{path}: a folder; name a file in it, such as {path / 'box.db'}")
    if not path.parent.is_dir():
        raise StoreError(f"{path}: there is no folder {path.parent}; make it, or name a file elsewhere")
    if path.exists() and not path.is_file():
        raise StoreError(f"{path}: a device or a pipe, not a file; {_NAME_ANOTHER}")
    for place, what in ((path, "the file"), (path.parent, "its folder")):
        if place.exists() and not os.access(place, os.R_OK | os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            raise StoreError(f"{path}: {what} may not be read and written to; change its rights, or name a file elsewhere")
    if path.exists() and path.stat().st_size and not _is_database(path):
        raise StoreError(f"{path}: no store for a box: it is no SQLite file, and was left as it is; {_NAME_ANOTHER}")


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC and path.stat().st_size >= _SMALLEST_DATABASE
