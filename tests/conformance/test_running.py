"""Clocks that run: what is known of them, how commands are aimed at their seconds, and what becomes of one that is wrong."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Container
from dataclasses import asdict, is_dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lockproof.conformance import campaign, faults, suite
from lockproof.conformance.around import AroundBox
from lockproof.conformance.belief import Belief
from lockproof.conformance.campaign import Clockwork, Tally
from lockproof.conformance.explaining import ExplainingJudge
from lockproof.conformance.journal import Journal
from lockproof.conformance.judging import judge_again
from lockproof.conformance.meant import Meant, conditions
from lockproof.conformance.pace import MOST_LOOKS, ClockMode, Missed, Pace
from lockproof.conformance.planning import authority_for_a_bench, timing_of
from lockproof.conformance.player import MOST_AIMS, Player
from lockproof.conformance.run import play_until_it_decides, run
from lockproof.conformance.running import Gauge, Look, Running, Wrong
from lockproof.conformance.targets import target
from lockproof.conformance.verdict import ScenarioResult, Verdict
from lockproof.hw_adapter.bench_time import RealTime, VirtualTime
from lockproof.hw_adapter.hostile import Kind, alone
from lockproof.reference.box import ReferenceBox
from lockproof.reference.hardware import Clock
from lockproof.spec.model import box as model
from lockproof.spec.observable import BadInput, ClockReading, Decision, Declined, Hello, LinkLost, PowerCut
from lockproof.spec.profile import DEFAULT

SCENARIOS = {each.id: each for each in suite.packaged() if not each.unsuitable(DEFAULT)}
HOUR = "the-hour-is-over"
MEASURED = "a-clock-that-runs-keeps-to-what-it-declares"
BOTH = (ClockMode.ADVANCE, ClockMode.WALL_CLOCK)
TIME: list[VirtualTime] = []  # the last one is that of the box that was made last


class Played:
    """A reference box, or a kind of it, with a clock that runs in a time that costs nothing."""

    def __init__(
        self,
        mode: ClockMode = ClockMode.WALL_CLOCK,
        drift_ppm: float = 0.0,
        offset: int = 0,
        declares: int = 20,
        make: Callable[..., ReferenceBox] = ReferenceBox,
    ) -> None:
        self.time = VirtualTime()
        TIME.append(self.time)
        self.box = make(clock=Clock(self.time.now, drift_ppm, offset))
        self.box.drift_ppm = declares
        self.pace = Pace(mode, self.box.hello(), self.time)
        self.journal = Journal()
        self.player = Player(self.box, authority_for_a_bench(DEFAULT), self.journal, pace=self.pace, clock=mode)

    def play(self, name: str = HOUR) -> ScenarioResult:
        return play_until_it_decides(self.player, SCENARIOS[name])

    def decided_at(self) -> list[tuple[int, int]]:
        """Of each entry of digits: the second that it was meant for, and the one that the box says."""
        records = [each for each in self.journal.records if each["record"] in {"command", "answer"}]
        return [(c["aimed"], a["value"]["box_time"]) for c, a in pairwise(records) if c.get("name") == "enter"]


# What is known of a counter


@given(
    drift=st.floats(-200, 200),
    start=st.floats(0, 1_000),
    waits=st.lists(st.tuples(st.floats(0, 100_000), st.floats(0, 3), st.floats(0, 1)), min_size=1, max_size=20),
)
def test_a_counter_that_keeps_to_its_drift_is_never_found_wrong(
    drift: float, start: float, waits: list[tuple[float, float, float]]
) -> None:
    gauge, now, counter = Gauge(200e-6), 0.0, start
    for wait, took, where in waits:
        sent = now + wait
        carried_out, now = sent + took * where, sent + took
        counter = start + carried_out * (1 + drift / 1e6)
        least, most = gauge.shows(sent, now)
        assert least is None or least <= math.floor(counter)
        assert most is None or most >= math.floor(counter)
        assert gauge.saw(math.floor(counter), sent, now)
    low, high = gauge.at_instant(carried_out)
    assert low <= counter + 1e-6
    assert counter <= high + 1e-6


@given(excess=st.floats(100, 1_000), seconds=st.integers(30_000, 100_000))
def test_a_counter_that_drifts_more_than_declared_is_found_wrong_when_it_has_gained_two_seconds(
    excess: float, seconds: int
) -> None:
    gauge = Gauge(20e-6)
    assert gauge.saw(0, 0.0, 0.01)
    assert not gauge.saw(math.floor(seconds * (1 + (20 + excess) / 1e6)), seconds, seconds + 0.01)


def test_what_lies_between_two_looks_at_an_edge_is_known_to_a_tenth_of_a_second() -> None:
    gauge = Gauge(0.0)
    assert gauge.saw(7, 0.95, 0.96)
    assert gauge.saw(8, 1.04, 1.05)
    assert gauge.at_instant(1.0) == pytest.approx((7.95, 8.05))
    assert gauge.shows(1.2, 1.3) == (8, 8)
    assert gauge.shows(1.9, 2.1) == (8, 9)


def test_what_is_recorded_of_a_running_clock_is_read_again_as_it_was() -> None:
    told = Running(drift_ppm=20, skew=90, bench_ppm=50, tolerance=0.5)
    assert told.told()["clock"] == [None, None, 0.0, None, None]
    told.clock.saw(1_000, 3.0, 3.5)
    again = Running.of(json.loads(json.dumps(told.told())))
    assert again == told
    assert again.drift == pytest.approx(70e-6)


def test_a_timer_begins_anew_only_after_the_answer_to_a_power_cut() -> None:
    """However long the box takes until its power goes, and until it is back."""
    running = Running(drift_ppm=0, skew=90)
    look = {"name": "read_clock", "arguments": {}}
    cut = {"name": "cut_power", "arguments": {"cut": "reset", "off_for": 0}}
    assert running.answered({**look, "sent": 10.0}, {"received": 10.1, "value": {"timer": 700}}) is None
    assert running.answered({**cut, "sent": 10.2}, {"received": 10.3, "value": None}) is None
    assert running.answered({**look, "sent": 14.0}, {"received": 14.1, "value": {"timer": 1}}) is None
    assert running.timer.shows(20.0, 20.0) == (6, 8)
    wrong = running.answered({**look, "sent": 20.0}, {"received": 20.1, "value": {"timer": 11}})
    assert wrong is not None
    assert (wrong.least, wrong.most) == (6, 8)


def test_a_tolerance_of_the_bench_makes_every_instant_less_certain() -> None:
    command, answer = {"name": "read_clock", "arguments": {}, "sent": 10.0}, {"received": 10.2, "value": {"timer": 5}}
    exact, tolerant = Running(drift_ppm=0, skew=90), Running(drift_ppm=0, skew=90, tolerance=2.0)
    for each in (exact, tolerant):
        assert each.answered(command, answer) is None
    later = {**command, "sent": 12.0}, {"received": 12.1, "value": {"timer": 10}}
    wrong = exact.answered(*later)
    assert wrong is not None
    assert (wrong.counter, wrong.shown, wrong.least, wrong.most) == ("timer", 10, 6, 8)
    assert tolerant.answered(*later) is None


# Scenarios


@pytest.mark.parametrize("mode", BOTH)
@pytest.mark.parametrize(("drift_ppm", "offset", "declares"), [(0.0, 0, 0), (200.0, 90, 200), (-200.0, 1, 200), (20.0, -90, 20)])
def test_every_command_comes_in_its_second_whatever_the_clock(
    mode: ClockMode, drift_ppm: float, offset: int, declares: int
) -> None:
    played = Played(mode, drift_ppm, offset, declares)
    for _ in range(2):
        result = played.play()
        assert (result.verdict, result.finding, result.clock) == (Verdict.PASS, None, mode)
    decided = played.decided_at()
    assert len(decided) > 4
    assert all(meant == shown for meant, shown in decided)


def test_waiting_costs_the_time_that_the_scenario_takes_and_advancing_none() -> None:
    spent = {}
    for mode in BOTH:
        played = Played(mode)
        played.play()
        spent[mode] = played.time.now()
        moved = [each for each in played.journal.records if each.get("name") == "advance_clock"]
        assert bool(moved) == (mode is ClockMode.ADVANCE)
    assert spent[ClockMode.WALL_CLOCK] > 86_400
    assert spent[ClockMode.ADVANCE] < 20


def test_a_power_cut_comes_in_its_second_too() -> None:
    """So that it falls where the clock has caught up: this box forgets then that it had found it behind."""
    forgets = Played(make=faults.named("reading-a-clock-that-fell-behind-loses-the-time").make)
    result = forgets.play("a-clock-found-behind-is-not-trusted-when-it-has-caught-up")
    assert result.finding is not None
    assert (result.finding.step, result.finding.saw) == (14, "2027-03-02 10:30:00")
    assert "box.clock.never-back" in result.finding.clauses


SET_UP = {"record": "step", "step": 0, "where": "", "verb": "set-up", "channel": "clock", "shows": (), "at": 0}


def commanded(name: str, arguments: dict[str, Any], answer: Any, *, at: float, **meaning: Any) -> list[dict[str, Any]]:
    """A command and its answer, as a journal has them."""
    value = asdict(answer) if is_dataclass(answer) and not isinstance(answer, type) else answer
    return [
        {"record": "command", "name": name, "about": name, "at": 0, "arguments": arguments, "meaning": meaning, "sent": at},
        {"record": "answer", "value": value, "received": at + 0.05},
    ]


def judged(*records: dict[str, Any]) -> ExplainingJudge:
    head = {"id": "made by hand", "clauses": (), "zone": "UTC", "running": Running(drift_ppm=20, skew=90).told()}
    judge = ExplainingJudge(scenario=head, profile=DEFAULT)
    for record in (SET_UP, *commanded("reset", {}, None, at=0.0), *commanded("provision", {"new": True}, None, at=0.1), *records):
        judge.see(record)
    return judge


def test_a_refused_time_order_says_whether_the_box_knows_the_time() -> None:
    """The only place at which this one shows it."""
    refused = Decision(False, "box.authentic", 5_000)
    judge = judged(
        *commanded("challenge", {}, "00", at=0.2),
        *commanded("time_order", {}, refused, at=0.3, value=9_000, nonce=1, authentic=False),
    )
    assert judge.finding is not None
    assert judge.finding.must == "box time must be unknown time"


@pytest.mark.parametrize(("timer", "of_itself"), [(0, False), (1, False), (2, False), (4, True)])
def test_a_boot_just_before_a_power_cut_is_seen_by_the_timer_and_fails_nobody(timer: int, of_itself: bool) -> None:
    """Nobody answered to the cut then, and the new session was taken for it."""
    judge = judged(
        {**SET_UP, "step": 1, "verb": "cut"},
        *commanded("cut_power", {"cut": "reset", "off_for": 0}, None, at=10.0),
        *commanded("read_clock", {}, ClockReading(None, timer, held=False), at=12.0),
    )
    assert judge.finding is None
    told = ["step 1: the box booted of itself, which may hide what comes after it"]
    assert judge.undecided == of_itself
    assert judge.result().message == "the scenario was not played to its end"
    judge.see({"record": "given-up", "message": "enough"})
    assert judge.result().message == "; ".join([*(told if of_itself else []), "enough"])


def test_a_clock_that_is_known_to_drift_is_looked_at_again_before_its_second() -> None:
    played = Played(drift_ppm=200.0, declares=200)
    played.play()
    looks = [each["sent"] for each in played.journal.records if each.get("name") == "read_clock" and "aimed" not in each]
    assert any(later - earlier > 3_000 for earlier, later in pairwise(looks))


@pytest.mark.parametrize("mode", BOTH)
def test_a_fault_of_one_second_is_still_a_fault_of_one_second(mode: ClockMode) -> None:
    played = Played(mode, 200.0, 90, 200, faults.named("expires-one-second-late").make)
    result = played.play()
    assert result.finding is not None
    assert "code.expiry.after-first-use" in result.finding.clauses


class Dawdles(ReferenceBox):
    """Takes a second and a half for some entries of digits, counted from 1."""

    slow: Container[int] = frozenset({2})
    entries = 0

    def enter(self, digits: str) -> Decision:
        self.entries += 1
        if self.entries in self.slow:
            TIME[-1].sleep(1.5)
        return super().enter(digits)


class AlwaysDawdles(Dawdles):
    slow = range(10_000)


def test_what_was_decided_in_another_second_shows_nothing_and_is_aimed_again() -> None:
    played = Played(make=Dawdles)
    result = played.play()
    assert (result.verdict, result.attempts) == (Verdict.PASS, 2)
    given_up = [each["message"] for each in played.journal.records if each["record"] == "given-up"]
    assert given_up == ["it was not decided when it was meant to be"]


def test_a_box_that_is_always_late_is_inconclusive_after_so_many_aims_and_never_failed() -> None:
    played = Played(make=AlwaysDawdles)
    result = played.play()
    assert (result.verdict, result.attempts, result.finding) == (Verdict.INCONCLUSIVE, MOST_AIMS, None)
    assert "and meant for" in result.message


# What may be concluded


@pytest.mark.parametrize("mode", BOTH)
def test_a_boot_between_two_scenarios_fails_nobody(mode: ClockMode) -> None:
    played = Played(mode)
    assert played.play(HOUR).verdict is Verdict.PASS
    played.box.power_up("watchdog")
    assert played.play("the-day-lasts-to-its-last-second").verdict is Verdict.PASS


class SaysItsSessionInHello:
    """A box behind an adapter that keeps no session; it boots of itself before its second entry."""

    def __init__(self, box: ReferenceBox) -> None:
        self._box, self._entries = box, 0

    def __getattr__(self, name: str) -> Any:
        if name == "session":
            raise AttributeError(name)
        return getattr(self._box, name)

    def enter(self, digits: str) -> Decision:
        self._entries += 1
        if self._entries == 2:
            self._box.power_up("watchdog")
        return self._box.enter(digits)


class BootsInItsSecondEntry(ReferenceBox):
    """What it answers then, it answers in another session than it was asked in."""

    entries = 0

    def enter(self, digits: str) -> Decision:
        self.entries += 1
        if self.entries == 2:
            self.power_up("watchdog")
        return super().enter(digits)


@pytest.mark.parametrize("mode", BOTH)
def test_an_answer_in_another_session_gives_up_the_scenario_and_fails_nobody(mode: ClockMode) -> None:
    played = Played(mode, make=BootsInItsSecondEntry)
    result = played.play(HOUR)
    assert (result.verdict, result.attempts) == (Verdict.PASS, 2)
    (lost,) = [each for each in played.journal.records if each["record"] == "no-answer"]
    assert (lost["message"], lost["booted"]) == ("the box booted of itself", True)


@pytest.mark.parametrize("mode", BOTH)
def test_a_boot_that_only_hello_tells_of_gives_up_the_scenario_and_fails_nobody(mode: ClockMode) -> None:
    played = Played(mode)
    played.player.box = SaysItsSessionInHello(played.box)
    result = played.play(HOUR)
    assert (result.verdict, result.attempts) == (Verdict.PASS, 2)


@pytest.mark.parametrize(
    ("name", "scenario", "offset"),
    [
        ("any-nonce-sets-the-clock", "a-time-order-uses-up-the-nonce", 2),
        (
            "time-order-replayed",
            "time-order-arrives-nonce-answered-a-nonce-is-open-fails-after-a-disabled-keypad",
            1,
        ),
    ],
)
def test_an_order_that_is_to_be_refused_for_its_nonce_is_not_one_of_before_the_mark(
    name: str, scenario: str, offset: int
) -> None:
    """Where the clock stands ahead of what it is set to, a time order that is to be taken says an earlier time."""
    result = Played(offset=offset, make=faults.named(name).make).play(scenario)
    assert result.finding is not None
    assert "box.clock.never-back" in result.finding.clauses
    assert Played(offset=offset).play(scenario).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("name", "scenario", "offset", "why"),
    [
        (
            "time-order-replayed",
            "an-order-needs-the-boxs-own-nonce",
            -60,
            "step 3: where its clock stands, within a ticket's life may not hold, and the scenario means that it does",
        ),
        (
            "tickets-trust-a-clock-that-fell-behind",
            "ticket-is-presented-ready-clock-not-behind-the-last-decision-2-fails",
            2,
            "step 5: where its clock stands, clock not behind the last decision may hold, and the scenario means that it does not",
        ),
    ],
)
def test_what_another_condition_may_have_decided_shows_nothing(name: str, scenario: str, offset: int, why: str) -> None:
    """A clock that is behind is waited for, which makes a nonce too old; the box is faulty, and does not pass."""
    result = Played(offset=offset, make=faults.named(name).make).play(scenario)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.message.startswith(why)


def test_which_conditions_forbid_where_all_others_allow_it() -> None:
    box = replace(model.new_box(1000), time_known=True, mark=1000, nonce_open=True)
    code = {"code": [0, 86400, 0]}
    ticket = {"window_start": 0, "window_end": 5000, "nonce": 0, "authentic": True, "grant": "00"}
    for name, meaning in {
        "enter": code,
        "present": ticket,
        "time_order": {"value": 1000, "nonce": 0, "authentic": True},
        "revocation_order": {"grant": "00", "authentic": True},
    }.items():
        meant = Meant(DEFAULT, Belief(box), 0)
        command = {"name": name, "at": 0, "meaning": meaning, "arguments": {}}
        names = [each for each, _ in conditions(lambda told=command, of=meant: of.comes_to(told))]
        forbidding = {each for number, each in enumerate(names) if meant.forbids(command, number)}
        assert (
            forbidding
            >= {
                "enter": {"time known", "within the bound"},
                "present": {
                    "time known",
                    "a nonce is open",
                    "within a ticket's life",
                    "heard of as revoked",
                    "window has begun",
                    "window is not over",
                },
                "time_order": {"a nonce is open", "the newest nonce", "within a ticket's life"},
                "revocation_order": set(),
            }[name]
        )


class BootsSlowly(Clock):
    """Seven tenths of a second to boot, and after it a timer whose first second is short."""

    def restart(self, off_for: int) -> None:
        TIME[-1].sleep(0.7)
        super().restart(off_for)
        self._timer_part = 0.9


@pytest.mark.parametrize("mode", BOTH)
@pytest.mark.parametrize("scenario", ["a-power-cut-right-after-first-use", "a-power-cut-at-the-first-use"])
def test_a_box_that_boots_slowly_is_decided_after_a_power_cut(mode: ClockMode, scenario: str) -> None:
    played = Played(mode)
    played.box.hardware = BootsSlowly(played.time.now)
    assert played.play(scenario).verdict is Verdict.PASS


def test_digits_that_came_in_the_next_day_may_be_those_of_its_own_code() -> None:
    """On this line an entry is a second late, at midnight, and the same digits belong to another day's code then."""
    scenario, seed = SCENARIOS["equal-digits-two-days-apart-both-open"], 21113
    clockwork = Clockwork(ClockMode.WALL_CLOCK, 200.0, 90, 200)
    result = campaign.played(scenario, alone(Kind.STALL, seed), ReferenceBox, seed, clockwork)
    assert (result.verdict, result.finding) == (Verdict.PASS, None)
    assert result.attempts > 1


