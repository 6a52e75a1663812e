"""The committed vectors: as their schema has it, true of the model when it is run without any solver, complete, and made again.

What is said of a vector here is checked with plain values, and by other code than made it.
"""

from __future__ import annotations

import copy
import io
import json
import re
import sys
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import get_type_hints

import jsonschema
import pytest
import z3
from lockproof.conformance import disturbances, publishing, synthesis, vector_files, vectoring
from lockproof.conformance.command import app
from lockproof.conformance.moves import ENDS_WITH_ITS_DAY, SET_UP
from lockproof.conformance.synthesis import NOBODY_CAN_ASK, Infeasible, Open, Unplayable, Vector, find, synthesize
from lockproof.conformance.telling import CannotTell
from lockproof.conformance.vector_files import FOLDER, INDEX, SCHEMA
from lockproof.spec import coverage
from lockproof.spec.clauses import clause
from lockproof.spec.model import box
from lockproof.spec.observable import BadInput
from lockproof.spec.profile import DEFAULT
from lockproof.spec.symbolic import symbol
from lockproof.spec.vocabulary import watched
from lockproof.spec.world import EVENTS, World
from rich.console import Console
from typer.testing import CliRunner

FILES = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json")}
OF_CLAUSES = {name: data for name, data in FILES.items() if name not in {SCHEMA, INDEX}}
VECTORS = {each["id"]: each for data in OF_CLAUSES.values() for each in data["vectors"]}
BEGINS = {each["id"]: data["begins"] for data in OF_CLAUSES.values() for each in data["vectors"]}

OF_CONDITIONS = {name: each for name, each in VECTORS.items() if each["disturbed_by"] is None}
DECIDING = {name: each for name, each in VECTORS.items() if each["still_decides"]}
DISTURBED = {name: each for name, each in VECTORS.items() if each["disturbed_by"]}
every_vector = pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS.keys())
every_condition = pytest.mark.parametrize("vector", OF_CONDITIONS.values(), ids=OF_CONDITIONS.keys())
every_deciding = pytest.mark.parametrize("vector", DECIDING.values(), ids=DECIDING.keys())
every_disturbed = pytest.mark.parametrize("vector", DISTURBED.values(), ids=DISTURBED.keys())


# The schema


def faults_of(data):
    jsonschema.Draft202012Validator.check_schema(FILES[SCHEMA])
    validator = jsonschema.Draft202012Validator(FILES[SCHEMA])
    return [error.message for error in validator.iter_errors(data)]


@pytest.mark.parametrize("name", sorted({*OF_CLAUSES, INDEX}))
def test_every_file_is_as_the_schema_has_it(name):
    assert faults_of(FILES[name]) == []


BREAKS = {
    "no version": lambda data: data.pop("version"),
    "another version": lambda data: data.update(version=2),
    "no vectors": lambda data: data.update(vectors=[]),
    "something else": lambda data: data.update(comment="by hand"),
    "a clause in capitals": lambda data: data.update(clause="Code.Day"),
    "a vector without a trace": lambda data: data["vectors"][0].pop("trace"),
    "a vector without the day of its code": lambda data: data["vectors"][0].pop("code"),
    "an empty trace": lambda data: data["vectors"][0].update(trace=[]),
    "a condition without a side": lambda data: data["vectors"][0]["condition"].pop("holds"),
    "a word for a truth": lambda data: data["vectors"][0]["condition"].update(holds="yes"),
    "another thing that it decides": lambda data: data["vectors"][0].update(decides="everything"),
    "an event without its outcome": lambda data: data["vectors"][0]["trace"][0].pop("accepted"),
    "a reason that is no clause": lambda data: data["vectors"][0]["expected"].update(refused_for=["because"]),
    "an outcome that says nothing of notifications": lambda data: data["vectors"][0]["expected"].pop("notified"),
    "a number in the place of an event": lambda data: data["vectors"][0].update(decided_at="4"),
    "a scenario without steps": lambda data: data["vectors"][0]["scenario"].update(steps=[]),
    "half a pair": lambda data: data["vectors"][0].update(pair=""),
}


