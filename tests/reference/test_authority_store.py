"""The file: what was answered is in it, whatever happens; what is no such file is refused and left alone."""

from __future__ import annotations

import itertools
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.pins import CHEAP, OWASP, PinCost
from lockproof.reference.store import APPLICATION_ID, SCHEMA_VERSION, Store, StoreError
from lockproof.spec.observable import BenchError
from lockproof.spec.profile import MINUTE


def test_everything_is_there_when_the_file_is_opened_again(make_town, tmp_path: Path, entry_of) -> None:
    path = tmp_path / "authority.sqlite"
    town = make_town(path=path)
    code, grant = town.code(), town.grant().reference
    other = town.grant().reference
    town.receive(entry_of(1, code.code), entry_of(4, grant), entry_of(5, None))
    town.authority.revoke(other, town.joe, town.now)
    town.authority.revocation_delivered(other, town.now + 3)
    for _ in range(5):
        town.code(by=town.sue, pin="x")
    told = lambda authority: (  # noqa: E731
        authority.report(),
        authority.notifications(),
        authority.alerts(),
        authority.revocations(),
        authority.share(code.reference),
        authority.revocation_order(other),
    )
    before = told(town.authority)
    town.authority.close()

    again = make_town(settled=False, path=path)
    assert told(again.authority) == before
    assert again.code().code.index == 1
    assert again.ticket(grant).accepted
    assert not again.ticket(other).accepted
    assert again.code(by=again.sue, pin="4711").clauses == ("box.wrong-entry.bound", "code.pin")
    assert again.code(by=again.sue, now=again.now + 5 * MINUTE).accepted
    again.receive(entry_of(4, grant))
    assert len(again.authority.notifications()) == 1


WRITER = """
import sys
from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.pins import CHEAP
authority = ReferenceAuthority(sys.argv[1], pin_cost=CHEAP)
number = 0
while True:
    authority.add_person(f"{number}", f"Person {number}", "1", f"Office {number}")
    print(number, flush=True)
    number += 1
"""


def test_a_killed_writer_keeps_what_it_answered(tmp_path: Path) -> None:
    path = tmp_path / "authority.sqlite"
    for run in range(3):
        path.unlink(missing_ok=True)
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        answered = [int(writer.stdout.readline()) for _ in range(20 + run)]
        os.kill(writer.pid, signal.SIGKILL)
        answered += [int(line) for line in writer.stdout.read().splitlines()]
        writer.wait()
        writer.stdout.close()
        with ReferenceAuthority(path, pin_cost=CHEAP) as authority:
            kept = sorted(int(person) for person in authority._store.column("SELECT person FROM people"))
            offices = authority._store.column("SELECT office FROM offices")
        assert kept[: len(answered)] == answered
        assert len(kept) in (len(answered), len(answered) + 1)  # the last one may be kept and not answered
        assert len(offices) == len(kept)  # and none by half


def test_a_wrong_pin_is_charged_in_the_file_before_it_is_answered(make_town, tmp_path: Path) -> None:
    town = make_town(path=tmp_path / "authority.sqlite")
    town.code(pin="x")
    other = sqlite3.connect(tmp_path / "authority.sqlite")
    (arrival,) = other.execute("SELECT pin_arrival FROM people WHERE person = ?", (town.joe,)).fetchone()
    other.close()
    assert arrival == town.now + 5 * MINUTE