# The clock is judged


def test_a_clock_that_keeps_to_what_it_declares_is_measured_and_passes() -> None:
    result = Played(drift_ppm=-150.0, declares=200).play(MEASURED)
    assert (result.verdict, result.shown) == (Verdict.PASS, ("box.clock.accuracy",))
    assert result.measured.startswith("drift -1")
    assert result.measured.endswith(" s")


@pytest.mark.parametrize(("drift_ppm", "offset", "declares"), [(200.0, 90, 20), (-200.0, 0, 20), (40.0, 0, 20), (0.0, 92, 0)])
def test_a_clock_that_does_not_keep_to_what_it_declares_fails_that_clause_and_no_other(
    drift_ppm: float, offset: int, declares: int
) -> None:
    result = Played(drift_ppm=drift_ppm, offset=offset, declares=declares).play(MEASURED)
    assert result.finding is not None
    assert result.finding.clauses == ("box.clock.accuracy",)
    assert f"a drift of at most {declares} ppm and 90 s of skew" in result.finding.must


def test_a_clock_that_fails_is_told_with_the_earlier_look_that_it_does_not_go_with() -> None:
    drifts = Played(drift_ppm=200.0, declares=20).play(MEASURED).finding
    assert drifts is not None
    told = re.search(r": it stood at .+? ([\d.]+) s before, and it declares a drift of at most 20 ppm", drifts.must)
    assert told is not None
    assert float(told[1]) > 1000, "from the look before the long wait, not from the last one"


