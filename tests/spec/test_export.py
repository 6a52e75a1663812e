"""The exported obligations: complete, the same every time, each standing alone, and no file of anybody else touched."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import z3
from lockproof.spec import prove
from lockproof.spec.export import INDEX, LONGEST, Export, export, file_name
from lockproof.spec.invariants import INVARIANTS
from lockproof.spec.obligations import Case, Expected, Ground, Kind, Obligation, OneWorld, Subject, Way, obligations, of_one_world
from lockproof.spec.observable import BadInput
from lockproof.spec.profile import DEFAULT
from lockproof.spec.smtlib import NotPlain, Writer, is_whole
from lockproof.spec.symbolic import any_profile, symbol
from lockproof.spec.theorems import THEOREMS, Claim
from lockproof.spec.world import EVENTS, World


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("obligations")
    export(folder)
    return folder


@pytest.fixture(scope="module")
def index(exported):
    return json.loads((exported / INDEX).read_text(encoding="utf-8"))["obligations"]


def a_family(*names, then=True):
    """As many small theorems, each about a number at one event."""

    def subject(name):
        case = Case("it comes", Ground({"at all": z3.Int("number") >= 0}), Claim(True, then))
        return Subject(name, "A sentence.", ("code.day",), Kind.THEOREM, lambda: [case])

    return lambda: [subject(name) for name in names]


def files(folder):
    return {path.name for path in folder.iterdir()}


def test_there_is_one_file_for_every_theorem_and_event_and_every_invariant_and_event(index):
    claims = {(e.get("theorem") or e.get("invariant"), e["event"]) for e in index if e["expected"] == "unsat"}
    theorems = {(t.name, event) for t in THEOREMS.values() for event in t.events or ["nothing happens"]}
    invariants = {(name, event) for name in INVARIANTS for event in ("the beginning", *EVENTS)}
    assert claims == theorems | invariants
    assert sum(e["expected"] == "unsat" for e in index) == len(claims)


def steps_of(theorem, worlds):
    return [worlds.of(event)[0] for event in theorem.events] or [worlds.without_event(theorem.numbers)[0]]


def test_there_is_one_witness_for_each_and_a_file_for_whatever_must_be_possible(index):
    asked = [(e.get("theorem") or e.get("invariant"), e["question"]) for e in index if e["expected"] == "sat"]
    assert [name for name, question in asked if question == "witness"] == [*INVARIANTS, *THEOREMS]
    assert [name for name, question in asked if question == "a beginning"] == list(INVARIANTS)
    others = [(name, question) for name, question in asked if question not in {"witness", "a beginning"}]
    before = symbol(World, "before")
    worlds, default = OneWorld(before, any_profile()), OneWorld(before, DEFAULT)
    assert others == [
        (theorem.name, possible)
        for theorem in THEOREMS.values()
        for step in steps_of(theorem, default if theorem.default_profile else worlds)
        for possible in theorem.claim(step).possible
    ]
    assert ("every_limit_is_proved_over_its_whole_range", "every limit at its least") in others


def test_the_index_names_every_file_and_says_what_it_is(exported, index):
    assert files(exported) == {INDEX, *(entry["file"] for entry in index)}
    theorem = THEOREMS["a_ticket_opens_once"]
    entry = next(e for e in index if e["file"] == "a_ticket_opens_once--ticket_is_presented.smt2")
    digest = hashlib.sha256((exported / entry["file"]).read_bytes()).hexdigest()
    assert entry == {
        "file": "a_ticket_opens_once--ticket_is_presented.smt2",
        "theorem": "a_ticket_opens_once",
        "sentence": theorem.sentence,
        "clauses": list(theorem.clauses),
        "event": "ticket_is_presented",
        "question": "can it fail",
        "expected": "unsat",
        "sha256": digest,
    }


def test_a_file_says_what_it_is(exported):
    text = (exported / "a_ticket_opens_once--ticket_is_presented.smt2").read_text(encoding="utf-8")
    theorem = THEOREMS["a_ticket_opens_once"]
    assert text.splitlines()[1:9] == [
        "; theorem: a_ticket_opens_once",
        f'; "{theorem.sentence}"',
        f"; clauses: {', '.join(theorem.clauses)}",
        "; event: ticket_is_presented",
        "; expected: unsat, for the claim must never fail",
        "(set-info :smt-lib-version 2.6)",
        "(set-logic QF_LIA)",
        "(set-info :status unsat)",
    ]
    assert text.endswith("(check-sat)\n")
    assert text.count("(check-sat)") == 1


def test_only_what_multiplies_two_unknowns_is_nonlinear(exported):
    nonlinear = (exported / "burst_and_refill_bound_the_count--nothing_happens.smt2").read_text(encoding="utf-8")
    assert "\n; nonlinear; cvc5 is asked with --nl-rlv=always\n" in nonlinear
    logics = {
        path.name: re.search(r"\(set-logic (\w+)\)", path.read_text(encoding="utf-8"))[1] for path in exported.glob("*.smt2")
    }
    assert set(logics.values()) == {"QF_LIA", "QF_NIA"}
    assert {name.partition("--")[0] for name, logic in logics.items() if logic == "QF_NIA"} == {
        "the_tolerance_is_burst_less_one_refills",
        "burst_and_refill_bound_the_count",
    }


@pytest.mark.parametrize(
    ("fact", "logic"),
    [
        (lambda a, b: a + b > 0, "QF_LIA"),
        (lambda a, b: 3 * a > b, "QF_LIA"),
        (lambda a, b: a / 7 + a % 7 > b, "QF_LIA"),
        (lambda a, b: a * b > 0, "QF_NIA"),
        (lambda a, b: 3 * a * b > 0, "QF_NIA"),
        (lambda a, b: a / b > 0, "QF_NIA"),
        (lambda a, b: a % b > 0, "QF_NIA"),
    ],
)
def test_the_logic_is_the_smallest_that_will_do(fact, logic):
    assert f"(set-logic {logic})" in text_of(fact(*z3.Ints("a b")))


def text_of(fact):
    case = Case("it comes", Ground({}), Claim(True, fact))
    subject = Subject("about_it", "", (), Kind.THEOREM, lambda: [case])
    return Writer().text(next(iter(obligations(subject))))


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (z3.Int("true") > 0, "a variable is called true"),
        (z3.Bool("and"), "a variable is called and"),
        (z3.Int("a|b") > 0, "only truths and integers"),
        (z3.Real("half") > 0, "only truths and integers"),
        (z3.Function("f", z3.IntSort(), z3.IntSort())(1) > 0, "only truths and integers"),
    ],
)
def test_what_cannot_be_written_down_is_refused(fact, said):
    with pytest.raises(NotPlain, match=said):
        text_of(fact)


def test_a_variable_with_a_space_is_read_back():
    solver = z3.Solver()
    solver.from_string(text_of(z3.Int("then a.b") > 0))
    assert str(solver.check()) == "sat"


def test_z3_reads_the_texts_as_it_read_the_terms(exported, index):
    for entry in index[:: len(index) // 60]:
        solver = z3.Solver()
        solver.from_string((exported / entry["file"]).read_text(encoding="utf-8"))
        assert str(solver.check()) == entry["expected"], entry["file"]


def test_the_same_specification_gives_the_same_bytes_in_every_process(exported, tmp_path):
    export_it = "import sys; from pathlib import Path; from lockproof.spec.export import export; export(Path(sys.argv[1]))"
    for seed in ("1", "2"):
        command = [sys.executable, "-c", export_it, str(tmp_path / seed)]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": seed})
        assert files(tmp_path / seed) == files(exported)
        for path in exported.iterdir():
            assert (tmp_path / seed / path.name).read_bytes() == path.read_bytes()


def test_proving_exports_the_same_whatever_is_proved_before_and_though_something_fails(tmp_path):
    good, bad = a_family("first", "second"), a_family("first", "second", then=False)
    export(tmp_path / "alone", [good])
    proving = Export(tmp_path / "proving")
    prove.prove(families=[of_one_world, good], only={"first", "second"}, export=proving, second=False)
    assert {p.name: p.read_bytes() for p in (tmp_path / "alone").iterdir()} == {
        p.name: p.read_bytes() for p in (tmp_path / "proving").iterdir()
    }
    failing = Export(tmp_path / "failing")
    rows = prove.prove(families=[bad], export=failing, second=False)
    assert {row.result for row in rows} == {prove.Result.FALSE}
    assert (failing.written, files(tmp_path / "failing")) == (4, files(tmp_path / "alone"))


# Names


def named(subject, event, question=""):
    about = Subject(subject, "", (), Kind.THEOREM, tuple)
    way = Way(Case(event, Ground({}), Claim(True, True)), (True,))
    return Obligation(about, event, question, Expected.SAT, (way,))


def test_names_are_legal_on_every_system(index):
    for entry in index:
        assert re.fullmatch(r"[A-Za-z0-9_]+(--[A-Za-z0-9_-]+)+\.smt2", entry["file"])
        assert len(entry["file"]) <= LONGEST
    assert len({entry["file"].casefold() for entry in index}) == len(index)


@pytest.mark.parametrize(
    ("about", "name"),
    [
        (("a_theorem", "an_event"), "a_theorem--an_event.smt2"),
        (("a_theorem", "an event", "can it: ever?"), "a_theorem--an_event--can_it_ever.smt2"),
        (("con", "../../etc"), "con--etc.smt2"),
        (("a", "?"), "a--_.smt2"),
    ],
)
def test_a_name_says_theorem_event_and_question(about, name):
    assert file_name(named(*about)) == name


def test_names_that_would_be_the_same_are_told_apart(tmp_path):
    out = Export(tmp_path)
    for about in (("a", "b c"), ("a", "b_c"), ("A", "B c"), ("x" * 300, "b"), ("x" * 300, "c")):
        out.add(named(*about), Writer().text(named(*about)))
    out.finish()
    assert out.written == 5
    assert len({name.casefold() for name in files(tmp_path)}) == 6
    assert all(len(name) < LONGEST + 25 for name in files(tmp_path))


# The folder


def test_an_export_over_an_older_one_leaves_nothing_of_it(tmp_path):
    assert export(tmp_path, [a_family("old", "both")]) == 4
    assert export(tmp_path, [a_family("both", "new")]) == 4
    assert {name.partition("--")[0] for name in files(tmp_path)} == {INDEX, "both", "new"}


def test_what_is_not_its_own_is_left_alone(tmp_path):
    export(tmp_path, [a_family("old")])
    edited = tmp_path / "old--it_comes.smt2"
    edited.write_text(edited.read_text() + "; my note\n")
    (tmp_path / "mine.smt2").write_text("(check-sat)\n")
    (tmp_path / "binary.smt2").write_bytes(b"\xff\xfe")
    (tmp_path / "folder.smt2").mkdir()
    (tmp_path / "link.smt2").symlink_to(tmp_path / "old--it_comes--witness.smt2")
    export(tmp_path, [a_family("new")])
    kept = {"old--it_comes.smt2", "mine.smt2", "binary.smt2", "folder.smt2", "link.smt2"}
    assert files(tmp_path) == {INDEX, "new--it_comes.smt2", "new--it_comes--witness.smt2", *kept}
    assert edited.read_text().endswith("; my note\n")


def test_a_file_in_the_way_is_not_overwritten(tmp_path):
    (tmp_path / "new--it_comes.smt2").write_text("mine")
    with pytest.raises(BadInput, match=r"new--it_comes.smt2: not written by an export, or changed since; move it away"):
        export(tmp_path, [a_family("new")])
    assert (tmp_path / "new--it_comes.smt2").read_text() == "mine"


@pytest.mark.parametrize("text", ["", "[]", '{"schema": "mine"}', "{"])
def test_an_index_of_somebody_else_is_not_overwritten(tmp_path, text):
    (tmp_path / INDEX).write_text(text)
    with pytest.raises(BadInput, match=r"obligations\.json: not written by an export; move it away, or name another folder"):
        Export(tmp_path)
    assert files(tmp_path) == {INDEX}


@pytest.mark.parametrize("place", ["a-file", "a-file/below", "/proc/nothing"])
def test_a_folder_that_cannot_be_written_is_refused_at_once(tmp_path, place):
    (tmp_path / "a-file").write_text("")
    with pytest.raises(BadInput, match=r"no obligations can be written there: .*; name another folder"):
        Export(tmp_path / place)


def test_a_text_vouches_for_itself(exported):
    text = (exported / "a_ticket_opens_once--ticket_is_presented.smt2").read_text(encoding="utf-8")
    assert is_whole(text)
    assert not is_whole(text.replace("(check-sat)", "(check-sat) "))
    assert not is_whole(text.partition("\n")[2])
    assert not is_whole("")


def test_nothing_half_written_stays(tmp_path):
    export(tmp_path, [a_family("one")])
    assert all(not path.name.startswith(".") for path in Path(tmp_path).iterdir())
