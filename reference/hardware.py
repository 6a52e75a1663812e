"""What a box is built on: a clock and a timer that run, can be held and advanced, and a store that can lose power mid-write."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from lockproof.spec.observable import BenchError, NoAnswer


class PowerLost(NoAnswer):
    """The armed power cut struck: the write that had begun, and all after it, did not happen."""


class Clock:
    """A clock and a timer, in whole seconds. Held, they stand still but for `advance`; released, they run as the host's do."""

    def __init__(self, host: Callable[[], float] = time.monotonic) -> None:
        self._host = host
        self._since = host()
        self._clock = 0
        self._timer = 0
        self.held = False

    def read(self) -> tuple[int, int]:
        """What clock and timer show."""
        gone = 0 if self.held else int(self._host() - self._since)
        return self._clock + gone, self._timer + gone

    def hold(self, held: bool) -> None:
        self._clock, self._timer = self.read()
        self._since = self._host()
        self.held = held

    def set(self, clock: int) -> None:
        _, timer = self.read()
        self._clock, self._timer, self._since = clock, timer, self._host()

    def advance(self, seconds: int) -> None:
        self._clock += seconds
        self._timer += seconds

    def restart(self, off_for: int) -> None:
        """Power was away for `off_for` seconds: the clock went on, the timer starts again."""
        self.advance(off_for)
        clock, _ = self.read()
        self._clock, self._timer, self._since = clock, 0, self._host()


class Store:
    """Non-volatile memory on one SQLite file: every commit is one transaction and counts as one write.

    `arm(n)`: power fails as the nth write from now begins.
    """

    APPLICATION = 0x4C50_4258  # "LPBX"

    def __init__(self, path: str | Path, log_capacity: int) -> None:
        self._armed = 0
        self._log_capacity = log_capacity
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            found = self._db.execute("PRAGMA application_id").fetchone()[0]
            tables = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if found != self.APPLICATION and tables:
                raise BenchError(f"{path}: an SQLite file of another program; name a file that a box made, or a new one")
            self._db.executescript(
                f"PRAGMA application_id = {self.APPLICATION};"
                "PRAGMA synchronous = FULL;"
                "CREATE TABLE IF NOT EXISTS cell (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
                "CREATE TABLE IF NOT EXISTS log (number INTEGER PRIMARY KEY, entry TEXT NOT NULL) STRICT;"
            )
        except sqlite3.Error as error:
            raise BenchError(f"{path}: no store for a box: {error}; name a file that a box made, or a new one") from error
        self.writes = int(self.cell("writes", 0))

    def cell(self, name: str, default: Any) -> Any:
        row = self._db.execute("SELECT value FROM cell WHERE name = ?", (name,)).fetchone()
        return default if row is None else json.loads(row[0])

    def commit(self, cells: dict[str, Any], entries: Iterable[tuple[int, Any]] = (), *, clear_log: bool = False) -> None:
        """One write: all of it, or, if power fails as it begins, nothing."""
        if self._armed:
            self._armed -= 1
            if not self._armed:
                raise PowerLost("power was cut as a write began; the command may have been carried out in part")
        self.writes += 1
        with self._db:
            self._db.execute("BEGIN")
            if clear_log:
                self._db.execute("DELETE FROM log")
            self._db.executemany(
                "INSERT OR REPLACE INTO cell VALUES (?, ?)",
                [(name, json.dumps(value)) for name, value in {**cells, "writes": self.writes}.items()],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO log VALUES (?, ?)", [(number, json.dumps(entry)) for number, entry in entries]
            )
            self._db.execute("DELETE FROM log WHERE number <= (SELECT max(number) FROM log) - ?", (self._log_capacity,))

    def entries(self, from_number: int, most: int) -> list[tuple[int, Any]]:
        rows = self._db.execute("SELECT number, entry FROM log WHERE number >= ? ORDER BY number LIMIT ?", (from_number, most))
        return [(number, json.loads(entry)) for number, entry in rows]

    def arm(self, nth: int) -> None:
        self._armed = nth

    def close(self) -> None:
        self._db.close()
