"""Who is given what: every need of every request alone, several at once, and what follows from an answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from lockproof.reference import credentials
from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.fields import FieldError, UnknownName
from lockproof.spec import civil
from lockproof.spec.observable import Answer, BenchError, CodeIndex, Revocation, Role
from lockproof.spec.profile import DAY, DEFAULT, HOUR, MINUTE, Profile

TORONTO = "America/Toronto"
CODE_ROLES = [Role.CONTRACTOR, Role.APPRAISER, Role.INSPECTOR, Role.PROFESSIONAL]


def toronto(date: str, time: str = "00:00:00") -> int:
    return civil.local_instant(dt.date.fromisoformat(date), dt.time.fromisoformat(time), TORONTO)


# Advice


@pytest.mark.parametrize("role", list(Role))
def test_there_is_one_answer_for_each_kind_of_recipient(town, role: Role) -> None:
    expected = {
        Role.REALTOR: ("connect", "eligibility.connect-realtor"),
        Role.CONSUMER: ("neither", "eligibility.consumer-never"),
    }.get(role, ("code", "eligibility.code-seller-permission"))
    advice = town.authority.which(role)
    assert (advice.recommendation, advice.clause) == expected
    assert advice.reason


# Grants


def test_a_grantor_grants(town) -> None:
    for by in (town.joe, town.sue, town.olga):
        answer = town.grant(by=by)
        assert answer.accepted
        assert not answer.clauses
        assert len(bytes.fromhex(answer.reference)) == 16


@pytest.mark.parametrize(
    ("changes", "clauses"),
    [
        ({"role": Role.CONSUMER}, ("eligibility.consumer-never", "eligibility.connect-realtor")),
        *(({"role": role}, ("eligibility.connect-realtor",)) for role in CODE_ROLES),
        ({"by": "999999"}, ("connect.grantor",)),
        ({"email": ""}, ("connect.recipient-email",)),
        ({"email": "  "}, ("connect.recipient-email",)),
        ({"email": "Ann Smith"}, ("connect.recipient-email",)),
        ({"email": "ann@example"}, ("connect.recipient-email",)),
        ({"email": "ann@example.org\tx"}, ("connect.recipient-email",)),
        ({"email": "ann@exa\nmple.org"}, ("connect.recipient-email",)),
        ({"length": 30 * MINUTE - 1}, ("connect.window.length",)),
        ({"length": 30 * MINUTE}, ()),
        ({"length": 604_800}, ()),
        ({"length": 604_801}, ("connect.window.length",)),
        ({"start_in": DAY, "length": 0}, ("connect.window.length",)),
        ({"start_in": DAY, "length": -1}, ("connect.window.length",)),
        ({"start_in": -HOUR, "length": HOUR}, ("connect.window.not-over",)),
        ({"start_in": -HOUR + 1, "length": HOUR}, ()),
        ({"start_in": 1000 * DAY, "length": HOUR}, ()),
        (
            {"role": Role.CONSUMER, "by": "999999", "email": "", "start_in": -2 * HOUR, "length": MINUTE},
            (
                "eligibility.consumer-never",
                "eligibility.connect-realtor",
                "connect.grantor",
                "connect.recipient-email",
                "connect.window.length",
                "connect.window.not-over",
            ),
        ),
    ],
)
def test_each_need_of_a_grant_alone_and_all_in_order(town, changes: dict, clauses: tuple[str, ...]) -> None:
    start = town.now + changes.pop("start_in", 0)
    answer = town.grant(**({"start": start, "end": start + changes.pop("length", HOUR)} | changes))
    assert (answer.accepted, answer.clauses) == (not clauses, clauses)
    assert (answer.reference is None) is bool(clauses)
    assert len(town.authority.report()) == (0 if clauses else 1)


def test_without_an_assignment_nobody_grants_and_only_the_owner_is_a_grantor(town) -> None:
    town.authority.assign(town.box, None, town.now)
    for by in (town.joe, town.sue, town.olga):
        assert town.grant(by=by).clauses == ("connect.grantor",)
        assert town.code(by=by).clauses == ("code.grantor",)


def test_grantors_are_those_of_now(town) -> None:
    town.authority.set_agent("main", town.max)
    assert town.grant(by=town.max).accepted
    assert town.grant(by=town.joe).accepted  # of the listing office still
    town.authority.set_owners(town.box, (town.max,))
    assert town.grant(by=town.olga).clauses == ("connect.grantor",)
    town.authority.assign(town.box, "elm", town.now)
    assert town.grant(by=town.joe).clauses == ("connect.grantor",)
    assert town.code(by=town.joe).clauses == ("code.grantor",)


def test_somebody_without_an_office_is_not_of_the_office_of_a_property_without_one(town) -> None:
    town.authority.add_property("oak", "1 Oak Lane", TORONTO, town.joe)
    town.authority.add_box(bytes(16), bytes(32))
    town.authority.assign(bytes(16), "oak", town.now)
    assert town.grant(by=town.olga, box_id=bytes(16)).clauses == ("connect.grantor",)
    assert town.grant(by=town.joe, box_id=bytes(16)).accepted


# Tickets


def test_a_ticket_says_grant_window_and_nonce(town) -> None:
    grant = town.grant(start=town.now + DAY, end=town.now + 2 * DAY).reference
    answer = town.ticket(grant, now=town.now + 9 * DAY)  # whatever the window: the box decides
    keys = credentials.derive_keys(town.box, town.secret)
    claims = credentials.open_ticket(keys, answer.message)
    assert claims == credentials.TicketClaims(bytes.fromhex(grant), town.now + DAY, town.now + 2 * DAY, bytes(16))


def test_each_need_of_a_ticket_alone_and_all_in_order(town) -> None:
    grant = town.grant().reference
    assert town.ticket(grant).accepted
    assert town.ticket(grant, "Ann@Example.ORG").accepted
    assert town.ticket(grant, "bob@example.org").clauses == ("connect.account",)
    town.authority.register_account("bob@example.org", town.now)
    assert town.ticket(grant, "bob@example.org").clauses == ("connect.account",)
    town.authority.close_account(town.email, town.now)
    assert town.ticket(grant).clauses == ("connect.account",)
    town.authority.register_account(town.email, town.now)
    assert town.ticket(grant).accepted
    town.authority.revoke(grant, town.olga, town.now)
    assert town.ticket(grant).clauses == ("connect.revoke.bound",)
    town.authority.assign(town.box, None, town.now)
    assert town.ticket(grant, "bob@example.org").clauses == ("connect.account", "connect.property", "connect.revoke.bound")


def test_an_account_may_come_after_its_grant(town) -> None:
    grant = town.grant(email="late@example.org").reference
    assert town.ticket(grant, "late@example.org").clauses == ("connect.account",)
    town.authority.register_account("late@example.org", town.now)
    assert town.ticket(grant, "late@example.org").accepted


def test_a_grant_that_a_move_ended_stays_ended_when_the_box_comes_back(town) -> None:
    grant = town.grant().reference
    town.authority.assign(town.box, "elm", town.now + 5)
    assert town.ticket(grant).clauses == ("connect.property",)
    town.authority.assign(town.box, "main", town.now + 6)
    assert town.ticket(grant).clauses == ("connect.property",)
    assert town.authority.revocations() == (Revocation(grant, town.now + 5, None, town.now + 65),)
    assert town.authority.revocation_order(grant)
    assert town.ticket(town.grant().reference).accepted


def test_assigning_a_box_to_where_it_is_ends_nothing(town) -> None:
    grant = town.grant().reference
    assert town.authority.assign(town.box, "main", town.now + 5)
    assert town.ticket(grant).accepted


# Revocation


def test_any_grantor_revokes_at_any_time_and_twice_is_as_good_as_once(town) -> None:
    for when in (-DAY, 0, 1, DAY, 30 * DAY):
        grant = town.grant(start=town.now, end=town.now + DAY, by=town.joe).reference
        first = town.authority.revoke(grant, town.sue, town.now + when)
        again = town.authority.revoke(grant, town.olga, town.now + when + 1)
        keys = credentials.derive_keys(town.box, town.secret)
        for answer in (first, again):
            assert answer.accepted
            assert answer.reference == grant
            assert credentials.open_revocation(keys, answer.message) == bytes.fromhex(grant)
        assert Revocation(grant, town.now + when, None, town.now + when + 60) in town.authority.revocations()
    assert town.kinds().count("SentriConnect Access Revoked") == 5


def test_a_stranger_revokes_nothing(town) -> None:
    grant = town.grant().reference
    assert town.authority.revoke(grant, town.max, town.now).clauses == ("connect.revoke.any-time",)
    assert town.ticket(grant).accepted
    assert town.authority.revocation_order(grant) is None
    assert town.kinds() == ["SentriConnect Access Granted"]


def test_who_lost_the_role_revokes_no_longer_and_who_has_it_does(town) -> None:
    grant = town.grant(by=town.olga).reference
    town.authority.set_owners(town.box, ())
    assert not town.authority.revoke(grant, town.olga, town.now).accepted
    assert town.ticket(grant).accepted  # what was issued stays
    assert town.authority.revoke(grant, town.joe, town.now).accepted


def test_revoking_one_grant_leaves_the_others(town) -> None:
    one, other, code = town.grant().reference, town.grant().reference, town.code()
    town.authority.revoke(one, town.joe, town.now)
    assert town.ticket(other).accepted
    assert town.authority.revocation_order(other) is None
    assert town.authority.share(code.reference)


def test_delivered_is_when_the_box_heard_first(town) -> None:
    grant = town.grant().reference
    with pytest.raises(FieldError, match="is not ended"):
        town.authority.revocation_delivered(grant, town.now)
    town.authority.revoke(grant, town.joe, town.now)
    town.authority.revocation_delivered(grant, town.now + 7)
    town.authority.revocation_delivered(grant, town.now + 9)
    assert town.authority.revocations() == (Revocation(grant, town.now, town.now + 7, town.now + 60),)


def test_a_code_is_never_revoked_and_each_request_of_a_grantor_is_a_line(town) -> None:
    code = town.code().reference
    for by, lines in ((town.joe, 1), (town.sue, 2), (town.joe, 3), (town.max, 3)):
        answer = town.authority.revoke(code, by, town.now)
        assert (answer.accepted, answer.clauses, answer.message) == (False, ("code.irrevocable",), None)
        assert town.kinds().count("1 Day Code Revocation Refused") == lines


def test_a_time_order_is_for_its_box_and_its_nonce(town) -> None:
    order = town.authority.time_order(town.box, bytes(16), 5)
    assert credentials.open_time_order(credentials.derive_keys(town.box, town.secret), order) == credentials.TimeClaims(
        5, bytes(16)
    )


# One Day Codes


def test_a_grantor_generates_a_code(town) -> None:
    for index, by in enumerate((town.joe, town.sue, town.olga)):
        answer = town.code(by=by)
        expected = CodeIndex(toronto("2019-02-03"), toronto("2019-02-04"), index)
        assert (answer.accepted, answer.clauses, answer.code) == (True, (), expected)
        assert answer.digits == credentials.interop_digits(town.box, town.secret, DEFAULT)(expected)


@pytest.mark.parametrize(
    ("changes", "clauses"),
    [
        ({"role": Role.CONSUMER}, ("eligibility.consumer-never",)),
        (
            {"role": Role.CONSUMER, "seller_permission": False},
            ("eligibility.consumer-never", "eligibility.code-seller-permission"),
        ),
        *(({"role": role, "seller_permission": False}, ("eligibility.code-seller-permission",)) for role in CODE_ROLES),
        *(({"role": role}, ()) for role in CODE_ROLES),
        ({"role": Role.REALTOR, "seller_permission": False}, ()),
        ({"by": "999999"}, ("code.grantor",)),
        ({"pin": "4712"}, ("code.pin",)),
        ({"pin": ""}, ("code.pin",)),
        ({"pin": "\ud800"}, ("code.pin",)),
        ({"name": ""}, ("code.record",)),
        ({"name": "   "}, ("code.record",)),
        ({"date": "2019-02-01"}, ("code.date",)),
        ({"date": "2019-02-02"}, ()),
        ({"date": "2019-02-16"}, ()),
        ({"date": "2019-02-17"}, ("code.date",)),
        ({"date": "1987-10-25"}, ("code.date",)),
        ({"date": "2087-10-25"}, ("code.date",)),
        (
            {
                "role": Role.CONSUMER,
                "seller_permission": False,
                "by": "999999",
                "pin": "x",
                "name": "",
                "date": "2019-02-01",
            },
            (
                "eligibility.consumer-never",
                "eligibility.code-seller-permission",
                "code.grantor",
                "code.pin",
                "code.record",
                "code.date",
            ),
        ),
    ],
)
def test_each_need_of_a_code_alone_and_all_in_order(town, changes: dict, clauses: tuple[str, ...]) -> None:
    answer = town.code(**changes)
    assert (answer.accepted, answer.clauses) == (not clauses, clauses)
    assert (answer.digits is None, answer.code is None, answer.reference is None) == (bool(clauses),) * 3
    assert len(town.authority.report()) == (0 if clauses else 1)


def test_today_is_the_propertys_day(town) -> None:
    assert town.code(date="2019-02-02", now=toronto("2019-02-02", "23:59:59")).accepted
    assert town.code(date="2019-02-02", now=toronto("2019-02-03")).clauses == ("code.date",)
    assert town.code(date="2019-02-17", now=toronto("2019-02-02", "23:59:59")).clauses == ("code.date",)
    assert town.code(date="2019-02-17", now=toronto("2019-02-03")).accepted


def test_days_are_counted_in_calendar_days_across_a_change_of_the_clocks(town) -> None:
    now = toronto("2019-03-09", "23:59:59")  # the next day has 23 hours
    day = town.code(date="2019-03-10", now=now).code
    assert day.day_end - day.day_start == 23 * HOUR
    assert town.code(date="2019-03-23", now=now).accepted
    assert town.code(date="2019-03-24", now=now).clauses == ("code.date",)


def test_a_date_of_no_length_is_refused(town) -> None:
    town.authority.add_property("beach", "1 Beach Road", "Pacific/Apia", town.joe)
    now = civil.local_instant(dt.date(2011, 12, 29), dt.time(12), "Pacific/Apia")
    town.authority.assign(town.box, "beach", now)
    assert town.code(date="2011-12-30", now=now).clauses == ("time.no-such-day",)
    assert town.code(date="2011-12-30", now=now, name="").clauses == ("code.record", "time.no-such-day")
    assert town.code(date="2011-12-31", now=now).accepted


def test_eight_codes_a_day_and_no_ninth(town) -> None:
    codes = [town.code() for _ in range(8)]
    assert [answer.code.index for answer in codes] == list(range(8))
    assert town.code().clauses == ("code.index",)
    assert town.code(date="2019-02-04").accepted
    assert town.code(date="2019-02-01").clauses == ("code.date",)
    assert town.code(role=Role.CONSUMER, pin="x").clauses == ("eligibility.consumer-never", "code.pin", "code.index")


def test_an_index_that_is_known_to_have_been_used_is_never_issued(town, entry_of) -> None:
    day = town.code().code
    town.receive(entry_of(1, replace(day, index=1)), entry_of(2, replace(day, index=3)))
    town.receive(entry_of(3, replace(day, index=2), accepted=False))  # refused: not used
    assert [town.code().code.index for _ in range(5)] == [2, 4, 5, 6, 7]
    assert town.code().clauses == ("code.index",)


def test_boxes_count_their_codes_apart(town) -> None:
    town.authority.add_box(bytes(16), bytes(32))
    town.authority.assign(bytes(16), "main", town.now)
    first, other = town.code(), town.code(box_id=bytes(16))
    assert first.code == other.code
    assert first.digits != other.digits


def test_indices_go_on_when_the_box_comes_back_on_the_same_day(town) -> None:
    assert town.code().code.index == 0
    town.authority.assign(town.box, None, town.now)
    town.authority.assign(town.box, "main", town.now)
    assert town.code().code.index == 1


def stand_in(digits: dict[tuple[str, int], str]):
    """A vendor's generator: some digits by local date in Toronto and index, the rest unlike any other."""
    known = {(toronto(date), index): text for (date, index), text in digits.items()}

    def generator(_box: bytes, _secret: bytes, _profile: Profile):
        return lambda code: known.get((code.day_start, code.index), f"{code.day_start}-{code.index}")

    return generator