def test_a_wrong_clock_fails_nothing_that_the_step_was_to_show() -> None:
    finding = Played(drift_ppm=200.0, declares=20).play("a-window-begins-at-its-first-second").finding
    assert finding is not None
    assert (finding.clauses, finding.is_control) == (("box.clock.accuracy",), False)


def test_the_order_that_set_a_wrong_clock_is_marked(tmp_path: Path) -> None:
    result = run(
        target("fault:stands-two-minutes-from-what-it-was-set-to"), [SCENARIOS[MEASURED]], tmp_path, rehearse=False, explain=1
    )
    (finding,) = (each.finding for each in result.scenarios if each.finding)
    assert [finding.history[line].split("  ")[1].strip() for line in finding.contradicting] == ["time order for -190 s"]
    assert "it stood at 2027-03-02 08:56:50 0.0 s before" in finding.must


def test_what_a_clock_was_put_on_by_is_told_and_outlives_the_journal() -> None:
    running = Running(drift_ppm=0.0, skew=0.0)
    read = {"name": "read_clock", "arguments": {}}
    assert running.answered({**read, "sent": 0.0}, {"value": {"box_time": 500, "timer": 7}, "received": 0.0}) is None
    cut = {"name": "cut_power", "arguments": {"cut": "reset", "off_for": 300}, "sent": 1.0}
    assert running.answered(cut, {"value": None, "received": 1.0}) is None
    again = Running.of(json.loads(json.dumps(running.told())))
    wrong = again.answered({**read, "sent": 2.0}, {"value": {"box_time": 810, "timer": 0}, "received": 2.0})
    assert wrong == Wrong("clock", 810, 801, 804, Look(500, 0.0, 301), 2.0)


