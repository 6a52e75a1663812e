"""What a synthesized scenario shows counts: had the answer been another it would have failed, and no other can be expected."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace

import pytest
from lockproof.conformance import suite, vector_files
from lockproof.conformance.journal import Journal
from lockproof.conformance.planning import FOR_THE_DEFAULT, authority_for_a_bench, make_plan
from lockproof.conformance.player import Player
from lockproof.conformance.run import run
from lockproof.conformance.scenario import load
from lockproof.conformance.story import Contradiction
from lockproof.conformance.targets import Target, target
from lockproof.conformance.verdict import Verdict
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import Notification, ReportKind, ReportLine
from lockproof.spec.profile import DAY, DEFAULT
from lockproof.spec.vocabulary import watched

SCENARIOS = suite.synthesized()


def player(scenario, box=None, declared=DEFAULT, **other):
    profile = replace(declared, **scenario.profile)
    return Player(box or ReferenceBox(profile=profile), authority_for_a_bench(profile), Journal(), profile=profile, **other)


def shown(scenario):
    """The number of the step that shows something, from 1, and the step."""
    ((number, step),) = [(number, step) for number, step in enumerate(scenario.steps, 1) if step.shows]
    return number, step


def test_each_shows_something_at_one_step():
    assert {(scenario.id, shown(scenario)[1].shows) for scenario in SCENARIOS} == {(s.id, s.clauses) for s in SCENARIOS}


# Had the answer been another


class At:
    """Whether the step is being played that shows something."""

    def __init__(self, number):
        self.number, self.now = number, False

    def step(self, _scenario, number, _step):
        self.now = number == self.number


class Instead:
    """Box or authority, and, at the step, something else in the place of what it says."""

    def __init__(self, real, at, changes):
        self._real, self._at, self._changes = real, at, changes

    def __getattr__(self, name):
        real, change = getattr(self._real, name), self._changes.get(name)
        if change is None or not self._at.now:
            return real
        return lambda *given: change(real(*given))


def turned(answer):
    return replace(answer, accepted=not answer.accepted)


def a_gap(page):
    """A number that no entry has: whatever a box kept of its counted refusals, its log has none."""
    return replace(page, next_number=page.next_number + 1)


A_LINE = ReportLine(0, 0, "", ReportKind.CODE_USED, "", "", "", "")
A_NOTIFICATION = Notification(bytes(16), 1, 1, "", 0, 0)

OF_THE_BOX = {
    **dict.fromkeys(("enter", "present", "time_order", "revocation_order"), turned),
    "read_log": a_gap,
}
OF_THE_AUTHORITY = {
    **dict.fromkeys(("grant_connect", "issue_ticket", "revoke", "generate_code"), turned),
    "report": lambda lines: (*lines, A_LINE),
    "notifications": lambda found: (*found, A_NOTIFICATION),
    "revocations": lambda found: tuple(replace(each, requested=each.requested + 1) for each in found),
}


def played_otherwise(scenario):
    number, _ = shown(scenario)
    at = At(number)
    playing = player(scenario, watcher=at)
    real = playing.make_authority

    @contextmanager
    def authority():
        with real() as found:
            yield Instead(found, at, OF_THE_AUTHORITY)

    playing.box, playing.make_authority = Instead(playing.box, at, OF_THE_BOX), authority
    return playing.play(scenario)


def test_had_the_answer_been_another_it_would_have_failed_for_its_clauses():
    for scenario in SCENARIOS:
        number, step = shown(scenario)
        result = played_otherwise(scenario)
        assert result.verdict is Verdict.FAIL, scenario.id
        assert (result.finding.step, result.finding.shown) == (number, step.shows), scenario.id
        assert set(scenario.clauses) <= set(result.finding.clauses), scenario.id


# Had the box got its condition wrong


class Once:
    """Turns one condition round in whatever a box does in one step, the nth time that it comes up in a command."""

    def __init__(self, box, at, place):
        self._box, self._at, self._place = box, at, place

    def __getattr__(self, name):
        real = getattr(self._box, name)
        if not callable(real) or not self._at.now:
            return real

        def turning(*given):
            counts = Counter()

            def turn(name, truth):
                place = sys._getframe(2).f_code.co_name.strip("_"), name
                counts[place] += 1
                return (not truth) if (*place, counts[place]) == self._place else truth

            with watched(turn):
                return real(*given)

        return turning


AT_A_BOX = {"entry_is_made", "ticket_is_presented", "revocation_is_heard", "time_order_arrives", "power_fails"}
CONDITIONS = {data["id"]: data["condition"] for _, data, _ in vector_files.read()}
OF_A_BOX = [s for s in SCENARIOS if CONDITIONS[s.id]["event"] in AT_A_BOX and "-after-" not in s.id]


IN_ITS_DISCRETION = {
    "power-fails-lose-power-refusals-are-counted-holds": "a box may have written what it need not: ours has, and loses nothing"
}


def found_wrong(scenario, step):
    """What is found of a box that gets the condition of the scenario wrong in this one step."""
    condition = CONDITIONS[scenario.id]
    at = At(step)
    playing = player(scenario, watcher=at)
    playing.box = Once(playing.box, at, (condition["function"], condition["name"], condition["occurrence"]))
    return playing.play(scenario).finding


def test_had_the_box_got_its_condition_wrong_it_would_have_failed():
    """At the step that shows it, or before that, where the box time that it tells gives it away."""
    found = {s.id: [found_wrong(s, step) for step in range(1, len(s.steps) + 1)] for s in OF_A_BOX}
    assert {name for name, findings in found.items() if not any(findings)} == set(IN_ITS_DISCRETION)
    shows = {s.id: shown(s)[0] for s in OF_A_BOX}
    late = {name for name, findings in found.items() if shows[name] not in {f.step for f in findings if f}}
    assert len(late) < len(OF_A_BOX) / 6


def test_what_is_seen_where_nothing_is_shown_fails_for_no_clause_of_the_scenario():
    """The control in the place of the shown step: it fails, but says nothing against what the scenario shows."""
    scenario = next(s for s in SCENARIOS if s.id == "entry-is-made-within-life-within-its-life-holds")
    steps = [replace(step, shows=()) for step in scenario.steps]
    control = replace(scenario, steps=(*steps[:-1], replace(steps[-1], shows=scenario.clauses)))
    assert shown(control)[1].accepted is False
    blind = replace(control, steps=(*control.steps[:-1], replace(control.steps[-1], verb="read-clock", shows=("box.log",))))
    assert played_otherwise(control).verdict is Verdict.FAIL
    assert played_otherwise(blind).verdict is not Verdict.FAIL


# Nothing else can be expected


def test_an_expectation_of_the_box_that_is_turned_round_contradicts_the_standard():
    asked = [scenario for scenario in SCENARIOS if shown(scenario)[1].asks == "box"]
    assert len(asked) > len(SCENARIOS) / 3
    for scenario in asked:
        number, step = shown(scenario)
        steps = list(scenario.steps)
        steps[number - 1] = replace(step, accepted=not step.accepted, because=())
        with pytest.raises(Contradiction, match=f"^{step.where}: the scenario expects that the box"):
            player(scenario).play(replace(scenario, steps=tuple(steps)))


def test_so_does_one_of_the_authority_when_it_is_rehearsed():
    asked = [s for s in SCENARIOS if shown(s)[1].asks == "authority" and not s.profile and not shown(s)[1].arguments.get("as")]
    assert len(asked) > 20
    for scenario in asked:
        number, step = shown(scenario)
        steps = list(scenario.steps)
        steps[number - 1] = replace(step, accepted=not step.accepted, because=())
        with pytest.raises(
            Contradiction, match="the scenario expects that the reference passes, and the standard says otherwise"
        ):
            planned([replace(scenario, steps=tuple(steps))], DEFAULT)


def test_a_reason_that_is_not_the_standards_contradicts_it():
    scenario = next(s for s in SCENARIOS if s.id == "entry-is-made-within-life-within-its-life-fails")
    number, step = shown(scenario)
    assert step.because == ("code.expiry.after-first-use",)
    steps = list(scenario.steps)
    steps[number - 1] = replace(step, because=("code.day",))
    with pytest.raises(Contradiction, match=r"expects that the box does so because of code\.day"):
        player(scenario).play(replace(scenario, steps=tuple(steps)))


# Other boxes


def planned(scenarios, profile):
    hello = ReferenceBox(profile=profile).hello()
    return make_plan(scenarios, hello, profile, Target("reference", reference=True), "2027-03-02")


NO_NINTH = {"code-is-asked-for-generate-code-an-index-is-free-fails"}
OF_THE_DAY = {s.id for s in SCENARIOS if s.profile}
TIME_IS_LOST = {"power-fails-lose-power-away-no-longer-than-the-holdover-holds"}
OTHER_BOXES = [
    ({"holdover": 0}, TIME_IS_LOST),
    ({"holdover": 30 * DAY}, set()),
    ({"code_indices": 4}, NO_NINTH),
    ({"code_digits": 7, "clock_skew": 0}, set()),
]


@pytest.mark.parametrize(("declared", "not_for_it"), OTHER_BOXES, ids=str)
def test_on_a_box_that_declares_otherwise_each_passes_or_says_that_it_is_not_for_it(declared, not_for_it):
    """What is selected has passed when it was rehearsed on a box of that profile."""
    plan = planned(SCENARIOS, replace(DEFAULT, **declared))
    assert {name for name, why in plan.left_out.items() if why == FOR_THE_DEFAULT} == not_for_it
    assert set(plan.left_out) - not_for_it == OF_THE_DAY
    assert {plan.left_out[name] for name in OF_THE_DAY} == {"it declares code_ends_with_its_day no, this is for yes"}


ON_THE_NEXT_DAY = {name for name in CONDITIONS if "codes-end-with-their-day-fails" in name} | {
    "entry-is-made-within-day-its-day-is-not-over-fails-after-an-early-use"
}
"""Where a used code opens after midnight."""


def test_on_a_box_whose_codes_end_with_their_day_those_for_it_are_played():
    plan = planned(SCENARIOS, replace(DEFAULT, code_ends_with_its_day=True))
    assert set(plan.left_out.values()) == {FOR_THE_DEFAULT}
    assert set(plan.left_out) <= ON_THE_NEXT_DAY
    assert {scenario.id for scenario in plan.selected} >= OF_THE_DAY


class GivesNoReasons(ReferenceBox):
    """Refuses, and does not say why."""

    def hello(self):
        return replace(super().hello(), gives_reasons=False)

    def enter(self, digits):
        return replace(super().enter(digits), reason=None)

    def present(self, ticket):
        return replace(super().present(ticket), reason=None)

    def time_order(self, order):
        return replace(super().time_order(order), reason=None)

    def revocation_order(self, order):
        return replace(super().revocation_order(order), reason=None)

    def read_log(self, from_number):
        page = super().read_log(from_number)
        return replace(page, entries=tuple(replace(entry, reason=None) for entry in page.entries))


def test_a_box_that_gives_no_reasons_passes_them_all():
    for scenario in SCENARIOS:
        profile = replace(DEFAULT, **scenario.profile)
        result = player(scenario, GivesNoReasons(profile=profile), gives_reasons=False).play(scenario)
        assert (result.finding, result.verdict) == (None, Verdict.PASS), scenario.id


def test_but_not_if_it_declares_that_it_does():
    scenario = next(s for s in SCENARIOS if s.id == "entry-is-made-within-life-within-its-life-fails")
    assert player(scenario, GivesNoReasons()).play(scenario).verdict is Verdict.FAIL


# As people would write them


def as_read(scenario):
    steps = [replace(step, where=None) for step in scenario.steps]
    return replace(scenario, where=None, steps=tuple(steps))


def test_written_down_each_is_the_same_scenario(tmp_path):
    texts = {data["id"]: suite.as_yaml(data["scenario"]) for _, data, _ in vector_files.read()}
    for scenario in SCENARIOS:
        assert as_read(load(tmp_path / f"{scenario.id}.yaml", texts[scenario.id])) == as_read(scenario)
    assert suite.text_of(SCENARIOS[0]) == texts[SCENARIOS[0].id]


def test_where_a_scenario_stands_its_vector_begins():
    for scenario in SCENARIOS[::20]:
        lines = suite.path_of(scenario).read_text(encoding="utf-8").splitlines()
        assert lines[scenario.where.line - 1] == f'   "id": "{scenario.id}",'


def test_a_failure_names_the_file_of_the_vector_and_the_line_on_which_it_begins():
    scenario = next(s for s in SCENARIOS if s.id == "entry-is-made-within-life-within-its-life-fails")
    result = run(target("fault:expires-one-second-late"), [scenario])
    (found,) = [each.finding for each in result.scenarios]
    assert found.where == str(scenario.where)
    assert found.where.startswith("vectors/code.expiry.after-first-use.json:")
