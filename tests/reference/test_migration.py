"""A file of an earlier release becomes one of today, whole or not at all, and its history begins with what was there."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lockproof.reference.auditing import FindingKind
from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.history import as_json
from lockproof.reference.migration import SCHEMA_VERSION, statements_from
from lockproof.reference.pins import CHEAP
from lockproof.reference.store import Store, StoreError
from lockproof.spec.observable import ReportKind

VERSION_1 = Path(__file__).with_name("authority-1.sql").read_text(encoding="utf-8")
OPEN = "import sys; from lockproof.reference.authority import ReferenceAuthority as A; A(sys.argv[1]).close()"


def make_version_1(path: Path) -> Path:
    made = sqlite3.connect(path)
    made.executescript(VERSION_1)
    made.close()
    return path


@pytest.fixture
def old(tmp_path) -> Path:
    return make_version_1(tmp_path / "authority.sqlite")


def rows_in(path: Path) -> Counter[str]:
    """What stands in the tables of version 1, as far as that has them."""
    opened, first = sqlite3.connect(path), sqlite3.connect(":memory:")
    try:
        first.executescript("\n".join(line for line in VERSION_1.splitlines() if not line.startswith("INSERT")))
        tables = [row[0] for row in first.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {table: ", ".join(row[1] for row in first.execute(f"PRAGMA table_info({table})")) for table in tables}
        return Counter(f"{table} {row}" for table in tables for row in opened.execute(f"SELECT {columns[table]} FROM {table}"))
    finally:
        first.close()
        opened.close()


def version_of(path: Path) -> int:
    """As another program sees it, which also rolls back what was begun and not ended."""
    opened = sqlite3.connect(path)
    try:
        return int(opened.execute("PRAGMA user_version").fetchone()[0])
    finally:
        opened.close()


def test_every_row_is_where_it_was(old: Path) -> None:
    before = rows_in(old)
    assert sum(before.values()) == 36
    with ReferenceAuthority(old, pin_cost=CHEAP) as authority:
        assert authority.audit().clean  # which also compares what it is made of with a new file
        told = (len(authority.report()), len(authority.notifications()), len(authority.alerts()), len(authority.revocations()))
    assert told == (8, 2, 2, 2)
    assert (rows_in(old), version_of(old)) == (before, SCHEMA_VERSION)


def test_each_line_of_before_says_which_grant_or_code_it_is_about(old: Path) -> None:
    with ReferenceAuthority(old, pin_cost=CHEAP) as authority:
        lines = authority.directory.lines()
        references = {each.grant: each.email for each in authority.directory.grants()}
        references |= {each.code: each.name for each in authority.directory.codes()}
        abouts = authority._store.column("SELECT about FROM lines ORDER BY line")
    assert [each.told for each in lines] == list(authority_report(old))
    assert len(references) == 4
    assert len(set(abouts)) == 3, "two codes were generated in one second: the first stands for both lines"
    assert set(abouts) < set(references)
    assert all(each.to in each.told.detail for each in lines if each.told.kind != ReportKind.CODE_GENERATED)


def authority_report(path: Path):
    with ReferenceAuthority(path) as authority:
        return authority.report()


def test_its_history_begins_with_what_was_there(old: Path) -> None:
    with ReferenceAuthority(old, pin_cost=CHEAP) as authority:
        (record,) = authority.history()
        rows = sum(1 for _ in record.changed)
        digest = hashlib.sha256(as_json(sorted(map(list, record.changed), key=as_json)).encode()).hexdigest()
    assert (record.number, record.kind, record.instant) == (1, "migrate", None)
    assert record.asked == {"from": 1, "to": 2}
    assert record.answered == {"rows": rows, "digest": digest}
    assert Counter(change.table for change in record.changed) == {
        "offices": 2,
        "people": 4,
        "properties": 2,
        "boxes": 1,
        "owners": 2,
        "assignments": 2,
        "zone_tables": 2,
        "accounts": 2,
        "grants": 2,
        "codes": 2,
        "receipts": 4,
        "lines": 8,
        "notifications": 2,
        "unissued_uses": 1,
    }


def test_two_copies_of_a_file_begin_alike_and_another_file_does_not(tmp_path: Path) -> None:
    one, other, changed = (make_version_1(tmp_path / f"{name}.sqlite") for name in ("one", "other", "changed"))
    hand = sqlite3.connect(changed, isolation_level=None)
    hand.execute("UPDATE codes SET digits = '00000000'")
    hand.close()
    digests = []
    for path in (one, other, changed):
        with ReferenceAuthority(path) as authority:
            digests.append(next(authority.history()).answered["digest"])
    assert digests[0] == digests[1] != digests[2]


def test_it_goes_on_as_any_other(old: Path, make_town) -> None:
    town = make_town(settled=False, path=old)
    assert town.authority.assign(town.box, "main", town.now)
    grant = town.grant(by=town.sue)
    assert town.ticket(grant.reference).accepted
    assert town.authority.head().number == 4
    assert town.authority.audit().clean
    with pytest.raises(StoreError, match="a code that was issued never changes"):
        town.authority._store.write("UPDATE codes SET name = 'x'")


def test_a_row_of_before_that_is_changed_is_found(old: Path) -> None:
    with ReferenceAuthority(old) as authority:
        authority._store.write("DROP TRIGGER lines_stay")
        authority._store.write("UPDATE lines SET detail = 'x' WHERE line = 1")
        kinds = {finding.kind: finding for finding in authority.audit().findings}
    assert kinds.keys() == {FindingKind.SCHEMA_CHANGED, FindingKind.ROW_CHANGED}
    assert "record 1 is the last that tells" in str(kinds[FindingKind.ROW_CHANGED])


def test_a_file_with_nothing_in_it_has_nothing_to_tell(tmp_path: Path) -> None:
    path = tmp_path / "authority.sqlite"
    with ReferenceAuthority(path) as authority:
        assert list(authority.history()) == []
    path.unlink()
    empty = sqlite3.connect(path)
    empty.executescript("\n".join(line for line in VERSION_1.splitlines() if not line.startswith("INSERT")))
    empty.close()
    with ReferenceAuthority(path) as authority:
        (record,) = authority.history()
        assert (record.answered["rows"], record.changed) == (0, ())
        assert authority.audit().clean


# Whole or not at all


def in_a_process(do: Callable[[], Any]) -> int:
    """Does it in a process of its own, which is not waited for."""
    if not (process := os.fork()):
        try:
            do()
        finally:
            os._exit(0)
    return process


def how_it_ended(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def killed_at(left: int, path: Path) -> None:
    """Opens the file, and is killed as it comes to that statement."""
    write = Store.write

    def written(self: Store, statement: str, *values: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        write(self, statement, *values)
        write(self, "PRAGMA cache_size = 1")  # so that what is begun stands in the file

    Store.write = written
    Store(path).close()


BEFORE = 2  # statements that only say how the file is opened


def test_killed_at_any_statement_it_is_what_it_was(old: Path) -> None:
    before, journals = old.read_bytes(), 0
    count = BEFORE + len(list(statements_from(1))) + 1  # and the record
    for statement in range(1, count + 1):
        assert how_it_ended(in_a_process(lambda at=statement: killed_at(at, old))) == -signal.SIGKILL
        journals += old.with_name("authority.sqlite-journal").exists() and old.read_bytes() != before
        assert version_of(old) == 1
        assert old.read_bytes() == before
    assert journals > 5  # it was in the middle, and was taken back
    assert how_it_ended(in_a_process(lambda: killed_at(1000, old))) == 0  # which it does not come to
    with ReferenceAuthority(old) as authority:
        assert authority.audit().clean


def test_killed_at_any_instant_it_is_one_or_the_other(tmp_path: Path) -> None:
    versions = Counter[int]()
    for number in range(12):
        path = make_version_1(tmp_path / f"{number}.sqlite")
        before = rows_in(path)
        opening = in_a_process(lambda at=path: Store(at).close())
        time.sleep(number * 0.004)
        os.kill(opening, signal.SIGKILL)
        how_it_ended(opening)
        versions[version_of(path)] += 1
        assert rows_in(path) == before
        with ReferenceAuthority(path) as authority:
            assert authority.audit().clean
            assert [record.kind for record in authority.history()] == ["migrate"]
    assert versions.keys() <= {1, SCHEMA_VERSION}


def test_by_several_at_once_it_is_done_once(old: Path) -> None:
    opening = [subprocess.Popen([sys.executable, "-c", OPEN, str(old)], stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [process.wait() for process in opening] == [0] * 4
    with ReferenceAuthority(old) as authority:
        assert [record.kind for record in authority.history()] == ["migrate"]
        assert authority.audit().clean


@pytest.mark.usefixtures("as_nobody")
def test_what_may_not_be_written_is_left_as_it_is() -> None:
    with tempfile.TemporaryDirectory() as made:
        path = make_version_1(Path(made) / "authority.sqlite")
        before = path.read_bytes()
        for place, rights, says in (
            (path, 0o400, "may not be written to"),
            (Path(made), 0o500, "its folder may not be written to"),
        ):
            usual = place.stat().st_mode
            place.chmod(rights)
            with pytest.raises(StoreError, match=says):
                ReferenceAuthority(path)
            place.chmod(usual)
            assert path.read_bytes() == before
        with ReferenceAuthority(path) as authority:
            assert authority.audit().clean


def test_where_there_is_no_room_it_is_left_as_it_is(old: Path, no_larger: Callable[[int], None]) -> None:
    before = old.read_bytes()
    no_larger(len(before))
    with pytest.raises(StoreError, match=r"can't (grow|be read or written).* nothing of the last request was kept"):
        ReferenceAuthority(old)
    no_larger()
    assert (version_of(old), old.read_bytes()) == (1, before)
    with ReferenceAuthority(old) as authority:
        assert authority.audit().clean
