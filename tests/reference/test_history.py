"""The history: one record for every request that was answered, whatever it was, and no secret in any of them."""

from __future__ import annotations

import ast
import hashlib
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lockproof.reference import store as stores
from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.fields import FieldError, UnknownName
from lockproof.reference.history import NO_HEAD, Change, Head
from lockproof.reference.store import StoreError
from lockproof.reference.tables import tables
from lockproof.spec.observable import Authority, Role
from lockproof.spec.profile import HOUR

ROOM = Path(stores.__file__).parent
NOT_ASKED_OF_PEOPLE = {"close", "history", "head", "audit"}


def last(authority: ReferenceAuthority) -> Any:
    return list(authority.history())[-1]


def everything(authority: ReferenceAuthority) -> list[str]:
    return list(authority._store._connection.iterdump())


# What leaves a record

CHANGES: dict[str, Callable[[Any], Any]] = {
    "add_person": lambda town: town.authority.add_person("1", "One", "4712", "New & Co"),
    "set_pin": lambda town: town.authority.set_pin(town.joe, town.pin, "4713", town.now),
    "add_property": lambda town: town.authority.add_property("oak", "1 Oak Lane", "Europe/Berlin", town.joe),
    "add_box": lambda town: town.authority.add_box(bytes(16), bytes(32), (town.olga,)),
    "set_owners": lambda town: town.authority.set_owners(town.box, (town.max,)),
    "set_agent": lambda town: town.authority.set_agent("main", town.sue),
    "set_barred": lambda town: town.authority.set_barred((Role.INSPECTOR,)),
    "assign": lambda town: town.authority.assign(town.box, "elm", town.now),
    "register_account": lambda town: town.authority.register_account("bob@example.org", town.now),
    "close_account": lambda town: town.authority.close_account(town.email, town.now),
    "grant_connect": lambda town: town.grant(),
    "issue_ticket": lambda town: town.ticket(town.granted),
    "revoke": lambda town: town.authority.revoke(town.granted, town.joe, town.now),
    "revocation_delivered": lambda town: town.authority.revocation_delivered(town.ended, town.now),
    "generate_code": lambda town: town.code(),
    "receive": lambda town: town.receive(),
}
CHANGES_NOTHING: dict[str, Callable[[Any], Any]] = {
    "which": lambda town: town.authority.which(Role.REALTOR),
    "provisioning": lambda town: town.authority.provisioning(town.box),
    "revocation_order": lambda town: town.authority.revocation_order(town.ended),
    "revocations": lambda town: town.authority.revocations(),
    "time_order": lambda town: town.authority.time_order(town.box, bytes(16), town.now),
    "share": lambda town: town.authority.share(town.issued.reference),
    "share_by_email": lambda town: town.authority.share_by_email(town.issued.reference, town.email),
    "report": lambda town: town.authority.report(),
    "notifications": lambda town: town.authority.notifications(),
    "alerts": lambda town: town.authority.alerts(),
}


@pytest.fixture
def lived(town) -> Any:
    """A town in which a grant and a code are out, and another grant is ended."""
    town.issued = town.code()
    town.granted, town.ended = town.grant().reference, town.grant().reference
    town.authority.revoke(town.ended, town.joe, town.now)
    return town


def test_every_request_is_known_to_change_something_or_nothing() -> None:
    public = {name for name in vars(ReferenceAuthority) if not name.startswith("_")}
    assert public == CHANGES.keys() | CHANGES_NOTHING.keys() | NOT_ASKED_OF_PEOPLE
    of_any = {name for name in vars(Authority) if not name.startswith("_")}
    assert of_any == (CHANGES.keys() | CHANGES_NOTHING.keys()) - {"provisioning", "set_pin"}


@pytest.mark.parametrize("name", CHANGES)
def test_a_request_that_may_change_something_leaves_one_record(lived, name: str) -> None:
    before = lived.authority.head()
    CHANGES[name](lived)
    record = last(lived.authority)
    assert (record.number, record.kind) == (before.number + 1, name)
    assert lived.authority.head() == Head(record.number, record.digest)
    assert lived.authority.audit().clean


@pytest.mark.parametrize("name", CHANGES_NOTHING)
def test_a_request_that_only_tells_changes_nothing(lived, name: str) -> None:
    before = everything(lived.authority)
    CHANGES_NOTHING[name](lived)
    assert everything(lived.authority) == before


