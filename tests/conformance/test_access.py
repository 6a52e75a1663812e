"""`lockproof access`: every sentence of the source by hand, at a desk and at a box."""

from __future__ import annotations

import contextlib
import email
import json
import os
import pty
import re
import select
import shlex
import sqlite3
import stat
import subprocess
import sys
import time
from email.policy import default
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lockproof.conformance import command
from lockproof.conformance.access import times
from lockproof.conformance.access.command import access_app
from lockproof.conformance.access.desk import id_of, name_of
from lockproof.reference import hardware
from lockproof.reference.box import LOG_CAPACITY, ReferenceBox
from lockproof.spec.clauses import all_clauses
from lockproof.spec.observable import BadInput
from lockproof.spec.profile import DAY, HOUR

TORONTO = "America/Toronto"
NAME = "This is the information the lockbox owner entered in order to identify the showing agent."
THE_SOURCE = (
    "2019-02-02 19:00:00\t1 Day Code Generated\tLB specific codes generated for Agent Location: 123 Main Street\tJoe Smith (123456)\n"
    f"2019-02-03 14:19:51\t1 Day Code Used\tAgent {NAME} Location: 123 Main Street\tJoe Smith (123456)\n"
)
COMMAND = [sys.executable, "-m", "lockproof.conformance.command"]


@pytest.fixture
def access(tmp_path, monkeypatch, capsys):
    """Types a command; its output, if it ended with this exit code and said nothing else, or what it complained of."""
    monkeypatch.setenv("LOCKPROOF_STORE", str(tmp_path / "a.db"))
    monkeypatch.setenv("LOCKPROOF_BY", "123456")
    monkeypatch.setenv("LOCKPROOF_PIN", "2468")
    monkeypatch.chdir(tmp_path)

    def typed(*words: str, at: str = "", code: int = 0) -> str:
        moment = ["--at", f"{at}-05:00"] if at else []
        monkeypatch.setattr(sys, "argv", ["lockproof", "access", *words, *moment])
        ended = 0
        try:
            command.main()
        except SystemExit as end:
            ended = int(end.code or 0)
        said = capsys.readouterr()
        assert ended == code, said
        assert "Traceback" not in said.err
        assert bool(said.err) == (code > 1), said
        return said.out or said.err

    return typed


@pytest.fixture
def house(access):
    """Joe Smith lists 123 Main Street, where LB-0042 hangs since eight o'clock, and Rita has an account."""
    access("add", "person", "123456", "--name", "Joe Smith", "--office", "Smith Realty")
    access("add", "property", "123 Main Street", "--zone", TORONTO, "--agent", "123456")
    access("add", "box", "LB-0042")
    access("account", "rita@example.org", at="2019-02-02T07:00:00")
    access("assign", "LB-0042", "123 Main Street", at="2019-02-02T08:00:00")
    return access


@pytest.fixture(params=["kept", "on a line"])
def port(request, tmp_path):
    """Where the box is: kept in a file, or served on a pseudo-terminal."""
    if request.param == "kept":
        yield []
        return
    link = tmp_path / "line"
    process = subprocess.Popen([*COMMAND, "box", "--quiet", "--link", str(link)], stdout=subprocess.DEVNULL)
    give_up = time.monotonic() + 60
    while not link.exists() and time.monotonic() < give_up:
        time.sleep(0.02)
    yield ["--box", str(link)]
    process.kill()
    process.wait()


def grant(access, window: str = "from 14:00 for 45 minutes", at: str = "2019-02-02T08:02:00") -> str:
    words = ("--to", "rita@example.org", "--role", "realtor", "--window", window, "--json")
    return json.loads(access("grant", "LB-0042", *words, at=at))["grant"]


def code(access, date: str = "tomorrow", at: str = "2019-02-02T19:00:00") -> dict:
    words = ("--date", date, "--name", NAME, "--role", "appraiser", "--seller-permission", "--json")
    return json.loads(access("code", "LB-0042", *words, at=at))


# The story of the source


def test_a_connect_grant_from_its_five_steps_to_its_end(access, port):
    access("add", "person", "123456", "--name", "Joe Smith")
    access("add", "property", "123 Main Street", "--zone", TORONTO, "--agent", "123456")
    access("add", "box", "LB-0042")
    said = access("assign", "LB-0042", "123 Main Street", *port, at="2019-02-02T08:00:00")
    assert said == (
        "assigned   LB-0042 to 123 Main Street\n    keys and zone table brought\n    clock set\n    log entries taken along: 0\n"
    )
    words = ("--to", "rita@example.org", "--role", "realtor", "--window", "from 14:00 for 45 minutes")
    said = access("grant", "LB-0042", *words, at="2019-02-02T08:02:00")
    reference = re.match(r"granted   ([0-9a-f]{32})\n", said)[1]
    assert "from 2019-02-02 14:00:00-05:00 until 2019-02-02 14:45:00-05:00 (45m)" in said
    app = ("open", "LB-0042", "--account", "rita@example.org", *port)
    assert "connect.account: " in access(*app, at="2019-02-02T13:59:59", code=1)
    access("account", "rita@example.org", at="2019-02-02T13:59:59")
    assert "connect.window.bounds: " in access(*app, at="2019-02-02T13:59:59", code=1)
    opened = f"opens   LB-0042 with the app of rita@example.org, grant {reference[:8]}"
    assert access(*app, at="2019-02-02T14:00:00") == f"{opened}, 2019-02-02 14:00:00-05:00 by its clock\n"
    assert access(*app, at="2019-02-02T14:10:00") == f"{opened}, 2019-02-02 14:10:00-05:00 by its clock\n"
    revoked = access("revoke", reference[:8], at="2019-02-02T14:20:00")
    assert revoked == (
        f"revoked   {reference}, rita@example.org at 123 Main Street\n"
        "    requested 2019-02-02 14:20:00-05:00\n"
        "    the box has heard: not yet; effective at the latest by 2019-02-02 14:21:00-05:00\n"
    )
    assert "connect.revoke.bound: " in access(*app, at="2019-02-02T14:20:01", code=1)
    assert access("report") == "".join(
        f"2019-02-02 {instant}\tSentriConnect Access {what}\tSentriConnect rita@example.org Location: 123 Main Street\tJoe Smith (123456)\n"
        for instant, what in (("08:02:00", "Granted"), ("14:00:00", "Used"), ("14:10:00", "Used"), ("14:20:00", "Revoked"))
    )
    told = json.loads(access("notifications", "--json"))
    assert [(each["grant"], each["occurred"]["local"]) for each in told] == [
        (reference, "2019-02-02 14:00:00-05:00"),
        (reference, "2019-02-02 14:10:00-05:00"),
    ]
    (known,) = json.loads(access("list", "grants", "--json"))
    assert known["state"] == "revoked"
    assert {name: each["local"] for name, each in known["revocation"].items()} == {
        "requested": "2019-02-02 14:20:00-05:00",
        "delivered": "2019-02-02 14:20:01-05:00",
        "effective_by": "2019-02-02 14:21:00-05:00",
    }


