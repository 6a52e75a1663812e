"""Audits: every kind of change behind the authority's back is found and named, and nothing where there was none."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from lockproof.reference.auditing import FindingKind
from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.history import Head, as_json, digest_of
from lockproof.reference.pins import CHEAP
from lockproof.reference.tables import tables
from lockproof.spec.observable import Role

KINDS = FindingKind


@pytest.fixture
def full(town, entry_of) -> Any:
    """A town with rows in every table, and some of them changed later."""
    code = town.code()
    grant, other = town.grant().reference, town.grant().reference
    town.authority.revoke(other, town.joe, town.now)
    town.authority.revocation_delivered(other, town.now + 1)
    town.receive(entry_of(1, code.code), entry_of(2, grant), entry_of(5, replace(code.code, index=5)))
    town.code(by=town.sue, pin="x")
    town.authority.set_owners(town.box, (town.max,))
    town.authority.assign(town.box, "elm", town.now + 2)
    town.authority.set_barred((Role.INSPECTOR,))
    town.authority.close_account(town.email, town.now + 3)
    town.authority.register_account("bob@example.org", town.now + 4)
    return town


def behind(authority: ReferenceAuthority, *statements: str | tuple[str, Any]) -> None:
    """What somebody does to the file who stops at nothing, and leaves no trigger missing."""
    connection = authority._store._connection
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(*(statement if isinstance(statement, tuple) else (statement,)))
    for _, made in triggers:
        connection.execute(made)


def found(authority: ReferenceAuthority, noted: Head | None = None) -> list[tuple[FindingKind, str]]:
    return [(finding.kind, finding.where) for finding in authority.audit(noted).findings]


def where(row: sqlite3.Row, table: str) -> str:
    told = [row[column] for column in tables()[table].key]
    return " ".join((table, *(value.hex() if isinstance(value, bytes) else str(value) for value in told)))


# Nothing is found


def test_nothing_is_found_where_nothing_was_done(full, make_town, tmp_path) -> None:
    audit = full.authority.audit()
    assert (audit.clean, audit.findings, audit.head) == (True, (), full.authority.head())
    assert ReferenceAuthority(pin_cost=CHEAP).audit().clean
    on_disk = make_town(path=tmp_path / "authority.sqlite").authority
    assert on_disk.audit(on_disk.head()).clean


def test_every_head_that_was_noted_is_still_there(full) -> None:
    for record in full.authority.history():
        assert found(full.authority, Head(record.number, record.digest)) == []


# Rows

OTHER = {
    "TEXT": lambda value: "x" if value is None else value + "x",
    "INTEGER": lambda value: 1 if value is None else 1 - value if value in {0, 1} else value + 1,
    "BLOB": lambda value: b"x" if value is None else value[:-1] + bytes([value[-1] ^ 1]),
}
COLUMNS = [(table.name, column) for table in tables().values() for column in table.columns]


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_every_value_that_is_changed_is_found(full, table: str, column: str) -> None:
    store, key = full.authority._store, tables()[table].key
    row = store.rows(f"SELECT * FROM {table}")[-1]
    value = OTHER[tables()[table].columns[column]](row[column])
    condition = " AND ".join(f"{name} = ?" for name in key)
    behind(full.authority, (f"UPDATE {table} SET {column} = ? WHERE {condition}", (value, *(row[name] for name in key))))
    kinds = found(full.authority)
    if (table, column) == ("boxes", "secret"):  # under which the digits of its codes are told
        assert kinds.pop()[1].startswith("codes code-")
    if column in key:
        changed = replace_column(row, column, value)
        assert kinds[0] == (KINDS.ROW_ADDED, where(changed, table))
        assert kinds[-1] == (KINDS.ROW_MISSING, where(row, table))
        if table != "boxes":  # the codes of another box are told under another secret
            assert len(kinds) == 2
    else:
        assert set(kinds) == {(KINDS.ROW_CHANGED, where(row, table))}  # of a code's box, that its digits are another's too
        assert f"{column} is " in full.authority.audit().findings[0].message


def replace_column(row: sqlite3.Row, column: str, value: Any) -> Any:
    return dict(row) | {column: value}


@pytest.mark.parametrize("table", tables())
def test_every_row_that_is_gone_is_found(full, table: str) -> None:
    rows = full.authority._store.rows(f"SELECT * FROM {table}")
    behind(full.authority, f"DELETE FROM {table}")
    kinds = [kind for kind in found(full.authority) if kind[0] is KINDS.ROW_MISSING]
    assert sorted(kinds) == sorted((KINDS.ROW_MISSING, where(row, table)) for row in rows)


@pytest.mark.parametrize("table", tables())
def test_every_row_that_is_added_is_found(full, table: str) -> None:
    row = dict(full.authority._store.rows(f"SELECT * FROM {table}")[-1])
    for column in tables()[table].columns:  # a row that is in nobody's way
        if column in tables()[table].key or column in {"secret", "day_index", "number", "ended"}:
            row[column] = OTHER[tables()[table].columns[column]](row[column])
    behind(full.authority, (f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", tuple(row.values())))
    assert found(full.authority) == [(KINDS.ROW_ADDED, where(row, table))]


def test_what_is_found_of_a_row_says_which_record_told_of_it(full) -> None:
    behind(full.authority, "UPDATE lines SET detail = 'SentriConnect eve@example.org' WHERE line = 2")
    (finding,) = full.authority.audit().findings
    assert str(finding) == (
        'lines 2: detail is "SentriConnect eve@example.org", and "SentriConnect ann@example.org" by the history; record 11 is the'
        " last that tells of this row"
    )


def test_two_rows_that_swap_their_places_are_found(full) -> None:
    behind(full.authority, *(f"UPDATE lines SET line = {new} WHERE line = {old}" for old, new in ((1, 99), (2, 1), (99, 2))))
    assert {place for _, place in found(full.authority)} == {"lines 1", "lines 2"}


def test_what_resembles_a_value_is_not_taken_for_it(full) -> None:
    """A text that reads as the bytes do, a number that reads as the text does."""
    grant = full.authority._store.row("SELECT * FROM grants")
    for table, column, value in (
        ("grants", "grant_id", grant["grant_id"].hex()),
        ("receipts", "grant_id", grant["grant_id"].hex()),
        ("boxes", "secret", full.secret.decode("latin-1")),
        ("people", "name", b"Joe Smith"),
        ("lines", "occurred", b"1"),
        ("grants", "window_end", 1e300),
    ):
        with ReferenceAuthority(pin_cost=CHEAP) as copied:
            full.authority._store._connection.backup(copied._store._connection)
            behind(
                copied,
                (
                    f"UPDATE {table} SET {column} = ? WHERE rowid = (SELECT max(rowid) FROM {table})"
                    if table != "receipts"
                    else f"UPDATE {table} SET {column} = ? WHERE grant_id NOT NULL",
                    (value,),
                ),
            )
            assert any(kind in {KINDS.ROW_CHANGED, KINDS.ROW_ADDED} and place.startswith(table) for kind, place in found(copied))


def test_a_text_that_is_none_is_found(full) -> None:
    behind(full.authority, "UPDATE people SET name = CAST(x'ff' AS TEXT) WHERE person = '123456'")
    assert found(full.authority) == [(KINDS.ROW_CHANGED, "people 123456")]


# Records


def records(authority: ReferenceAuthority) -> list[dict[str, Any]]:
    return [dict(row) for row in authority._store.rows("SELECT * FROM history ORDER BY number")]


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ("written = written + 1", [(KINDS.RECORD_CHANGED, "record 12")]),
        ("instant = instant + 1", [(KINDS.RECORD_CHANGED, "record 12")]),
        ("instant = NULL", [(KINDS.RECORD_CHANGED, "record 12")]),
        ("kind = 'grant'", [(KINDS.RECORD_CHANGED, "record 12")]),
        ("fields = replace(fields, '123456', '123457')", [(KINDS.RECORD_CHANGED, "record 12")]),
        ("fields = fields || ' '", [(KINDS.RECORD_CHANGED, "record 12")]),
        ("digest = zeroblob(32)", [(KINDS.RECORD_CHANGED, "record 12"), (KINDS.RECORD_CHANGED, "record 13")]),
        ("digest = 'x'", [(KINDS.RECORD_CHANGED, "record 12")] * 2 + [(KINDS.RECORD_CHANGED, "record 13")]),
    ],
)
def test_every_change_of_a_record_is_found(full, change: str, kinds: list[tuple[FindingKind, str]]) -> None:
    behind(full.authority, f"UPDATE history SET {change} WHERE number = 12")
    assert [each for each in found(full.authority) if each[1].startswith("record")] == kinds


def test_what_changed_in_a_record_shows_in_the_tables_too(full) -> None:
    behind(full.authority, "UPDATE history SET fields = replace(fields, 'Revoked', 'Granted') WHERE number = 13")
    assert found(full.authority) == [(KINDS.RECORD_CHANGED, "record 13"), (KINDS.ROW_CHANGED, "lines 4")]


@pytest.mark.parametrize("fields", ["{}", "[]", "x", "null", '{"asked":{},"answered":null,"changed":[["lines"]]}'])
def test_a_record_that_says_nothing_is_found(full, fields: str) -> None:
    behind(full.authority, ("UPDATE history SET fields = ? WHERE number = 3", (fields,)))
    assert found(full.authority)[:2] == [(KINDS.RECORD_CHANGED, "record 3")] * 2


@pytest.mark.parametrize(
    ("condition", "place"),
    [
        ("number = 1", "record 1"),
        ("number = 9", "record 9"),
        ("number BETWEEN 4 AND 7", "records 4 to 7"),
        ("number = 21", "record 21"),
    ],
)
def test_records_that_were_taken_out_are_found(full, condition: str, place: str) -> None:
    assert full.authority.head().number == 21
    behind(full.authority, f"DELETE FROM history WHERE {condition}")
    assert (KINDS.RECORD_MISSING, place) in found(full.authority)


def test_a_whole_history_that_was_taken_out_is_found(full) -> None:
    behind(full.authority, "DELETE FROM history")
    kinds = found(full.authority)
    assert kinds[0] == (KINDS.RECORD_MISSING, "records 1 to 21")
    assert kinds[1][0] is KINDS.ROW_ADDED


def test_the_last_record_that_was_taken_out_with_its_rows_is_found(full) -> None:
    behind(full.authority, "DELETE FROM history WHERE number = 21", "DELETE FROM accounts WHERE email = 'bob@example.org'")
    assert found(full.authority) == [(KINDS.RECORD_MISSING, "record 21")]


def forget_the_last(authority: ReferenceAuthority) -> None:
    behind(
        authority,
        "DELETE FROM history WHERE number = 21",
        "DELETE FROM accounts WHERE email = 'bob@example.org'",
        "UPDATE sqlite_sequence SET seq = 20 WHERE name = 'history'",
    )


def test_what_the_file_itself_forgot_is_found_by_the_head_that_was_noted(full) -> None:
    head = full.authority.head()
    forget_the_last(full.authority)
    assert found(full.authority) == []  # nothing in the file is left of it
    assert found(full.authority, head) == [(KINDS.NOT_AS_NOTED, "record 21")]
    full.authority.register_account("eve@example.org", full.now)  # another record takes its place
    assert found(full.authority) == []
    assert found(full.authority, head) == [(KINDS.NOT_AS_NOTED, "record 21")]


def test_a_count_that_was_changed_is_found(full) -> None:
    for count, place in ((20, "sqlite_sequence"), (23, "records 22 to 23")):
        behind(full.authority, f"UPDATE sqlite_sequence SET seq = {count} WHERE name = 'history'")
        assert found(full.authority) == [(KINDS.RECORD_MISSING, place)]
    behind(full.authority, "UPDATE sqlite_sequence SET seq = 'x' WHERE name = 'history'")
    assert found(full.authority) == [(KINDS.RECORD_MISSING, "sqlite_sequence")]
    behind(full.authority, "UPDATE sqlite_sequence SET seq = 21", "INSERT INTO sqlite_sequence VALUES ('history', 3)")
    assert found(full.authority) == [(KINDS.RECORD_MISSING, "sqlite_sequence")]
    behind(full.authority, "DELETE FROM sqlite_sequence")
    assert found(full.authority) == [(KINDS.RECORD_MISSING, "sqlite_sequence")]


def test_two_records_that_swap_their_places_are_found(full) -> None:
    one, other = records(full.authority)[10], records(full.authority)[12]
    swapped = [
        (
            "UPDATE history SET written = ?, instant = ?, kind = ?, digest = ?, fields = ? WHERE number = ?",
            (*tuple(of.values())[1:], at),
        )
        for of, at in ((one, other["number"]), (other, one["number"]))
    ]
    behind(full.authority, *swapped)
    kinds = found(full.authority)
    assert [(KINDS.RECORD_CHANGED, f"record {number}") for number in (11, 12, 13, 14)] == [
        each for each in kinds if each[0] is KINDS.RECORD_CHANGED
    ]


def test_a_record_that_was_put_in_is_found(full) -> None:
    values = (21, 1, None, "x", bytes(32), '{"answered":null,"asked":{},"changed":[]}')
    behind(
        full.authority,
        "UPDATE history SET number = 22 WHERE number = 21",
        ("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?)", values),
    )
    assert found(full.authority)[:2] == [(KINDS.RECORD_CHANGED, "record 21"), (KINDS.RECORD_CHANGED, "record 22")]


def told_anew(authority: ReferenceAuthority, change: Callable[[dict[str, Any]], None]) -> None:
    """Another story from some record on, with its chain, as somebody would write it who knows all of this."""
    before, statements = b"", []
    for row in records(authority):
        fields = json.loads(row["fields"])
        change(fields)
        text = as_json(fields)
        before = digest_of(before, row["number"], row["written"], row["instant"], row["kind"], text)
        statements.append(("UPDATE history SET digest = ?, fields = ? WHERE number = ?", (before, text, row["number"])))
    behind(authority, *statements)


def test_a_story_told_anew_does_not_fit_the_tables(full) -> None:
    def without_a_line(fields: dict[str, Any]) -> None:
        fields["changed"] = [change for change in fields["changed"] if change[:2] != ["lines", [2]]]

    told_anew(full.authority, without_a_line)
    assert found(full.authority) == [(KINDS.ROW_ADDED, "lines 2")]


def test_a_story_told_anew_with_its_tables_is_found_by_any_later_head_that_was_noted(full) -> None:
    noted = [Head(record.number, record.digest) for record in full.authority.history()]

    def of_sue(fields: dict[str, Any]) -> None:
        if fields["asked"].get("date"):
            fields["asked"]["by"] = full.sue

    told_anew(full.authority, of_sue)
    first = 10  # that asked for a code
    assert found(full.authority) == []
    for head in noted:
        assert found(full.authority, head) == ([(KINDS.NOT_AS_NOTED, f"record {head.number}")] if head.number >= first else [])


# The file


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("DROP TRIGGER codes_stay", "trigger codes_stay"),
        ("DROP INDEX one_assignment_at_a_time", "index one_assignment_at_a_time"),
        ("CREATE TABLE notes (note)", "table notes"),
        ("CREATE TRIGGER sqlitexextra AFTER INSERT ON lines BEGIN DELETE FROM lines; END", "trigger sqlitexextra"),
        ("CREATE TRIGGER extra AFTER INSERT ON lines BEGIN DELETE FROM lines; END", "trigger extra"),
        ("ALTER TABLE offices ADD COLUMN extra TEXT", "table offices"),
        ("DROP TABLE notifications", "table notifications"),
    ],
)
def test_what_the_file_is_made_of_is_compared(full, statement: str, place: str) -> None:
    full.authority._store.write("PRAGMA foreign_keys = OFF")
    full.authority._store.write(statement)
    assert (KINDS.SCHEMA_CHANGED, place) in found(full.authority)


def test_a_trigger_that_holds_nothing_off_is_found(full) -> None:
    full.authority._store.write("DROP TRIGGER codes_stay")
    full.authority._store.write("CREATE TRIGGER codes_stay BEFORE UPDATE ON codes BEGIN SELECT 1; END")
    (finding,) = full.authority.audit().findings
    assert str(finding).startswith(
        "trigger codes_stay: is 'CREATE TRIGGER codes_stay BEFORE UPDATE ON codes BEGIN SELECT 1; END'"
    )


def test_comments_of_the_schema_may_change(full) -> None:
    full.authority._store.write("DROP TRIGGER codes_stay")
    full.authority._store.write(
        "CREATE TRIGGER codes_stay BEFORE UPDATE ON codes -- as before\n"
        "    BEGIN SELECT RAISE(ABORT, 'a code that was issued never changes'); END"
    )
    assert full.authority.audit().clean


@pytest.mark.parametrize("table", [*tables(), "history"])
def test_a_table_that_is_gone_is_found(full, table: str) -> None:
    full.authority._store.write("PRAGMA foreign_keys = OFF")
    full.authority._store.write(f"DROP TABLE {table}")
    kinds = found(full.authority)
    assert (KINDS.SCHEMA_CHANGED, f"table {table}") in kinds
    assert all(kind is KINDS.SCHEMA_CHANGED or (table == "boxes" and place.startswith("codes")) for kind, place in kinds)


def test_an_index_that_does_not_fit_its_table_is_found(make_town, tmp_path) -> None:
    path = tmp_path / "authority.sqlite"
    town = make_town(path=path)
    town.grant()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA writable_schema = ON")
    other.execute("UPDATE sqlite_master SET sql = replace(sql, '(box)', '(email)') WHERE name = 'grants_of_a_box'")
    other.close()
    kinds = {finding.kind for finding in town.authority.audit().findings}
    assert KINDS.FILE_DAMAGED in kinds
    assert KINDS.SCHEMA_CHANGED in kinds


def test_others_write_while_an_audit_looks(make_town, tmp_path, monkeypatch) -> None:
    path = tmp_path / "authority.sqlite"
    town, other = make_town(path=path), make_town(settled=False, path=path)
    taken = town.authority._store.copy
    monkeypatch.setattr(town.authority._store, "copy", lambda: (taken(), other.code())[0])
    assert town.authority.audit().head.number == 9
    monkeypatch.undo()
    assert town.authority.audit().head.number == 10
