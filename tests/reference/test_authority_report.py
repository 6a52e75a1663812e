"""What comes back from boxes: lines, notifications and alerts, each once, in whatever order entries arrive."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lockproof.reference.fields import FieldError
from lockproof.spec import civil
from lockproof.spec.observable import Alert, AlertKind, CodeIndex, LogEntry, LogKind, Notification, ReportKind
from lockproof.spec.profile import DAY, HOUR

TORONTO = "America/Toronto"
GENERATED = (
    "2019-02-02 19:00:00\t1 Day Code Generated\tLB specific codes generated for Agent "
    "Location: 123 Main Street\tJoe Smith (123456)"
)
USED = (
    "2019-02-03 14:19:51\t1 Day Code Used\tAgent This is the information the lockbox owner entered in order to identify the"
    " showing agent. Location: 123 Main Street\tJoe Smith (123456)"
)
NAME = "This is the information the lockbox owner entered in order to identify the showing agent."
USED_AT = civil.local_instant(dt.date(2019, 2, 3), dt.time(14, 19, 51), TORONTO)


def never_issued(number: int, received: int, epoch: int = 1, box: bytes = bytes(range(16))) -> Alert:
    return Alert(AlertKind.CODE_NEVER_ISSUED, box, epoch, number, number, received)


def gap(first: int, last: int, received: int, epoch: int = 1, box: bytes = bytes(range(16))) -> Alert:
    return Alert(AlertKind.LOG_GAP, box, epoch, first, last, received)


# Lines


def test_the_two_lines_of_the_source_byte_for_byte(town, entry_of) -> None:
    code = town.code(name=NAME)
    town.receive(entry_of(1, code.code, USED_AT), now=USED_AT + 3)
    assert town.lines() == [GENERATED, USED]


def test_the_same_lines_stand_in_the_chapter() -> None:
    chapter = Path(civil.__file__).with_name("chapters").joinpath("5-report.md").read_text(encoding="utf-8")
    assert f"{GENERATED}\n{USED}\n" in chapter


def test_the_lines_of_a_grant_name_the_email(town, entry_of) -> None:
    grant = town.grant(by=town.sue).reference
    town.receive(entry_of(1, grant, town.now + 60), now=town.now + 99)
    town.authority.revoke(grant, town.olga, town.now + 120)
    told = "SentriConnect ann@example.org Location: 123 Main Street"
    assert town.lines() == [
        f"2019-02-02 19:00:00\tSentriConnect Access Granted\t{told}\tSue Jones (123457)",
        f"2019-02-02 19:01:00\tSentriConnect Access Used\t{told}\tSue Jones (123457)",
        f"2019-02-02 19:02:00\tSentriConnect Access Revoked\t{told}\tOlga Owner (555555)",
    ]


def test_a_refused_revocation_names_who_asked_and_whom_the_code_is_for(town) -> None:
    code = town.code().reference
    town.authority.revoke(code, town.olga, town.now + 1)
    assert town.lines()[1] == (
        "2019-02-02 19:00:01\t1 Day Code Revocation Refused\tAgent Ann (appraiser) Location: 123 Main Street\tOlga Owner (555555)"
    )


def test_location_and_local_time_are_those_of_the_property_of_issue(town, entry_of) -> None:
    code, grant = town.code(), town.grant()
    town.authority.set_agent("main", town.sue)
    town.authority.assign(town.box, "elm", town.now + 1)
    town.receive(entry_of(1, grant.reference, town.now + 2), entry_of(2, code.code, USED_AT))
    town.authority.revoke(code.reference, town.max, USED_AT + 9)
    late = town.authority.report()[2:]
    assert [line.location for line in late] == ["123 Main Street"] * 3
    assert [line.local_time for line in late] == ["2019-02-02 19:00:02", "2019-02-03 14:19:51", "2019-02-03 14:20:00"]
    assert [line.grantor_id for line in late] == [town.joe, town.joe, town.max]


def test_a_late_event_keeps_both_instants_and_stands_where_it_happened(town, entry_of) -> None:
    code = town.code()
    town.authority.revoke(code.reference, town.joe, USED_AT + 50)
    town.receive(entry_of(1, code.code, USED_AT), now=USED_AT + DAY)
    assert town.kinds() == [ReportKind.CODE_GENERATED, ReportKind.CODE_USED, ReportKind.CODE_REVOCATION_REFUSED]
    assert [(line.occurred, line.received) for line in town.authority.report()] == [
        (town.now, town.now),
        (USED_AT, USED_AT + DAY),
        (USED_AT + 50, USED_AT + 50),
    ]


def test_what_happens_at_one_instant_stands_in_the_order_in_which_it_came(town) -> None:
    town.grant()
    town.code()
    town.grant()
    assert town.kinds() == [ReportKind.CONNECT_GRANTED, ReportKind.CODE_GENERATED, ReportKind.CONNECT_GRANTED]


def test_every_use_of_a_code_is_a_line(town, entry_of) -> None:
    code = town.code().code
    town.receive(*(entry_of(number, code, USED_AT + number) for number in range(1, 4)))
    assert town.kinds().count(ReportKind.CODE_USED) == 3


def test_a_name_stands_as_it_was_entered(town, entry_of) -> None:
    code = town.code(name="  Zoë  Ünal, Location: none 🙂 ")
    town.receive(entry_of(1, code.code, USED_AT))
    assert town.authority.report()[1].detail == "Agent Zoë  Ünal, Location: none 🙂"


# Once


def test_an_opening_is_reported_and_notified_once(town, entry_of) -> None:
    grant = town.grant().reference
    entry = entry_of(1, grant, town.now + 5)
    for upload in range(3):
        town.receive(entry, entry, now=town.now + 10 + upload)
    assert town.authority.notifications() == (Notification(town.box, 1, 1, grant, town.now + 5, town.now + 10),)
    assert town.kinds() == [ReportKind.CONNECT_GRANTED, ReportKind.CONNECT_USED]


def test_the_same_number_of_another_epoch_or_box_is_another_opening(town, entry_of) -> None:
    town.authority.add_box(bytes(16), bytes(32), (town.joe,))
    town.authority.assign(bytes(16), "main", town.now)
    here, there = town.grant().reference, town.grant(box_id=bytes(16)).reference
    town.receive(entry_of(1, here), epoch=1)
    town.receive(entry_of(1, here), epoch=2)
    town.authority.receive(bytes(16), 1, (entry_of(1, there),), town.now)
    assert [(one.box_id, one.epoch) for one in town.authority.notifications()] == [(bytes(16), 1), (town.box, 1), (town.box, 2)]
    assert town.kinds().count(ReportKind.CONNECT_USED) == 3


def test_refusals_raise_nothing_and_still_count_as_received(town, entry_of) -> None:
    code, grant = town.code(), town.grant()
    town.receive(
        entry_of(1, code.code, accepted=False, reason="code.day"),
        entry_of(2, grant.reference, accepted=False, reason="connect.ticket"),
        LogEntry(3, LogKind.REFUSALS, accepted=False, instant=None, credential=None, reason="box.ready", count=7),
        LogEntry(4, LogKind.CODE, accepted=False, instant=town.now, credential=None),
        LogEntry(5, LogKind.REFUSALS, accepted=True, instant=None, credential=None),
    )
    assert len(town.authority.report()) == 2
    assert town.authority.notifications() == ()
    assert town.authority.alerts() == ()


def test_a_code_never_notifies(town, entry_of) -> None:
    code = town.code().code
    town.receive(entry_of(1, code), entry_of(2, code), entry_of(3, replace(code, index=7)), entry_of(4, None))
    town.receive(entry_of(1, code, accepted=False))
    assert town.authority.notifications() == ()


def test_of_entries_that_contradict_each_other_the_first_stands(town, entry_of) -> None:
    code, grant = town.code(), town.grant()
    town.receive(entry_of(1, code.code, USED_AT), entry_of(2, code.code, accepted=False))
    before = (town.authority.report(), town.authority.notifications(), town.authority.alerts())
    town.receive(entry_of(1, grant.reference, USED_AT + 1), entry_of(2, grant.reference), entry_of(1, code.code, accepted=False))
    assert (town.authority.report(), town.authority.notifications(), town.authority.alerts()) == before


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_order_and_repetition_of_uploads_change_nothing(make_town, entry_of, data) -> None:
    here = make_town()
    codes = [here.code().code for _ in range(2)]
    grants = [here.grant().reference for _ in range(2)]
    pool = [
        entry_of(1, grants[0], USED_AT + 1),
        entry_of(2, codes[0], USED_AT + 2),
        entry_of(3, codes[0], USED_AT + 3, accepted=False),
        entry_of(4, grants[1], USED_AT + 4),
        LogEntry(5, LogKind.REFUSALS, accepted=False, instant=None, credential=None, count=3),
        entry_of(6, codes[1], USED_AT + 6),
        entry_of(7, replace(codes[1], index=7), USED_AT + 7),
        entry_of(8, grants[0], USED_AT + 8, accepted=False),
        entry_of(9, grants[0], USED_AT + 9),
    ]
    uploads = data.draw(st.lists(st.lists(st.sampled_from(pool), max_size=6), max_size=6))
    for upload in uploads:
        here.receive(*upload, now=USED_AT + HOUR)
    arrived = {entry.number for upload in uploads for entry in upload}
    expected = SimpleNamespace(
        lines=[number for number in (1, 2, 4, 6, 9) if number in arrived],
        notified=[number for number in (1, 4, 9) if number in arrived],
        alerts=sorted(
            [never_issued(7, USED_AT + HOUR)] * (7 in arrived) + gaps(arrived, USED_AT + HOUR), key=lambda alert: alert.first
        ),
    )
    assert [line.occurred - USED_AT for line in here.authority.report()[4:]] == expected.lines
    assert [one.number for one in here.authority.notifications()] == expected.notified
    assert list(here.authority.alerts()) == expected.alerts


def gaps(arrived: set[int], received: int) -> list[Alert]:
    missing = [number for number in range(1, max(arrived, default=0)) if number not in arrived]
    firsts = [number for number in missing if number - 1 not in missing]
    lasts = [number for number in missing if number + 1 not in missing]
    return [gap(first, last, received) for first, last in zip(firsts, lasts, strict=True)]


# Alerts


def test_a_gap_shows_when_a_later_entry_arrives_and_closes_when_the_missing_ones_do(town, entry_of) -> None:
    code = town.code().code
    refused = [entry_of(number, code, accepted=False) for number in range(12)]
    town.receive(refused[1], now=100)
    assert town.authority.alerts() == ()
    town.receive(refused[10], now=200)
    assert town.authority.alerts() == (gap(2, 9, 200),)
    town.receive(refused[5], now=300)
    assert town.authority.alerts() == (gap(2, 4, 200), gap(6, 9, 200))
    town.receive(*refused[6:10], now=400)
    assert town.authority.alerts() == (gap(2, 4, 200),)
    town.receive(*refused[2:5], now=500)
    assert town.authority.alerts() == ()


def test_the_first_entries_can_be_missing_too_and_epochs_are_numbered_apart(town, entry_of) -> None:
    town.receive(entry_of(3, None, accepted=False), epoch=1, now=5)
    town.receive(entry_of(2, None, accepted=False), epoch=4, now=6)
    assert town.authority.alerts() == (gap(1, 2, 5, epoch=1), gap(1, 1, 6, epoch=4))


def test_a_very_large_gap_costs_nothing(town, entry_of) -> None:
    town.receive(entry_of(2**63 - 1, None, accepted=False), now=5)
    assert town.authority.alerts() == (gap(1, 2**63 - 2, 5),)


@pytest.mark.parametrize(
    "credential",
    [None, CodeIndex(1, 2, 3), CodeIndex(-1, 2, 3), CodeIndex(2**64, 2**65, 0), CodeIndex(1, 2, -1), CodeIndex(1, 2, 256)],
)
def test_the_use_of_a_code_never_issued_is_an_alert_and_no_line(town, entry_of, credential) -> None:
    for _ in range(2):
        town.receive(entry_of(1, credential, USED_AT), now=USED_AT + 4)
    assert town.authority.alerts() == (never_issued(1, USED_AT + 4),)
    assert town.authority.report() == ()


def test_a_code_of_another_box_was_never_issued_for_this_one(town, entry_of) -> None:
    town.authority.add_box(bytes(16), bytes(32))
    town.authority.assign(bytes(16), "main", town.now)
    other = town.code(box_id=bytes(16)).code
    town.receive(entry_of(1, other), now=5)
    assert town.authority.alerts() == (never_issued(1, 5),)


def test_an_alert_is_judged_by_what_was_known_when_the_use_was_received(town, entry_of) -> None:
    day = town.code().code
    town.receive(entry_of(1, replace(day, index=2)), now=5)
    assert [town.code().code.index for _ in range(2)] == [1, 3]  # never issued afterwards
    assert town.authority.alerts() == (never_issued(1, 5),)


def test_an_opening_with_a_grant_of_which_nothing_is_known_is_notified_and_has_no_line(town, entry_of) -> None:
    town.authority.add_box(bytes(16), bytes(32))
    town.authority.assign(bytes(16), "main", town.now)
    elsewhere = town.grant(box_id=bytes(16)).reference
    town.receive(
        entry_of(1, b"strange", 1),
        entry_of(2, elsewhere, 2),
        LogEntry(3, LogKind.CONNECT, accepted=True, instant=3, credential=None),
    )
    assert [one.grant for one in town.authority.notifications()] == [b"strange".hex(), elsewhere, ""]
    assert town.kinds() == [ReportKind.CONNECT_GRANTED]


# What boxes ought not to send


@pytest.mark.parametrize("instant", [None, -1, 2**64, 253_402_300_800, True])
def test_an_opening_without_an_instant_of_the_calendar_is_dated_when_it_came(town, entry_of, instant) -> None:
    code, grant = town.code(), town.grant()
    town.receive(entry_of(1, code.code, instant), entry_of(2, grant.reference, instant), now=USED_AT)
    assert [(line.occurred, line.received) for line in town.authority.report()[2:]] == [(USED_AT, USED_AT)] * 2
    assert town.authority.notifications()[0].occurred == USED_AT


@pytest.mark.parametrize(("number", "epoch"), [(0, 1), (-1, 1), (2**63, 1), (1, -1), (1, 2**63)])
def test_an_upload_with_an_impossible_number_is_refused_whole(town, entry_of, number: int, epoch: int) -> None:
    with pytest.raises(FieldError, match="nothing of this upload was kept"):
        town.receive(entry_of(1, None), entry_of(number, None), epoch=epoch)
    assert town.authority.alerts() == ()


def test_a_count_beyond_what_can_be_kept_is_kept_as_the_largest(town) -> None:
    town.receive(LogEntry(1, LogKind.REFUSALS, accepted=False, instant=None, credential=None, count=2**64))
    assert town.authority._store.column("SELECT count FROM receipts") == [2**63 - 1]
