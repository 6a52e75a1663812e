"""Traces in ITF: written to the byte, read as Quint and Apalache write them, played, and contradicted in so many words."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lockproof.conformance import itf, itf_playing, suite, vector_files
from lockproof.conformance.moves import MIDNIGHT, START
from lockproof.conformance.scenario import ScenarioError, from_data
from lockproof.conformance.story import Contradiction
from lockproof.conformance.verdict import Verdict
from lockproof.spec.observable import BadInput
from lockproof.spec.profile import DAY, DEFAULT
from lockproof.spec.theorems import REASONS
from lockproof.spec.traces import Moment, Trace

EXAMPLES = Path(__file__).parents[2] / "examples/itf"
HOUR, WINDOW = EXAMPLES / "agrees/the-hour.itf.json", EXAMPLES / "agrees/a-window.itf.json"
TOO_LONG = EXAMPLES / "disagrees/an-hour-too-long.itf.json"
VECTORS = [data for _, data, _ in vector_files.read()]


def taken(action: str, outcome: object = None, **picks: object) -> dict:
    """A state as somebody writes it by hand: the action, its picks, and what it is claimed to come to."""
    return {"mbt::actionTaken": action, "mbt::nondetPicks": picks, **({} if outcome is None else {"outcome": outcome})}


def set_up(true: int = START) -> list[dict]:
    order = {"value": true, "nonce": 1, "authentic": True}
    return [taken("challenge_is_made"), taken("time_order_arrives", ours=False, other=order)]


def read(*states: dict, first: dict | None = None, **root: object) -> itf.Found:
    return itf.read(json.dumps({"states": [first or {}, *states], **root}), "a-trace.itf.json")


def steps(*states: dict, first: dict | None = None, **root: object) -> list[dict]:
    """The steps of the scenario that it becomes, the set-up put in front."""
    true = first["world"]["true"] if first and "world" in first else START
    return itf_playing.as_scenario(read(*set_up(true), *states, first=first, **root))["steps"]


ENTRY = taken("entry_is_made", ours=True, matches=True)
WRONG = taken("entry_is_made", ours=False, matches=False)


# Writing


def test_a_small_export_to_the_byte():
    exported = itf.export(Trace(itf.beginning(START, MIDNIGHT), DEFAULT, (Moment("challenge_is_made", {}),)), description="One.")
    profile, world = (json.dumps(exported["states"][0][name]) for name in ("profile", "world"))
    after = world.replace(
        '"nonce": {"#bigint": "0"}, "nonce_open": false, "nonce_at"',
        '"nonce": {"#bigint": "1"}, "nonce_open": true, "nonce_at"',
        1,
    )
    after = after.replace(
        '"nonce": {"#bigint": "0"}, "nonce_open": false, "nonce_age"',
        '"nonce": {"#bigint": "1"}, "nonce_open": true, "nonce_age"',
    )
    after = after.replace('"nonce_made": {"#bigint": "0"}', '"nonce_made": {"#bigint": "1803988800"}')
    assert itf.as_text(exported) == (
        "{\n"
        ' "#meta": {"format": "ITF", "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html", "description": "One."},\n'
        ' "params": ["profile"],\n'
        ' "vars": ["world", "outcome", "mbt::actionTaken", "mbt::nondetPicks"],\n'
        ' "states": [\n'
        "  {\n"
        '   "#meta": {"index": 0},\n'
        f'   "profile": {profile},\n'
        f'   "world": {world},\n'
        '   "outcome": {"tag": "None", "value": {"#tup": []}},\n'
        '   "mbt::actionTaken": "init",\n'
        '   "mbt::nondetPicks": {}\n'
        "  },\n"
        "  {\n"
        '   "#meta": {"index": 1},\n'
        f'   "world": {after},\n'
        '   "outcome": {"tag": "Some", "value": {"accepted": true, "refused_for": [], "because_of": []}},\n'
        '   "mbt::actionTaken": "challenge_is_made",\n'
        '   "mbt::nondetPicks": {}\n'
        "  }\n"
        " ]\n"
        "}\n"
    )
    assert world.startswith(
        '{"true": {"#bigint": "1803988800"}, "authority": {"#bigint": "1803988800"}, "box": {"clock": {"#bigint": "0"},'
        ' "timer": {"#bigint": "0"}, "nonce": {"#bigint": "0"}, "nonce_open": false,'
    )
    assert '"code": {"day_start": {"#bigint": "1803945600"}, "day_end": {"#bigint": "1804032000"}, "used": false,' in world
    assert profile.startswith('{"code_life": {"#bigint": "3600"}, "code_ends_with_its_day": false, ')


def test_picks_are_options_and_those_of_other_actions_are_none():
    trace = read(*set_up(), ENTRY).trace
    picks = itf.export(trace)["states"][2]["mbt::nondetPicks"]
    assert picks["ours"] == {"tag": "Some", "value": False}
    assert picks["other"]["value"] == {"value": {"#bigint": str(START)}, "nonce": {"#bigint": "1"}, "authentic": True}
    assert picks["matches"] == picks["remember"] == {"tag": "None", "value": {"#tup": []}}
    assert list(picks) == ["ours", "other", "matches", "remember"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_every_synthesized_trace_comes_back_as_it_was(vector):
    own = itf.of_vector(vector)
    said = [(step["accepted"], tuple(step["refused_for"]), tuple(step["because_of"])) for step in vector["trace"]]
    text = itf.as_text(itf.export(own.trace, description=own.description, shows=own.shows, looked_for=own.looked_for))
    back = itf.read(text, f"{vector['id']}.itf.json")
    assert [(s.outcome.accepted, s.outcome.clauses(), s.outcome.because()) for s in back.trace.steps()] == said
    assert back.trace == own.trace
    assert back.claims == tuple(c if m.event in REASONS else None for c, m in zip(own.claims, own.trace.moments, strict=True))
    assert itf_playing.as_scenario(back) == vector["scenario"]


# Reading what others write


def test_a_trace_as_quint_writes_it_is_read():
    found = itf.load(HOUR)
    assert [moment.event for moment in found.trace.moments][2:] == ["entry_is_made", "time_passes"] * 2 + ["entry_is_made"]
    assert found.claims[-1] == itf.Claim(False, ("code.expiry.after-first-use",))
    assert found.claims[3] is None, "time asks for nothing, so what stands there is of the entry before"
    assert found.trace.start.true == 1748854800
    assert found.trace.start.code.day_start == 1748822400, "its code is for the day on which it begins"


def test_a_trace_as_apalache_writes_it_is_read():
    found = itf.load(WINDOW)
    assert found.claims == (None,) * len(found.trace.moments)
    assert [step.outcome.accepted for step in found.trace.steps() if step.event == "ticket_is_presented"] == [False, True, False]


@pytest.mark.parametrize(
    "true", [START + 60, {"#bigint": str(START + 60)}, {"tag": "Some", "value": {"#bigint": str(START + 60)}}]
)
def test_whole_numbers_are_plain_or_big_and_options_or_not(true):
    given = read(*set_up(), taken("time_passes", true=true)).trace.moments[-1].given
    assert given == {"true": START + 60, "authority": START + 60, "clock": START + 60, "timer": 60}


@pytest.mark.parametrize("picks", [{"#map": [["ours", True], ["matches", False]]}, {"ours": True, "matches": False, "who": 7.5}])
def test_picks_are_a_record_or_a_map_and_what_is_not_ours_is_not_looked_at(picks):
    state = {"m::actionTaken": "m::n::entry_is_made", "m::nondetPicks": picks, "m::other": {"#unserializable": "x"}}
    given = read(*set_up(), state).trace.moments[-1].given
    assert (given["ours"], given["matches"], given["remember"], given["other"].day_end) == (True, False, True, 0)


@pytest.mark.parametrize("empty", [{}, {"#tup": []}, {"#map": []}])
def test_no_picks_are_written_in_many_ways(empty):
    state = {"actionTaken": "challenge_is_made", "nondetPicks": empty}
    assert read(state).trace.moments == (Moment("challenge_is_made", {}),)
    assert read({"actionTaken": "challenge_is_made"}).trace.moments == (Moment("challenge_is_made", {}),)


@pytest.mark.parametrize("many", [["code.digits"], {"#set": ["code.digits"]}, {"#tup": ["code.digits", "code.digits"]}])
def test_clauses_are_a_list_a_set_or_a_tuple(many):
    state = {**WRONG, "outcome": {"accepted": False, "refused_for": many, "because_of": {"tag": "None", "value": {"#tup": []}}}}
    assert read(*set_up(), state).claims[-1] == itf.Claim(False, ("code.digits",))


def test_a_claim_may_be_no_more_than_whether_it_is_accepted():
    assert read(*set_up(), {**ENTRY, "lockbox::outcome": True}).claims[-1] == itf.Claim(True)


def test_a_model_may_begin_elsewhere_and_have_another_profile():
    first = {"world": {"true": 7 * DAY + 60}, "profile": {"code_life": {"#bigint": "60"}}}
    found = read(*set_up(7 * DAY + 60), first=first)
    start = found.trace.start
    assert (start.true, start.authority, start.code.day_start, start.code.day_end) == (
        7 * DAY + 60,
        7 * DAY + 60,
        7 * DAY,
        8 * DAY,
    )
    assert found.trace.profile.code_life == 60


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a-trace.itf.json: no JSON: Expecting value: line 1 column 1 (char 0)\n    write it with quint run --mbt"),
        ("[" * 100_000, "a-trace.itf.json: it is nested too deep to be a trace\n    write it with quint run --mbt"),
        ("9" * 5000, "a-trace.itf.json: no JSON: Exceeds the limit"),
        ("[]", "a-trace.itf.json: it has no states\n    write it with"),
        ('{"states": []}', "a-trace.itf.json: it has no states"),
        ('{"states": [{}, 7]}', "a-trace.itf.json: state 1: 7 is no state\n    a state gives each variable its value"),
    ],
)
def test_what_is_no_trace_is_said_so(text, message):
    with pytest.raises(itf.ItfError) as said:
        itf.read(text, "a-trace.itf.json")
    assert str(said.value).startswith(message)


BAD_STATES = [
    ({"x": 1}, "state 3: it does not say which action was taken (mbt::actionTaken)\n    write the trace with quint run --mbt"),
    (
        taken("timePasses"),
        'state 3: no event is called "timePasses"\n    did you mean time_passes?   (time_passes, clock_jumps, ',
    ),
    (taken(7), "state 3: no event is called 7\n    (time_passes, "),
    (
        {"actionTaken": "a", "x::actionTaken": "b"},
        'state 3: "actionTaken" and "x::actionTaken" may both be meant by mbt::actionTaken\n',
    ),
    ({**ENTRY, "mbt::nondetPicks": 5}, 'state 3, mbt::nondetPicks: 5 is no record\n    write {"name": value}'),
    (
        taken("entry_is_made", ours=True),
        "state 3, entry_is_made: it needs the pick matches\n    add it to mbt::nondetPicks (it takes ours,",
    ),
    (
        taken("entry_is_made", ours=1, matches=True),
        "state 3, entry_is_made, ours: 1 is neither true nor false\n    write one of the two",
    ),
    (taken("time_passes", true=7.5), 'state 3, time_passes, true: 7.5 is no whole number\n    write 12, or {"#bigint": "12"}'),
    (taken("time_passes", true={"#bigint": "1e9"}), 'state 3, time_passes, true: {"#bigint": "1e9"} is no whole number\n'),
    (
        taken("time_passes", true=10**12),
        "state 3, time_passes, true: 1000000000000 is too large\n    instants are whole seconds since 1970",
    ),
    (
        taken("time_order_arrives", ours=False),
        "state 3, time_order_arrives: what is not ours needs the pick other\n    add it to",
    ),
    (
        taken("time_order_arrives", ours=False, other={"value": 0, "nonce": 1}),
        "state 3, time_order_arrives, other: it has no authentic\n    add it (it has value, nonce, authentic)",
    ),
    (
        taken("time_order_arrives", ours=False, other={"time": 0}),
        'state 3, time_order_arrives, other: there is no "time" here\n    it has value, nonce, authentic',
    ),
    (
        taken("time_passes", true=START - 1),
        "state 3, time_passes: this cannot happen here\n    it needs that no clock goes back, and each stays within",
    ),
    (taken("entry_arrives"), "state 3, entry_arrives: this cannot happen here\n    it needs that an entry was remembered"),
    (
        {**ENTRY, "outcome": "ok"},
        'state 3, outcome: "ok" is no record\n    write {"name": value}',
    ),
    (
        {**ENTRY, "outcome": {"opened": True}},
        'state 3, outcome: {"opened": true} does not say whether it is accepted\n    write {accepted: true} or {accepted: false}',
    ),
    (
        {**WRONG, "outcome": {"accepted": False, "refused_for": "code.day"}},
        'state 3, outcome, refused_for: "code.day" is no list of clauses\n    write ["code.day"], or {"#set": ["code.day"]}',
    ),
    (
        {**WRONG, "outcome": {"accepted": False, "refused_for": [1]}},
        "state 3, outcome, refused_for: 1 is no clause\n    write the id",
    ),
    (
        {**WRONG, "outcome": {"accepted": False, "refused_for": ["code.digit"]}},
        "state 3, outcome, refused_for: no clause is called code.digit\n    did you mean code.digits?",
    ),
]


@pytest.mark.parametrize(("state", "message"), BAD_STATES, ids=[message[:60] for _, message in BAD_STATES])
def test_a_bad_state_is_named_with_what_to_do(state, message):
    with pytest.raises(itf.ItfError) as said:
        read(*set_up(), state)
    assert str(said.value).startswith(f"a-trace.itf.json: {message}")


@pytest.mark.parametrize(
    ("first", "message"),
    [
        ({"profile": {"code_life": 0}}, "state 0, profile: code_life: 0 is not legal"),
        ({"profile": {"codelife": 60}}, 'state 0, profile: there is no "codelife" here\n    it has code_life, '),
        ({"world": {"true": True}}, "state 0, world, true: true is no whole number"),
        ({"world": {"box": {"clock": "noon"}}}, 'state 0, world, box, clock: "noon" is no whole number'),
        ({"world": [1]}, "state 0, world: [1] is no record"),
    ],
)
def test_a_bad_start_is_named(first, message):
    with pytest.raises(itf.ItfError) as said:
        read(first=first)
    assert str(said.value).startswith(f"a-trace.itf.json: {message}")


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"shows": ["code.digit"]}, "#meta, lockproof, shows: no clause is called code.digit"),
        ({"shows": [], "looked_for": 1}, "#meta, lockproof: 1 is neither true nor false"),
        (3, "#meta, lockproof: 3 is no record"),
    ],
)
def test_a_bad_note_of_ours_is_named(own, message):
    with pytest.raises(itf.ItfError) as said:
        read(**{"#meta": {"lockproof": own}})
    assert str(said.value).startswith(f"a-trace.itf.json: {message}")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(itf.ItfError, match=r"none\.itf\.json: cannot be read"):
        itf.load(tmp_path / "none.itf.json")
    (tmp_path / "bytes.itf.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(itf.ItfError, match=r"bytes\.itf\.json: cannot be read"):
        itf.load(tmp_path / "bytes.itf.json")


# Playing


def test_a_trace_without_claims_expects_what_the_model_says():
    grace = steps(ENTRY, taken("time_passes", true=START + 3600), ENTRY)
    assert grace == [
        {"generate": {"by": "joe", "day": "today", "as": "anns-code"}, "authority": "accepts"},
        {"enter": "anns-code", "box": "opens"},
        {
            "after": "1h",
            "enter": "anns-code",
            "box": "refuses",
            "because": ["code.expiry.after-first-use"],
            "shows": ["code.expiry.after-first-use"],
        },
        {"read-clock": {}},
        {"read-log": {}},
    ]


def test_a_trace_from_another_day_is_played_today_at_its_hour():
    for first, true in (({"world": {"true": 0}}, 0), ({"world": {"true": 1748854800}}, 1748854800)):
        scenario = itf_playing.as_scenario(read(*set_up(true), ENTRY, taken("time_passes", true=true + 3600), ENTRY, first=first))
        assert scenario["start"] == f"today {true % DAY // 3600:02}:00:00"
        assert scenario["steps"] == steps(ENTRY, taken("time_passes", true=START + 3600), ENTRY)


def test_a_code_of_the_next_day_stays_one():
    first = {"world": {"true": 12 * 3600, "code": {"day_start": DAY, "day_end": 2 * DAY}}}
    assert steps(ENTRY, first=first)[0] == {
        "generate": {"by": "joe", "day": "tomorrow", "as": "anns-code"},
        "authority": "accepts",
    }


def test_what_is_asked_for_later_is_asked_for_days_from_then():
    """A day is told from the beginning of the scenario, and a code is asked for days ahead of when it is asked for."""
    later = [taken("time_passes", true=START + 3 * DAY), asked_for(14)]
    assert steps(*later)[0]["generate"] == {"by": "joe", "day": "in 17 days", "role": "contractor"}
    assert steps(*later[:1], taken("pin_is_entered", matches=True))[0]["generate"]["day"] == "in 16 days"


def test_what_nobody_decides_at_the_end_is_left_out_and_the_story_says_so():
    found = read(*set_up(), ENTRY, taken("time_passes", true=START + 60), **{"#meta": {"description": "Made by hand."}})
    scenario = itf_playing.as_scenario(found)
    assert scenario["story"] == "Made by hand. What comes after state 3 is left out: nothing of it shows anything."
    assert scenario["steps"] == steps(ENTRY)


def test_another_profile_is_asked_of_the_box():
    scenario = itf_playing.as_scenario(
        read(*set_up(), ENTRY, first={"profile": {"code_life": 60, "code_ends_with_its_day": True, "code_digits": 7}})
    )
    assert scenario["profile"] == {"code_life": "1m", "code_ends_with_its_day": True, "code_digits": 7}


ANOTHERS = {"day_start": MIDNIGHT, "day_end": MIDNIGHT + DAY, "used": False, "first_use": 0}
ANOTHERS_ENTRY = taken("entry_is_made", ours=False, matches=True, other=ANOTHERS)
ANOTHERS_REVOCATION = taken("revocation_is_heard", ours=False, authentic=True)


def asked_for(days_ahead: int, *, index_free: bool = True) -> dict:
    right = dict.fromkeys(("seller_permission", "by_grantor", "assigned", "pin_accepted", "named", "let_in"), True)
    recipient = {"consumer": False, "realtor": False}
    return taken("code_is_asked_for", recipient=recipient, days_ahead=days_ahead, index_free=index_free, **right)


def test_what_is_anothers_is_told_and_shows_nothing_by_itself():
    told = steps(ANOTHERS_ENTRY, ANOTHERS_REVOCATION, WRONG, ANOTHERS_REVOCATION)
    assert [step for step in told if "read-clock" not in step and "read-log" not in step] == [
        {"generate": {"by": "joe", "day": "today", "as": "anothers-code"}, "authority": "accepts"},
        {"enter": "anothers-code", "box": "opens"},
        {"end-another-grant": {"by": "joe", "to": "ralph"}, "box": "takes"},
        {"enter": "wrong", "box": "refuses", "because": ["code.digits"], "shows": ["code.digits"]},
    ]


def test_anothers_code_moves_with_the_day():
    first = {"world": {"true": 9 * DAY}}
    other = {**ANOTHERS, "day_start": 9 * DAY, "day_end": 10 * DAY}
    states = [*set_up(9 * DAY), taken("entry_is_made", ours=False, matches=True, other=other), WRONG]
    assert itf_playing.as_scenario(read(*states, first=first))["steps"] == steps(ANOTHERS_ENTRY, WRONG)


CANNOT = [
    (
        [*set_up(), ANOTHERS_ENTRY, ANOTHERS_ENTRY],
        {},
        "state 4, entry_is_made: another's code opened before, and is unused here\n    let another's code open once",
    ),
    (
        [*set_up(), asked_for(3), asked_for(3, index_free=False)],
        {},
        "state 4, code_is_asked_for: of the 8 codes of that day 1 are given by then, and here one is not free\n    ask for codes of",
    ),
    (
        [*set_up(), *[taken("pin_is_entered", matches=True)] * 9],
        {},
        "state 11, pin_is_entered: of the 8 codes of that day 8 are given by then, and here one is free\n    ask for codes of",
    ),
    ([*set_up(), ANOTHERS_REVOCATION], {}, "nothing is decided in it after the set-up, so nothing can be seen"),
    ([ENTRY], {}, "state 1 is not challenge_is_made, and every scenario is set up by challenge_is_made and time_order_arrives\n"),
    (set_up(), {}, "nothing is decided in it after the set-up, so nothing can be seen"),
    (
        [*set_up(), taken("time_passes", true=START + 60, clock=START + 50), ENTRY],
        {},
        "state 3, time_passes: no bench can do this: there true time, both clocks and the timer go on together, by 1 s to 40 days",
    ),
    (
        [*set_up(), taken("time_passes", true=START + 60, timer=61), ENTRY],
        {},
        "state 3, time_passes: no bench can do this: there true time, both clocks and the timer go on together",
    ),
    (
        [*set_up(), taken("clock_jumps", clock=START + 1), ENTRY],
        {},
        "state 3, clock_jumps: no bench can do this: there a clock falls back, by at most a day",
    ),
    (
        [*set_up(), taken("power_fails", off_for=60, clock=START), ENTRY],
        {},
        "state 3, power_fails: no bench can do this: there the clock and true time go on together while the power is away",
    ),
    (
        [*set_up(), taken("entry_is_charged"), taken("entry_is_decided", ours=True, matches=True)],
        {},
        "state 3, entry_is_charged: at a keypad both are one\n    write entry_is_made for the two of them",
    ),
    (
        [*set_up(), taken("entry_is_made", ours=False, matches=True)],
        {},
        "state 3, entry_is_made: no bench can do this: there the digits are those of our code",
    ),
    (
        [*set_up(), taken("grant_is_revoked", by_grantor=True)],
        {},
        "state 3, grant_is_revoked: no bench can do this: there a grant is revoked by its reference",
    ),
    (
        [*set_up(5), ENTRY],
        {"world": {"true": 5, "code": {"day_start": 2 * DAY, "day_end": 3 * DAY}}},
        "state 0, world: the code's day is from 172800 to 259200, and the trace begins at 5\n    on a bench a code is for the day",
    ),
    (
        [*set_up(5), ENTRY],
        {"world": {"true": 5, "code": {"day_start": 0, "day_end": 2 * DAY}}},
        "state 0, world: the code's day is from 0 to 172800, and the trace begins at 5\n    on a bench a code is for the day of 24 h",
    ),
    (
        [*set_up(), ENTRY],
        {"world": {"box": {"next_entry": 2, "timer": 9}}},
        "state 0, world: no bench can begin so: box timer 9 instead of 0, box next_entry 2 instead of 1\n    leave those out of the start",
    ),
]


@pytest.mark.parametrize(("states", "first", "message"), CANNOT, ids=[message[:60] for _, _, message in CANNOT])
def test_what_no_bench_can_do_is_refused_with_the_reason(states, first, message):
    with pytest.raises(itf.ItfError) as said:
        itf_playing.as_scenario(read(*states, first=first))
    assert str(said.value).startswith(f"a-trace.itf.json: {message}")


# Disagreement


def test_a_model_that_opens_a_second_too_long_is_told_so():
    with pytest.raises(Contradiction) as said:
        itf_playing.scenario_in(TOO_LONG)
    assert str(said.value) == (
        f"{TOO_LONG}: state 7, entry_is_made: the model that wrote this and the standard disagree\n"
        "    state 3  at the start            entry_is_made  accepted for code.day\n"
        "    state 5  59m59s after the start  entry_is_made  accepted for code.expiry.after-first-use\n"
        "    state 7  1h after the start      entry_is_made  accepted, says the file\n"
        "                                                    refused for code.expiry.after-first-use, says the standard\n"
        "    code.expiry.after-first-use: A One Day Code goes on opening for sixty minutes from its first use, and then never again.\n"
        "    mend that model; or, if it is right, the clause (CONTRIBUTING.md, To change a clause); no box was judged"
    )


@pytest.mark.parametrize(
    ("entry", "claimed", "lines"),
    [
        (ENTRY, False, ["refused, says the file", "accepted for code.day, says the standard", "code.day: "]),
        (
            ENTRY,
            {"accepted": True, "because_of": ["code.expiry.after-first-use"]},
            ["accepted for code.expiry.after-first-use, says the file", "accepted for code.day, says the standard", "code.day: "],
        ),
        (
            WRONG,
            {"accepted": False, "refused_for": ["code.day"]},
            ["refused for code.day, says the file", "refused for code.digits, says the standard", "code.digits: ", "code.day: "],
        ),
    ],
)
def test_what_each_says_and_for_which_clauses(entry, claimed, lines):
    with pytest.raises(Contradiction) as said:
        itf_playing.as_scenario(read(*set_up(), {**entry, "outcome": claimed}, {**ENTRY, "outcome": False}))
    for line in (*lines, "state 3, entry_is_made: ", "and they do in state 4"):
        assert line in str(said.value)


def test_who_claims_no_clauses_disagrees_about_none():
    agreeing = ({**ENTRY, "outcome": {"accepted": True}}, {**WRONG, "outcome": {"accepted": False, "refused_for": []}})
    itf_playing.agree(read(*set_up(), *agreeing))


def test_an_agreeing_claim_is_found_wrong_once_it_is_changed():
    """Every decided state of every example counts, not the last one only."""
    root = json.loads(HOUR.read_text(encoding="utf-8"))
    decided = [2, 3, 5, 7]
    for number in decided:
        changed = copy.deepcopy(root)
        said = changed["states"][number]["hours::door::outcome"]["value"]
        said.update(accepted=not said["accepted"], refused_for=[])
        with pytest.raises(Contradiction, match=f"state {number}, "):
            itf_playing.agree(itf.read(json.dumps(changed), "x"))


# Whatever stands in it


KEYS = st.sampled_from(
    ["states", "#meta", "#bigint", "#map", "#set", "#tup", "tag", "value", "world", "outcome", "lockproof", "true", "x"]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["Some", "None", "time_passes"])
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


def digested(text: str) -> None:
    """Either it can be played, or one clear message says why not."""
    told = complaint(text)
    assert told == "" or re.fullmatch(r"any-trace\.itf\.json: .+\n    .+", told, re.DOTALL)


def complaint(text: str) -> str:
    """What is told is always a scenario: a `ScenarioError` would be a fault of ours."""
    try:
        data = itf_playing.as_scenario(itf.read(text, "any-trace.itf.json"))
    except BadInput as error:
        return str(error).encode("utf-8").decode("utf-8")
    return "" if from_data(data, "any-trace.itf.json", 1) else "no scenario"


@given(ANYTHING)
@settings(max_examples=300, deadline=None)
def test_any_json_is_read_or_refused_in_words(value):
    digested(json.dumps(value))


def places(value: object, path: tuple = ()) -> list[tuple]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, each in inside for found in places(each, (*path, key)))]


EXAMPLE = json.loads(WINDOW.read_text(encoding="utf-8"))
FROM_US = itf.export(read(*set_up(), ENTRY, taken("time_passes", true=START + 3600), ENTRY).trace, shows=["code.day"])


@given(
    st.sampled_from([EXAMPLE, FROM_US]).flatmap(
        lambda root: st.tuples(st.just(root), st.sampled_from(places(root)[1:]), ANYTHING)
    )
)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_trace_with_anything_anywhere_is_played_or_refused_in_words(changed):
    root, (*path, last), value = changed
    root = copy.deepcopy(root)
    inside = root
    for key in path:
        inside = inside[key]
    inside[last] = value
    digested(json.dumps(root))


def moments(now: int) -> st.SearchStrategy:
    """Something that a bench may be able to do; time goes on from `now`."""
    order = st.fixed_dictionaries(
        {"value": st.integers(now - 3600, now + 3600), "nonce": st.integers(2, 4), "authentic": st.booleans()}
    )
    return st.one_of(
        st.builds(lambda ours, right: taken("entry_is_made", ours=ours, matches=ours and right), st.booleans(), st.booleans()),
        st.just(taken("challenge_is_made")),
        st.builds(lambda back: taken("clock_jumps", clock=now - back), st.integers(1, 3600)),
        st.builds(lambda off: taken("power_fails", off_for=off), st.sampled_from([0, 60, DAY, DAY + 1])),
        st.builds(lambda other: taken("time_order_arrives", ours=False, other=other), order),
        st.builds(lambda nonce: taken("ticket_is_issued", nonce=nonce, registered=True), st.integers(2, 4)),
        st.just(taken("ticket_is_presented", ours=True)),
        st.sampled_from([ANOTHERS_ENTRY, ANOTHERS_REVOCATION, taken("box_is_moved")]),
        st.builds(lambda days, free: asked_for(days, index_free=free), st.integers(-1, 3), st.booleans()),
        st.just(taken("refusals_are_written")),
        st.just(taken("entry_arrives")),
    )


@st.composite
def days(draw) -> list[dict]:
    """A beginning, and whatever can happen after it, one after the other; the first impossible event ends it."""
    states, now = set_up(), START
    for _ in range(draw(st.integers(1, 8))):
        if draw(st.booleans()):
            now += draw(st.sampled_from([1, 59, 60, 61, 300, 3599, 3600, DAY]))
            states.append(taken("time_passes", true=now))
        more = [*states, draw(moments(now))]
        try:
            last = read(*more).trace.last()
        except itf.ItfError:
            break
        states, now = more, last.after.true
    return states


@given(days())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_can_be_told_the_reference_box_passes(play, states):
    try:
        data = itf_playing.as_scenario(read(*states))
    except itf.ItfError:
        return
    result = play(from_data(data, "a-trace.itf.json", 1))
    assert (result.verdict, result.message) == (Verdict.PASS, "")


# The command


def test_the_agreeing_examples_pass_in_process_and_over_a_line(lockproof, tmp_path):
    result = lockproof("run", str(EXAMPLES / "agrees"))
    assert result.returncode == 0, result.stdout + result.stderr
    runs = json.loads((tmp_path / "runs/0001/report.json").read_text())["runs"]
    assert [run["target"] for run in runs] == ["reference", "pty"]
    for run in runs:
        assert [(s["id"], s["verdict"]) for s in run["scenarios"]] == [("a-window", "pass"), ("the-hour", "pass")]


def test_a_faulty_box_fails_at_a_trace_of_another_model(lockproof):
    result = lockproof("run", str(HOUR), "--box", "fault:expires-one-second-late")
    assert result.returncode == 1, result.stdout + result.stderr
    assert "FAIL" in result.stdout
    assert "code.expiry.after-first-use" in result.stdout
    assert "must refuse" in result.stdout


@pytest.mark.parametrize("command", [("run",), ("scenarios", "check"), ("scenarios", "from-itf")])
def test_a_disagreeing_trace_is_bad_input_and_no_box_is_judged(lockproof, tmp_path, command):
    result = lockproof(*command, str(TOO_LONG))
    assert (result.returncode, result.stdout) == (2, "")
    assert f"{TOO_LONG}: state 7, entry_is_made: the model that wrote this and the standard disagree" in result.stderr
    assert not (tmp_path / "runs").exists()


def test_a_folder_holds_scenarios_and_traces(hour_text, tmp_path):
    (tmp_path / "a-scenario.yaml").write_text(hour_text)
    (tmp_path / "the-hour.itf.json").write_text(HOUR.read_text())
    assert [scenario.id for scenario in suite.from_files([tmp_path])] == ["a-scenario", "the-hour"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ScenarioError, match=r"name a folder that has \*.yaml or \*.itf.json files"):
        suite.from_files([tmp_path / "empty"])


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("The Hour", "the-hour"), ("out_0", "out-0"), ("hour", "trace-hour"), ("…", "trace-nameless")],
)
def test_the_file_names_the_scenario(tmp_path, name, wanted):
    path = tmp_path / f"{name}.itf.json"
    path.write_text(HOUR.read_text())
    assert itf_playing.scenario_in(path).id == wanted


def test_a_synthesized_trace_goes_out_and_comes_back_through_the_command(lockproof, tmp_path):
    name = "entry-is-made-decide-entry-used-before-holds"
    result = lockproof("scenarios", "itf", name, "--out", f"{name}.itf.json")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert lockproof("scenarios", "itf", name).stdout == (tmp_path / f"{name}.itf.json").read_text()
    back = lockproof("scenarios", "from-itf", f"{name}.itf.json")
    assert back.stdout == lockproof("scenarios", "show", name).stdout
    assert back.returncode == 0


def test_what_has_no_trace_and_where_none_can_be_written(lockproof):
    written = lockproof("scenarios", "itf", "the-hour-is-over")
    assert written.returncode == 2
    assert "the-hour-is-over was written by a person, and has no trace of the model" in written.stderr
    unknown = lockproof("scenarios", "itf", "the-hour-is-ovr")
    assert (unknown.returncode, "did you mean the-hour-is-over?" in unknown.stderr) == (2, True)
    nowhere = lockproof("scenarios", "itf", "entry-is-made-decide-entry-used-before-holds", "--out", "no/where.itf.json")
    assert nowhere.returncode == 2
    assert (
        "no/where.itf.json: the trace cannot be written: No such file or directory; name another file with --out"
        in nowhere.stderr
    )