def test_a_dead_index_is_never_issued(make_town) -> None:
    town = make_town(
        generator=stand_in(
            {
                ("2019-02-03", 0): "A",
                ("2019-02-03", 1): "A",
                ("2019-02-03", 2): "C",
                ("2019-02-04", 0): "C",
                ("2019-02-05", 0): "A",
            }
        )
    )
    issued = [town.code(date=date) for date in ("2019-02-03", "2019-02-03", "2019-02-04", "2019-02-05")]
    assert [answer.code.index for answer in issued] == [0, 2, 1, 0]
    assert [answer.digits for answer in issued[:2]] == ["A", "C"]


def test_a_zone_that_the_box_has_left_counts_to_the_last_day_that_it_can_serve(make_town) -> None:
    """On 2 February a code can be had for the 16th at most; from then on no day of Toronto makes an index dead."""

    def generator(_box: bytes, _secret: bytes, _profile: Profile):
        def digits(code: CodeIndex) -> str:
            if code.day_start % DAY == 5 * HOUR:  # Toronto
                return f"on {code.day_end // DAY}" if code.index == 7 else f"{code}"
            return f"on {code.day_end // DAY}" if code.index == 0 else f"{code}"  # Vancouver

        return digits

    town = make_town(generator=generator)
    town.authority.assign(town.box, "elm", town.now)
    later = town.now + 10 * DAY
    dates = ("2019-02-14", "2019-02-15", "2019-02-16", "2019-02-17", "2019-02-18")
    issued = [town.code(by=town.max, date=date, now=later).code.index for date in dates]
    assert issued == [1, 1, 1, 0, 0]