def test_a_one_day_code_from_its_eight_steps_to_its_end(access, port):
    access("add", "person", "123456", "--name", "Joe Smith")
    access("add", "property", "123 Main Street", "--zone", TORONTO, "--agent", "123456")
    access("add", "box", "LB-0042")
    access("assign", "LB-0042", "123 Main Street", *port, at="2019-02-02T08:00:00")
    made = code(access)
    keypad = ("open", "LB-0042", "--digits", made["digits"], *port)
    assert "code.day: " in access(*keypad, at="2019-02-02T23:59:59", code=1)
    for instant in ("14:19:51", "15:19:50"):
        said = access(*keypad, at=f"2019-02-03T{instant}")
        assert said == f"opens   LB-0042 at the keypad, 2019-02-03 {instant}-05:00 by its clock\n"
        if instant == "14:19:51":
            assert access("report") == THE_SOURCE, "byte for byte"
    assert "code.expiry.after-first-use: " in access(*keypad, at="2019-02-03T15:19:51", code=1)
    assert "code.irrevocable: " in access("revoke", made["code"], at="2019-02-03T15:20:00", code=1)
    kinds = [line.split("\t")[1] for line in access("report").splitlines()]
    assert kinds == ["1 Day Code Generated", "1 Day Code Used", "1 Day Code Used", "1 Day Code Revocation Refused"]
    assert json.loads(access("notifications", "--json")) == []
    assert access("notifications") == "showing notifications: none\n"
    assert access("alerts") == "alerts: none\n"
    (known,) = json.loads(access("list", "codes", "--json"))
    assert known["first_use"]["local"] == "2019-02-03 14:19:51-05:00"
    assert known["seller_permission"] is True


def test_a_text_message_is_in_no_file(house, tmp_path):
    said = house("share", code(house)["code"], "--out", "text.txt", code=2)
    assert said == "--out: that is the file of an email; say to whom it goes, with --email\n"
    assert not (tmp_path / "text.txt").exists()


def test_a_code_comes_with_instructions_that_are_sent_on(house, tmp_path):
    words = ("--date", "2019-02-03", "--name", "Ann", "--role", "appraiser", "--seller-permission")
    said = house("code", "LB-0042", *words, at="2019-02-02T19:00:00")
    reference, digits = re.match(
        r"generated   (code-[0-9a-f]{16})\n    (\d{4} \d{4})   for Ann, at LB-0042, 123 Main Street\n", said
    ).groups()
    text = (
        f"Lockbox code {digits.replace(' ', '')} for 2019-02-03, 123 Main Street. Works at any time that day;"
        " from first use for 60 minutes, also past midnight.\n"
    )
    assert text in said
    assert house("share", reference) == text
    assert len(text) <= 160
    assert (
        house("share", reference[:9], "--email", "ann@example.org") == f"written   {reference}.eml: an email to ann@example.org\n"
    )
    message = email.message_from_bytes((tmp_path / f"{reference}.eml").read_bytes(), policy=default)
    assert message["To"] == "ann@example.org"
    assert digits.replace(" ", "") in message.get_content()
    again = house("share", reference, "--email", "ann@example.org", code=2)
    assert again == f"{reference}.eml is there already, and was left as it is; name another file with --out\n"


@pytest.mark.parametrize(
    ("role", "answer"),
    [
        ("realtor", "a Connect grant"),
        ("contractor", "a One Day Code"),
        ("appraiser", "a One Day Code"),
        ("inspector", "a One Day Code"),
        ("professional", "a One Day Code"),
        ("consumer", "neither"),
    ],
)
def test_which_to_use(access, role, answer):
    assert access("which", role).startswith(f"{role}: {answer}\n    ")
    assert json.loads(access("which", role, "--json"))["clause"].startswith("eligibility.")


def test_a_board_bars_a_kind_of_recipient(house):
    assert house("board") == (
        "kinds of recipient: 6\n"
        "    realtor        a Connect grant\n"
        "    contractor     a One Day Code\n"
        "    appraiser      a One Day Code\n"
        "    inspector      a One Day Code\n"
        "    professional   a One Day Code\n"
        "    consumer       neither\n"
    )
    assert "    inspector      neither\n" in house("board", "--bar", "inspector")
    words = ("code", "LB-0042", "--date", "today", "--name", "Ivan", "--role", "inspector", "--seller-permission", "--json")
    assert json.loads(house(*words, at="2019-02-02T09:00:00", code=1))["clauses"] == ["eligibility.board"]
    assert house("which", "inspector") == "inspector: neither\n    the board bars them (eligibility.board)\n"
    assert json.loads(house("board", "--bar", "contractor", "--let-in", "inspector", "--json"))["barred"] == ["contractor"]
    assert json.loads(house(*words, at="2019-02-02T09:00:01"))["accepted"] is True
    assert house("board", "--bar", "plumber", code=2).startswith("board plumber: name one of realtor, ")


def test_neither_for_a_consumer(house):
    window = ("--window", "from 14:00 for 45 minutes")
    said = house("grant", "LB-0042", "--to", "c@example.org", "--role", "consumer", *window, at="2019-02-02T08:02:00", code=1)
    assert "    eligibility.consumer-never: " in said
    words = ("--date", "today", "--name", "C", "--role", "consumer", "--seller-permission", "--json")
    said = house("code", "LB-0042", *words, at="2019-02-02T08:02:00", code=1)
    assert json.loads(said) == {"accepted": False, "clauses": ["eligibility.consumer-never"]}
    assert house("report") == ""


def test_without_the_sellers_permission_no_code_for_an_appraiser(house):
    words = ("--date", "today", "--name", "Ann", "--role", "appraiser", "--no-seller-permission")
    assert "eligibility.code-seller-permission: " in house("code", "LB-0042", *words, at="2019-02-02T08:02:00", code=1)


@pytest.mark.parametrize("role", ["contractor", "appraiser", "inspector", "professional"])
def test_a_connect_grant_is_for_realtors(house, role):
    words = ("grant", "LB-0042", "--to", "a@example.org", "--role", role, "--window", "for 1 hour", "--json")
    assert json.loads(house(*words, at="2019-02-02T09:00:00", code=1))["clauses"] == ["eligibility.connect-realtor"]


@pytest.mark.parametrize(
    ("length", "fine"), [("29 minutes 59 seconds", False), ("30 minutes", True), ("7 days", True), ("7 days 1 second", False)]
)
def test_a_window_is_of_half_an_hour_up_to_several_days(house, length, fine):
    words = ("grant", "LB-0042", "--to", "a@example.org", "--role", "realtor", "--window", f"for {length}", "--json")
    told = json.loads(house(*words, at="2019-02-02T09:00:00", code=0 if fine else 1))
    assert told.get("clauses", []) == ([] if fine else ["connect.window.length"])


@pytest.mark.parametrize(("date", "fine"), [("yesterday", False), ("today", True), ("in 14 days", True), ("in 15 days", False)])
def test_a_code_is_for_today_or_one_of_the_fourteen_days_after_it(house, date, fine):
    words = ("code", "LB-0042", "--date", date, "--name", "Rita", "--role", "realtor", "--json")
    told = json.loads(house(*words, at="2019-02-02T09:00:00", code=0 if fine else 1))
    assert told.get("clauses", []) == ([] if fine else ["code.date"])


def test_digits_are_for_the_box_that_they_were_made_for(house):
    house("add", "box", "LB-0043")
    house("assign", "LB-0043", "123 Main Street", at="2019-02-02T08:00:00")
    made = code(house, "today", at="2019-02-02T09:00:00")
    assert "code.digits: " in house("open", "LB-0043", "--digits", made["digits"], at="2019-02-02T09:00:01", code=1)
    assert house("open", "LB-0042", "--digits", made["digits"], at="2019-02-02T09:00:01").startswith("opens   LB-0042")