def test_a_clock_that_stands_too_far_behind_to_be_ready_fails_its_accuracy() -> None:
    result = Played(offset=-92).play(MEASURED)
    assert result.finding is not None
    assert result.finding.clauses == ("box.clock.accuracy", "box.clock.never-back")


def test_too_short_a_time_to_measure_a_drift_shows_nothing() -> None:
    scenario = SCENARIOS[MEASURED]
    first, last = scenario.steps[0], scenario.steps[-1]
    short = replace(scenario, steps=(first, replace(last, after="10s")))
    played = Played()
    result = play_until_it_decides(played.player, short)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "let it run for longer, or on a faster line" in result.message
    assert result.attempts == 1


def test_only_a_measurement_shows_how_right_a_clock_is_that_runs() -> None:
    """This one is a liar, too; in so short a time, nothing of that is seen."""
    result = Played(ClockMode.ADVANCE, 200.0, 0, 20).play("a-clock-lasts-as-long-as-it-is-said-to")
    assert result.verdict is Verdict.PASS
    assert "box.clock.accuracy" in SCENARIOS["a-clock-lasts-as-long-as-it-is-said-to"].clauses
    assert "box.clock.accuracy" not in result.shown


def test_the_journal_alone_says_the_same(tmp_path: Path) -> None:
    for name, verdict in (("reference", Verdict.PASS), ("fault:drifts-more-than-it-declares", Verdict.FAIL)):
        place = tmp_path / name.replace(":", "-")
        place.mkdir()
        result = run(target(name), [SCENARIOS[MEASURED]], place)
        again = judge_again(place / "journal.jsonl")
        assert [each.verdict for each in result.scenarios] == [verdict] == [each.verdict for each in again.scenarios]
        assert [each.finding for each in result.scenarios] == [each.finding for each in again.scenarios]
        assert [each.measured for each in result.scenarios] == [each.measured for each in again.scenarios]