@pytest.mark.parametrize("broken", BREAKS)
def test_a_broken_file_is_not(broken):
    data = copy.deepcopy(OF_CLAUSES["code.day.json"])
    BREAKS[broken](data)
    assert faults_of(data) != []


def test_an_index_with_a_condition_that_is_open_is_not():
    data = copy.deepcopy(FILES[INDEX])
    data["conditions"][0]["status"] = "open"
    assert faults_of(data) != []


# The traces, run with values


class Noted(int):
    """A number that remembers what it was last compared with."""

    last = None

    def _note(self, less, more, strictly):
        Noted.last = int(less), int(more), strictly
        return less < more if strictly else less <= more

    def __lt__(self, other):
        return self._note(int(self), int(other), True)

    def __le__(self, other):
        return self._note(int(self), int(other), False)

    def __gt__(self, other):
        return self._note(int(other), int(self), True)

    def __ge__(self, other):
        return self._note(int(other), int(self), False)

    def __add__(self, other):
        return Noted(int(self) + int(other))

    def __sub__(self, other):
        return Noted(int(self) - int(other))

    __radd__ = __add__

    def __rsub__(self, other):
        return Noted(int(other) - int(self))

    __hash__ = int.__hash__


def noughts(term):
    if is_dataclass(term):
        return type(term)(**{f.name: noughts(getattr(term, f.name)) for f in fields(term)})
    return False if z3.is_bool(term) else Noted(0)


def noted(state):
    if is_dataclass(state):
        return type(state)(**{f.name: noted(getattr(state, f.name)) for f in fields(state)})
    return state if isinstance(state, bool) else Noted(state)


def typed(kind, value):
    """A value from a file as the model has it."""
    if is_dataclass(kind):
        hints = hints_of(kind)
        return kind(**{name: typed(hints[name], each) for name, each in value.items()})
    return value if isinstance(value, bool) else Noted(value)


NOTHING, hints_of = noughts(symbol(World, "")), cache(get_type_hints)


def begin(vector) -> World:
    nothing, at = NOTHING, Noted(BEGINS[vector["id"]])
    code = typed(box.Code, {**vector["code"], "used": False, "first_use": 0})
    return replace(nothing, true=at, authority=at, box=box.new_box(Noted(0), Noted(0)), code=code)


def given_in(event):
    hints = hints_of(EVENTS[event["event"]])
    return {name: typed(hints[name], value) for name, value in event["given"].items()}


def profile_of(vector):
    return replace(DEFAULT, **vector["profile"])


def run(vector, events=None, world=None):
    """World before, world after and outcome of each event; none may be impossible."""
    world, steps = begin(vector) if world is None else world, []
    for event in vector["trace"] if events is None else events:
        premise, after, outcome = EVENTS[event["event"]](world, profile_of(vector), **given_in(event))
        assert premise is True, event["event"]
        steps.append((world, after, outcome))
        world = after
    return steps


def said(outcome):
    return {
        "accepted": outcome.accepted,
        "refused_for": list(outcome.clauses()),
        "because_of": list(outcome.because()),
        "notified": outcome.notified,
        "reported": outcome.reported,
    }


SAYS = ("accepted", "refused_for", "because_of", "notified", "reported")


@every_vector
def test_a_trace_comes_out_as_it_says(vector):
    outcomes = [said(outcome) for *_, outcome in run(vector)]
    assert outcomes == [{name: event[name] for name in SAYS} for event in vector["trace"]]
    assert vector["expected"] == outcomes[-1]
    assert tuple(event["event"] for event in vector["trace"][: len(SET_UP)]) == SET_UP


