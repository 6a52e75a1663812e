"""Two writers at one file, killed again and again: the small form of `benchmarks/two_writers.py`, and what it would notice."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.history import Head
from lockproof.reference.invariants import broken
from lockproof.reference.pins import CHEAP
from lockproof.reference.store import Store, StoreError

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "two_writers.py"
OPERATIONS = 120


@pytest.fixture(scope="module")
def two_writers() -> Any:
    spec = importlib.util.spec_from_file_location("two_writers", SCRIPT)
    assert spec
    assert spec.loader
    module = sys.modules["two_writers"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["two_writers"]


@pytest.fixture(scope="module")
def campaign(two_writers: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Any:
    campaign = two_writers.Campaign(tmp_path_factory.mktemp("campaign"), OPERATIONS, kills=8, seed="small")
    campaign.run()
    return campaign


def test_nothing_that_was_answered_is_lost_and_everything_holds(two_writers: ModuleType, campaign: Any) -> None:
    outcome = two_writers.looked_at(campaign.folder, campaign.heads, OPERATIONS)
    assert outcome.wrong == []
    assert campaign.killed >= 5
    assert len(campaign.heads) >= 1
    assert len(outcome.notes) == OPERATIONS
    assert OPERATIONS / 2 < outcome.written <= outcome.records
    assert {note["kind"] for note in outcome.notes} > {
        "grant_connect",
        "generate_code",
        "revoke",
        "receive",
        "issue_ticket",
        "assign",
    }


def test_everything_that_can_be_asked_is_asked(two_writers: ModuleType) -> None:
    drawing = two_writers.Drawing("all", 0)
    assert {drawing.draw(number)[0] for number in range(3000)} == two_writers._WEIGHTS.keys()
    public = {name for name in vars(ReferenceAuthority) if not name.startswith("_")}
    assert public - two_writers._WEIGHTS.keys() == {"close", "history", "head", "audit"}
    assert [drawing.draw(7), drawing.draw(7)] == [two_writers.Drawing("all", 0).draw(7)] * 2


@pytest.mark.parametrize("seed", ["one", "two", "three"])
def test_whatever_is_asked_for_the_file_is_as_its_history_says(two_writers: ModuleType, tmp_path: Path, seed: str) -> None:
    two_writers.settle(tmp_path / "authority.sqlite")
    drawing = two_writers.Drawing(seed, 0)
    with ReferenceAuthority(pin_cost=CHEAP) as authority, closing(Store(tmp_path / "authority.sqlite")) as settled:
        settled._connection.backup(authority._store._connection)
        for number in range(500):
            drawing.learn(two_writers.asked(authority, *drawing.draw(number)))
        assert authority.audit().findings == ()
        assert broken(authority._store) == ()
        assert len(authority.notifications()) > 5
        assert len(drawing.grants) > 20
        assert len(drawing.codes) > 5


def test_what_is_lost_is_noticed(two_writers: ModuleType, campaign: Any) -> None:
    store = Store(campaign.folder / "authority.sqlite")
    records = list(store.history())
    store.close()
    notes = [note for writer in range(2) for note in two_writers.Reading(two_writers.notes_of(campaign.folder, writer)).new()]
    assert two_writers.lost(notes, records) == []
    for number, record in enumerate(records):
        if record.kind == "issue_ticket":
            assert two_writers.lost(notes, records[:number] + records[number + 1 :])[0].startswith('lost: ["issue_ticket"')
    answered_otherwise = [
        replace(record, answered={"accepted": True}) if record.kind == "revoke" else record for record in records
    ]
    assert two_writers.lost(notes, answered_otherwise)[0].startswith('lost: ["revoke"')
    assert two_writers.lost([{"error": "StoreError: held", "kind": "revoke"}], records) == ["held up: StoreError: held"]


def test_what_an_audit_or_an_invariant_finds_is_noticed(two_writers: ModuleType, tmp_path: Path) -> None:
    campaign = two_writers.Campaign(tmp_path, 20, kills=0, seed="wrong")
    campaign.run()
    with ReferenceAuthority(tmp_path / "authority.sqlite", pin_cost=CHEAP) as authority:
        campaign.heads.append(authority.head())
        store = authority._store
        store.write("DROP TRIGGER assignments_stay_ended")
        store.write("DROP INDEX one_assignment_at_a_time")
        store.write("INSERT INTO assignments SELECT 99, box, property, began, NULL FROM assignments WHERE ended IS NULL LIMIT 1")
    wrong = two_writers.looked_at(tmp_path, campaign.heads, 20).wrong
    assert [each.split(":")[0] for each in wrong] == ["audit", "audit", "audit", "broken"]
    campaign.heads[0] = Head(campaign.heads[0].number, "0" * 64)
    wrong = two_writers.looked_at(tmp_path, campaign.heads, 21).wrong
    assert {"21 operations, and 20 notes", f"head {campaign.heads[0]} is gone"} <= set(wrong)


def test_what_a_kill_cut_short_is_no_note(two_writers: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_bytes(b'{"number":1}\n{"numb')
    reading = two_writers.Reading(path)
    assert reading.new() == [{"number": 1}]
    two_writers.Notes(path).add({"number": 2})
    assert [json.loads(line) for line in path.read_bytes().splitlines()] == [{"number": 1}, {"number": 2}]
    assert reading.new() == [{"number": 2}]


def test_who_is_held_up_is_held_up_for_as_long_as_was_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound, and one message for whatever is asked, while another writes without end."""
    monkeypatch.setattr("lockproof.reference.store._BUSY_TIMEOUT", 0.3)
    path = tmp_path / "authority.sqlite"
    with ReferenceAuthority(path, pin_cost=CHEAP) as one, ReferenceAuthority(path, pin_cost=CHEAP) as other:
        with one._store.transaction():
            began = time.monotonic()
            with pytest.raises(StoreError, match=r"is held by another program, .* nothing of the last request was kept"):
                other.add_person("1", "One", "1")
            assert 0.3 <= time.monotonic() - began < 5
        assert other.report() == ()
        other.add_person("1", "One", "1")
        assert one.head() == other.head()