def test_wrong_pins_are_bounded(house, monkeypatch):
    monkeypatch.setenv("LOCKPROOF_PIN", "1111")
    words = ("code", "LB-0042", "--date", "today", "--name", "Ann", "--role", "realtor", "--json")
    for second in range(5):
        said = house(*words, at=f"2019-02-02T09:00:0{second}", code=1)
        assert json.loads(said)["clauses"] == ["code.pin"]
    monkeypatch.setenv("LOCKPROOF_PIN", "2468")
    said = house(*words, at="2019-02-02T09:00:06", code=1)
    assert json.loads(said)["clauses"] == ["box.wrong-entry.bound", "code.pin"]
    assert json.loads(house(*words, at="2019-02-02T09:05:00"))["accepted"] is True


def test_whoever_knows_the_pin_sets_another(house, monkeypatch):
    monkeypatch.setenv("LOCKPROOF_NEXT_PIN", "1357")
    assert house("pin", "123456", at="2019-02-02T09:00:00") == "the PIN of 123456 is another from now on\n"
    assert house("pin", "123456", at="2019-02-02T09:00:01", code=1).splitlines() == [
        "refused   the PIN of 123456 stays as it is",
        f"    code.pin: {all_clauses()['code.pin'].sentence}",
    ]
    words = ("code", "LB-0042", "--date", "today", "--name", "Ann", "--role", "realtor", "--json")
    assert json.loads(house(*words, at="2019-02-02T09:00:02", code=1))["clauses"] == ["code.pin"]
    monkeypatch.setenv("LOCKPROOF_PIN", "1357")
    assert json.loads(house(*words, at="2019-02-02T09:00:03"))["accepted"] is True
    monkeypatch.setenv("LOCKPROOF_NEXT_PIN", "")
    assert house("pin", "123456", code=2) == "PIN: nothing was entered; enter at least one character\n"
    monkeypatch.delenv("LOCKPROOF_NEXT_PIN")
    assert house("pin", "123456", code=2) == (
        "new PIN: nothing is said, and there is no terminal to ask at; give the environment variable LOCKPROOF_NEXT_PIN\n"
    )
    assert house("audit").startswith("the history is whole, 9 records")


def test_only_grantors_of_now_let_in(house, monkeypatch):
    house("add", "person", "234567", "--name", "Sue Jones")
    monkeypatch.setenv("LOCKPROOF_BY", "234567")
    window = ("--to", "rita@example.org", "--role", "realtor", "--window", "for 1 hour")
    assert "connect.grantor: " in house("grant", "LB-0042", *window, at="2019-02-02T09:00:00", code=1)
    house("owners", "LB-0042", "234567")
    house("grant", "LB-0042", *window, at="2019-02-02T09:00:00")
    house("owners", "LB-0042", code=2)
    house("owners", "LB-0042", "234567", "--nobody", code=2)
    house("grant", "LB-0042", *window, at="2019-02-02T09:00:00")
    house("owners", "LB-0042", "--nobody")
    assert "connect.grantor: " in house("grant", "LB-0042", *window, at="2019-02-02T09:00:00", code=1)
    house("agent", "123 Main Street", "234567")
    house("grant", "LB-0042", *window, at="2019-02-02T09:00:00")


def test_a_box_that_is_moved_ends_its_grants_and_leaves_its_codes(house):
    grant(house)
    made = code(house, "today", at="2019-02-02T09:00:00")
    house("add", "property", "7 Hill Road", "--zone", "America/Vancouver", "--agent", "123456")
    house("assign", "LB-0042", "7 Hill Road", at="2019-02-02T10:00:00")
    app = ("open", "7 hill road", "--account", "rita@example.org")
    assert "connect.property: " in house(*app, at="2019-02-02T14:10:00", code=1)
    assert house("open", "7 Hill Road", "--digits", made["digits"], at="2019-02-02T23:30:00").startswith("opens   LB-0042")
    house("unassign", "LB-0042", at="2019-02-03T10:00:00")
    said = house("unassign", "LB-0042", at="2019-02-03T10:00:00", code=2)
    assert said == "box LB-0042 hangs at no property; lockproof access list shows every box\n"
    said = house(
        "grant",
        "LB-0042",
        "--to",
        "rita@example.org",
        "--role",
        "realtor",
        "--window",
        "for 1 hour",
        at="2019-02-03T10:00:01",
        code=1,
    )
    assert "connect.grantor: " in said


# Events that come late


def test_what_stays_in_the_box_comes_late_and_once(house):
    grant(house)
    made = code(house, "today", at="2019-02-02T09:00:00")
    house("open", "LB-0042", "--account", "rita@example.org", "--offline", at="2019-02-02T14:10:00")
    house("open", "LB-0042", "--digits", made["digits"], "--offline", at="2019-02-02T14:20:00")
    assert json.loads(house("notifications", "--json")) == []
    assert len(house("report").splitlines()) == 2
    said = house("sync", "LB-0042", at="2019-02-02T18:00:00")
    assert said == "visited   LB-0042\n    log entries taken along: 2\n"
    assert "log entries taken along: 0" in house("sync", "LB-0042", at="2019-02-02T18:00:01")
    (told,) = json.loads(house("notifications", "--json"))
    assert (told["occurred"]["local"], told["received"]["local"]) == ("2019-02-02 14:10:00-05:00", "2019-02-02 18:00:00-05:00")
    assert "received 2019-02-02 18:00:00-05:00" in house("notifications")
    lines = json.loads(house("report", "--form", "json"))
    assert [(each["occurred"]["local"][11:19], each["received"]["local"][11:19], each["to"]) for each in lines] == [
        ("08:02:00", "08:02:00", "rita@example.org"),
        ("09:00:00", "09:00:00", NAME),
        ("14:10:00", "18:00:00", "rita@example.org"),
        ("14:20:00", "18:00:00", NAME),
    ]


def test_the_report_by_property_box_person_and_time(house):
    house("add", "person", "234567", "--name", "Sue Jones")
    house("add", "property", "7 Hill Road", "--zone", "America/Vancouver", "--agent", "234567")
    house("add", "box", "LB-0043")
    house("assign", "LB-0043", "7 Hill Road", at="2019-02-02T08:00:00")
    grant(house)
    code(house)
    to_vera = ("--to", "vera@example.org", "--role", "realtor", "--window", "tomorrow 9:00 until 11:30", "--by", "234567")
    house("grant", "LB-0043", *to_vera, at="2019-02-02T20:00:00")

    def found(*words: str) -> list[str]:
        return [line.split("\t")[0][5:] for line in house("report", *words).splitlines() if line]

    first, second, third = "02-02 08:02:00", "02-02 19:00:00", "02-02 17:00:00"
    assert found() == [first, second, third]
    assert found("--property", "123 main street") == [first, second]
    assert found("--of-box", "LB-0043") == [third]
    assert found("--person", "vera@example.org") == [third]
    assert found("--person", "rita@example.org") == [first]
    assert found("--person", "123456") == [first, second]
    assert found("--person", "sue jones") == [third]
    assert found("--since", "2019-02-03") == []
    assert found("--since", "2019-02-02", "--until", "2019-02-02 19:00") == [first, third]
    assert found("--since", "2019-02-02 19:00") == [second]
    rows = house("report", "--form", "csv", "--of-box", "LB-0043").splitlines()
    granted = "SentriConnect Access Granted,SentriConnect vera@example.org,7 Hill Road,LB-0043,vera@example.org,Sue Jones,234567"
    assert rows == [
        "occurred,received,kind,detail,location,box,to,grantor,grantor_id",
        f"2019-02-02 17:00:00-08:00,2019-02-02 17:00:00-08:00,{granted}",
    ]