def decided(vector, turn=None):
    """The event that the condition decides, run with values: the conditions by their place, and after and outcome.

    `turn` is the place of the condition to turn round. Each condition comes with the comparison that it was, if it was one.
    """
    seen, counts = {}, {}

    def watch(name, truth):
        function = sys._getframe(2).f_code.co_name.strip("_")
        counts[function, name] = counts.get((function, name), 0) + 1
        place = (function, name, counts[function, name])
        seen[place], Noted.last = (truth, Noted.last), None
        return (not truth) if place == turn else truth

    event = vector["trace"][vector["decided_at"]]
    world = noted(run(vector, vector["trace"][: vector["decided_at"]])[-1][1])
    given, Noted.last = given_in(event), None
    with watched(watch):
        _, after, outcome = EVENTS[event["event"]](world, profile_of(vector), **given)
    return seen, after, outcome


def place_of(vector):
    condition = vector["condition"]
    return condition["function"], condition["name"], condition["occurrence"]


@every_deciding
def test_the_condition_is_as_it_says_and_at_the_bound_if_it_says_so(vector):
    condition = vector["condition"]
    assert vector["trace"][vector["decided_at"]]["event"] == condition["event"]
    seen, *_ = decided(vector)
    truth, compared = seen[place_of(vector)]
    assert truth is condition["holds"]
    if vector["at_the_bound"]:
        less, more, strictly = compared
        assert more - less == {(True, True): 1, (True, False): 0, (False, True): 0, (False, False): -1}[truth, strictly]


def told(outcome):
    return set(outcome.clauses()), outcome.notified, outcome.reported


def kept(world, outcome):
    return replace(world, ghosts=None), outcome.logged, outcome.counted


@every_deciding
def test_the_condition_alone_decides(vector):
    """Turned round, and nothing else with it, it changes what it says that it decides; and nothing that comes before that."""
    _, after, outcome = decided(vector)
    _, other_after, other = decided(vector, turn=place_of(vector))
    answers, tells, keeps = (
        outcome.accepted != other.accepted,
        told(outcome) != told(other),
        kept(after, outcome) != kept(other_after, other),
    )
    assert {
        "the answer": answers,
        "what is told": tells and not answers,
        "what is kept": keeps and not tells and not answers,
    }[vector["decides"]]


IN_THE_LOG = ("next_entry", "refusals", "refused_while_disabled")


@every_condition
def test_its_clauses_are_those_between_the_two(vector):
    """The last event, after the one that the condition decides, and after that one with the condition turned round."""
    _, after, outcome = decided(vector)
    _, elsewhere, other = decided(vector, turn=place_of(vector))
    log = any(getattr(after.box, name) != getattr(elsewhere.box, name) for name in IN_THE_LOG)
    ends = after.grant.ended_at != elsewhere.grant.ended_at
    for event in vector["trace"][vector["decided_at"] + 1 :]:
        given, profile = given_in(event), profile_of(vector)
        _, after, outcome = EVENTS[event["event"]](after, profile, **given)
        _, elsewhere, other = EVENTS[event["event"]](elsewhere, profile, **given)
    between = set(outcome.clauses()) ^ set(other.clauses())
    between |= {"box.log"} if log else set()
    between |= {"connect.property" if after.grant.moved else "connect.revoke.any-time"} if ends else set()
    between |= {"report.once"} if outcome.reported != other.reported else set()
    between |= (
        {"connect.notify-once" if outcome.notified else "code.notify-never"} if outcome.notified != other.notified else set()
    )
    if vector["trace"][-1]["event"] == "pin_is_entered" and between:
        between |= {"code.pin"}  # a PIN's own clause; that of the bound is the box's
    if vector["condition"]["name"] == "clock not behind the last decision":
        between |= {"box.clock.never-back"}  # what the condition itself is about, whatever it is part of
    assert vector["clauses"]
    assert set(vector["clauses"]) <= between


@every_condition
def test_the_other_of_the_pair_points_back(vector):
    condition = vector["condition"]
    other = f"{vector['id'].removesuffix('-holds').removesuffix('-fails')}-{'fails' if condition['holds'] else 'holds'}"
    assert vector["pair"] == (other if other in VECTORS else None)
    if other in VECTORS:
        pair = VECTORS[other]
        assert pair["pair"] == vector["id"]
        assert pair["condition"] == {**condition, "holds": not condition["holds"]}