def test_the_faults_of_a_running_clock_show_in_nothing_where_it_is_held() -> None:
    for name in ("drifts-more-than-it-declares", "stands-two-minutes-from-what-it-was-set-to"):
        assert faults.named(name).breaks == "box.clock.accuracy"
        held = run(target(f"fault:{name}"), [each for each in SCENARIOS.values() if not each.runs][:40], rehearse=False)
        assert not [each for each in held.scenarios if each.finding]
        caught = run(target(f"fault:{name}"), [SCENARIOS[MEASURED]], rehearse=False)
        assert [each.finding.clauses for each in caught.scenarios if each.finding] == [("box.clock.accuracy",)]


# What a box declares, and what may be waited for


class WallClockOnly(ReferenceBox):
    """A box whose clock nobody holds or moves."""

    def hello(self) -> Hello:
        return replace(super().hello(), clock_modes=("wall-clock",))

    def hold_clock(self, held: bool) -> ClockReading:
        raise Declined("unsupported", f"a clock that is held ({held}): it can't be")

    def advance_clock(self, seconds: int) -> ClockReading:
        raise Declined("unsupported", f"a clock that is moved by {seconds} s: it can't be")

    def cut_power(self, cut: PowerCut) -> None:
        if cut.off_for:
            raise Declined("unsupported", "power away for a time: that takes this time")
        super().cut_power(cut)