def test_a_date_that_a_zone_left_out_bounds_its_report_and_that_of_others(house):
    house("add", "property", "1 Beach Road", "--zone", "Pacific/Apia", "--agent", "123456")
    house("add", "box", "LB-0044")
    house("assign", "LB-0044", "1 Beach Road", "--at", "2011-12-01T00:00:00Z")
    words = ("--to", "rita@example.org", "--role", "realtor", "--window", "for 1 hour")
    for box, instant in (("LB-0044", "30T09:59:59"), ("LB-0044", "30T10:00:00"), ("LB-0042", "30T12:00:00")):
        house("grant", box, *words, "--at", f"2011-12-{instant}Z")

    def found(*words: str) -> list[str]:
        return [line.split("\t")[0][8:] for line in house("report", *words).splitlines()]

    assert found() == ["29 23:59:59", "31 00:00:00", "30 07:00:00"]
    assert found("--since", "2011-12-30") == ["31 00:00:00", "30 07:00:00"]
    assert found("--until", "2011-12-30") == ["29 23:59:59"]
    assert found("--since", "2011-12-30", "--until", "2011-12-31") == ["30 07:00:00"]
    assert "does not exist in Pacific/Apia" in house("report", "--since", "2011-12-30 12:00", code=2)


def test_a_box_gets_a_new_zone_table_before_the_old_one_ends(house):
    assert "zone table" not in house("sync", "LB-0042", at="2019-09-01T12:00:00")
    house("sync", "LB-0042", at="2020-01-20T12:00:00")
    made = code(house, "in 14 days", at="2020-02-01T12:00:00")
    assert house("open", "LB-0042", "--digits", made["digits"], at="2020-02-15T12:00:00").startswith("opens")


def test_a_box_never_goes_back_to_an_earlier_time(house):
    made = code(house)
    house("open", "LB-0042", "--digits", made["digits"], at="2019-02-03T12:00:00")
    said = house("open", "LB-0042", "--digits", made["digits"], at="2019-02-03T11:59:59", code=2)
    assert said == (
        "--at: the box has seen a later time already, 2019-02-03 17:00:00+00:00, and its clock never goes back"
        " (box.clock.never-back); name a later instant\n"
    )
    assert house("open", "LB-0042", "--digits", made["digits"], at="2019-02-03T12:00:00").startswith("opens")


def kept_in(folder: Path, name: str = "LB-0042") -> Path:
    return folder / "a.db.boxes" / f"{id_of(name).hex()}.db"


@pytest.mark.usefixtures("house")
def test_of_many_at_one_box_each_waits_for_the_others(tmp_path):
    """Wrong entries stay within their bound, and each that was decided has a line of the log to itself."""
    words = ["access", "open", "LB-0042", "--digits", "00000000", "--offline", "--at", "2019-02-02T14:00:00Z"]
    at_once = [subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, text=True) for _ in range(9)]
    said = [each.communicate(timeout=120)[0] for each in at_once]
    for number, each in enumerate(at_once):
        if each.returncode == 3:  # on a busy machine: it was told to repeat it
            again = subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=60, check=False)
            said[number], each.returncode = again.stdout, again.returncode
    assert [each.returncode for each in at_once] == [1] * 9
    assert sum("box.wrong-entry.bound: " in each for each in said) == 4
    with contextlib.closing(sqlite3.connect(kept_in(tmp_path))) as kept:
        log = [json.loads(entry) for (entry,) in kept.execute("SELECT entry FROM log ORDER BY number")]
    assert len(log) == 6, "five wrong entries, and one line of refusals"


def test_whoever_stays_at_a_box_is_named_in_the_end(house, tmp_path, monkeypatch):
    monkeypatch.setattr(hardware, "_BUSY_TIMEOUT", 0)
    there = hardware.Store(kept_in(tmp_path), LOG_CAPACITY, alone=True)
    said = house("open", "LB-0042", "--digits", "12345678", at="2019-02-02T09:00:00", code=3)
    assert said == f"{kept_in(tmp_path)}: somebody else stands at that box, for 0 seconds now; repeat it when they are done\n"
    there.close()
    house("open", "LB-0042", "--digits", "12345678", at="2019-02-02T09:00:00", code=1)


REPLACE = "make it known under another name (lockproof access add box), and assign that\n"


def test_a_box_that_is_gone_is_not_made_anew_so_that_its_codes_open_again(house, tmp_path):
    made = code(house)
    keypad = ("open", "LB-0042", "--digits", made["digits"])
    house(*keypad, at="2019-02-03T12:00:00")
    kept_in(tmp_path).unlink()
    gone = (
        f"box LB-0042 is not kept here: there is no {kept_in(tmp_path)}; if it is at a port, name that with --box; if its file is"
        f" gone, so is what it knew: {REPLACE}"
    )
    for words in (keypad, ("sync", "LB-0042"), ("assign", "LB-0042", "123 Main Street")):
        assert house(*words, at="2019-02-03T14:00:00", code=2) == gone
    assert not kept_in(tmp_path).exists()


def test_a_box_that_forgot_its_keys_gets_them_only_if_it_never_decided_anything(house, tmp_path):
    kept_in(tmp_path).unlink()
    ReferenceBox(kept_in(tmp_path)).store.close()
    made = code(house)
    assert "has no keys yet" in house("open", "LB-0042", "--digits", made["digits"], at="2019-02-03T12:00:00", code=2)
    assert "keys and zone table brought" in house("sync", "LB-0042", at="2019-02-03T12:00:00")
    house("open", "LB-0042", "--digits", made["digits"], at="2019-02-03T12:00:00")
    kept_in(tmp_path).unlink()
    ReferenceBox(kept_in(tmp_path)).store.close()
    house("add", "property", "7 Hill Road", "--zone", TORONTO, "--agent", "123456")
    for words in (("sync", "LB-0042"), ("assign", "LB-0042", "7 Hill Road")):
        assert house(*words, at="2019-02-03T14:00:00", code=2) == (
            "box LB-0042 has forgotten its keys, and with them which codes it had ended: with the same keys they would open it again;"
            f" {REPLACE}"
        )
    assert json.loads(house("list", "boxes", "--json"))[0]["property"] == "123 Main Street"


def test_a_box_that_was_put_back_is_told_apart_before_a_line_of_the_report_is_lost(house, tmp_path):
    grant(house)
    app = ("open", "LB-0042", "--account", "rita@example.org")
    house(*app, at="2019-02-02T14:10:00")
    before = kept_in(tmp_path).read_bytes()
    house(*app, at="2019-02-02T14:11:00")
    kept_in(tmp_path).write_bytes(before)
    assert house(*app, at="2019-02-02T14:12:00", code=3) == (
        "box LB-0042: its log ends at entry 1 of log 2, and entry 2 of log 2 was taken along already: it was put back to an earlier"
        f" state, and codes that it had ended may open it again; {REPLACE}"
    )
    assert len(json.loads(house("notifications", "--json"))) == 2


