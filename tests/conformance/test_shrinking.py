"""A failure of an explored scenario becomes a few plain steps in a file that stands alone; what fails only sometimes is said so."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import yaml
from lockproof.conformance import html_report
from lockproof.conformance.faults import named
from lockproof.conformance.growing import Act, Bench, Place, regrown, scenario_of
from lockproof.conformance.journal import Journal
from lockproof.conformance.judging import judge_again
from lockproof.conformance.options import Exploration
from lockproof.conformance.planning import authority_for_a_bench
from lockproof.conformance.player import Player
from lockproof.conformance.replaying import of_scenario
from lockproof.conformance.report import failure
from lockproof.conformance.run import run
from lockproof.conformance.shrinking import MOST_RESETS, Shrinker, shrink
from lockproof.conformance.state_machine import Explored
from lockproof.conformance.suite import from_files
from lockproof.conformance.targets import target
from lockproof.conformance.verdict import Verdict
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import Decision
from lockproof.spec.profile import DEFAULT

BENCH = Bench(seed="s")
HERE = Place()
NINE = 1_803_996_000  # 09:00 of the bench's today, in Toronto
NAME = "explored-s-1"


def found(acts: list[Act], box: ReferenceBox, place: Place = HERE):
    """These acts as if they had been explored on a box, which fails; and the player that has found it."""
    grown = regrown(acts, BENCH, place, NAME)
    scenario = scenario_of(grown, place, NAME, BENCH)
    player = Player(box, authority_for_a_bench(DEFAULT), Journal(), seed="s", explain=1)
    result = player.play(scenario)
    assert result.finding is not None
    return player, Explored(scenario, tuple(grown), place), result


def made_small(name: str, acts: list[Act], folder: Path, place: Place = HERE):
    player, explored, result = found(acts, named(name).make(), place)
    small = shrink(player, BENCH, explored, result, folder)
    return small, yaml.safe_load(Path(small.file).read_text())["steps"]


def code(at: int, name: str = "code-1", day: str = "today") -> Act:
    return Act(at, "generate", {"by": "joe", "day": day, "as": name})


def enter(at: int, name: str = "code-1", **more) -> Act:
    return Act(at, "enter", {"code": name}, **more)


NOISE = [
    Act(NINE, "read-clock", {}),
    code(NINE, "code-7"),
    enter(NINE, "wrong", times=2),
    Act(NINE + 5, "set-clock", {}),
    Act(NINE + 5, "cut", {}),
]


def test_two_uses_and_a_bound_are_left_of_an_hour_that_is_a_second_too_long(tmp_path):
    acts = [*NOISE, code(NINE + 9), enter(NINE + 600), Act(NINE + 700, "read-log", {}), enter(NINE + 600 + 3600)]
    small, steps = made_small("expires-one-second-late", acts, tmp_path)
    assert steps == [
        {"generate": {"by": "joe", "day": "today", "as": "anns-code"}, "authority": "accepts"},
        {"enter": "anns-code", "box": "opens"},
        {
            "after": "1h",
            "enter": "anns-code",
            "box": "refuses",
            "because": ["code.expiry.after-first-use"],
            "shows": ["code.expiry.after-first-use"],
        },
    ]
    assert (small.before, small.steps, small.failed, small.played) == (9, 3, 3, 3)
    assert small.resets <= 15


def test_what_only_the_box_needs_to_go_wrong_is_found_and_named(tmp_path):
    """The model needs no second entry: the first and the last contradict each other; the box restarts its hour at it."""
    acts = [*NOISE, code(NINE + 9), enter(NINE + 600), enter(NINE + 900), Act(NINE + 901, "read-clock", {}), enter(NINE + 4300)]
    small, steps = made_small("reentry-restarts-the-hour", acts, tmp_path)
    assert [next(iter(set(step) & {"generate", "enter"})) for step in steps] == ["generate", "enter", "enter", "enter"]
    assert small.clauses == ("code.expiry.after-first-use", "code.expiry.not-extended")


def test_a_power_cut_is_kept_where_the_box_needs_one_and_is_plain(tmp_path):
    cut = Act(NINE + 650, "cut", {"off": "61s"})
    small, steps = made_small(
        "first-use-lost-at-a-cut", [*NOISE, code(NINE + 9), enter(NINE + 600), cut, enter(NINE + 9000)], tmp_path
    )
    assert [step for step in steps if "cut" in step] == [{"cut": {}}]
    assert "box.first-use.durable" in small.clauses
    assert len(steps) == 4


def test_wrong_entries_are_as_few_as_can_be(tmp_path):
    _, steps = made_small("one-entry-more", [*NOISE, enter(NINE + 900, "wrong", times=7)], tmp_path)
    assert {step["times"] for step in steps if "times" in step} == {6}
    assert [step["enter"] for step in steps if "enter" in step] == ["wrong", "control-code"]


def test_time_is_moved_to_the_nearest_bound(tmp_path):
    grant = Act(NINE + 9, "grant", {"by": "joe", "to": "rita", "from": "now", "for": "7d", "as": "grant-3"})
    nonce, ticket = (
        Act(NINE + 60, "challenge", {"as": "n"}),
        Act(NINE + 61, "mint", {"grant": "grant-3", "nonce": "n", "as": "t"}),
    )
    _, steps = made_small(
        "stale-ticket-opens", [*NOISE, grant, nonce, ticket, Act(NINE + 2000, "present", {"ticket": "t"})], tmp_path
    )
    presented = next(step for step in steps if "present" in step)
    assert presented["after"] == "1m"
    assert presented["because"] == ["connect.ticket"]


def test_a_place_that_says_nothing_is_left_for_the_usual_one(tmp_path):
    place = Place("Pacific/Auckland", "2027-03-02 09:00", elsewhere=True)
    start = 1_803_931_200  # there
    small, _ = made_small("opens-once", [code(start), enter(start), enter(start + 60)], tmp_path, place)
    told = yaml.safe_load(Path(small.file).read_text())
    assert not {"zone", "start", "properties"} & set(told)


def test_the_file_stands_alone_passes_on_the_reference_and_fails_on_the_box(tmp_path):
    small, _ = made_small(
        "log-renumbered", [*NOISE, code(NINE + 9, day="tomorrow"), enter(NINE + 9), Act(NINE + 9, "read-log", {})], tmp_path
    )
    alone = from_files([Path(small.file)])
    assert run(target("reference"), alone).verdict is Verdict.PASS
    failed = run(target("fault:log-renumbered"), alone)
    assert failed.verdict is Verdict.FAIL
    assert failed.scenarios[0].finding.clauses == ("box.log",)


class Sometimes(ReferenceBox):
    """A code opens one second too long, at every other try."""

    tries = 0

    def enter(self, digits: str) -> Decision:
        index = self.index_of(digits, self.clock())
        over = index in self.first_uses and self.clock() == self.first_uses[index] + self.profile.code_life
        decision = super().enter(digits)
        self.tries += over
        return replace(decision, accepted=True, reason=None) if over and self.tries % 2 else decision


def test_a_box_that_fails_only_sometimes_is_said_to_and_what_was_found_is_kept(tmp_path):
    player, explored, result = found([*NOISE, code(NINE + 9), enter(NINE + 600), enter(NINE + 600 + 3600)], Sometimes())
    small = shrink(player, BENCH, explored, result, tmp_path)
    assert 0 < small.failed < small.played
    assert (tmp_path / f"{NAME}.yaml").is_file()
    kept = yaml.safe_load((tmp_path / f"{NAME}-as-found.yaml").read_text())
    assert len(kept["steps"]) == small.before
    assert run(target("reference"), from_files([tmp_path])).verdict is Verdict.PASS


def test_a_box_that_fails_once_and_never_again_leaves_what_was_found(tmp_path):
    box = named("expires-one-second-late").make()
    player, explored, result = found([*NOISE, code(NINE + 9), enter(NINE + 600), enter(NINE + 600 + 3600)], box)
    player.box = ReferenceBox()
    small = shrink(player, BENCH, explored, result, tmp_path)
    assert (small.failed, small.steps) == (0, small.before)


def test_no_more_resets_are_spent_than_allowed():
    player, explored, result = found(
        [*NOISE, code(NINE + 9), enter(NINE + 600), enter(NINE + 4200)], named("never-expires").make()
    )
    shrinker = Shrinker(player, BENCH, explored, result.finding, most_resets=2)
    shrinker.shrink()
    assert shrinker.resets == 2
    assert MOST_RESETS > 20


def test_another_failure_is_not_taken_for_the_same():
    player, explored, result = found([code(NINE), enter(NINE), enter(NINE + 3600)], named("expires-one-second-late").make())
    shrinker = Shrinker(player, BENCH, explored, result.finding)
    player.box = named("log-renumbered").make()
    assert not shrinker.fails(islice(explored.acts, 0, 2))
    assert not shrinker.fails([code(NINE), enter(NINE), enter(NINE + 3600), Act(NINE + 3600, "read-log", {})])


# In a run


@pytest.fixture(scope="module")
def explored_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return folder, run(target("fault:opens-once"), (), folder, seed="s", explain=20, explore=Exploration(steps=240))


def test_a_run_writes_the_smallest_and_names_it_as_the_next_command(explored_run):
    folder, result = explored_run
    failed = next(each for each in result.scenarios if each.shrunk)
    told = failure(result, failed, failed.finding)
    assert f"play it: lockproof run {folder / failed.id}.yaml --box fault:opens-once --seed s" in told
    assert f"made small: {failed.shrunk.steps} steps of {failed.shrunk.before}" in told
    assert "it failed 3 of 3 times" in told


def test_its_page_tells_the_smallest_from_the_journal_alone(explored_run):
    folder, result = explored_run
    failed = next(each for each in result.scenarios if each.shrunk)
    assert failed.finding.step > failed.shrunk.steps, "it was found in a larger one"
    page = html_report.page([result])
    assert page == html_report.page([judge_again(folder / "journal.jsonl")])
    assert f"{failed.id}, step {failed.shrunk.steps}</h3>" in page
    assert f"{failed.id}, step {failed.finding.step}</h3>" not in page
    small = f"the smallest form that was found of it: {failed.shrunk.steps} of {failed.finding.step} steps."
    assert small in page
    assert f"lockproof run {folder / failed.id}.yaml --box fault:opens-once --seed s</code>" in page


def test_each_failure_is_made_small_once(explored_run):
    _, result = explored_run
    contradicted = [each.finding.contradicted for each in result.scenarios if each.shrunk]
    assert len(contradicted) == len(set(contradicted))


def test_what_was_tried_while_shrinking_is_in_the_journal_and_counts_for_nothing(explored_run):
    folder, result = explored_run
    again = judge_again(folder / "journal.jsonl")
    assert [(each.id, each.verdict) for each in again.scenarios] == [(each.id, each.verdict) for each in result.scenarios]
    failed = next(each for each in result.scenarios if each.shrunk)
    records = of_scenario(folder / "journal.jsonl", failed.id)
    assert "shrinks" not in records[0]
    assert sum(record["record"] == "step" for record in records) >= failed.shrunk.before