def test_a_request_that_is_refused_leaves_a_record_too(town, entry_of) -> None:
    code = town.code()
    refused = [
        (lambda: town.grant(role=Role.CONSUMER), ["eligibility.consumer-never", "eligibility.connect-realtor"]),
        (lambda: town.code(pin="x"), ["code.pin"]),
        (lambda: town.authority.revoke(code.reference, town.joe, town.now), ["code.irrevocable"]),
        (lambda: town.authority.revoke(code.reference, town.max, town.now), ["code.irrevocable"]),
        (lambda: town.ticket(town.grant().reference, "bob@example.org"), ["connect.account"]),
    ]
    for ask, clauses in refused:
        ask()
        assert last(town.authority).answered == {"accepted": False, "clauses": clauses}
    town.receive(entry_of(1, None, accepted=False))
    count = town.authority.head().number
    town.receive(entry_of(1, None, accepted=False))  # once more: nothing changes, and that it came stands there
    assert (town.authority.head().number, last(town.authority).changed) == (count + 1, ())


def test_a_request_that_fails_leaves_none(town) -> None:
    before = everything(town.authority)
    for ask, error in (
        (lambda: town.authority.add_person(town.joe, "Again", "1"), FieldError),
        (lambda: town.authority.add_person("1", "One", ""), FieldError),
        (lambda: town.authority.revoke("00" * 16, town.joe, town.now), UnknownName),
        (lambda: town.authority.close_account("nobody@example.org", town.now), UnknownName),
        (lambda: town.grant(now=-1), FieldError),
        (lambda: town.code(date="tomorrow"), FieldError),
        (lambda: town.authority.set_owners(town.box, (town.joe, "nobody")), UnknownName),
    ):
        with pytest.raises(error):
            ask()
    assert everything(town.authority) == before


def test_rows_change_by_requests_only(town) -> None:
    with pytest.raises(AssertionError, match="offices: rows change by requests only"):
        town.authority._store.add("offices", office="x")
    for module in ("authority", "registry", "reporting"):
        calls = {
            node.attr for node in ast.walk(ast.parse((ROOM / f"{module}.py").read_text())) if isinstance(node, ast.Attribute)
        }
        assert not calls & {"write", "transaction", "execute", "_execute", "_connection"}


# What a record says


def test_a_record_says_what_was_asked_and_answered_and_what_changed(town, monkeypatch) -> None:
    monkeypatch.setattr("lockproof.reference.store.time.time", lambda: 1_800_000_000.9)
    code = town.code(by=town.sue)
    town.authority.revoke(code.reference, town.joe, town.now + 7)
    record = last(town.authority)
    assert (record.kind, record.instant, record.written) == ("revoke", town.now + 7, 1_800_000_000)
    assert record.asked == {"reference": code.reference, "by": town.joe, "now": town.now + 7}
    assert record.answered == {"accepted": False, "clauses": ["code.irrevocable"]}
    assert record.changed == (
        Change(
            "lines",
            [2],
            {
                "occurred": town.now + 7,
                "received": town.now + 7,
                "local_time": "2019-02-02 19:00:07",
                "kind": "1 Day Code Revocation Refused",
                "about": code.reference,
                "detail": "Agent Ann (appraiser)",
                "location": "123 Main Street",
                "grantor": "Joe Smith",
                "grantor_id": town.joe,
            },
        ),
    )


def test_a_request_that_names_no_instant_has_none(town) -> None:
    town.authority.set_agent("main", town.sue)
    record = last(town.authority)
    assert (record.instant, record.asked) == (None, {"prop": "main", "agent": town.sue})
    assert record.changed == (Change("properties", ["main"], {"agent": town.sue}),)


def test_only_bars_that_are_new_or_gone_change(town) -> None:
    town.authority.set_barred((Role.INSPECTOR, Role.CONTRACTOR, Role.INSPECTOR))
    town.authority.set_barred((Role.CONTRACTOR,))
    assert last(town.authority).changed == (Change("barred", ["inspector"], None),)
    assert town.authority.directory.barred() == ("contractor",)


def test_only_owners_that_are_new_or_gone_change(town) -> None:
    town.authority.set_owners(town.box, (town.olga, town.max, town.max))
    assert last(town.authority).changed == (Change("owners", [town.box.hex(), town.max], {}),)
    town.authority.set_owners(town.box, (town.max,))
    assert last(town.authority).changed == (Change("owners", [town.box.hex(), town.olga], None),)


