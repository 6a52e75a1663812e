"""Nothing is proved but by both solvers, and each way in which the second can fail has its word and its advice."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from dataclasses import replace
from itertools import product

import pytest
import z3
from lockproof.spec import prove, second_solver
from lockproof.spec.model import box
from lockproof.spec.obligations import Case, Ground, Kind, Subject, obligations
from lockproof.spec.prove import Result
from lockproof.spec.second_solver import SecondSolver
from lockproof.spec.smtlib import Writer, signed
from lockproof.spec.theorems import Claim

ONE = {"a_ticket_opens_once"}
HELLO = "import json, os, sys, time\nprint(json.dumps({'solver': 'fake', 'version': '0'}), flush=True)\n"
NO_CVC5 = "import sys; sys.modules['cvc5'] = None; from lockproof.spec.cvc5_process import main; main()"


def row_of(second, only=ONE, **options):
    (row,) = prove.prove(only=only, second=second, **options)
    return row


def test_both_solvers_say_so():
    with SecondSolver() as cvc5:
        row = row_of(cvc5)
        assert prove.versions(cvc5) == f"z3 {z3.get_version_string()}, cvc5 {cvc5.version}"
    assert (row.result, row.obligations, row.counterexample) == (Result.PROVED, 2, ())
    assert row.first.answers == row.second.answers == {"unsat": 1, "sat": 1}
    assert row.first.seconds > 0 < row.second.seconds


def test_z3_alone_proves_nothing():
    row = row_of(second=False)
    assert (row.result, row.second) == (Result.BY_Z3, None)
    assert Result.BY_Z3.stands


@pytest.mark.parametrize(
    ("word", "result", "lines"),
    [
        ("sat", Result.DISAGREE, ("z3 says unsat, cvc5 sat, right is unsat",)),
        ("unsat", Result.DISAGREE, ("z3 says sat, cvc5 unsat, right is sat",)),
        ("unknown", Result.UNKNOWN, ("cvc5 gives up", "help it with a theorem that says the same more simply")),
        ("time-out", Result.TIMED_OUT, ("cvc5 did not decide within 20 s", "try again on a machine")),
        ("unreadable", Result.UNREADABLE, ("cvc5 does not take the text", "see the text: lockproof prove --export DIR")),
        ("maybe", Result.CRASHED, ('cvc5 died: its process says what is no answer: {"answer": "maybe"', "try again")),
    ],
)
def test_an_answer_of_the_second_solver_that_is_not_the_right_one(saying, word, result, lines):
    row = row_of(saying(word))
    assert (row.result, row.event) == (result, "ticket_is_presented")
    assert len(row.counterexample) == len(lines)
    for said, line in zip(row.counterexample, lines, strict=True):
        assert said.startswith(line)


def test_a_second_solver_that_dies(fake):
    row = row_of(fake("sys.exit('out of cheese')"))
    assert row.result is Result.CRASHED
    assert row.counterexample[0] == "cvc5 died: its process ended with exit code 1: out of cheese"
    row = row_of(fake("os.kill(os.getpid(), 9)"))
    assert row.counterexample[0] == "cvc5 died: its process ended with signal 9"


def test_a_second_solver_that_dies_at_once(fake):
    row = row_of(fake("pass", hello="import sys; sys.exit(7)\n"))
    assert (row.result, row.counterexample[0]) == (Result.CRASHED, "cvc5 died: its process ended with exit code 7")


def test_a_death_takes_one_answer_with_it_and_no_other(fake, tmp_path):
    died = tmp_path / "died"
    solver = fake(
        f"open({str(died)!r}, 'x').close() or sys.exit(1) if not os.path.exists({str(died)!r}) else "
        "print(json.dumps({'answer': 'unsat'}), flush=True)"
    )
    assert [solver.ask("").result(20).word for _ in range(3)] == ["crashed", "unsat", "unsat"]


def test_after_some_deaths_in_a_row_no_more_are_started(fake, tmp_path):
    started = tmp_path / "started"
    solver = fake("sys.exit(1)", first=f"open({str(started)!r}, 'a').write('x')")
    assert {solver.ask("").result(20).word for _ in range(9)} == {"crashed"}
    assert started.read_text() == "x" * second_solver.DEATHS


def test_cvc5_that_is_not_installed():
    with SecondSolver((sys.executable, "-c", NO_CVC5)) as missing:
        row = row_of(missing)
        assert prove.versions(missing).endswith("cvc5 missing")
    assert (row.result, row.event) == (Result.MISSING, "ticket_is_presented")
    assert row.counterexample[0].startswith("cvc5 cannot be asked: ")
    assert row.counterexample[1] == "install it: pip install cvc5"


def test_one_processor_is_left_to_z3_until_z3_is_done(tmp_path):
    program = (
        f"{HELLO}open(os.path.join({str(tmp_path)!r}, str(os.getpid())), 'w').close()\n"
        "for line in sys.stdin:\n    time.sleep(0.2); print(json.dumps({'answer': 'unsat'}), flush=True)\n"
    )
    with SecondSolver((sys.executable, "-c", program), processes=3) as solver:
        for answer in [solver.ask("") for _ in range(9)]:
            answer.result(20)
        assert len(list(tmp_path.iterdir())) == 2
        solver.all_of_it()
        solver.all_of_it()
        for answer in [solver.ask("") for _ in range(9)]:
            answer.result(20)
        assert len(list(tmp_path.iterdir())) == 3


def test_a_second_solver_that_cannot_be_started():
    with SecondSolver(("/nowhere/cvc5",)) as nowhere:
        assert row_of(nowhere).result is Result.MISSING


def test_a_second_solver_that_does_not_stop_by_itself_is_stopped(fake, monkeypatch):
    monkeypatch.setattr(second_solver, "GRACE", 0.2)
    row = row_of(fake("time.sleep(600)", seconds=0.2))
    assert (row.result, row.counterexample[0][-34:]) == (Result.TIMED_OUT, ": it did not stop by itself either")


def test_cvc5_stops_by_itself_when_the_time_is_over():
    hard = "(set-logic QF_NIA)" + "".join(f"(declare-const {n} Int)(assert (> {n} 2))" for n in "abc")
    cubes = "(assert (= (+ (* a a a) (* b b b)) (* c c c)))(check-sat)"
    with SecondSolver(seconds=0.3, processes=1) as cvc5:
        answer = cvc5.ask(hard + cubes).result(20)
    assert answer.word in {"time-out", "unknown"}
    assert answer.seconds < second_solver.GRACE


def test_who_closes_waits_for_nothing_and_leaves_nothing_behind(fake, tmp_path):
    path = tmp_path / "pid"
    solver = fake(f"open({str(path)!r}, 'w').write(str(os.getpid())) and time.sleep(600)")
    solver.ask("")
    while not path.exists() or not path.read_text():
        time.sleep(0.01)
    begin = time.monotonic()
    solver.close()
    assert time.monotonic() - begin < 5
    with pytest.raises(ProcessLookupError):
        os.kill(int(path.read_text()), 0)


# Texts that say something else


def rewritten(monkeypatch, change):
    """As if the texts were written by somebody who makes a mistake."""
    real = Writer.text
    monkeypatch.setattr(Writer, "text", lambda self, obligation: signed(change(real(self, obligation).partition("\n")[2])))


def without_the_claim(text):
    return text[: text.index("; asked: the hypothesis")] + "(check-sat)\n" if "; asked: the hypothesis" in text else text


def without_what_is_assumed(text):
    return text[: text.index("; the profile is legal")] + text[text.index("; asked:") :]


@pytest.mark.parametrize("weaker", [without_the_claim, without_what_is_assumed])
def test_a_weakened_text_is_answered_otherwise(monkeypatch, weaker):
    rewritten(monkeypatch, weaker)
    row = row_of(second=True)
    assert (row.result, row.event) == (Result.DISAGREE, "ticket_is_presented")
    assert row.counterexample[0].startswith("z3 says unsat, cvc5 sat, right is unsat")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("(check-sat)", ""), "cvc5 does not take the text: it asks nothing"),
        (lambda text: text.replace("(assert", "(asert", 1), "cvc5 does not take the text: "),
        (lambda text: text + "(check-sat)\n", "cvc5 does not take the text: unsat unsat"),
        (lambda text: text.replace("QF_LIA", "QF_CHEESE"), "cvc5 does not take the text: "),
    ],
)
def test_a_damaged_text_is_unreadable(monkeypatch, change, said):
    rewritten(monkeypatch, change)
    row = row_of(second=True)
    assert (row.result, row.event) == (Result.UNREADABLE, "ticket_is_presented")
    assert row.counterexample[0].startswith(said)


def test_what_a_text_says_of_its_own_answer_moves_nobody(monkeypatch):
    rewritten(monkeypatch, lambda text: text.replace(":status unsat", ":status sat"))
    assert row_of(second=True).result is Result.PROVED


# What both make of one theorem


def tiny(then, *, when=True, possible=None):
    """A family of one theorem with one case, about a number that is not negative."""
    number = z3.Int("number")
    ground = Ground({"not negative": number >= 0})

    def family():
        case = Case("a number comes", ground, Claim(when, then(number), possible=possible or {}))
        yield Subject("tiny", "A sentence.", ("code.day",), Kind.THEOREM, lambda: [case])

    return (family,)


HOLDS, FAILS = tiny(lambda n: n + 1 > 0), tiny(lambda n: n < 5)


def test_another_family_is_proved_in_the_same_way():
    (row,) = prove.prove(families=HOLDS)
    assert (row.result, row.witness) == (Result.PROVED, "a number comes")


def test_another_family_needs_no_words_of_its_own():
    (row,) = prove.prove(families=FAILS)
    assert (row.result, row.event) == (Result.FALSE, "a number comes")
    assert row.counterexample == ("for: number 5, all else 0 or no",)
    assert row.second.answers == {"sat": 1}


@pytest.mark.parametrize(
    "nothing", [tiny(lambda n: n >= 0, when=False), tiny(lambda n: n >= 0, possible={"less": z3.Int("number") < 0})]
)
def test_both_agree_that_it_is_about_nothing(nothing):
    (row,) = prove.prove(families=nothing)
    assert row.result is Result.VACUOUS


WORDS = ("sat", "unsat", "unknown", "time-out", "unreadable")


@pytest.mark.parametrize(("first", "second"), list(product(("right", "wrong", "unknown", "time-out"), WORDS)))
def test_proved_is_what_both_answer_rightly(monkeypatch, saying, first, second):
    if first in {"unknown", "time-out"}:
        monkeypatch.setattr(prove, "_ask", lambda *_: (first, None))
    family = FAILS if first == "wrong" else HOLDS
    monkeypatch.setattr(prove, "obligations", only_the_claim)
    (row,) = prove.prove(families=family, second=saying(second))
    assert (row.result is Result.PROVED) == (first == "right" and second == "unsat")
    if (first, second) in {("right", "sat"), ("wrong", "unsat")}:
        assert row.result is Result.DISAGREE
    elif first != "right":
        assert row.result is {"wrong": Result.FALSE, "unknown": Result.UNKNOWN, "time-out": Result.TIMED_OUT}[first]


def only_the_claim(subject):
    return (each for each in obligations(subject) if not each.question)


def test_a_counterexample_that_cvc5_denies_is_still_shown(monkeypatch, saying):
    real = box.present_ticket
    monkeypatch.setattr(box, "present_ticket", lambda state, _heard, ticket, profile: real(state, False, ticket, profile))
    row = row_of(saying("unsat"), only={"a_box_that_heard_never_opens_again"})
    assert row.result is Result.DISAGREE
    assert row.counterexample[0].startswith("z3 says sat, cvc5 unsat, right is unsat")
    assert "outcome: accepted" in row.counterexample
    row = row_of(second=True, only={"a_box_that_heard_never_opens_again"})
    assert (row.result, row.counterexample[-2]) == (Result.FALSE, "outcome: accepted")


def forgets_first_use(state, code, matches, profile, real=box.decide_entry):
    decided, used, outcome = real(state, code, matches, profile)
    return decided, replace(used, used=code.used), outcome


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (("decide_entry", forgets_first_use), "first_use_agrees"),
        (
            ("ready", lambda state: z3.And(state.time_known, state.clock >= state.arrival)),
            "an_entry_is_examined_iff_ready_and_enabled",
        ),
        (
            ("within_life", lambda code, now, profile: now < code.day_start + profile.code_life),
            "a_ready_box_opens_for_a_code_iff_entitled",
        ),
    ],
)
def test_of_a_wrong_model_both_say_that_it_is_wrong(monkeypatch, edit, named):
    monkeypatch.setattr(box, *edit)
    row = row_of(second=True, only={named})
    assert row.result is Result.FALSE
    assert row.first.answers == row.second.answers


def cubes():
    """A family whose one question no solver decides in a second."""
    a, b, c = z3.Ints("a b c")
    ground = Ground({"positive": z3.And(a > 2, b > 2, c > 2)})
    case = Case("cubes", ground, Claim(True, a * a * a + b * b * b != c * c * c))
    return [lambda: [Subject("fermat", "", (), Kind.THEOREM, lambda: [case])]]


def test_z3_out_of_time_says_so(monkeypatch):
    monkeypatch.setattr(prove, "SECONDS_PER_QUESTION", 0.2)
    (row,) = prove.prove(families=cubes(), second=False)
    assert (row.result, row.event) == (Result.TIMED_OUT, "cubes")
    assert row.counterexample == ("z3 did not decide within 0.2 s",)


def test_ctrl_c_in_the_middle_of_a_question_is_no_time_out():
    begin = time.monotonic()
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        prove.prove(families=cubes(), second=True)
    assert time.monotonic() - begin < 5