def test_a_box_whose_clock_only_runs_is_waited_for() -> None:
    played = Played(make=WallClockOnly)
    assert timing_of(played.box.hello(), target("reference"), None, None).mode is ClockMode.WALL_CLOCK
    for name in (HOUR, "vital-signs", MEASURED):
        assert played.play(name).verdict is Verdict.PASS


def test_a_clock_that_only_runs_is_disturbed_but_never_seen_to_stand_at_the_last_decision() -> None:
    """As the page of the protocol says, with how many: six."""
    at_entry, at_ticket = (
        f"{which}-ready-clock-not-behind-the-last-decision-fails" for which in ("entry-is-made", "ticket-is-presented")
    )
    undecided = {at_entry, at_ticket, *(f"{each}-after-anothers-revocation" for each in (at_entry, at_ticket))}
    undecided |= {f"{at_ticket}-after-early-anothers-use", "a-clock-that-fell-behind-is-found-at-power-up"}
    found = {
        name: Played(make=WallClockOnly).play(name) for name in (*undecided, "a-clock-that-fell-behind-is-found-at-the-keypad")
    }
    assert len(undecided) == 6
    assert {name for name, each in found.items() if each.verdict is Verdict.INCONCLUSIVE} == undecided
    assert {each.verdict for name, each in found.items() if name not in undecided} == {Verdict.PASS}