OF_WHAT_COMES_BETWEEN = {
    "a-power-cut": "box.power",
    "a-power-cut-and-a-new-nonce": "box.power",
    "its-own-use": "code.expiry.not-extended",
    "an-early-use": "code.day",
    "anothers-use": "box.isolation",
    "a-wrong-entry": "box.isolation",
    "a-disabled-keypad": "box.wrong-entry.bound",
    "anothers-revocation": "connect.revoke.only-it",
    "a-clock-set-forward": "box.clock.never-back",
}


@every_disturbed
def test_what_comes_between_changes_nothing_or_shows_in_the_answer(vector):
    plain = VECTORS[vector["id"].removesuffix(f"-after-{vector['disturbed_by']}")]
    assert plain["condition"] == vector["condition"]
    assert OF_WHAT_COMES_BETWEEN[vector["disturbed_by"].removeprefix("early-")] in vector["clauses"]
    assert len(vector["trace"]) > len(plain["trace"])
    shown = ("accepted", "refused_for", "notified", "reported")
    if vector["still_decides"]:
        assert set(plain["clauses"]) <= set(vector["clauses"])
        assert [vector["expected"][name] for name in shown] == [plain["expected"][name] for name in shown]
    else:
        assert vector["expected"]["accepted"] != plain["expected"]["accepted"]
        truth, alone = decided(vector)[0][place_of(vector)][0], decided(vector, turn=place_of(vector))[2].accepted
        assert truth is not vector["condition"]["holds"] or alone is vector["expected"]["accepted"]


@every_disturbed
def test_what_happens_without_it_happens_with_it_too_and_in_that_order(vector):
    plain = VECTORS[vector["id"].removesuffix(f"-after-{vector['disturbed_by']}")]
    happens = iter([event["event"] for event in vector["trace"]])
    assert all(event["event"] in happens for event in plain["trace"] if event["event"] != "time_passes")
    assert (vector["profile"], vector["code"], vector["pair"]) == (plain["profile"], plain["code"], None)
    assert vector["decided_at"] == len(vector["trace"]) - 1


def test_everything_that_can_come_between_does():
    names = {each["disturbed_by"].removeprefix("early-") for each in DISTURBED.values()}
    assert names == {each.name for each in disturbances.DISTURBANCES} == set(OF_WHAT_COMES_BETWEEN)


def test_no_two_that_are_disturbed_come_to_the_same_steps():
    steps = [str([{**step, "shows": ()} for step in each["scenario"]["steps"]]) for each in DISTURBED.values()]
    assert len(set(steps)) == len(steps)


def test_the_checks_see_what_is_wrong():
    """Each of them, on a vector that was changed by hand."""
    name = "entry-is-made-within-life-within-its-life-holds"
    run_on = copy.deepcopy(VECTORS[name])
    test_the_condition_alone_decides(run_on)
    run_on["trace"][3]["given"] = {key: value - 1 for key, value in run_on["trace"][3]["given"].items()}
    test_a_trace_comes_out_as_it_says(run_on)
    with pytest.raises(AssertionError):
        test_the_condition_is_as_it_says_and_at_the_bound_if_it_says_so(run_on)
    masked = copy.deepcopy(VECTORS[name])
    masked["trace"][4]["given"]["matches"] = False
    for check in (
        test_a_trace_comes_out_as_it_says,
        test_the_condition_alone_decides,
        test_its_clauses_are_those_between_the_two,
    ):
        with pytest.raises(AssertionError):
            check(masked)
    alone = {**VECTORS[name], "pair": None}
    with pytest.raises(AssertionError):
        test_the_other_of_the_pair_points_back(alone)
    tomorrow = copy.deepcopy(VECTORS[name])
    tomorrow["code"] = {"day_start": BEGINS[name] + 43_200, "day_end": BEGINS[name] + 129_600}
    with pytest.raises(AssertionError):
        test_a_trace_comes_out_as_it_says(tomorrow)