def test_a_request_that_fails_leaves_nothing_behind(make_town, monkeypatch) -> None:
    town = make_town()
    monkeypatch.setattr(town.authority._reporting, "add_line", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    for ask in (town.code, town.grant):
        with pytest.raises(KeyboardInterrupt):
            ask()
    assert town.authority._store.column("SELECT count(*) FROM codes UNION ALL SELECT count(*) FROM grants") == [0, 0]


def test_a_file_that_was_given_a_write_ahead_log_loses_it_again(make_town, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "authority.sqlite"
    make_town(path=path).authority.close()
    other = sqlite3.connect(path)
    assert other.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    assert other.execute("SELECT count(*) FROM people").fetchone() == (4,)
    monkeypatch.setattr("lockproof.reference.store._BUSY_TIMEOUT", 0.05)
    with pytest.raises(StoreError, match="is held by another program"):  # and it has it still
        ReferenceAuthority(path)
    other.close()
    town = make_town(settled=False, path=path)
    assert town.authority._store.row("PRAGMA journal_mode")[0] == "delete"
    assert town.grant().accepted


def test_two_authorities_share_a_file(make_town, tmp_path: Path) -> None:
    one = make_town(path=tmp_path / "authority.sqlite")
    other = make_town(settled=False, path=tmp_path / "authority.sqlite")
    assert [town.code().code.index for town in (one, other, one, other)] == [0, 1, 2, 3]
    assert one.authority.report() == other.authority.report()


def test_many_at_once_make_one_file_and_each_gets_an_answer(tmp_path: Path) -> None:
    together = threading.Barrier(4)

    def add(worker: int) -> int:
        together.wait()
        with ReferenceAuthority(tmp_path / "authority.sqlite", pin_cost=CHEAP) as authority:
            for number in range(20):
                authority.add_person(f"{worker} {number}", "Somebody", "1")
            return len(authority._store.rows("SELECT 1 FROM people"))

    with ThreadPoolExecutor(4) as workers:
        counts = list(workers.map(add, range(4)))
    assert max(counts) == 80


def test_a_file_that_another_program_holds_is_not_waited_for_without_end(make_town, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("lockproof.reference.store._BUSY_TIMEOUT", 0.05)
    town = make_town(path=tmp_path / "authority.sqlite")
    other = sqlite3.connect(tmp_path / "authority.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    for ask in (
        town.code,
        town.authority.report,
        town.authority.audit,
        lambda: ReferenceAuthority(tmp_path / "authority.sqlite"),
    ):
        with pytest.raises(
            StoreError,
            match="is held by another program, for 10 seconds now; nothing of the last request was kept",
        ):
            ask()
    other.execute("ROLLBACK")
    other.close()
    assert town.code().accepted


# Files that are none of ours


def refused(path: Path | str, says: str) -> None:
    before = Path(path).read_bytes() if Path(path).is_file() else None
    with pytest.raises(StoreError, match=says) as caught:
        ReferenceAuthority(path)
    assert str(path) in str(caught.value)
    assert isinstance(caught.value, BenchError)
    assert before is None or Path(path).read_bytes() == before


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    for content in (b"x", b"dear diary", b"SQLite format 3\x00", b"SQLite format 3\x00" + bytes(200), os.urandom(5000)):
        path.write_bytes(content)
        refused(path, "is not a file of an authority|is damaged|is a database of another program")


def test_a_database_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE people (person)")
    other.close()
    refused(path, "is a database of another program; choose another path")
    for owner, version in ((5, 0), (5, SCHEMA_VERSION), (0, 9), (APPLICATION_ID, 0)):
        path.unlink()
        other = sqlite3.connect(path)
        other.execute(f"PRAGMA application_id = {owner}")
        other.execute(f"PRAGMA user_version = {version}")
        other.execute("VACUUM")
        other.close()
        refused(path, "is a database of another program; choose another path")


def test_a_file_of_a_later_release(make_town, tmp_path: Path) -> None:
    path = tmp_path / "authority.sqlite"
    make_town(path=path).authority.close()
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    other.close()
    refused(path, "was written by a later release .* use that release")


def test_a_damaged_file(make_town, tmp_path: Path) -> None:
    path = tmp_path / "authority.sqlite"
    make_town(path=path).authority.close()
    whole = path.read_bytes()
    for content in (
        whole[: len(whole) // 2],
        whole[:4096] + b"\xff" * (len(whole) - 4096),
        whole[:50] + b"\xff" * 50 + whole[100:],
    ):
        path.write_bytes(content)
        refused(path, "is damaged; put a copy back|did not do what was asked|is not a file of an authority|another program")


def test_a_file_whose_tables_were_changed_says_so_when_asked(make_town, tmp_path: Path) -> None:
    path = tmp_path / "authority.sqlite"
    town = make_town(path=path)
    other = sqlite3.connect(path)
    other.execute("DROP TABLE notifications")
    other.close()
    with pytest.raises(StoreError, match="if it was changed by another program, put a copy back"):
        town.authority.notifications()


def test_an_empty_file_becomes_one_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "authority.sqlite"
    path.touch()
    with ReferenceAuthority(path) as authority:
        assert authority.report() == ()


def test_a_folder_and_a_missing_folder(tmp_path: Path) -> None:
    refused(tmp_path, "is a folder; give the path of a file in it")
    refused(tmp_path / "missing" / "authority.sqlite", "there is no folder .*missing; make it")


def test_a_device_is_no_file() -> None:
    refused("/dev/full", "is a device or a pipe, and no file; choose another path")


@pytest.mark.usefixtures("as_nobody")
def test_a_read_only_file_and_a_read_only_folder() -> None:
    with tempfile.TemporaryDirectory() as made:
        path = Path(made) / "authority.sqlite"
        ReferenceAuthority(path).close()
        path.chmod(0o400)
        refused(path, "may not be written to; change the rights")
        path.chmod(0o600)
        Path(made).chmod(0o500)
        refused(path, "its folder may not be written to; change the rights")
        refused(Path(made) / "new.sqlite", "its folder may not be written to; change the rights")
        Path(made).chmod(0o700)


def test_a_full_disk_keeps_nothing_of_the_request_and_everything_before(make_town, tmp_path: Path) -> None:
    town = make_town(path=tmp_path / "authority.sqlite")
    town.code()
    store = town.authority._store
    store.write(f"PRAGMA max_page_count = {store.row('PRAGMA page_count')[0]}")
    number = itertools.count()

    def fill() -> None:
        while True:
            town.authority.add_person(f"p{next(number)}", "x" * 500, "1")

    with pytest.raises(StoreError, match="the disk is full; nothing of the last request was kept"):
        fill()
    people = store.column("SELECT count(*) FROM people")[0]
    store.write("PRAGMA max_page_count = 100000")
    assert people == 4 + next(number) - 1  # all but the last
    town.authority.add_person("after", "After", "1")
    assert len(town.authority.report()) == 1


def test_a_file_is_written_through_to_the_disk(tmp_path: Path) -> None:
    store = Store(tmp_path / "authority.sqlite")
    assert store.row("PRAGMA synchronous")[0] == 3  # EXTRA
    assert store.row("PRAGMA foreign_keys")[0] == 1
    assert store.row("PRAGMA journal_mode")[0] == "delete"
    with pytest.raises(StoreError, match="FOREIGN KEY"), store.transaction():
        store.write("INSERT INTO owners VALUES (x'00', 'x')")
    store.close()


# PINs


def test_a_pin_is_kept_as_a_salted_hash_with_its_cost(make_town) -> None:
    town = make_town()
    rows = town.authority._store.rows("SELECT * FROM people")
    assert len({row["pin_salt"] for row in rows}) == len({row["pin_hash"] for row in rows}) == len(rows)
    assert {(row["pin_memory"], row["pin_passes"], row["pin_lanes"]) for row in rows} == {(8, 1, 1)}
    assert not any(b"4711" in bytes(str(tuple(row)), "utf-8") for row in rows)


def test_a_pin_set_at_another_cost_is_still_right(make_town, tmp_path: Path) -> None:
    path = tmp_path / "authority.sqlite"
    make_town(path=path).authority.close()
    again = make_town(settled=False, path=path, pin_cost=PinCost(16, 2, 2))
    assert again.code().accepted
    again.authority.add_person("1", "One", "1")
    row = again.authority._store.row("SELECT pin_memory, pin_passes, pin_lanes FROM people WHERE person = '1'")
    assert tuple(row) == (16, 2, 2)


def test_the_cost_by_default_is_what_is_advised() -> None:
    assert PinCost(19_456, 2, 1) == OWASP
    with ReferenceAuthority() as authority:
        authority.add_person("1", "One", "1")
        row = authority._store.row("SELECT pin_memory, pin_passes, pin_lanes FROM people")
    assert tuple(row) == (19_456, 2, 1)


@pytest.mark.parametrize("cost", [(7, 1, 1), (8, 0, 1), (8, 1, 0), (15, 1, 2)])
def test_a_cost_that_cannot_be_paid(cost: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="8 KiB of memory for each lane"):
        PinCost(*cost)
