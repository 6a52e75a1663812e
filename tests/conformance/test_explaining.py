"""The solver judges what the model alone cannot, and as the model does where both can."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from lockproof.conformance import campaign, faults, suite
from lockproof.conformance.campaign import Run, Tally
from lockproof.conformance.exact import ExactJudge
from lockproof.conformance.explaining import ExplainingJudge
from lockproof.conformance.faults.clock import TimeFoundUnknownIsNotWritten, TimeOrderReplayed
from lockproof.conformance.journal import Journal, Record
from lockproof.conformance.knowledge import Knowledge
from lockproof.conformance.planning import authority_for_a_bench
from lockproof.conformance.player import MOST_ATTEMPTS, Player
from lockproof.conformance.run import play_until_it_decides
from lockproof.conformance.scenario import Scenario
from lockproof.conformance.verdict import Finding, ScenarioResult, Verdict
from lockproof.hw_adapter.hostile import Kind, alone
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import Decision, LinkLost, NoAnswer, PowerCut
from lockproof.spec.profile import DEFAULT

SCENARIOS = {each.id: each for each in suite.packaged() if not (each.unsuitable(DEFAULT) or each.runs)}
HOUR = "the-hour-is-over"
FAULTS = [
    "reentry-restarts-the-hour",
    "log-starts-again-at-a-cut",
    "every-cut-loses-the-time",
    "wrong-code-in-the-log",
    "shows-its-timer-in-minutes",
]


def played(scenario: Scenario, box: Any) -> tuple[list[Record], ScenarioResult]:
    journal = Journal()
    result = Player(box, authority_for_a_bench(DEFAULT), journal).play(scenario)
    return journal.records, result


def judged(records: list[Record], judge: Any) -> Any:
    for record in records[1:]:
        judge.see(record)
    return judge


def by_both(records: list[Record]) -> tuple[ScenarioResult, ScenarioResult]:
    exact = judged(records, ExactJudge(scenario=records[0], profile=DEFAULT)).result()
    return exact, judged(records, ExplainingJudge(scenario=records[0], profile=DEFAULT)).result()


def told(result: ScenarioResult) -> tuple[Any, ...]:
    found = result.finding
    return result.verdict, result.shown, found and (found.step, found.clauses), result.message


@pytest.mark.parametrize("name", SCENARIOS)
def test_both_judges_say_the_same_of_a_box_that_conforms(name: str) -> None:
    exact, explained = by_both(played(SCENARIOS[name], ReferenceBox())[0])
    assert told(exact) == told(explained)
    assert exact.verdict is Verdict.PASS


@pytest.mark.parametrize("name", FAULTS)
def test_both_judges_say_the_same_of_a_faulty_box(name: str) -> None:
    failed = 0
    for scenario in list(SCENARIOS.values())[::3]:
        exact, explained = by_both(played(scenario, faults.named(name).make())[0])
        assert told(exact) == told(explained), scenario.id
        failed += exact.verdict is Verdict.FAIL
    assert failed > 1


class LosesAnswers(ReferenceBox):
    """Loses the answer to some entries, counted from 1, and carries them out or not."""

    def __init__(self, lost: dict[int, bool]) -> None:
        super().__init__()
        self.entries, self.lost = 0, lost

    def enter(self, digits: str) -> Decision:
        self.entries += 1
        carried_out = self.lost.get(self.entries)
        if carried_out is False:
            raise NoAnswer("lost on the way there")
        decision = super().enter(digits)
        if carried_out:
            raise NoAnswer("lost on the way back")
        return decision


def of_the_hour(*steps: str) -> Callable[[Any], ScenarioResult]:
    """Plays entries of one code, each after a while."""
    entries = "".join(f"  - after: {after}\n    enter: code\n    box: {what}\n" for after, what in (s.split() for s in steps))
    return lambda box: played(_scenario(entries), box)[1]


def _scenario(entries: str) -> Scenario:
    from pathlib import Path  # noqa: PLC0415 (only here)

    from lockproof.conformance.scenario import load  # noqa: PLC0415 (likewise)

    text = f"""id: a-scenario
