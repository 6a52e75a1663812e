"""Exploration: what grows is the standard's, the same seed grows the same, a conforming box never fails, and a faulty one does."""

from __future__ import annotations

import importlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import Phase, given, settings
from hypothesis import seed as fixed
from hypothesis import strategies as st
from lockproof.conformance import suite
from lockproof.conformance.aiming import instants
from lockproof.conformance.drawing import EVENLY, Evenly
from lockproof.conformance.exploring import explore_until_killed, reach_of
from lockproof.conformance.faults import all_faults
from lockproof.conformance.growing import Act, Bench, CannotGrow, Place, file_of, growing, regrown, said, scenario_of
from lockproof.conformance.judging import judge_again
from lockproof.conformance.options import Exploration, exploration
from lockproof.conformance.pace import ClockMode
from lockproof.conformance.planning import Timing
from lockproof.conformance.replaying import to_play_again
from lockproof.conformance.run import run
from lockproof.conformance.scenario import calendar_of
from lockproof.conformance.state_machine import Reach, explored, name_of
from lockproof.conformance.suite import Suite, packaged
from lockproof.conformance.targets import target
from lockproof.conformance.verdict import Verdict
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import BadInput, BenchError, CodeIndex

BENCH = Bench(seed="s")
TODAYS = CodeIndex(1_803_963_600, 1_804_050_000, 0)
NINE = 1_803_996_000  # 09:00 of the bench's today, in Toronto


def grown(seed: str, number: int, **reach):
    return list(islice(explored(Reach(Bench(seed=seed), **reach)), number))


def test_the_same_seed_grows_the_same_scenarios_and_another_one_others():
    first, again, other = grown("a", 4), grown("a", 4), grown("b", 4)
    assert [each.scenario for each in first] == [each.scenario for each in again]
    assert [each.acts for each in first] != [each.acts for each in other]
    assert [each.scenario.id for each in first] == [f"explored-a-{number}" for number in (1, 2, 3, 4)]


def test_what_else_is_loaded_changes_nothing(tmp_path, monkeypatch):
    before = grown("a", 30)
    (tmp_path / "numbers_of_somebody.py").write_text(f"NUMBERS = {list(range(101, 255))}\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("numbers_of_somebody")
    assert [each.acts for each in grown("a", 30)] == [each.acts for each in before]


@pytest.mark.parametrize(
    ("kind", "bounds", "told"),
    [
        ("integer", {"min_value": 0}, "an integer without bounds"),
        ("integer", {"max_value": 0}, "an integer without bounds"),
        ("float", {}, "a float"),
        ("string", {}, "text"),
        ("bytes", {}, "bytes"),
    ],
)
def test_only_what_is_bounded_is_drawn(kind, bounds, told):
    with pytest.raises(
        TypeError, match=f"^an exploration draws {told}; it is to choose among what is listed, or between two bounds$"
    ):
        getattr(Evenly(None), f"draw_{kind}")(**bounds)


def test_draws_are_even():
    seen = Counter()

    @given(st.integers(0, 3), st.booleans())
    @settings(backend=EVENLY, database=None, phases=[Phase.generate], max_examples=2000)
    @fixed(1)
    def drawn(number, other):
        seen[number, other] += 1

    drawn()
    assert len(seen) == 8
    assert all(200 < times < 300 for times in seen.values())


def test_nothing_that_grows_is_cut_short_by_the_harness():
    assert [each.ended for each in grown("whole", 25) if each.ended] == []


def test_a_seed_of_any_kind_makes_an_id():
    assert name_of("My seed, 7!", 3) == "explored-my-seed-7-3"
    assert name_of("", 1) == "explored-0-1"


def test_a_box_that_conforms_never_fails(play):
    for each in grown("fine", 12):
        assert play(each.scenario).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("left_out", "verbs"), [("at_writes", set()), ("disturbs", {"disturb-clock"}), ("app", {"present", "connect"})]
)
def test_nothing_is_done_that_a_box_does_not_declare(left_out, verbs):
    acts = [act for each in grown("declared", 12, **{left_out: False}) for act in each.acts]
    assert not verbs & {act.verb for act in acts}
    assert left_out != "at_writes" or not any("at-write" in act.arguments for act in acts)
    everything = [act for each in grown("declared", 12) for act in each.acts]
    assert verbs <= {act.verb for act in everything}
    assert any("at-write" in act.arguments for act in everything)


def test_a_clock_that_is_waited_for_is_waited_for_no_longer_than_was_said():
    hello = replace(ReferenceBox().hello(), clock_modes=("wall-clock",))
    waits = reach_of(BENCH, hello, Timing(ClockMode.WALL_CLOCK, 90))
    assert (waits.longest, waits.moves) == (90, False)
    for each in islice(explored(waits), 6):
        acts = each.acts
        assert acts[-1].at - acts[0].at <= 90
        assert not [act for act in acts if act.verb == "cut" and "off" in act.arguments]
    assert reach_of(BENCH, hello, Timing(ClockMode.WALL_CLOCK, 0)).longest == 0