def test_a_right_pin_changes_nothing_and_a_wrong_one_is_charged(town) -> None:
    town.code(pin="x")
    (change,) = last(town.authority).changed
    assert (change.table, change.key, change.values.keys()) == ("people", [town.joe], {"pin_arrival"})
    town.code(by=town.sue)
    assert [change.table for change in last(town.authority).changed] == ["codes", "lines"]


def test_digests_follow_from_each_other_as_anybody_can_compute(lived) -> None:
    chain = b""
    for row in lived.authority._store.rows("SELECT * FROM history ORDER BY number"):
        record = {name: row[name] for name in ("number", "written", "instant", "kind")} | {"fields": json.loads(row["fields"])}
        body = json.dumps(record, sort_keys=True, separators=(",", ":"))
        chain = hashlib.sha256(chain + body.encode()).digest()
        assert row["digest"] == chain
    assert lived.authority.head().digest == chain.hex()


def test_what_cannot_be_printed_is_kept_as_it_was_asked(town) -> None:
    assert not town.grant(email="\ud800@example.org").accepted
    assert last(town.authority).asked["email"] == "\ud800@example.org"
    assert town.authority.audit().clean
    with pytest.raises(StoreError, match=r"can't hold '\\ud800@example.org': it has half a character; leave that out"):
        town.ticket(town.grant().reference, "\ud800@example.org")


def test_no_secret_stands_in_the_history(lived, entry_of) -> None:
    lived.code(by=lived.sue, pin="secret wrong PIN")
    lived.authority.set_pin(lived.sue, "4711", "another secret PIN", lived.now)
    ticket = lived.ticket(lived.granted).message
    order = lived.authority.revocation_order(lived.ended)
    lived.receive(entry_of(1, lived.issued.code), entry_of(2, replace(lived.issued.code, index=7)))
    lived.authority.assign(lived.box, "elm", lived.now + HOUR)
    told = " ".join(lived.authority._store.column("SELECT fields FROM history"))
    people = lived.authority._store.rows("SELECT * FROM people")
    secrets = [
        '"4711"',
        "secret wrong PIN",
        "another secret PIN",
        lived.issued.digits,
        lived.secret.hex(),
        ticket.hex(),
        order.hex(),
        *(row[column].hex() for row in people for column in ("pin_salt", "pin_hash")),
    ]
    assert [secret for secret in secrets if secret in told] == []
    assert lived.issued.reference in told
    kept = "\n".join(everything(lived.authority)).lower()
    assert lived.issued.digits in kept
    assert lived.secret.hex() in kept


def test_digits_are_told_under_the_secret_of_their_box_alone(make_town) -> None:
    """They are few enough to be tried: what is told of equal digits is another thing at another box, and not their hash."""
    days = lambda *_: lambda code: f"{code.day_start // 86_400:07}{code.index}"  # noqa: E731  (the same at every box)
    one, other = (make_town(settled=False, generator=days) for _ in range(2))
    one.settle()
    other.secret = bytes(reversed(other.secret))
    other.settle()
    told = []
    for town in (one, other):
        assert town.code().digits == "00179300"
        told += [change.values["digits"] for change in last(town.authority).changed if change.table == "codes"]
    assert told[0] != told[1]
    assert hashlib.sha256(b"00179300").hexdigest() not in told