clauses: [code.expiry.after-first-use]
story: Somebody comes back.
start: today 09:00
steps:
  - generate: {{by: joe, day: today, as: code}}
    authority: accepts
{entries}  - read-log:
"""
    text = text.replace("    box: refuses\n", "    box: refuses\n    shows: [code.expiry.after-first-use]\n")
    return load(Path("a-scenario.yaml"), text)


@pytest.mark.parametrize("carried_out", [True, False])
def test_a_lost_first_use_leaves_the_end_of_the_hour_open_until_the_log_tells(carried_out: bool) -> None:
    """Used at the first entry it is over an hour later; used at the second it is not. Both are right, and neither shows a thing."""
    box = LosesAnswers({1: carried_out})
    result = of_the_hour("10s opens", "59m59s opens", "1s refuses")(box)
    assert (result.verdict, result.finding) == (Verdict.INCONCLUSIVE, None)
    assert "code.expiry.after-first-use" not in result.shown
    step = "the other answer would have been right, too" if carried_out else "it came otherwise than the scenario has it"
    assert step in result.message


def test_a_lost_answer_does_not_excuse_what_no_behaviour_explains() -> None:
    """Whether or not the second entry was carried out, the hour of the first is over."""

    class NeverEnds(LosesAnswers):
        def code_at(self, index: Any) -> Any:
            return replace(super().code_at(index), used=False)

    result = of_the_hour("10s opens", "30m opens", "30m refuses")(NeverEnds({2: True}))
    assert result.verdict is Verdict.FAIL
    assert result.finding is not None
    assert result.finding.contradicted == ("code.expiry.after-first-use",)
    assert (result.finding.saw, result.finding.must.partition(" (")[0]) == ("opened", "must refuse: not within its life")


@pytest.mark.parametrize("carried_out", [True, False])
def test_the_log_of_a_box_whose_answer_was_lost_may_have_the_entry_or_not(carried_out: bool) -> None:
    result = of_the_hour("10s opens", "1s opens", "1s opens", "1h refuses")(LosesAnswers({2: carried_out}))
    assert (result.verdict, result.finding, result.message) == (Verdict.PASS, None, "")


def test_a_log_that_no_course_explains_fails() -> None:
    class LogsTwice(LosesAnswers):
        def entry(self, number: int, *given: Any) -> Any:
            return replace(super().entry(number, *given), instant=self.state.clock - (number == 3))

    result = of_the_hour("10s opens", "1s opens", "1s opens", "1h refuses")(LogsTwice({2: True}))
    assert result.finding is not None
    assert (result.verdict, result.finding.clauses) == (Verdict.FAIL, ("box.log",))


def test_what_shows_nothing_is_played_again_and_a_failure_never() -> None:
    box = LosesAnswers({2: True})
    player = Player(box, authority_for_a_bench(DEFAULT), Journal())
    result = play_until_it_decides(player, SCENARIOS[HOUR])
    assert (result.verdict, result.attempts) == (Verdict.PASS, 2)
    faulty = Player(faults.named(FAULTS[0]).make(), authority_for_a_bench(DEFAULT), Journal())
    assert play_until_it_decides(faulty, SCENARIOS[HOUR]).attempts == 1
    hopeless = Player(LosesAnswers(dict.fromkeys(range(100), True)), authority_for_a_bench(DEFAULT), Journal())
    result = play_until_it_decides(hopeless, SCENARIOS[HOUR])
    assert (result.verdict, result.attempts) == (Verdict.INCONCLUSIVE, MOST_ATTEMPTS)


class BootsByItself(ReferenceBox):
    """Loses power when it is asked for a ticket the nth time, before it looks at it, and after that is well."""

    presented = 0

    def present(self, ticket: bytes) -> Decision:
        self.presented += 1
        if self.presented == 1:
            self.power_up("brown-out")
            raise NoAnswer("nobody is there")
        return super().present(ticket)


def test_a_box_that_boots_of_itself_forgets_its_nonce_and_nothing_else() -> None:
    name = next(each for each, s in SCENARIOS.items() if s.control and any(step.verb == "connect" for step in s.steps))
    records, result = played(SCENARIOS[name], BootsByItself())
    assert result.finding is None
    assert [r["booted"] for r in records if r["record"] == "no-answer"] == [True]


# What contradicts what


def test_a_failure_names_the_first_use_and_the_entry_that_came_too_late() -> None:
    records, result = played(SCENARIOS[HOUR], faults.named(FAULTS[0]).make())
    assert result.finding is not None
    doubting = judged(records, ExplainingJudge(scenario=records[0], profile=DEFAULT, doubt=True))
    lines = [result.finding.history[line] for line in doubting.contradicting()]
    assert all(re.search(r"enter anns-code \d{8} +opened$", line) for line in lines)
    assert [re.findall(r"\d\d:\d\d:\d\d", line) for line in lines] == [["14:19:51"], ["15:19:51"]]


def test_the_core_is_as_small_as_can_be() -> None:
    known = Knowledge()
    number = known.number("n", 0, 9)
    low, high, odd = (known.truth(name) for name in ("low", "high", "odd"))
    for truth, fact in ((low, number < 3), (high, number > 6), (odd, number % 2 == 1)):
        known.learn(_implies(truth, fact))
    core = known.core([low, odd, high])
    assert core is not None
    assert {str(each) for each in core} == {str(low), str(high)}
    assert known.core([low, odd]) is None


def _implies(one: Any, other: Any) -> Any:
    import z3  # noqa: PLC0415 (only here)

    return z3.Implies(one, other)


# On hostile lines


def test_no_hostile_line_makes_a_wrong_verdict() -> None:
    tally = Tally()
    for run in campaign.campaign(range(300)):
        tally.count(run)
    assert [run.told() for run in tally.wrong] == []
    faulty = sum(found[Verdict.FAIL] for (_, is_faulty), found in tally.by_kind.items() if is_faulty)
    passed = sum(found[Verdict.PASS] for (_, is_faulty), found in tally.by_kind.items() if not is_faulty)
    assert (faulty > 40, passed > 180) == (True, True)


def test_a_wrong_verdict_would_be_counted() -> None:
    found = Finding(1, "", "enter", "opened", "must refuse", ("code.day",), (), "keypad")
    fails = ScenarioResult("a", Verdict.FAIL, ("code.day",), finding=found)
    passes = ScenarioResult("a", Verdict.PASS, ("code.day",), shown=("code.day",))
    tally = Tally()
    for breaks, result in (("", fails), ("code.day", passes), ("", passes), ("code.day", fails), ("code.digits", passes)):
        tally.count(Run(7, "box", breaks, "a", "drop", result))
    assert [(run.breaks, run.result.verdict) for run in tally.wrong] == [("", Verdict.FAIL), ("code.day", Verdict.PASS)]


class BootsOfItself(ReferenceBox):
    """Takes an armed power cut, and boots at the next entry instead, as often as it is told to, before anything of it is done."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.armed, self.times = False, times

    def cut_power(self, cut: PowerCut) -> None:
        super().cut_power(cut)
        self.armed = bool(cut.nth)

    def enter(self, digits: str) -> Decision:
        if self.armed and self.times:
            self.armed, self.times = False, self.times - 1
            self.store.arm(0)
            self._off_for = 0
            self.power_up("watchdog")
            raise NoAnswer("it booted of itself")
        return super().enter(digits)