def test_a_box_that_can_not_write_says_so(house, tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    class Full(sqlite3.Connection):
        executemany = full

    connect = sqlite3.connect
    monkeypatch.setattr(hardware.sqlite3, "connect", lambda *words, **named: connect(*words, **named, factory=Full))
    said = house("open", "LB-0042", "--digits", "12345678", at="2019-02-02T09:00:00", code=3)
    assert said == (
        f"{kept_in(tmp_path)}: nothing could be written to it: database or disk is full; make room and see to its rights, then"
        " repeat it\n"
    )


def test_where_no_box_can_be_kept_that_is_said(house, tmp_path):
    (tmp_path / "a.db.boxes").rename(tmp_path / "elsewhere")
    (tmp_path / "a.db.boxes").touch()
    said = house("sync", "LB-0042", at="2019-02-02T09:00:00", code=3)
    assert said.startswith(f"{tmp_path / 'a.db.boxes'}: boxes can't be kept there: File exists; ")


def test_a_file_of_another_box_is_told_apart(house, tmp_path):
    house("add", "box", "LB-0043")
    house("assign", "LB-0043", "123 Main Street", at="2019-02-02T08:00:00")
    kept_in(tmp_path).write_bytes(kept_in(tmp_path, "LB-0043").read_bytes())
    said = house("open", "LB-0042", "--digits", "12345678", at="2019-02-02T09:00:00", code=2)
    assert said == f"{kept_in(tmp_path)}: that is box LB-0043, and not LB-0042; put its own file back in its place\n"


# At a line


def test_another_box_at_the_port_is_told_apart(house, tmp_path):
    house("add", "property", "7 Hill Road", "--zone", TORONTO, "--agent", "123456")
    house("add", "box", "LB-0043")
    link = tmp_path / "line"
    process = subprocess.Popen([*COMMAND, "box", "--quiet", "--link", str(link)], stdout=subprocess.DEVNULL)
    try:
        while not link.exists():
            time.sleep(0.02)
        said = house("open", "LB-0042", "--digits", "12345678", "--box", str(link), code=2)
        assert said == (
            "box LB-0042 has no keys yet: assign it to a property, or, if it is, go there once with a network:"
            " lockproof access sync LB-0042\n"
        )
        house("assign", "LB-0043", "7 Hill Road", "--box", str(link), at="2019-02-02T09:00:00")
        said = house("sync", "LB-0042", "--box", str(link), at="2019-02-02T09:00:00", code=2)
        assert said == f"{link}: that is box LB-0043, and not LB-0042; check the port\n"
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("name", ["reference", "pty", "fault:opens-always", "pty:opens-always"])
def test_a_box_that_would_be_gone_is_no_place_to_stand_at(house, name):
    said = house("sync", "LB-0042", "--box", name, code=2)
    assert said == f"--box {name}: that box is gone with this command; name a port, or leave --box out for a box that is kept\n"


# What is typed is told as it is


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (
            "1 Road \u202eeniaM",
            "property: '1 Road \\u202eeniaM' has '\\u202e' at place 8, which would break a line of the report; leave it out\n",
        ),
    ],
)
def test_what_would_turn_a_line_is_no_name(house, address, told):
    assert house("add", "property", address, "--zone", TORONTO, "--agent", "123456", code=2) == told


def test_one_long_name_moves_no_other_row(house):
    for person, name in (("7", "x" * 300), ("8", "会社")):
        house("add", "person", person, "--name", name)
    assert house("list", "people").splitlines() == [
        "people: 3",
        f"    123456   Joe Smith{' ' * 31}   Smith Realty",
        f"    7        {'x' * 300}   -",
        f"    8        会社{' ' * 36}   -",
    ]


@pytest.mark.usefixtures("house")
def test_an_output_that_has_not_got_a_character_has_its_escape(access):
    access("add", "person", "7", "--name", "Łucja 😀")
    plain = {**os.environ, "PYTHONIOENCODING": "ascii"}
    words = [*COMMAND, "access", "list", "people"]
    assert "Lucja" not in (told := subprocess.run(words, env=plain, capture_output=True, text=True, check=True).stdout)
    assert "\\u0141ucja \\U0001f600" in told
    told = subprocess.run([*words, "--json"], env=plain, capture_output=True, text=True, check=True).stdout
    assert (told.isascii(), json.loads(told)[1]["name"]) == (True, "Łucja 😀")


def test_a_list_of_what_has_to_do_with_somebody(house):
    reference = grant(house)
    house("add", "person", "234567", "--name", "Sue Jones", "--office", "Jones & Co")
    house("add", "property", "7 Hill Road", "--zone", TORONTO, "--agent", "234567", "--office", "Jones & Co")
    house("account", "vera@example.org")

    def listed(*words: str) -> dict[str, int]:
        return {name: len(found) for name, found in json.loads(house("list", *words, "--json")).items() if found}

    assert listed("--of", "jones & co") == {"people": 1, "properties": 1}
    assert listed("--of", "RITA@example.org") == {"accounts": 1, "grants": 1}
    assert listed("--of", "123456") == {"people": 1, "properties": 1, "grants": 1}
    assert listed("--of", "123 Main Street") == {"properties": 1, "boxes": 1, "grants": 1}
    assert listed("--of", reference[:8]) == {"grants": 1}
    assert listed("--of", reference[:3]) == listed("--of", "nobody") == {}
    assert house("list", "grants", "--of", "nobody") == "grants: none\n"
    assert house("list", "properties", "--of", "Jones & Co") == (
        "properties: 1\n    7 Hill Road   America/Toronto   agent 234567   office Jones & Co\n"
    )


def test_a_use_of_a_code_that_was_made_elsewhere_is_an_alert(house, tmp_path):
    (tmp_path / "copy.db").write_bytes((tmp_path / "a.db").read_bytes())
    words = ("--date", "today", "--name", "A", "--role", "realtor", "--json", "--store", "copy.db")
    made = json.loads(house("code", "LB-0042", *words, at="2019-02-02T09:00:00"))
    house("open", "LB-0042", "--digits", made["digits"], at="2019-02-02T10:00:00")
    assert house("alerts") == (
        "alerts: 1\n    use of a code never issued   LB-0042   entry 1 of log 2   2019-02-02 10:00:00-05:00\n"
    )
    (told,) = json.loads(house("alerts", "--json"))
    assert (told["first"], told["last"], told["received"]["local"]) == (1, 1, "2019-02-02 10:00:00-05:00")
    assert house("report") == ""
    with contextlib.closing(sqlite3.connect(kept_in(tmp_path))) as kept, kept:  # two entries are lost
        kept.execute("UPDATE log SET number = 4")
        kept.execute("UPDATE cell SET value = json_set(value, '$.next_entry', 5) WHERE name = 'state'")
    house("sync", "LB-0042", at="2019-02-02T11:00:00")
    gap = "    gap in the log               LB-0042   entries 2 to 3 of log 2   2019-02-02 11:00:00-05:00"
    assert gap in house("alerts").splitlines()


def test_a_report_without_lines_is_empty(access):
    assert access("report") == ""


