"""`lockproof prove --mutants`, as people see it: survivors first, then the tables, and an exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lockproof.conformance import command, proving
from lockproof.conformance import mutants as conformance_mutants
from lockproof.conformance.mutants import judge_and_tell
from lockproof.spec import mutants, mutation
from lockproof.spec.kills import Kill
from lockproof.spec.model import box, limiter
from lockproof.spec.mutation import Judged, Verdict
from lockproof.spec.profile import DEFAULT
from lockproof.spec.theorems import THEOREMS
from lockproof.spec.traces import Trace
from lockproof.spec.walks import walks
from rich.console import Console

KILLED, EQUIVALENT, OTHER, *_ = mutants.mutants_of(limiter.charged)
NEVER_BACK = "decisions_never_go_back_in_time"
ONE_ENTRY = "every_decision_has_one_entry"
START = walks(1)[0].start


def judged_so(*judged):
    def judge_all(asked):
        assert len(asked) == len(judged)
        yield from judged

    return judge_all


def told(capsys, monkeypatch, *judged):
    """Exit code and output, if this is what became of the mutants."""
    monkeypatch.setattr(mutants, "all_mutants", lambda: [each.mutant for each in judged])
    monkeypatch.setattr(mutation, "judge_all", judged_so(*judged))
    return judge_and_tell(Console(width=160)), capsys.readouterr().out


def killed(mutant, *theorems):
    return Judged(mutant, Verdict.KILLED, theorems, (Kill(theorems[0], Trace(START, DEFAULT, ())),))


def test_where_all_are_killed_or_equivalent_all_is_well(capsys, monkeypatch):
    same = Judged(EQUIVALENT, Verdict.EQUIVALENT, lines=("no observation differs: pin is entered",))
    code, out = told(capsys, monkeypatch, killed(KILLED, NEVER_BACK, ONE_ENTRY), same, killed(OTHER, ONE_ENTRY))
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert ["limiter.charged", "3", "2", "1", "0"] in lines
    assert [KILLED.operator, "2", "1", "1", "0"] in lines or [KILLED.operator, "3", "2", "1", "0"] in lines
    assert [ONE_ENTRY, "2", "1", "1"] in lines
    assert [NEVER_BACK, "1", "1", "0"] in lines
    assert f"1 theorems kill nothing that no other kills: {NEVER_BACK}" in out
    assert f"{len(THEOREMS) - 2} theorems kill nothing here: " in out
    (mute,) = (line for line in out.splitlines() if line.startswith("clauses none of whose theorems kills: "))
    assert "code.expiry.not-extended" in mute
    assert not {*THEOREMS[ONE_ENTRY].clauses, *THEOREMS[NEVER_BACK].clauses} & {*mute.split(": ")[1].split(", ")}
    assert "    no observation differs: pin is entered" in out
    assert out.splitlines()[-1] == "3 mutants: 2 killed, 1 equivalent, 0 surviving"


def test_a_survivor_stands_at_the_top_with_what_differs_and_is_a_failure(capsys, monkeypatch):
    survivor = Judged(OTHER, Verdict.SURVIVED, lines=("box mark: the model says 1, the mutant 2", "before: box clock 1"))
    code, out = told(capsys, monkeypatch, killed(KILLED, ONE_ENTRY), survivor)
    assert code == 1
    top = out.index(f"SURVIVED  {OTHER.id}")
    assert top < out.index("    box mark: the model says 1, the mutant 2\n    before: box clock 1\n") < out.index("operator")
    assert out.splitlines()[-1] == "2 mutants: 1 killed, 0 equivalent, 1 surviving"


def test_ctrl_c_ends_it_and_leaves_no_process(tmp_path):
    script = "from rich.console import Console; from lockproof.conformance.mutants import judge_and_tell; "
    script += "print('begins', flush=True); raise SystemExit(judge_and_tell(Console()))"
    where = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": tmp_path, "start_new_session": True}
    process = subprocess.Popen([sys.executable, "-c", script], **where)
    assert process.stdout.readline() == b"begins\n"
    at_work(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    out, errors = process.communicate(timeout=10)
    assert process.returncode == 3
    assert b"Traceback" not in errors
    assert b"mutants; nothing is known of the rest" in out
    assert no_process_in(process.pid)


def at_work(parent):
    """Waits until its workers have had two seconds of a processor each, however long that takes."""
    deadline = time.monotonic() + 60
    while len([child for child in children(parent) if seconds_of(child) > 2]) < mutation.WORKERS:
        if time.monotonic() > deadline:
            os.killpg(parent, signal.SIGKILL)
            pytest.fail("no workers are at work")
        time.sleep(0.05)


def children(parent):
    return Path(f"/proc/{parent}/task/{parent}/children").read_text().split()


def seconds_of(process):
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) / os.sysconf("SC_CLK_TCK")


def no_process_in(group):
    for _ in range(50):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_every_mutant_of_one_function_is_killed_for_real(capsys, monkeypatch):
    monkeypatch.setattr(mutants, "all_mutants", lambda: mutants.mutants_of(box.write_refusals))
    assert judge_and_tell(Console(width=160)) == 0
    assert "3 mutants: 3 killed, 0 equivalent, 0 surviving" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "proofs", "survivors", "code"),
    [(True, 0, 0, 0), (True, 0, 1, 1), (False, 0, 1, 0), (True, 1, 0, 1), (True, 3, 0, 3)],
)
def test_mutants_are_judged_when_asked_for_and_where_everything_is_proved(monkeypatch, asked, proofs, survivors, code):
    monkeypatch.setattr(proving, "prove_and_tell", lambda *_: proofs)
    monkeypatch.setattr(conformance_mutants, "judge_and_tell", lambda _: survivors)
    with pytest.raises(SystemExit) as stopped:
        command.prove(mutants=asked)
    assert stopped.value.code == code
