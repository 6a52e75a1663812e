"""What holds of a file whoever writes to it: each invariant broken alone, and named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from lockproof.reference import authority as authorities
from lockproof.reference import invariants
from lockproof.spec.vocabulary import Outcome


@pytest.fixture
def lived(town, entry_of) -> Any:
    """A town in which everything has happened once."""
    town.issued, town.granted, town.ended = town.code(), town.grant().reference, town.grant().reference
    town.ticket(town.granted)
    town.authority.revoke(town.ended, town.joe, town.now)
    town.receive(entry_of(1, town.issued.code), entry_of(2, town.granted), entry_of(3, None), entry_of(4, None, accepted=False))
    town.receive(entry_of(5, "00" * 16), entry_of(1, town.granted))
    town.moved = town.grant().reference
    town.authority.assign(town.box, "elm", town.now)
    town.authority.assign(town.box, "main", town.now)
    town.granted = town.grant().reference
    return town


def broken(town: Any) -> list[str]:
    """The beginnings of those that are broken."""
    return [name.split(" (")[0] for name in invariants.broken(town.authority._store)]


def by_hand(town: Any, *statements: str) -> None:
    store = town.authority._store
    for name in store.column("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        store.write(f"DROP TRIGGER {name}")
    store.write("PRAGMA foreign_keys = OFF")
    for statement in statements:
        store.write(statement)


def test_all_hold_of_what_the_authority_made(lived) -> None:
    assert broken(lived) == []
    assert len(invariants.INVARIANTS) == 12


ANOTHER_CODE = """
    INSERT INTO codes SELECT 'c{0}', box, property, generated_by, generated, date, day_start, day_end, {0}, zone, tzdata, digits, name,
    role, seller_permission FROM codes LIMIT 1
"""
ITS_LINE = """
    INSERT INTO lines SELECT 100 + {}, occurred, received, local_time, kind, detail, location, grantor, grantor_id, NULL, NULL, NULL, about
    FROM lines WHERE kind = '1 Day Code Generated' LIMIT 1
"""
WITHOUT_ITS_KEY = ("CREATE TABLE others AS SELECT * FROM codes", "DROP TABLE codes", "ALTER TABLE others RENAME TO codes")


@pytest.mark.parametrize(
    ("name", "statements"),
    [
        ("a code's index is issued once", (*WITHOUT_ITS_KEY, ANOTHER_CODE.format(0), ITS_LINE.format(0))),
        (
            "at most eight codes a day",
            [statement.format(index) for index in range(1, 9) for statement in (ANOTHER_CODE, ITS_LINE)],
        ),
        (
            "a box is at one place, where it was put last",
            ("DROP INDEX one_assignment_at_a_time", "UPDATE assignments SET ended = NULL WHERE assignment = 1"),
        ),
        ("an opening with a grant is notified once, and nothing else is", ("DELETE FROM notifications WHERE number = 2",)),
        (
            "an opening with a grant is notified once, and nothing else is",
            ("INSERT INTO notifications SELECT box, epoch, 1, grant_id, occurred, received FROM notifications LIMIT 1",),
        ),
        ("an opening is reported once or is an alert, and nothing else is", ("DELETE FROM lines WHERE number = 1",)),
        ("an opening is reported once or is an alert, and nothing else is", ("DELETE FROM lines WHERE number = 2",)),
        ("an opening is reported once or is an alert, and nothing else is", ("DELETE FROM unissued_uses",)),
        ("an opening is reported once or is an alert, and nothing else is", ("UPDATE lines SET number = 4 WHERE number = 2",)),
        (
            "an opening is reported once or is an alert, and nothing else is",
            ("INSERT INTO unissued_uses SELECT box, epoch, 1, received FROM unissued_uses",),
        ),
        *(
            ("whatever is issued or revoked is reported once", (f"DELETE FROM lines WHERE kind = '{kind}'",))
            for kind in ("SentriConnect Access Granted", "1 Day Code Generated", "SentriConnect Access Revoked")
        ),
        ("nothing is issued to whom it is never issued", ("UPDATE grants SET role = 'inspector'",)),
        ("nothing is issued to whom it is never issued", ("UPDATE codes SET role = 'consumer'",)),
    ],
)
def test_what_is_wrong_in_the_tables_is_named(lived, name: str, statements: tuple[str, ...]) -> None:
    by_hand(lived, *statements)
    assert broken(lived) == [name]


# What is wrong in the history: authorities that decide otherwise


@pytest.mark.parametrize(
    "ask",
    [
        lambda town: town.grant(by=town.max),
        lambda town: town.code(by=town.max),
        lambda town: town.authority.revoke(town.granted, town.max, town.now),
    ],
)
def test_who_is_no_grantor_is_named(lived, monkeypatch, ask: Any) -> None:
    assert not ask(lived).accepted
    assert broken(lived) == []
    monkeypatch.setattr(lived.authority._registry, "is_grantor", lambda *_: True)
    assert ask(lived).accepted
    assert broken(lived) == ["grantors alone grant, generate and revoke"]


@pytest.mark.parametrize("whose", ["ended", "moved", "another's", "nobody's", "closed"])
def test_a_ticket_for_what_is_ended_or_for_another_is_named(lived, monkeypatch, whose: str) -> None:
    lived.authority.register_account("bob@example.org", lived.now)
    if whose == "closed":
        lived.authority.close_account(lived.email, lived.now)
    monkeypatch.setattr(authorities.model, "issue_ticket", lambda grant, **_: (grant, Outcome(True)))
    grant = {"ended": lived.ended, "moved": lived.moved}.get(whose, lived.granted)
    account = {"another's": "bob@example.org", "nobody's": "none@example.org"}.get(whose, lived.email)
    assert broken(lived) == []
    assert lived.ticket(grant, account).accepted
    assert broken(lived) == ["tickets are for grants in force, and for their accounts"]


def test_a_used_index_that_is_issued_is_named(lived, entry_of, monkeypatch) -> None:
    code = replace(lived.issued.code, index=1)
    lived.receive(entry_of(7, code))
    monkeypatch.setattr(authorities, "_TAKEN", "SELECT day_index FROM codes WHERE box = ?1 AND day_start = ?2 AND day_end = ?3")
    assert lived.code().code == code
    assert broken(lived) == ["an index that was used is never issued"]


def test_a_grant_that_a_move_did_not_end_is_named(lived, monkeypatch) -> None:
    unassign = lived.authority._registry.unassign
    monkeypatch.setattr(lived.authority, "_move_away", unassign)
    lived.authority.assign(lived.box, "elm", lived.now)
    assert broken(lived) == ["a grant whose box has moved is ended"]
    lived.authority.assign(lived.box, "main", lived.now)
    assert broken(lived) == ["a grant whose box has moved is ended"]  # also when the box is there again


@pytest.mark.parametrize("change", [{"revoked": False}, {"ended_at": 7}])
def test_a_grant_that_comes_to_life_again_is_named(lived, change: dict[str, Any]) -> None:
    grant = bytes.fromhex(lived.ended)
    by_hand(lived)
    with lived.authority._store.request("revoke", {}):
        lived.authority._store.change("grants", grant, **change)
    assert "a grant that is ended stays ended, and as it ended" in broken(lived)