@pytest.mark.parametrize("at", ["1969-12-31T23:59:59Z", "9999-12-31T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_an_instant_out_of_reach_is_told_before_a_box_hears_of_it(house, at):
    for words in (("sync", "LB-0042"), ("list",), ("report",)):
        assert house(*words, "--at", at, code=2) == f"--at {at}: out of reach; name an instant from 1970 to 9999\n"
    house("sync", "LB-0042", at="2019-02-02T09:00:00")


@pytest.mark.parametrize("place", ["/dev/null", "fifo"])
def test_a_device_or_a_pipe_is_no_place_for_a_store(access, tmp_path, place):
    os.mkfifo(tmp_path / "fifo")
    said = access("list", "--store", place, code=3)
    assert said == f"{place} is a device or a pipe, and no file; choose another path\n"


# What is asked for by name


def test_a_box_is_called_by_its_name_its_id_or_where_it_hangs(house):
    for name in ("LB-0042", "lb-0042", id_of("LB-0042").hex(), "123 Main Street", " 123 main street "):
        house("sync", name, at="2019-02-02T09:00:00")
    house("add", "box", "LB-0043")
    house("assign", "LB-0043", "123 Main Street", at="2019-02-02T09:00:00")
    assert house("sync", "123 Main Street", code=2) == "box 123 Main Street: there are 2, LB-0042, LB-0043; name one of them\n"
    assert house("sync", "lb-43", code=2) == "no box is known as 'lb-43'\n    did you mean LB-0043?\n"
    assert house("sync", "quite another", code=2).endswith("\n    lockproof access list shows every box\n")


@given(st.text("ABCxyz019- _.", min_size=1, max_size=16).filter(lambda text: text.strip() == text))
def test_a_name_makes_an_id_and_the_id_the_name(name):
    assert len(id_of(name)) == 16
    assert name_of(id_of(name)) == name


@given(st.binary(min_size=16, max_size=16))
def test_any_id_can_be_named(box_id):
    assert id_of(name_of(box_id)) == box_id


@pytest.mark.parametrize("name", ["", " ", "a name that is too long", "LB\t1", "LB-é"])
def test_what_is_no_name_of_a_box(access, name):
    said = access("add", "box", name, code=2)
    assert said == f"box: {name.strip()!r} is no name of a box; give 1 to 16 plain characters, or 32 hexadecimal digits\n"


def test_references_may_be_cut_and_not_too_short(house):
    first = grant(house)
    assert house("revoke", first[:3], code=2).startswith(f"no grant or code is known as '{first[:3]}'\n")
    assert house("revoke", first[:8], at="2019-02-02T09:00:00").startswith(f"revoked   {first}")


# What is missing


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "person"), "id of the person, such as 123456: nothing is said, and there is no terminal to ask at; give PERSON"),
        (("add", "person", "1"), "name: nothing is said, and there is no terminal to ask at; give --name"),
        (("add", "property"), "address: nothing is said, and there is no terminal to ask at; give ADDRESS"),
        (("which",), "who is to be let in: nothing is said, and there is no terminal to ask at; give ROLE"),
        (("grant",), "email of the recipient: nothing is said, and there is no terminal to ask at; give --to"),
        (
            ("open", "LB-0042"),
            "digits, or the email of the app's account: nothing is said, and there is no terminal to ask at; give --digits or --account",
        ),
        (
            ("code", "LB-0042", "--date", "today", "--name", "A", "--role", "appraiser"),
            "is there the seller's written permission?: nothing is said, and there is no terminal to ask at; give --seller-permission",
        ),
        (("revoke",), "grant: nothing is said, and there is no terminal to ask at; give GRANT"),
        (("which", "plumber"), "ROLE plumber: name one of realtor, contractor, appraiser, inspector, professional, consumer"),
        (("list", "cats"), "list cats: name one of people, properties, boxes, accounts, grants, codes, or none for all of them"),
        (("report", "--form", "pdf"), "--form pdf: name one of tsv, csv, json"),
    ],
)
def test_in_a_script_what_is_missing_or_wrong_is_named(house, words, told):
    assert house(*words, code=2) == f"{told}\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("add", "person", "12\t3", "--name", "X"),
            "person: '12\\t3' has '\\t' at place 3, which would break a line of the report; leave it out",
        ),
        (
            ("add", "person", "123456", "--name", "X"),
            "person: there is a person '123456' already; use it, or give this one another id",
        ),
        (("add", "box", "LB-0042"), "box: there is a box LB-0042 already; use it, or give this one another name"),
        (
            ("add", "box", "B1", "--owner", "77"),
            "no person is known as '77'\n    add the person first, or check how it is written",
        ),
        (("add", "property", "1 Road", "--zone", "Europe/Berlim", "--agent", "123456"), "did you mean Europe/Berlin?"),
        (
            ("open", "LB-0042", "--digits", "1", "--grant", "abcd"),
            "--digits: somebody comes with digits, or with the app, its --account and --grant",
        ),
        (("account", "rita"), "email: 'rita' is no email address; enter one such as ann@example.org"),
        (
            ("account", "--close", "ritta@example.org"),
            "no account is known as 'ritta@example.org'\n    did you mean rita@example.org?",
        ),
    ],
)
def test_what_is_typed_wrong_is_said_in_one_message(house, words, told):
    assert told in house(*words, code=2)


def test_a_pin_is_needed_and_named(house, monkeypatch):
    monkeypatch.delenv("LOCKPROOF_PIN")
    said = house("code", "LB-0042", "--date", "today", "--name", "A", "--role", "realtor", code=2)
    assert said == "PIN: nothing is said, and there is no terminal to ask at; give the environment variable LOCKPROOF_PIN\n"