# The index


def goal_of(row):
    return coverage.Goal(coverage.Occurrence(row["event"], row["function"], row["name"], row["occurrence"]), row["holds"])


ROWS = FILES[INDEX]["conditions"]


def test_every_condition_of_the_model_is_in_the_index_both_ways_and_none_is_open():
    assert [goal_of(row) for row in ROWS] == list(coverage.goals())
    assert {row["status"] for row in ROWS} == {"covered", "infeasible", "not playable"}


def test_a_condition_that_is_new_is_missed(monkeypatch):
    real = box.hear_revocation

    def asks_more(heard, authentic):
        return real(heard, box.named("a new condition", authentic))

    monkeypatch.setattr(box, "hear_revocation", asks_more)
    coverage.occurrences.cache_clear()
    try:
        missed = set(coverage.goals()) - {goal_of(row) for row in ROWS}
    finally:
        monkeypatch.undo()
        coverage.occurrences.cache_clear()
    assert [goal.id for goal in sorted(missed, key=lambda goal: goal.id)] == [
        "revocation-is-heard-asks-more-a-new-condition-fails",
        "revocation-is-heard-asks-more-a-new-condition-holds",
    ]


def test_what_is_covered_has_its_vector_and_no_vector_is_without_a_condition():
    assert [row["vector"] for row in ROWS if row["status"] == "covered"] == [
        goal_of(row).id for row in ROWS if row["status"] == "covered"
    ]
    assert {row["vector"] for row in ROWS} - {None} == set(OF_CONDITIONS)
    assert len(VECTORS) == sum(len(data["vectors"]) for data in OF_CLAUSES.values())
    for row in ROWS:
        assert (row["vector"] is None) == bool(row["reason"])


def test_each_vector_stands_with_the_first_of_its_clauses_in_the_order_of_ids():
    for name, data in OF_CLAUSES.items():
        assert name == f"{data['clause']}.json"
        assert data["sentence"] == clause(data["clause"]).sentence
        assert {each["clauses"][0] for each in data["vectors"]} == {data["clause"]}
        ids = [each["id"] for each in data["vectors"]]
        assert ids == sorted(ids)


def test_what_cannot_be_played_is_what_nobody_can_ask():
    not_playable = {(row["event"], row["name"], row["holds"]): row["reason"] for row in ROWS if row["status"] == "not playable"}
    assert not_playable == NOBODY_CAN_ASK


def test_what_is_infeasible_is_proved_so_again_and_its_other_half_is_not():
    rows = [row for row in ROWS if row["status"] == "infeasible"]
    assert [goal_of(row).id for row in rows] == [
        "ticket-is-presented-ready-time-known-2-holds",
        "ticket-is-presented-ready-clock-not-behind-the-last-decision-2-holds",
    ]
    for row in rows:
        goal = goal_of(row)
        assert isinstance(find(goal), Infeasible)
        assert not coverage.infeasible(replace(goal, holds=not goal.holds), exactly=False)


# Made again


AGAIN = [
    "power-fails-lose-power-refusals-are-counted-fails",
    "power-fails-lose-power-clock-not-behind-the-last-decision-fails",  # what it decides shows later
    "entry-is-made-within-day-its-day-has-begun-fails",
    "entry-is-made-decide-entry-codes-end-with-their-day-holds",  # for the other profile
    "grant-is-asked-for-grant-connect-not-too-long-fails",
    "grant-is-revoked-ended-revoked-holds",
    "code-is-asked-for-generate-code-an-index-is-free-fails",
]


@cache
def again():
    goals = {goal.id: goal for goal in coverage.goals()}
    return [find(goals[name]) for name in AGAIN]


def text_in_file(found):
    data = json.loads((FOLDER / f"{found.shows[0]}.json").read_text(encoding="utf-8"))
    (vector,) = [each for each in data["vectors"] if each["id"] == found.id]
    return publishing._text(vector)


