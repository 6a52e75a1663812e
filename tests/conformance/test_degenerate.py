"""A box that does nothing sensible gets not one pass, by the command or by exploration, and is never certifiable."""

from __future__ import annotations

import json

import pytest
from lockproof.conformance import suite
from lockproof.conformance.certifiable import why_not
from lockproof.conformance.faults import all_faults
from lockproof.conformance.run import run
from lockproof.conformance.targets import target
from lockproof.conformance.verdict import Verdict

DEGENERATE = [fault.name for fault in all_faults().values() if fault.breaks is None]
WITHOUT_AN_ANSWER = {"echo", "silent"}


def test_these_are_all():
    assert set(DEGENERATE) == WITHOUT_AN_ANSWER | {
        "refuses-all",
        "opens-always",
        "takes-anything",
        "says-the-opposite",
        "answers-at-random",
    }


@pytest.mark.parametrize("name", DEGENERATE)
def test_the_command_passes_nothing_explored_or_not(lockproof, tmp_path, name):
    words = ("--suite", "none", "--explore", "60", "--seed", "s", "--out", str(tmp_path))
    result = lockproof("run", "--box", f"fault:{name}", *words)
    assert result.returncode == (3 if name in WITHOUT_AN_ANSWER else 1)
    (told,) = json.loads((tmp_path / "0001" / "report.json").read_text(encoding="utf-8"))["runs"]
    assert [each["id"] for each in told["clauses"] if each["verdict"] == "pass"] == []


@pytest.mark.parametrize("name", DEGENERATE)
def test_the_whole_suite_certifies_nothing(tmp_path, name):
    """Of one that answers, since it failed; of one that does not, there is no record that a certificate could be about."""
    result = run(target(f"fault:{name}"), suite.packaged(), tmp_path, rehearse=False)
    assert [each.id for each in result.clauses if each.verdict is Verdict.PASS] == []
    records = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text(encoding="utf-8").splitlines()]
    heads = [record for record in records if record["record"] == "run"]
    assert len(heads) == (name not in WITHOUT_AN_ANSWER)
    for head in heads:
        reasons = why_not(result, head)
        assert any(reason.startswith("fail: ") for reason in reasons), reasons