ITS_OWN = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, sys.argv[1:])
"""
KEYS = ("\x03", "\x04")  # Ctrl-C, Ctrl-D


def at_a_terminal(folder: Path, words: list[str], answers: list[tuple[str, str]]) -> tuple[int, str]:
    """Types each answer when its question is there; exit code, and all that stood on the screen."""
    near, far = pty.openpty()
    environment = {**os.environ, "LOCKPROOF_STORE": str(folder / "a.db"), "TERM": "dumb"}
    for name in ("LOCKPROOF_PIN", "LOCKPROOF_BY"):
        environment.pop(name, None)
    command = [sys.executable, "-c", ITS_OWN, *COMMAND, "access", *words]
    process = subprocess.Popen(command, stdin=far, stdout=far, stderr=far, env=environment, start_new_session=True)
    os.close(far)
    screen, seen, pressed = b"", 0, b""

    def goes_on() -> bytes:
        """What else comes on the screen; nothing once the program has ended. A key that nothing follows is pressed again."""
        for _ in range(6):
            if select.select([near], [], [], 10)[0]:
                with contextlib.suppress(OSError):
                    return os.read(near, 4096)
                return b""
            os.write(near, pressed)  # between a question and the reading of its answer it may be lost
        raise TimeoutError(screen.decode())

    try:
        for question, answer in answers:
            while (place := screen.find(question.encode(), seen)) < 0:
                more = goes_on()
                assert more, screen.decode()
                screen += more
            seen = place + len(question)
            pressed = answer.encode() if answer in KEYS else b""
            os.write(near, pressed or answer.encode() + b"\n")
        while more := goes_on():
            screen += more
        return process.wait(timeout=60), screen.decode()
    finally:
        process.kill()
        process.wait()
        os.close(near)


def test_at_a_terminal_what_is_missing_is_asked_for_and_a_pin_is_not_shown(tmp_path):
    asked = [("id of the person", "123456"), ("name:", "Joe Smith"), ("PIN: ", "2468"), ("confirmation: ", "2468")]
    ended, screen = at_a_terminal(tmp_path, ["add", "person"], asked)
    assert (ended, screen.splitlines()[-1]) == (0, "added   Joe Smith (123456)")
    assert "2468" not in screen
    at_a_terminal(tmp_path, ["add", "property", "1 Road", "--zone", TORONTO, "--agent", "123456"], [])
    at_a_terminal(tmp_path, ["add", "box", "B1"], [])
    at_a_terminal(tmp_path, ["assign", "B1", "1 Road", "--at", "2026-10-31T12:00:00Z"], [])
    words = ["grant", "B1", "--by", "123456", "--window", "2026-11-01 1:30 for 45 minutes", "--at", "2026-10-31T12:00:00Z"]
    asked = [("email", "rita@example.org"), ("who that is", "realtor"), ("which of them", "2")]
    ended, screen = at_a_terminal(tmp_path, words, asked)
    assert ended == 0
    assert "    1  2026-11-01 01:30:00-04:00\r\n    2  2026-11-01 01:30:00-05:00" in screen
    assert "from 2026-11-01 01:30:00-05:00 until 2026-11-01 02:15:00-05:00 (45m)" in screen


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    ("words", "answers", "question"),
    [
        (["which"], [], "consumer):"),
        (["add", "person"], [("id of", "1")], "name:"),
    ],
)
def test_at_a_terminal_whoever_answers_nothing_is_not_refused(tmp_path, key, words, answers, question):
    ended, screen = at_a_terminal(tmp_path, words, [*answers, (question, key)])
    assert (ended, screen.splitlines()[-1]) == (3, "nothing was answered, and nothing was done")


def test_at_a_terminal_ctrl_c_at_a_pin_adds_nobody(tmp_path):
    ended, screen = at_a_terminal(tmp_path, ["add", "person", "1", "--name", "J"], [("PIN: ", "\x03")])
    assert (ended, screen.splitlines()[-1]) == (3, "nothing was answered, and nothing was done")
    assert "people: none" in at_a_terminal(tmp_path, ["list"], [])[1]


def test_at_a_terminal_a_wrong_answer_is_asked_for_again(tmp_path):
    at_a_terminal(tmp_path, ["add", "person", "1", "--name", "Joe"], [("PIN: ", "2468"), ("confirmation: ", "2468")])
    asked = [("address", "1 Road"), ("zone", "Amercia/Toronto"), ("did you mean America/Toronto?", TORONTO)]
    asked += [("listing agent", "2"), ("no person is known as '2'", "1")]
    assert at_a_terminal(tmp_path, ["add", "property"], asked)[0] == 0
    assert at_a_terminal(tmp_path, ["add", "box"], [("on the box", "LB-é"), ("is no name of a box", "B1")])[0] == 0
    asked = [("box: ", "B2"), ("shows every box", "B1"), ("property: ", "2 Road"), ("did you mean 1 Road?", "1 road")]
    assert at_a_terminal(tmp_path, ["assign", "--at", "2026-10-31T12:00:00Z"], asked)[0] == 0
    asked = [
        ("your id", "2"),
        ("add the person", "1"),
        ("email", "rita"),
        ("is no email address", "rita@example.org"),
        ("box", "B1"),
    ]
    asked += [("who that is", "realtor"), ("window, ", "now"), ("is none; write it as", "For 45 Minutes")]
    ended, screen = at_a_terminal(tmp_path, ["grant", "--at", "2026-10-31T12:00:00Z"], asked)
    assert (ended, "(45m), with the app" in screen) == (0, True)
    asked = [("box: ", "B1"), ("lockbox owner privileges", "2"), ("no person is known", "1 1")]
    ended, screen = at_a_terminal(tmp_path, ["owners"], asked)
    assert (ended, screen.splitlines()[-1].endswith("lockbox owners of B1: 1")) == (0, True)


# The file


@pytest.mark.usefixtures("house")
def test_the_file_is_its_owners_alone(tmp_path):
    assert stat.S_IMODE((tmp_path / "a.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "a.db.boxes").stat().st_mode) == 0o700


def test_where_none_is_named_it_is_in_the_data_folder(access, tmp_path, monkeypatch):
    monkeypatch.delenv("LOCKPROOF_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    access("account", "rita@example.org")
    (found,) = tmp_path.rglob("authority.db")
    assert found.parent.name == "lockproof"
    assert stat.S_IMODE(found.stat().st_mode) == 0o600


def test_a_file_that_is_none_is_left_as_it_is(access, tmp_path):
    (tmp_path / "a.db").write_text("a letter\n" * 100)
    assert "is not a file of an authority" in access("list", code=3)
    assert (tmp_path / "a.db").read_text() == "a letter\n" * 100


def test_an_audit_finds_what_was_changed_behind_the_authoritys_back(house, tmp_path):
    reference = grant(house)
    code(house)
    said = house("audit")
    head = re.search(r"--head (\d+:[0-9a-f]{64})\n", said)[1]
    assert said.startswith("the history is whole, 7 records, and the tables say what it says\n")
    house("revoke", reference, at="2019-02-02T09:00:00")
    assert json.loads(house("audit", "--head", head, "--json"))["clean"] is True
    records = json.loads(house("history", "--json"))
    assert [each["request"] for each in records] == [
        "add_person",
        "add_property",
        "add_box",
        "register_account",
        "assign",
        "grant_connect",
        "generate_code",
        "revoke",
    ]
    assert "2468" not in json.dumps(records)
    behind = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    behind.execute("DROP TRIGGER grants_stay_ended")
    behind.execute("UPDATE grants SET revoked = 0")
    behind.close()
    said = house("audit", code=1)
    assert f"    a row was changed: grants {reference}: " in said
    assert house("audit", "--head", "x", code=2).startswith("head: 'x' is none; give it as it was printed")


# Times


NOW = 1_551_528_000  # 2019-03-02 07:00:00-05:00, a Saturday


def window(text: str, zone: str = TORONTO, now: int = NOW):
    return times.window(text, times.calendar(zone, now), now, lambda *_: None)


def local(text: str, zone: str = TORONTO) -> int:
    return times.instant(text, times.calendar(zone, NOW), NOW, lambda *_: None)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("from 14:00 for 45 minutes", "2019-03-02 14:00:00-05:00", "2019-03-02 14:45:00-05:00"),
        ("14:00 for 45m", "2019-03-02 14:00:00-05:00", "2019-03-02 14:45:00-05:00"),
        ("from tomorrow 9:00 until 11:30", "2019-03-03 09:00:00-05:00", "2019-03-03 11:30:00-05:00"),
        ("2019-03-05 9:00 to 2019-03-07 18:30:15", "2019-03-05 09:00:00-05:00", "2019-03-07 18:30:15-05:00"),
        ("for 2 hours", "2019-03-02 07:00:00-05:00", "2019-03-02 09:00:00-05:00"),
        ("from now for 1 hour 30 minutes", "2019-03-02 07:00:00-05:00", "2019-03-02 08:30:00-05:00"),
        ("in 3 days 14:00 for 1 day", "2019-03-05 14:00:00-05:00", "2019-03-06 14:00:00-05:00"),
        ("  from   14:00   for 45   minutes ", "2019-03-02 14:00:00-05:00", "2019-03-02 14:45:00-05:00"),
        ("From Tomorrow 9:00 Until 11:30", "2019-03-03 09:00:00-05:00", "2019-03-03 11:30:00-05:00"),
        ("Now Until 14:00", "2019-03-02 07:00:00-05:00", "2019-03-02 14:00:00-05:00"),
        ("14:00z For 1H 30Min", "2019-03-02 09:00:00-05:00", "2019-03-02 10:30:00-05:00"),
        ("from 14:00Z for 45 minutes", "2019-03-02 09:00:00-05:00", "2019-03-02 09:45:00-05:00"),
        ("2019-03-09 23:00 for 6h", "2019-03-09 23:00:00-05:00", "2019-03-10 06:00:00-04:00"),
        ("2019-11-03 01:30:00-04:00 for 1h", "2019-11-03 01:30:00-04:00", "2019-11-03 01:30:00-05:00"),
    ],
)
def test_windows_as_people_write_them(text, start, end):
    assert tuple(times.told(each, TORONTO) for each in window(text)) == (start, end)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("14:00", "window: '14:00' is none; write it as"),
        ("from noon for 1 hour", "'noon' names no time; write one such as 14:00"),
        ("from 25:00 for 1 hour", "'25:00': '25:00' is no time of day"),
        ("from 14:00 for a while", "'a while' is no length of time"),
        ("from 14:00 for 45", "'45' is no length of time"),
        ("from 14:00 until 13:00", "window: 'from 14:00 until 13:00' ends at 2019-03-02 13:00:00-05:00, not after it begins"),
        ("from 2019-03-10 02:30 for 1 hour", "'2019-03-10 02:30': 2019-03-10 02:30:00 does not exist in America/Toronto"),
        ("from 2019-11-03 01:30 for 1 hour", "'2019-11-03 01:30': 2019-11-03 01:30:00 comes more than once"),
        ("from 2019-03-05 14:00-07:00 for 1 hour", "'2019-03-05 14:00-07:00': 2019-03-05 14:00:00-07:00 is not"),
        ("from 2019-02-30 14:00 for 1 hour", "'2019-02-30 14:00': '2019-02-30' is no date"),
    ],
)
def test_what_is_no_window(text, told):
    with pytest.raises(BadInput) as error:
        window(text)
    assert str(error.value).startswith(told)


def test_a_time_that_comes_twice_is_asked_about():
    asked = []

    def choose(why, instants):
        asked.append((why.split(",")[0], [times.told(each, TORONTO) for each in instants]))
        return instants[1]

    found = times.instant("2019-11-03 01:30", times.calendar(TORONTO, NOW), NOW, choose)
    assert asked == [
        (
            "2019-11-03 01:30:00 comes more than once in America/Toronto",
            ["2019-11-03 01:30:00-04:00", "2019-11-03 01:30:00-05:00"],
        )
    ]
    assert times.told(found, TORONTO) == "2019-11-03 01:30:00-05:00"


@given(
    st.integers(400 * DAY, 2_145_916_800),
    st.sampled_from([TORONTO, "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_what_is_told_is_read_as_the_same_instant(at, zone):
    assert times.instant(times.told(at, zone), times.calendar(zone, at), at, lambda *_: None) == at


@pytest.mark.parametrize(
    ("text", "seconds"), [("45 minutes", 2700), ("1h30m", 5400), ("2 days", 2 * DAY), ("1 hour 1 second", HOUR + 1)]
)
def test_lengths_as_people_write_them(text, seconds):
    assert times.length(text) == seconds


@pytest.mark.parametrize("at", ["now", "14:00", "2019-02-02", "2019-02-02T14:00:00", "2019-02-02T14:00:00.5Z"])
def test_an_instant_to_pretend_needs_its_offset(at):
    with pytest.raises(BadInput, match=f"^--at {re.escape(at)}: name an instant with its offset"):
        times.now(at)


def test_where_no_instant_is_named_it_is_now():
    assert 0 <= time.time() - times.now("") < 5


def test_days_of_the_year_in_which_a_clock_changes_are_told_with_their_offsets(access):
    access("add", "person", "123456", "--name", "Joe Smith")
    access("add", "property", "1 Road", "--zone", TORONTO, "--agent", "123456")
    access("add", "box", "B1")
    access("assign", "B1", "1 Road", at="2019-03-09T08:00:00")
    words = ("--date", "tomorrow", "--name", "Ann", "--role", "realtor")
    said = access("code", "B1", *words, at="2019-03-09T08:00:00")
    assert "first use on 2019-03-10, from 2019-03-10 00:00:00-05:00 until 2019-03-11 00:00:00-04:00" in said


def test_a_date_of_no_length_is_refused_with_the_reason(access):
    access("add", "person", "123456", "--name", "Joe Smith")
    access("add", "property", "1 Beach", "--zone", "Pacific/Apia", "--agent", "123456")
    access("add", "box", "B1")
    access("assign", "B1", "1 Beach", at="2011-12-20T08:00:00")
    words = ("code", "B1", "--date", "2011-12-30", "--name", "Ann", "--role", "realtor", "--json")
    said = json.loads(access(*words, at="2011-12-20T08:00:01", code=1))
    assert said == {"accepted": False, "clauses": ["time.no-such-day"]}


# The page


def page() -> str:
    return files("lockproof.reference").joinpath("ACCESS.md").read_text(encoding="utf-8")


def test_the_story_of_the_page_goes_as_it_stands_there(access):
    """But for what is drawn: of each reference and of the digits, those of this run stand for those of the page."""
    drawn: dict[str, str] = {}
    commands = 0
    for block in re.findall(r"```console\n(.*?)```", page(), re.DOTALL):
        for told in block.split("$ lockproof access ")[1:]:
            line, _, expected = told.partition("\n")
            for there, here in drawn.items():
                line = line.replace(there, here)
            said = access(*shlex.split(line), code=1 if expected.startswith("refused") else 0)
            _learn(expected, said, drawn)
            for there, here in drawn.items():
                expected = expected.replace(there, here)
            assert said == expected
            commands += 1
    assert commands == 22
    assert len(drawn) == 6


def _learn(expected: str, said: str, drawn: dict[str, str]) -> None:
    """Longest first, so that what begins with another is told apart."""
    for pattern in (r"granted   (([0-9a-f]{8})[0-9a-f]{24})", r"generated   ((code-[0-9a-f]{4})[0-9a-f]{12})"):
        if there := re.search(pattern, expected):
            drawn |= dict(zip(there.groups(), re.search(pattern, said).groups(), strict=True))
    if there := re.search(r"Lockbox code (\d{4})(\d{4})", expected):
        here = re.search(r"Lockbox code (\d{4})(\d{4})", said)
        drawn |= {"".join(there.groups()): "".join(here.groups()), " ".join(there.groups()): " ".join(here.groups())}


def rows_of_the_page() -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in page().splitlines() if line.startswith("| ")][2:]


def _plain(text: str) -> str:
    return " ".join(text.replace("\t", " ").split())


def test_no_sentence_of_the_source_is_missing_in_the_table():
    told = [_plain(row[0]) for row in rows_of_the_page()]
    quoted = {_plain(quote) for each in all_clauses().values() for quote in each.sources}
    left_out = files("lockproof.spec.chapters").joinpath("left-out.md").read_text(encoding="utf-8")
    quoted |= {_plain(quote) for quote in re.findall(r'^- "(.*?)"', left_out, re.MULTILINE | re.DOTALL)}
    assert [quote for quote in sorted(quoted) if not any(quote.rstrip(".") in sentence for sentence in told)] == []


def test_every_row_names_clauses_commands_and_tests_that_there_are():
    commands = {each.name or each.callback.__name__ for each in access_app.registered_commands}
    for sentence, of, does, held in rows_of_the_page():
        names = [re.findall("`([^`]+)`", cell) for cell in (of, does, held)]
        assert (of == "*left out*") == (names[0] == []), sentence
        assert all(_plain(sentence) and each in all_clauses() for each in names[0]), sentence
        assert set(names[1]) <= commands, sentence
        assert bool(names[2]) == bool(names[0]), sentence
        assert all(each in globals() for each in names[2]), sentence
        for each in names[0]:
            assert all_clauses()[each].sources or each == "eligibility.board", sentence


def test_a_row_that_is_taken_away_is_missed(monkeypatch):
    cut = "\n".join(line for line in page().splitlines() if not line.startswith("| One Day Codes cannot be revoked."))
    monkeypatch.setitem(globals(), "page", lambda: cut)
    with pytest.raises(AssertionError):
        test_no_sentence_of_the_source_is_missing_in_the_table()