@pytest.mark.parametrize("number", range(len(AGAIN)), ids=AGAIN)
def test_made_again_a_vector_is_the_same_byte_for_byte(number):
    found = again()[number]
    assert publishing._text(publishing._vector(found, set(VECTORS))) == text_in_file(found)


def test_and_so_are_those_with_something_in_between():
    made = [new for each in again()[2:4] for new in synthesis.disturbed_vectors(each)]
    assert len(made) >= 10
    assert [publishing._text(publishing._vector(each, set(VECTORS))) for each in made] == [text_in_file(each) for each in made]


def test_whatever_the_solver_likes_best_a_vector_is_the_same():
    z3.set_param("smt.random_seed", 11)
    synthesis._searches.cache_clear()
    try:
        found = [find(each.goal) for each in again()[:4]]
    finally:
        z3.set_param("smt.random_seed", 0)
        synthesis._searches.cache_clear()
    assert found == again()[:4]


def test_the_profile_that_is_asked_for_is_the_first_that_does_it():
    profiles = {each.id: each.trace.profile for each in again()}
    other = "entry-is-made-decide-entry-codes-end-with-their-day-holds"
    assert profiles.pop(other) == ENDS_WITH_ITS_DAY
    assert set(profiles.values()) == {DEFAULT}
    (found,) = [each for each in again() if each.id == other]
    assert (found.profile, publishing.scenario_of(found)["profile"]) == ({"code_ends_with_its_day": True},) * 2


def test_stories():
    assert [publishing.scenario_of(each)["story"] for each in again()[2:4]] == [
        "When entry is made, 'its day has begun' (within day) does not hold, by one second, and alone decides the answer.",
        "When entry is made, 'codes end with their day' (decide entry) holds, and alone decides the answer.",
    ]
    later = publishing.scenario_of(again()[1])["story"]
    assert later.endswith("does not hold, by one second, and alone decides what is kept. What it comes to shows later.")


@pytest.mark.parametrize("workers", [1, 2])
def test_however_many_look_what_is_found_is_the_same_and_in_the_order_of_the_model(monkeypatch, workers):
    goals = [each.goal for each in again()[2::2]]
    monkeypatch.setattr(coverage, "goals", lambda: iter(goals))
    reported = []
    found = synthesize(reported.append, workers)
    assert found[: len(goals)] == reported == again()[2::2]
    assert found[len(goals) :] == [new for each in again()[2::2] for new in synthesis.disturbed_vectors(each)]
    assert {each.goal.id for each in found[len(goals) :]} == {AGAIN[2]}


def test_what_no_trace_reaches_is_open(monkeypatch):
    monkeypatch.setattr(synthesis, "_searches", tuple)
    goal = again()[2].goal
    assert find(goal) == Open(goal, "no trace of up to 12 events reaches it")


def test_what_nothing_shows_afterwards_is_open(monkeypatch):
    monkeypatch.setattr(synthesis, "_ways_on", lambda: iter([("challenge_is_made",)]))
    goal = again()[1].goal
    assert find(goal) == Open(goal, "what it decides is kept, and nothing that is done afterwards shows it")


def test_what_no_bench_can_do_is_not_playable(monkeypatch):
    def cannot(*_, **__):
        raise CannotTell("nobody can do this")

    monkeypatch.setattr(synthesis, "told", cannot)
    goal = again()[2].goal
    assert find(goal) == Unplayable(goal, "nobody can do this")


# Written, and compared with what is written


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "vectors"
    written = publishing.write(again(), place)
    assert written == len(list(place.iterdir())) == len({each.shows[0] for each in again()}) + 2
    return place


def test_what_was_just_written_is_not_stale(folder):
    assert publishing.stale(again(), folder) == []
    assert sorted(path.name for path in folder.iterdir()) == [
        "box.log.json",
        "box.ready.json",
        "code.day.json",
        "code.index.json",
        "connect.revoke.any-time.json",
        "connect.window.length.json",
        "index.json",
        "schema.json",
    ]
    assert (folder / SCHEMA).read_bytes() == (FOLDER / SCHEMA).read_bytes()