def of_a_cut(box: Any) -> ScenarioResult:
    """Power is to fail for ten seconds, as the use of a code is written."""
    entries = """  - cut: {off: 10s, at-write: 2}
  - enter: code
    box: does not answer
  - after: 10s
    enter: code
    box: opens
  - after: 1h
    enter: code
    box: refuses
"""
    player = Player(box, authority_for_a_bench(DEFAULT), Journal())
    return play_until_it_decides(player, _scenario(entries))


def test_a_boot_at_another_write_than_that_of_the_armed_cut_is_not_taken_for_it() -> None:
    assert of_a_cut(BootsOfItself(0)).attempts == 1
    once = of_a_cut(BootsOfItself(1))
    assert (once.verdict, once.attempts) == (Verdict.PASS, 2)
    always = of_a_cut(BootsOfItself(100))
    assert (always.verdict, always.finding, always.attempts) == (Verdict.INCONCLUSIVE, None, MOST_ATTEMPTS)
    assert always.message == (
        "power was to fail at write 2 and the box booted after 0 writes, by its own count:"
        " it booted of itself, or does not count what it writes"
    )


def test_what_was_played_while_the_line_was_away_shows_nothing() -> None:
    class Unplugged(ReferenceBox):
        entries = 0

        def enter(self, digits: str) -> Decision:
            self.entries += 1
            if self.entries == 1:
                self.power_up("power-on")
                raise LinkLost("the port is gone")
            return super().enter(digits)

    player = Player(Unplugged(), authority_for_a_bench(DEFAULT), Journal())
    result = play_until_it_decides(player, SCENARIOS[HOUR])
    assert (result.verdict, result.attempts) == (Verdict.PASS, 2)


def test_a_boot_in_the_middle_hides_no_fault() -> None:
    """The box takes an order twice. On this line it boots in between, so that the second one is refused for the lost nonce."""
    replayed = SCENARIOS["an-order-needs-the-boxs-own-nonce"]
    behind = SCENARIOS["a-clock-found-behind-is-not-trusted-when-it-has-caught-up"]
    for seed, scenario, make, verdict, attempts in (
        (56684, replayed, TimeOrderReplayed, Verdict.INCONCLUSIVE, 3),
        (8503, behind, TimeFoundUnknownIsNotWritten, Verdict.FAIL, 2),
    ):
        booted = campaign.played(scenario, alone(Kind.REBOOT, seed), make, seed)
        assert (booted.verdict, booted.attempts) == (verdict, attempts)

    class BootsBeforeTheSecond(TimeOrderReplayed):
        orders = 0

        def time_order(self, order: bytes) -> Decision:
            self.orders += 1
            if self.orders % 20 == 3:
                self._off_for = 0
                self.power_up("watchdog")
                raise NoAnswer("it booted of itself")
            return super().time_order(order)

    _, result = played(replayed, BootsBeforeTheSecond())
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "step 3: the box booted of itself, which may hide what comes after it" in result.message