def test_the_history_is_read_in_pages_and_holds_nobody_up(make_town, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("lockproof.reference.store._PAGE", 4)
    town = make_town(path=tmp_path / "authority.sqlite")
    other = make_town(settled=False, path=tmp_path / "authority.sqlite")
    numbers = []
    for record in town.authority.history():
        if record.number <= 9:
            other.authority.register_account(f"a{record.number}@example.org", town.now)
        numbers.append(record.number)
    assert numbers == list(range(1, 19))


def test_a_record_that_is_none_is_told(town) -> None:
    store = town.authority._store
    for fields in ("{}", "[]", "null", "x", '{"asked":{},"answered":null,"changed":[["lines"]]}', "[" * 100_000):
        store.write("DROP TRIGGER IF EXISTS history_stays")
        store.write("UPDATE history SET fields = ? WHERE number = 3", fields)
        with pytest.raises(StoreError, match="record 3 of its history is none; audit it"):
            list(town.authority.history())


# Heads


def test_a_head_is_noted_as_text(town) -> None:
    head = town.authority.head()
    assert Head.of(f" {head}\n") == head
    assert str(head).startswith("9:")
    with ReferenceAuthority() as authority:
        assert authority.head() == authority.audit().head == NO_HEAD == Head.of(str(NO_HEAD))


@pytest.mark.parametrize(
    "text", ["", "9", ":", "9:abc", "x:" + "0" * 64, "9:" + "G" * 64, "9:" + "0" * 65, "-1:" + "0" * 64, "²:" + "0" * 64]
)
def test_what_is_no_head(text: str) -> None:
    with pytest.raises(FieldError, match=r"head: .* is none; give it as it was printed"):
        Head.of(text)


# What never changes

STAYS = {
    "offices": ["office = office"],
    "people": ["person = person"],
    "properties": ["property = property"],
    "boxes": ["secret = zeroblob(32)", "box = box"],
    "assignments": ["began = 1", "property = 'elm'", "box = box"],
    "zone_tables": ["zone = 'UTC'", "pairs = '[]'", "expiry = 1", "made = 1"],
    "accounts": ["email = email"],
    "grants": ["email = 'x'", "window_end = window_end + 1", "role = 'consumer'", "box = box"],
    "codes": ["digits = '00000000'", "name = 'x'", "day_end = day_end + 1"],
    "receipts": ["received = 1", "accepted = 0"],
    "lines": ["detail = 'x'", "local_time = ''"],
    "notifications": ["occurred = 1"],
    "unissued_uses": ["received = 1"],
    "history": ["fields = '{}'", "digest = zeroblob(32)", "written = 1", "number = number + 1"],
}


@pytest.fixture
def full(lived, entry_of) -> Any:
    """A town with a row in every table."""
    lived.receive(entry_of(1, lived.issued.code), entry_of(2, lived.granted), entry_of(3, replace(lived.issued.code, index=5)))
    lived.authority.revocation_delivered(lived.ended, lived.now + 1)
    lived.authority.set_barred((Role.INSPECTOR,))
    return lived


@pytest.mark.parametrize(("table", "change"), [(table, change) for table, changes in STAYS.items() for change in changes])
def test_what_stays_is_not_changed_by_mistake(full, table: str, change: str) -> None:
    with pytest.raises(StoreError, match=r"never changes|is another box"):
        full.authority._store.write(f"UPDATE {table} SET {change}")


def test_everything_is_kept_but_an_owners_privilege_and_a_bar(full) -> None:
    store = full.authority._store
    store.write("PRAGMA foreign_keys = OFF")
    for table in [*tables(), "history"]:
        assert store.column(f"SELECT count(*) FROM {table}")[0] > 0
        if table not in {"owners", "barred"}:
            with pytest.raises(StoreError, match="never deleted"):
                store.write(f"DELETE FROM {table}")
    store.write("DELETE FROM owners")
    assert not full.authority.audit().clean


@pytest.mark.parametrize(
    "change",
    [
        "revoked = 0",
        "ended_at = ended_at + 1",
        "delivered = delivered + 1",
        "delivered = NULL",
    ],
)
def test_a_grant_that_is_ended_stays_ended(full, change: str) -> None:
    with pytest.raises(StoreError, match="stays ended, and as it ended"):
        full.authority._store.write(f"UPDATE grants SET {change} WHERE grant_id = ?", bytes.fromhex(full.ended))


def test_a_grant_that_moved_stays_moved_and_an_assignment_ends_once(full) -> None:
    full.authority.assign(full.box, None, full.now + 5)
    store = full.authority._store
    with pytest.raises(StoreError, match="stays ended"):
        store.write("UPDATE grants SET moved = 0")
    with pytest.raises(StoreError, match="an assignment ends once"):
        store.write("UPDATE assignments SET ended = NULL")


def test_a_record_comes_after_the_last_and_replaces_none(town) -> None:
    town.code()
    values = "1, NULL, 'x', zeroblob(32), '{}'"
    for number in (3, 12, 0, -1):
        for verb in ("INSERT", "INSERT OR REPLACE"):
            with pytest.raises(StoreError, match="has the number after the last one"):
                town.authority._store.write(f"{verb} INTO history VALUES ({number}, {values})")


def test_another_program_is_held_off_too(make_town, tmp_path) -> None:
    make_town(path=tmp_path / "authority.sqlite").code()
    other = sqlite3.connect(tmp_path / "authority.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="a code that was issued never changes"):
        other.execute("UPDATE codes SET name = 'x'")
    other.close()