@pytest.mark.parametrize("mode", [ClockMode.HOLD, ClockMode.ADVANCE])
def test_a_clock_that_only_runs_is_not_asked_to_do_more(mode: ClockMode) -> None:
    with pytest.raises(BadInput, match=f"--clock {mode}: the box declares no test clock"):
        timing_of(WallClockOnly().hello(), target("reference"), mode, None)


def test_on_a_line_nothing_waits_for_an_hour_that_nobody_allowed() -> None:
    hello = ReferenceBox().hello()
    assert timing_of(hello, target("pty"), None, None).longest_wait == 0
    assert timing_of(hello, target("pty"), ClockMode.WALL_CLOCK, None).in_all == 3_600
    assert timing_of(hello, target("pty"), None, 5_000).longest_wait == 5_000
    assert timing_of(hello, target("reference"), None, None).longest_wait is None
    result = run(target("pty"), [SCENARIOS[MEASURED], SCENARIOS["the-clock-goes-on-without-power"]])
    left_out = next(each for each in result.scenarios if each.id == MEASURED)
    assert left_out.verdict is Verdict.NOT_APPLICABLE
    assert left_out.message == (
        "only a clock that is held was judged; its clock would have to run for 1h15m: allow that with --wait 1h15m"
    )
    accuracy = next(each for each in result.clauses if each.id == "box.clock.accuracy")
    assert (accuracy.verdict, accuracy.reason, accuracy.clocks) == (Verdict.PASS, left_out.message, ("hold",))


