"""`lockproof diff`: two runs beside each other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from lockproof.conformance import comparing, report, suite
from lockproof.conformance.comparing import Change, Outcome
from lockproof.conformance.run import run
from lockproof.conformance.targets import target
from lockproof.conformance.verdict import ClauseResult, RunResult, ScenarioResult, Verdict
from lockproof.spec.observable import BadInput

HOUR, DAY = "the-hour-is-over", "an-unused-code-is-over-with-its-day"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folders of a run of the reference box, of a faulty one, and of one scenario less."""
    place = tmp_path_factory.mktemp("runs")
    for name, box, ids in (
        ("good", "reference", [HOUR, DAY]),
        ("bad", "fault:expires-one-second-late", [HOUR, DAY]),
        ("less", "reference", [DAY]),
    ):
        folder = place / name / "box"
        folder.mkdir(parents=True)
        result = run(target(box), suite.select(suite.packaged(), ids), folder, seed="s1")
        report.write_json(place / name / "report.json", [result])
    return place


def kinds(lines: list[str]) -> list[tuple[str, str]]:
    """Of each change: its kind, and what it is about."""
    found = [line.partition(":")[0] for line in lines]
    named = ("worse", "better", "new", "gone", "another reason")
    return [(kind, line.removeprefix(kind).strip()) for line in found for kind in named if line.startswith(f"{kind} ")]


def test_what_was_a_pass_and_is_a_failure_is_worse(runs):
    lines, code = comparing.compare(runs / "good", runs / "bad")
    assert code == 1
    assert lines[0] == "reference then, fault:expires-one-second-late now: pass then, fail now"
    assert ("worse", "clause code.expiry.after-first-use") in kinds(lines)
    assert ("worse", f"scenario {HOUR}") in kinds(lines)
    line = next(line for line in lines if f"scenario {HOUR}" in line)
    assert "pass then, fail now: step 4: opened; must refuse: not within its life (code.expiry.after-first-use" in line


def test_the_other_way_round_it_is_better(runs):
    lines, code = comparing.compare(runs / "bad", runs / "good")
    assert code == 0
    assert ("better", f"scenario {HOUR}") in kinds(lines)
    assert {kind for kind, _ in kinds(lines)} <= {"better", "another reason"}


def test_the_same_run_is_as_it_was(runs):
    lines, code = comparing.compare(runs / "good", runs / "good")
    assert (lines, code) == (["reference then, reference now: pass then, pass now", "nothing is another than it was"], 0)


def test_what_is_not_there_is_gone_or_new(runs):
    lines, code = comparing.compare(runs / "good", runs / "less")
    assert ("gone", f"scenario {HOUR}") in kinds(lines)
    assert code == 1, "a clause that was shown is not shown any more"
    assert ("worse", "clause code.expiry.after-first-use") in kinds(lines)
    lines, code = comparing.compare(runs / "less", runs / "good")
    assert ("new", f"scenario {HOUR}") in kinds(lines)
    assert code == 0


def test_a_report_says_what_the_journals_say(runs):
    from_journals = comparing.compare(runs / "good", runs / "bad")
    assert comparing.compare(runs / "good/report.json", runs / "bad/report.json") == from_journals
    assert comparing.compare(runs / "good/report.json", runs / "bad") == from_journals


def side(**changes) -> comparing.Side:
    result = RunResult(
        "a", "x", "1", [ScenarioResult("s", Verdict.FAIL, (), message="why")], [ClauseResult("c", "box", Verdict.FAIL)]
    )
    return comparing.side_of(replace(result, **changes))


def test_another_firmware_kit_or_text_is_told():
    told = list(
        comparing._head(
            side(kit={"version": "0.1", "spec": "abc"}), side(firmware="2\x00", kit={"version": "0.2", "spec": "def"})
        )
    )
    assert told[1:] == [
        "    another firmware: 1 then, 2\\x00 now",
        "    another version of the kit: 0.1 then, 0.2 now",
        "    another text of the standard: abc then, def now",
    ]


def test_another_reason_alone_is_not_worse():
    after = side(scenarios=[ScenarioResult("s", Verdict.FAIL, (), message="another")])
    changes = list(comparing.changes_between(side(), after))
    assert list(comparing.told(changes)) == ["another reason  scenario s: fail: why then, another now", "1 another reason"]
    assert not any(change.is_worse for change in changes)


@pytest.mark.parametrize(
    ("before", "after", "worse"),
    [
        (Verdict.PASS, Verdict.INCONCLUSIVE, True),
        (Verdict.PASS, Verdict.NOT_APPLICABLE, True),
        (Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE, False),
        (Verdict.ERROR, Verdict.FAIL, True),
        (None, Verdict.FAIL, True),
        (None, Verdict.INCONCLUSIVE, False),
        (None, Verdict.PASS, False),
        (Verdict.FAIL, None, False),
    ],
)
def test_what_is_worse(before, after, worse):
    change = Change("scenario", "s", Outcome(before) if before else None, Outcome(after) if after else None)
    assert change.is_worse is worse


def test_what_can_not_be_compared_is_bad_input(runs, tmp_path):
    for text, says in (
        ("{}", "no report of a run"),
        ("[", "no report of a run"),
        (json.dumps({"format": "other/2"}), "its format is other/2, and lockproof-run/1 is read here"),
    ):
        (tmp_path / "report.json").write_text(text)
        with pytest.raises(BadInput, match=says):
            comparing.compare(runs / "good", tmp_path / "report.json")
    with pytest.raises(BadInput, match=r"name the folder of a run, or its report\.json"):
        comparing.compare(Path("nowhere.json"), runs / "good")
    told = json.loads((runs / "good/report.json").read_text())
    for name, targets in (("one", ("a", "b")), ("other", ("c", "d"))):
        (tmp_path / f"{name}.json").write_text(json.dumps({**told, "runs": [{**told["runs"][0], "target": t} for t in targets]}))
    with pytest.raises(BadInput, match="no box is in both runs: a, b and c, d"):
        comparing.compare(tmp_path / "one.json", tmp_path / "other.json")
