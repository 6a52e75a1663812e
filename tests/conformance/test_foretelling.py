"""A plan that is not played: what it says is what the run then does, and nothing is done to a box for it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from lockproof.conformance import foretelling, suite
from lockproof.conformance.bench import Board, Observation, Power, Program
from lockproof.conformance.estimating import Estimate, estimate
from lockproof.conformance.pace import ClockMode
from lockproof.conformance.planning import Plan, Timing, make_plan
from lockproof.conformance.preparing import plan_of
from lockproof.conformance.progress import told_beginning
from lockproof.conformance.run import run
from lockproof.conformance.targets import Target, target
from lockproof.conformance.verdict import Verdict
from lockproof.reference.box import ReferenceBox
from lockproof.spec.profile import DEFAULT

WRITTEN = suite.written()
HELLO = ReferenceBox().hello()
LINE = Target("a-box", reference=False)
HELD = Timing()
A_FEW = ("--scenario", "the-hour-is-over", "--scenario", "the-hour-ends-with-the-day-if-the-profile-says-so")


def listed(lines: list[str]) -> tuple[set[str], dict[str, str]]:
    """The ids that a verbose plan says are played, and those that are not, with the reason."""
    played: set[str] = set()
    left_out: dict[str, str] = {}
    reason = ""
    for line in lines:
        if not line.startswith("    "):
            heading, _, why = line.partition(": ")
            reason = "played" if heading == "to be played" else why if re.search(r", \d+ scenarios?$", heading) else ""
        elif reason == "played":
            played.add(line.split()[0])
        elif reason:
            left_out |= dict.fromkeys(line.strip().rstrip(",").split(", "), reason)
    return played, left_out


@pytest.mark.parametrize("name", ["reference", "fault:opens-always"])
def test_what_is_said_is_what_is_then_played_and_left_out(name):
    chosen = [each for each in WRITTEN if each.control or "code.expiry.not-extended" in each.clauses or each.profile]
    ready = plan_of(target(name), chosen)
    played, left_out = listed(list(foretelling.told(target(name), ready, verbose=True)))
    result = run(target(name), chosen)
    assert played == {each.id for each in result.scenarios if each.verdict is not Verdict.NOT_APPLICABLE} != set()
    assert left_out == {each.id: each.message for each in result.scenarios if each.verdict is Verdict.NOT_APPLICABLE} != {}


def test_only_hello_is_asked_and_nothing_is_kept(lockproof, tmp_path):
    plan = lockproof("run", "--plan", "--box", "pty", *A_FEW)
    assert (plan.returncode, plan.stderr) == (0, "")
    assert not list(tmp_path.iterdir())

    class OnlyHello:
        def hello(self):
            return HELLO

    from lockproof.conformance.preparing import prepare, said_hello  # noqa: PLC0415

    box, few = OnlyHello(), [each for each in WRITTEN if each.uses_box][:3]
    assert prepare(box, said_hello(box), LINE, few).plan.selected == few


def test_the_plan_of_a_run_begins_as_the_run_does(lockproof):
    plan, played = (lockproof("run", "--box", "reference", *A_FEW, *how) for how in (("--plan",), ()))
    assert played.returncode == 0
    first = plan.stdout.splitlines()[:4]
    assert [line for line in first if "time:" not in line] == [
        line for line in played.stdout.splitlines()[:4] if "time:" not in line
    ]
    assert first[0] == "reference: lockproof reference 0.1.0, unprovisioned"
    assert first[1].startswith("    plan: 3 scenarios, 1 not applicable, ")
    assert re.fullmatch(r"    time: about \d+s( to \d+s)?, an estimate", first[2])
    assert first[3] == f"    not certifiable: only 4 of the {len(suite.packaged())} packaged scenarios are chosen"


def test_clauses_and_what_is_left_out_are_told(lockproof):
    told = lockproof("run", "--plan", "--box", "pty", "--scenario", "a-clock-that-runs-keeps-to-what-it-declares", *A_FEW).stdout
    assert "clauses that it must be seen to keep (23), and how many scenarios show each, * if some are left out:\n" in told
    assert "box.clock.accuracy 0*" in told
    assert "code.expiry.after-first-use 1," in told
    assert (
        "left out here, 1 scenario: only a clock that is held was judged; its clock would have to run for 1h15m:"
        " allow that with --wait 1h15m\n    a-clock-that-runs-keeps-to-what-it-declares\n"
    ) in told
    assert (
        "not applicable, 1 scenario: it declares code_ends_with_its_day no, this is for yes\n"
        "    the-hour-ends-with-the-day-if-the-profile-says-so\n"
    ) in told
    assert "to be played" not in told


def test_what_would_have_to_be_waited_for_is_told_together_the_shortest_first(lockproof):
    names = ("the-hour-is-over", "a-day-of-23-hours")
    chosen = [word for name in names for word in ("--scenario", name)]
    waited = ("run", "--plan", "--box", "pty", "--clock", "wall-clock", "--wait")
    told = lockproof(*waited, "0s", *chosen).stdout
    (line,) = re.findall(r"^left out here, .*", told, re.MULTILINE)
    says = r"3 scenarios: not exercised: its clock would have to run, for (\S+) to (\S+); --wait says how long it may"
    least, most = re.fullmatch(f"left out here, {says}", line).groups()
    assert least != most
    assert re.search(rf"^    vital-signs \({least}\), \S+ \(\S+\), \S+ \({most}\)$", told, re.MULTILINE)
    alone = lockproof(*waited, least, "--suite", "none").stdout
    assert "its clock would have to run" not in alone


def test_with_verbose_each_scenario_is_told_with_its_cost(lockproof):
    told = lockproof("run", "--plan", "--verbose", "--box", "reference", *A_FEW).stdout
    assert "to be played: 3 scenarios\n" in told
    assert "    the-hour-is-over   11 commands, 9 writes   code.expiry.after-first-use, code.expiry.not-extended\n" in told


def test_a_plan_says_what_a_run_would_refuse(lockproof, tmp_path):
    (tmp_path / "bench.toml").write_text('[[box]]\nname = "A1"\nserial = "x"\n', encoding="utf-8")
    assert lockproof("run", "--plan", "--box", "reference", "--scenario", "no-such").returncode == 2
    assert lockproof("run", "--plan", "--box", "/dev/no-such-port").returncode == 3
    assert lockproof("run", "--plan", "--box", "reference", "--clock", "never").returncode == 2
    alone = lockproof("run", "--verbose", "--box", "reference", *A_FEW)
    assert (alone.returncode, alone.stderr) == (2, "--verbose says more of a plan; write --plan, too\n")


def test_a_plan_of_nothing_ends_as_its_run(lockproof, tmp_path):
    text = (suite.path_of(next(each for each in WRITTEN if each.id == A_FEW[3]))).read_text(encoding="utf-8")
    (tmp_path / f"{A_FEW[3]}.yaml").write_text(text, encoding="utf-8")
    codes = [lockproof("run", f"{A_FEW[3]}.yaml", "--box", "reference", *how) for how in ((), ("--plan",))]
    assert [each.returncode for each in codes] == [3, 3]
    assert "    not certifiable: no scenario is selected\n" in codes[1].stdout


def test_a_plan_beyond_the_budget_is_refused_as_its_run(lockproof, tmp_path):
    (tmp_path / "bench.toml").write_text(
        f'[[box]]\nname = "A1"\nserial = "{tmp_path}/box"\n[box.budget]\nwrites = 1\n', encoding="utf-8"
    )
    from lockproof.conformance.targets import served  # noqa: PLC0415

    with served() as path:
        (tmp_path / "box").symlink_to(path)
        refused = lockproof("run", "--plan", "--bench", "bench.toml", "--box", "A1", *A_FEW)
    assert refused.returncode == 2
    assert "this run costs box A1 about 49 writes, and its budget is 1" in refused.stderr


# The estimate


def planned(**costs) -> Plan:
    return Plan(selected=list(WRITTEN[:1]), **costs)


def seconds(plan: Plan, hello=HELLO, judged=LINE, timing=HELD, round_trip: float = 0.0, *, together=True) -> tuple[float, float]:
    found = estimate(plan, hello, judged, timing, round_trip, together=together)
    return round(found.least, 6), round(found.most, 6)


def test_the_kits_own_work_follows_from_the_rehearsal():
    assert seconds(planned(rehearsed=10.0)) == (11.0, 22.0)


def test_commands_travel_together_where_they_may():
    plan = planned(commands=1000)
    assert seconds(plan, round_trip=0.02) == (1.75, 7.0)
    assert seconds(plan, replace(HELLO, batch_limit=2), round_trip=0.02) == (2.5, 10.0)
    assert seconds(plan, replace(HELLO, batch_limit=1), round_trip=0.02) == (5.0, 20.0)
    assert seconds(plan, round_trip=0.02, together=False) == (5.0, 20.0)


def test_a_box_may_need_all_that_it_declares_for_booting_and_for_resets():
    slow = replace(HELLO, boot_ms=500, reset_ms=2000)
    assert seconds(planned(cuts=4, resets=10), slow) == (0.0, 22.0)
    assert seconds(planned(cuts=4, resets=10), slow, target("reference")) == (0.0, 0.0)


def test_waits_are_waited_for_and_seconds_aimed_at_where_the_clock_runs():
    plan = planned(commands=100, waits=3600)
    assert seconds(plan, timing=Timing(ClockMode.WALL_CLOCK, 3600)) == (3602.0, 3615.0)
    assert seconds(replace(plan, waits=0), timing=Timing(ClockMode.ADVANCE, None)) == (0.0, 0.0)  # in time that costs nothing


def test_a_supply_a_sensor_and_an_operator_take_their_time():
    program = Program(("true",), Path(), "bench.toml:4")
    board = Board("A1", "bench.toml:1", power=Power(program, program, 2.0))
    plan = planned(cuts=10, presentations=100, supply=True)
    assert seconds(plan, replace(HELLO, boot_ms=0), replace(LINE, board=board)) == (22.0, 22.0)
    sensor = Board("A1", "bench.toml:1", observation=Observation("sensor", program, delay=0.5))
    assert seconds(plan, replace(HELLO, boot_ms=0), replace(LINE, board=sensor)) == (70.0, 70.0)
    operator = Board("A1", "bench.toml:1", observation=Observation("operator"))
    assert seconds(plan, replace(HELLO, boot_ms=0), replace(LINE, board=operator)) == (300.0, 1000.0)


@pytest.mark.parametrize(
    ("least", "most", "said"),
    [
        (0.0, 0.2, "about 1s"),
        (3.4, 12.0, "about 3s to 12s"),
        (41.0, 43.0, "about 40s to 45s"),
        (44.0, 46.0, "about 45s"),
        (150.0, 400.0, "about 2m30s to 7m"),
        (4000.0, 9000.0, "about 1h5m to 2h30m"),
    ],
)
def test_an_estimate_is_told_as_closely_as_it_is_worth(least, most, said):
    assert str(Estimate(least, most)) == said


def test_presentations_are_counted_as_they_are_rehearsed(hour):
    plan = make_plan([hour], HELLO, DEFAULT, LINE, "2027-03-02")
    assert (plan.presentations, list(plan.costs), plan.costs["a-scenario"].presentations) == (3, ["a-scenario"], 3)
    assert plan.rehearsed > 0


def test_a_plan_that_was_not_rehearsed_says_no_time():
    assert list(told_beginning(LINE, HELLO, Plan(selected=list(WRITTEN[:1])))) == [
        "a-box: lockproof reference 0.1.0, unprovisioned",
        "    plan: 1 scenario, 0 commands; about 0 writes, 0 power cuts, 0 resets",
        "    certifiable if all passes",
    ]
