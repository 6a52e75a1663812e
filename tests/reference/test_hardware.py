"""The box's store: what it refuses and leaves alone, what it keeps, and what it says about what it can't read."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lockproof.reference.box import LOG_CAPACITY, ReferenceBox
from lockproof.reference.hardware import PowerLost, Store, StoreError, whole
from lockproof.spec.observable import CutClass, PowerCut, Provisioning, ZoneTable

ZONE = ZoneTable(((0, -18_000), (1_000_000, -14_400)), 2_000_000_000)
NAME_ANOTHER = "name a file that a box made, or a new one"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "box.db"


@pytest.fixture
def kept(path: Path) -> Path:
    """The store of a provisioned box that has a refusal in its log."""
    box = ReferenceBox(path)
    box.provision(Provisioning(bytes(range(16)), bytes(range(32)), ZONE))
    assert not box.enter("12345678").accepted
    box.store.close()
    return path


def refusal(path: Path) -> str:
    with pytest.raises(StoreError) as told:
        ReferenceBox(path)
    return str(told.value)


def set_cell(path: Path, name: str, value: str) -> None:
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("INSERT OR REPLACE INTO cell VALUES (?, ?)", (name, value))


def cell(path: Path, name: str) -> Any:
    with closing(sqlite3.connect(path)) as file:
        return json.loads(file.execute("SELECT value FROM cell WHERE name = ?", (name,)).fetchone()[0])


# What is not ours


@pytest.mark.parametrize(
    "content", [b"\n", b"x", bytes(600), b"my diary, " * 1000, b"SQLite format 3\0", b"SQLite format 3\0" + b"x" * 9000]
)
def test_a_file_that_is_no_database_is_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    told = refusal(path)
    assert told.startswith(f"{path}: no store for a box: ")
    assert told.endswith(NAME_ANOTHER)
    assert path.read_bytes() == content


@given(content=st.binary(min_size=1, max_size=2000))
def test_no_byte_of_any_other_file_is_lost(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(content)
    refusal(path)
    assert path.read_bytes() == content


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    ReferenceBox(path).store.close()
    assert path.stat().st_size > 0


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("CREATE TABLE diary (entry TEXT)", "an SQLite file of another program, left as it is; "),
        ("PRAGMA application_id = 7", "an SQLite file of another program, left as it is; "),
        (
            f"PRAGMA application_id = {Store.APPLICATION}; CREATE TABLE cell (key TEXT, value BLOB)",
            "its tables are not those that a box makes; it was left as it is; ",
        ),
        (
            f"PRAGMA application_id = {Store.APPLICATION}; CREATE TABLE diary (entry TEXT)",
            "its tables are not those that a box makes; it was left as it is; ",
        ),
    ],
)
def test_the_database_of_another_program_is_left_as_it_is(path: Path, script: str, message: str) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.executescript(script)
    before = path.read_bytes()
    assert refusal(path) == f"{path}: {message}{NAME_ANOTHER}"
    assert path.read_bytes() == before


def test_tables_that_another_program_changed(kept: Path) -> None:
    with closing(sqlite3.connect(kept)) as file:
        file.execute("ALTER TABLE log ADD COLUMN remark TEXT")
    assert "its tables are not those that a box makes" in refusal(kept)


# Places


def test_a_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path}: a folder; name a file in it, such as {tmp_path / 'box.db'}"


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "no" / "box.db"
    assert refusal(path) == f"{path}: there is no folder {path.parent}; make it, or name a file elsewhere"


def test_a_pipe(path: Path) -> None:
    os.mkfifo(path)
    assert refusal(path) == f"{path}: a device or a pipe, not a file; {NAME_ANOTHER}"


@pytest.mark.usefixtures("as_nobody")
def test_a_file_and_a_folder_that_may_only_be_read() -> None:
    with tempfile.TemporaryDirectory() as made:
        path = Path(made) / "box.db"
        ReferenceBox(path).store.close()
        before = path.read_bytes()
        path.chmod(0o400)
        assert refusal(path) == f"{path}: the file may not be read and written to; change its rights, or name a file elsewhere"
        path.chmod(0o600)
        Path(made).chmod(0o500)
        for each in (path, Path(made) / "new.db"):
            told = refusal(each)
            assert told == f"{each}: its folder may not be read and written to; change its rights, or name a file elsewhere"
        Path(made).chmod(0o700)
        assert path.read_bytes() == before


# Damage


def test_a_store_that_is_whole_is_read_as_it_was_written(kept: Path) -> None:
    box = ReferenceBox(kept)
    assert box.box_id == bytes(range(16))
    assert box.days.zones == [(ZONE, None)]
    assert len(box.read_log(1).entries) == 1
    assert box.store.writes == cell(kept, "writes")
    box.store.close()


@pytest.mark.parametrize("name", ["writes", "box id", "secret", "epoch", "first uses", "heard", "state", "zones"])
@pytest.mark.parametrize(
    "value", ["", "{", "nonsense", '"no"', "true", "[[1]]", '[["x", 2, 3, 4]]', "[null]", "1.5", "1" * 30, "[" * 100_000]
)
def test_a_cell_that_is_damaged(kept: Path, name: str, value: str) -> None:
    set_cell(kept, name, value)
    before = kept.read_bytes()
    told = refusal(kept)
    what = {"writes": "count of writes"}.get(name, name)
    assert told.startswith(f"{kept}: the {what} of the box that is kept there can't be read: ")
    assert told.endswith(f"; put a copy back in its place, or {NAME_ANOTHER}")
    assert "\n" not in told
    assert kept.read_bytes() == before


@pytest.mark.parametrize("field", ["clock", "time_known", "next_entry", "refusals_written"])
def test_a_field_of_the_state_that_is_missing(kept: Path, field: str) -> None:
    state = cell(kept, "state")
    del state[field]
    set_cell(kept, "state", json.dumps(state))
    assert f"can't be read: missing or unknown: {field}; " in refusal(kept)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("clock", "noon", "'noon' stands where a whole number belongs"),
        ("mark", True, "True stands where a whole number belongs"),
        ("time_known", 1, "time_known is neither true nor false"),
        ("next_entry", 2**63, f"{2**63} stands where a whole number belongs"),
    ],
)
def test_a_field_of_the_state_of_the_wrong_kind(kept: Path, field: str, value: object, why: str) -> None:
    set_cell(kept, "state", json.dumps(cell(kept, "state") | {field: value}))
    assert f"the state of the box that is kept there can't be read: {why}; " in refusal(kept)


@pytest.mark.parametrize(("name", "value"), [("box id", '"00"'), ("secret", '""'), ("box id", '""')])
def test_an_identity_of_the_wrong_length(kept: Path, name: str, value: str) -> None:
    set_cell(kept, name, value)
    assert "the identity and secret of the box that is kept there can't be read: a box has an id of 16 bytes" in refusal(kept)


@pytest.mark.parametrize(
    "entry",
    [
        "{",
        "[]",
        '["code", false, 1, null, null]',
        '["diary", false, 1, null, null, 0]',
        '["code", 0, 1, null, null, 0]',
        '["code", false, "noon", null, null, 0]',
        '["code", false, 1, "xyz", null, 0]',
        '["code", false, 1, [1, 2], null, 0]',
        '["code", false, 1, null, 7, 0]',
        '["code", false, 1, null, null, null]',
    ],
)
def test_a_log_entry_that_is_damaged(kept: Path, entry: str) -> None:
    with closing(sqlite3.connect(kept)) as file, file:
        file.execute("UPDATE log SET entry = ?", (entry,))
    assert f"{kept}: the log of the box that is kept there can't be read: " in refusal(kept)


def test_text_that_is_no_text_is_not_quoted(kept: Path) -> None:
    with closing(sqlite3.connect(kept)) as file, file:
        file.execute("UPDATE cell SET value = CAST(x'0a22ff' || value AS TEXT) WHERE name = 'secret'")
    told = refusal(kept)
    assert told == f"{kept}: no store for a box: Could not decode to UTF-8 column 'value'; {NAME_ANOTHER}"
    assert bytes(range(32)).hex() not in told


def test_a_table_whose_name_is_no_text(kept: Path) -> None:
    content = kept.read_bytes()
    assert content.count(b"CREATE TABLE log") == 1
    kept.write_bytes(content.replace(b"CREATE TABLE log", b"CREATE TABLE \x80og"))
    assert refusal(kept).startswith(f"{kept}: no store for a box: ")


@settings(max_examples=500, deadline=None)
@given(at=st.integers(0, 50_000), to=st.binary(min_size=1, max_size=64))
def test_no_damage_to_the_file_comes_out_as_anything_else(tmp_path_factory: pytest.TempPathFactory, at: int, to: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "box.db"
    ReferenceBox(path).store.close()
    whole_file = path.read_bytes()
    at %= len(whole_file)
    path.write_bytes(whole_file[:at] + to + whole_file[at + len(to) :])
    with suppress(StoreError):
        ReferenceBox(path).store.close()


@given(number=st.integers(-(2**63), 2**63 - 1))
def test_every_number_that_a_box_can_hold_is_whole(number: int) -> None:
    assert whole(number) == number


# Commits


def test_the_newest_entries_are_kept_when_the_log_is_full() -> None:
    store = Store(":memory:", 5)
    for number in range(1, 9):
        store.commit({}, [(number, f"entry {number}")])
    assert store.entries(0, 100) == [(number, f"entry {number}") for number in range(4, 9)]
    store.commit({}, [(9, "entry 9"), (10, "entry 10")])
    assert [number for number, _ in store.entries(0, 100)] == [6, 7, 8, 9, 10]
    store.close()


def test_a_log_that_is_just_full_loses_nothing() -> None:
    store = Store(":memory:", 5)
    store.commit({}, [(number, number) for number in range(1, 6)])
    assert [number for number, _ in store.entries(0, 100)] == [1, 2, 3, 4, 5]
    store.close()


def test_an_entry_that_is_written_again_takes_no_other_ones_place() -> None:
    store = Store(":memory:", 5)
    store.commit({}, [(number, number) for number in range(1, 6)])
    store.commit({}, [(5, "again")])
    assert store.entries(0, 100) == [(1, 1), (2, 2), (3, 3), (4, 4), (5, "again")]
    store.close()


def test_an_armed_cut_takes_the_whole_write(path: Path) -> None:
    store = Store(path, LOG_CAPACITY)
    store.arm(2)
    store.commit({"name": "first"}, [(1, "first")])
    with pytest.raises(PowerLost):
        store.commit({"name": "second"}, [(2, "second")])
    assert (store.cell("name", None), store.entries(0, 9), store.writes) == ("first", [(1, "first")], 1)
    store.commit({"name": "third"})
    assert (store.cell("name", None), store.writes) == ("third", 2)
    store.close()
    again = Store(path, LOG_CAPACITY)
    assert (again.cell("name", None), again.writes) == ("third", 2)
    again.close()


def test_a_write_that_fails_is_told_and_kept_nothing(kept: Path) -> None:
    box = ReferenceBox(kept)
    box.store._db.execute("PRAGMA max_page_count = 1")
    with pytest.raises(StoreError, match=r"nothing could be written to it: database or disk is full; make room"):
        box.store.commit({"name": "x" * 100_000})
    assert (box.store.cell("name", None), box.store.writes) == (None, cell(kept, "writes"))
    box.store.commit({"name": "x"})
    assert box.store.cell("name", None) == "x"
    box.store.close()


def test_a_box_wakes_from_a_cut_inside_a_write(kept: Path) -> None:
    box = ReferenceBox(kept)
    box.cut_power(PowerCut(CutClass.NTH_WRITE, 5, 1))
    with pytest.raises(PowerLost):
        box.provision(Provisioning(bytes(16), bytes(32), ZONE))
    assert box.box_id == bytes(range(16))
    box.store.close()