def test_over_a_real_line_a_running_clock_is_aimed_at_in_real_time(tmp_path: Path) -> None:
    result = run(target("pty"), [SCENARIOS[HOUR]], tmp_path, clock=ClockMode.ADVANCE)
    assert [(each.verdict, each.clock) for each in result.scenarios] == [(Verdict.PASS, "advance")]
    assert result.clock.startswith("clock: advance, ")
    assert [each.verdict for each in judge_again(tmp_path / "journal.jsonl").scenarios] == [Verdict.PASS]


def test_a_scenario_that_waits_too_long_says_so_and_its_clauses_are_not_passed() -> None:
    result = run(target("pty"), [SCENARIOS[HOUR]], clock=ClockMode.WALL_CLOCK, longest_wait=60)
    assert result.scenarios[0].message == (
        "not exercised: its clock would have to run for 1d6h19m51s: allow that with --wait 1d6h19m51s"
    )
    assert {each.verdict for each in result.clauses if HOUR in each.scenarios} == {Verdict.INCONCLUSIVE}


# On hostile lines


@pytest.mark.parametrize(
    "clockwork",
    [Clockwork(ClockMode.WALL_CLOCK, 200.0, 90, 200), Clockwork(ClockMode.WALL_CLOCK, 200.0, 90, 20)],
    ids=["declared", "lies"],
)
def test_on_hostile_lines_no_clock_makes_a_wrong_verdict(clockwork: Clockwork) -> None:
    tally = Tally()
    for one in campaign.campaign(range(7_000, 7_040), clockwork):
        tally.count(one)
        assert not one.wrong, one.told()
    decided = sum(counts[Verdict.PASS] + counts[Verdict.FAIL] for counts in tally.by_kind.values())
    assert decided > 20


def test_a_clock_that_shows_nothing_is_not_waited_for_for_ever() -> None:
    pace, looks = Played().pace, []
    with pytest.raises(Missed, match="the clock shows nothing"):
        pace.reach(1_800_000_000, lambda: looks.append(1))
    assert len(looks) == MOST_LOOKS


@pytest.mark.parametrize("drift_ppm", [600_000, 1_000_000, 2**32 - 1, 10**300])
def test_a_clock_that_comes_no_nearer_is_not_waited_for_for_ever(drift_ppm: int) -> None:
    pace = Played(declares=drift_ppm).pace
    pace.aim.clock.became(1_000, (0, 0), 0.0, 0.0)
    with pytest.raises(Missed, match="nobody knows when the second comes"):
        pace.reach(2_000, lambda: None)


def test_a_clock_that_drifts_as_much_as_a_box_may_declare_is_aimed_at() -> None:
    played = Played(drift_ppm=10_000, declares=10_000)
    assert played.play().verdict is Verdict.PASS
    assert all(aimed == decided for aimed, decided in played.decided_at())


class Line(VirtualTime):
    """A line that goes after so many seconds, in the time of a machine."""

    ppm = 50.0

    def __init__(self, goes: float) -> None:
        super().__init__()
        self.goes = goes

    def stand_by(self) -> None:
        if self.now() > self.goes:
            raise LinkLost("the port is gone")


def test_a_line_that_goes_in_a_long_wait_is_noticed_in_a_second_or_two() -> None:
    line = Line(goes=100.5)
    pace = Pace(ClockMode.WALL_CLOCK, ReferenceBox().hello(), line, stand_by=line.stand_by)
    with pytest.raises(LinkLost, match="the port is gone"):
        pace.pass_time(3_600, lambda _: None)
    assert 100.5 < line.now() < 102.5


def test_what_can_be_asked_to_stand_by_is() -> None:
    class Box(ReferenceBox):
        def stand_by(self) -> None: ...

    timing, judged = timing_of(ReferenceBox().hello(), target("pty"), ClockMode.WALL_CLOCK, None), target("pty")
    for box in (Box(), AroundBox(Box())):
        assert timing.pace(box, box.hello(), judged, lambda _: None).stand_by == box.stand_by
    AroundBox(ReferenceBox()).stand_by()


def test_the_time_of_a_machine_is_real() -> None:
    time = RealTime()
    before = time.now()
    time.sleep(0.01)
    time.sleep(-1.0)
    assert time.now() - before >= 0.01
    assert time.ppm == 50.0