def test_a_zone_table_counts_as_in_force_until_the_box_is_sent_another(town) -> None:
    def in_force() -> list[int]:
        return town.authority._store.column("SELECT last_day_end IS NULL FROM zone_tables ORDER BY zone_table")

    assert in_force() == [1]
    town.authority.assign(town.box, None, town.now)
    assert in_force() == [1]
    town.authority.assign(town.box, "main", town.now)
    town.authority.assign(town.box, "main", town.now)
    assert in_force() == [0, 0, 1]


def test_what_was_issued_keeps_its_day_when_the_box_moves_to_another_zone(town) -> None:
    town.authority.set_owners(town.box, (town.joe,))
    before = town.code(date="2019-02-03")
    town.authority.assign(town.box, "elm", town.now)
    after = town.code(date="2019-02-03")
    assert before.code.day_start + 3 * HOUR == after.code.day_start
    assert before.code.index == after.code.index == 0
    assert before.digits in town.authority.share(before.reference)
    assert "123 Main Street" in town.authority.share(before.reference)


def test_an_owner_named_twice_is_one(town) -> None:
    town.authority.set_owners(town.box, (town.max, town.max))
    assert town.grant(by=town.max).accepted


# Provisioning


def test_a_box_is_told_who_it_is_and_its_zone(town) -> None:
    told = town.authority.assign(town.box, "elm", town.now)
    assert (told.box_id, told.secret) == (town.box, town.secret)
    for date in (dt.date(2019, 2, 1), dt.date(2019, 2, 2), dt.date(2019, 3, 10), dt.date(2020, 3, 1)):
        day = civil.day_bounds(date, "America/Vancouver")
        assert civil.days_from_pairs(told.zone.pairs, told.zone.expiry, day.start) == (day.start, day.end)
    assert town.authority.assign(town.box, None, town.now) is None
    assert town.authority.assign(town.box, None, town.now) is None