def changed(folder, name):
    text = (folder / name).read_text(encoding="utf-8")
    (folder / name).write_text(text.replace('"accepted": true', '"accepted": false', 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "stale"),
    [
        (lambda folder: changed(folder, "code.day.json"), ["code.day.json: differs"]),
        (lambda folder: (folder / "code.day.json").write_bytes(b"\xff\xfe"), ["code.day.json: differs"]),
        (lambda folder: (folder / "code.day.json").unlink(), ["code.day.json: missing"]),
        (lambda folder: (folder / "index.json").unlink(), ["index.json: missing"]),
        (lambda folder: (folder / "schema.json").write_text("{}"), ["schema.json: differs"]),
        (
            lambda folder: (folder / "code.pin.json").write_text((folder / "code.day.json").read_text()),
            ["code.pin.json: left over"],
        ),
        (lambda folder: (folder / "notes.json").write_text('{"of": "somebody"}'), []),
    ],
    ids=["a truth", "no text", "a file gone", "the index gone", "another schema", "a file left over", "somebody's file"],
)
def test_what_is_not_as_the_model_gives_it_is_named(folder, spoil, stale):
    spoil(folder)
    assert publishing.stale(again(), folder) == stale


def test_a_condition_that_changed_makes_its_file_and_the_index_stale(folder):
    index_of = {each.id: each for each in again()}
    gone = index_of["code-is-asked-for-generate-code-an-index-is-free-fails"]
    now = [each if each is not gone else Unplayable(gone.goal, "nobody can") for each in again()]
    assert publishing.stale(now, folder) == ["code.index.json: left over", "index.json: differs"]


def test_where_there_is_no_folder_all_of_it_is_missing(tmp_path):
    stale = publishing.stale(again()[:1], tmp_path / "nowhere")
    assert stale == ["box.log.json: missing", "index.json: missing", "schema.json: missing"]


def test_writing_takes_away_what_is_left_over_and_nothing_else(folder):
    for name, text in {"notes.json": '{"of": "somebody"}', "list.json": "[]", "broken.json": "{", "readme.md": "mine"}.items():
        (folder / name).write_text(text)
    (folder / "deep.json").mkdir()
    publishing.write(again()[:1], folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "box.log.json",
        "broken.json",
        "deep.json",
        "index.json",
        "list.json",
        "notes.json",
        "readme.md",
        "schema.json",
    ]
    assert (folder / "notes.json").read_text() == '{"of": "somebody"}'
    assert publishing.stale(again()[:1], folder) == []


@pytest.mark.parametrize("name", ["index.json", "box.log.json", "schema.json"])
def test_a_file_that_is_somebody_elses_is_not_written_over(tmp_path, name):
    (tmp_path / name).write_text('{"of": "somebody"}')
    with pytest.raises(
        BadInput, match=f"{name}: no file of vectors, so it stays; take it away, or name another folder with --out"
    ):
        publishing.write(again()[:1], tmp_path)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, '{"of": "somebody"}')]


def test_a_folder_that_cannot_be_written_to_is_bad_input(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"file: the vectors cannot be written: .*; name another folder with --out"):
        publishing.write(again()[:1], tmp_path / "file")


# Read


def test_what_was_written_is_read_with_the_line_on_which_it_begins(folder):
    read = list(vector_files.read(folder))
    assert sorted(data["id"] for _, data, _ in read) == sorted(AGAIN)
    for name, data, line in read:
        place = folder.parent / name
        assert place.parent == folder
        assert place.read_text(encoding="utf-8").splitlines()[line - 1] == f'   "id": "{data["id"]}",'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no vectors: Expecting value"),
        ("[]", "no vectors: "),
        ('{"version": 1}', "no vectors: 'vectors'"),
        ('{"version": 2, "vectors": []}', "vectors of version 2, and this release reads 1; make them anew"),
        ('{"version": 1, "vectors": 7}', "no vectors: "),
        ('{"version": 1, "vectors": [7]}', "no vectors: "),
        ('{"version": 1, "vectors": [{"id": "a-vector"}]}', "no vectors: 'scenario'"),
        ('{"version": 1, "vectors": [{"scenario": {"id": "a-vector"}}]}', "no vectors: 'id'"),
    ],
)
def test_a_file_that_holds_no_vectors_is_bad_input(tmp_path, text, said):
    (tmp_path / "code.day.json").write_text(text)
    with pytest.raises(BadInput, match=r"code\.day\.json: ") as error:
        list(vector_files.read(tmp_path))
    assert said in str(error.value)