def own_digits(_box: bytes, _secret: bytes, _profile) -> Callable[[CodeIndex], str]:
    return lambda index: f"{index.day_start // 3600 % 10_000:04}{index.index:04}"


def test_codes_of_a_makers_own_are_rehearsed_as_they_are():
    bench = replace(BENCH, generator=own_digits)
    acts = [hour()[0], Act(NINE, "enter", {"index": "0"}), Act(NINE, "enter", {"digits": own_digits(b"", b"", None)(TODAYS)})]
    assert [act.accepted for act in regrown(acts, bench, Place(), "explored-s-1")] == [True, True, True]
    assert [act.accepted for act in regrown(acts, BENCH, Place(), "explored-s-1")] == [True, True, False]


# Growing


def hour(*more: Act) -> list[Act]:
    return [
        Act(NINE, "generate", {"by": "joe", "day": "today", "as": "a-code"}),
        Act(NINE, "enter", {"code": "a-code"}),
        Act(NINE + 3599, "enter", {"code": "a-code"}),
        Act(NINE + 3600, "enter", {"code": "a-code"}),
        *more,
    ]


def test_what_is_expected_is_what_the_model_says():
    acts = regrown(hour(), BENCH, Place(), "explored-s-1")
    assert [act.accepted for act in acts] == [True, True, True, False]
    assert [act.asks for act in acts] == ["authority", "box", "box", "box"]
    assert acts[-1].because == ("code.expiry.after-first-use",)


def test_after_a_cut_at_a_write_either_may_come_out_until_it_is_certain_again():
    torn = [Act(NINE, "cut", {"at-write": "2"}), Act(NINE, "enter", {"code": "a-code"}), Act(NINE, "cut", {})]
    first, *_ = hour()
    later = [Act(NINE + at, "enter", {"code": "a-code"}) for at in (3600, 3600 + 3599, 86400 * 2)]
    acts = regrown([first, *torn, *later], BENCH, Place(), "explored-s-1")
    assert [act.accepted for act in acts if act.verb == "enter"] == [None, None, None, False]


def test_acts_that_need_what_is_not_there_do_not_grow():
    with pytest.raises(CannotGrow, match="no code"):
        regrown(hour()[1:], BENCH, Place(), "explored-s-1")
    with pytest.raises(CannotGrow, match="before the one in front"):
        regrown([hour()[0], hour()[2], hour()[1]], BENCH, Place(), "explored-s-1")


def test_acts_become_a_scenario_with_times_as_people_say_them():
    tomorrow = Act(NINE + 86400, "enter", {"code": "a-code"}, times=2, every=60)
    scenario = scenario_of(regrown(hour(tomorrow), BENCH, Place(), "explored-s-1"), Place(), "explored-s-1", BENCH)
    assert [(step.at, step.after) for step in scenario.steps] == [
        (None, None),
        (None, None),
        (None, "59m59s"),
        (None, "1s"),
        ("tomorrow 09:00:00", None),
    ]
    assert "- {at: 'tomorrow 09:00:00', enter: a-code, times: 2, every: 1m, box: refuses, because:" in file_of(scenario)


@pytest.mark.parametrize("hours", range(-60, 60, 7))
def test_every_instant_has_words_that_mean_it(hours):
    calendar = calendar_of("America/Toronto", "2027-11-07 00:30")
    instant = calendar.instant("2027-11-07 00:30") + hours * 1800
    assert calendar.instant(said(instant, calendar)) == instant


def test_time_is_aimed_at_bounds():
    with growing(BENCH, Place(), "explored-s-1") as so_far:
        for act in hour()[:2]:
            so_far.take(act)
        midnight = NINE + 15 * 3600
        assert {NINE + 3600, midnight} <= set(instants(so_far))
        assert instants(so_far, "a-code") == [NINE + 3600, midnight]


# A run


def test_a_run_explores_and_its_journal_says_the_same_again(tmp_path):
    result = run(target("reference"), packaged(Suite.NONE), tmp_path, seed="s", explore=Exploration(steps=60))
    names = [each.id for each in result.scenarios if each.id.startswith("explored-s-")]
    assert names == [f"explored-s-{number}" for number in range(1, len(names) + 1)]
    assert result.verdict is Verdict.PASS
    assert result.explored.startswith("explored ")
    assert result.missed
    again = judge_again(tmp_path / "journal.jsonl")
    assert [(each.id, each.verdict) for each in again.scenarios] == [(each.id, each.verdict) for each in result.scenarios]


def test_what_was_explored_has_no_file_to_be_played_again(tmp_path):
    run(target("reference"), packaged(Suite.NONE), tmp_path, seed="s", explore=Exploration(steps=20))
    _, files, ids = to_play_again(tmp_path / "journal.jsonl", "")
    assert (files, ids) == ([], ["vital-signs-of-the-app", "vital-signs", "vital-signs-of-the-authority"])
    with pytest.raises(BadInput, match="explore again with the same seed: lockproof run --explore … --seed s"):
        to_play_again(tmp_path / "journal.jsonl", "explored-s-1")