def test_a_box_whose_zone_table_runs_out_must_be_sent_another(town) -> None:
    later = town.now + 400 * DAY - HOUR
    date = civil.date_at(later, TORONTO).isoformat()
    with pytest.raises(FieldError, match="assign it to main again"):
        town.code(date=date, now=later)
    town.authority.assign(town.box, "main", later)
    assert town.code(date=date, now=later).accepted


def test_a_code_is_for_the_day_that_the_box_was_told_also_after_new_zone_rules(town, monkeypatch) -> None:
    expected = town.code(date="2019-02-10").code
    rules = civil.day_bounds

    def new_rules(date: dt.date, zone: str) -> civil.Day:
        day = rules(date, zone)
        return replace(day, start=day.start + HOUR, end=day.end + HOUR, tzdata="later")

    monkeypatch.setattr(civil, "day_bounds", new_rules)
    assert town.code(date="2019-02-10").code == replace(expected, index=1)


def test_zone_and_release_of_its_rules_are_recorded_with_what_was_issued(town) -> None:
    town.grant()
    town.code()
    recorded = (TORONTO, civil.tzdata_version())
    for issued in ("grants", "codes", "zone_tables"):
        assert tuple(town.authority._store.row(f"SELECT zone, tzdata FROM {issued}")) == recorded
    row = town.authority._store.row("SELECT name, role, seller_permission, date, generated_by FROM codes")
    assert tuple(row) == ("Ann (appraiser)", "appraiser", 1, "2019-02-03", town.joe)