# The command


@pytest.fixture
def found(monkeypatch):
    """What is synthesized: a few, found before, so that it is quick."""
    finds = list(again())

    def quick(report):
        for each in finds:
            report(each)
        return finds

    monkeypatch.setattr(vectoring, "synthesize", quick)
    return finds


def asked(*words):
    result = CliRunner().invoke(app, ["scenarios", "synthesize", *words])
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.usefixtures("found")
def test_the_command_writes_and_then_checks(tmp_path):
    out = ("--out", str(tmp_path / "vectors"))
    code, told = asked(*out)
    assert code == 0
    assert "7 conditions, each both ways: 7 covered; 7 vectors, 4 at a bound by one second" in told
    assert told.endswith(f"8 files written to {tmp_path}/vectors")
    code, told = asked("--check", *out)
    assert (code, told.endswith("the vectors are what the model gives")) == (0, True)
    changed(tmp_path / "vectors", "code.day.json")
    before = (tmp_path / "vectors/code.day.json").read_text()
    code, told = asked("--check", *out)
    assert code == 1
    assert told.endswith("stale: code.day.json: differs make them anew with lockproof scenarios synthesize")
    assert (tmp_path / "vectors/code.day.json").read_text() == before


@pytest.mark.usefixtures("found")
def test_without_a_folder_it_checks_what_is_packaged():
    code, told = asked("--check")
    assert code == 1
    assert "stale: code.pin.json: left over" in told
    assert "stale: index.json: differs" in told
    assert (FOLDER / "code.pin.json").exists()


def test_an_open_condition_is_a_failure_and_nothing_is_written(found, tmp_path):
    found[0] = Open(found[0].goal, "no trace reaches it")
    found[1] = Unplayable(found[1].goal, "nobody can do this")
    for words in (["--out", str(tmp_path / "vectors")], ["--check", "--out", str(tmp_path / "vectors")]):
        code, told = asked(*words)
        assert code == 1
        assert f"open: {AGAIN[0]} no trace reaches it not playable: {AGAIN[1]} nobody can do this" in told
        assert "5 covered, 1 not playable, 1 open" in told
    assert list(tmp_path.iterdir()) == []


def test_on_a_terminal_it_says_how_far_it_is(found, tmp_path):
    said = io.StringIO()
    console = Console(file=said, force_terminal=True, width=200)
    assert vectoring.synthesize_and_tell(console, tmp_path / "vectors") == 0
    assert re.search(rf"7/\d+ goals   \d+ s   about \d+ s left   {AGAIN[6]}", said.getvalue())
    assert isinstance(found[0], Vector)


# Damaged files


DAMAGED = {
    "a number": '{"version": 1, "vectors": 7}',
    "nothing": '{"version": 1, "vectors": null}',
    "texts": '{"version": 1, "vectors": ["a", "b"]}',
    "no id": '{"version": 1, "vectors": [{"scenario": {"id": "a-b"}}]}',
    "no scenario": '{"version": 1, "vectors": [{"id": "a-b"}]}',
    "a list for a scenario": '{"version": 1, "vectors": [{"id": "a-b", "scenario": [1]}]}',
    "too deep": "[" * 200_000,
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_is_bad_input(tmp_path, text):
    (tmp_path / "code.day.json").write_text(text)
    with pytest.raises(BadInput, match=r"code\.day\.json: no vectors: .*; make them with lockproof scenarios synthesize"):
        list(vector_files.read(tmp_path))