def test_no_clause_passes_by_exploration(tmp_path):
    explored_only = run(target("reference"), (), tmp_path, seed="s", explore=Exploration(steps=200))
    assert [clause.id for clause in explored_only.clauses if clause.verdict is Verdict.PASS] == []
    assert {each.verdict for each in explored_only.scenarios} == {Verdict.PASS}


@pytest.mark.parametrize("name", [fault.name for fault in all_faults().values() if fault.breaks is None])
def test_a_box_that_does_nothing_sensible_gets_no_pass(name):
    result = run(target(f"fault:{name}"), packaged(Suite.NONE), seed="s", explore=Exploration(steps=120))
    assert result.exit_code in {1, 3}
    assert [clause.id for clause in result.clauses if clause.verdict is Verdict.PASS] == []


def test_no_expectation_reaches_the_box(tmp_path):
    """What a box is sent is the same whether it conforms or not, as long as nothing that it does comes out otherwise."""
    sent = []
    for name in ("reference", "fault:ninth-index-opens"):
        folder = tmp_path / name.replace(":", "-")
        folder.mkdir()
        run(target(name), (), folder, seed="s", explore=Exploration(steps=30))
        records = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
        sent.append([(r["name"], r["arguments"].get("digits")) for r in records if r["record"] == "command"])
    assert sent[0] == sent[1][: len(sent[0])]


def test_how_far_to_explore_is_steps_or_a_duration():
    assert exploration("2000") == Exploration(steps=2000)
    assert exploration("10m", aimed=False) == Exploration(seconds=600, aimed=False)
    assert exploration("") is None
    for wrong in ("0", "0s", "for ever"):
        with pytest.raises(BadInput, match="--explore"):
            exploration(wrong)


def test_without_a_suite_there_are_the_controls():
    assert packaged(Suite.NONE) == tuple(each for each in suite.written() if each.control)
    assert len(packaged(Suite.NONE)) == 3


# Kills


@pytest.mark.parametrize(
    ("name", "clause"),
    [
        ("never-expires", "code.expiry.after-first-use"),
        ("opens-once", "code.expiry.after-first-use"),
        ("no-bound", "box.wrong-entry.bound"),
        ("refusals-are-not-logged", "box.log"),
        ("clock-set-back-accepted", "box.clock.never-back"),
        ("window-end-inclusive", "connect.window.bounds"),
    ],
)
def test_a_faulty_box_is_killed_by_the_clause_that_it_breaks(name, clause):
    killed = explore_until_killed(target(f"fault:{name}"), 3000, "s")
    assert clause in killed.clauses
    assert killed.scenario.startswith("explored-s-")
    again = explore_until_killed(target(f"fault:{name}"), 3000, "s")
    assert (again.scenario, again.commands) == (killed.scenario, killed.commands)


def test_a_box_that_conforms_is_not_killed():
    killed = explore_until_killed(target("reference"), 100, "s")
    assert (killed.clauses, killed.scenario) == ((), "")
    assert killed.commands > 100


def test_who_does_not_answer_is_not_killed_but_an_error():
    with pytest.raises(BenchError):
        explore_until_killed(target("fault:silent"), 100, "s")


def test_it_goes_on_until_the_clause_is_named():
    """The first failure of this box names the log, and a later one its bound."""
    name, clause = "same-digits-get-the-same-answer", "box.wrong-entry.bound"
    first = explore_until_killed(target(f"fault:{name}"), 3000, "k2")
    killed = explore_until_killed(target(f"fault:{name}"), 3000, "k2", until=clause)
    assert clause in killed.clauses
    assert killed.commands >= first.commands
    never = explore_until_killed(target(f"fault:{name}"), 300, "k2", until="connect.ticket")
    assert "connect.ticket" not in never.clauses


@pytest.mark.parametrize(
    ("name", "clause", "seed"),
    [
        ("day-of-twenty-four-hours", "code.day", "k2"),
        ("charged-in-the-commit-that-decides", "box.wrong-entry.bound", "k1"),
        ("an-untrusted-clock-ends-tables", "code.irrevocable", "k1"),
        ("first-use-written-a-little-later", "box.first-use.durable", "k1"),
        ("other-boxs-ticket-opens", "interop.message", "k1"),
        ("timer-comes-round", "connect.ticket", "k2"),
    ],
)
def test_what_is_rare_has_a_rule(name, clause, seed):
    assert clause in explore_until_killed(target(f"fault:{name}"), 3000, seed, until=clause).clauses


def test_plain_exploration_grows_others():
    aimed, plain = grown("a", 4), grown("a", 4, aimed=False)
    assert [each.acts for each in aimed] != [each.acts for each in plain]