# PINs


def test_wrong_pins_are_bounded_per_person_and_the_bound_says_so(town) -> None:
    for _ in range(5):
        assert town.code(pin="x").clauses == ("code.pin",)
    for pin in ("x", town.pin):
        assert town.code(pin=pin).clauses == ("box.wrong-entry.bound", "code.pin")
    assert town.code(by=town.sue).accepted
    assert town.code(now=town.now + 5 * MINUTE - 1).clauses == ("box.wrong-entry.bound", "code.pin")
    assert town.code(now=town.now + 5 * MINUTE).accepted
    assert town.code(now=town.now + 5 * MINUTE, pin="x").clauses == ("code.pin",)
    assert town.code(now=town.now + 5 * MINUTE).clauses == ("box.wrong-entry.bound", "code.pin")


def test_a_right_pin_is_not_charged_whatever_else_forbids_the_code(town) -> None:
    for _ in range(20):
        assert town.code(name="").clauses == ("code.record",)
    assert town.code().accepted


def test_a_wrong_pin_is_charged_whatever_else_forbids_the_code(town) -> None:
    for _ in range(5):
        assert town.code(name="", by=town.max, pin="x").clauses == ("code.grantor", "code.pin", "code.record")
    assert "box.wrong-entry.bound" in town.code(by=town.max).clauses


def test_a_disabled_pin_is_not_looked_at(town, monkeypatch) -> None:
    for _ in range(5):
        town.code(pin="x")
    monkeypatch.setattr("lockproof.reference.registry.pin_matches", lambda *_: pytest.fail("looked at"))
    assert not town.code().accepted


def test_whoever_knows_the_pin_sets_another(town) -> None:
    assert town.authority.set_pin(town.joe, town.pin, "4713", town.now) == Answer(True)
    assert town.code().clauses == ("code.pin",)
    assert town.code(pin="4713").accepted
    assert town.code(by=town.sue).accepted


def test_who_guesses_at_the_pin_that_is_to_be_changed_is_bounded_by_the_same_rule(town) -> None:
    for _ in range(5):
        assert town.authority.set_pin(town.joe, "x", "4713", town.now) == Answer(False, ("code.pin",))
    assert town.authority.set_pin(town.joe, town.pin, "4713", town.now) == Answer(False, ("box.wrong-entry.bound", "code.pin"))
    assert town.code().clauses == ("box.wrong-entry.bound", "code.pin")
    assert town.code(now=town.now + 5 * MINUTE).accepted, "the PIN of before"


def test_another_pin_gives_no_more_guesses(town) -> None:
    for _ in range(4):
        town.code(pin="x")
    assert town.authority.set_pin(town.joe, town.pin, "4713", town.now).accepted
    assert town.code(pin="x").clauses == ("code.pin",)
    assert town.code(pin="4713").clauses == ("box.wrong-entry.bound", "code.pin")


def test_an_empty_pin_is_none_and_nothing_is_charged(town) -> None:
    for _ in range(9):
        with pytest.raises(FieldError, match="PIN: nothing was entered; enter at least one character"):
            town.authority.set_pin(town.joe, "x", "", town.now)
    with pytest.raises(UnknownName):
        town.authority.set_pin("nobody", "x", "4713", town.now)
    assert town.code().accepted


def test_what_cannot_be_taken_as_entered_charges_nothing(town) -> None:
    for _ in range(9):
        with pytest.raises(FieldError):
            town.code(pin="x", date="tomorrow")
        with pytest.raises(UnknownName):
            town.code(pin="x", box_id=bytes(16))
    assert town.code().accepted


# What is entered


@pytest.mark.parametrize(
    "text", ["a\tb", "a\nb", "a\rb", "a\x0bb", "a\x85b", "a\u2028b", "a\u2029b", "a\x00b", "a\ud800b", "\tb", "b\n"]
)
def test_what_would_break_a_line_is_not_taken(town, text: str) -> None:
    authority = town.authority
    for enter in (
        lambda: town.code(name=text),
        lambda: authority.add_person("1", text, "1"),
        lambda: authority.add_person(text, "One", "1"),
        lambda: authority.add_person("1", "One", "1", text),
        lambda: authority.add_property("p", text, TORONTO, town.joe),
        lambda: authority.add_property(text, "1 Street", TORONTO, town.joe),
    ):
        with pytest.raises(FieldError, match="would break a line of the report"):
            enter()
    assert not authority.report()


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda town: town.authority.add_person(town.joe, "Joe", "1"), "there is a person '123456' already"),
        (lambda town: town.authority.add_person("1", "", "1"), "name: nothing was entered"),
        (lambda town: town.authority.add_person("1", "One", ""), "PIN: nothing was entered"),
        (lambda town: town.authority.add_property("main", "x", TORONTO, town.joe), "there is a property 'main' already"),
        (lambda town: town.authority.add_property("p", "x", "America/Torronto", town.joe), "did you mean America/Toronto?"),
        (lambda town: town.authority.add_property("p", "x", TORONTO, "123465"), "did you mean 12345"),
        (lambda town: town.authority.add_box(town.box, bytes(32)), "there is a box '000102030405060708090a0b0c0d0e0f' already"),
        (lambda town: town.authority.add_box(bytes(16), town.secret), "another box has it already"),
        (lambda town: town.authority.add_box(bytes(15), bytes(32)), "box: 15 bytes"),
        (lambda town: town.authority.add_box(bytes(16), bytes(31)), "secret: 31 bytes"),
        (lambda town: town.authority.add_box(bytes(16), bytes(32), ("nobody",)), "no person is known as 'nobody'"),
        (lambda town: town.authority.set_owners(bytes(16), ()), "no box is known as"),
        (lambda town: town.authority.set_agent("mian", town.joe), "did you mean main?"),
        (lambda town: town.authority.set_agent("main", "x"), "add the person first"),
        (lambda town: town.authority.assign(town.box, "mane", town.now), "did you mean main?"),
        (lambda town: town.authority.assign(town.box, "main", -1), "now: -1 is no instant"),
        (lambda town: town.authority.register_account("ann", town.now), "'ann' is no email address"),
        (lambda town: town.authority.close_account("anne@example.org", town.now), "did you mean ann@example.org?"),
        (lambda town: town.grant(by="12345"), "did you mean 12345"),
        (lambda town: town.grant(box_id=bytes(16)), "no box is known as"),
        (lambda town: town.grant(start=-1), "start: -1 is no instant"),
        (lambda town: town.grant(end=10**12), "end: 1000000000000 is no instant"),
        (lambda town: town.grant(now=True), "now: True is no instant"),
        (lambda town: town.ticket("00"), "no grant is known as '00'"),
        (lambda town: town.authority.issue_ticket(town.grant().reference, town.email, b"", town.now), "nonce: 0 bytes"),
        (lambda town: town.authority.time_order(town.box, bytes(15), 5), "nonce: 15 bytes"),
        (lambda town: town.authority.time_order(town.box, bytes(16), -5), "time: -5 is no instant"),
        (lambda town: town.authority.time_order(bytes(16), bytes(16), 5), "no box is known as"),
        (lambda town: town.authority.revoke("code-x", town.joe, town.now), "no grant is known as 'code-x'"),
        (lambda town: town.authority.revoke(town.code().reference[:-1], town.joe, town.now), "did you mean code-"),
        (lambda town: town.authority.revoke(town.grant().reference, "x", town.now), "no person is known as 'x'"),
        (lambda town: town.authority.revocation_order("x"), "no grant is known as 'x'"),
        (lambda town: town.authority.revocation_delivered("x", town.now), "no grant is known as 'x'"),
        (lambda town: town.code(by="x"), "no person is known as 'x'"),
        (lambda town: town.code(date="20190203"), "'20190203' is no date"),
        (lambda town: town.code(date="2019-02-30"), "'2019-02-30' is no date"),
        (lambda town: town.code(date="2019-W05-7"), "is no date"),
        (lambda town: town.code(date="9999-12-31"), "date: "),
        (lambda town: town.authority.share("x"), "no code is known as 'x'"),
        (lambda town: town.authority.share_by_email(town.code().reference, "a@b.c\r\nBcc: d@e.f"), "is no email address"),
        (lambda town: town.authority.receive(bytes(16), 1, (), town.now), "no box is known as"),
    ],
)
def test_bad_input_is_answered_with_what_was_seen_and_what_to_do(town, ask, says: str) -> None:
    with pytest.raises(BenchError, match=says.replace("?", r"\?")):
        ask(town)
    assert town.code().accepted  # and nothing is left half done


def test_a_refused_assignment_moves_nothing(town) -> None:
    grant = town.grant().reference
    with pytest.raises(UnknownName):
        town.authority.assign(town.box, "nowhere", town.now)
    assert town.ticket(grant).accepted


def test_a_closed_authority_says_so() -> None:
    authority = ReferenceAuthority()
    authority.close()
    with pytest.raises(BenchError, match="closed"):
        authority.report()
